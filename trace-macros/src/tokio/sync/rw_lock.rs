//! The tracked read-write lock that is awaited.

mod guards;
mod owned;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use ::tokio::sync::TryLockError;
use ::tokio::sync::{RwLockReadGuard as InnerReadGuard, RwLockWriteGuard as InnerWriteGuard};

pub use guards::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
pub use owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

use super::super::owned::{Owned, borrow_from};
use super::super::wait::watch;
use super::lock::{Taking, check_may_block};
use crate::identity::{Name, short_type_name};
use crate::lock::{Lock, Mode};
use crate::seen::Seen;

/// As the original documents it: whoever comes first is served first, readers and writers alike.
const POLICY: &str = "fair";

/// As [`tokio::sync::RwLock`](::tokio::sync::RwLock), tracked.
///
/// Differences: owned guards are only to be had of what is `'static`; of the conversions of guards `try_downgrade_map` and
/// `into_mapped` are missing.
pub struct RwLock<T: ?Sized> {
    lock: Lock,
    inner: ::tokio::sync::RwLock<T>,
}

impl<T> RwLock<T> {
    /// As [`RwLock::new`](::tokio::sync::RwLock::new); the trace calls the lock after what it protects: `RwLock<State>`.
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self::const_new(value)
    }

    /// As [`RwLock::const_new`](::tokio::sync::RwLock::const_new).
    #[track_caller]
    pub const fn const_new(value: T) -> Self {
        let name = Name::Type(|| format!("RwLock<{}>", short_type_name::<T>()));
        RwLock { lock: Lock::read_write(name, POLICY), inner: ::tokio::sync::RwLock::const_new(value) }
    }

    /// As [`RwLock::with_max_readers`](::tokio::sync::RwLock::with_max_readers).
    ///
    /// # Panics
    /// If these are more readers than tokio allows.
    #[track_caller]
    pub fn with_max_readers(value: T, max_readers: u32) -> Self {
        let name = Name::Type(|| format!("RwLock<{}>", short_type_name::<T>()));
        let inner = ::tokio::sync::RwLock::with_max_readers(value, max_readers);
        RwLock { lock: Lock::read_write(name, POLICY), inner }
    }

    /// A read-write lock with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        let inner = ::tokio::sync::RwLock::const_new(value);
        RwLock { lock: Lock::read_write(Name::Given(name), POLICY), inner }
    }

    /// As [`RwLock::into_inner`](::tokio::sync::RwLock::into_inner).
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// As [`RwLock::read`](::tokio::sync::RwLock::read).
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        self.read_at(Seen::here())
    }

    /// As [`RwLock::write`](::tokio::sync::RwLock::write).
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        self.write_at(Seen::here())
    }

    /// As [`RwLock::read_owned`](::tokio::sync::RwLock::read_owned).
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>>
    where
        T: 'static,
    {
        let seen = Seen::here();
        async move {
            // SAFETY: the guard goes into the `Owned` of the same owner; should the future be dropped, the owner goes last.
            let guard = unsafe { borrow_from(&self) }.read_at(seen).await;
            OwnedRwLockReadGuard(Owned::new(guard, self))
        }
    }

    /// As [`RwLock::write_owned`](::tokio::sync::RwLock::write_owned).
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>>
    where
        T: 'static,
    {
        let seen = Seen::here();
        async move {
            // SAFETY: as in `read_owned`.
            let guard = unsafe { borrow_from(&self) }.write_at(seen).await;
            OwnedRwLockWriteGuard(Owned::new(guard, self))
        }
    }

    /// As [`RwLock::blocking_read`](::tokio::sync::RwLock::blocking_read).
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        let Some(seen) = Seen::here() else { return self.hold_read(self.inner.blocking_read(), None) };
        check_may_block();
        let inner = self.inner.try_read().unwrap_or_else(|_| {
            self.lock.waits(seen, Mode::Shared);
            self.inner.blocking_read()
        });
        self.hold_read(inner, Some(seen))
    }

    /// As [`RwLock::blocking_write`](::tokio::sync::RwLock::blocking_write).
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let Some(seen) = Seen::here() else { return self.hold_write(self.inner.blocking_write(), None) };
        check_may_block();
        let inner = self.inner.try_write().unwrap_or_else(|_| {
            self.lock.waits(seen, Mode::Exclusive);
            self.inner.blocking_write()
        });
        self.hold_write(inner, Some(seen))
    }

    /// As [`RwLock::try_read`](::tokio::sync::RwLock::try_read).
    ///
    /// # Errors
    /// If a writer holds the lock, or waits for it.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let seen = Seen::here();
        let inner = self.inner.try_read().inspect_err(|_| self.busy(seen, Mode::Shared))?;
        Ok(self.hold_read(inner, seen))
    }

    /// As [`RwLock::try_write`](::tokio::sync::RwLock::try_write).
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let seen = Seen::here();
        let inner = self.inner.try_write().inspect_err(|_| self.busy(seen, Mode::Exclusive))?;
        Ok(self.hold_write(inner, seen))
    }

    /// As [`RwLock::try_read_owned`](::tokio::sync::RwLock::try_read_owned).
    ///
    /// # Errors
    /// If a writer holds the lock, or waits for it.
    #[track_caller]
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError>
    where
        T: 'static,
    {
        // SAFETY: the guard goes into the `Owned` of the same owner.
        let guard = unsafe { borrow_from(&self) }.try_read()?;
        Ok(OwnedRwLockReadGuard(Owned::new(guard, self)))
    }

    /// As [`RwLock::try_write_owned`](::tokio::sync::RwLock::try_write_owned).
    ///
    /// # Errors
    /// If the lock is held.
    #[track_caller]
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError>
    where
        T: 'static,
    {
        // SAFETY: the guard goes into the `Owned` of the same owner.
        let guard = unsafe { borrow_from(&self) }.try_write()?;
        Ok(OwnedRwLockWriteGuard(Owned::new(guard, self)))
    }

    /// As [`RwLock::get_mut`](::tokio::sync::RwLock::get_mut).
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    fn read_at(&self, seen: Option<Seen>) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let taking = Taking::new(&self.lock, Mode::Shared);
        watch(seen, self.inner.read(), taking, |taking, seen, inner| RwLockReadGuard { held: taking.held(seen), inner })
    }

    fn write_at(&self, seen: Option<Seen>) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let taking = Taking::new(&self.lock, Mode::Exclusive);
        watch(seen, self.inner.write(), taking, |taking, seen, inner| RwLockWriteGuard {
            held: taking.held(seen),
            inner,
        })
    }

    fn hold_read<'a>(&'a self, inner: InnerReadGuard<'a, T>, seen: Option<Seen>) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { held: self.lock.acquired(seen, Mode::Shared, None), inner }
    }

    fn hold_write<'a>(&'a self, inner: InnerWriteGuard<'a, T>, seen: Option<Seen>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { held: self.lock.acquired(seen, Mode::Exclusive, None), inner }
    }

    fn busy(&self, seen: Option<Seen>, mode: Mode) {
        if let Some(seen) = seen {
            self.lock.refused(seen, mode, "busy");
        }
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
