//! The tracked cell that is written once.

use std::fmt;

use crate::identity::{Name, short_type_name};
use crate::once::Initialisation;
use crate::seen::Seen;

/// As [`std::sync::OnceLock`], tracked.
///
/// The right to initialise it is a lock in the trace, which is held while the initialiser runs; whoever comes meanwhile waits
/// for it.
pub struct OnceLock<T> {
    initialisation: Initialisation,
    inner: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// As [`std::sync::OnceLock::new`]; the trace calls it after what it will hold: `OnceLock<Config>`.
    #[track_caller]
    pub const fn new() -> Self {
        let name = Name::Type(|| format!("OnceLock<{}>", short_type_name::<T>()));
        OnceLock { initialisation: Initialisation::new(name), inner: std::sync::OnceLock::new() }
    }

    /// A cell with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        OnceLock { initialisation: Initialisation::new(Name::Given(name)), inner: std::sync::OnceLock::new() }
    }

    /// As [`std::sync::OnceLock::get`].
    #[inline]
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        let value = self.inner.get();
        if value.is_some() {
            self.initialisation.passed(Seen::here());
        }
        value
    }

    /// As [`std::sync::OnceLock::get_mut`].
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// As [`std::sync::OnceLock::wait`].
    #[track_caller]
    pub fn wait(&self) -> &T {
        let seen = Seen::here();
        if self.inner.get().is_none() {
            self.initialisation.awaits(seen);
        }
        let value = self.inner.wait();
        self.initialisation.passed(seen);
        value
    }

    /// As [`std::sync::OnceLock::set`].
    ///
    /// # Errors
    /// If there is a value already: with the new one.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("an initialiser runs once"));
        value.map_or(Ok(()), Err)
    }

    /// As [`std::sync::OnceLock::get_or_init`].
    #[inline]
    #[track_caller]
    pub fn get_or_init<F: FnOnce() -> T>(&self, init: F) -> &T {
        let seen = Seen::here();
        if let Some(value) = self.inner.get() {
            self.initialisation.passed(seen);
            return value;
        }
        let _attempt = self.initialisation.attempts(seen);
        let mut is_mine = false;
        let value = self.inner.get_or_init(|| {
            is_mine = true;
            // It stays as it was if `init` panics; the next one tries again.
            self.initialisation.run(seen, "cancelled", init)
        });
        if !is_mine {
            self.initialisation.passed(seen);
        }
        value
    }

    /// As [`std::sync::OnceLock::into_inner`].
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// As [`std::sync::OnceLock::take`].
    pub fn take(&mut self) -> Option<T> {
        self.inner.take()
    }
}

impl<T> Default for OnceLock<T> {
    #[track_caller]
    fn default() -> Self {
        OnceLock::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        OnceLock { inner: value.into(), ..OnceLock::new() }
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        OnceLock { inner: self.inner.clone(), ..OnceLock::new() }
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
