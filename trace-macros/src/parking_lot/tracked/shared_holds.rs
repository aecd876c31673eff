//! The locks that a thread shares with others at the moment.

use std::cell::Cell;

use crate::lock::{Hold, Lock};
use crate::task;

/// So many can a thread have at a time.
const ROOM: usize = 32;

#[derive(Clone, Copy)]
struct Shared {
    lock: *const Lock,
    task: u64,
    hold: Hold,
}

thread_local! {
    // No destructor and no allocation, so that they can be used until the thread's very last moment and within an allocator.
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static HOLDS: [Cell<Option<Shared>>; ROOM] = const { [const { Cell::new(None) }; ROOM] };
}

/// Whether one more can be kept.
pub(super) fn has_room() -> bool {
    COUNT.get() < ROOM
}

/// Keeps a hold of the current task, for which there must be room.
pub(super) fn keep(lock: &Lock, hold: Hold) {
    let place = COUNT.get();
    let shared = Shared { lock, task: task::current_id(), hold };
    HOLDS.with(|holds| holds[place].set(Some(shared)));
    COUNT.set(place + 1);
}

/// The youngest hold of this lock, of the current task if it has one (it may have let others of its thread end theirs); none
/// if it was not recorded.
pub(super) fn take(lock: &Lock) -> Option<Hold> {
    let count = COUNT.get();
    if count == 0 {
        return None;
    }
    let task = task::current_id();
    HOLDS.with(|holds| {
        let holds = &holds[..count];
        let of_lock = |place: &usize| holds[*place].get().is_some_and(|shared| std::ptr::eq(shared.lock, lock));
        let own = |place: &usize| of_lock(place) && holds[*place].get().is_some_and(|shared| shared.task == task);
        let place = (0..count).rfind(own).or_else(|| (0..count).rfind(of_lock))?;
        let taken = holds[place].take();
        // Those behind it move up.
        for (to, from) in holds[place..].iter().zip(&holds[place + 1..]) {
            to.swap(from);
        }
        COUNT.set(count - 1);
        taken.map(|shared| shared.hold)
    })
}
