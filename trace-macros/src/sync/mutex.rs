//! The tracked mutex.

use std::ops::DerefMut;
use std::sync::{LockResult, TryLockResult};

use super::taking::{attempted, guard_traits, lock_traits, take};
use crate::identity::{Name, short_type_name};
use crate::lock::{Held, Lock, Mode};
use crate::seen::Seen;

/// As [`std::sync::Mutex`], tracked.
///
/// A guard can be given to [`Condvar`](super::Condvar), not to that of `std`, which would let go unseen.
pub struct Mutex<T: ?Sized> {
    lock: Lock,
    inner: std::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// As [`std::sync::Mutex::new`]; the trace calls the lock after what it protects: `Mutex<State>`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        let name = Name::Type(|| format!("Mutex<{}>", short_type_name::<T>()));
        Mutex { lock: Lock::mutex(name), inner: std::sync::Mutex::new(value) }
    }

    /// A mutex with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        Mutex { lock: Lock::mutex(Name::Given(name)), inner: std::sync::Mutex::new(value) }
    }

    /// As [`std::sync::Mutex::into_inner`].
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// As [`std::sync::Mutex::lock`].
    ///
    /// # Errors
    /// If a holder panicked; the lock is held all the same.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let (lock, inner) = ((&self.lock, Mode::Exclusive), &self.inner);
        take(lock, Seen::here(), || inner.try_lock(), || inner.lock(), MutexGuard::new)
    }

    /// As [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    /// If the lock is held, or a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        attempted((&self.lock, Mode::Exclusive), Seen::here(), self.inner.try_lock(), MutexGuard::new)
    }

    /// As [`std::sync::Mutex::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// As [`std::sync::Mutex::clear_poison`].
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// As [`std::sync::Mutex::get_mut`].
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }
}

lock_traits!(Mutex);

/// As [`std::sync::MutexGuard`]. The release is recorded before the lock is free, with the line that acquired it.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    // First, so that it has recorded the release before the lock is free.
    held: Held<'a>,
    inner: std::sync::MutexGuard<'a, T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    #[inline(always)]
    pub(super) fn new(held: Held<'a>, inner: std::sync::MutexGuard<'a, T>) -> Self {
        MutexGuard { held, inner }
    }

    /// For whoever gives the lock up while it waits.
    pub(super) fn into_parts(self) -> (Held<'a>, std::sync::MutexGuard<'a, T>) {
        (self.held, self.inner)
    }
}

guard_traits!(MutexGuard);

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}
