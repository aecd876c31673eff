//! Messages in words: an arrow, and an RPC as one object.

use peerscope_analyzer::facts::{Facts, Rpc};
use peerscope_analyzer::model::{EventId, MessageId, PeerId, RpcId, Trace};

use super::duration;
use super::names::{self, author, count, name};
use crate::scene::{Fate, Leg, Message};

/// So many of the receipts, answers and uses of one RPC are told.
const MAX_COPIES: usize = 4;

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
    lines.push(fate(trace, &rpc, leg));
    lines.extend(rpc.outcome.map(|outcome| format!("outcome at the caller: {}", name(outcome))));
    lines.push(format!("rpc {}", name(&trace.tables().rpcs.id(id).to_string())));
    lines
}

/// What a one-way message is: a few lines.
fn one_way_story(trace: &Trace, leg: Leg, id: MessageId) -> Vec<String> {
    let sender = trace.event(leg.from);
    let method =
        sender.record().fields().find(|(name, ..)| *name == "method").map(|(.., value)| name(&value.to_string()));
    let fate = match leg.fate {
        Fate::Dropped => "lost on the way",
        Fate::Unanswered => "nobody has received it, as far as the trace goes",
        Fate::Arrived | Fate::StaleTerm | Fate::Late => "arrived",
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
    let Some(to) = leg.to else { return "did not arrive, as far as the trace goes".into() };
    let took = at(trace, to).saturating_sub(at(trace, leg.from));
    // Clocks of two machines may disagree by more than a message takes.
    let took = if took < 0 { "before it was sent, by the clocks".into() } else { format!("after {}", duration(took)) };
    format!("arrived {took}, taken by {}", author(trace, to))
}

fn at(trace: &Trace, event: EventId) -> i64 {
    i64::try_from(trace.event(event).ts()).unwrap_or(i64::MAX)
}

fn who(trace: &Trace, peer: Option<PeerId>) -> String {
    peer.map_or_else(|| "?".into(), |peer| names::peer(trace, peer))
}

/// What became of a message, as a sentence.
fn fate(trace: &Trace, rpc: &Rpc<'_>, leg: Leg) -> String {
    match leg.fate {
        Fate::Arrived => "arrived in time".into(),
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
    let asked = rpc.msg_term.or_else(|| trace.event(rpc.send?).term());
    let now = rpc.return_.and_then(|return_| trace.event(return_).term());
    match (rpc.return_, rpc.outcome) {
        (Some(_), Some("ok") | None) => match (asked, now) {
            (Some(asked), Some(now)) if now > asked => {
                let used = if rpc.used.is_empty() { "" } else { ", and was acted on" };
                format!(
                    "asked in term {asked}, but the caller had moved on to term {now} when the reply came: stale{used}"
                )
            }
            _ if rpc.used.is_empty() => "answered in time".into(),
            _ => "answered in time, and acted on".into(),
        },
        (Some(return_), Some(outcome)) => {
            let late = rpc.replies.first().is_some_and(|reply| *reply > return_);
            let after = if late { "; the handler answered too late" } else { "" };
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
        lines.push(format!("took {} for its caller", duration(at(trace, return_).saturating_sub(at(trace, send)))));
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
