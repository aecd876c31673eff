//! The tracked locks: those of `lock_api` around the tracked raw ones, with the names of what they protect.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use ::parking_lot::{RawThreadId, lock_api};
use lock_api::GetThreadId as _;

use super::ReentrantMutexGuard;
use super::raw_mutex::{RawFairMutex, RawMutex};
use super::raw_rw_lock::RawRwLock;
use super::tracked::Said;
use crate::identity::{Name, short_type_name};

macro_rules! lock {
    ($name:ident, $const_new:ident, $inner:ty, |$raw:ident, $value:ident| $make:expr, $raw_type:ident) => {
        #[doc = concat!("As [`parking_lot::", stringify!($name), "`](::parking_lot::", stringify!($name), "), tracked.")]
        #[repr(transparent)]
        pub struct $name<T: ?Sized>($inner);

        impl<T> $name<T> {
            #[doc = concat!("As the original's; the trace calls the lock after what it protects: `", stringify!($name), "<State>`.")]
            #[track_caller]
            pub const fn new(value: T) -> Self {
                Self::of(Name::Type(|| format!(concat!(stringify!($name), "<{}>"), short_type_name::<T>())), value)
            }

            /// A lock with a name for people.
            #[track_caller]
            pub const fn named(name: &'static str, value: T) -> Self {
                Self::of(Name::Given(name), value)
            }

            #[track_caller]
            const fn of(name: Name, $value: T) -> Self {
                let $raw = $raw_type::new(name);
                $name($make)
            }

            /// As the original's.
            pub fn into_inner(self) -> T {
                self.0.into_inner()
            }
        }

        impl<T: ?Sized> Deref for $name<T> {
            type Target = $inner;
            #[inline]
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<T: ?Sized> DerefMut for $name<T> {
            #[inline]
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        impl<T: Default> Default for $name<T> {
            #[track_caller]
            fn default() -> Self {
                $name::new(T::default())
            }
        }

        impl<T> From<T> for $name<T> {
            #[track_caller]
            fn from(value: T) -> Self {
                $name::new(value)
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $name<T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        #[doc = concat!("As [`", stringify!($name), "::new`], by the original's other name.")]
        #[track_caller]
        pub const fn $const_new<T>(value: T) -> $name<T> {
            $name::new(value)
        }
    };
}

lock!(
    Mutex,
    const_mutex,
    lock_api::Mutex<RawMutex, T>,
    |raw, value| lock_api::Mutex::from_raw(raw, value),
    RawMutex
);
lock!(
    FairMutex,
    const_fair_mutex,
    lock_api::Mutex<RawFairMutex, T>,
    |raw, value| lock_api::Mutex::from_raw(raw, value),
    RawFairMutex
);
lock!(
    RwLock,
    const_rwlock,
    lock_api::RwLock<RawRwLock, T>,
    |raw, value| lock_api::RwLock::from_raw(raw, value),
    RawRwLock
);
lock!(
    ReentrantMutex,
    const_reentrant_mutex,
    lock_api::ReentrantMutex<RawMutex, RawThreadId, T>,
    |raw, value| lock_api::ReentrantMutex::from_raw(raw, RawThreadId::INIT, value),
    RawMutex
);

/// What takes a re-entrant mutex, with the line that `lock_api` does not hand on.
impl<T: ?Sized> ReentrantMutex<T> {
    /// As the original's.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> ReentrantMutexGuard<'_, T> {
        let _said = Said::here();
        self.0.lock()
    }

    /// As the original's.
    #[inline]
    #[track_caller]
    pub fn try_lock(&self) -> Option<ReentrantMutexGuard<'_, T>> {
        let _said = Said::here();
        self.0.try_lock()
    }

    /// As the original's.
    #[track_caller]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<ReentrantMutexGuard<'_, T>> {
        let _said = Said::here();
        self.0.try_lock_for(timeout)
    }

    /// As the original's.
    #[track_caller]
    pub fn try_lock_until(&self, timeout: Instant) -> Option<ReentrantMutexGuard<'_, T>> {
        let _said = Said::here();
        self.0.try_lock_until(timeout)
    }
}
