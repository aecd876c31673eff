//! What all tracked wait groups, barriers and latches have in common: who they are, and their events.

use std::sync::atomic::{AtomicU64, Ordering};

use peerscope_format::vocabulary::Kind;

use crate::identity::{Identity, Name, Sort};
use crate::seen::Seen;
use crate::site::Site;

/// A wait group, barrier or latch in the trace.
#[derive(Debug)]
pub(crate) struct Group {
    identity: Identity,
    /// Its count when it is made.
    n: i64,
}

impl Group {
    /// A group that the caller makes, with this count.
    #[track_caller]
    pub(crate) const fn new(name: Name, n: i64) -> Self {
        Group { identity: Identity::new(Sort::Group, name), n }
    }

    /// Announces it, if nobody has yet: what follows then allocates nothing.
    pub(crate) fn id(&self, seen: Seen) -> u64 {
        self.identity.id(seen, |made, id, name| {
            static NEW: Site = Site::primitive(Kind::GroupNew, &["group", "name", "n"]);
            made.record(&NEW, &(id, name, self.n));
        })
    }

    /// The count rises by `n` to `now`.
    pub(crate) fn adds(&self, seen: Seen, n: i64, now: i64) {
        static ADD: Site = Site::primitive(Kind::GroupAdd, &["group", "n", "now"]);
        seen.record(&ADD, &(self.id(seen), n, now));
    }

    /// The count falls by `n` to `now`.
    pub(crate) fn done(&self, seen: Seen, n: i64, now: i64) {
        static ONE: Site = Site::primitive(Kind::GroupDone, &["group", "now"]);
        static SEVERAL: Site = Site::primitive(Kind::GroupDone, &["group", "n", "now"]);
        match n {
            1 => seen.record(&ONE, &(self.id(seen), now)),
            n => seen.record(&SEVERAL, &(self.id(seen), n, now)),
        }
    }

    /// The task is about to block, the count being `now`.
    pub(crate) fn waits(&self, seen: Seen, now: i64) {
        static WAIT: Site = Site::primitive(Kind::GroupWait, &["group", "now"]);
        seen.record(&WAIT, &(self.id(seen), now));
    }

    /// The task goes on.
    pub(crate) fn passes(&self, seen: Seen) {
        static PASS: Site = Site::primitive(Kind::GroupPass, &["group"]);
        seen.record(&PASS, &(self.id(seen),));
    }
}

/// The parties of a barrier, which come together again and again.
#[derive(Debug)]
pub(crate) struct Parties {
    group: Group,
    n: i64,
    /// Arrivals so far, of all rounds; counted even while nothing is recorded, for a recorder that starts later.
    arrived: AtomicU64,
}

impl Parties {
    /// A barrier of `n` parties that the caller makes.
    #[track_caller]
    pub(crate) const fn new(name: Name, n: usize) -> Self {
        // As `std` has it, a barrier of none is one of one.
        let n = if n == 0 { 1 } else { n as i64 };
        Parties { group: Group::new(name, n), n, arrived: AtomicU64::new(0) }
    }

    /// The task has come, and is about to block unless it is the last of its round, with which the barrier counts from
    /// the start again. To be said before the original is told: so nobody is of the next round before all of this one have come.
    pub(crate) fn arrives(&self, seen: Option<Seen>) {
        if let Some(seen) = seen {
            // Takes its time, once; so it comes before the count.
            self.group.id(seen);
        }
        let before = self.arrived.fetch_add(1, Ordering::Relaxed) % self.n as u64;
        let Some(seen) = seen else { return };
        let missing = self.n - 1 - before as i64;
        self.group.done(seen, 1, missing);
        match missing {
            0 => self.group.adds(seen, self.n, self.n),
            missing => self.group.waits(seen, missing),
        }
    }

    /// The task goes on before all have come: it is no longer interested.
    #[cfg(feature = "tokio")]
    pub(crate) fn gives_up(&self, seen: Seen) {
        static GIVEN_UP: Site = Site::primitive(Kind::GroupPass, &["group", "outcome"]);
        seen.record(&GIVEN_UP, &(self.group.id(seen), "cancelled"));
    }

    /// The task goes on.
    pub(crate) fn passes(&self, seen: Option<Seen>) {
        if let Some(seen) = seen {
            self.group.passes(seen);
        }
    }
}
