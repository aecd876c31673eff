//! Spawned threads in a build without the feature `record`: nobody tells of them, but they inherit what the mirror into
//! `tracing` asks for.

use std::sync::Arc;

use super::children::Children;
use crate::scope;
use crate::seen::Seen;

/// Takes no room.
#[derive(Debug)]
pub(super) struct Child;

impl Child {
    pub(super) const UNSEEN: Child = Child;

    pub(super) fn announce<F: FnOnce() -> T, T>(
        _: Option<Seen>,
        _: Option<String>,
        _: Option<Arc<Children>>,
        run: F,
    ) -> (Child, impl FnOnce() -> T) {
        let inherited = scope::current();
        let wrapped = move || {
            let _in = inherited.map(scope::enter);
            run()
        };
        (Child, wrapped)
    }

    pub(super) fn settle(&self) {}

    #[inline]
    pub(super) fn join<T>(self, _: Option<Seen>, join: impl FnOnce() -> T) -> T {
        join()
    }
}

pub(super) fn joins(seen: Seen, _: u64) {
    match *seen.recorder {}
}

pub(super) fn joined(seen: Seen, _: u64) {
    match *seen.recorder {}
}
