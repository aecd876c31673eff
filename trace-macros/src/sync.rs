//! Synchronisation that is seen: as in [`std::sync`], but who waits for what, who holds it and since which line is recorded.
//!
//! What is not tracked (yet) is re-exported from [`std::sync`] as it is, so that one `use` line can be changed as a whole;
//! all but `Condvar`, which cannot wait with a tracked guard: a mutex that one waits with stays `std`'s for now.

mod mutex;
mod rw_lock;

pub use std::sync::{
    Arc, Barrier, BarrierWaitResult, LazyLock, LockResult, Once, OnceLock, OnceState, PoisonError, TryLockError,
    TryLockResult, Weak, atomic, mpsc,
};

pub use mutex::{Mutex, MutexGuard};
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
