//! How things are called. What comes from the trace leaves here escaped and cut to a sane length.

use std::hash::Hash;

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{Dense, Event, EventId, LockId, PeerId, RpcId, Table, TaskId, Trace};
use peerscope_analyzer::report::escape::{clip, escape};
use peerscope_analyzer::value::Id;
use peerscope_analyzer::vocabulary::Body;

/// Names longer than so many characters are cut.
const MAX_NAME: usize = 60;
/// So are sentences and lines that the program wrote.
pub(crate) const MAX_TEXT: usize = 400;

/// A text of the trace as it may stand on the screen: harmless, in one line, of at most `limit` characters.
pub(crate) fn safe(text: &str, limit: usize) -> String {
    // Cut first, so that no more is escaped than is shown; and again, since an escape is longer than what it stands for.
    clip(&escape(&clip(text, limit)), limit).into_owned()
}

pub(crate) fn name(text: &str) -> String {
    safe(text, MAX_NAME)
}

/// `peer 0`.
pub(crate) fn peer(trace: &Trace, peer: PeerId) -> String {
    format!("peer {}", name(&trace.peers().name(peer)))
}

/// The peer that a field of `event` names; its bare id if the trace knows no such peer.
pub(crate) fn named_peer(event: Event<'_>, id: Option<Id<'_>>) -> String {
    match id {
        None => "an unknown peer".into(),
        Some(Id::Negative(_)) => "nobody".into(),
        Some(id) => match event.trace().peer_of(event, id) {
            Some(known) => peer(event.trace(), known),
            None => format!("peer {}", name(&id.to_string())),
        },
    }
}

/// The one name of a task: `ticker (3)`; if it was given none `task 3 (main.rs:12)`, after the line that spawned it, or
/// `task 3` where that is not known.
pub(crate) fn task(trace: &Trace, task: TaskId) -> String {
    let id = name(&trace.tasks().id(task).to_string());
    match own_name(trace, task) {
        Some(own) if own == id => own,
        Some(own) => format!("{own} ({id})"),
        None => {
            let line = spawned_at(trace, task).map_or_else(String::new, |src| format!(" ({})", name(file_name(src))));
            format!("task {id}{line}")
        }
    }
}

/// `ticker`, or `task 3`: where there is no room for more.
pub(crate) fn short_task(trace: &Trace, task: TaskId) -> String {
    own_name(trace, task).unwrap_or_else(|| format!("task {}", name(&trace.tasks().id(task).to_string())))
}

/// The name that the task was given; `None` if it is known only by a number.
fn own_name(trace: &Trace, task: TaskId) -> Option<String> {
    let own = trace.tasks().name(task);
    match trace.tasks().id(task) {
        Id::Text(_) => Some(name(&own)),
        number => (*own != number.to_string()).then(|| name(&own)),
    }
}

/// "file:line" of the call that spawned the task.
pub(crate) fn spawned_at(trace: &Trace, task: TaskId) -> Option<&str> {
    trace.event(trace.task(task).spawn?).src()
}

/// What of "path/file:line" stands behind the path.
pub(crate) fn file_name(src: &str) -> &str {
    src.rsplit(['/', '\\']).next().unwrap_or(src)
}

/// The task that a field of `event` names.
pub(crate) fn named_task(event: Event<'_>, id: Option<Id<'_>>) -> String {
    match id.map(|id| event.trace().task_of(event, id).ok_or(id)) {
        None => "a task".into(),
        Some(Ok(known)) => task(event.trace(), known),
        Some(Err(id)) => format!("task {}", name(&id.to_string())),
    }
}

/// `Mutex<State>`, or `Mutex<State> (1)` where another lock has that name as well; `lock 7` if it has no name.
pub(crate) fn lock(facts: &Facts<'_>, lock: LockId) -> String {
    let locks = facts.trace().locks();
    if facts.holds().has_namesake(lock) { full_lock(facts.trace(), lock) } else { thing("lock", locks, lock) }
}

/// `Mutex<State> (1)`, `lock 7` if it has no name.
pub(crate) fn full_lock(trace: &Trace, lock: LockId) -> String {
    let id = name(&trace.locks().id(lock).to_string());
    let own = thing("lock", trace.locks(), lock);
    if own == id || own == format!("lock {id}") { own } else { format!("{own} ({id})") }
}

/// A thing by its name; `channel 3` if it has none but a number, which says nothing alone.
pub(crate) fn thing<I: Dense, S: Copy + Eq + Hash>(sort: &str, table: &Table<I, S>, id: I) -> String {
    let text = table.name(id);
    match table.id(id) {
        Id::Number(number) if *text == number.to_string() => format!("{sort} {number}"),
        _ => name(&text),
    }
}

/// The lock that an event is about.
pub(crate) fn lock_of(event: Event<'_>) -> Option<LockId> {
    let id = match event.body() {
        Body::LockNew(body) => body.lock,
        Body::LockWait(body) => body.lock,
        Body::LockAcquire(body) => body.lock,
        Body::LockRelease(body) => body.lock,
        Body::LockUpgrade(body) => body.lock,
        Body::LockDowngrade(body) => body.lock,
        Body::CondWait(body) => body.lock,
        Body::CondWake(body) => body.lock,
        Body::Invariant(body) => body.lock,
        _ => None,
    };
    event.trace().lock_of(event, id?)
}

/// The RPC that an event is about.
pub(crate) fn rpc_of(event: Event<'_>) -> Option<RpcId> {
    let id = match event.body() {
        Body::RpcSend(body) => body.rpc,
        Body::RpcRecv(body) => body.rpc,
        Body::RpcReply(body) => body.rpc,
        Body::RpcReturn(body) => body.rpc,
        Body::ReplyUsed(body) => body.rpc,
        _ => None,
    };
    event.trace().tables().rpcs.get((), id?)
}

/// `ticker (3) of peer 0`: who wrote the event.
pub(crate) fn author(trace: &Trace, event: EventId) -> String {
    let event = trace.event(event);
    match (event.task(), event.peer()) {
        (Some(id), Some(of)) => format!("{} of {}", task(trace, id), peer(trace, of)),
        (Some(id), None) => task(trace, id),
        (None, Some(of)) => peer(trace, of),
        (None, None) => "somebody".into(),
    }
}

/// `RequestVote`, or `a call` if the trace does not say of what.
pub(crate) fn method(facts: &Facts<'_>, rpc: RpcId) -> String {
    facts.rpcs().get(rpc).method.map_or_else(|| "a call".into(), name)
}

/// `a`, `a and b`, `a, b and c`; of more than `most` only the first, and how many more there are.
pub(crate) fn enumerate(names: &[String], most: usize) -> String {
    let mut names = names.to_vec();
    let all = names.len();
    if all > most {
        names.truncate(most);
        names.push(format!("{} more", all - most));
    }
    match &names[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `1 event`, `2 000 events`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// `10 000 000`.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}
