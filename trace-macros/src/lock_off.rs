//! Locks in a build without the feature `record`: nothing but the original is left of them.

use std::marker::PhantomData;

use crate::identity::Name;
use crate::seen::Seen;

/// How a lock would be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Exclusive,
    Shared,
    #[cfg(feature = "parking_lot")]
    Upgradable,
}

/// Takes no room.
#[derive(Debug)]
pub(crate) struct Lock;

impl Lock {
    pub(crate) const fn mutex(_: Name) -> Self {
        Lock
    }

    pub(crate) const fn read_write(_: Name, _: &'static str) -> Self {
        Lock
    }

    pub(crate) fn waits(&self, seen: Seen, _: Mode) {
        match *seen.recorder {}
    }

    #[inline]
    pub(crate) fn acquired(&self, _: Option<Seen>, _: Mode, _: Option<&str>) -> Held<'_> {
        Held(PhantomData)
    }

    pub(crate) fn refused(&self, seen: Seen, _: Mode, _: &str) {
        match *seen.recorder {}
    }
}

/// Records nothing.
#[derive(Debug)]
pub(crate) struct Held<'a>(PhantomData<&'a Lock>);

impl<'a> Held<'a> {
    #[inline]
    pub(crate) fn lock(&self) -> &'a Lock {
        &Lock
    }

    #[inline]
    pub(crate) fn release(self) {}

    #[inline]
    pub(crate) fn downgrade(self, _: Option<Seen>) -> Held<'a> {
        self
    }
}
