//! Locks of `parking_lot` that are seen: as in the [original](::parking_lot), but who waits for what, who holds it and since
//! which line is recorded.
//!
//! `parking_lot` builds its locks from a raw one and `lock_api`, which makes guards around any raw lock. Here the raw lock
//! records; guards, and all that can be done with them (map, upgrade, unlock fairly or for a while), are those of `lock_api`.
//!
//! Differences from the original:
//! - A lock is a type of its own, which dereferences to that of `lock_api`: its methods are called as such
//!   (`lock.read()`), not as `RwLock::read(&lock)`; and what takes the lock in an `Arc` (feature `arc_lock`) is missing.
//! - Guards are never `Send` (feature `send_guard`), for who let a lock go would be another than who took it.
//! - `bump` is what its documentation calls functionally equivalent: a fair unlock and a lock.
//! - Of one thread's shared holds, as many as 32 at a time are recorded. If several are of one lock, the youngest is said to
//!   end first, whichever guard was dropped: a raw lock is not told.
//! - What [`MutexGuard::unlocked`] and the like take again carries the line that took it before.
//! - A thread that takes a [`ReentrantMutex`] again is not seen to: it goes on holding it.
//!
//! ```
//! use peerscope::parking_lot::{RwLock, RwLockUpgradableReadGuard};   // instead of parking_lot::{...}
//!
//! let members = RwLock::new(vec![1, 2]);
//! let seen = members.upgradable_read();
//! if !seen.contains(&3) {
//!     RwLockUpgradableReadGuard::upgrade(seen).push(3);
//! }
//! assert_eq!(members.read().len(), 3);
//! ```

mod condvar;
mod locks;
mod once;
mod raw_mutex;
mod raw_rw_lock;
#[cfg(feature = "record")]
mod tracked;
#[cfg(not(feature = "record"))]
#[path = "parking_lot/tracked_off.rs"]
mod tracked;

pub use ::parking_lot::{OnceState, RawThreadId, WaitTimeoutResult, lock_api};

pub use condvar::Condvar;
pub use locks::{
    FairMutex, Mutex, ReentrantMutex, RwLock, const_fair_mutex, const_mutex, const_reentrant_mutex, const_rwlock,
};
pub use once::Once;
pub use raw_mutex::{RawFairMutex, RawMutex, TrackedMutex};
pub use raw_rw_lock::RawRwLock;

/// As [`parking_lot::MutexGuard`](::parking_lot::MutexGuard).
pub type MutexGuard<'a, T> = lock_api::MutexGuard<'a, RawMutex, T>;
/// As [`parking_lot::MappedMutexGuard`](::parking_lot::MappedMutexGuard).
pub type MappedMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawMutex, T>;
/// As [`parking_lot::FairMutexGuard`](::parking_lot::FairMutexGuard).
pub type FairMutexGuard<'a, T> = lock_api::MutexGuard<'a, RawFairMutex, T>;
/// As [`parking_lot::MappedFairMutexGuard`](::parking_lot::MappedFairMutexGuard).
pub type MappedFairMutexGuard<'a, T> = lock_api::MappedMutexGuard<'a, RawFairMutex, T>;
/// As [`parking_lot::ReentrantMutexGuard`](::parking_lot::ReentrantMutexGuard).
pub type ReentrantMutexGuard<'a, T> = lock_api::ReentrantMutexGuard<'a, RawMutex, RawThreadId, T>;
/// As [`parking_lot::MappedReentrantMutexGuard`](::parking_lot::MappedReentrantMutexGuard).
pub type MappedReentrantMutexGuard<'a, T> = lock_api::MappedReentrantMutexGuard<'a, RawMutex, RawThreadId, T>;
/// As [`parking_lot::RwLockReadGuard`](::parking_lot::RwLockReadGuard).
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;
/// As [`parking_lot::MappedRwLockReadGuard`](::parking_lot::MappedRwLockReadGuard).
pub type MappedRwLockReadGuard<'a, T> = lock_api::MappedRwLockReadGuard<'a, RawRwLock, T>;
/// As [`parking_lot::RwLockWriteGuard`](::parking_lot::RwLockWriteGuard).
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;
/// As [`parking_lot::MappedRwLockWriteGuard`](::parking_lot::MappedRwLockWriteGuard).
pub type MappedRwLockWriteGuard<'a, T> = lock_api::MappedRwLockWriteGuard<'a, RawRwLock, T>;
/// As [`parking_lot::RwLockUpgradableReadGuard`](::parking_lot::RwLockUpgradableReadGuard).
pub type RwLockUpgradableReadGuard<'a, T> = lock_api::RwLockUpgradableReadGuard<'a, RawRwLock, T>;
