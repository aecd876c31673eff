//! Messages in words: an arrow, and an RPC as one object.

use peerscope_analyzer::facts::{Facts, Rpc};
use peerscope_analyzer::model::{EventId, MessageId, PeerId, RpcId, Trace};

use super::duration;
use super::names::{self, author, count, name};
use crate::lane::Times;
use crate::scene::{Fate, Leg, Message, fate};

/// So many of the receipts, answers and uses of one RPC are told.
const MAX_COPIES: usize = 4;

/// So begins the line on how long an RPC took its caller.
pub(super) const TOOK: &str = "took ";

/// What an arrow is, for whoever points at it: a few lines.
pub fn leg_story(facts: &Facts<'_>, leg: Leg) -> Vec<String> {
    let id = match leg.message {
        Message::Rpc(id) => id,
        Message::OneWay(id) => return one_way_story(facts.trace(), leg, id),
    };
    let trace = facts.trace();
    let rpc = facts.rpcs().get(id);
    let (from, to) = if leg.is_reply { (rpc.callee, rpc.caller) } else { (rpc.caller, rpc.callee) };
    let way = if leg.is_reply { "reply" } else { "request" };
    let mut lines = vec![format!("{} · {} → {} ({way})", names::method(facts, id), who(trace, from), who(trace, to))];
    lines.push(format!("sent by {}", author(trace, leg.from)));
    lines.push(arrival(trace, leg));
    lines.push(leg_fate(trace, &rpc, leg));
    lines.extend(rpc.outcome.map(|outcome| format!("outcome at the caller: {}", name(outcome))));
    lines.push(format!("rpc {}", name(&trace.tables().rpcs.id(id).to_string())));
    lines
}

/// Where a message leads of which only the other end is visible: "→ handler (12) of peer 2, 12 ms later". `there` is its end
/// that is not.
pub fn leg_exit(facts: &Facts<'_>, leg: Leg, there: EventId) -> String {
    let trace = facts.trace();
    let (sign, here) = if leg.to == Some(there) { ("→", leg.from) } else { ("←", leg.to.unwrap_or(leg.from)) };
    let far = at(trace, there).saturating_sub(at(trace, here));
    let when = if far < 0 { "earlier" } else { "later" };
    format!("{sign} {}, {} {when}", author(trace, there), duration(far.saturating_abs()))
}

/// What a one-way message is: a few lines.
fn one_way_story(trace: &Trace, leg: Leg, id: MessageId) -> Vec<String> {
    let sender = trace.event(leg.from);
    let method =
        sender.record().fields().find(|(name, ..)| *name == "method").map(|(.., value)| name(&value.to_string()));
    let fate = match leg.fate {
        Fate::Dropped => "lost on the way",
        Fate::Unanswered => "nobody has received it, as far as the trace goes",
        Fate::Arrived | Fate::Unknown | Fate::NotTaken | Fate::StaleTerm | Fate::Late => "arrived",
    };
    vec![
        format!("{} (one way)", method.unwrap_or_else(|| "message".into())),
        format!("sent by {}", author(trace, leg.from)),
        arrival(trace, leg),
        fate.into(),
        format!("message {}", name(&trace.tables().messages.id(id).to_string())),
    ]
}

/// When a message arrived, and who took it.
fn arrival(trace: &Trace, leg: Leg) -> String {
    let Some(to) = leg.to else { return "its arrival is not in the trace".into() };
    let took = at(trace, to).saturating_sub(at(trace, leg.from));
    // Clocks of two machines may disagree by more than a message takes.
    let took = if took < 0 { "before it was sent, by the clocks".into() } else { format!("after {}", duration(took)) };
    format!("arrived {took}, taken by {}", author(trace, to))
}

fn at(trace: &Trace, event: EventId) -> i64 {
    Times::new(trace, 0).at(event)
}

fn who(trace: &Trace, peer: Option<PeerId>) -> String {
    peer.map_or_else(|| "?".into(), |peer| names::peer(trace, peer))
}

