//! The channel with a capacity.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use ::tokio::sync::mpsc as original;

use super::super::super::wait::{Wait, watch};
use super::super::lock::check_may_block;
use super::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use super::{Receiving, Sending, sent, tried};
use crate::channel::{Item, ReceivingEnd, SendingEnd, ends};
use crate::identity::{Name, short_type_name};
use crate::seen::Seen;

/// As [`tokio::sync::mpsc::channel`](original::channel); the trace calls it after what goes through it: `channel<Job>`.
///
/// # Panics
/// If `capacity` is 0 or more than tokio allows.
#[track_caller]
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    made(Name::Type(|| format!("channel<{}>", short_type_name::<T>())), capacity)
}

/// A channel with a name for people.
///
/// # Panics
/// If `capacity` is 0 or more than tokio allows.
#[track_caller]
pub fn named_channel<T>(name: &'static str, capacity: usize) -> (Sender<T>, Receiver<T>) {
    made(Name::Given(name), capacity)
}

#[track_caller]
fn made<T>(name: Name, capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sending, receiving) = ends(name, "queue", Some(capacity));
    let (sender, receiver) = original::channel(capacity);
    (Sender { end: sending, inner: sender }, Receiver { end: receiving, inner: receiver })
}

/// As [`tokio::sync::mpsc::Sender`](original::Sender).
pub struct Sender<T> {
    // First, so that it has recorded the close before the receiver can see it.
    end: SendingEnd,
    inner: original::Sender<Item<T>>,
}

impl<T> Sender<T> {
    /// As [`Sender::send`](original::Sender::send).
    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let sending = Sending { end: &self.end, item: id };
        watch(seen, self.inner.send(item), sending, move |Sending { end, item }, seen, result| {
            sent(end, seen, item, result)
        })
    }

    /// As [`Sender::send_timeout`](original::Sender::send_timeout).
    #[track_caller]
    pub fn send_timeout(&self, value: T, timeout: Duration) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let sending = Sending { end: &self.end, item: id };
        watch(seen, self.inner.send_timeout(item, timeout), sending, |Sending { end, item }, seen, result| match result
        {
            Err(SendTimeoutError::Timeout(item)) => {
                if let Some(seen) = seen {
                    end.refused(seen, "timeout");
                }
                Err(SendTimeoutError::Timeout(item.into_value()))
            }
            Err(SendTimeoutError::Closed(refused)) => {
                let closed = sent(end, seen, item, Err(SendError(refused)));
                closed.map_err(|SendError(value)| SendTimeoutError::Closed(value))
            }
            Ok(()) => sent(end, seen, item, Ok(())).map_err(|SendError(value)| SendTimeoutError::Closed(value)),
        })
    }

    /// As [`Sender::try_send`](original::Sender::try_send).
    ///
    /// # Errors
    /// If there is no room, or the receiver is gone: with the value.
    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let (outcome, error) = match self.inner.try_send(item) {
            Ok(()) => {
                if let Some(seen) = seen {
                    self.end.sent(seen, id);
                }
                return Ok(());
            }
            Err(TrySendError::Full(item)) => ("full", TrySendError::Full(item.into_value())),
            Err(TrySendError::Closed(item)) => ("closed", TrySendError::Closed(item.into_value())),
        };
        if let Some(seen) = seen {
            self.end.refused(seen, outcome);
        }
        Err(error)
    }

    /// As [`Sender::blocking_send`](original::Sender::blocking_send).
    ///
    /// # Errors
    /// If the receiver is gone: with the value.
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let Some(seen) = seen else { return sent(&self.end, None, id, self.inner.blocking_send(item)) };
        check_may_block();
        let result = match self.inner.try_send(item) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(item)) => Err(SendError(item)),
            Err(TrySendError::Full(item)) => {
                self.end.waits_with(seen, id);
                self.inner.blocking_send(item)
            }
        };
        sent(&self.end, Some(seen), id, result)
    }

    /// As [`Sender::reserve`](original::Sender::reserve).
    #[track_caller]
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        let reserving = Reserving { sending: Sending { end: &self.end, item: 0 }, waits: Cell::new(false) };
        watch(Seen::here(), self.inner.reserve(), reserving, |reserving, seen, result| {
            let end = reserving.sending.end;
            if let Some(seen) = seen {
                match &result {
                    Ok(_) if reserving.waits.get() => end.has_room(seen),
                    Ok(_) => {}
                    Err(_) => end.refused(seen, "closed"),
                }
            }
            result.map(|inner| Permit { end, inner })
        })
    }

    /// As [`Sender::try_reserve`](original::Sender::try_reserve).
    ///
    /// # Errors
    /// If there is no room, or the receiver is gone.
    #[track_caller]
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        let seen = Seen::here();
        match (self.inner.try_reserve(), seen) {
            (Ok(inner), _) => Ok(Permit { end: &self.end, inner }),
            (Err(error), None) => Err(error),
            (Err(error), Some(seen)) => {
                self.end.refused(seen, if matches!(error, TrySendError::Full(())) { "full" } else { "closed" });
                Err(error)
            }
        }
    }

    /// As [`Sender::closed`](original::Sender::closed), which is not tracked.
    pub fn closed(&self) -> impl Future<Output = ()> {
        self.inner.closed()
    }

    /// As [`Sender::is_closed`](original::Sender::is_closed).
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As [`Sender::same_channel`](original::Sender::same_channel).
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// As [`Sender::capacity`](original::Sender::capacity).
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// As [`Sender::max_capacity`](original::Sender::max_capacity).
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
    }

    /// As [`Sender::strong_count`](original::Sender::strong_count).
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { end: self.end.clone(), inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// A task that wants room.
struct Reserving<'a> {
    sending: Sending<'a>,
    /// It has had to wait for it.
    waits: Cell<bool>,
}

