//! Coverage: what the trace does not show, so that a detector can say what it could not judge.

use peerscope_format::vocabulary::{Body, Kind};

use crate::model::{Dense, Event, PeerId, Trace};
use crate::read::{Problem, ProblemKind};

/// What the trace shows of one peer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerCoverage {
    /// Bit n: it writes events of the nth kind of the vocabulary.
    kinds: u128,
    /// How many events it wrote.
    pub events: u64,
    /// Whether what it did before its first event is unknown: no `peer.start`, or one that says `attached`.
    pub joined_in_mid_life: bool,
    /// Events that its own `lost` events say are missing.
    pub lost_events: u64,
}

const _: () = assert!(Kind::ALL.len() <= 128, "a bit for each kind");

impl PeerCoverage {
    /// Whether the peer ever writes events of this kind; if not, it is uninstrumented for it.
    pub fn writes(&self, kind: Kind) -> bool {
        self.kinds >> kind as u32 & 1 == 1
    }
}

/// What the trace shows, and what it does not.
#[derive(Debug, Default)]
pub struct Coverage {
    peers: Vec<PeerCoverage>,
    /// Bit n: anybody writes events of the nth kind.
    anybody: u128,
    /// Whether a file has no end: its program was killed, or is still running.
    pub cut_off: bool,
    /// Events that are said to be missing, in all: by recorders and by `lost` events.
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
            cut_off: has(&[ProblemKind::CutOff]),
            lost_events: recorders,
            damaged: has(&[ProblemKind::Truncated, ProblemKind::Corrupt]),
        };
        trace.events().for_each(|event| coverage.take_in(event));
        coverage
    }

    fn take_in(&mut self, event: Event<'_>) {
        let bit = event.kind().map_or(0, |kind| 1 << kind as u32);
        self.anybody |= bit;
        let peer = event.peer().map(|peer| &mut self.peers[peer.index()]);
        let lost = match event.kind() {
            Some(Kind::Lost) => lost_events(event),
            _ => 0,
        };
        self.lost_events = self.lost_events.saturating_add(lost);
        let Some(peer) = peer else { return };
        if event.kind() == Some(Kind::PeerStart)
            && !peer.writes(Kind::PeerStart)
            && let Body::PeerStart(body) = event.body()
        {
            peer.joined_in_mid_life = body.how == Some("attached");
        }
        peer.kinds |= bit;
        peer.events += 1;
        peer.lost_events = peer.lost_events.saturating_add(lost);
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

    /// Whether the trace is whole: not cut off, nothing lost, nothing damaged.
    pub fn is_whole(&self) -> bool {
        !self.cut_off && !self.damaged && self.lost_events == 0
    }
}

/// How many events a `lost` event says are missing.
fn lost_events(event: Event<'_>) -> u64 {
    match event.body() {
        Body::Lost(body) => body.events.unwrap_or(0),
        _ => 0,
    }
}
