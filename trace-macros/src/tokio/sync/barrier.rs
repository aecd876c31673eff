//! The tracked barrier that is awaited.

use std::fmt;
use std::future::Future;

use ::tokio::sync::BarrierWaitResult;

use super::super::wait::{Wait, watch};
use crate::group::Parties;
use crate::identity::Name;
use crate::seen::Seen;

/// As [`tokio::sync::Barrier`](::tokio::sync::Barrier), tracked; in the trace it is what
/// [`sync::Barrier`](crate::sync::Barrier) is.
pub struct Barrier {
    parties: Parties,
    inner: ::tokio::sync::Barrier,
}

impl Barrier {
    /// As [`Barrier::new`](::tokio::sync::Barrier::new).
    #[track_caller]
    pub fn new(n: usize) -> Self {
        Self::named("Barrier", n)
    }

    /// A barrier with a name for people.
    #[track_caller]
    pub fn named(name: &'static str, n: usize) -> Self {
        Barrier { parties: Parties::new(Name::Given(name), n), inner: ::tokio::sync::Barrier::new(n) }
    }

    /// As [`Barrier::wait`](::tokio::sync::Barrier::wait).
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = BarrierWaitResult> {
        let seen = Seen::here();
        async move {
            // With the first poll, as the original.
            self.parties.arrives(seen);
            watch(seen, self.inner.wait(), Coming(&self.parties), |coming, seen, result| {
                coming.0.passes(seen);
                result
            })
            .await
        }
    }
}

/// A task that has come, and waits for the others.
struct Coming<'a>(&'a Parties);

impl Wait for Coming<'_> {
    // It was said when the task came: whoever comes last must not be told before.
    fn begins(&self, _: Seen) {}

    fn is_cancelled(&self, seen: Seen) {
        self.0.gives_up(seen);
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
