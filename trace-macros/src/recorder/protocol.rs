//! The few stores by which records, chunks and pins begin to exist for those who read the file while it is written. All
//! that the format promises about a running or killed program rests on their order, and on nothing else.
//!
//! # Memory ordering
//! A reader is another thread or another process; it takes no lock and the writer never waits for it. So each thing is
//! written in full first, and then one word says, with *release*, that it is there: who loads that word with *acquire* sees
//! the whole thing. [`publish`] does that for records (`committed`), for heads of chunks (their mark) and for the chain of
//! chunks without events; [`seal`] for the sum of a chunk.
//!
//! A pin is written again and again, so that a word that says "full" could be an old one: it says "empty" first, and the
//! *fence* behind that makes sure that nobody who sees a byte of the new record still finds the old one's "full"
//! afterwards ([`fill`]). A release store in its place would not do: it keeps back what stands before it, not what follows.
//!
//! A kill needs no order at all: the page cache has what the program's threads have stored, each thread's stores in the
//! order of the program. What needs it are readers meanwhile, and processors that show a thread's stores in another order
//! than it made them (x86-64 does not; there all of this costs no instruction).
//!
//! `trace-macros/loom` compiles this file against loom's atomics and tries all that threads, and memory, may do.

use super::atomics::{AtomicU32, AtomicU64, Ordering, fence};

/// What this thread wrote before, or took over under a lock, is there from now on: `word` says so by its new `value`.
#[inline(always)]
pub(crate) fn publish(word: &AtomicU32, value: u32) {
    word.store(value, Ordering::Release);
}

/// Nothing follows in this chunk, and `sum` is the sum of what was committed.
#[inline]
pub(crate) fn seal(crc: &AtomicU32, sealed: &AtomicU32, sum: u32) {
    crc.store(sum, Ordering::Relaxed);
    sealed.store(1, Ordering::Release);
}

/// Puts another record into a pin: `put` stores its parts as atomics (*relaxed*), `full` is the state of the pin with it.
#[inline(always)]
pub(crate) fn fill(state: &AtomicU64, full: u64, put: impl FnOnce()) {
    state.store(0, Ordering::Relaxed);
    fence(Ordering::Release);
    put();
    state.store(full, Ordering::Release);
}

/// Takes away what a pin keeps. It needs no order: what filled the pin was seen by whoever empties it, and the next one to
/// fill it has seen that it is empty.
#[inline(always)]
pub(crate) fn empty(state: &AtomicU64) {
    state.store(0, Ordering::Relaxed);
}
