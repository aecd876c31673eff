//! Synchronisation, as in [`tokio::sync`](::tokio::sync), tracked.
//!
//! What is not listed here is re-exported from the original as it is. Locks and semaphores that the originals make with
//! `new` and `const_new` have a third way here: `named`, with a name for people.

pub use ::tokio::sync::*;

/// What guards let their holder do, from `[generics] Guard => Content: how to read it, how to change it`.
macro_rules! guards {
    ($($generics:tt $guard:ty => $content:ty: $read:expr $(, $change:expr)?;)*) => { $(
        guards!(@read $generics $guard => $content: $read);
        $(guards!(@change $generics $guard => $content: $change);)?
    )* };
    (@read [$($generics:tt)*] $guard:ty => $content:ty: $read:expr) => {
        impl<$($generics)*> std::ops::Deref for $guard {
            type Target = $content;
            fn deref(&self) -> &$content {
                let read: fn(&Self) -> &$content = $read;
                read(self)
            }
        }

        impl<$($generics)*> std::fmt::Debug for $guard
        where
            $content: std::fmt::Debug,
        {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(out)
            }
        }

        impl<$($generics)*> std::fmt::Display for $guard
        where
            $content: std::fmt::Display,
        {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(out)
            }
        }
    };
    (@change [$($generics:tt)*] $guard:ty => $content:ty: $change:expr) => {
        impl<$($generics)*> std::ops::DerefMut for $guard {
            fn deref_mut(&mut self) -> &mut $content {
                let change: fn(&mut Self) -> &mut $content = $change;
                change(self)
            }
        }
    };
}
use guards;

mod barrier;
mod lock;
pub mod mpsc;
mod mutex;
mod notify;
pub mod oneshot;
mod permits;
mod rw_lock;
mod semaphore;

pub use barrier::Barrier;
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
pub use notify::Notify;
pub use rw_lock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockMappedWriteGuard,
    RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Futures with a name of their own.
pub mod futures {
    pub use super::notify::Notified;
}
