//! As far as what began is known to go on: the one rule for lanes and words.
//!
//! A damaged file, or one whose recorder had no room, may lack events of any time. Of such a file only what was seen to end
//! by an event of its own (a release, a grant, a reply) is known all the way. All else, be it a role, a hold or a wait, is
//! known up to the last event before its end of whom it is about, and unknown from there on. What `lost` events say is
//! missing has a place, and is unknown from there on.

use std::borrow::Cow;

use peerscope_analyzer::facts::{Facts, Hold, Wait, WaitOn};
use peerscope_analyzer::model::{Dense, Event, EventId, PeerId, Trace};
use peerscope_analyzer::read::{Problem, ProblemKind};
use peerscope_analyzer::vocabulary::Kind;

use crate::words::names::lock_of;

/// Whether the trace ends before the program did, or may: what is open at its end may have ended.
pub fn stops_early(problems: &[Problem]) -> bool {
    let is_early =
        |kind: ProblemKind| matches!(kind, ProblemKind::CutOff | ProblemKind::Truncated | ProblemKind::Corrupt);
    problems.iter().any(|problem| is_early(problem.kind))
}

/// Which files lack events nobody knows where.
#[derive(Debug)]
pub struct Known {
    /// By file.
    lacks: Vec<bool>,
}

impl Known {
    /// What is known of the run that `facts` are about.
    pub fn new(facts: &Facts<'_>) -> Known {
        let mut lacks: Vec<bool> = facts.trace().sources().iter().map(|source| source.lost_events > 0).collect();
        let damage = |problem: &&Problem| matches!(problem.kind, ProblemKind::Truncated | ProblemKind::Corrupt);
        for source in facts.problems().iter().filter(damage).filter_map(|problem| problem.source) {
            lacks[source.index()] = true;
        }
        Known { lacks }
    }

    /// Whether no file lacks events of which nobody knows where.
    pub fn is_whole(&self) -> bool {
        self.lacks.iter().all(|lacks| !lacks)
    }

    /// Whether events that nobody knows where are missing from the file of `event`.
    pub fn may_lack(&self, event: Event<'_>) -> bool {
        self.lacks[event.source().index()]
    }

    /// All holds; [`Hold::lost`] says from where on one is not known to go on.
    pub(super) fn holds<'f>(&self, facts: &'f Facts<'_>) -> Cow<'f, [Hold]> {
        let all = facts.holds().all();
        if self.is_whole() {
            return Cow::Borrowed(all);
        }
        all.iter().map(|hold| self.hold(facts.trace(), *hold)).collect()
    }

    /// All waits; [`Wait::lost`] says from where on one is not known to go on.
    pub(super) fn waits<'f>(&self, facts: &'f Facts<'_>) -> Cow<'f, [Wait]> {
        let all = facts.waits().all();
        if self.is_whole() {
            return Cow::Borrowed(all);
        }
        all.iter().map(|wait| self.wait(facts.trace(), *wait)).collect()
    }

    /// `hold`, with [`Hold::lost`] where it is no longer known to go on.
    pub fn hold(&self, trace: &Trace, hold: Hold) -> Hold {
        let is_released = hold.release.is_some_and(|end| trace.event(end).kind() == Some(Kind::LockRelease));
        if is_released || !self.may_lack(trace.event(hold.acquire)) {
            return hold;
        }
        let own = hold.line.map_or(&[][..], |line| trace.line_events(line));
        let known = last_word(own, hold.acquire, hold.release);
        Hold { lost: earlier(trace, hold.lost, known), ..hold }
    }

    /// `wait`, with [`Wait::lost`] where it is no longer known to go on.
    pub fn wait(&self, trace: &Trace, wait: Wait) -> Wait {
        let is_ended = wait.end.is_some_and(|end| ends(wait.on, trace.event(end).kind()));
        if is_ended || !self.may_lack(trace.event(wait.begin)) {
            return wait;
        }
        let known = last_word(trace.task_events(wait.task), wait.begin, wait.end);
        Wait { lost: earlier(trace, wait.lost, known), ..wait }
    }
}

/// The release of `hold` that its own task wrote after the grant which, in the facts, ends the hold at the latest: from that
/// grant to that release two have the lock at once.
pub fn release_behind(trace: &Trace, hold: &Hold) -> Option<EventId> {
    const MOST_EVENTS: usize = 2_000;
    let is_grant = |end: &EventId| *end > hold.acquire && trace.event(*end).kind() == Some(Kind::LockAcquire);
    let grant = hold.release.filter(is_grant).filter(|_| hold.lost.is_none())?;
    let own = trace.line_events(hold.line?);
    let later = &own[own.partition_point(|event| *event <= grant)..];
    // What the task does next with the lock; if it takes it again, the release is another's.
    let is_of_lock = |event: &&EventId| {
        let event = trace.event(**event);
        matches!(event.kind(), Some(Kind::LockRelease | Kind::LockAcquire)) && lock_of(event) == Some(hold.lock)
    };
    let next = later.iter().take(MOST_EVENTS).find(is_of_lock).copied();
    next.filter(|event| trace.event(*event).kind() == Some(Kind::LockRelease))
}

/// The last event of `peer` that is not before `begin`, and before `end`. Of a longer time than words are worth, none.
pub fn last_word_of_peer(trace: &Trace, peer: PeerId, begin: EventId, end: Option<EventId>) -> Option<EventId> {
    const MOST_EVENTS: usize = 20_000;
    let last = end.map_or(trace.len(), Dense::index);
    let events = (begin.index()..last).rev().take(MOST_EVENTS).map(EventId::from_index);
    events.into_iter().find(|event| trace.event(*event).peer() == Some(peer))
}

/// The last of `own` events that is not before `begin`, and before `end`; `None` if that is where it ends.
pub(super) fn last_word(own: &[EventId], begin: EventId, end: Option<EventId>) -> Option<EventId> {
    let before = end.map_or(own.len(), |end| own.partition_point(|event| *event < end));
    let last = before.checked_sub(1).map_or(begin, |last| own[last].max(begin));
    (Some(last) != end).then_some(last)
}

/// The earlier of where a `lost` event has its place and of what is known without one. A loss without a place stands in the
/// facts at the trace's last event: that is later than what is known.
fn earlier(trace: &Trace, placed: Option<EventId>, known: Option<EventId>) -> Option<EventId> {
    let placed = placed.filter(|lost| trace.event(*lost).kind() == Some(Kind::Lost));
    placed.into_iter().chain(known).min()
}

/// Whether an event of this kind is what ends such a wait, and not merely a sign that it is over.
fn ends(on: WaitOn, kind: Option<Kind>) -> bool {
    let Some(kind) = kind else { return false };
    match on {
        WaitOn::Lock(_) => matches!(kind, Kind::LockAcquire | Kind::LockUpgrade),
        WaitOn::Join(_) => kind == Kind::TaskJoined,
        WaitOn::Rpc(_) => kind == Kind::RpcReturn,
        WaitOn::Sleep { .. } => kind == Kind::SleepEnd,
        WaitOn::Condition(_) => kind == Kind::CondWake,
        WaitOn::Group(_) => kind == Kind::GroupPass,
        WaitOn::Semaphore(_) => kind == Kind::SemAcquire,
        // A case of a select ends with whichever came first.
        WaitOn::Channel { .. } | WaitOn::Timer(_) => {
            matches!(kind, Kind::ChanSent | Kind::ChanReceived | Kind::TimerFire | Kind::TimerStop)
        }
    }
}
