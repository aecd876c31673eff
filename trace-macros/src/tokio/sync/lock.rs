//! Waiting for a tracked lock without a thread.

use super::super::wait::Wait;
use crate::lock::{Held, Lock, Mode};
use crate::seen::Seen;

/// A lock that is to be taken.
pub(super) struct Taking<'a> {
    lock: &'a Lock,
    mode: Mode,
}

impl<'a> Taking<'a> {
    pub(super) fn new(lock: &'a Lock, mode: Mode) -> Self {
        Taking { lock, mode }
    }

    /// It is held.
    pub(super) fn held(self, seen: Option<Seen>) -> Held<'a> {
        self.lock.acquired(seen, self.mode, None)
    }
}

impl Wait for Taking<'_> {
    fn begins(&self, seen: Seen) {
        self.lock.waits(seen, self.mode);
    }

    fn is_cancelled(&self, seen: Seen) {
        self.lock.refused(seen, self.mode, "cancelled");
    }
}

/// Panics as the originals' blocking methods do where a thread must not block, as it runs async tasks. To be asked before a
/// try, which would not panic.
#[track_caller]
pub(super) fn check_may_block() {
    drop(::tokio::sync::Mutex::const_new(()).blocking_lock());
}
