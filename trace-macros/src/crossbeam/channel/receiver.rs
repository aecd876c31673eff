//! The receiving side.

use std::fmt;
use std::time::{Duration, Instant};

use super::timer::Timer;
use super::{RecvError, RecvTimeoutError, TryRecvError};
use crate::channel::{Item, ReceivingEnd};
use crate::seen::{Line, Seen};

/// As [`crossbeam_channel::Receiver`].
pub struct Receiver<T>(pub(super) Source<T>);

/// Where values come from.
pub(super) enum Source<T> {
    /// From senders.
    Channel {
        // First, so that it has recorded the close before senders can see it.
        end: ReceivingEnd,
        inner: crossbeam_channel::Receiver<Item<T>>,
    },
    /// From a clock.
    Timer { timer: Timer, inner: crossbeam_channel::Receiver<T> },
}

/// Evaluates `$ask` with the original as `$inner`, whatever it carries.
macro_rules! original {
    ($receiver:expr, $inner:ident => $ask:expr) => {
        match &$receiver.0 {
            Source::Channel { inner: $inner, .. } => $ask,
            Source::Timer { inner: $inner, .. } => $ask,
        }
    };
}

impl<T> Receiver<T> {
    /// As [`crossbeam_channel::Receiver::recv`].
    ///
    /// # Errors
    /// If nothing is left and all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_by(Seen::here(), None).map_err(|_| RecvError)
    }

    /// As [`crossbeam_channel::Receiver::try_recv`].
    ///
    /// # Errors
    /// If nothing is there, or ever will be.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.try_recv_as(Seen::here())
    }

    /// As [`crossbeam_channel::Receiver::recv_timeout`].
    ///
    /// # Errors
    /// If nothing came in time, or nothing is left and all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.recv_by(Seen::here(), Instant::now().checked_add(timeout))
    }

    /// As [`crossbeam_channel::Receiver::recv_deadline`].
    ///
    /// # Errors
    /// As [`Receiver::recv_timeout`].
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.recv_by(Seen::here(), Some(deadline))
    }

    /// As [`crossbeam_channel::Receiver::is_empty`].
    pub fn is_empty(&self) -> bool {
        original!(self, inner => inner.is_empty())
    }

    /// As [`crossbeam_channel::Receiver::is_full`].
    pub fn is_full(&self) -> bool {
        original!(self, inner => inner.is_full())
    }

    /// As [`crossbeam_channel::Receiver::len`].
    pub fn len(&self) -> usize {
        original!(self, inner => inner.len())
    }

    /// As [`crossbeam_channel::Receiver::capacity`].
    pub fn capacity(&self) -> Option<usize> {
        original!(self, inner => inner.capacity())
    }

    /// As [`crossbeam_channel::Receiver::same_channel`].
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        match (&self.0, &other.0) {
            (Source::Channel { inner, .. }, Source::Channel { inner: other, .. }) => inner.same_channel(other),
            (Source::Timer { inner, .. }, Source::Timer { inner: other, .. }) => inner.same_channel(other),
            _ => false,
        }
    }

    /// As [`crossbeam_channel::Receiver::iter`]. Its receives carry the line of this call.
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self, line: Line::here() }
    }

    /// As [`crossbeam_channel::Receiver::try_iter`]. Its receives carry the line of this call.
    #[track_caller]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self, line: Line::here() }
    }

    fn recv_by(&self, seen: Option<Seen>, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        match &self.0 {
            Source::Channel { end, inner } => {
                let result = receive(inner, deadline, seen.map(|seen| move || end.waits(seen)));
                result.map(|item| end.one_received(seen, item, None)).inspect_err(|error| {
                    let outcome = if error.is_timeout() { "timeout" } else { "closed" };
                    refused(end, seen, outcome);
                })
            }
            Source::Timer { timer, inner } => {
                let mut sleeper = None;
                let sleeps = seen.map(|seen| {
                    let sleeper = &mut sleeper;
                    move || {
                        timer.sleeps(seen, deadline);
                        *sleeper = Some(seen);
                    }
                });
                let result = receive(inner, deadline, sleeps);
                if let Some(seen) = sleeper {
                    Timer::woke(seen);
                }
                result
            }
        }
    }

    fn try_recv_as(&self, seen: Option<Seen>) -> Result<T, TryRecvError> {
        match &self.0 {
            Source::Channel { end, inner } => {
                inner.try_recv().map(|item| end.one_received(seen, item, None)).inspect_err(|error| {
                    let outcome = if error.is_empty() { "empty" } else { "closed" };
                    refused(end, seen, outcome);
                })
            }
            // It is but a look at a clock.
            Source::Timer { inner, .. } => inner.try_recv(),
        }
    }
}

/// Receives from the original; who is seen tries first, and says by `waits` that he must wait.
fn receive<I>(
    inner: &crossbeam_channel::Receiver<I>,
    deadline: Option<Instant>,
    waits: Option<impl FnOnce()>,
) -> Result<I, RecvTimeoutError> {
    if let Some(waits) = waits {
        match inner.try_recv() {
            Ok(value) => return Ok(value),
            Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => waits(),
        }
    }
    match deadline {
        None => inner.recv().map_err(RecvTimeoutError::from),
        Some(deadline) => inner.recv_deadline(deadline),
    }
}

fn refused(end: &ReceivingEnd, seen: Option<Seen>, outcome: &str) {
    if let Some(seen) = seen {
        end.refused(seen, outcome);
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver(match &self.0 {
            Source::Channel { end, inner } => Source::Channel { end: end.clone(), inner: inner.clone() },
            Source::Timer { timer, inner } => Source::Timer { timer: timer.clone(), inner: inner.clone() },
        })
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        original!(self, inner => inner.fmt(out))
    }
}

/// As [`crossbeam_channel::Iter`].
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
    line: Line,
}

/// As [`crossbeam_channel::TryIter`].
pub struct TryIter<'a, T> {
    receiver: &'a Receiver<T>,
    line: Line,
}

/// As [`crossbeam_channel::IntoIter`].
pub struct IntoIter<T> {
    receiver: Receiver<T>,
    line: Line,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv_as(self.line.seen()).ok()
    }
}

macro_rules! iterators {
    ($($iterator:ty: $name:literal),*) => { $(
        impl<T> Iterator for $iterator {
            type Item = T;
            fn next(&mut self) -> Option<T> {
                self.receiver.recv_by(self.line.seen(), None).ok()
            }
        }

        impl<T> std::iter::FusedIterator for $iterator {}

        impl<T> fmt::Debug for $iterator {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str($name)
            }
        }
    )* };
}
iterators!(Iter<'_, T>: "Iter { .. }", IntoIter<T>: "IntoIter { .. }");

impl<T> fmt::Debug for TryIter<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TryIter { .. }")
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;
    #[track_caller]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;
    #[track_caller]
    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self, line: Line::here() }
    }
}
