//! Locks: in which order each was granted, and what that orders.
//!
//! A grant that excludes others follows every hold before it; a shared one follows the last that excluded others. Which
//! grant came first, `seq` says; where there is none, the order of the file says it, if one writer wrote that.
//!
//! What a later grant follows is the release before it. Where the file has that release only behind the grant (it was
//! written when the lock was free already), the grant follows what the holder did last before. Where another line
//! wrote the release, it follows the grant before it as well.

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
    /// Its number. Without it, it is known by its place in a file of one writer.
    seq: Option<u64>,
    begin: EventId,
    /// Its release; its begin as long as none is known, for whoever comes later follows at least that.
    end: EventId,
}

impl Grant {
    fn is_open(&self) -> bool {
        self.end == self.begin
    }
}

/// How far before a grant the holder's last deed is looked for, if its release was written late.
const FARTHEST: usize = 1024;

/// All grants, gathered while events pass by.
#[derive(Debug, Default)]
pub(super) struct Grants {
    /// In the order in which they passed by.
    all: Vec<Grant>,
    /// Ends that name a grant which had not passed by.
    ends: FxHashMap<(LockId, u64), EventId>,
    /// By number: places in `all` of grants whose end has not passed by.
    by_seq: FxHashMap<(LockId, u64), u32>,
    /// Places in `all` of what each line holds.
    open: FxHashMap<(Option<LineId>, LockId), Vec<u32>>,
    /// Places in `all` of what is held, by lock, the oldest first, and of some that has ended since: for releases by
    /// another line, in files of one writer.
    open_in_file: FxHashMap<LockId, VecDeque<u32>>,
}

impl Grants {
    pub(super) fn take_in(&mut self, event: Event<'_>, lock: LockId, step: LockStep) {
        let one_writer = event.trace().source(event.source()).header.one_writer;
        match step {
            LockStep::Acquire { seq, shared } => self.begin(event, lock, seq, shared, one_writer),
            LockStep::Upgrade { seq } => {
                self.end(event, lock, None, one_writer);
                self.begin(event, lock, seq, false, one_writer);
            }
            LockStep::Downgrade { seq } => {
                self.end(event, lock, None, one_writer);
                self.begin(event, lock, seq, true, one_writer);
            }
            LockStep::Release { seq } => self.end(event, lock, seq, one_writer),
        }
    }

    fn begin(&mut self, event: Event<'_>, lock: LockId, seq: Option<u64>, shared: bool, one_writer: bool) {
        if seq.is_none() && !one_writer {
            return;
        }
        let row = self.all.len() as u32;
        self.all.push(Grant { lock, shared, seq, begin: event.id(), end: event.id() });
        self.by_seq.extend(seq.map(|seq| ((lock, seq), row)));
        let all = &self.all;
        let own = self.open.entry((event.line(), lock)).or_default();
        while own.pop_if(|row| !all[*row as usize].is_open()).is_some() {}
        own.push(row);
        if one_writer {
            let open = self.open_in_file.entry(lock).or_default();
            while open.pop_front_if(|row| !all[*row as usize].is_open()).is_some() {}
            open.push_back(row);
        }
    }

    /// Ends the hold that `seq` names; without `seq`, the line's own youngest, or the oldest in a file of one writer.
    fn end(&mut self, event: Event<'_>, lock: LockId, seq: Option<u64>, one_writer: bool) {
        let all = &mut self.all;
        let named = seq.and_then(|seq| self.by_seq.remove(&(lock, seq))).filter(|row| all[*row as usize].is_open());
        let unnamed = |row: &u32| seq.is_none() || all[*row as usize].seq.is_none();
        let row = named.or_else(|| {
            let rows = self.open.get_mut(&(event.line(), lock))?;
            while rows.pop_if(|row| !all[*row as usize].is_open()).is_some() {}
            rows.pop_if(|row| unnamed(row))
        });
        let row = row.or_else(|| {
            let open = self.open_in_file.get_mut(&lock)?;
            while open.pop_front_if(|row| !all[*row as usize].is_open()).is_some() {}
            open.pop_front_if(|row| unnamed(row))
        });
        match (row, seq) {
            (Some(row), _) => {
                let grant = &mut all[row as usize];
                grant.end = event.id();
                if let Some(seq) = grant.seq {
                    self.by_seq.remove(&(lock, seq));
                }
            }
            (None, Some(seq)) if !one_writer => {
                self.ends.entry((lock, seq)).or_insert(event.id());
            }
            (None, _) => {}
        }
    }

    /// Hands each edge (giver, taker) to `add`, which says whether the order of a file contradicts it; `line_of` says
    /// in which line an event stands.
    pub(super) fn finish(
        self,
        line_of: impl Fn(EventId) -> Option<LineId>,
        add: &mut impl FnMut(EventId, EventId) -> bool,
    ) {
        let Grants { mut all, ends, .. } = self;
        for grant in all.iter_mut().filter(|grant| grant.is_open()) {
            let end = grant.seq.and_then(|seq| ends.get(&(grant.lock, seq)));
            grant.end = end.copied().unwrap_or(grant.end);
        }
        let mut follow = |earlier: &Grant, later: &Grant| {
            let line = line_of(earlier.begin);
            if !add(earlier.end, later.begin) {
                let mut held = (earlier.begin.0 + 1..later.begin.0).rev().take(FARTHEST).map(EventId);
                let last = held.find(|event| line.is_some() && line_of(*event) == line);
                let follows_own = line_of(earlier.end) == line;
                add(last.filter(|_| follows_own).unwrap_or(earlier.begin), later.begin);
            } else if line_of(earlier.end) != line {
                add(earlier.begin, later.begin);
            }
        };
        all.sort_by_key(|grant| grant.lock);
        let mut readers: Vec<Grant> = Vec::new();
        for grants in all.chunk_by_mut(|one, other| one.lock == other.lock) {
            // Some without a number: then the order of the file is the only one of all of them.
            if grants.iter().all(|grant| grant.seq.is_some()) {
                grants.sort_by_key(|grant| grant.seq);
            }
            readers.clear();
            let mut excluding: Option<Grant> = None;
            for grant in &*grants {
                if let Some(earlier) = &excluding {
                    follow(earlier, grant);
                }
                if grant.shared {
                    readers.push(*grant);
                } else {
                    readers.drain(..).for_each(|reader| follow(&reader, grant));
                    excluding = Some(*grant);
                }
            }
        }
    }
}
