//! Channels in a build without the feature `record`: nothing but the original is left of them.

use crate::identity::Name;
use crate::seen::Seen;

/// Nothing but the value.
#[derive(Debug)]
pub(crate) struct Item<T>(T);

impl<T> Item<T> {
    #[inline]
    pub(crate) fn into_value(self) -> T {
        self.0
    }
}

pub(crate) fn ends(_: Name, _: &'static str, _: Option<usize>) -> (SendingEnd, ReceivingEnd) {
    (SendingEnd, ReceivingEnd)
}

/// Takes no room.
#[derive(Clone, Debug)]
pub(crate) struct SendingEnd;

impl SendingEnd {
    #[inline]
    pub(crate) fn item<T>(&self, _: Option<Seen>, value: T) -> Item<T> {
        Item(value)
    }

    pub(crate) fn waits<T>(&self, seen: Seen, _: &Item<T>) {
        match *seen.recorder {}
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn waits_with(&self, seen: Seen, _: u64) {
        match *seen.recorder {}
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn has_room(&self, seen: Seen) {
        match *seen.recorder {}
    }

    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn has_served(self) {}

    pub(crate) fn sent(&self, seen: Seen, _: u64) {
        match *seen.recorder {}
    }

    pub(crate) fn refused(&self, seen: Seen, _: &str) {
        match *seen.recorder {}
    }

    #[inline]
    pub(crate) fn id_of<T>(_: &Item<T>) -> u64 {
        0
    }
}

/// Takes no room.
#[derive(Debug)]
pub(crate) struct ReceivingEnd;

impl ReceivingEnd {
    pub(crate) fn waits(&self, seen: Seen) {
        match *seen.recorder {}
    }

    #[inline]
    pub(crate) fn received<T>(&self, _: Option<Seen>, item: Item<T>) -> T {
        item.0
    }

    pub(crate) fn refused(&self, seen: Seen, _: &str) {
        match *seen.recorder {}
    }
}
