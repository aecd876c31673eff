//! What all tracked channels have in common, whoever made the original: who they are, which value is which, when they
//! close, and their events. The modules of tracked channels put an end of these beside each end of the original, and send
//! [`Item`]s through it.
//!
//! A value carries the id that its sender gave it, and both ends say it: where several send, nobody but the receiver
//! knows the channel's own order. `seq`, the place in that order, is what the receiver counts.
//!
//! [`SendingEnd::waits`] and [`ReceivingEnd::waits`] come before the task blocks and only if it must.

#[cfg(feature = "crossbeam")]
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use peerscope_format::vocabulary::Kind;

use crate::identity::{Identity, Name, Sort};
use crate::seen::Seen;
use crate::site::Site;

/// A value on its way.
#[derive(Debug)]
pub(crate) struct Item<T> {
    value: T,
    /// 0 if nothing was recorded when it was sent.
    id: u64,
}

impl<T> Item<T> {
    /// What was not delivered, or is not to be recorded.
    #[inline]
    pub(crate) fn into_value(self) -> T {
        self.value
    }
}

#[derive(Debug)]
struct Channel {
    identity: Identity,
    flavor: &'static str,
    /// `None` = unbounded.
    capacity: Option<u64>,
    /// Ids given to items so far.
    items: AtomicU64,
    /// Values received so far; counted even while nothing is recorded, for a recorder that starts later.
    received: AtomicU64,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    closed: AtomicBool,
}

/// The ends of a channel that the caller makes; `flavor` = `queue oneshot watch broadcast`, no `capacity` = unbounded.
#[track_caller]
pub(crate) fn ends(name: Name, flavor: &'static str, capacity: Option<usize>) -> (SendingEnd, ReceivingEnd) {
    let channel = Arc::new(Channel {
        identity: Identity::new(Sort::Channel, name),
        flavor,
        capacity: capacity.map(|capacity| capacity as u64),
        items: AtomicU64::new(0),
        received: AtomicU64::new(0),
        senders: AtomicUsize::new(1),
        receivers: AtomicUsize::new(1),
        closed: AtomicBool::new(false),
    });
    (SendingEnd(channel.clone()), ReceivingEnd(channel))
}

impl Channel {
    fn id(&self, seen: Seen) -> u64 {
        self.identity.id(seen, |made, id, name| {
            static BOUNDED: Site = Site::primitive(Kind::ChanNew, &["chan", "name", "capacity", "flavor"]);
            static UNBOUNDED: Site = Site::primitive(Kind::ChanNew, &["chan", "name", "flavor"]);
            match self.capacity {
                Some(capacity) => made.record(&BOUNDED, &(id, name, capacity, self.flavor)),
                None => made.record(&UNBOUNDED, &(id, name, self.flavor)),
            }
        })
    }

    /// One side is gone. Said once, at the line that made the channel: nobody knows the line at which a value is dropped.
    #[cold]
    fn close(&self) {
        static CLOSE: Site = Site::primitive(Kind::ChanClose, &["chan"]);
        if self.closed.swap(true, Ordering::Relaxed) || self.identity.known() == 0 {
            return;
        }
        if let Some(seen) = Seen::at(self.identity.made_at()) {
            seen.record(&CLOSE, &(self.identity.known(),));
        }
    }
}

/// One of the senders. In a wrapper it must stand before the original's: fields are dropped in the order of their
/// declaration, and the close is recorded before receivers can see it.
#[derive(Debug)]
pub(crate) struct SendingEnd(Arc<Channel>);

impl SendingEnd {
    /// Makes `value` an item, which has an id if its sending is recorded.
    #[inline]
    pub(crate) fn item<T>(&self, seen: Option<Seen>, value: T) -> Item<T> {
        let id = seen.map_or(0, |_| self.0.items.fetch_add(1, Ordering::Relaxed) + 1);
        Item { value, id }
    }

    /// The task is about to block until there is room for `item`, or somebody takes it.
    #[cold]
    pub(crate) fn waits<T>(&self, seen: Seen, item: &Item<T>) {
        static SEND: Site = Site::primitive(Kind::ChanSend, &["chan", "item"]);
        seen.record(&SEND, &(self.0.id(seen), item.id));
    }

