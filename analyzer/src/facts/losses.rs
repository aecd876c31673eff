//! Losses: where in the trace's order events are missing, and whose.
//!
//! A `lost` event with a peer is that peer's; without one, but with a task, it is that task's; with neither it concerns
//! its whole file. One that says `events: 0` is none. What a recorder merely counted, and what a damaged file lacks,
//! has no place: whatever is open at the end may have ended in it.

use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashMap;

use crate::model::{Dense, Event, EventId, PeerId, SourceId, TaskId, Trace};
use crate::read::{Problem, ProblemKind};

/// The losses of a trace.
#[derive(Debug, Default)]
pub(super) struct Losses {
    by_file: FxHashMap<SourceId, Vec<EventId>>,
    by_peer: FxHashMap<(SourceId, PeerId), Vec<EventId>>,
    by_task: FxHashMap<TaskId, Vec<EventId>>,
    /// Files of which events are missing that have no place.
    unplaced: Vec<SourceId>,
}

impl Losses {
    pub(super) fn new(trace: &Trace, problems: &[Problem]) -> Self {
        let mut losses = Losses::default();
        // Most traces have none, and need no walk over all events to say so.
        let events = trace.has_kind(Kind::Lost).then(|| trace.events()).into_iter().flatten();
        for event in events.filter(|event| said_lost(*event).is_some()) {
            let list = match (event.peer(), event.task()) {
                (Some(peer), _) => losses.by_peer.entry((event.source(), peer)).or_default(),
                (None, Some(task)) => losses.by_task.entry(task).or_default(),
                (None, None) => losses.by_file.entry(event.source()).or_default(),
            };
            list.push(event.id());
        }
        let sources = trace.sources().iter().enumerate().filter(|(_, source)| source.lost_events > 0);
        losses.unplaced = sources.map(|(index, _)| SourceId::from_index(index)).collect();
        let damaged = |problem: &&Problem| matches!(problem.kind, ProblemKind::Truncated | ProblemKind::Corrupt);
        losses.unplaced.extend(problems.iter().filter(damaged).filter_map(|problem| problem.source));
        losses.unplaced.sort_unstable();
        losses.unplaced.dedup();
        losses
    }

    fn is_none(&self) -> bool {
        let Losses { by_file, by_peer, by_task, unplaced } = self;
        by_file.is_empty() && by_peer.is_empty() && by_task.is_empty() && unplaced.is_empty()
    }

    /// From where on it is no longer known whether what `begin` began and `end` ended still goes on. What is ended was
    /// seen to end, so that a loss of unknown place hides nothing of it.
    pub(super) fn between(&self, begin: Event<'_>, end: Option<EventId>) -> Option<EventId> {
        if self.is_none() {
            return None;
        }
        let first = |list: Option<&Vec<EventId>>| {
            let list = list?;
            list.get(list.partition_point(|lost| *lost <= begin.id())).copied()
        };
        let source = begin.source();
        let placed = [
            first(self.by_file.get(&source)),
            begin.peer().and_then(|peer| first(self.by_peer.get(&(source, peer)))),
            begin.task().and_then(|task| first(self.by_task.get(&task))),
        ];
        let last = || EventId(begin.trace().len().saturating_sub(1) as u32);
        let unplaced = (end.is_none() && self.unplaced.contains(&source)).then(last);
        let lost = placed.into_iter().flatten().chain(unplaced).min()?;
        end.is_none_or(|end| lost < end).then_some(lost)
    }
}

/// How many events are missing, if `event` says that some are; 0 = it does not say how many.
pub(super) fn said_lost(event: Event<'_>) -> Option<u64> {
    if event.kind() != Some(Kind::Lost) {
        return None;
    }
    match event.body() {
        Body::Lost(body) if body.events == Some(0) => None,
        Body::Lost(body) => Some(body.events.unwrap_or(0)),
        _ => Some(0),
    }
}
