//! What all tracked condition variables have in common, whoever made the original: who they are, how many wait, which
//! notify woke whom, and their events.
//!
//! The order of calls is the vocabulary's: [`Condition::waits`] while the task still holds the lock, whose hold then ends;
//! [`Waiting::wakes`] when it holds it again, before that is said.

use std::sync::atomic::{AtomicU64, Ordering};

use peerscope_format::vocabulary::Kind;

use crate::identity::{Identity, Name, Sort};
use crate::lock::Lock;
use crate::seen::Seen;
use crate::site::Site;

/// What one more notify that is being made adds to [`Condition::notifies`].
const BEGUN: u64 = 1 << NOTIFYING_BITS;
/// So many notifies can be in the making at once.
const NOTIFYING_BITS: u32 = 20;

/// A condition variable in the trace.
#[derive(Debug)]
pub(crate) struct Condition {
    identity: Identity,
    /// Tasks that have begun to wait and not gone on.
    waiting: AtomicU64,
    /// How many notifies have begun, above [`NOTIFYING_BITS`] bits that say how many of them are still being made.
    notifies: AtomicU64,
}

impl Condition {
    /// A condition variable that the caller makes.
    #[track_caller]
    pub(crate) const fn new(name: Name) -> Self {
        let identity = Identity::new(Sort::Condition, name);
        Condition { identity, waiting: AtomicU64::new(0), notifies: AtomicU64::new(0) }
    }

    /// The task is about to give `lock` up and to block.
    pub(crate) fn waits<'a>(&'a self, seen: Option<Seen>, lock: &'a Lock) -> Waiting<'a> {
        static WAIT: Site = Site::primitive(Kind::CondWait, &["cond", "lock"]);
        // Counted even while nothing is recorded, for a recorder that starts later.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Some(seen) = seen {
            seen.record(&WAIT, &(self.id(seen), lock.id(seen)));
        }
        let notifies = self.notifies.load(Ordering::Relaxed);
        // One that is being made now may wake this wait, or may have been too early for it.
        let quiet = notifies.is_multiple_of(BEGUN);
        Waiting { condition: self, lock, notified_before: quiet.then_some(notifies / BEGUN) }
    }

    /// One waiter, or all, are about to be woken; what this gives is dropped when that was done.
    pub(crate) fn notifies(&self, seen: Option<Seen>, all: bool) -> Notifying<'_> {
        static NOTIFY: Site = Site::primitive(Kind::CondNotify, &["cond", "all", "waiters", "seq"]);
        let seq = self.notifies.fetch_add(BEGUN + 1, Ordering::Relaxed) / BEGUN + 1;
        if let Some(seen) = seen {
            let waiters = self.waiting.load(Ordering::Relaxed);
            seen.record(&NOTIFY, &(self.id(seen), all, waiters, seq));
        }
        Notifying { condition: self }
    }

    fn id(&self, seen: Seen) -> u64 {
        self.identity.id(seen, |made, id, name| {
            static NEW: Site = Site::primitive(Kind::CondNew, &["cond", "name"]);
            made.record(&NEW, &(id, name));
        })
    }
}

/// A task that waits. Dropped, it waits no longer.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    condition: &'a Condition,
    lock: &'a Lock,
    /// How many notifies there had been, if none was being made.
    notified_before: Option<u64>,
}

impl Waiting<'_> {
    /// The task holds the lock again. The notify that woke it is named if it is the only one since the wait began:
    /// then it cannot have been another.
    pub(crate) fn wakes(self, seen: Option<Seen>, timed_out: bool) {
        static WAKE: Site = Site::primitive(Kind::CondWake, &["cond", "lock"]);
        static WOKEN_BY: Site = Site::primitive(Kind::CondWake, &["cond", "lock", "seq"]);
        static TIMEOUT: Site = Site::primitive(Kind::CondWake, &["cond", "lock"]).with(&[("outcome", "timeout")]);
        let Some(seen) = seen else { return };
        let (id, lock) = (self.condition.id(seen), self.lock.id(seen));
        let notified = self.condition.notifies.load(Ordering::Relaxed) / BEGUN;
        match self.notified_before {
            _ if timed_out => seen.record(&TIMEOUT, &(id, lock)),
            Some(before) if notified == before + 1 => seen.record(&WOKEN_BY, &(id, lock, notified)),
            _ => seen.record(&WAKE, &(id, lock)),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.condition.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A notify that is being made.
#[derive(Debug)]
pub(crate) struct Notifying<'a> {
    condition: &'a Condition,
}

impl Drop for Notifying<'_> {
    fn drop(&mut self) {
        self.condition.notifies.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notify_that_is_being_made_when_a_wait_begins_is_not_taken_for_another() {
        let (condition, lock) = (Condition::new(Name::Given("condition")), Lock::mutex(Name::Given("lock")));
        let early = condition.notifies(None, false);
        assert_eq!(condition.waits(None, &lock).notified_before, None, "it may wake this wait or not");
        drop(early);
        assert_eq!(condition.waits(None, &lock).notified_before, Some(1));
        let (one, other) = (condition.notifies(None, false), condition.notifies(None, true));
        drop(one);
        assert_eq!(condition.waits(None, &lock).notified_before, None);
        drop(other);
        assert_eq!(condition.waits(None, &lock).notified_before, Some(3));
        assert_eq!(condition.waiting.load(Ordering::Relaxed), 0, "who goes on waits no longer");
    }
}
