//! The tracked barrier.

use std::fmt;
use std::sync::BarrierWaitResult;

use crate::group::Parties;
use crate::identity::Name;
use crate::seen::Seen;

/// As [`std::sync::Barrier`], tracked.
///
/// In the trace it is a group that counts who is still missing: each arrival is a `group.done`; all but the last of a
/// round wait; with the last the count begins anew (`group.add`), and all pass.
pub struct Barrier {
    parties: Parties,
    inner: std::sync::Barrier,
}

impl Barrier {
    /// As [`std::sync::Barrier::new`].
    #[track_caller]
    pub const fn new(n: usize) -> Self {
        Barrier { parties: Parties::new(Name::Given("Barrier"), n), inner: std::sync::Barrier::new(n) }
    }

    /// A barrier with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, n: usize) -> Self {
        Barrier { parties: Parties::new(Name::Given(name), n), inner: std::sync::Barrier::new(n) }
    }

    /// As [`std::sync::Barrier::wait`].
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let seen = Seen::here();
        self.parties.arrives(seen);
        let result = self.inner.wait();
        self.parties.passes(seen);
        result
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
