//! What semaphores and all else that keeps permits have in common: who they are, and their events.

use std::panic::Location;

use peerscope_format::vocabulary::Kind;

use super::super::wait::Wait;
use crate::identity::{Identity, Name, Sort};
use crate::seen::Seen;
use crate::site::Site;

/// A store of permits in the trace.
#[derive(Debug)]
pub(super) struct Permits {
    identity: Identity,
    /// How many there are when it is made.
    #[cfg(feature = "record")]
    first: usize,
}

impl Permits {
    /// A store that the caller makes.
    #[track_caller]
    #[cfg_attr(not(feature = "record"), allow(unused_variables))]
    pub(super) const fn new(name: Name, first: usize) -> Self {
        Permits {
            identity: Identity::new(Sort::Semaphore, name),
            #[cfg(feature = "record")]
            first,
        }
    }

    fn id(&self, seen: Seen) -> u64 {
        self.identity.id(seen, |_made, _id, _name| {
            #[cfg(feature = "record")]
            {
                static NEW: Site = Site::primitive(Kind::SemNew, &["sem", "name", "permits"]);
                _made.record(&NEW, &(_id, _name, self.first as i64));
            }
        })
    }

    /// The task is about to block on `n` permits.
    #[cold]
    pub(super) fn waits(&self, seen: Seen, n: usize) {
        static WAIT: Site = Site::primitive(Kind::SemWait, &["sem", "n"]);
        seen.record(&WAIT, &(self.id(seen), n as i64));
    }

    /// It has got them.
    #[inline]
    pub(super) fn acquired(&self, seen: Seen, n: usize) {
        static ACQUIRE: Site = Site::primitive(Kind::SemAcquire, &["sem", "n"]);
        seen.record(&ACQUIRE, &(self.id(seen), n as i64));
    }

    /// It goes on without them: `closed busy cancelled`.
    #[cold]
    pub(super) fn refused(&self, seen: Seen, n: usize, outcome: &str) {
        static REFUSED: Site = Site::primitive(Kind::SemAcquire, &["sem", "n", "outcome"]);
        seen.record(&REFUSED, &(self.id(seen), n as i64, outcome));
    }

    /// `n` permits are given back, or are new.
    #[inline]
    pub(super) fn released(&self, seen: Seen, n: usize) {
        static RELEASE: Site = Site::primitive(Kind::SemRelease, &["sem", "n"]);
        seen.record(&RELEASE, &(self.id(seen), n as i64));
    }
}

/// Permits that are to be taken.
pub(super) struct Taking<'a> {
    pub(super) permits: &'a Permits,
    pub(super) n: usize,
}

impl Wait for Taking<'_> {
    fn begins(&self, seen: Seen) {
        self.permits.waits(seen, self.n);
    }

    fn is_cancelled(&self, seen: Seen) {
        self.permits.refused(seen, self.n, "cancelled");
    }
}

/// The part of a permit that records that it is given back when it is dropped; it must stand before the original's.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    permits: &'a Permits,
    n: usize,
    /// The line that acquired it, if that was recorded.
    caller: Option<&'static Location<'static>>,
}

impl<'a> Taken<'a> {
    /// `n` permits were just taken.
    #[inline]
    pub(super) fn new(permits: &'a Permits, n: usize, seen: Option<Seen>) -> Self {
        if let Some(seen) = seen {
            permits.acquired(seen, n);
        }
        Taken { permits, n, caller: seen.map(|seen| seen.caller) }
    }

    /// They are never given back.
    pub(super) fn forget(mut self) {
        self.n = 0;
    }

    /// Those of `other` are given back with these.
    pub(super) fn merge(&mut self, mut other: Self) {
        self.n += std::mem::take(&mut other.n);
    }

    /// Parts with `n` of them.
    pub(super) fn split(&mut self, n: usize) -> Self {
        self.n -= n;
        Taken { permits: self.permits, n, caller: self.caller }
    }
}

impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(seen) = self.caller.and_then(Seen::at)
            && self.n > 0
        {
            self.permits.released(seen, self.n);
        }
    }
}
