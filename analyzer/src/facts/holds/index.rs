//! Which of many spans cover a moment: each group's holds as a tree over their ends.

use super::Hold;
use crate::model::{EventId, Grouped};

/// Holds by lock or by line, in the order of their acquires.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Places in the list of all holds.
    pub(super) places: Grouped<u32>,
    /// A balanced tree over each group's places: the entry in the middle of a range says when the last of the range's
    /// holds ends ([`NEVER`] = it does not). Ranges in which nothing is open any more are passed over, so that a hold that
    /// never ends does not make every later one be looked at.
    latest_end: Vec<u32>,
}

const NEVER: u32 = u32::MAX;

impl Index {
    pub(super) fn new(groups: usize, all: &[Hold], group_of: impl Fn(&Hold) -> Option<usize>) -> Self {
        let pairs = || all.iter().zip(0_u32..).filter_map(|(hold, place)| Some((group_of(hold)?, place)));
        let places = Grouped::new(groups, pairs);
        let end = |place: &u32| all[*place as usize].end().map_or(NEVER, |end| end.0);
        let mut latest_end: Vec<u32> = places.values().iter().map(end).collect();
        for group in 0..groups {
            grow(&mut latest_end[places.range(group)]);
        }
        Index { places, latest_end }
    }

    /// The group's holds that cover `event`, the youngest first.
    pub(super) fn covering<'h>(&'h self, all: &'h [Hold], group: usize, event: EventId) -> Covering<'h> {
        let places = self.places.of(group);
        let latest_end = &self.latest_end[self.places.range(group)];
        // What covers the end of the trace covers every moment behind it.
        let event = event.0.min(NEVER - 1);
        let known = places.partition_point(|place| all[*place as usize].acquire.0 <= event);
        Covering { all, places, latest_end, known, event, to_visit: vec![Visit::Range(0, places.len())], visits: 0 }
    }
}

/// Makes a tree of the ends of holds; returns the latest.
fn grow(ends: &mut [u32]) -> u32 {
    let middle = ends.len() / 2;
    let Some((left, rest)) = ends.split_at_mut_checked(middle) else { return 0 };
    let Some((own, right)) = rest.split_first_mut() else { return 0 };
    *own = (*own).max(grow(left)).max(grow(right));
    *own
}

#[derive(Clone, Copy)]
enum Visit {
    Range(usize, usize),
    Hold(usize),
}

/// See [`Index::covering`].
pub(super) struct Covering<'h> {
    all: &'h [Hold],
    places: &'h [u32],
    latest_end: &'h [u32],
    known: usize,
    event: u32,
    to_visit: Vec<Visit>,
    /// How many ranges and holds were looked at: what a question costs.
    pub(super) visits: usize,
}

impl<'h> Iterator for Covering<'h> {
    type Item = &'h Hold;

    fn next(&mut self) -> Option<&'h Hold> {
        loop {
            self.visits += 1;
            match self.to_visit.pop()? {
                Visit::Hold(at) => {
                    let hold = &self.all[self.places[at] as usize];
                    if hold.covers(EventId(self.event)) {
                        return Some(hold);
                    }
                }
                Visit::Range(from, to) => {
                    let middle = from + (to - from) / 2;
                    if from >= to.min(self.known) || self.latest_end[middle] <= self.event {
                        continue;
                    }
                    // The last in is the first out.
                    self.to_visit.push(Visit::Range(from, middle));
                    if middle < self.known {
                        self.to_visit.push(Visit::Hold(middle));
                        self.to_visit.push(Visit::Range(middle + 1, to));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Mode;
    use crate::model::LockId;

    fn hold((acquire, release): (u32, Option<u32>)) -> Hold {
        let (acquire, release) = (EventId(acquire), release.map(EventId));
        Hold { lock: LockId(0), task: None, line: None, wait: None, acquire, release, lost: None, mode: Mode::Shared }
    }

    #[test]
    fn what_covers_a_moment_is_found_whatever_ends_when() {
        let spans = [(0, Some(9)), (1, None), (2, Some(3)), (4, Some(8)), (5, Some(6)), (7, None), (10, Some(11))];
        let all: Vec<_> = spans.into_iter().map(hold).collect();
        for some in 0..=all.len() {
            let index = Index::new(1, &all[..some], |_| Some(0));
            for event in (0..13).chain([u32::MAX]).map(EventId) {
                let found: Vec<_> = index.covering(&all[..some], 0, event).map(|hold| hold.acquire).collect();
                let naive = all[..some].iter().rev().filter(|hold| hold.covers(event)).map(|hold| hold.acquire);
                assert_eq!(found, naive.collect::<Vec<_>>(), "of {some} at {event:?}");
            }
        }
    }

    #[test]
    fn a_hold_that_never_ends_does_not_make_questions_dear() {
        let count = 100_000;
        let ended = (0..count).map(|n| (2 * n + 1, Some(2 * n + 2)));
        let all: Vec<_> = std::iter::once((0, None)).chain(ended).map(hold).collect();
        let index = Index::new(1, &all, |_| Some(0));
        let mut visits = 0;
        for n in (0..count).step_by(1000) {
            let mut covering = index.covering(&all, 0, EventId(2 * n + 1));
            assert_eq!(covering.by_ref().count(), 2);
            visits = visits.max(covering.visits);
        }
        assert!(visits < 150, "{visits} visits for 2 of {count} holds");
    }
}
