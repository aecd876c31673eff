//! Channels with several receivers, and operations that are cases of a select.
//!
//! Where several receive, nobody knows the channel's own order: such receives have no `seq`.

use std::sync::atomic::Ordering;

use peerscope_format::vocabulary::Kind;

use super::{Item, ReceivingEnd, SendingEnd};
use crate::seen::Seen;
use crate::site::Site;

impl SendingEnd {
    /// Announces the channel, if nobody has yet: between the begins of a select's cases nothing else is said.
    pub(crate) fn announce(&self, seen: Seen) {
        self.0.id(seen);
    }

    /// The task is about to block in the select of this number, in which it may send.
    pub(crate) fn waits_in(&self, seen: Seen, select: u64) {
        static SEND: Site = Site::primitive(Kind::ChanSend, &["chan", "select"]);
        seen.record(&SEND, &(self.0.id(seen), select));
    }

    /// The item of this id was sent, which ends the select.
    pub(crate) fn sent_in(&self, seen: Seen, item: u64, select: u64) {
        static SENT: Site = Site::primitive(Kind::ChanSent, &["chan", "item", "select"]);
        seen.record(&SENT, &(self.0.id(seen), item, select));
    }

    /// As [`SendingEnd::refused`], which ends the select.
    pub(crate) fn refused_in(&self, seen: Seen, outcome: &str, select: u64) {
        static SENT: Site = Site::primitive(Kind::ChanSent, &["chan", "select", "outcome"]);
        seen.record(&SENT, &(self.0.id(seen), select, outcome));
    }
}

impl ReceivingEnd {
    /// As [`SendingEnd::announce`].
    pub(crate) fn announce(&self, seen: Seen) {
        self.0.id(seen);
    }

    /// The task is about to block in the select of this number, in which it may receive.
    pub(crate) fn waits_in(&self, seen: Seen, select: u64) {
        static RECV: Site = Site::primitive(Kind::ChanRecv, &["chan", "select"]);
        seen.record(&RECV, &(self.0.id(seen), select));
    }

    /// One of the receivers has received `item`, whose value is handed back; perhaps in a select that had to wait.
    #[inline]
    pub(crate) fn one_received<T>(&self, seen: Option<Seen>, item: Item<T>, select: Option<u64>) -> T {
        static RECEIVED: Site = Site::primitive(Kind::ChanReceived, &["chan", "item"]);
        static IN_SELECT: Site = Site::primitive(Kind::ChanReceived, &["chan", "item", "select"]);
        if let Some(seen) = seen {
            // Unless nothing was recorded when it was sent.
            let id = (item.id != 0).then_some(item.id);
            match select {
                None => seen.record(&RECEIVED, &(self.0.id(seen), id)),
                Some(select) => seen.record(&IN_SELECT, &(self.0.id(seen), id, select)),
            }
        }
        item.value
    }

    /// As [`ReceivingEnd::refused`], which ends the select.
    pub(crate) fn refused_in(&self, seen: Seen, outcome: &str, select: u64) {
        static RECEIVED: Site = Site::primitive(Kind::ChanReceived, &["chan", "select", "outcome"]);
        seen.record(&RECEIVED, &(self.0.id(seen), select, outcome));
    }
}

impl Clone for ReceivingEnd {
    fn clone(&self) -> Self {
        self.0.receivers.fetch_add(1, Ordering::Relaxed);
        ReceivingEnd(self.0.clone())
    }
}
