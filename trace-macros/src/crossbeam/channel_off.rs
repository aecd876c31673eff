//! Channels of crossbeam in a build without the feature `record`: the originals.

pub use crossbeam_channel::*;

/// A channel with a name for people, which nobody asks for.
pub fn named_unbounded<T>(_: &'static str) -> (Sender<T>, Receiver<T>) {
    unbounded()
}

/// A bounded channel with a name for people, which nobody asks for.
pub fn named_bounded<T>(_: &'static str, capacity: usize) -> (Sender<T>, Receiver<T>) {
    bounded(capacity)
}
