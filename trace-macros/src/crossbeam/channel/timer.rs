//! What comes from a clock and not from a sender: `after`, `at`, `tick`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use peerscope_format::vocabulary::Kind;

use crate::seen::Seen;
use crate::site::Site;

/// A timer that a task waits for.
#[derive(Clone, Debug)]
pub(super) struct Timer {
    /// Unlike the numbers that programs give their own timers.
    id: Arc<str>,
    name: &'static str,
    /// When it fires, if it fires once and then.
    when: Option<Instant>,
}

impl Timer {
    pub(super) fn new(name: &'static str, when: Option<Instant>) -> Self {
        static GIVEN: AtomicU64 = AtomicU64::new(0);
        let number = GIVEN.fetch_add(1, Ordering::Relaxed) + 1;
        Timer { id: format!("{name}-{number}").into(), name, when }
    }

    /// The time-out of a select.
    pub(super) fn of_select(timeout: Option<Instant>) -> Self {
        Timer::new("default", timeout)
    }

    /// The task is about to wait for it alone, or until `deadline` if that comes first.
    pub(super) fn sleeps(&self, seen: Seen, deadline: Option<Instant>) {
        static SLEEP: Site = Site::primitive(Kind::Sleep, &["for"]);
        let end = self.when.into_iter().chain(deadline).min();
        seen.record(&SLEEP, &(end.map(until),));
    }

    /// The task goes on.
    pub(super) fn woke(seen: Seen) {
        static END: Site = Site::primitive(Kind::SleepEnd, &[]);
        seen.record(&END, &());
    }

    /// The task is about to wait for it in the select of this number.
    pub(super) fn waits_in(&self, seen: Seen, select: u64) {
        static SET: Site = Site::primitive(Kind::TimerSet, &["timer", "name", "after", "select"]);
        seen.record(&SET, &(&*self.id, self.name, self.when.map(until), select));
    }

    /// It has ended the select.
    pub(super) fn fired_in(&self, seen: Seen, select: u64) {
        static FIRE: Site = Site::primitive(Kind::TimerFire, &["timer", "name", "select"]);
        seen.record(&FIRE, &(&*self.id, self.name, select));
    }
}

/// In ns.
fn until(when: Instant) -> u64 {
    let left: Duration = when.saturating_duration_since(Instant::now());
    u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)
}
