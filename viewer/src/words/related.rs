//! Which other events an event has to do with.

use peerscope_analyzer::facts::{Facts, Hold, WaitOn};
use peerscope_analyzer::model::{Event, EventId};
use peerscope_analyzer::vocabulary::{Body, Kind};

use super::messages::{rpc_of_event, rpc_steps};
use super::names;
use super::stories::{hold_ended_by, role_begun_by, wait_ended_by};

/// So many holders of one lock are named.
const MAX_HOLDERS: usize = 4;
/// The next to take a lock is sought among so many holds, the role before among so many roles.
const MAX_LOOK: usize = 2_000;

/// Events and things that an event has to do with, each with what it is to it: "its release", "the reply". The event itself
/// is not among them, and no event stands twice.
pub fn related(facts: &Facts<'_>, event: EventId) -> Vec<(String, EventId)> {
    let trace = facts.trace();
    let mut found: Vec<(String, EventId)> = Vec::new();
    locks(facts, event, &mut found);
    waits(facts, event, &mut found);
    if let Some(rpc) = rpc_of_event(facts, event) {
        found.extend(rpc_steps(facts, rpc).into_iter().map(|(what, step)| (format!("its RPC: {what}"), step)));
    }
    tasks(trace.event(event), &mut found);
    roles(facts, event, &mut found);
    if let Some(task) = trace.event(event).task() {
        for hold in facts.holds().held_by_task_at(task, event).take(MAX_HOLDERS) {
            found.push((format!("{}, held here", names::lock(facts, hold.lock)), hold.acquire));
        }
    }
    let whose = if trace.event(event).task().is_some() { "task" } else { "peer" };
    found.extend(trace.previous_in_line(event).map(|before| (format!("before, same {whose}"), before)));
    found.extend(trace.next_in_line(event).map(|next| (format!("next, same {whose}"), next)));
    let mut seen = vec![event];
    found.retain(|(_, other)| {
        let new = !seen.contains(other);
        seen.push(*other);
        new
    });
    found
}

fn locks(facts: &Facts<'_>, event: EventId, found: &mut Vec<(String, EventId)>) {
    let mut put = |what: &str, event: Option<EventId>| found.extend(event.map(|event| (what.to_owned(), event)));
    if let Some(hold) = facts.holds().began_at(event) {
        put("its wait", hold.wait);
        if let Some(wait) = hold.wait {
            let before = facts.holds().holders_at(hold.lock, wait).next();
            put("who held it before", before.map(|hold| hold.acquire));
            put("that one's release", before.and_then(|hold| hold.release));
        }
        let is_grant = |end: EventId| facts.trace().event(end).kind() == Some(Kind::LockAcquire);
        let overtaken = hold.release.is_some_and(is_grant);
        put(if overtaken { "the grant that shows it was over" } else { "its release" }, hold.release);
    }
    if let Some(hold) = hold_ended_by(facts, event) {
        put("its acquire", Some(hold.acquire));
        put("who takes it next", next_hold(facts, &hold, event));
    }
}

/// The next hold of the lock after `hold`, if it comes soon.
fn next_hold(facts: &Facts<'_>, hold: &Hold, release: EventId) -> Option<EventId> {
    let all = facts.holds().all();
    let first = all.partition_point(|other| other.acquire <= release);
    let next = all[first..].iter().take(MAX_LOOK).find(|other| other.lock == hold.lock);
    next.map(|next| next.acquire)
}

fn waits(facts: &Facts<'_>, event: EventId, found: &mut Vec<(String, EventId)>) {
    let mut put = |what: &str, event: Option<EventId>| found.extend(event.map(|event| (what.to_owned(), event)));
    if let Some(wait) = facts.waits().began_at(event) {
        if let WaitOn::Lock(lock) = wait.on {
            for hold in facts.holds().holders_at(lock, event).take(MAX_HOLDERS) {
                put("the hold that it waits for", Some(hold.acquire));
                put("the end of that hold", hold.release);
            }
        }
        put("the end of the wait", wait.end);
    }
    if let Some(wait) = wait_ended_by(facts, event) {
        put("the wait that this ends", Some(wait.begin));
    }
}

fn tasks(event: Event<'_>, found: &mut Vec<(String, EventId)>) {
    let trace = event.trace();
    let mut put = |what: &str, event: Option<EventId>| found.extend(event.map(|event| (what.to_owned(), event)));
    let child = match event.body() {
        Body::TaskSpawn(body) => body.child,
        Body::TaskJoin(body) => body.child,
        Body::TaskJoined(body) => body.child,
        _ => None,
    };
    if let Some(child) = child.and_then(|child| trace.task_of(event, child)) {
        let child = trace.task(child);
        put("the task's spawn", child.spawn);
        put("the task's begin", child.begin);
        put("the task's end", child.end);
    }
    if let (Some(Kind::TaskBegin | Kind::TaskEnd), Some(task)) = (event.kind(), event.task()) {
        let task = trace.task(task);
        put("its spawn", task.spawn);
        put("its begin", task.begin);
        put("its end", task.end);
    }
}

fn roles(facts: &Facts<'_>, event: EventId, found: &mut Vec<(String, EventId)>) {
    if let Some((_, Some(end))) = role_begun_by(facts, event) {
        found.push(("the end of this role".into(), end));
    }
    let Some(peer) = facts.trace().event(event).peer() else { return };
    let roles = facts.roles().all();
    let before = roles.partition_point(|role| role.begin < event);
    let last = roles[..before].iter().rev().take(MAX_LOOK).find(|role| role.peer == peer);
    if let Some(role) = last.filter(|role| role.end == Some(event)) {
        found.push(("the role that this ends".into(), role.begin));
    }
}
