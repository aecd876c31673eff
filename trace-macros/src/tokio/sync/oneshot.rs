//! The tracked channel for one value, as in [`tokio::sync::oneshot`](::tokio::sync::oneshot).
//!
//! Differences: whoever awaits `&mut receiver` and stops to do so still waits, as far as the trace knows, until the
//! receiver is dropped.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::tokio::sync::oneshot as original;
pub use original::error;

use super::super::wait::{awaited_at, only_yields};
use super::lock::check_may_block;
use crate::channel::{Item, ReceivingEnd, SendingEnd, ends};
use crate::identity::{Name, short_type_name};
use crate::seen::Seen;

/// As [`tokio::sync::oneshot::channel`](original::channel); the trace calls it after what goes through it: `oneshot<Answer>`.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    made(Name::Type(|| format!("oneshot<{}>", short_type_name::<T>())))
}

/// A channel with a name for people.
#[track_caller]
pub fn named_channel<T>(name: &'static str) -> (Sender<T>, Receiver<T>) {
    made(Name::Given(name))
}

#[track_caller]
fn made<T>(name: Name) -> (Sender<T>, Receiver<T>) {
    let (sending, receiving) = ends(name, "oneshot", Some(1));
    let (sender, receiver) = original::channel();
    (
        Sender { end: sending, inner: sender },
        Receiver { wait: Waiting { since: None, made_at: Location::caller(), end: receiving }, inner: receiver },
    )
}

/// As [`tokio::sync::oneshot::Sender`](original::Sender).
pub struct Sender<T> {
    // First, so that it has recorded the close before the receiver can see it.
    end: SendingEnd,
    inner: original::Sender<Item<T>>,
}

impl<T> Sender<T> {
    /// As [`Sender::send`](original::Sender::send).
    ///
    /// # Errors
    /// If the receiver is gone: with the value.
    #[track_caller]
    pub fn send(self, value: T) -> Result<(), T> {
        let seen = Seen::here();
        let Sender { end, inner } = self;
        let item = end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        match (inner.send(item), seen) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(seen)) => {
                end.sent(seen, id);
                end.has_served();
                Ok(())
            }
            (Err(item), seen) => {
                if let Some(seen) = seen {
                    end.refused(seen, "closed");
                }
                Err(item.into_value())
            }
        }
    }

    /// As [`Sender::closed`](original::Sender::closed), which is not tracked.
    pub fn closed(&mut self) -> impl Future<Output = ()> {
        self.inner.closed()
    }

    /// As [`Sender::poll_closed`](original::Sender::poll_closed), which is not tracked.
    pub fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.inner.poll_closed(context)
    }

    /// As [`Sender::is_closed`](original::Sender::is_closed).
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`tokio::sync::oneshot::Receiver`](original::Receiver). The wait carries the line of the `await`; where `&mut receiver` is
/// awaited, that of the channel.
pub struct Receiver<T> {
    // First, so that it has recorded the close before the sender can see it.
    wait: Waiting,
    inner: original::Receiver<Item<T>>,
}

struct Waiting {
    /// The wait, while there is one.
    since: Option<Seen>,
    made_at: &'static Location<'static>,
    end: ReceivingEnd,
}

impl Waiting {
    /// Records how it ended. What began as a wait ends at its line.
    fn ends<T>(
        &mut self,
        seen: Option<Seen>,
        result: Result<Item<T>, error::RecvError>,
    ) -> Result<T, error::RecvError> {
        let seen = self.since.take().or(seen);
        match (result, seen) {
            (Ok(item), _) => Ok(self.end.received(seen, item)),
            (Err(error), None) => Err(error),
            (Err(error), Some(seen)) => {
                self.end.refused(seen, "closed");
                Err(error)
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(seen) = self.since {
            self.end.refused(seen, "cancelled");
        }
    }
}

impl<T> Receiver<T> {
    /// As [`Receiver::try_recv`](original::Receiver::try_recv).
    ///
    /// # Errors
    /// If nothing is there, or ever will be.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, error::TryRecvError> {
        let seen = Seen::here();
        match (self.inner.try_recv(), seen) {
            (Ok(item), _) => Ok(self.wait.end.received(seen, item)),
            (Err(error), None) => Err(error),
            (Err(error), Some(seen)) => {
                self.wait.end.refused(seen, if error == error::TryRecvError::Empty { "empty" } else { "closed" });
                Err(error)
            }
        }
    }

    /// As [`Receiver::blocking_recv`](original::Receiver::blocking_recv).
    ///
    /// # Errors
    /// If the sender is gone without having sent.
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_recv(mut self) -> Result<T, error::RecvError> {
        let seen = Seen::here();
        if let Some(seen) = seen {
            check_may_block();
            match self.inner.try_recv() {
                Ok(item) => return Ok(self.wait.end.received(Some(seen), item)),
                Err(error::TryRecvError::Empty) => {
                    self.wait.end.waits(seen);
                    self.wait.since = Some(seen);
                }
                // As the original: one that has received already panics.
                Err(error::TryRecvError::Closed) => {}
            }
        }
        let result = self.inner.blocking_recv();
        self.wait.ends(seen, result)
    }

    /// As [`Receiver::close`](original::Receiver::close).
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// As [`Receiver::is_terminated`](original::Receiver::is_terminated).
    pub fn is_terminated(&self) -> bool {
        self.inner.is_terminated()
    }

    /// As [`Receiver::is_empty`](original::Receiver::is_empty).
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, error::RecvError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let seen = Seen::at(awaited_at(Location::caller(), self.wait.made_at));
        match Pin::new(&mut self.inner).poll(context) {
            Poll::Ready(result) => Poll::Ready(self.wait.ends(seen, result)),
            Poll::Pending => {
                if let (None, Some(seen)) = (self.wait.since, seen.filter(|_| !only_yields())) {
                    self.wait.end.waits(seen);
                    self.wait.since = Some(seen);
                }
                Poll::Pending
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
