//! Its guards that keep it alive.

use std::sync::Arc;

use super::super::super::owned::Owned;
use super::{RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};

/// As [`tokio::sync::OwnedRwLockReadGuard`](::tokio::sync::OwnedRwLockReadGuard).
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockReadGuard<T: ?Sized + 'static, U: ?Sized + 'static = T>(
    pub(super) Owned<RwLockReadGuard<'static, U>, RwLock<T>>,
);

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// As [`OwnedRwLockReadGuard::map`](::tokio::sync::OwnedRwLockReadGuard::map).
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        OwnedRwLockReadGuard(this.0.map(|guard| RwLockReadGuard::map(guard, f)))
    }

    /// As [`OwnedRwLockReadGuard::try_map`](::tokio::sync::OwnedRwLockReadGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        let mapped = this.0.try_map(|guard| RwLockReadGuard::try_map(guard, f));
        mapped.map(OwnedRwLockReadGuard).map_err(OwnedRwLockReadGuard)
    }

    /// As [`OwnedRwLockReadGuard::rwlock`](::tokio::sync::OwnedRwLockReadGuard::rwlock).
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.owner()
    }
}

/// As [`tokio::sync::OwnedRwLockWriteGuard`](::tokio::sync::OwnedRwLockWriteGuard).
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockWriteGuard<T: ?Sized + 'static>(pub(super) Owned<RwLockWriteGuard<'static, T>, RwLock<T>>);

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// As [`OwnedRwLockWriteGuard::map`](::tokio::sync::OwnedRwLockWriteGuard::map).
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(|guard| RwLockWriteGuard::map(guard, f)))
    }

    /// As [`OwnedRwLockWriteGuard::try_map`](::tokio::sync::OwnedRwLockWriteGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let mapped = this.0.try_map(|guard| RwLockWriteGuard::try_map(guard, f));
        mapped.map(OwnedRwLockMappedWriteGuard).map_err(OwnedRwLockWriteGuard)
    }

    /// As [`OwnedRwLockWriteGuard::downgrade_map`](::tokio::sync::OwnedRwLockWriteGuard::downgrade_map).
    #[track_caller]
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        OwnedRwLockReadGuard::map(this.downgrade(), f)
    }

    /// As [`OwnedRwLockWriteGuard::downgrade`](::tokio::sync::OwnedRwLockWriteGuard::downgrade).
    #[track_caller]
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        let (guard, owner) = self.0.into_parts();
        OwnedRwLockReadGuard(Owned::new(guard.downgrade(), owner))
    }

    /// As [`OwnedRwLockWriteGuard::rwlock`](::tokio::sync::OwnedRwLockWriteGuard::rwlock).
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.owner()
    }
}

/// As [`tokio::sync::OwnedRwLockMappedWriteGuard`](::tokio::sync::OwnedRwLockMappedWriteGuard).
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized + 'static, U: ?Sized + 'static = T>(
    Owned<RwLockMappedWriteGuard<'static, U>, RwLock<T>>,
);

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// As [`OwnedRwLockMappedWriteGuard::map`](::tokio::sync::OwnedRwLockMappedWriteGuard::map).
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(|guard| RwLockMappedWriteGuard::map(guard, f)))
    }

    /// As [`OwnedRwLockMappedWriteGuard::try_map`](::tokio::sync::OwnedRwLockMappedWriteGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        let mapped = this.0.try_map(|guard| RwLockMappedWriteGuard::try_map(guard, f));
        mapped.map(OwnedRwLockMappedWriteGuard).map_err(OwnedRwLockMappedWriteGuard)
    }

    /// As [`OwnedRwLockMappedWriteGuard::rwlock`](::tokio::sync::OwnedRwLockMappedWriteGuard::rwlock).
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        this.0.owner()
    }
}

super::super::guards! {
    [T: ?Sized + 'static, U: ?Sized + 'static] OwnedRwLockReadGuard<T, U> => U: |guard| &**guard.0.guard();
    [T: ?Sized + 'static] OwnedRwLockWriteGuard<T> => T: |guard| &**guard.0.guard(), |guard| &mut **guard.0.guard_mut();
    [T: ?Sized + 'static, U: ?Sized + 'static] OwnedRwLockMappedWriteGuard<T, U> => U:
        |guard| &**guard.0.guard(), |guard| &mut **guard.0.guard_mut();
}
