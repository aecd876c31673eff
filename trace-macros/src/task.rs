//! The current task: every thread is one, with an id of its own in the trace.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    // No destructor, so that it can be read until the thread's very last moment. 0: none yet.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
    static ENDS_UNSEEN: Cell<bool> = const { Cell::new(false) };
}

/// A new id.
pub(crate) fn allocate() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The current task's id.
#[inline]
pub(crate) fn current() -> u64 {
    match CURRENT.get() {
        0 => first(),
        id => id,
    }
}

/// What is no task's deed: the end of the process, which may come after the end of the thread that brings it about.
pub(crate) const NOBODY: u64 = u64::MAX;

/// Makes this thread the task that its parent announced as `id`.
pub(crate) fn become_task(id: u64) {
    CURRENT.set(id);
}

/// A thread that was not spawned through us says its first word.
#[cold]
fn first() -> u64 {
    let id = allocate();
    CURRENT.set(id);
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
    id
}

/// Whether this thread was not spawned through us, so that nobody but its own end tells of its end.
pub(crate) fn ends_unseen() -> bool {
    ENDS_UNSEEN.get()
}
