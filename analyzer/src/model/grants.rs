//! Locks: in which order each was granted, and what that orders.
//!
//! A grant that excludes others follows every hold before it; a shared one follows the last that excluded others. Which
//! grant came first, `seq` says; where there is none, the order of the file says it, if one writer wrote that.

use std::collections::VecDeque;

use peerscope_format::value::Id;
use peerscope_format::vocabulary::Body;
use rustc_hash::FxHashMap;

use super::{Event, EventId, LineId, LockId};

/// What an event does to a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LockStep {
    /// It is granted.
    Acquire { seq: Option<u64>, shared: bool },
    /// A shared hold becomes exclusive.
    Upgrade { seq: Option<u64> },
    /// An exclusive hold becomes shared.
    Downgrade { seq: Option<u64> },
    /// A hold ends.
    Release { seq: Option<u64> },
}

impl LockStep {
    /// The lock and the step, if `body` is one.
    pub(super) fn of<'a>(body: &Body<'a>) -> Option<(Option<Id<'a>>, LockStep)> {
        match body {
            Body::LockAcquire(body) if granted(body.outcome) => {
                let shared = matches!(body.mode, Some("shared" | "upgradable"));
                Some((body.lock, LockStep::Acquire { seq: body.seq, shared }))
            }
            Body::LockUpgrade(body) if granted(body.outcome) => Some((body.lock, LockStep::Upgrade { seq: body.seq })),
            Body::LockDowngrade(body) => Some((body.lock, LockStep::Downgrade { seq: body.seq })),
            Body::LockRelease(body) => Some((body.lock, LockStep::Release { seq: body.seq })),
            _ => None,
        }
    }
}

/// Whether an attempt with this outcome took the lock.
pub(crate) fn granted(outcome: Option<&str>) -> bool {
    matches!(outcome, None | Some("ok" | "poisoned"))
}

/// One grant of a lock.
#[derive(Clone, Copy, Debug)]
struct Grant {
    lock: LockId,
    shared: bool,
    /// Its `seq`, or its place in the file.
    place: u64,
    begin: EventId,
    /// Its release; its begin as long as none is known, for whoever comes later follows at least that.
    end: EventId,
}

impl Grant {
    fn is_open(&self) -> bool {
        self.end == self.begin
    }
}

/// All grants, gathered while events pass by.
#[derive(Debug, Default)]
pub(super) struct Grants {
    all: Vec<Grant>,
    /// Ends that name their grant's `seq`.
    ends: Vec<(LockId, u64, EventId)>,
    /// Places in `all` of what each line holds.
    open: FxHashMap<(Option<LineId>, LockId), Vec<u32>>,
    /// Places in `all` of what is held, by lock, the oldest first, and of some that has ended since: for releases by
    /// another line, in files of one writer.
    open_in_file: FxHashMap<LockId, VecDeque<u32>>,
}

impl Grants {
    pub(super) fn take_in(&mut self, event: Event<'_>, lock: LockId, step: LockStep) {
        let one_writer = event.trace().source(event.source()).header.one_writer;
        // One writer's order is the order of the grants, with or without `seq`.
        let place = |seq: Option<u64>| if one_writer { Some(u64::from(event.id().0)) } else { seq };
        match step {
            LockStep::Acquire { seq, shared } => self.begin(event, lock, place(seq), shared, one_writer),
            LockStep::Upgrade { seq } => {
                self.end(event, lock, None, one_writer);
                self.begin(event, lock, place(seq), false, one_writer);
            }
            LockStep::Downgrade { seq } => {
                self.end(event, lock, None, one_writer);
                self.begin(event, lock, place(seq), true, one_writer);
            }
            LockStep::Release { seq } => self.end(event, lock, seq, one_writer),
        }
    }

    fn begin(&mut self, event: Event<'_>, lock: LockId, place: Option<u64>, shared: bool, one_writer: bool) {
        let Some(place) = place else { return };
        let row = self.all.len() as u32;
        self.all.push(Grant { lock, shared, place, begin: event.id(), end: event.id() });
        self.open.entry((event.line(), lock)).or_default().push(row);
        if one_writer {
            let all = &self.all;
            let open = self.open_in_file.entry(lock).or_default();
            while open.pop_front_if(|row| !all[*row as usize].is_open()).is_some() {}
            open.push_back(row);
        }
    }

    /// Ends the line's own youngest hold, unless `seq` names another; then that, or the oldest in a file of one writer.
    fn end(&mut self, event: Event<'_>, lock: LockId, seq: Option<u64>, one_writer: bool) {
        let all = &mut self.all;
        let names_other = |row: u32| !one_writer && seq.is_some_and(|seq| seq != all[row as usize].place);
        let own = self.open.get_mut(&(event.line(), lock)).and_then(|rows| {
            while rows.pop_if(|row| !all[*row as usize].is_open()).is_some() {}
            rows.pop_if(|row| !names_other(*row))
        });
        let row = own.or_else(|| {
            let open = self.open_in_file.get_mut(&lock)?;
            while open.pop_front_if(|row| !all[*row as usize].is_open()).is_some() {}
            open.pop_front()
        });
        match row {
            Some(row) => all[row as usize].end = event.id(),
            None if one_writer => {}
            None => self.ends.extend(seq.map(|seq| (lock, seq, event.id()))),
        }
    }

    /// Hands each edge (giver, taker) to `add`.
    pub(super) fn finish(self, add: &mut impl FnMut(EventId, EventId)) {
        let Grants { mut all, ends, .. } = self;
        all.sort_by_key(|grant| (grant.lock, grant.place));
        for (lock, seq, end) in ends {
            let after = all.partition_point(|grant| (grant.lock, grant.place) <= (lock, seq));
            if let Some(grant) = after.checked_sub(1).map(|at| &mut all[at])
                && (grant.lock, grant.place) == (lock, seq)
                && grant.is_open()
            {
                grant.end = end;
            }
        }
        let mut readers: Vec<EventId> = Vec::new();
        for grants in all.chunk_by(|one, other| one.lock == other.lock) {
            readers.clear();
            let mut excluding = None;
            for grant in grants {
                if let Some(end) = excluding {
                    add(end, grant.begin);
                }
                if grant.shared {
                    readers.push(grant.end);
                } else {
                    readers.drain(..).for_each(|end| add(end, grant.begin));
                    excluding = Some(grant.end);
                }
            }
        }
    }
}
