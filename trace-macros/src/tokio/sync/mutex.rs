//! The tracked mutex that is awaited.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use ::tokio::sync::TryLockError;

use super::super::owned::{Owned, borrow_from};
use super::super::wait::watch;
use super::lock::{Taking, check_may_block};
use crate::identity::{Name, short_type_name};
use crate::lock::{Held, Lock, Mode};
use crate::seen::Seen;

/// As [`tokio::sync::Mutex`](::tokio::sync::Mutex), tracked.
///
/// Differences: owned guards are only to be had of what is `'static`.
pub struct Mutex<T: ?Sized> {
    lock: Lock,
    inner: ::tokio::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// As [`Mutex::new`](::tokio::sync::Mutex::new); the trace calls the lock after what it protects: `Mutex<State>`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    /// As [`Mutex::const_new`](::tokio::sync::Mutex::const_new).
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        let name = Name::Type(|| format!("Mutex<{}>", short_type_name::<T>()));
        Mutex { lock: Lock::mutex(name), inner: ::tokio::sync::Mutex::const_new(value) }
    }

    /// A mutex with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        Mutex { lock: Lock::mutex(Name::Given(name)), inner: ::tokio::sync::Mutex::const_new(value) }
    }

    /// As [`Mutex::into_inner`](::tokio::sync::Mutex::into_inner).
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// As [`Mutex::lock`](::tokio::sync::Mutex::lock).
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        self.lock_at(Seen::here())
    }

    /// As [`Mutex::lock_owned`](::tokio::sync::Mutex::lock_owned).
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>>
    where
        T: 'static,
    {
        let seen = Seen::here();
        async move {
            // SAFETY: the guard goes into the `Owned` of the same owner; should the future be dropped, the owner goes last.
            let mutex = unsafe { borrow_from(&self) };
            let guard = mutex.lock_at(seen).await;
            OwnedMutexGuard(Owned::new(guard, self))
        }
    }

    /// As [`Mutex::blocking_lock`](::tokio::sync::Mutex::blocking_lock).
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        let Some(seen) = Seen::here() else { return self.hold(self.inner.blocking_lock(), None) };
        check_may_block();
        let inner = self.inner.try_lock().unwrap_or_else(|_| {
            self.lock.waits(seen, Mode::Exclusive);
            self.inner.blocking_lock()
        });
        self.hold(inner, Some(seen))
    }

    /// As [`Mutex::blocking_lock_owned`](::tokio::sync::Mutex::blocking_lock_owned).
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T>
    where
        T: 'static,
    {
        // SAFETY: the guard goes into the `Owned` of the same owner.
        let guard = unsafe { borrow_from(&self) }.blocking_lock();
        OwnedMutexGuard(Owned::new(guard, self))
    }

    /// As [`Mutex::try_lock`](::tokio::sync::Mutex::try_lock).
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let seen = Seen::here();
        match self.inner.try_lock() {
            Ok(inner) => Ok(self.hold(inner, seen)),
            Err(error) => {
                if let Some(seen) = seen {
                    self.lock.refused(seen, Mode::Exclusive, "busy");
                }
                Err(error)
            }
        }
    }

    /// As [`Mutex::try_lock_owned`](::tokio::sync::Mutex::try_lock_owned).
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError>
    where
        T: 'static,
    {
        // SAFETY: the guard goes into the `Owned` of the same owner.
        let guard = unsafe { borrow_from(&self) }.try_lock()?;
        Ok(OwnedMutexGuard(Owned::new(guard, self)))
    }

    /// As [`Mutex::get_mut`](::tokio::sync::Mutex::get_mut).
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    fn lock_at(&self, seen: Option<Seen>) -> impl Future<Output = MutexGuard<'_, T>> {
        let taking = Taking::new(&self.lock, Mode::Exclusive);
        watch(seen, self.inner.lock(), taking, |taking, seen, inner| MutexGuard {
            held: taking.held(seen),
            inner,
            mutex: self,
        })
    }

    fn hold<'a>(&'a self, inner: ::tokio::sync::MutexGuard<'a, T>, seen: Option<Seen>) -> MutexGuard<'a, T> {
        MutexGuard { held: self.lock.acquired(seen, Mode::Exclusive, None), inner, mutex: self }
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

/// As [`tokio::sync::MutexGuard`](::tokio::sync::MutexGuard). The release is recorded before the lock is free, by the task that
/// drops it, with the line that acquired it.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    // First, so that it has recorded the release before the lock is free.
    held: Held<'a>,
    inner: ::tokio::sync::MutexGuard<'a, T>,
    mutex: &'a Mutex<T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// As [`MutexGuard::map`](::tokio::sync::MutexGuard::map).
    pub fn map<U: ?Sized, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let MutexGuard { held, inner, .. } = this;
        MappedMutexGuard { held, inner: ::tokio::sync::MutexGuard::map(inner, f) }
    }

    /// As [`MutexGuard::try_map`](::tokio::sync::MutexGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<U: ?Sized, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let MutexGuard { held, inner, mutex } = this;
        match ::tokio::sync::MutexGuard::try_map(inner, f) {
            Ok(inner) => Ok(MappedMutexGuard { held, inner }),
            Err(inner) => Err(MutexGuard { held, inner, mutex }),
        }
    }

    /// As [`MutexGuard::mutex`](::tokio::sync::MutexGuard::mutex).
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.mutex
    }
}