impl Wait for Reserving<'_> {
    fn begins(&self, seen: Seen) {
        self.waits.set(true);
        self.sending.begins(seen);
    }

    fn is_cancelled(&self, seen: Seen) {
        self.sending.is_cancelled(seen);
    }
}

/// As [`tokio::sync::mpsc::Permit`](original::Permit).
#[must_use = "if unused the room is given up at once"]
pub struct Permit<'a, T> {
    end: &'a SendingEnd,
    inner: original::Permit<'a, Item<T>>,
}

impl<T> Permit<'_, T> {
    /// As [`Permit::send`](original::Permit::send).
    #[track_caller]
    pub fn send(self, value: T) {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        self.inner.send(item);
        if let Some(seen) = seen {
            self.end.sent(seen, id);
        }
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`tokio::sync::mpsc::Receiver`](original::Receiver).
pub struct Receiver<T> {
    // First, so that it has recorded the close before a sender can see it.
    end: ReceivingEnd,
    inner: original::Receiver<Item<T>>,
}

impl<T> Receiver<T> {
    /// As [`Receiver::recv`](original::Receiver::recv).
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Option<T>> {
        watch(Seen::here(), self.inner.recv(), Receiving(&self.end), Receiving::ends)
    }

    /// As [`Receiver::try_recv`](original::Receiver::try_recv).
    ///
    /// # Errors
    /// If nothing is there, or ever will be.
    #[track_caller]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let seen = Seen::here();
        tried(&self.end, seen, self.inner.try_recv())
    }

    /// As [`Receiver::blocking_recv`](original::Receiver::blocking_recv).
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

    /// As [`Receiver::poll_recv`](original::Receiver::poll_recv).
    #[track_caller]
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let seen = Seen::here();
        self.inner.poll_recv(context).map(|item| Receiving(&self.end).ends(seen, item))
    }

    /// As [`Receiver::close`](original::Receiver::close).
    pub fn close(&mut self) {
        self.inner.close();
    }

    /// As [`Receiver::is_closed`](original::Receiver::is_closed).
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// As [`Receiver::is_empty`](original::Receiver::is_empty).
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// As [`Receiver::len`](original::Receiver::len).
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// As [`Receiver::capacity`](original::Receiver::capacity).
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// As [`Receiver::max_capacity`](original::Receiver::max_capacity).
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
    }

    /// As [`Receiver::sender_strong_count`](original::Receiver::sender_strong_count).
    pub fn sender_strong_count(&self) -> usize {
        self.inner.sender_strong_count()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
