//! The threads of a scope, at whose end they are waited for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::child::{joined, joins};
use crate::seen::Seen;

/// Recorded threads of one scope that nobody has joined.
#[derive(Debug, Default)]
pub(super) struct Children {
    lists: Mutex<Lists>,
    one_ended: Condvar,
}

#[derive(Debug, Default)]
struct Lists {
    running: Vec<u64>,
    ended: Vec<u64>,
}

/// The scopes that are open, by the address of the original, which has no room for more.
static OPEN: Mutex<Vec<(usize, Arc<Children>)>> = Mutex::new(Vec::new());

/// A scope among those that are open, until this is dropped.
#[derive(Debug)]
pub(super) struct Registered {
    address: usize,
    children: Arc<Children>,
}

/// Nothing panics under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Children {
    /// Notes that the scope at this address is open.
    pub(super) fn register(address: usize) -> Registered {
        let children = Arc::<Children>::default();
        lock(&OPEN).push((address, children.clone()));
        Registered { address, children }
    }

    /// The threads of the scope at this address.
    pub(super) fn of(address: usize) -> Option<Arc<Children>> {
        lock(&OPEN).iter().find(|(other, _)| *other == address).map(|(_, children)| children.clone())
    }

    /// `child` is about to be spawned.
    pub(super) fn begins(&self, child: u64) {
        lock(&self.lists).running.push(child);
    }

    /// `child` has said its last word.
    pub(super) fn ended(&self, child: u64) {
        let mut lists = lock(&self.lists);
        // Who was joined meanwhile is on no list.
        if let Some(place) = lists.running.iter().position(|other| *other == child) {
            lists.running.remove(place);
            lists.ended.push(child);
        }
        drop(lists);
        self.one_ended.notify_all();
    }

    /// `child` is not to be waited for.
    pub(super) fn forget(&self, child: u64) {
        let mut lists = lock(&self.lists);
        lists.running.retain(|other| *other != child);
        lists.ended.retain(|other| *other != child);
    }
}

impl Registered {
    /// Waits for one thread after the other, those included that are spawned meanwhile; each wait is recorded.
    pub(super) fn join_all(&self, seen: Option<Seen>) {
        let Some(seen) = seen else { return };
        let Children { lists, one_ended } = &*self.children;
        loop {
            let ended = std::mem::take(&mut lock(lists).ended);
            ended.into_iter().for_each(|child| joined(seen, child));
            let Some(child) = lock(lists).running.first().copied() else {
                // The last may have ended since the first look.
                if lock(lists).ended.is_empty() { return } else { continue }
            };
            joins(seen, child);
            let mut now = lock(lists);
            while now.running.contains(&child) {
                now = one_ended.wait(now).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&OPEN).retain(|(address, _)| *address != self.address);
    }
}
