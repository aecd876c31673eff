//! How `std`'s locks are taken and what their wrappers have in common: a lock is tried first, so that a wait is recorded only
//! where there is one, and a poisoned lock is held all the same.
//!
//! Inlined always: left to the compiler, a guard goes through memory once more, and a lock costs 48 ns in place of 30.

use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use crate::lock::{Held, Lock, Mode};
use crate::seen::Seen;

/// Takes `lock` by `take`, or by `attempt` if it is free; `guard` makes the wrapper's guard of the original's.
#[inline(always)]
pub(super) fn take<'a, G, W>(
    (lock, mode): (&'a Lock, Mode),
    seen: Option<Seen>,
    attempt: impl FnOnce() -> TryLockResult<G>,
    take: impl FnOnce() -> LockResult<G>,
    guard: impl FnOnce(Held<'a>, G) -> W,
) -> LockResult<W> {
    let Some(tracked) = seen else { return taken((lock, mode), seen, take(), guard) };
    let result = match attempt() {
        Ok(inner) => Ok(inner),
        Err(TryLockError::Poisoned(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            lock.waits(tracked, mode);
            take()
        }
    };
    taken((lock, mode), seen, result, guard)
}

/// What became of an attempt to take `lock`.
#[inline(always)]
pub(super) fn attempted<'a, G, W>(
    (lock, mode): (&'a Lock, Mode),
    seen: Option<Seen>,
    result: TryLockResult<G>,
    guard: impl FnOnce(Held<'a>, G) -> W,
) -> TryLockResult<W> {
    let result = match result {
        Ok(inner) => Ok(inner),
        Err(TryLockError::Poisoned(error)) => Err(error),
        Err(TryLockError::WouldBlock) => {
            if let Some(seen) = seen {
                lock.refused(seen, mode, "busy");
            }
            return Err(TryLockError::WouldBlock);
        }
    };
    Ok(taken((lock, mode), seen, result, guard)?)
}

/// `lock` is held now, poisoned or not.
#[inline(always)]
pub(super) fn taken<'a, G, W>(
    (lock, mode): (&'a Lock, Mode),
    seen: Option<Seen>,
    result: LockResult<G>,
    guard: impl FnOnce(Held<'a>, G) -> W,
) -> LockResult<W> {
    match result {
        Ok(inner) => Ok(guard(lock.acquired(seen, mode, None), inner)),
        Err(error) => {
            let held = lock.acquired(seen, mode, Some("poisoned"));
            Err(PoisonError::new(guard(held, error.into_inner())))
        }
    }
}

/// What a lock is besides: made from a value, shown as the original.
macro_rules! lock_traits {
    ($lock:ident) => {
        impl<T: Default> Default for $lock<T> {
            #[track_caller]
            fn default() -> Self {
                $lock::new(T::default())
            }
        }

        impl<T> From<T> for $lock<T> {
            #[track_caller]
            fn from(value: T) -> Self {
                $lock::new(value)
            }
        }

        impl<T: ?Sized + std::fmt::Debug> std::fmt::Debug for $lock<T> {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.inner.fmt(out)
            }
        }
    };
}

/// What a guard is besides: it leads to the value, and is shown as the original.
macro_rules! guard_traits {
    ($($guard:ident),*) => { $(
        impl<T: ?Sized> std::ops::Deref for $guard<'_, T> {
            type Target = T;
            #[inline]
            fn deref(&self) -> &T {
                &self.inner
            }
        }

        impl<T: ?Sized + std::fmt::Debug> std::fmt::Debug for $guard<'_, T> {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.inner.fmt(out)
            }
        }

        impl<T: ?Sized + std::fmt::Display> std::fmt::Display for $guard<'_, T> {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.inner.fmt(out)
            }
        }
    )* };
}

pub(super) use {guard_traits, lock_traits};
