//! One event in plain words, and all of its fields.

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{Event, EventId, PeerId, Trace};
use peerscope_analyzer::report::log::describe;
use peerscope_analyzer::value::{FieldType, Id, Ids, ValueRef};
use peerscope_analyzer::vocabulary::{Body, Common, Kind};

use super::duration;
use super::names::{self, MAX_TEXT, enumerate, lock_of, name, named_peer, named_task, safe};

/// Values are shown whole up to so many characters.
const MAX_VALUE: usize = 4000;
/// So many fields of a map are shown each in its own row.
const MAX_FIELDS: usize = 64;

/// What happened, in one line without its subject: "votes for peer 1 in term 2".
pub fn event_text(facts: &Facts<'_>, event: EventId) -> String {
    let event = facts.trace().event(event);
    let text = raft_text(event)
        .or_else(|| message_text(facts, event))
        .or_else(|| task_text(event))
        .or_else(|| lock_text(facts, event))
        .or_else(|| test_text(event));
    let restored = if event.restored() { " (read back from disk)" } else { "" };
    // What has no words of its own here is shown as it is in the log.
    let text = text.unwrap_or_else(|| describe(event));
    format!("{}{restored}", safe(&text, MAX_TEXT))
}

fn in_term(event: Event<'_>) -> String {
    event.term().map_or_else(String::new, |term| format!(" in term {term}"))
}

fn raft_text(event: Event<'_>) -> Option<String> {
    Some(match event.body() {
        Body::Role(body) => format!("becomes {}{}", name(body.role?), in_term(event)),
        Body::TermChange(_) => format!("moves to term {}", event.term()?),
        Body::Vote(body) => format!("votes for {}{}", named_peer(event, body.candidate), in_term(event)),
        Body::LogAppend(body) => match (body.first, body.entries.map(|entries| entries.len() as u64)) {
            (Some(first), Some(0 | 1) | None) => format!("writes entry {first}"),
            (Some(first), Some(count)) => format!("writes entries {first} to {}", first.0.saturating_add(count - 1)),
            (None, _) => "writes entries".into(),
        },
        Body::LogTruncate(body) => format!("removes entry {} and all behind it", body.from?),
        Body::Commit(body) => format!("commits up to {}", body.index?),
        Body::Apply(body) => format!("applies entry {}", body.index?),
        Body::Progress(body) => {
            let part =
                |what: &str, index: Option<_>| index.map_or_else(String::new, |index| format!(", {what} {index}"));
            let (next, matched) = (part("next", body.next), part("match", body.matched));
            format!("knows of {}{next}{matched}", named_peer(event, body.of))
        }
        Body::Persist(body) => {
            let term = body.durable_term.map_or_else(String::new, |term| format!(" of term {term}"));
            format!("has its state{term} on disk")
        }
        Body::Snapshot(body) => match body.how {
            Some("installed") => format!("installs a snapshot up to {}", body.last_index?),
            _ => format!("takes a snapshot up to {}", body.last_index?),
        },
        Body::Invariant(body) => {
            let name = body.name.map_or_else(|| "an invariant".into(), |text| format!("invariant {}", name(text)));
            format!("{name} {}", if body.holds == Some(false) { "is broken" } else { "holds" })
        }
        Body::PeerStart(body) => format!("starts{}", how(body.how)),
        Body::PeerStop(body) => format!("stops{}", how(body.how)),
        _ => return None,
    })
}

fn how(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!(" ({})", name(text)))
}

fn message_text(facts: &Facts<'_>, event: Event<'_>) -> Option<String> {
    let body = event.body();
    let method = |own: Option<&str>| match own {
        Some(own) => name(own),
        None => names::rpc_of(event).map_or_else(|| "a message".into(), |rpc| names::method(facts, rpc)),
    };
    // An event need not repeat what others of its RPC say.
    let rpc = names::rpc_of(event).map(|rpc| facts.rpcs().get(rpc));
    let peer = |known: Option<PeerId>, own: Option<Id<'_>>| match (own, known) {
        (None, Some(known)) => names::peer(event.trace(), known),
        _ => named_peer(event, own),
    };
    let caller = |own| peer(rpc.and_then(|rpc| rpc.caller), own);
    let callee = |own| peer(rpc.and_then(|rpc| rpc.callee), own);
    let in_term = |term: Option<_>| term.map_or_else(String::new, |term| format!(", term {term}"));
    Some(match body {
        Body::RpcSend(body) => {
            format!("asks {}: {}{}", callee(body.to), method(body.method), in_term(body.msg_term))
        }
        Body::RpcRecv(body) => {
            format!("takes {} of {}{}", method(body.method), caller(body.from), in_term(body.msg_term))
        }
        Body::RpcReply(body) => {
            let verdict = verdict(body.outcome, body.granted, body.success, body.msg_term);
            format!("answers {} of {}{verdict}", method(body.method), caller(body.to))
        }
        Body::RpcReturn(body) => {
            let verdict = verdict(body.outcome.or(Some("ok")), body.granted, body.success, body.msg_term);
            format!("{} to {} returns{verdict}", method(body.method), callee(body.from))
        }
        Body::MsgSend(body) => {
            format!("sends {} to {}{}", method(body.method), named_peer(event, body.to), in_term(body.msg_term))
        }
        Body::MsgRecv(body) => {
            format!("takes {} of {}{}", method(body.method), named_peer(event, body.from), in_term(body.msg_term))
        }
        Body::MsgDrop(body) => {
            format!("{} to {} is lost{}", method(body.method), named_peer(event, body.to), how(body.why))
        }
        Body::ReplyUsed(body) => {
            let to = names::rpc_of(event).and_then(|rpc| facts.rpcs().get(rpc).callee);
            let of = to.map_or_else(String::new, |peer| format!(" of {}", names::peer(event.trace(), peer)));
            let purpose = body.purpose.map_or_else(String::new, |text| format!(": {}", name(text)));
            format!("acts on the reply{of}{purpose}")
        }
        _ => return None,
    })
}

