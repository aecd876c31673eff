//! The current task, with an id of its own in the trace: every thread is one, and so is each async task that a thread runs.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::recorder::TaskSlot;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A task as long as it lives: a thread, or what a thread runs at the moment in its place.
#[derive(Debug)]
pub(crate) struct Task {
    id: Cell<u64>,
    /// The number of the scope in which it last spoke, and the id of the context that it had there: one that moves between
    /// threads asks for it once and not at every move.
    context: Cell<(u64, u32)>,
    /// What the file keeps of what it holds and waits for.
    slot: TaskSlot,
}

/// No scope has this number.
const NO_SCOPE: u64 = u64::MAX;
/// No context has this id.
pub(crate) const UNKNOWN: u32 = u32::MAX;

impl Task {
    /// The task that was announced as `id`.
    pub(crate) const fn new(id: u64) -> Self {
        Task { id: Cell::new(id), context: Cell::new((NO_SCOPE, UNKNOWN)), slot: TaskSlot::new() }
    }

    /// What stands for task `id` on a thread that does not run it; `context`: what [`Task::known_context`] said of an
    /// earlier one that spoke in the same scope.
    #[cfg(feature = "tokio")]
    pub(crate) const fn stand_in(id: u64, scope: u64, context: u32) -> Self {
        let scope = if context == UNKNOWN { NO_SCOPE } else { scope };
        Task { id: Cell::new(id), context: Cell::new((scope, context)), slot: TaskSlot::none() }
    }

    /// The id of the context in which it last spoke; [`UNKNOWN`] if it has said nothing.
    #[cfg(feature = "tokio")]
    pub(crate) fn known_context(&self) -> u32 {
        self.context.get().1
    }

    #[inline]
    pub(crate) fn id(&self) -> u64 {
        self.id.get()
    }

    #[inline]
    pub(crate) fn slot(&self) -> &TaskSlot {
        &self.slot
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
    // SAFETY: it leads to the thread's own task, which lives as long as the thread, or to one that `run_as` borrows and takes
    // away again before it returns.
    run(unsafe { &*current })
}

/// The thread has nothing more to say that would have to be kept beside its events.
#[cfg(feature = "record")]
pub(crate) fn retire() {
    OWN.with(|own| own.slot.retire());
}

/// Has the thread say its first word, if it has said none yet: by that it learns in which test it runs.
#[inline]
pub(crate) fn introduce() {
    if CURRENT.get().is_null() {
        first();
    }
}

/// Runs `run` as a deed of `task`, in the place of whatever this thread runs at the moment.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn run_as<R>(task: &Task, run: impl FnOnce() -> R) -> R {
    struct Restore(*const Task);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    // The thread must have said its first word, or it would say it when the task is gone, and call itself the task's parent.
    introduce();
    let _restore = Restore(CURRENT.replace(task));
    run()
}

/// The id of the task that runs.
#[inline]
pub(crate) fn current_id() -> u64 {
    with_current(Task::id)
}

/// The id of this thread, whatever it runs at the moment.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn thread_id() -> u64 {
    introduce();
    OWN.with(Task::id)
}

/// What is no task's deed: the end of the process, which may come after the end of the thread that brings it about.
pub(crate) const NOBODY: u64 = u64::MAX;

/// Makes this thread the task that its parent announced as `id`.
pub(crate) fn become_task(id: u64) {
    OWN.with(|own| {
        own.id.set(id);
        own.context.set((NO_SCOPE, UNKNOWN));
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
