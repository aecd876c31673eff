//! Loom's atomics under the names that `protocol.rs` uses, with one thing more: one order at a time can be weakened, to see
//! whether any model notices.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::Location;

pub(crate) use loom::sync::atomic::Ordering;

// Loom runs the threads of a model on one thread of the system, so that these hold for a whole model.
thread_local! {
    static WEAKENED: Cell<Option<u32>> = const { Cell::new(None) };
    static MET: RefCell<BTreeSet<u32>> = const { RefCell::new(BTreeSet::new()) };
}

/// From now on this thread's models take the order in `line` of `protocol.rs` for *relaxed*.
pub(crate) fn weaken(line: u32) {
    WEAKENED.set(Some(line));
}

/// The lines of `protocol.rs` that asked this thread's models for an order.
pub(crate) fn met() -> BTreeSet<u32> {
    MET.with_borrow(BTreeSet::clone)
}

#[track_caller]
fn order(asked: Ordering) -> Ordering {
    let here = Location::caller();
    if asked == Ordering::Relaxed || !here.file().ends_with("protocol.rs") {
        return asked;
    }
    MET.with_borrow_mut(|met| met.insert(here.line()));
    if WEAKENED.get() == Some(here.line()) { Ordering::Relaxed } else { asked }
}

/// As loom's.
#[track_caller]
pub(crate) fn fence(asked: Ordering) {
    match order(asked) {
        Ordering::Relaxed => {}
        order => loom::sync::atomic::fence(order),
    }
}

macro_rules! atomic {
    ($name:ident, $number:ty) => {
        /// As loom's.
        #[derive(Debug)]
        pub(crate) struct $name(loom::sync::atomic::$name);

        impl $name {
            pub(crate) fn new(value: $number) -> Self {
                $name(loom::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $number {
                self.0.load(order)
            }

            #[track_caller]
            pub(crate) fn store(&self, value: $number, asked: Ordering) {
                self.0.store(value, order(asked));
            }
        }
    };
}

atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
