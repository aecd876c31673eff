//! Waiting for several tasks: as `crossbeam::sync`, as far as there is something to wait for.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::group::Group;
use crate::identity::Name;
use crate::seen::{Line, Seen};

/// As [`crossbeam_utils::sync::WaitGroup`]: each clone, the first one included, is waited for until it is dropped or waits itself.
pub struct WaitGroup {
    // First, so that it has recorded its end before others can go on.
    share: Share,
    inner: crossbeam_utils::sync::WaitGroup,
}

/// One of those that are waited for.
struct Share {
    shared: Arc<(Group, AtomicI64)>,
    /// The line that made it: nobody knows the line at which it is dropped.
    line: Line,
    /// It has said so.
    has_ended: bool,
}

impl Share {
    #[track_caller]
    fn of(shared: Arc<(Group, AtomicI64)>) -> Self {
        Share { shared, line: Line::here(), has_ended: false }
    }

    /// It is waited for no longer: how many still are.
    fn end(&mut self, seen: Option<Seen>) -> i64 {
        self.has_ended = true;
        let (group, count) = &*self.shared;
        let now = count.fetch_sub(1, Ordering::Relaxed) - 1;
        if let Some(seen) = seen {
            group.done(seen, 1, now);
        }
        now
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(self.line.seen());
        }
    }
}

impl Default for WaitGroup {
    #[track_caller]
    fn default() -> Self {
        WaitGroup::new()
    }
}

impl WaitGroup {
    /// As [`crossbeam_utils::sync::WaitGroup::new`].
    #[track_caller]
    pub fn new() -> Self {
        let shared = Arc::new((Group::new(Name::Given("WaitGroup"), 1), AtomicI64::new(1)));
        WaitGroup { share: Share::of(shared), inner: crossbeam_utils::sync::WaitGroup::new() }
    }

    /// As [`crossbeam_utils::sync::WaitGroup::wait`].
    #[track_caller]
    pub fn wait(self) {
        let seen = Seen::here();
        let WaitGroup { mut share, inner } = self;
        let now = share.end(seen);
        if let Some(seen) = seen.filter(|_| now > 0) {
            share.shared.0.waits(seen, now);
        }
        inner.wait();
        if let Some(seen) = seen {
            share.shared.0.passes(seen);
        }
    }
}

impl Clone for WaitGroup {
    #[track_caller]
    fn clone(&self) -> Self {
        let share = Share::of(self.share.shared.clone());
        let (group, count) = &*share.shared;
        let now = count.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(seen) = share.line.seen() {
            group.adds(seen, 1, now);
        }
        WaitGroup { share, inner: self.inner.clone() }
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
