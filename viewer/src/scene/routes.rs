//! The messages of a run, from whom to whom, and what became of each.

use std::collections::BTreeMap;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::facts::{Facts, Rpc};
use peerscope_analyzer::model::{Event, EventId, MessageId, PeerId, Trace};
use peerscope_analyzer::vocabulary::{Body, Kind};

use super::{Fate, Leg, Message, Route};
use crate::fold::Fold;
use crate::lane::Times;

type Ends = (Option<PeerId>, Option<PeerId>);

/// All messages, by who sends and who is sent to.
pub(super) fn routes(facts: &Facts<'_>, times: Times<'_>) -> Vec<Route> {
    let trace = facts.trace();
    let mut legs = Legs::default();
    facts.rpcs().all().for_each(|rpc| rpc_legs(trace, rpc, &mut legs));
    one_way(trace, &mut legs);
    let routes = legs.by_ends.into_iter().map(|((from, to), mut legs)| {
        legs.sort_unstable_by_key(|leg| (leg.from, leg.to, leg.message, leg.is_reply));
        legs.shrink_to_fit();
        let fold = Fold::new(legs.len(), |at| leg_times(times, &legs[at]));
        let fold = fold.graded(legs.iter().map(|leg| leg.fate as u8).collect());
        Route { from, to, legs, fold }
    });
    routes.collect()
}

/// From when to when a leg was on its way; one that never came for no time at all.
fn leg_times(times: Times<'_>, leg: &Leg) -> (i64, i64) {
    let from = times.at(leg.from);
    (from, leg.to.map_or(from, |to| times.at(to)).max(from))
}

#[derive(Default)]
struct Legs {
    by_ends: BTreeMap<Ends, Vec<Leg>>,
}

impl Legs {
    fn push(&mut self, ends: Ends, leg: Leg) {
        self.by_ends.entry(ends).or_default().push(leg);
    }
}

/// The ways of an RPC. Of what has no beginning in the trace, the end is kept.
fn rpc_legs(trace: &Trace, rpc: Rpc<'_>, legs: &mut Legs) {
    let message = Message::Rpc(rpc.id);
    let there = (rpc.caller, rpc.callee);
    let mut request = |from: EventId, to: Option<EventId>| {
        legs.push(there, Leg { from, to, message, is_reply: false, fate: request_fate(rpc, to.is_some()) });
    };
    match (rpc.send, rpc.recvs) {
        (Some(send), []) => request(send, None),
        (send, recvs) => recvs.iter().for_each(|recv| request(send.unwrap_or(*recv), Some(*recv))),
    }
    let back = (rpc.callee, rpc.caller);
    let mut reply = |from: EventId, to: Option<EventId>, fate: Fate| {
        legs.push(back, Leg { from, to, message, is_reply: true, fate });
    };
    // The caller takes one answer: the first that was given before it went on.
    let came = rpc.return_.filter(|_| matches!(rpc.outcome, Some(outcome) if !is_loss(outcome)));
    let taken = came.and_then(|came| rpc.replies.iter().copied().find(|reply| *reply < came));
    for answer in rpc.replies {
        match came {
            Some(came) if Some(*answer) == taken => reply(*answer, Some(came), returned_fate(trace, rpc, came)),
            Some(_) => reply(*answer, None, Fate::Late),
            None => reply(*answer, None, lost_reply_fate(rpc, *answer)),
        }
    }
    if let Some(came) = came.filter(|_| rpc.replies.is_empty() && rpc.outcome == Some("ok")) {
        reply(came, Some(came), returned_fate(trace, rpc, came));
    }
}

/// Whether that outcome of an RPC says that the caller has no answer.
fn is_loss(outcome: &str) -> bool {
    matches!(outcome, "timeout" | "dropped")
}

fn request_fate(rpc: Rpc<'_>, arrived: bool) -> Fate {
    let answered = !rpc.replies.is_empty() || rpc.outcome == Some("ok");
    match rpc.outcome {
        _ if answered => Fate::Arrived,
        Some("dropped") if !arrived => Fate::Dropped,
        _ => Fate::Unanswered,
    }
}

fn returned_fate(trace: &Trace, rpc: Rpc<'_>, came: EventId) -> Fate {
    match (trace.event(came).term(), rpc.msg_term) {
        (Some(now), Some(asked)) if now > asked => Fate::StaleTerm,
        _ => Fate::Arrived,
    }
}