    /// As [`SendingEnd::waits`], for the item of this id; 0 while the task wants room for it alone.
    #[cfg(feature = "tokio")]
    #[cold]
    pub(crate) fn waits_with(&self, seen: Seen, item: u64) {
        static SEND: Site = Site::primitive(Kind::ChanSend, &["chan", "item"]);
        seen.record(&SEND, &(self.0.id(seen), (item != 0).then_some(item)));
    }

    /// The room that the task waited for is there.
    #[cfg(feature = "tokio")]
    #[cold]
    pub(crate) fn has_room(&self, seen: Seen) {
        static ROOM: Site = Site::primitive(Kind::ChanSent, &["chan"]);
        seen.record(&ROOM, &(self.0.id(seen),));
    }

    /// The only sender has sent all that it ever will, and with that the channel has served: that nobody holds on to it any
    /// longer need not be said.
    #[cfg(feature = "tokio")]
    pub(crate) fn has_served(self) {
        self.0.closed.store(true, Ordering::Relaxed);
    }

    /// The item of this id was sent.
    #[inline]
    pub(crate) fn sent(&self, seen: Seen, item: u64) {
        static SENT: Site = Site::primitive(Kind::ChanSent, &["chan", "item"]);
        seen.record(&SENT, &(self.0.id(seen), item));
    }

    /// The sending ended without success: `closed full timeout`.
    #[cold]
    pub(crate) fn refused(&self, seen: Seen, outcome: &str) {
        static SENT: Site = Site::primitive(Kind::ChanSent, &["chan", "outcome"]);
        seen.record(&SENT, &(self.0.id(seen), outcome));
    }

    /// The id of `item`, to be asked before it is gone.
    #[inline]
    pub(crate) fn id_of<T>(item: &Item<T>) -> u64 {
        item.id
    }
}

impl Clone for SendingEnd {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::Relaxed);
        SendingEnd(self.0.clone())
    }
}

impl Drop for SendingEnd {
    fn drop(&mut self) {
        if self.0.senders.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.close();
        }
    }
}

/// One of the receivers; its place in a wrapper as that of [`SendingEnd`].
#[derive(Debug)]
pub(crate) struct ReceivingEnd(Arc<Channel>);

impl ReceivingEnd {
    /// The task is about to block until there is a value.
    #[cold]
    pub(crate) fn waits(&self, seen: Seen) {
        static RECV: Site = Site::primitive(Kind::ChanRecv, &["chan"]);
        seen.record(&RECV, &(self.0.id(seen),));
    }

    /// The only receiver has received `item`, whose value is handed back.
    #[inline]
    pub(crate) fn received<T>(&self, seen: Option<Seen>, item: Item<T>) -> T {
        static RECEIVED: Site = Site::primitive(Kind::ChanReceived, &["chan", "seq", "item"]);
        static SENT_UNSEEN: Site = Site::primitive(Kind::ChanReceived, &["chan", "seq"]);
        // There is one receiver, and whoever gets it from another thread is ordered after it.
        let seq = self.0.received.load(Ordering::Relaxed) + 1;
        self.0.received.store(seq, Ordering::Relaxed);
        if let Some(seen) = seen {
            match item.id {
                0 => seen.record(&SENT_UNSEEN, &(self.0.id(seen), seq)),
                id => seen.record(&RECEIVED, &(self.0.id(seen), seq, id)),
            }
        }
        item.value
    }

    /// The receive ended without a value: `closed empty timeout`.
    #[cold]
    pub(crate) fn refused(&self, seen: Seen, outcome: &str) {
        static RECEIVED: Site = Site::primitive(Kind::ChanReceived, &["chan", "outcome"]);
        seen.record(&RECEIVED, &(self.0.id(seen), outcome));
    }
}

impl Drop for ReceivingEnd {
    fn drop(&mut self) {
        if self.0.receivers.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.close();
        }
    }
}
