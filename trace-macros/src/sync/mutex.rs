//! The tracked mutex.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

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
        let Some(seen) = Seen::here() else {
            return self.wrap(self.inner.lock(), None);
        };
        let result = match self.inner.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(error)) => Err(error),
            Err(TryLockError::WouldBlock) => {
                self.lock.waits(seen, Mode::Exclusive);
                self.inner.lock()
            }
        };
        self.wrap(result, Some(seen))
    }

    /// As [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    /// If the lock is held, or a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let seen = Seen::here();
        match self.inner.try_lock() {
            Ok(guard) => Ok(self.hold(guard, seen, None)),
            Err(TryLockError::Poisoned(error)) => {
                let guard = self.hold(error.into_inner(), seen, Some("poisoned"));
                Err(TryLockError::Poisoned(PoisonError::new(guard)))
            }
            Err(TryLockError::WouldBlock) => {
                if let Some(seen) = seen {
                    self.lock.refused(seen, Mode::Exclusive, "busy");
                }
                Err(TryLockError::WouldBlock)
            }
        }
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

    #[inline]
    fn wrap<'a>(
        &'a self,
        result: LockResult<std::sync::MutexGuard<'a, T>>,
        seen: Option<Seen>,
    ) -> LockResult<MutexGuard<'a, T>> {
        match result {
            Ok(guard) => Ok(self.hold(guard, seen, None)),
            Err(error) => Err(PoisonError::new(self.hold(error.into_inner(), seen, Some("poisoned")))),
        }
    }

    #[inline]
    fn hold<'a>(
        &'a self,
        inner: std::sync::MutexGuard<'a, T>,
        seen: Option<Seen>,
        outcome: Option<&str>,
    ) -> MutexGuard<'a, T> {
        MutexGuard { held: self.lock.acquired(seen, Mode::Exclusive, outcome), inner }
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`std::sync::MutexGuard`]. The release is recorded before the lock is free, with the line that acquired it.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    // First, so that it has recorded the release before the lock is free.
    held: Held<'a>,
    inner: std::sync::MutexGuard<'a, T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    pub(super) fn new(held: Held<'a>, inner: std::sync::MutexGuard<'a, T>) -> Self {
        MutexGuard { held, inner }
    }

    /// For whoever gives the lock up while it waits.
    pub(super) fn into_parts(self) -> (Held<'a>, std::sync::MutexGuard<'a, T>) {
        (self.held, self.inner)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
