//! Time, as in [`tokio::time`](::tokio::time), tracked.
//!
//! What is not listed here is re-exported from the original as it is. Differences: [`Sleep`], [`Timeout`] and [`Interval`] are
//! types of their own.

mod timeout;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use ::tokio::time::*;
use peerscope_format::vocabulary::Kind;
use pin_project_lite::pin_project;

pub use timeout::{Timeout, timeout, timeout_at};

use super::wait::{Begun, Wait, watch};
use crate::seen::Seen;
use crate::site::Site;

/// As [`tokio::time::sleep`](::tokio::time::sleep).
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let inner = ::tokio::time::sleep(duration);
    Sleep { begun: Begun::new(Seen::here(), Sleeping { after: Some(duration) }), inner }
}

/// As [`tokio::time::sleep_until`](::tokio::time::sleep_until).
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let inner = ::tokio::time::sleep_until(deadline);
    Sleep { begun: Begun::new(Seen::here(), until(deadline)), inner }
}

fn until(deadline: Instant) -> Sleeping {
    let after = crate::is_recording().then(|| deadline.saturating_duration_since(Instant::now()));
    Sleeping { after }
}

/// A task that waits for time to pass.
#[derive(Debug)]
struct Sleeping {
    after: Option<Duration>,
}

impl Sleeping {
    fn ends(seen: Option<Seen>) {
        static END: Site = Site::primitive(Kind::SleepEnd, &[]);
        if let Some(seen) = seen {
            seen.record(&END, &());
        }
    }
}

impl Wait for Sleeping {
    fn begins(&self, seen: Seen) {
        static SLEEP: Site = Site::primitive(Kind::Sleep, &["for"]);
        seen.record(&SLEEP, &(self.after.map(nanos),));
    }

    fn is_cancelled(&self, seen: Seen) {
        static END: Site = Site::primitive(Kind::SleepEnd, &["outcome"]);
        seen.record(&END, &("cancelled",));
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pin_project! {
    /// As [`tokio::time::Sleep`](::tokio::time::Sleep).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Sleep {
        begun: Begun<Sleeping>,
        #[pin]
        inner: ::tokio::time::Sleep,
    }
}

impl Sleep {
    /// As [`Sleep::deadline`](::tokio::time::Sleep::deadline).
    pub fn deadline(&self) -> Instant {
        self.inner.deadline()
    }

    /// As [`Sleep::is_elapsed`](::tokio::time::Sleep::is_elapsed).
    pub fn is_elapsed(&self) -> bool {
        self.inner.is_elapsed()
    }

    /// As [`Sleep::reset`](::tokio::time::Sleep::reset): in the trace the task gives up one sleep, and begins another when it is
    /// polled.
    #[track_caller]
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        *this.begun = Begun::new(Seen::here(), until(deadline));
        this.inner.reset(deadline);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let polled = this.inner.poll(context);
        if let Some((_, seen, true)) = this.begun.saw(polled.is_ready()) {
            Sleeping::ends(seen);
        }
        polled
    }
}

/// As [`tokio::time::interval`](::tokio::time::interval).
///
/// # Panics
/// If `period` is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    Interval { inner: ::tokio::time::interval(period) }
}

/// As [`tokio::time::interval_at`](::tokio::time::interval_at).
///
/// # Panics
/// If `period` is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    Interval { inner: ::tokio::time::interval_at(start, period) }
}

/// As [`tokio::time::Interval`](::tokio::time::Interval). To wait for a tick is to sleep, for how long the trace does not say;
/// `poll_tick` records nothing.
#[derive(Debug)]
pub struct Interval {
    inner: ::tokio::time::Interval,
}

impl Interval {
    /// As [`Interval::tick`](::tokio::time::Interval::tick).
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Instant> {
        let (seen, mut waited) = (Seen::here(), false);
        let tick = std::future::poll_fn(move |context| {
            let polled = self.inner.poll_tick(context);
            waited |= polled.is_pending();
            polled.map(|tick| (tick, waited))
        });
        watch(seen, tick, Sleeping { after: None }, |_, seen, (tick, waited)| {
            Sleeping::ends(seen.filter(|_| waited));
            tick
        })
    }

    /// As [`Interval::poll_tick`](::tokio::time::Interval::poll_tick).
    pub fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<Instant> {
        self.inner.poll_tick(context)
    }

    /// As [`Interval::reset`](::tokio::time::Interval::reset).
    pub fn reset(&mut self) {
        self.inner.reset();
    }

    /// As [`Interval::reset_immediately`](::tokio::time::Interval::reset_immediately).
    pub fn reset_immediately(&mut self) {
        self.inner.reset_immediately();
    }

    /// As [`Interval::reset_after`](::tokio::time::Interval::reset_after).
    pub fn reset_after(&mut self, after: Duration) {
        self.inner.reset_after(after);
    }

    /// As [`Interval::reset_at`](::tokio::time::Interval::reset_at).
    pub fn reset_at(&mut self, deadline: Instant) {
        self.inner.reset_at(deadline);
    }

    /// As [`Interval::missed_tick_behavior`](::tokio::time::Interval::missed_tick_behavior).
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.inner.missed_tick_behavior()
    }

    /// As [`Interval::set_missed_tick_behavior`](::tokio::time::Interval::set_missed_tick_behavior).
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.inner.set_missed_tick_behavior(behavior);
    }

    /// As [`Interval::period`](::tokio::time::Interval::period).
    pub fn period(&self) -> Duration {
        self.inner.period()
    }
}
