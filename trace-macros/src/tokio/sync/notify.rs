//! The tracked notify.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::super::wait::{Begun, Wait};
use super::permits::Permits;
use crate::identity::Name;
use crate::seen::Seen;

/// As [`tokio::sync::Notify`](::tokio::sync::Notify), tracked.
///
/// In the trace it is a store of permits: a notify gives one (`sem.release`), and whoever is notified takes one. One that
/// is given while nobody waits is kept, as the original does; `notify_waiters` gives as many as there are waiters,
/// so that one that came too early is a release of 0, kept for nobody.
///
/// Differences: `notified_owned` is missing.
pub struct Notify {
    permits: Permits,
    /// Tasks that were found waiting and have not gone on.
    waiters: AtomicUsize,
    inner: ::tokio::sync::Notify,
}

impl Notify {
    /// As [`Notify::new`](::tokio::sync::Notify::new).
    #[track_caller]
    pub fn new() -> Self {
        Self::const_new()
    }

    /// As [`Notify::const_new`](::tokio::sync::Notify::const_new).
    #[track_caller]
    pub const fn const_new() -> Self {
        Self::named("Notify")
    }

    /// A notify with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        Notify {
            permits: Permits::new(Name::Given(name), 0),
            waiters: AtomicUsize::new(0),
            inner: ::tokio::sync::Notify::const_new(),
        }
    }

    /// As [`Notify::notified`](::tokio::sync::Notify::notified).
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        Notified { begun: Begun::new(Seen::here(), Taking(self)), inner: self.inner.notified() }
    }

    /// As [`Notify::notify_one`](::tokio::sync::Notify::notify_one).
    #[track_caller]
    pub fn notify_one(&self) {
        self.gives(Seen::here(), 1);
        self.inner.notify_one();
    }

    /// As [`Notify::notify_last`](::tokio::sync::Notify::notify_last).
    #[track_caller]
    pub fn notify_last(&self) {
        self.gives(Seen::here(), 1);
        self.inner.notify_last();
    }

    /// As [`Notify::notify_waiters`](::tokio::sync::Notify::notify_waiters).
    #[track_caller]
    pub fn notify_waiters(&self) {
        self.gives(Seen::here(), self.waiters.load(Ordering::Relaxed));
        self.inner.notify_waiters();
    }

    /// Said first: whoever is notified takes it after it was given.
    fn gives(&self, seen: Option<Seen>, n: usize) {
        if let Some(seen) = seen {
            self.permits.released(seen, n);
        }
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// A task that is to be notified.
#[derive(Debug)]
struct Taking<'a>(&'a Notify);

impl Wait for Taking<'_> {
    fn begins(&self, seen: Seen) {
        self.0.waiters.fetch_add(1, Ordering::Relaxed);
        self.0.permits.waits(seen, 1);
    }

    fn is_cancelled(&self, seen: Seen) {
        self.0.waiters.fetch_sub(1, Ordering::Relaxed);
        self.0.permits.refused(seen, 1, "cancelled");
    }
}

pin_project! {
    /// As [`tokio::sync::futures::Notified`](::tokio::sync::futures::Notified).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Notified<'a> {
        // First: it says that it gives up before the original leaves the queue.
        begun: Begun<Taking<'a>>,
        #[pin]
        inner: ::tokio::sync::futures::Notified<'a>,
    }
}

impl Notified<'_> {
    /// As [`Notified::enable`](::tokio::sync::futures::Notified::enable).
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.project().inner.enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let polled = this.inner.poll(context);
        if let Some((Taking(notify), seen, waited)) = this.begun.saw(polled.is_ready()) {
            if waited {
                notify.waiters.fetch_sub(1, Ordering::Relaxed);
            }
            if let Some(seen) = seen {
                notify.permits.acquired(seen, 1);
            }
        }
        polled
    }
}
