//! The current task: every thread is one, with an id of its own in the trace.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A task as long as it lives: a thread, or what a thread runs at the moment in its place.
#[derive(Debug)]
pub(crate) struct Task {
    id: Cell<u64>,
    /// The number of the scope in which it last spoke, and the id of the context that it had there: one that moves between
    /// threads asks for it once and not at every move.
    context: Cell<(u64, u32)>,
}

impl Task {
    const fn new(id: u64) -> Self {
        Task { id: Cell::new(id), context: Cell::new((u64::MAX, 0)) }
    }

    #[inline]
    pub(crate) fn id(&self) -> u64 {
        self.id.get()
    }

    /// The id of its context in a scope: what it remembers, or what `look_up` finds.
    pub(crate) fn context(&self, scope: u64, look_up: impl FnOnce() -> Option<u32>) -> Option<u32> {
        let (known, id) = self.context.get();
        if known == scope {
            return Some(id);
        }
        let id = look_up()?;
        self.context.set((scope, id));
        Some(id)
    }
}

thread_local! {
    // No destructor, so that they can be read until the thread's very last moment.
    /// The thread itself; its id is 0 until it says its first word.
    static OWN: Task = const { Task::new(0) };
    static CURRENT: Cell<*const Task> = const { Cell::new(std::ptr::null()) };
    static ENDS_UNSEEN: Cell<bool> = const { Cell::new(false) };
}

/// A new id.
pub(crate) fn allocate() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Runs `run` with the thread's current task.
#[inline]
pub(crate) fn with_current<R>(run: impl FnOnce(&Task) -> R) -> R {
    let mut current = CURRENT.get();
    if current.is_null() {
        first();
        current = CURRENT.get();
    }
    // SAFETY: it leads to the thread's own task, which lives as long as the thread.
    run(unsafe { &*current })
}

/// Has the thread say its first word, if it has said none yet: by that it learns in which test it runs.
#[inline]
pub(crate) fn introduce() {
    if CURRENT.get().is_null() {
        first();
    }
}

/// What is no task's deed: the end of the process, which may come after the end of the thread that brings it about.
pub(crate) const NOBODY: u64 = u64::MAX;

/// Makes this thread the task that its parent announced as `id`.
pub(crate) fn become_task(id: u64) {
    OWN.with(|own| {
        own.id.set(id);
        own.context.set((u64::MAX, 0));
        CURRENT.set(own);
    });
}

/// A thread that was not spawned through us says its first word.
#[cold]
fn first() {
    become_task(allocate());
    let thread = std::thread::current();
    // The main thread ends with the process, which has a last word of its own.
    ENDS_UNSEEN.set(thread.name() != Some("main"));
    // A test is a path of Rust; `tokio-runtime-worker` is none.
    let is_path = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':');
    let test = thread.name().filter(|name| *name != "main").filter(is_path);
    if let Some(test) = test.filter(|_| crate::test_scope::is_test_program()) {
        crate::scope::stay_in_test(test);
    }
    crate::thread::begin_untracked(thread.name());
}

/// Whether this thread was not spawned through us, so that nobody but its own end tells of its end.
pub(crate) fn ends_unseen() -> bool {
    ENDS_UNSEEN.get()
}
