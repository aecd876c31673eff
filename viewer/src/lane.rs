//! Lanes and their blocks: what a row of the timeline shows, as plain data.
//!
//! A block keeps the two events that bound it and a look, 5 to 9 bytes in all; when it was, what it says and whose it is follow
//! from them. A lane has tracks, which lie over or below each other in its row; a track's blocks stand in the order of
//! their begins.

mod ends;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::{EventId, LockId, PeerId, TaskId, TestId, Trace};
use peerscope_analyzer::value::Term;

use self::ends::Ends;
use crate::fold::{Fold, Piece};

/// What a block shows; [`crate::colors`] has a row for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Look {
    /// A peer follows.
    Follower,
    /// A peer seeks to be elected.
    Candidate,
    /// A peer leads.
    Leader,
    /// A peer asks whether it would be elected.
    PreCandidate,
    /// A peer learns and has no vote.
    Learner,
    /// A peer has a role that the vocabulary does not know.
    OtherRole,
    /// A peer is not running.
    Down,
    /// A task lives.
    Alive,
    /// A task waits for a lock.
    WaitsForLock,
    /// A task waits for the reply of an RPC.
    WaitsForReply,
    /// A task waits for another to end.
    WaitsForTask,
    /// A task sleeps, or waits for a timer.
    Sleeps,
    /// A task waits for something else: a condition, a channel, a group, permits.
    WaitsForOther,
    /// A lock is held, and nobody waits for it.
    Held,
    /// A lock is held while others wait for it.
    HeldContended,
    /// A lock is held to read by several.
    HeldShared,
    /// A lock that excludes all others is had by several at once: a fault of the lock, or of the trace.
    HeldByTwo,
    /// Tasks wait for a lock; [`Block::depth`] says how many.
    Queue,
    /// A part of a test.
    Phase,
    /// The part of a test in which it failed; also its failed end, as an event without length.
    Failed,
    /// A test's fault that lasts (a partition); also one that does not, as an event without length.
    Fault,
    /// It is not known what was here: events were lost.
    Missing,
    /// An event: a vote.
    Vote,
    /// An event: the log was appended to, truncated, committed, applied, compacted.
    Log,
    /// An event: the term rose, state was persisted or restored.
    Term,
    /// An event: a line that the program wrote (`dprintf!`, foreign `tracing`).
    Line,
    /// An event: a reply was acted on.
    ReplyUsed,
    /// An event: an invariant was checked.
    Invariant,
    /// Any other event.
    Other,
}

/// One thing on a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The event that began it.
    pub begin: EventId,
    /// The event that ended it; the same as `begin` for a mere event; `None` if it goes on where the trace ends.
    pub end: Option<EventId>,
    /// What it shows.
    pub look: Look,
    /// How many at once, for [`Look::Queue`] and what shows holds (255 = so many or more); else 1.
    pub depth: u8,
}

impl Block {
    /// A block that `begin` began and `end` ended.
    pub fn new(begin: EventId, end: Option<EventId>, look: Look) -> Block {
        Block { begin, end, look, depth: 1 }
    }

    /// A mere event.
    pub fn point(event: EventId, look: Look) -> Block {
        Block::new(event, Some(event), look)
    }
}

/// When events are on the time axis. All of the viewer asks here, so that aligned clocks have one way in.
#[derive(Clone, Copy, Debug)]
pub struct Times<'t> {
    trace: &'t Trace,
    end: i64,
}

impl<'t> Times<'t> {
    /// The times of `trace`; `end` is when it ends, in ns: the latest time of any event.
    pub fn new(trace: &'t Trace, end: i64) -> Self {
        Times { trace, end }
    }

    /// When `event` was, in ns.
    #[inline]
    pub fn at(&self, event: EventId) -> i64 {
        i64::try_from(self.trace.event(event).ts()).unwrap_or(i64::MAX)
    }

    /// When what `end` ended was over: the trace's end if nothing ended it.
    #[inline]
    pub fn end(&self, end: Option<EventId>) -> i64 {
        end.map_or(self.end, |event| self.at(event))
    }
}

/// Where a track lies in its lane's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The upper part of the row, at full height: the lane's main thing. Several tracks may share it; later ones are drawn
    /// over earlier ones.
    Main,
    /// A thin strip below; 0 is the uppermost.
    Strip(u8),
    /// Marks of single events, over the main part.
    Points,
}

