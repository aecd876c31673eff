//! Coverage: what the trace does not show, so that a detector can say what it could not judge.

use peerscope_format::vocabulary::{Body, Kind};

use super::losses::said_lost;
use crate::model::{Dense, Event, PeerId, Scope, Trace};
use crate::read::{Problem, ProblemKind};

/// What the trace shows of one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerCoverage {
    /// Bit n: it writes events of the nth kind of the vocabulary.
    kinds: u128,
    /// The same for events that name no task.
    kinds_without_task: u128,
    /// How many events it wrote.
    pub events: u64,
    /// Whether what it did before its first event is unknown: no `peer.start`, or one that says `attached`.
    pub joined_in_mid_life: bool,
    /// Whether a `peer.start` says that the trace joined it in mid-life (`how: attached`).
    pub attached: bool,
    /// Whether a `lost` event of its own says that something of it is missing, with or without saying how much.
    pub lost: bool,
    /// Events that its own `lost` events say are missing, where they say it.
    pub lost_events: u64,
}

const _: () = assert!(Kind::ALL.len() <= 128, "a bit for each kind");

impl PeerCoverage {
    /// Whether the peer ever writes events of this kind; if not, it is uninstrumented for it.
    pub fn writes(&self, kind: Kind) -> bool {
        self.kinds >> kind as u32 & 1 == 1
    }

    /// Whether the peer writes events of this kind that name no task. The order of their lines is that of the peer, but
    /// whether one task wrote them or several, which of them waits, and which holds a lock, they do not say.
    pub fn writes_without_task(&self, kind: Kind) -> bool {
        self.kinds_without_task >> kind as u32 & 1 == 1
    }
}

/// What was seen of events with one scope: which kinds, as bits, and how many events.
#[derive(Clone, Copy, Default)]
struct Seen {
    kinds: u128,
    events: u64,
}

/// What the trace shows, and what it does not.
#[derive(Debug, Default)]
pub struct Coverage {
    peers: Vec<PeerCoverage>,
    /// Bit n: anybody writes events of the nth kind.
    anybody: u128,
    /// The same for events that name no task.
    anybody_without_task: u128,
    /// Whether a file has no end: its program was killed, or is still running.
    pub cut_off: bool,
    /// Whether anything is said to be missing, with or without saying how much.
    pub lost: bool,
    /// Whether a loss is nobody's (a recorder's, or a `lost` event without a peer), so that it concerns all peers.
    pub lost_for_all: bool,
    /// Events that are said to be missing, in all, where it is said: by recorders and by `lost` events.
    pub lost_events: u64,
    /// Whether some part of a file could not be read.
    pub damaged: bool,
}

impl Coverage {
    /// Finds what `trace` covers; `problems` are what reading it said.
    pub fn new(trace: &Trace, problems: &[Problem]) -> Self {
        let has = |kinds: &[ProblemKind]| problems.iter().any(|problem| kinds.contains(&problem.kind));
        let recorders = trace.sources().iter().fold(0_u64, |sum, source| sum.saturating_add(source.lost_events));
        let mut coverage = Coverage {
            peers: vec![PeerCoverage { joined_in_mid_life: true, ..PeerCoverage::default() }; trace.peers().len()],
            anybody: 0,
            anybody_without_task: 0,
            cut_off: has(&[ProblemKind::CutOff]),
            lost: recorders > 0,
            lost_for_all: recorders > 0,
            lost_events: recorders,
            damaged: has(&[ProblemKind::Truncated, ProblemKind::Corrupt]),
        };
        let mut by_scope = vec![Seen::default(); trace.scopes().len()];
        for event in trace.events() {
            let (kind, seen) = (event.kind(), &mut by_scope[trace.scope_row(event.id()) as usize]);
            seen.kinds |= kind.map_or(0, |kind| 1 << kind as u32);
            seen.events += 1;
            match kind {
                Some(Kind::Lost) => coverage.lose(event),
                Some(Kind::PeerStart) => coverage.start(event),
                _ => {}
            }
        }
        trace.scopes().iter().zip(by_scope).for_each(|(scope, seen)| coverage.take_in(scope, seen));
        coverage
    }

    /// Takes in all that was seen of one scope.
    fn take_in(&mut self, scope: &Scope, seen: Seen) {
        let without_task = if scope.task.is_none() { seen.kinds } else { 0 };
        self.anybody |= seen.kinds;
        self.anybody_without_task |= without_task;
        let Some(peer) = scope.peer.map(|peer| &mut self.peers[peer.index()]) else { return };
        peer.kinds |= seen.kinds;
        peer.kinds_without_task |= without_task;
        peer.events += seen.events;
    }

    fn start(&mut self, event: Event<'_>) {
        let (Some(peer), Body::PeerStart(body)) = (event.peer(), event.body()) else { return };
        let peer = &mut self.peers[peer.index()];
        let attached = body.how == Some("attached");
        if !peer.writes(Kind::PeerStart) {
            peer.joined_in_mid_life = attached;
        }
        peer.kinds |= 1 << Kind::PeerStart as u32;
        peer.attached |= attached;
    }

    fn lose(&mut self, event: Event<'_>) {
        let Some(events) = said_lost(event) else { return };
        self.lost = true;
        self.lost_for_all |= event.peer().is_none();
        self.lost_events = self.lost_events.saturating_add(events);
        let Some(peer) = event.peer().map(|peer| &mut self.peers[peer.index()]) else { return };
        peer.lost = true;
        peer.lost_events = peer.lost_events.saturating_add(events);
    }

    /// What the trace shows of `peer`.
    ///
    /// # Panics
    /// If `peer` is of another trace.
    pub fn peer(&self, peer: PeerId) -> &PeerCoverage {
        &self.peers[peer.index()]
    }

    /// Whether any event of this kind is in the trace, whoever wrote it.
    pub fn writes(&self, kind: Kind) -> bool {
        self.anybody >> kind as u32 & 1 == 1
    }

    /// Whether any event of this kind, of a peer or of none, names no task.
    pub fn writes_without_task(&self, kind: Kind) -> bool {
        self.anybody_without_task >> kind as u32 & 1 == 1
    }

    /// Whether the trace is whole: not cut off, nothing lost, nothing damaged.
    pub fn is_whole(&self) -> bool {
        !self.cut_off && !self.damaged && !self.lost
    }
}
