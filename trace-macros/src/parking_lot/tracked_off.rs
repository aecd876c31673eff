//! The record of raw locks in a build without the feature `record`: nothing but the original is left of them.

use crate::condition::Condition;
use crate::identity::Name;
use crate::lock::{Lock, Mode};

/// Takes no room.
#[derive(Debug)]
pub(super) struct Tracked;

// The safety is that of the tracked ones; here nothing is done.
#[allow(clippy::missing_safety_doc, clippy::unused_self)]
impl Tracked {
    pub(super) const fn mutex(_: Name) -> Self {
        Tracked
    }

    pub(super) const fn read_write(_: Name, _: &'static str) -> Self {
        Tracked
    }

    #[inline]
    pub(super) unsafe fn take(&self, _: Mode, _: impl FnOnce() -> bool, wait: impl FnOnce() -> bool) -> bool {
        wait()
    }

    #[inline]
    pub(super) unsafe fn try_take(&self, _: Mode, attempt: impl FnOnce() -> bool) -> bool {
        attempt()
    }

    #[inline]
    pub(super) unsafe fn let_go(&self, _: Mode) {}

    #[inline]
    pub(super) unsafe fn upgrade(&self, _: impl FnOnce() -> bool, wait: impl FnOnce() -> bool) -> bool {
        wait()
    }

    #[inline]
    pub(super) unsafe fn try_upgrade(&self, attempt: impl FnOnce() -> bool) -> bool {
        attempt()
    }

    #[inline]
    pub(super) unsafe fn downgrade(&self) {}

    #[inline]
    pub(super) unsafe fn downgrade_to_upgradable(&self) {}

    #[inline]
    pub(super) unsafe fn downgrade_upgradable(&self) {}

    #[inline]
    pub(super) unsafe fn wait(&self, condition: &Condition, wait: impl FnOnce() -> bool) {
        let waiting = condition.waits(None, &Lock);
        let timed_out = wait();
        waiting.wakes(None, timed_out);
    }
}

/// Says nothing.
pub(super) struct Said;

impl Said {
    #[inline]
    pub(super) fn here() -> Self {
        Said
    }
}
