//! An operation of a tracked primitive that is being recorded.

use std::panic::Location;

use crate::arg::Args;
use crate::recorder::{Pin, Recorder, recorder};
use crate::scope::with_current;
use crate::site::Site;

/// By whom an operation is recorded, and the line of the program that its events name.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) recorder: &'static Recorder,
    pub(crate) caller: &'static Location<'static>,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.caller.fmt(out)
    }
}

impl Seen {
    /// The operation that the caller has just begun; `None` if nothing is recorded. Not within a closure, whose caller would
    /// be this crate.
    #[inline]
    #[track_caller]
    pub(crate) fn here() -> Option<Seen> {
        Seen::at(Location::caller())
    }

    /// As [`Seen::here`], for an operation that began at `caller`.
    #[inline]
    pub(crate) fn at(caller: &'static Location<'static>) -> Option<Seen> {
        recorder().map(|recorder| Seen { recorder, caller })
    }

    /// Records an event of `site` in the name of the current task and scope.
    // A call by itself: inlined into the destructor of a guard it doubles what a lock costs (44 ns instead of 23).
    #[inline(never)]
    pub(crate) fn record<A: Args>(self, site: &'static Site, args: &A) {
        with_current(|scope| site.record_at(self.recorder, scope, args, self.caller));
    }
    /// As [`Seen::record`], for an event by which the task begins to hold something: the pin is to be taken away when the hold
    /// ends.
    // As above.
    #[inline(never)]
    pub(crate) fn hold<A: Args>(self, site: &'static Site, args: &A) -> Pin {
        with_current(|scope| site.hold(self.recorder, scope, args, self.caller))
    }
}

/// A line of the program that later operations will name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line(#[cfg(feature = "record")] &'static Location<'static>);

impl Line {
    /// The caller's.
    #[track_caller]
    pub(crate) fn here() -> Self {
        Line(
            #[cfg(feature = "record")]
            Location::caller(),
        )
    }

    /// An operation that began at this line; `None` if nothing is recorded.
    #[inline]
    pub(crate) fn seen(self) -> Option<Seen> {
        #[cfg(feature = "record")]
        let seen = Seen::at(self.0);
        #[cfg(not(feature = "record"))]
        let seen = None;
        seen
    }
}