/// Blocks that lie in one line, columnar, with the index that folds them.
#[derive(Debug)]
pub struct Track {
    /// Where in its lane.
    pub place: Place,
    begins: Vec<EventId>,
    ends: Ends,
    /// Only one if all look alike.
    looks: Vec<Look>,
    /// Empty if all are 1.
    depths: Vec<u8>,
    fold: Fold,
    /// By block of a role: the event that said its term, or [`UNSAID`]. Empty if no block has a term of its own.
    terms: Vec<u32>,
    /// Whether blocks overlap: strips of holds that are nested too deeply, lives that hostile clocks make.
    overlaps: bool,
}

/// Nobody said the term.
const UNSAID: u32 = u32::MAX;

/// How much a role weighs against others that are too small to be drawn each.
fn weight(look: Look) -> u8 {
    match look {
        Look::Leader => 4,
        Look::Candidate => 3,
        Look::PreCandidate => 2,
        Look::Down => 1,
        _ => 0,
    }
}

impl Track {
    /// A track of `blocks`, which stand in the order of their begins.
    pub fn new(place: Place, times: Times<'_>, blocks: &[Block]) -> Track {
        let depths = if blocks.iter().all(|block| block.depth == 1) {
            Vec::new()
        } else {
            blocks.iter().map(|block| block.depth).collect()
        };
        let alike = blocks.windows(2).all(|pair| pair[0].look == pair[1].look);
        let looks = blocks.iter().take(if alike { 1 } else { blocks.len() }).map(|block| block.look).collect();
        let mut track = Track {
            place,
            begins: blocks.iter().map(|block| block.begin).collect(),
            ends: Ends::new(blocks.iter().map(|block| (block.begin, block.end))),
            looks,
            depths,
            fold: Fold::default(),
            terms: Vec::new(),
            overlaps: blocks.windows(2).any(|pair| pair[0].end.is_none_or(|end| end > pair[1].begin)),
        };
        track.fold = Fold::new(track.len(), |index| track.times(times, index));
        track
    }

    /// The same for blocks of roles, with the event that said the term of each. Where many are too small to be drawn each,
    /// the weightiest role stands for all: a leadership of a microsecond is not hidden by the follower around it.
    pub fn with_terms(mut self, said: Vec<Option<EventId>>) -> Track {
        self.terms = said.into_iter().map(|said| said.map_or(UNSAID, |event| event.0)).collect();
        self.terms.resize(self.len(), UNSAID);
        let grades = (0..self.len()).map(|index| weight(self.look(index))).collect();
        self.fold = self.fold.graded(grades);
        self
    }

    /// The term of the role at `index`.
    pub fn term(&self, trace: &Trace, index: usize) -> Option<Term> {
        let said = *self.terms.get(index)?;
        if said == UNSAID { None } else { trace.event(EventId(said)).term() }
    }

    /// The block that stands for all of `piece`: the first of the highest grade if it has a look of its own, else the
    /// longest.
    pub fn standing_for(&self, piece: Piece) -> usize {
        const LOOKED_AT: usize = 64;
        let first = piece.first as usize;
        let mut few = first..(first + (piece.count as usize).min(LOOKED_AT)).min(self.len());
        let weightiest = few.find(|index| piece.grade > 0 && weight(self.look(*index)) == piece.grade);
        weightiest.unwrap_or(piece.longest as usize)
    }

    /// How many blocks it has.
    pub fn len(&self) -> usize {
        self.begins.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.begins.is_empty()
    }

    /// The block at `index`.
    ///
    /// # Panics
    /// If there is none.
    pub fn block(&self, index: usize) -> Block {
        Block {
            begin: self.begins[index],
            end: self.end(index),
            look: self.look(index),
            depth: self.depths.get(index).copied().unwrap_or(1),
        }
    }

    #[inline]
    fn look(&self, index: usize) -> Look {
        if let [look] = self.looks[..] { look } else { self.looks[index] }
    }

    /// From when to when the block at `index` was, in ns.
    #[inline]
    pub fn times(&self, times: Times<'_>, index: usize) -> (i64, i64) {
        let begin = times.at(self.begins[index]);
        let end = if self.ends.are_same() { begin } else { times.end(self.end(index)) };
        (begin, end.max(begin))
    }

    /// The event that ended the block at `index`.
    #[inline]
    fn end(&self, index: usize) -> Option<EventId> {
        self.ends.get(index, self.begins[index])
    }

