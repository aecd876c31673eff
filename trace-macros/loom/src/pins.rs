//! Pins: what a task holds and waits for, written again and again, and read meanwhile.

use loom::sync::Arc;
use loom::thread;

use crate::atomics::{AtomicU64, Ordering, fence};
use crate::protocol;

/// A pin: the state of record `number` is `number`, which is its time; its value tells only whether the number is odd, so that
/// every second record has the same one.
struct Pin {
    state: AtomicU64,
    value: AtomicU64,
}

/// What one call of `read` returned.
type Look = (u64, u64);

impl Pin {
    fn new() -> Arc<Self> {
        Arc::new(Pin { state: AtomicU64::new(0), value: AtomicU64::new(0) })
    }

    fn fill(&self, number: u64) {
        protocol::fill(&self.state, number, || self.value.store(number % 2 + 1, Ordering::Relaxed));
    }

    fn look(&self) -> Look {
        let look = (self.state.load(Ordering::Relaxed), self.value.load(Ordering::Relaxed));
        // Between one call and the next; all that any kernel does there is more.
        fence(Ordering::Acquire);
        look
    }

    /// What the reader believes after as many looks.
    fn read(&self, looks: usize) -> Option<Look> {
        let first = self.look();
        (1..looks).all(|_| self.look() == first).then_some(first)
    }
}

fn read_while_refilled(looks: usize) {
    let pin = Pin::new();
    pin.fill(1);
    let task = {
        let pin = pin.clone();
        thread::spawn(move || (2..=3).for_each(|number| pin.fill(number)))
    };
    if let Some((number @ 1.., value)) = pin.read(looks) {
        assert_eq!(value, number % 2 + 1, "a record that never was");
    }
    task.join().expect("it ends");
    assert_eq!(pin.read(3), Some((3, 2)));
}

/// A task that has pinned a record pins two others; who looks meanwhile believes none that never was.
pub(crate) fn refill() {
    read_while_refilled(3);
}

/// The same with a reader that believes what it has seen twice.
pub(crate) fn seen_twice() {
    read_while_refilled(2);
}

/// A guard is dropped by another thread than the one that locked. That one looks for a free pin meanwhile, and takes this one
/// if it is free: the record that it pins then stays, and a reader sees the one, the other, or none.
pub(crate) fn take_away() {
    let pin = Pin::new();
    pin.fill(1);
    let other = {
        let pin = pin.clone();
        thread::spawn(move || protocol::empty(&pin.state))
    };
    let task = {
        let pin = pin.clone();
        thread::spawn(move || {
            let is_free = pin.state.load(Ordering::Relaxed) == 0;
            if is_free {
                pin.fill(2);
            }
            is_free
        })
    };
    if let Some((number @ 1.., value)) = pin.read(3) {
        assert_eq!(value, number % 2 + 1, "a record that never was");
    }
    other.join().expect("it ends");
    let expected = if task.join().expect("it ends") { 2 } else { 0 };
    assert_eq!(pin.look().0, expected, "what a task holds is not taken away with what it held before");
}
