//! The tracked read-write lock.

use std::ops::DerefMut;
use std::sync::{LockResult, TryLockResult};

use super::taking::{attempted, guard_traits, lock_traits, take};
use crate::identity::{Name, short_type_name};
use crate::lock::{Held, Lock, Mode};
use crate::seen::Seen;

/// Whom the original lets in first: on Linux a reader waits behind a writer that waits; elsewhere that is nowhere written.
const POLICY: &str = if cfg!(target_os = "linux") { "writer-first" } else { "unknown" };

/// As [`std::sync::RwLock`], tracked.
pub struct RwLock<T: ?Sized> {
    lock: Lock,
    inner: std::sync::RwLock<T>,
}

impl<T> RwLock<T> {
    /// As [`std::sync::RwLock::new`]; the trace calls the lock after what it protects: `RwLock<State>`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        let name = Name::Type(|| format!("RwLock<{}>", short_type_name::<T>()));
        RwLock { lock: Lock::read_write(name, POLICY), inner: std::sync::RwLock::new(value) }
    }

    /// A read-write lock with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        RwLock { lock: Lock::read_write(Name::Given(name), POLICY), inner: std::sync::RwLock::new(value) }
    }

    /// As [`std::sync::RwLock::into_inner`].
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// As [`std::sync::RwLock::read`].
    ///
    /// # Errors
    /// If a writer panicked; the lock is held all the same.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let (lock, inner) = ((&self.lock, Mode::Shared), &self.inner);
        take(lock, Seen::here(), || inner.try_read(), || inner.read(), RwLockReadGuard::new)
    }

    /// As [`std::sync::RwLock::write`].
    ///
    /// # Errors
    /// If a writer panicked; the lock is held all the same.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let (lock, inner) = ((&self.lock, Mode::Exclusive), &self.inner);
        take(lock, Seen::here(), || inner.try_write(), || inner.write(), RwLockWriteGuard::new)
    }

    /// As [`std::sync::RwLock::try_read`].
    ///
    /// # Errors
    /// If a writer holds the lock, or panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        attempted((&self.lock, Mode::Shared), Seen::here(), self.inner.try_read(), RwLockReadGuard::new)
    }

    /// As [`std::sync::RwLock::try_write`].
    ///
    /// # Errors
    /// If the lock is held, or a writer panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        attempted((&self.lock, Mode::Exclusive), Seen::here(), self.inner.try_write(), RwLockWriteGuard::new)
    }

    /// As [`std::sync::RwLock::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// As [`std::sync::RwLock::clear_poison`].
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// As [`std::sync::RwLock::get_mut`].
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }
}

lock_traits!(RwLock);

/// As [`std::sync::RwLockReadGuard`]. The release is recorded before the lock is free, with the line that acquired it.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    // First, so that it has recorded the release before the lock is free.
    _held: Held<'a>,
    inner: std::sync::RwLockReadGuard<'a, T>,
}

/// As [`std::sync::RwLockWriteGuard`]. The release is recorded before the lock is free, with the line that acquired it.
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    // As above.
    held: Held<'a>,
    inner: std::sync::RwLockWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    #[inline]
    fn new(held: Held<'a>, inner: std::sync::RwLockReadGuard<'a, T>) -> Self {
        RwLockReadGuard { _held: held, inner }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    #[inline]
    fn new(held: Held<'a>, inner: std::sync::RwLockWriteGuard<'a, T>) -> Self {
        RwLockWriteGuard { held, inner }
    }

    /// As [`std::sync::RwLockWriteGuard::downgrade`].
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let seen = Seen::here();
        // Recorded while nobody else can read yet.
        let held = guard.held.downgrade(seen);
        RwLockReadGuard::new(held, std::sync::RwLockWriteGuard::downgrade(guard.inner))
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

guard_traits!(RwLockReadGuard, RwLockWriteGuard);
