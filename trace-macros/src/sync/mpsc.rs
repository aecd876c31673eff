//! The tracked multi-producer, single-consumer channel: as [`std::sync::mpsc`].
//!
//! A send or receive that finds what it needs is one event; one that must block has its begin before. Values carry
//! an id of 8 bytes beside them. The errors are the originals.

use std::fmt;
use std::sync::mpsc as std_mpsc;
pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Duration;

use crate::channel::{Item, ReceivingEnd, SendingEnd, ends};
use crate::identity::{Name, short_type_name};
use crate::seen::{Line, Seen};

/// As [`std::sync::mpsc::channel`]; the trace calls it after what goes through it: `channel<Job>`.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    unbounded(Name::Type(|| format!("channel<{}>", short_type_name::<T>())))
}

/// A channel with a name for people.
#[track_caller]
pub fn named_channel<T>(name: &'static str) -> (Sender<T>, Receiver<T>) {
    unbounded(Name::Given(name))
}

/// As [`std::sync::mpsc::sync_channel`]; the trace calls it after what goes through it: `sync_channel<Job>`.
#[track_caller]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    bounded(Name::Type(|| format!("sync_channel<{}>", short_type_name::<T>())), bound)
}

/// A bounded channel with a name for people.
#[track_caller]
pub fn named_sync_channel<T>(name: &'static str, bound: usize) -> (SyncSender<T>, Receiver<T>) {
    bounded(Name::Given(name), bound)
}

#[track_caller]
fn unbounded<T>(name: Name) -> (Sender<T>, Receiver<T>) {
    let (sending, receiving) = ends(name, "queue", None);
    let (sender, receiver) = std_mpsc::channel();
    (Sender { end: sending, inner: sender }, Receiver { end: receiving, inner: receiver })
}

#[track_caller]
fn bounded<T>(name: Name, bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let (sending, receiving) = ends(name, "queue", Some(bound));
    let (sender, receiver) = std_mpsc::sync_channel(bound);
    (SyncSender { end: sending, inner: sender }, Receiver { end: receiving, inner: receiver })
}

/// As [`std::sync::mpsc::Sender`].
pub struct Sender<T> {
    // First, so that it has recorded the close before the receiver can see it.
    end: SendingEnd,
    inner: std_mpsc::Sender<Item<T>>,
}

impl<T> Sender<T> {
    /// As [`std::sync::mpsc::Sender::send`]. It never blocks, so its end is all that is recorded.
    ///
    /// # Errors
    /// If the receiver is gone: with the value.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        ended(&self.end, seen, id, self.inner.send(item))
    }
}

/// Records how a sending ended.
fn ended<T>(
    end: &SendingEnd,
    seen: Option<Seen>,
    item: u64,
    result: Result<(), SendError<Item<T>>>,
) -> Result<(), SendError<T>> {
    match (result, seen) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(seen)) => {
            end.sent(seen, item);
            Ok(())
        }
        (Err(SendError(item)), seen) => {
            if let Some(seen) = seen {
                end.refused(seen, "closed");
            }
            Err(SendError(item.into_value()))
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender { end: self.end.clone(), inner: self.inner.clone() }
    }
}

/// As [`std::sync::mpsc::SyncSender`].
pub struct SyncSender<T> {
    // As above.
    end: SendingEnd,
    inner: std_mpsc::SyncSender<Item<T>>,
}

impl<T> SyncSender<T> {
    /// As [`std::sync::mpsc::SyncSender::send`].
    ///
    /// # Errors
    /// If the receiver is gone: with the value.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let Some(seen) = seen else { return ended(&self.end, None, id, self.inner.send(item)) };
        let result = match self.inner.try_send(item) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(item)) => Err(SendError(item)),
            Err(TrySendError::Full(item)) => {
                self.end.waits(seen, &item);
                self.inner.send(item)
            }
        };
        ended(&self.end, Some(seen), id, result)
    }

    /// As [`std::sync::mpsc::SyncSender::try_send`].
    ///
    /// # Errors
    /// If there is no room, or the receiver is gone: with the value.
    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let seen = Seen::here();
        let item = self.end.item(seen, value);
        let id = SendingEnd::id_of(&item);
        let refused = |outcome| {
            if let Some(seen) = seen {
                self.end.refused(seen, outcome);
            }
        };
        match self.inner.try_send(item) {
            Ok(()) => {
                if let Some(seen) = seen {
                    self.end.sent(seen, id);
                }
                Ok(())
            }
            Err(TrySendError::Full(item)) => {
                refused("full");
                Err(TrySendError::Full(item.into_value()))
            }
            Err(TrySendError::Disconnected(item)) => {
                refused("closed");
                Err(TrySendError::Disconnected(item.into_value()))
            }
        }
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        SyncSender { end: self.end.clone(), inner: self.inner.clone() }
    }
}

