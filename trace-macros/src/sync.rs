//! Synchronisation that is seen: as in [`std::sync`], but who waits for what, who holds it and since which line is recorded.
//!
//! Change the `use` lines of a crate, and it is instrumented: names and signatures of this module and of
//! [`thread`](crate::thread) are those of the originals, all stable ones are there, and a test compiles and runs one program that calls
//! every one of them with either. What has nothing to wait for (`Arc`, `Weak`, `PoisonError`, `atomic`) is re-exported as it is.
//! Beside each `new` there is a `named`, which gives the object a name for people.
//!
//! # Exceptions
//!
//! | of the original | here |
//! |---|---|
//! | its types | are others: who asks for `std`'s by its full name (a library that takes a `std::sync::MutexGuard`) does not take these |
//! | a call that may block | tries first and blocks if it must, as the wait is to be recorded before it; whom `std` prefers, it says nowhere |
//! | [`Condvar`] | waits with the guards of [`Mutex`]; that it waits for the lock before it comes back is not seen |
//! | [`mpsc`] | has one allocation more per channel, and 8 bytes more per value |
//! | [`LazyLock`] | holds its maker in a lock of `std` until it is called |
//! | `atomic`, `Arc`, `thread_local!` | are the originals, and go by unseen; [`Shared`] is a variable that is seen |
//! | `ONCE_INIT` | is not there; it has been deprecated for long |
//! | [`thread::Thread`](crate::thread::Thread), `thread::current` | are the originals: an `unpark` goes by unseen, a `park` does not |
//! | `thread::Builder::spawn_unchecked` | is not there |
//! | `thread::JoinHandle` | turns into the original with `From` and `into_inner`; its traits of Windows are only there |
//! | sizes | are larger, by what the trace wants to know; without the feature `record` they are the originals' |
//!
//! A lock that was taken, a value that was sent and a task that began to wait before the recorder started are counted all
//! the same, so that what is recorded later has the right numbers.

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
mod taking;
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
