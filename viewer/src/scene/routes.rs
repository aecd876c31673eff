//! The messages of a run, from whom to whom, and what became of each.

use std::collections::BTreeMap;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::facts::{Facts, Rpc};
use peerscope_analyzer::model::{Event, EventId, MessageId, PeerId, Trace};
use peerscope_analyzer::vocabulary::{Body, Kind};

use super::{Fate, Leg, Legs, Message, Route, fate};
use crate::fold::Fold;
use crate::lane::Times;

type Ends = (Option<PeerId>, Option<PeerId>);

/// All messages, by who sends and who is sent to.
pub(super) fn routes(facts: &Facts<'_>, times: Times<'_>) -> Vec<Route> {
    let trace = facts.trace();
    let mut legs = Collected::default();
    facts.rpcs().all().for_each(|rpc| rpc_legs(trace, rpc, &mut legs));
    one_way(trace, &mut legs);
    let routes = legs.by_ends.into_iter().map(|((from, to), legs)| {
        let legs = Legs::new(legs);
        let fold = Fold::new(legs.len(), |at| legs.times(times, at));
        let fold = fold.graded(legs.iter().map(|leg| leg.fate as u8).collect());
        Route { from, to, legs, fold }
    });
    routes.collect()
}

/// Legs, by who sends and who is sent to, in any order.
#[derive(Default)]
struct Collected {
    by_ends: BTreeMap<Ends, Vec<Leg>>,
}

impl Collected {
    fn push(&mut self, ends: Ends, leg: Leg) {
        self.by_ends.entry(ends).or_default().push(leg);
    }
}

/// The ways of an RPC. Of what has no beginning in the trace, the end is kept. If several calls had its id, nobody knows
/// which receipt and which reply belong together: each stands alone.
fn rpc_legs(trace: &Trace, rpc: Rpc<'_>, legs: &mut Collected) {
    let message = Message::Rpc(rpc.id);
    let there = (rpc.caller, rpc.callee);
    let mut request = |from: EventId, to: Option<EventId>| {
        let fate = fate::of_request(&rpc, to);
        legs.push(there, Leg { from, to, message, is_reply: false, fate });
    };
    match (rpc.send, rpc.recvs) {
        (Some(send), []) => request(send, None),
        (send, recvs) if rpc.ambiguous => {
            send.into_iter().for_each(|send| request(send, None));
            recvs.iter().for_each(|recv| request(*recv, Some(*recv)));
        }
        (send, recvs) => recvs.iter().for_each(|recv| request(send.unwrap_or(*recv), Some(*recv))),
    }
    let back = (rpc.callee, rpc.caller);
    let mut reply = |from: EventId, to: Option<EventId>, fate: Fate| {
        legs.push(back, Leg { from, to, message, is_reply: true, fate });
    };
    for answer in rpc.replies {
        let (to, fate) = fate::of_reply(trace, &rpc, *answer);
        reply(*answer, to, fate);
    }
    if let Some(came) = rpc.return_.filter(|_| rpc.replies.is_empty() && rpc.outcome == Some("ok") && !rpc.ambiguous) {
        reply(came, Some(came), fate::of_answer(trace, &rpc));
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
fn one_way(trace: &Trace, legs: &mut Collected) {
    if trace.tables().messages.is_empty() {
        return;
    }
    let mut trips: Vec<Trip> = trace.events().filter_map(|event| trip(trace, event)).collect();
    trips.sort_by_key(|trip| (trip.message, trip.event));
    for trips in trips.chunk_by(|one, other| one.message == other.message) {
        let message = Message::OneWay(trips[0].message);
        let send = trips.iter().find(|trip| trip.kind == Kind::MsgSend);
        let mut push = |ends: Ends, from: EventId, to: Option<EventId>, fate: Fate| {
            legs.push(ends, Leg { from, to, message, is_reply: false, fate });
        };
        // Copies have fates of their own: one may be lost and another arrive.
        for trip in trips.iter().filter(|trip| trip.kind != Kind::MsgSend) {
            let from = send.map_or(trip.event, |send| send.event);
            let sent = send.map_or((None, None), |send| send.ends);
            match trip.kind {
                Kind::MsgRecv => push((sent.0.or(trip.ends.0), trip.ends.1), from, Some(trip.event), Fate::Arrived),
                _ => push((sent.0.or(trip.ends.0), sent.1.or(trip.ends.1)), from, None, Fate::Dropped),
            }
        }
        if let (Some(send), 1) = (send, trips.len()) {
            push(send.ends, send.event, None, Fate::Unanswered);
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
