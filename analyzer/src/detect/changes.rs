//! What peers say of themselves: the events in which a peer's term, role or vote changes, by peer.

use std::collections::BTreeMap;

use peerscope_format::vocabulary::{Body, Kind};

use super::words::Words;
use crate::model::{Event, EventId, PeerId, Trace};

/// The `term`, `role` and `vote` events of each peer, in the trace's order.
pub(crate) struct Changes(BTreeMap<PeerId, Vec<EventId>>);

impl Changes {
    /// Finds them all.
    pub(crate) fn new(trace: &Trace) -> Self {
        let mut changes: BTreeMap<PeerId, Vec<EventId>> = BTreeMap::new();
        for event in trace.events().filter(|event| is_change(*event)) {
            if let Some(peer) = event.peer() {
                changes.entry(peer).or_default().push(event.id());
            }
        }
        Changes(changes)
    }

    /// Those of `peer` after `from` and before `to`.
    pub(crate) fn between(&self, peer: PeerId, from: EventId, to: EventId) -> &[EventId] {
        let all = self.0.get(&peer).map_or(&[][..], |all| all);
        let start = all.partition_point(|event| *event <= from);
        let end = all.partition_point(|event| *event < to);
        all.get(start..end).unwrap_or(&[])
    }

    /// All of them, by peer.
    pub(crate) fn all(&self) -> impl Iterator<Item = EventId> {
        self.0.values().flatten().copied()
    }
}

/// Whether the event states its peer's term, role or vote.
pub(crate) fn is_change(event: Event<'_>) -> bool {
    matches!(event.kind(), Some(Kind::Role | Kind::TermChange | Kind::Vote))
}

/// The change in words: `peer 0 becomes follower in term 2`.
pub(crate) fn tell(trace: &Trace, event: EventId) -> String {
    let words = Words(trace);
    let view = trace.event(event);
    let who = words.actor(event);
    let term = view.term().map_or_else(String::new, |term| format!(" in term {term}"));
    match view.body() {
        Body::Role(body) => format!("{who} becomes {}{term}", body.role.unwrap_or("something")),
        Body::Vote(body) => match body.candidate.map(|id| (id, trace.peer_of(view, id))) {
            Some((_, Some(peer))) if Some(peer) == view.peer() => format!("{who} votes for itself{term}"),
            Some((_, Some(peer))) => format!("{who} votes for {}{term}", words.peer(peer)),
            Some((id, None)) => format!("{who} votes for {id}{term}"),
            None => format!("{who} votes{term}"),
        },
        Body::TermChange(_) => {
            view.term().map_or_else(|| format!("{who} changes its term"), |term| format!("{who} moves to term {term}"))
        }
        _ => format!("{who}: {}{term}", view.kind_name()),
    }
}