    /// The index that folds its blocks.
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Gives the blocks that one of `witnesses`, sorted by event, began or ended (at least) its severity.
    pub fn mark(&mut self, witnesses: &[(EventId, Severity)]) {
        for (event, severity) in witnesses {
            let first = self.begins.partition_point(|begin| begin < event);
            let own = self.begins[first..].iter().take_while(|begin| *begin == event).count();
            (first..first + own).for_each(|index| self.fold.mark(index, *severity));
            // What `event` ended began before it: just before, unless blocks overlap.
            let before = first.checked_sub(1).filter(|_| !self.overlaps);
            if let Some(index) = before.filter(|index| self.end(*index) == Some(*event)) {
                self.fold.mark(index, *severity);
            }
        }
        for index in 0..if self.overlaps && !witnesses.is_empty() { self.len() } else { 0 } {
            let witness = |end| witnesses.binary_search_by_key(&end, |(event, _)| *event).ok();
            if let Some(place) = self.end(index).and_then(witness) {
                self.fold.mark(index, witnesses[place].1);
            }
        }
    }
}

/// What a lane is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The phases of a test, and its faults.
    Test(Option<TestId>),
    /// A peer's role and term, and what it does as a member of its group.
    Role(PeerId),
    /// Tasks that follow each other, named by the first.
    Tasks(TaskId),
    /// Events of a peer that name no task.
    Untasked(Option<PeerId>),
    /// A lock.
    Lock(LockId),
}

/// One row of the timeline.
#[derive(Debug)]
pub struct Lane {
    /// What it is about.
    pub subject: Subject,
    /// What stands before it.
    pub label: String,
    /// A sentence on it, for whoever points at the label.
    pub about: String,
    /// Its tracks, in the order in which they are drawn.
    pub tracks: Vec<Track>,
}

impl Lane {
    /// The term of a role, a block of this lane: the last that the peer said; of a mere event its own.
    pub fn term(&self, trace: &Trace, block: Block) -> Option<Term> {
        if !matches!(self.subject, Subject::Role(_)) {
            return None;
        }
        let of_role = |track: &Track| {
            // A role of which nothing more is known begins where what is unknown begins.
            let first = track.begins.partition_point(|begin| *begin < block.begin);
            let own = (first..track.terms.len()).take_while(|index| track.begins[*index] == block.begin);
            own.into_iter().find(|index| track.end(*index) == block.end).map(|index| track.term(trace, index))
        };
        self.tracks.iter().find_map(of_role).unwrap_or_else(|| trace.event(block.begin).term())
    }

    /// How many strips it has below its main part.
    pub fn strips(&self) -> usize {
        let strips = self.tracks.iter().filter_map(|track| match track.place {
            Place::Strip(strip) => Some(usize::from(strip) + 1),
            Place::Main | Place::Points => None,
        });
        strips.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use peerscope_analyzer::testing::trace_from_jsonl;

    use super::*;

    /// Which blocks of a track are marked if `event` is a witness; a block is (begin, end).
    fn marked(blocks: &[(u32, Option<u32>)], event: u32) -> Vec<usize> {
        let lines = (0..10).map(|ts| format!("{{\"ts\":{ts},\"kind\":\"log\",\"msg\":\"\"}}\n"));
        let trace = trace_from_jsonl(&lines.collect::<String>());
        let block = |(begin, end): &(u32, Option<u32>)| Block::new(EventId(*begin), end.map(EventId), Look::Held);
        let blocks: Vec<Block> = blocks.iter().map(block).collect();
        let mut track = Track::new(Place::Main, Times::new(&trace, 9), &blocks);
        assert_eq!((0..track.len()).map(|at| track.block(at)).collect::<Vec<_>>(), blocks);
        track.mark(&[(EventId(event), Severity::Error)]);
        (0..track.len()).filter(|at| track.fold().severity(*at).is_some()).collect()
    }

    #[test]
    fn a_witness_marks_what_it_began_and_what_it_ended() {
        let blocks = [(0, Some(2)), (2, Some(4)), (5, None)];
        assert_eq!([marked(&blocks, 0), marked(&blocks, 2), marked(&blocks, 4)], [vec![0], vec![0, 1], vec![1]]);
        assert_eq!([marked(&blocks, 3), marked(&blocks, 5)], [vec![], vec![2]]);
    }

    #[test]
    fn what_overlaps_is_found_however_long_ago_it_began() {
        let blocks = [(0, Some(9)), (1, Some(2)), (3, Some(4)), (5, Some(9))];
        assert_eq!(marked(&blocks, 9), [0, 3]);
    }

    #[test]
    fn mere_events_need_no_ends() {
        let blocks = [(1, Some(1)), (4, Some(4)), (4, Some(4))];
        assert_eq!([marked(&blocks, 4), marked(&blocks, 2)], [vec![1, 2], vec![]]);
    }
}
