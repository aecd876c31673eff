//! Synchronisation that is seen: as in [`std::sync`], but who waits for what, who holds it and since which line is recorded.
//!
//! Change the `use` lines of a crate, and it is instrumented. What has nothing to wait for (`Arc`, `Weak`, `atomic`) is
//! re-exported as it is.

mod barrier;
mod condvar;
#[cfg(feature = "record")]
mod lazy_lock;
#[cfg(not(feature = "record"))]
#[path = "sync/lazy_lock_off.rs"]
mod lazy_lock;
pub mod mpsc;
mod mutex;
mod once;
mod once_lock;
mod rw_lock;
mod shared;
mod wait_group;

pub use std::sync::{
    Arc, BarrierWaitResult, LockResult, OnceState, PoisonError, TryLockError, TryLockResult, WaitTimeoutResult, Weak,
    atomic,
};

pub use barrier::Barrier;
pub use condvar::Condvar;
pub use lazy_lock::LazyLock;
pub use mutex::{Mutex, MutexGuard};
pub use once::Once;
pub use once_lock::OnceLock;
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use shared::Shared;
pub use wait_group::WaitGroup;