/// As [`std::sync::mpsc::Receiver`].
pub struct Receiver<T> {
    // First, so that it has recorded the close before a sender can see it.
    end: ReceivingEnd,
    inner: std_mpsc::Receiver<Item<T>>,
}

impl<T> Receiver<T> {
    /// As [`std::sync::mpsc::Receiver::recv`].
    ///
    /// # Errors
    /// If nothing is left and all senders are gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_as(Seen::here())
    }

    /// As [`std::sync::mpsc::Receiver::try_recv`].
    ///
    /// # Errors
    /// If nothing is there, or ever will be.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.try_recv_as(Seen::here())
    }

    /// As [`std::sync::mpsc::Receiver::recv_timeout`].
    ///
    /// # Errors
    /// If nothing came in time, or nothing is left and all senders are gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let seen = Seen::here();
        let result = match seen {
            None => self.inner.recv_timeout(timeout),
            Some(seen) => match self.inner.try_recv() {
                Ok(item) => Ok(item),
                Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {
                    self.end.waits(seen);
                    self.inner.recv_timeout(timeout)
                }
            },
        };
        result.map(|item| self.end.received(seen, item)).inspect_err(|error| {
            let outcome = if *error == RecvTimeoutError::Timeout { "timeout" } else { "closed" };
            self.refused(seen, outcome);
        })
    }

    /// As [`std::sync::mpsc::Receiver::iter`]. Its receives carry the line of this call.
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self, line: Line::here() }
    }

    /// As [`std::sync::mpsc::Receiver::try_iter`]. Its receives carry the line of this call.
    #[track_caller]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self, line: Line::here() }
    }

    fn recv_as(&self, seen: Option<Seen>) -> Result<T, RecvError> {
        let result = match seen {
            None => self.inner.recv(),
            Some(seen) => match self.inner.try_recv() {
                Ok(item) => Ok(item),
                Err(TryRecvError::Disconnected) => Err(RecvError),
                Err(TryRecvError::Empty) => {
                    self.end.waits(seen);
                    self.inner.recv()
                }
            },
        };
        result.map(|item| self.end.received(seen, item)).inspect_err(|_| self.refused(seen, "closed"))
    }

    fn try_recv_as(&self, seen: Option<Seen>) -> Result<T, TryRecvError> {
        self.inner.try_recv().map(|item| self.end.received(seen, item)).inspect_err(|error| {
            let outcome = if *error == TryRecvError::Empty { "empty" } else { "closed" };
            self.refused(seen, outcome);
        })
    }

    fn refused(&self, seen: Option<Seen>, outcome: &str) {
        if let Some(seen) = seen {
            self.end.refused(seen, outcome);
        }
    }
}

macro_rules! opaque {
    ($($end:ident),*) => { $(
        impl<T> fmt::Debug for $end<T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(out)
            }
        }
    )* };
}
opaque!(Sender, SyncSender, Receiver);

/// As [`std::sync::mpsc::Iter`].
#[derive(Debug)]
pub struct Iter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
    line: Line,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.recv_as(self.line.seen()).ok()
    }
}

/// As [`std::sync::mpsc::TryIter`].
#[derive(Debug)]
pub struct TryIter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
    line: Line,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv_as(self.line.seen()).ok()
    }
}

/// As [`std::sync::mpsc::IntoIter`].
#[derive(Debug)]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
    line: Line,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.receiver.recv_as(self.line.seen()).ok()
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
