//! Which events ended the blocks of a track: mostly one soon after the block's first, which a byte tells.

use peerscope_analyzer::model::EventId;

/// Goes on where the trace ends.
const OPEN: u32 = u32::MAX;
/// As a step: it is in the list.
const FAR: u8 = u8::MAX;

/// By block: the event that ended it, or none.
#[derive(Debug)]
pub(super) enum Ends {
    /// All are mere events, which end themselves.
    Same,
    /// How many events after the block's first; or, if that is far or not known, an entry in the list by block.
    Near { steps: Vec<u8>, far: Vec<(u32, u32)> },
    /// Most are far.
    Far(Vec<u32>),
}

impl Ends {
    /// Those of blocks, of which each is given as its first and its last event.
    pub(super) fn new(blocks: impl ExactSizeIterator<Item = (EventId, Option<EventId>)> + Clone) -> Ends {
        if blocks.clone().all(|(begin, end)| end == Some(begin)) {
            return Ends::Same;
        }
        let step = |(begin, end): (EventId, Option<EventId>)| {
            let step = end.and_then(|end| end.0.checked_sub(begin.0));
            step.and_then(|step| u8::try_from(step).ok()).unwrap_or(FAR)
        };
        let value = |end: Option<EventId>| end.map_or(OPEN, |end| end.0);
        let is_far = |block: &(EventId, Option<EventId>)| step(*block) == FAR;
        // An entry of the list is 8 bytes, a step 1, and one in a column of all 4.
        if blocks.clone().filter(is_far).count() * 8 > blocks.len() * 3 {
            return Ends::Far(blocks.map(|(_, end)| value(end)).collect());
        }
        let far = (0_u32..).zip(blocks.clone()).filter(|(_, block)| is_far(block));
        let far = far.map(|(index, (_, end))| (index, value(end))).collect();
        Ends::Near { steps: blocks.map(step).collect(), far }
    }

    /// What ended the block at `index`, which `begin` began.
    #[inline]
    pub(super) fn get(&self, index: usize, begin: EventId) -> Option<EventId> {
        let end = match self {
            Ends::Same => begin.0,
            Ends::Near { steps, far } => match steps[index] {
                FAR => far.binary_search_by_key(&(index as u32), |(index, _)| *index).map_or(OPEN, |at| far[at].1),
                step => begin.0 + u32::from(step),
            },
            Ends::Far(ends) => ends[index],
        };
        Some(end).filter(|end| *end != OPEN).map(EventId)
    }

    /// Whether blocks end themselves.
    pub(super) fn are_same(&self) -> bool {
        matches!(self, Ends::Same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_what_it_was_near_or_far_or_open() {
        let near = |at: u32| (EventId(at * 300), Some(EventId(at * 300 + at % 255)));
        let mut blocks: Vec<_> = (0..1_000).map(near).collect();
        assert!(matches!(Ends::new(blocks.iter().copied()), Ends::Near { far, .. } if far.is_empty()));
        // One ends 255 events later, one long after, one before it began, one never.
        (blocks[3].1, blocks[5].1) = (Some(EventId(900 + 255)), Some(EventId(4_000_000_000)));
        (blocks[7].1, blocks[999].1) = (Some(EventId(1)), None);
        let same: Vec<_> = (0..9).map(|at| (EventId(at), Some(EventId(at)))).collect();
        let far: Vec<_> = (0..9).map(|at| (EventId(at), (at % 2 == 0).then_some(EventId(at + 1_000)))).collect();
        for (blocks, form) in [(blocks, "Near"), (same, "Same"), (far, "Far")] {
            let ends = Ends::new(blocks.iter().copied());
            assert!(format!("{ends:?}").starts_with(form), "{ends:?}");
            for (index, (begin, end)) in blocks.into_iter().enumerate() {
                assert_eq!(ends.get(index, begin), end, "block {index} of {form}");
            }
        }
    }
}
