//! What became of messages: the one place that says so, for arrows and for words.
//!
//! A request is `Arrived` if it was answered, wherever its receipt is. The caller takes at most one answer, the first that
//! was given before it went on; an error is an answer. All that is said follows from the order of the events: nothing is
//! called late that was sent in time.

use peerscope_analyzer::facts::Rpc;
use peerscope_analyzer::model::{EventId, Trace};
use peerscope_analyzer::value::Term;

/// What became of a message; the worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fate {
    /// It arrived, and in time.
    Arrived,
    /// The trace cannot tell: several calls had the same id.
    Unknown,
    /// A reply that was sent in time and that its caller did not take: it had another, or it gave up all the same.
    NotTaken,
    /// A reply that came when its caller was in a later term than that in which it had asked.
    StaleTerm,
    /// A reply that was sent after its caller had given up.
    Late,
    /// It is known to have been lost on the way.
    Dropped,
    /// A request that was not received, or not answered, or a reply that nobody had, as far as the trace goes.
    Unanswered,
}

impl Fate {
    /// All, the worst last.
    pub const ALL: [Fate; 7] =
        [Fate::Arrived, Fate::Unknown, Fate::NotTaken, Fate::StaleTerm, Fate::Late, Fate::Dropped, Fate::Unanswered];

    /// The fate with that grade (see [`crate::fold::Piece::grade`]).
    pub fn of_grade(grade: u8) -> Fate {
        Fate::ALL.get(usize::from(grade)).copied().unwrap_or(Fate::Arrived)
    }
}

/// How the caller had an answer: its `rpc.return`, unless that says that there was none.
pub fn answered_at(rpc: &Rpc<'_>) -> Option<EventId> {
    rpc.return_.filter(|_| rpc.outcome.is_some_and(|outcome| !matches!(outcome, "timeout" | "dropped")))
}

/// The reply that the caller took.
pub fn taken(rpc: &Rpc<'_>) -> Option<EventId> {
    let came = answered_at(rpc).filter(|_| !rpc.ambiguous)?;
    rpc.replies.iter().copied().find(|reply| *reply < came)
}

/// The term in which the caller asked and the later one in which it had the answer, if it had one and they differ. Where
/// the request carries no term, the caller's own counts.
pub fn stale_terms(trace: &Trace, rpc: &Rpc<'_>) -> Option<(Term, Term)> {
    let now = trace.event(answered_at(rpc).filter(|_| !rpc.ambiguous)?).term()?;
    let asked = rpc.msg_term.or_else(|| trace.event(rpc.send?).term())?;
    (now > asked).then_some((asked, now))
}

/// What became of a request, of which `recv` is the receipt, if there is one.
pub fn of_request(rpc: &Rpc<'_>, recv: Option<EventId>) -> Fate {
    match rpc.outcome {
        _ if rpc.ambiguous => Fate::Unknown,
        _ if !rpc.replies.is_empty() => Fate::Arrived,
        Some("ok" | "error") => Fate::Arrived,
        Some("dropped") if recv.is_none() => Fate::Dropped,
        _ => Fate::Unanswered,
    }
}

/// What became of the answer `reply`, and the event that took it.
pub fn of_reply(trace: &Trace, rpc: &Rpc<'_>, reply: EventId) -> (Option<EventId>, Fate) {
    if rpc.ambiguous {
        return (None, Fate::Unknown);
    }
    if taken(rpc) == Some(reply) {
        return (rpc.return_, of_answer(trace, rpc));
    }
    let fate = match (rpc.return_, rpc.outcome) {
        (None, _) => Fate::Unanswered,
        (Some(_), _) if answered_at(rpc).is_some() => Fate::NotTaken,
        (Some(gave_up), _) if reply > gave_up => Fate::Late,
        (Some(_), Some("dropped")) => Fate::Dropped,
        (Some(_), _) => Fate::NotTaken,
    };
    (None, fate)
}

/// What became of the answer that the caller took, whether or not its sending is in the trace.
pub fn of_answer(trace: &Trace, rpc: &Rpc<'_>) -> Fate {
    if stale_terms(trace, rpc).is_some() { Fate::StaleTerm } else { Fate::Arrived }
}
