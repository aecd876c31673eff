//! The tracked multi-producer, single-consumer channel, as in [`tokio::sync::mpsc`](::tokio::sync::mpsc).
//!
//! A send or receive that finds what it needs is one event; one that must wait has its begin before. Values carry an id
//! of 8 bytes beside them. The errors are the originals. To reserve room is a send without an item, if it must wait; what
//! the permit then sends is another, which never waits.
//!
//! Differences: `recv_many`, `reserve_many`, `reserve_owned` and `downgrade` are missing; `poll_recv` records no waits, for who
//! calls it may stop to do so unseen.

mod bounded;
mod unbounded;

pub use ::tokio::sync::mpsc::error;

pub use bounded::{Permit, Receiver, Sender, channel, named_channel};
pub use unbounded::{UnboundedReceiver, UnboundedSender, named_unbounded_channel, unbounded_channel};

use super::super::wait::Wait;
use crate::channel::{Item, ReceivingEnd, SendingEnd};
use crate::seen::Seen;

/// A task that wants to send.
struct Sending<'a> {
    end: &'a SendingEnd,
    /// What: 0 while it wants room alone.
    item: u64,
}

impl Wait for Sending<'_> {
    fn begins(&self, seen: Seen) {
        self.end.waits_with(seen, self.item);
    }

    fn is_cancelled(&self, seen: Seen) {
        self.end.refused(seen, "cancelled");
    }
}

/// Records how the sending of `item` ended.
fn sent<T>(
    end: &SendingEnd,
    seen: Option<Seen>,
    item: u64,
    result: Result<(), error::SendError<Item<T>>>,
) -> Result<(), error::SendError<T>> {
    match (result, seen) {
        (Ok(()), None) => Ok(()),
        (Ok(()), Some(seen)) => {
            end.sent(seen, item);
            Ok(())
        }
        (Err(error::SendError(item)), seen) => {
            if let Some(seen) = seen {
                end.refused(seen, "closed");
            }
            Err(error::SendError(item.into_value()))
        }
    }
}

/// A task that wants to receive.
#[derive(Clone, Copy)]
pub(super) struct Receiving<'a>(pub(super) &'a ReceivingEnd);

impl<'a> Receiving<'a> {
    /// Records how it ended: with a value, or with none, since all senders are gone.
    pub(super) fn ends<T>(self, seen: Option<Seen>, item: Option<Item<T>>) -> Option<T> {
        match item {
            Some(item) => Some(self.0.received(seen, item)),
            None => {
                if let Some(seen) = seen {
                    self.0.refused(seen, "closed");
                }
                None
            }
        }
    }
}

impl Wait for Receiving<'_> {
    fn begins(&self, seen: Seen) {
        self.0.waits(seen);
    }

    fn is_cancelled(&self, seen: Seen) {
        self.0.refused(seen, "cancelled");
    }
}

/// Records how an attempt to receive ended.
fn tried<T>(
    end: &ReceivingEnd,
    seen: Option<Seen>,
    result: Result<Item<T>, error::TryRecvError>,
) -> Result<T, error::TryRecvError> {
    match result {
        Ok(item) => Ok(end.received(seen, item)),
        Err(error) => {
            if let Some(seen) = seen {
                end.refused(seen, if error == error::TryRecvError::Empty { "empty" } else { "closed" });
            }
            Err(error)
        }
    }
}
