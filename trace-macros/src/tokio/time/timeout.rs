//! A future that must be ready in time.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use ::tokio::time::error::Elapsed;
use ::tokio::time::{Duration, Instant};
use peerscope_format::vocabulary::Kind;
use pin_project_lite::pin_project;

use super::super::wait::{Begun, Wait};
use super::nanos;
use crate::seen::Seen;
use crate::site::Site;

/// As [`tokio::time::timeout`](::tokio::time::timeout). In the trace it is a timer beside what the future waits for; what the
/// future gives up when the time is over ends as `cancelled`.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    let timer = Timer { id: next_id(), after: duration };
    Timeout { begun: Begun::new(Seen::here(), timer), inner: ::tokio::time::timeout(duration, future) }
}

/// As [`tokio::time::timeout_at`](::tokio::time::timeout_at).
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    let after = deadline.saturating_duration_since(Instant::now());
    let timer = Timer { id: next_id(), after };
    Timeout { begun: Begun::new(Seen::here(), timer), inner: ::tokio::time::timeout_at(deadline, future) }
}

/// Programs number their own timers, mostly from 0.
const FIRST_ID: u64 = 1 << 32;

fn next_id() -> u64 {
    static GIVEN: AtomicU64 = AtomicU64::new(FIRST_ID);
    GIVEN.fetch_add(1, Ordering::Relaxed)
}

/// A time-out that somebody waits with.
#[derive(Debug)]
struct Timer {
    id: u64,
    after: Duration,
}

impl Timer {
    fn fires(&self, seen: Seen) {
        static FIRE: Site = Site::primitive(Kind::TimerFire, &["timer"]);
        seen.record(&FIRE, &(self.id,));
    }

    fn stops(&self, seen: Seen) {
        static STOP: Site = Site::primitive(Kind::TimerStop, &["timer"]);
        seen.record(&STOP, &(self.id,));
    }
}

impl Wait for Timer {
    // As a case of a select, since the task waits for it: otherwise a timer is set and waited for by nobody.
    fn begins(&self, seen: Seen) {
        static SET: Site = Site::primitive(Kind::TimerSet, &["timer", "after", "select"]).with(&[("name", "timeout")]);
        seen.record(&SET, &(self.id, nanos(self.after), self.id));
    }

    fn is_cancelled(&self, seen: Seen) {
        self.stops(seen);
    }
}

pin_project! {
    /// As [`tokio::time::Timeout`](::tokio::time::Timeout).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<F> {
        begun: Begun<Timer>,
        #[pin]
        inner: ::tokio::time::Timeout<F>,
    }
}

impl<F> Timeout<F> {
    /// As [`Timeout::get_ref`](::tokio::time::Timeout::get_ref).
    pub fn get_ref(&self) -> &F {
        self.inner.get_ref()
    }

    /// As [`Timeout::get_mut`](::tokio::time::Timeout::get_mut).
    pub fn get_mut(&mut self) -> &mut F {
        self.inner.get_mut()
    }

    /// As [`Timeout::into_inner`](::tokio::time::Timeout::into_inner).
    pub fn into_inner(self) -> F {
        self.inner.into_inner()
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = this.inner.poll(context);
        if let Some((timer, Some(seen), true)) = this.begun.saw(polled.is_ready()) {
            match polled {
                Poll::Ready(Err(_)) => timer.fires(seen),
                _ => timer.stops(seen),
            }
        }
        polled
    }
}