/// What became of a message, as a sentence.
fn leg_fate(trace: &Trace, rpc: &Rpc<'_>, leg: Leg) -> String {
    match leg.fate {
        Fate::Arrived if leg.to.is_none() => "its receipt is not in the trace, but it was answered".into(),
        Fate::Arrived => "arrived in time".into(),
        Fate::Unknown => {
            "several calls have this id: which request, receipt and reply belong together is unknown".into()
        }
        Fate::NotTaken if fate::answered_at(rpc).is_some() => "not taken: its caller had an answer already".into(),
        Fate::NotTaken => "sent in time, but not taken".into(),
        Fate::StaleTerm => {
            let now = leg.to.and_then(|to| trace.event(to).term());
            let moved = now.map_or_else(|| "moved on".into(), |term| format!("moved on to term {term}"));
            format!("arrived after its caller had {moved}: a stale reply")
        }
        Fate::Late => "came after its caller had given up: nobody took it any more".into(),
        Fate::Dropped => "lost on the way".into(),
        Fate::Unanswered if leg.to.is_none() && !leg.is_reply => {
            "nobody has received it, as far as the trace goes".into()
        }
        Fate::Unanswered if leg.is_reply => "nobody has had it, as far as the trace goes".into(),
        Fate::Unanswered if rpc.recvs.is_empty() => "never answered".into(),
        Fate::Unanswered => "received, but never answered, as far as the trace goes".into(),
    }
}

/// What became of an RPC as a whole, as a sentence.
pub fn rpc_fate(facts: &Facts<'_>, id: RpcId) -> String {
    let (trace, rpc) = (facts.trace(), facts.rpcs().get(id));
    if rpc.ambiguous {
        return "sent more than once under one id: which reply is to which request is unknown".into();
    }
    let acted_on = !rpc.used.is_empty();
    match (rpc.return_, rpc.outcome) {
        _ if let Some((asked, now)) = fate::stale_terms(trace, &rpc) => {
            let used = if acted_on { ", and was acted on" } else { "" };
            format!("asked in term {asked}, but the caller had moved on to term {now} when the reply came: stale{used}")
        }
        (Some(_), Some("error")) => "answered with an error".into(),
        (Some(_), Some("ok") | None) if acted_on => "answered in time, and acted on".into(),
        (Some(_), Some("ok") | None) => "answered in time".into(),
        (Some(return_), Some(outcome)) => {
            let after = match rpc.replies.first() {
                Some(reply) if *reply > return_ => "; the handler answered too late",
                Some(_) => "; the handler had answered by then, but that was not taken",
                None => "",
            };
            format!("the caller had no answer ({}){after}", name(outcome))
        }
        (None, _) if !rpc.replies.is_empty() => "answered, but the caller never took the reply".into(),
        (None, _) if !rpc.recvs.is_empty() => "received, but never answered, as far as the trace goes".into(),
        (None, _) => "nobody has received it, as far as the trace goes".into(),
    }
}

/// An RPC as one object: title, fate, what it cost, its id.
pub fn rpc_lines(facts: &Facts<'_>, id: RpcId) -> Vec<String> {
    let (trace, rpc) = (facts.trace(), facts.rpcs().get(id));
    let mut lines =
        vec![format!("{} · {} → {}", names::method(facts, id), who(trace, rpc.caller), who(trace, rpc.callee))];
    lines.push(rpc_fate(facts, id));
    if let (Some(send), Some(return_)) = (rpc.send, rpc.return_) {
        lines.push(format!("{TOOK}{} for its caller", duration(at(trace, return_).saturating_sub(at(trace, send)))));
    }
    if let (Some(recv), Some(reply)) = (rpc.recvs.first(), rpc.replies.first()) {
        lines.push(format!("handled in {}", duration(at(trace, *reply).saturating_sub(at(trace, *recv)))));
    }
    if rpc.recvs.len() > 1 {
        lines.push(format!("received {}: the network duplicated it", count(rpc.recvs.len(), "time")));
    }
    lines.push(format!("rpc {}", name(&trace.tables().rpcs.id(id).to_string())));
    lines
}

/// The RPC that an event is about.
pub fn rpc_of_event(facts: &Facts<'_>, event: EventId) -> Option<RpcId> {
    names::rpc_of(facts.trace().event(event))
}

/// The events of an RPC in the order of the trace, each with what it is to it.
pub fn rpc_steps(facts: &Facts<'_>, id: RpcId) -> Vec<(&'static str, EventId)> {
    let rpc = facts.rpcs().get(id);
    let few = |what: &'static str, events: &[EventId]| {
        events.iter().take(MAX_COPIES).map(|event| (what, *event)).collect::<Vec<_>>()
    };
    let mut steps: Vec<_> = rpc.send.map(|send| ("request", send)).into_iter().collect();
    steps.extend(few("handler", rpc.recvs));
    steps.extend(few("reply", rpc.replies));
    steps.extend(rpc.return_.map(|return_| ("return", return_)));
    steps.extend(few("acted on", rpc.used));
    steps.sort_by_key(|(_, event)| *event);
    steps
}
