//! Synchronisation that is seen: as in [`std::sync`], but who waits for what, who holds it and since which line is recorded.
//!
//! What is not tracked (yet) is re-exported from [`std::sync`] as it is, so that one `use` line can be changed as a whole.

mod mutex;

pub use std::sync::{
    Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Once, OnceLock, OnceState, PoisonError, RwLock,
    RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, WaitTimeoutResult, Weak, atomic, mpsc,
};

pub use mutex::{Mutex, MutexGuard};