fn verdict<T: std::fmt::Display>(
    outcome: Option<&str>,
    granted: Option<bool>,
    success: Option<bool>,
    term: Option<T>,
) -> String {
    let mut parts: Vec<String> = outcome.map(name).into_iter().collect();
    parts.extend(granted.map(|yes| if yes { "granted".to_owned() } else { "not granted".into() }));
    parts.extend(success.map(|yes| if yes { "success".to_owned() } else { "no success".into() }));
    parts.extend(term.map(|term| format!("term {term}")));
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

fn task_text(event: Event<'_>) -> Option<String> {
    Some(match event.body() {
        Body::TaskSpawn(body) => format!("starts {}", named_task(event, body.child)),
        Body::TaskBegin(_) => "begins".into(),
        Body::TaskEnd(body) => format!("ends{}", body.how.map_or_else(String::new, |how| format!(": {how}"))),
        Body::TaskJoin(body) => format!("waits for the end of {}", named_task(event, body.child)),
        Body::TaskJoined(body) => format!("has seen the end of {}", named_task(event, body.child)),
        Body::Sleep(body) => format!("sleeps{}", after(body.duration)),
        Body::SleepEnd(_) => "wakes".into(),
        Body::TimerSet(body) => {
            format!("sets timer {}{}{}", timer(body.name, body.timer), after(body.after), how(body.why))
        }
        Body::TimerStop(body) => format!("stops timer {}{}", timer(body.name, body.timer), how(body.why)),
        Body::TimerFire(body) => format!("timer {} fires{}", timer(body.name, body.timer), how(body.why)),
        _ => return None,
    })
}

fn timer(text: Option<&str>, id: Option<Id<'_>>) -> String {
    text.map(name).or_else(|| id.map(|id| name(&id.to_string()))).unwrap_or_default()
}

fn after(ns: Option<u64>) -> String {
    ns.map_or_else(String::new, |ns| format!(" {}", duration(i64::try_from(ns).unwrap_or(i64::MAX))))
}

fn lock_text(facts: &Facts<'_>, event: Event<'_>) -> Option<String> {
    let body = event.body();
    let lock = || lock_of(event).map_or_else(|| "a lock".into(), |lock| names::lock(facts, lock));
    let mode = |mode: Option<&str>| match mode {
        None | Some("exclusive") => String::new(),
        Some("shared") => " to read".into(),
        Some(other) => format!(" ({})", name(other)),
    };
    Some(match body {
        Body::LockNew(_) => format!("makes {}", lock()),
        Body::LockWait(body) => format!("waits for {}{}", lock(), mode(body.mode)),
        Body::LockAcquire(body) => match body.outcome {
            None | Some("ok") => format!("takes {}{}", lock(), mode(body.mode)),
            Some("poisoned") => format!("takes {}{} (poisoned)", lock(), mode(body.mode)),
            Some(other) => format!("does not get {}{}: {}", lock(), mode(body.mode), name(other)),
        },
        Body::LockRelease(body) => format!("releases {}{}", lock(), mode(body.mode)),
        Body::LockUpgrade(_) => format!("upgrades its hold of {}", lock()),
        Body::LockDowngrade(_) => format!("downgrades its hold of {}", lock()),
        _ => return None,
    })
}

fn test_text(event: Event<'_>) -> Option<String> {
    Some(match event.body() {
        Body::TestBegin(body) => format!("test {} begins", name(body.name?)),
        Body::TestEnd(body) => {
            let verdict = body.verdict.map_or_else(String::new, |verdict| format!(": {}", name(verdict)));
            let why = body.why.map_or_else(String::new, |why| format!(", {why}"));
            format!("the test ends{verdict}{why}")
        }
        Body::TestPhase(body) => format!("phase: {}", body.name?),
        Body::Fault(body) => fault(body.what, body.peers, body.detail),
        Body::ProcessEnd(body) => format!("the program ends{}", how(body.how)),
        Body::Lost(body) => {
            let events = body.events.map_or_else(|| "events".into(), |lost| names::count(lost as usize, "event"));
            format!("{events} lost here{}", how(body.why))
        }
        _ => return None,
    })
}

/// `partition: peers 0 and 1: DETAIL`.
pub(super) fn fault(what: Option<&str>, peers: Option<Ids<'_>>, detail: Option<ValueRef<'_>>) -> String {
    let peers: Vec<String> =
        peers.iter().flat_map(|peers| peers.iter()).take(64).map(|id| name(&id.to_string())).collect();
    let whom = match &peers[..] {
        [] => String::new(),
        [one] => format!(" of peer {one}"),
        several => format!(" of peers {}", enumerate(several, 8)),
    };
    let detail = match detail {
        None | Some(ValueRef::Null) => String::new(),
        Some(detail) => format!(": {detail}"),
    };
    format!("{}{whom}{detail}", what.map_or_else(|| "fault".into(), name))
}

/// All that is known of an event: names and values, in the order in which they are shown. First whose it is, then its own
/// fields as they were written.
pub fn event_fields(facts: &Facts<'_>, event: EventId) -> Vec<(String, String)> {
    let mut fields = event_head(facts.trace(), event);
    fields.extend(own_fields(facts, event));
    fields
}

/// Whose an event is: test, cluster, peer, incarnation, task, term; only what is known.
pub fn event_head(trace: &Trace, event: EventId) -> Vec<(String, String)> {
    let event = trace.event(event);
    let mut head = Vec::new();
    let mut put = |what: &str, value: Option<String>| head.extend(value.map(|value| (what.to_owned(), value)));
    put("test", event.test().map(|test| name(&trace.tests().name(test))));
    put("cluster", event.cluster().map(|cluster| name(&trace.clusters().name(cluster))));
    put("peer", event.peer().map(|peer| name(&trace.peers().name(peer))));
    // Nearly every peer lives once; only a later life is worth a row.
    put("incarnation", Some(event.incarnation()).filter(|number| *number > 0).map(|number| number.to_string()));
    put("task", event.task().map(|task| names::task(trace, task)));
    put("term", event.term().map(|term| term.to_string()));
    if trace.sources().len() > 1 {
        put("file", Some(name(&trace.source(event.source()).name)));
    }
    head
}

/// The event's own fields; locks and tasks by their names, times explained in brackets.
pub(crate) fn own_fields(facts: &Facts<'_>, event: EventId) -> Vec<(String, String)> {
    let event = facts.trace().event(event);
    let kind = event.kind().map_or(&[][..], Kind::fields);
    let mut rows = Vec::new();
    for (field, _, value) in event.record().fields().take(MAX_FIELDS) {
        let own = kind.iter().find(|info| info.name == field);
        let common = Common::ALL.iter().map(|(_, info)| info).find(|info| info.name == field);
        let ty = own.or(common).map(|info| info.ty);
        match value {
            // A typed field that is null is absent; where any value may stand, null is one.
            ValueRef::Null if ty.is_some_and(|ty| ty != FieldType::Any) => {}
            ValueRef::Map(map) => {
                let entries = map.iter().take(MAX_FIELDS);
                rows.extend(entries.map(|(key, value)| {
                    (format!("{}.{}", name(field), name(key)), safe(&value.to_string(), MAX_VALUE))
                }));
            }
            value => rows.push((name(field), shown_value(facts, event, field, ty, value))),
        }
    }
    rows
}

/// A value as it was written; a lock and a task by the name that they have everywhere; a time in words as well.
fn shown_value(facts: &Facts<'_>, event: Event<'_>, field: &str, ty: Option<FieldType>, value: ValueRef<'_>) -> String {
    let text = value.to_string();
    let trace = facts.trace();
    let named = match field {
        "lock" => lock_of(event).map(|lock| names::full_lock(trace, lock)),
        "child" => trace.task_of(event, Id::parse(&text)).map(|child| names::task(trace, child)),
        _ => None,
    };
    let in_words = match (ty, value) {
        (Some(FieldType::Nanos), ValueRef::U64(ns)) => {
            format!("  ({})", duration(i64::try_from(ns).unwrap_or(i64::MAX)))
        }
        _ => String::new(),
    };
    named.unwrap_or_else(|| format!("{}{in_words}", safe(&text, MAX_VALUE)))
}
