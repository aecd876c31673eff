//! Wakers that tell who woke a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Wake, Waker};

use peerscope_format::vocabulary::Kind;

use crate::recorder::recorder;
use crate::scope::{self, Scope};
use crate::site::Site;
use crate::task::{self, Task};

/// A task on its way from one poll to the next, and how to wake it.
///
/// Only the first call between two polls is recorded: the others change nothing.
#[derive(Debug)]
pub(super) struct Sleeper {
    task: u64,
    /// In whose name it worked when it was first polled with this waker.
    scope: Option<Arc<Scope>>,
    /// It needs no waking: it was woken already, or has ended.
    awake: AtomicBool,
    /// The id of the task's context in the trace, once it has one; so that waking takes no lock.
    context: AtomicU32,
    inner: Waker,
}

impl Sleeper {
    pub(super) fn new(task: u64, scope: Option<Arc<Scope>>, inner: Waker) -> Self {
        Sleeper { task, scope, awake: AtomicBool::new(false), context: AtomicU32::new(task::UNKNOWN), inner }
    }

    /// Whether it wakes what `waker` wakes.
    pub(super) fn wakes_as(&self, waker: &Waker) -> bool {
        self.inner.will_wake(waker)
    }

    /// From here on it can be woken; to be called before it is polled, for it may be woken meanwhile.
    pub(super) fn may_be_woken(&self) {
        self.awake.store(false, Ordering::Relaxed);
    }

    /// It has ended, and wakers that are left somewhere wake nobody.
    pub(super) fn has_ended(&self) {
        self.awake.store(true, Ordering::Relaxed);
    }

    #[inline]
    fn record(&self) {
        static WAKE: Site = Site::primitive(Kind::TaskWake, &["by"]);
        if self.awake.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(recorder) = recorder() else { return };
        let by = task::current_id();
        scope::with_or_nowhere(self.scope.as_ref(), |scope| {
            // The task itself may be at work on another thread; this stands for it here.
            let stand_in = Task::stand_in(self.task, scope.number(), self.context.load(Ordering::Relaxed));
            task::run_as(&stand_in, || WAKE.record(recorder, scope, &(by,)));
            self.context.store(stand_in.known_context(), Ordering::Relaxed);
        });
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // First, so that the wake stands before the poll that it leads to.
        self.record();
        self.inner.wake_by_ref();
    }
}
