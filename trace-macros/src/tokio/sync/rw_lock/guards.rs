//! Its guards that borrow from it.

use ::tokio::sync as original;

use crate::lock::Held;
use crate::seen::Seen;

/// As [`tokio::sync::RwLockReadGuard`](original::RwLockReadGuard). The release is recorded before the lock is free, by
/// the task that drops it, with the line that acquired it.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    // First, so that it has recorded the release before the lock is free.
    pub(super) held: Held<'a>,
    pub(super) inner: original::RwLockReadGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// As [`RwLockReadGuard::map`](original::RwLockReadGuard::map).
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        RwLockReadGuard { held: this.held, inner: original::RwLockReadGuard::map(this.inner, f) }
    }

    /// As [`RwLockReadGuard::try_map`](original::RwLockReadGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let held = this.held;
        match original::RwLockReadGuard::try_map(this.inner, f) {
            Ok(inner) => Ok(RwLockReadGuard { held, inner }),
            Err(inner) => Err(RwLockReadGuard { held, inner }),
        }
    }
}

/// As [`tokio::sync::RwLockWriteGuard`](original::RwLockWriteGuard); see [`RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    // First, as above.
    pub(super) held: Held<'a>,
    pub(super) inner: original::RwLockWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// As [`RwLockWriteGuard::map`](original::RwLockWriteGuard::map).
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard { held: this.held, inner: original::RwLockWriteGuard::map(this.inner, f) }
    }

    /// As [`RwLockWriteGuard::try_map`](original::RwLockWriteGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let held = this.held;
        match original::RwLockWriteGuard::try_map(this.inner, f) {
            Ok(inner) => Ok(RwLockMappedWriteGuard { held, inner }),
            Err(inner) => Err(RwLockWriteGuard { held, inner }),
        }
    }

    /// As [`RwLockWriteGuard::downgrade_map`](original::RwLockWriteGuard::downgrade_map).
    #[track_caller]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        RwLockReadGuard::map(this.downgrade(), f)
    }

    /// As [`RwLockWriteGuard::downgrade`](original::RwLockWriteGuard::downgrade).
    #[track_caller]
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        // While it still excludes others.
        let held = self.held.downgrade(Seen::here());
        RwLockReadGuard { held, inner: self.inner.downgrade() }
    }
}

/// As [`tokio::sync::RwLockMappedWriteGuard`](original::RwLockMappedWriteGuard); see [`RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    // First, as above.
    pub(super) held: Held<'a>,
    pub(super) inner: original::RwLockMappedWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    /// As [`RwLockMappedWriteGuard::map`](original::RwLockMappedWriteGuard::map).
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        RwLockMappedWriteGuard { held: this.held, inner: original::RwLockMappedWriteGuard::map(this.inner, f) }
    }

    /// As [`RwLockMappedWriteGuard::try_map`](original::RwLockMappedWriteGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let held = this.held;
        match original::RwLockMappedWriteGuard::try_map(this.inner, f) {
            Ok(inner) => Ok(RwLockMappedWriteGuard { held, inner }),
            Err(inner) => Err(RwLockMappedWriteGuard { held, inner }),
        }
    }
}

super::super::guards! {
    [T: ?Sized] RwLockReadGuard<'_, T> => T: |guard| &*guard.inner;
    [T: ?Sized] RwLockWriteGuard<'_, T> => T: |guard| &*guard.inner, |guard| &mut *guard.inner;
    [T: ?Sized] RwLockMappedWriteGuard<'_, T> => T: |guard| &*guard.inner, |guard| &mut *guard.inner;
}
