//! One-time initialisations in a build without the feature `record`: nothing but the original is left of them.

use crate::identity::Name;
use crate::seen::Seen;

/// Takes no room.
#[derive(Debug)]
pub(crate) struct Initialisation;

impl Initialisation {
    pub(crate) const fn new(_: Name) -> Self {
        Initialisation
    }

    #[inline]
    pub(crate) fn attempts(&self, _: Option<Seen>) -> Attempt {
        Attempt
    }

    #[inline]
    pub(crate) fn make(&self, _: Option<Seen>, is_done: bool, original: impl FnOnce(&mut bool)) {
        if !is_done {
            original(&mut false);
        }
    }

    #[inline]
    pub(crate) fn awaits(&self, _: Option<Seen>) {}

    #[inline]
    pub(crate) fn run<R>(&self, _: Option<Seen>, _: &'static str, run: impl FnOnce() -> R) -> R {
        run()
    }

    #[inline]
    pub(crate) fn passed(&self, _: Option<Seen>) {}
}

/// Claims nothing.
pub(crate) struct Attempt;
