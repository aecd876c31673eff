//! Synchronisation that is seen: as in [`std::sync`], but who waits for what, who holds it and since which line is recorded.
//!
//! Change the `use` lines of a crate, and it is instrumented. What has nothing to wait for (`Arc`, `Weak`, `atomic`) is
//! re-exported as it is.

mod barrier;
mod condvar;
pub mod mpsc;
mod mutex;
mod rw_lock;
mod wait_group;

pub use std::sync::{
    Arc, BarrierWaitResult, LazyLock, LockResult, Once, OnceLock, OnceState, PoisonError, TryLockError, TryLockResult,
    WaitTimeoutResult, Weak, atomic,
};

pub use barrier::Barrier;
pub use condvar::Condvar;
pub use mutex::{Mutex, MutexGuard};
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use wait_group::WaitGroup;