/// What became of an answer that the caller did not take.
fn lost_reply_fate(rpc: Rpc<'_>, reply: EventId) -> Fate {
    match (rpc.outcome, rpc.return_) {
        (Some("dropped"), Some(returned)) if reply < returned => Fate::Dropped,
        (_, Some(_)) => Fate::Late,
        (_, None) => Fate::Unanswered,
    }
}

/// What an event says of a one-way message.
struct Trip {
    message: MessageId,
    event: EventId,
    kind: Kind,
    ends: Ends,
}

/// The ways of one-way messages.
fn one_way(trace: &Trace, legs: &mut Legs) {
    if trace.tables().messages.is_empty() {
        return;
    }
    let mut trips: Vec<Trip> = trace.events().filter_map(|event| trip(trace, event)).collect();
    trips.sort_by_key(|trip| (trip.message, trip.event));
    for trips in trips.chunk_by(|one, other| one.message == other.message) {
        let message = Message::OneWay(trips[0].message);
        let send = trips.iter().find(|trip| trip.kind == Kind::MsgSend);
        let dropped = trips.iter().find(|trip| trip.kind == Kind::MsgDrop);
        let mut arrived = false;
        for trip in trips.iter().filter(|trip| trip.kind == Kind::MsgRecv) {
            arrived = true;
            let from = send.map_or(trip.event, |send| send.event);
            let ends = (send.and_then(|send| send.ends.0).or(trip.ends.0), trip.ends.1);
            legs.push(ends, Leg { from, to: Some(trip.event), message, is_reply: false, fate: Fate::Arrived });
        }
        let fate = if dropped.is_some() { Fate::Dropped } else { Fate::Unanswered };
        if let Some(trip) = send.or(dropped).filter(|_| !arrived) {
            legs.push(trip.ends, Leg { from: trip.event, to: None, message, is_reply: false, fate });
        }
    }
}

fn trip(trace: &Trace, event: Event<'_>) -> Option<Trip> {
    let kind = event.kind().filter(|kind| matches!(kind, Kind::MsgSend | Kind::MsgRecv | Kind::MsgDrop))?;
    let (msg, from, to) = match event.body() {
        Body::MsgSend(body) => (body.msg, body.from, body.to),
        Body::MsgRecv(body) => (body.msg, body.from, body.to),
        Body::MsgDrop(body) => (body.msg, body.from, body.to),
        _ => return None,
    };
    let message = trace.tables().messages.get((), msg?)?;
    let named = |id| trace.peer_of(event, id);
    let (from, to) = (from.and_then(named), to.and_then(named));
    let ends = match kind {
        Kind::MsgSend => (event.peer().or(from), to),
        Kind::MsgRecv => (from, event.peer().or(to)),
        _ => (from, to),
    };
    Some(Trip { message, event: event.id(), kind, ends })
}

/// Gives the legs that one of `witnesses`, sorted by event, sent or received its severity.
pub(super) fn mark(trace: &Trace, routes: &mut [Route], witnesses: &[(EventId, Severity)]) {
    let of_message = |event: EventId| {
        let kind = trace.event(event).kind();
        kind.is_some_and(|kind| matches!(kind.topic(), "rpc" | "msg"))
    };
    let witnesses: Vec<_> = witnesses.iter().copied().filter(|(event, _)| of_message(*event)).collect();
    for Route { from, to, legs, fold } in routes {
        // A peer's own events alone say who it is; messages may say it of others.
        let at_an_end = |event: EventId| {
            let peer = trace.event(event).peer();
            peer.is_none() || peer == *from || peer == *to
        };
        let own: Vec<_> = witnesses.iter().copied().filter(|(event, _)| at_an_end(*event)).collect();
        if own.is_empty() {
            continue;
        }
        let severity = |event: EventId| {
            let at = own.binary_search_by_key(&event, |(witness, _)| *witness).ok()?;
            Some(own[at].1)
        };
        for (at, leg) in legs.iter().enumerate() {
            let worst = severity(leg.from).into_iter().chain(leg.to.and_then(severity)).min();
            worst.into_iter().for_each(|worst| fold.mark(at, worst));
        }
    }
}
