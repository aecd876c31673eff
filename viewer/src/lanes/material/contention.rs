//! During which holds somebody waited for the lock.

use peerscope_analyzer::facts::{Hold, Wait};
use peerscope_analyzer::model::{EventId, Grouped};

use super::NEVER;

/// By hold: whether somebody waited for its lock while it went on. `by_lock` and `waits_by_lock` are places in `holds` and
/// `waits`.
pub(super) fn contended(
    holds: &[Hold],
    waits: &[Wait],
    by_lock: &Grouped<u32>,
    waits_by_lock: &Grouped<u32>,
) -> Vec<bool> {
    let mut contended = vec![false; holds.len()];
    let (mut begins, mut ends) = (Vec::new(), Vec::new());
    for lock in 0..waits_by_lock.len() {
        let places = waits_by_lock.of(lock);
        if places.is_empty() {
            continue;
        }
        begins.clear();
        ends.clear();
        for place in places {
            let wait = &waits[*place as usize];
            begins.push(wait.begin);
            ends.push(wait.lost.or(wait.end).unwrap_or(NEVER));
        }
        begins.sort_unstable();
        ends.sort_unstable();
        for place in by_lock.of(lock) {
            contended[*place as usize] = is_contended(&holds[*place as usize], &begins, &ends);
        }
    }
    contended
}

/// Whether a wait goes on right after the acquire (that of the taker himself has just ended), or begins before the end.
fn is_contended(hold: &Hold, begins: &[EventId], ends: &[EventId]) -> bool {
    let end = hold.lost.or(hold.release).unwrap_or(NEVER);
    let begun = begins.partition_point(|begin| *begin <= hold.acquire);
    let ended = ends.partition_point(|end| *end <= hold.acquire);
    begun > ended || begins.get(begun).is_some_and(|begin| *begin < end)
}
