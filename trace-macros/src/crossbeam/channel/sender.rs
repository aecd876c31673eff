//! The sending side.

use std::fmt;
use std::time::{Duration, Instant};

use super::{SendError, SendTimeoutError, TrySendError};
use crate::channel::{Item, SendingEnd};
use crate::seen::Seen;

/// As [`crossbeam_channel::Sender`].
pub struct Sender<T> {
    // First, so that it has recorded the close before receivers can see it.
    pub(super) end: SendingEnd,
    pub(super) inner: crossbeam_channel::Sender<Item<T>>,
}

impl<T> Sender<T> {
    /// As [`crossbeam_channel::Sender::send`].
    ///
    /// # Errors
    /// If all receivers are gone: with the value.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.send_by(Seen::here(), value, None).map_err(|error| SendError(error.into_inner()))
    }

    /// As [`crossbeam_channel::Sender::try_send`].
    ///
    /// # Errors
    /// If there is no room, or all receivers are gone: with the value.
    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let result = self.inner.try_send(item);
        if let Some(seen) = seen {
            match &result {
                Ok(()) => self.end.sent(seen, id),
                Err(TrySendError::Full(_)) => self.end.refused(seen, "full"),
                Err(TrySendError::Disconnected(_)) => self.end.refused(seen, "closed"),
            }
        }
        result.map_err(|error| match error {
            TrySendError::Full(item) => TrySendError::Full(item.into_value()),
            TrySendError::Disconnected(item) => TrySendError::Disconnected(item.into_value()),
        })
    }

    /// As [`crossbeam_channel::Sender::send_timeout`].
    ///
    /// # Errors
    /// If there was no room in time, or all receivers are gone: with the value.
    #[track_caller]
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        self.send_by(Seen::here(), value, Instant::now().checked_add(timeout))
    }

    /// As [`crossbeam_channel::Sender::send_deadline`].
    ///
    /// # Errors
    /// As [`Sender::send_timeout`].
    #[track_caller]
    pub fn send_deadline(&self, value: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        self.send_by(Seen::here(), value, Some(deadline))
    }

    /// As [`crossbeam_channel::Sender::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// As [`crossbeam_channel::Sender::is_full`].
    pub fn is_full(&self) -> bool {
        self.inner.is_full()
    }

    /// As [`crossbeam_channel::Sender::len`].
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// As [`crossbeam_channel::Sender::capacity`].
    pub fn capacity(&self) -> Option<usize> {
        self.inner.capacity()
    }

    /// As [`crossbeam_channel::Sender::same_channel`].
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        self.inner.same_channel(&other.inner)
    }

    fn send_by(&self, seen: Option<Seen>, value: T, deadline: Option<Instant>) -> Result<(), SendTimeoutError<T>> {
        let block = |item| match deadline {
            None => self.inner.send(item).map_err(SendTimeoutError::from),
            Some(deadline) => self.inner.send_deadline(item, deadline),
        };
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let result = match seen {
            None => block(item),
            Some(seen) => match self.inner.try_send(item) {
                Ok(()) => Ok(()),
                Err(TrySendError::Disconnected(item)) => Err(SendTimeoutError::Disconnected(item)),
                Err(TrySendError::Full(item)) => {
                    self.end.waits(seen, &item);
                    block(item)
                }
            },
        };
        if let Some(seen) = seen {
            match &result {
                Ok(()) => self.end.sent(seen, id),
                Err(SendTimeoutError::Timeout(_)) => self.end.refused(seen, "timeout"),
                Err(SendTimeoutError::Disconnected(_)) => self.end.refused(seen, "closed"),
            }
        }
        result.map_err(|error| match error {
            SendTimeoutError::Timeout(item) => SendTimeoutError::Timeout(item.into_value()),
            SendTimeoutError::Disconnected(item) => SendTimeoutError::Disconnected(item.into_value()),
        })
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
