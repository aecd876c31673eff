//! Condition variables in a build without the feature `record`: nothing but the original is left of them.

use crate::identity::Name;
use crate::lock::Lock;
use crate::seen::Seen;

/// Takes no room.
#[derive(Debug)]
pub(crate) struct Condition;

impl Condition {
    pub(crate) const fn new(_: Name) -> Self {
        Condition
    }

    #[inline]
    pub(crate) fn waits(&self, _: Option<Seen>, _: &Lock) -> Waiting {
        Waiting
    }

    #[inline]
    pub(crate) fn notifies(&self, _: Option<Seen>, _: bool) -> Notifying {
        Notifying
    }
}

/// Counts nothing.
pub(crate) struct Waiting;

impl Waiting {
    #[inline]
    pub(crate) fn wakes(self, _: Option<Seen>, _: bool) {}
}

/// Counts nothing.
pub(crate) struct Notifying;
