//! The value that is made on first use, in a build without the feature `record`: the original.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// As [`std::sync::LazyLock`].
pub struct LazyLock<T, F = fn() -> T>(std::sync::LazyLock<T, F>);

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// As [`std::sync::LazyLock::new`].
    pub const fn new(init: F) -> Self {
        LazyLock(std::sync::LazyLock::new(init))
    }

    /// A value with a name that nobody records.
    pub const fn named(_name: &'static str, init: F) -> Self {
        LazyLock::new(init)
    }

    /// As [`std::sync::LazyLock::force`].
    ///
    /// # Panics
    /// If the value's maker does, or did before.
    #[inline]
    pub fn force(this: &Self) -> &T {
        std::sync::LazyLock::force(&this.0)
    }

    /// As [`std::sync::LazyLock::force_mut`].
    ///
    /// # Panics
    /// As [`LazyLock::force`].
    #[inline]
    pub fn force_mut(this: &mut Self) -> &mut T {
        std::sync::LazyLock::force_mut(&mut this.0)
    }
}

impl<T, F> LazyLock<T, F> {
    /// As [`std::sync::LazyLock::get`].
    #[inline]
    pub fn get(this: &Self) -> Option<&T> {
        std::sync::LazyLock::get(&this.0)
    }

    /// As [`std::sync::LazyLock::get_mut`].
    #[inline]
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        std::sync::LazyLock::get_mut(&mut this.0)
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
