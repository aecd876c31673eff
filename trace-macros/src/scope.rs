//! In whose name events are recorded: the test that runs, the cluster, the peer and its incarnation.
//!
//! A thread has a current scope, and threads that it spawns inherit it; so a lock needs no peer argument.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use peerscope_format::value::{Id, Value};
use peerscope_format::wire::Context;

use crate::task::{self, NOBODY};

/// Whose events these are. Shared by all handles to one incarnation of a peer, together with its current term.
#[derive(Debug)]
pub(crate) struct Scope {
    number: u64,
    pub(crate) test: Option<Arc<str>>,
    pub(crate) cluster: Option<Value>,
    pub(crate) peer: Option<Value>,
    pub(crate) incarnation: u64,
    /// The current term + 1; 0 = unknown.
    term: AtomicU64,
}

/// The scope of a thread that is in none.
static NOWHERE: Scope =
    Scope { number: 0, test: None, cluster: None, peer: None, incarnation: 0, term: AtomicU64::new(0) };

impl Scope {
    pub(crate) fn new(test: Option<Arc<str>>, cluster: Option<Value>, peer: Option<Value>, incarnation: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Scope { number, test, cluster, peer, incarnation, term: AtomicU64::new(0) }
    }

    /// Unique within the process.
    #[inline]
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The current term + 1; 0 = unknown.
    #[inline]
    pub(crate) fn encoded_term(&self) -> u64 {
        self.term.load(Ordering::Relaxed)
    }

    pub(crate) fn set_term(&self, term: u64) {
        // Terms are a peer's; all threads in no scope share one `Scope`.
        if self.peer.is_some() {
            self.term.store(term.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// What the trace says about events of `task` in this scope.
    pub(crate) fn context(&self, task: u64) -> Context {
        Context {
            test: self.test.as_deref().map(|test| Value::from(Id::parse(test))),
            cluster: self.cluster.clone(),
            peer: self.peer.clone(),
            incarnation: self.peer.as_ref().map(|_| Value::U64(self.incarnation)),
            task: (task != NOBODY).then_some(Value::U64(task)),
        }
    }
}

thread_local! {
    // No destructor, so that it can be read at any time; what it points to, the stack below keeps alive.
    static CURRENT: Cell<*const Scope> = const { Cell::new(std::ptr::null()) };
    static ENTERED: Stack = const { Stack(RefCell::new(Vec::new())) };
}

/// The scopes that the thread has entered and not left.
struct Stack(RefCell<Vec<Arc<Scope>>>);

impl Stack {
    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Scope>>)) {
        let mut scopes = self.0.borrow_mut();
        // Nobody follows the pointer while the stack changes.
        CURRENT.set(std::ptr::null());
        change(&mut scopes);
        CURRENT.set(scopes.last().map_or(std::ptr::null(), Arc::as_ptr));
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.change(Vec::clear);
    }
}

/// Runs `run` with the thread's current scope.
#[inline]
pub(crate) fn with_current<R>(run: impl FnOnce(&Scope) -> R) -> R {
    let mut current = CURRENT.get();
    if current.is_null() {
        // A thread that says its first word learns by that in which test it runs.
        task::introduce();
        current = CURRENT.get();
        if current.is_null() {
            return run(&NOWHERE);
        }
    }
    // SAFETY: the thread's own stack of scopes keeps the scope alive and takes the pointer away before it lets go; `run`
    // only records, and so cannot leave the scope (an `Entered` is dropped by the program, not from within a record).
    run(unsafe { &*current })
}

/// From here on, and wherever it enters nothing else, this thread works for `test`.
pub(crate) fn stay_in_test(test: &str) {
    crate::recorder::meta("test", test);
    let scope = Arc::new(Scope::new(Some(test.into()), None, None, 0));
    let _ = ENTERED.try_with(|stack| stack.change(|scopes| scopes.insert(0, scope)));
}

/// The thread's current scope, to be handed on.
pub(crate) fn current() -> Option<Arc<Scope>> {
    // A thread that says its first word learns by that in which test it runs.
    task::introduce();
    ENTERED.try_with(|stack| stack.0.borrow().last().cloned()).ok().flatten()
}

/// The scopes that an async task has entered and not left: they are its own, whatever thread runs it.
#[derive(Debug)]
pub(crate) struct Scopes(Vec<Arc<Scope>>);

impl Scopes {
    /// Those of a task that the current one spawns.
    #[cfg(feature = "tokio")]
    pub(crate) fn inherited() -> Self {
        Scopes(current().into_iter().collect())
    }

    /// Those of what runs in `scope`.
    pub(crate) fn of(scope: Arc<Scope>) -> Self {
        Scopes(vec![scope])
    }

    /// Runs `run` in these scopes and in none of the thread's; what it enters and does not leave stays entered.
    #[inline]
    pub(crate) fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        struct SwapBack<'a>(&'a mut Vec<Arc<Scope>>);
        impl SwapBack<'_> {
            fn swap(&mut self) {
                let _ = ENTERED.try_with(|stack| stack.change(|scopes| std::mem::swap(scopes, self.0)));
            }
        }
        impl Drop for SwapBack<'_> {
            fn drop(&mut self) {
                self.swap();
            }
        }
        // The thread's test lies below all that the thread enters, and not below what is another task's.
        task::introduce();
        let mut swapped = SwapBack(&mut self.0);
        swapped.swap();
        run()
    }
}

/// Runs `run` with `scope` as the current one.
#[cfg(feature = "tokio")]
pub(crate) fn with_or_nowhere<R>(scope: Option<&Arc<Scope>>, run: impl FnOnce(&Scope) -> R) -> R {
    run(scope.map_or(&NOWHERE, Arc::as_ref))
}

/// Until it is dropped, the thread's events belong to the scope that was entered.
#[derive(Debug)]
#[must_use = "the scope is left when this is dropped"]
pub struct Entered {
    depth: usize,
    /// A scope is entered by a thread and must be left by it.
    not_send: PhantomData<*const ()>,
}

pub(crate) fn enter(scope: Arc<Scope>) -> Entered {
    // First of all the thread must know its test, which lies below all that it enters.
    task::introduce();
    let mut depth = 0;
    let _ = ENTERED.try_with(|stack| {
        stack.change(|scopes| {
            scopes.push(scope);
            depth = scopes.len();
        });
    });
    Entered { depth, not_send: PhantomData }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Scopes that were entered later and are still held (dropped in another order) end with this one.
        let _ = ENTERED.try_with(|stack| stack.change(|scopes| scopes.truncate(self.depth.saturating_sub(1))));
    }
}
