//! The channel without a capacity.

use std::fmt;
use std::future::Future;
use std::task::{Context, Poll};

use ::tokio::sync::mpsc as original;

use super::super::super::wait::watch;
use super::super::lock::check_may_block;
use super::error::{SendError, TryRecvError};
use super::{Receiving, sent, tried};
use crate::channel::{Item, ReceivingEnd, SendingEnd, ends};
use crate::identity::{Name, short_type_name};
use crate::seen::Seen;

/// As [`tokio::sync::mpsc::unbounded_channel`](original::unbounded_channel); the trace calls it after what goes through it:
/// `unbounded_channel<Job>`.
#[track_caller]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    made(Name::Type(|| format!("unbounded_channel<{}>", short_type_name::<T>())))
}

/// A channel with a name for people.
#[track_caller]
pub fn named_unbounded_channel<T>(name: &'static str) -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    made(Name::Given(name))
}

#[track_caller]
fn made<T>(name: Name) -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sending, receiving) = ends(name, "queue", None);
    let (sender, receiver) = original::unbounded_channel();
    (UnboundedSender { end: sending, inner: sender }, UnboundedReceiver { end: receiving, inner: receiver })
}

/// As [`tokio::sync::mpsc::UnboundedSender`](original::UnboundedSender).
pub struct UnboundedSender<T> {
    // First, so that it has recorded the close before the receiver can see it.
    end: SendingEnd,
    inner: original::UnboundedSender<Item<T>>,
}

impl<T> UnboundedSender<T> {
    /// As [`UnboundedSender::send`](original::UnboundedSender::send). It never waits, so its end is all that is recorded.
    ///
    /// # Errors
    /// If the receiver is gone: with the value.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        sent(&self.end, seen, id, self.inner.send(item))
    }

    /// As [`UnboundedSender::closed`](original::UnboundedSender::closed), which is not tracked.
    pub fn closed(&self) -> impl Future<Output = ()> {
        self.inner.closed()
    }

    /// As [`UnboundedSender::is_closed`](original::UnboundedSender::is_closed).
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As [`UnboundedSender::same_channel`](original::UnboundedSender::same_channel).
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// As [`UnboundedSender::strong_count`](original::UnboundedSender::strong_count).
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        UnboundedSender { end: self.end.clone(), inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`tokio::sync::mpsc::UnboundedReceiver`](original::UnboundedReceiver).
pub struct UnboundedReceiver<T> {
    // First, so that it has recorded the close before a sender can see it.
    end: ReceivingEnd,
    inner: original::UnboundedReceiver<Item<T>>,
}

impl<T> UnboundedReceiver<T> {
    /// As [`UnboundedReceiver::recv`](original::UnboundedReceiver::recv).
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        watch(Seen::here(), self.inner.recv(), Receiving(&self.end), Receiving::ends)
    }

    /// As [`UnboundedReceiver::try_recv`](original::UnboundedReceiver::try_recv).
    ///
    /// # Errors
    /// If nothing is there, or ever will be.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let seen = Seen::here();
        tried(&self.end, seen, self.inner.try_recv())
    }

    /// As [`UnboundedReceiver::blocking_recv`](original::UnboundedReceiver::blocking_recv).
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Option<T> {
        let seen = Seen::here();
        if let Some(seen) = seen {
            check_may_block();
            match self.inner.try_recv() {
                Ok(item) => return Some(self.end.received(Some(seen), item)),
                Err(TryRecvError::Empty) => self.end.waits(seen),
                Err(TryRecvError::Disconnected) => {}
            }
        }
        Receiving(&self.end).ends(seen, self.inner.blocking_recv())
    }

    /// As [`UnboundedReceiver::poll_recv`](original::UnboundedReceiver::poll_recv).
    #[track_caller]
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let seen = Seen::here();
        self.inner.poll_recv(context).map(|item| Receiving(&self.end).ends(seen, item))
    }

    /// As [`UnboundedReceiver::close`](original::UnboundedReceiver::close).
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// As [`UnboundedReceiver::is_closed`](original::UnboundedReceiver::is_closed).
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As [`UnboundedReceiver::is_empty`](original::UnboundedReceiver::is_empty).
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// As [`UnboundedReceiver::len`](original::UnboundedReceiver::len).
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// As [`UnboundedReceiver::sender_strong_count`](original::UnboundedReceiver::sender_strong_count).
    pub fn sender_strong_count(&self) -> usize {
        self.inner.sender_strong_count()
    }
}

impl<T> fmt::Debug for UnboundedReceiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
