//! Synchronisation that is seen: as in [`std::sync`], but who waits for what, who holds it and since which line is recorded.
//!
//! What is not tracked (yet) is re-exported from [`std::sync`] as it is, so that one `use` line can be changed as a whole;
//! all but `Condvar`, which cannot wait with a tracked guard: a mutex that one waits with stays `std`'s for now.

mod mutex;

pub use std::sync::{
    Arc, Barrier, BarrierWaitResult, LazyLock, LockResult, Once, OnceLock, OnceState, PoisonError, RwLock,
    RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, Weak, atomic, mpsc,
};

pub use mutex::{Mutex, MutexGuard};

use std::sync::atomic::{AtomicU64, Ordering};

/// A new lock's id; unique among all sorts of locks.
fn next_lock_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The name of a type as its user would write it: without the paths of modules.
fn short_type_name<T: ?Sized>() -> String {
    let mut short = String::new();
    let mut word = 0;
    for character in std::any::type_name::<T>().chars() {
        short.push(character);
        if short.ends_with("::") {
            short.truncate(word);
        } else if !(character.is_alphanumeric() || character == '_' || character == ':') {
            word = short.len();
        }
    }
    short
}

#[cfg(test)]
mod tests {
    #[test]
    fn type_names_lose_their_paths() {
        assert_eq!(super::short_type_name::<u64>(), "u64");
        assert_eq!(super::short_type_name::<Option<std::sync::Arc<String>>>(), "Option<Arc<String>>");
        assert_eq!(super::short_type_name::<(Vec<u8>, [&str; 2])>(), "(Vec<u8>, [&str; 2])");
    }
}
