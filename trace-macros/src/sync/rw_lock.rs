//! The tracked read-write lock.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

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
        let Some(seen) = Seen::here() else {
            return self.wrap_read(self.inner.read(), None);
        };
        let result = match self.inner.try_read() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(error)) => Err(error),
            Err(TryLockError::WouldBlock) => {
                self.lock.waits(seen, Mode::Shared);
                self.inner.read()
            }
        };
        self.wrap_read(result, Some(seen))
    }

    /// As [`std::sync::RwLock::write`].
    ///
    /// # Errors
    /// If a writer panicked; the lock is held all the same.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let Some(seen) = Seen::here() else {
            return self.wrap_write(self.inner.write(), None);
        };
        let result = match self.inner.try_write() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(error)) => Err(error),
            Err(TryLockError::WouldBlock) => {
                self.lock.waits(seen, Mode::Exclusive);
                self.inner.write()
            }
        };
        self.wrap_write(result, Some(seen))
    }

    /// As [`std::sync::RwLock::try_read`].
    ///
    /// # Errors
    /// If a writer holds the lock, or panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let seen = Seen::here();
        match self.inner.try_read() {
            Ok(guard) => Ok(self.hold_read(guard, seen, None)),
            Err(TryLockError::Poisoned(error)) => {
                let guard = self.hold_read(error.into_inner(), seen, Some("poisoned"));
                Err(TryLockError::Poisoned(PoisonError::new(guard)))
            }
            Err(TryLockError::WouldBlock) => Err(self.busy(seen, Mode::Shared)),
        }
    }

    /// As [`std::sync::RwLock::try_write`].
    ///
    /// # Errors
    /// If the lock is held, or a writer panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let seen = Seen::here();
        match self.inner.try_write() {
            Ok(guard) => Ok(self.hold_write(guard, seen, None)),
            Err(TryLockError::Poisoned(error)) => {
                let guard = self.hold_write(error.into_inner(), seen, Some("poisoned"));
                Err(TryLockError::Poisoned(PoisonError::new(guard)))
            }
            Err(TryLockError::WouldBlock) => Err(self.busy(seen, Mode::Exclusive)),
        }
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

    fn busy<G>(&self, seen: Option<Seen>, mode: Mode) -> TryLockError<G> {
        if let Some(seen) = seen {
            self.lock.refused(seen, mode, "busy");
        }
        TryLockError::WouldBlock
    }

    fn wrap_read<'a>(
        &'a self,
        result: LockResult<std::sync::RwLockReadGuard<'a, T>>,
        seen: Option<Seen>,
    ) -> LockResult<RwLockReadGuard<'a, T>> {
        match result {
            Ok(guard) => Ok(self.hold_read(guard, seen, None)),
            Err(error) => Err(PoisonError::new(self.hold_read(error.into_inner(), seen, Some("poisoned")))),
        }
    }

    fn wrap_write<'a>(
        &'a self,
        result: LockResult<std::sync::RwLockWriteGuard<'a, T>>,
        seen: Option<Seen>,
    ) -> LockResult<RwLockWriteGuard<'a, T>> {
        match result {
            Ok(guard) => Ok(self.hold_write(guard, seen, None)),
            Err(error) => Err(PoisonError::new(self.hold_write(error.into_inner(), seen, Some("poisoned")))),
        }
    }

    fn hold_read<'a>(
        &'a self,
        inner: std::sync::RwLockReadGuard<'a, T>,
        seen: Option<Seen>,
        outcome: Option<&str>,
    ) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard { _held: self.lock.acquired(seen, Mode::Shared, outcome), inner }
    }

    fn hold_write<'a>(
        &'a self,
        inner: std::sync::RwLockWriteGuard<'a, T>,
        seen: Option<Seen>,
        outcome: Option<&str>,
    ) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard { held: self.lock.acquired(seen, Mode::Exclusive, outcome), inner }
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

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// As [`std::sync::RwLockWriteGuard::downgrade`].
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let seen = Seen::here();
        // Recorded while nobody else can read yet.
        let held = guard.held.downgrade(seen);
        RwLockReadGuard { _held: held, inner: std::sync::RwLockWriteGuard::downgrade(guard.inner) }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

macro_rules! guards {
    ($($guard:ident),*) => { $(
        impl<T: ?Sized> Deref for $guard<'_, T> {
            type Target = T;
            fn deref(&self) -> &T {
                &self.inner
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard<'_, T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(out)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display for $guard<'_, T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(out)
            }
        }
    )* };
}
guards!(RwLockReadGuard, RwLockWriteGuard);