/// As [`tokio::sync::MappedMutexGuard`](::tokio::sync::MappedMutexGuard).
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    // First, as above.
    held: Held<'a>,
    inner: ::tokio::sync::MappedMutexGuard<'a, T>,
}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// As [`MappedMutexGuard::map`](::tokio::sync::MappedMutexGuard::map).
    pub fn map<U, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        MappedMutexGuard { held: this.held, inner: ::tokio::sync::MappedMutexGuard::map(this.inner, f) }
    }

    /// As [`MappedMutexGuard::try_map`](::tokio::sync::MappedMutexGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<U, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let held = this.held;
        match ::tokio::sync::MappedMutexGuard::try_map(this.inner, f) {
            Ok(inner) => Ok(MappedMutexGuard { held, inner }),
            Err(inner) => Err(MappedMutexGuard { held, inner }),
        }
    }
}

/// As [`tokio::sync::OwnedMutexGuard`](::tokio::sync::OwnedMutexGuard).
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMutexGuard<T: ?Sized + 'static>(Owned<MutexGuard<'static, T>, Mutex<T>>);

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// As [`OwnedMutexGuard::map`](::tokio::sync::OwnedMutexGuard::map).
    pub fn map<U: ?Sized, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedMappedMutexGuard(this.0.map(|guard| MutexGuard::map(guard, f)))
    }

    /// As [`OwnedMutexGuard::try_map`](::tokio::sync::OwnedMutexGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<U: ?Sized, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let mapped = this.0.try_map(|guard| MutexGuard::try_map(guard, f));
        mapped.map(OwnedMappedMutexGuard).map_err(OwnedMutexGuard)
    }

    /// As [`OwnedMutexGuard::mutex`](::tokio::sync::OwnedMutexGuard::mutex).
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        this.0.owner()
    }
}

/// As [`tokio::sync::OwnedMappedMutexGuard`](::tokio::sync::OwnedMappedMutexGuard).
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMappedMutexGuard<T: ?Sized + 'static, U: ?Sized + 'static = T>(
    Owned<MappedMutexGuard<'static, U>, Mutex<T>>,
);

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// As [`OwnedMappedMutexGuard::map`](::tokio::sync::OwnedMappedMutexGuard::map).
    pub fn map<S, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        OwnedMappedMutexGuard(this.0.map(|guard| MappedMutexGuard::map(guard, f)))
    }

    /// As [`OwnedMappedMutexGuard::try_map`](::tokio::sync::OwnedMappedMutexGuard::try_map).
    ///
    /// # Errors
    /// If `f` gives nothing: the guard as it was.
    pub fn try_map<S, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        let mapped = this.0.try_map(|guard| MappedMutexGuard::try_map(guard, f));
        mapped.map(OwnedMappedMutexGuard).map_err(OwnedMappedMutexGuard)
    }
}

super::guards! {
    [T: ?Sized] MutexGuard<'_, T> => T: |guard| &*guard.inner, |guard| &mut *guard.inner;
    [T: ?Sized] MappedMutexGuard<'_, T> => T: |guard| &*guard.inner, |guard| &mut *guard.inner;
    [T: ?Sized + 'static] OwnedMutexGuard<T> => T: |guard| &**guard.0.guard(), |guard| &mut **guard.0.guard_mut();
    [T: ?Sized + 'static, U: ?Sized + 'static] OwnedMappedMutexGuard<T, U> => U:
        |guard| &**guard.0.guard(), |guard| &mut **guard.0.guard_mut();
}
