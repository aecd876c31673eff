//! Chains and circles of waits: what several detectors and the stuck report say about them, in words.

use peerscope_format::vocabulary::{Body, Kind};

use super::finding::Class;
use super::words::Words;
use crate::facts::{Blocker, Cycle, Facts, Hold, Mode, Root, Step, Stuck, Wait, WaitGraph, WaitOn};
use crate::model::{EventId, LockId, TaskId};

/// Why a task waits for itself.
pub(crate) struct Own<'f> {
    /// Its hold of the very lock that it waits for, to the end of the wait.
    pub(crate) hold: &'f Hold,
    /// It reads and wants to read again: the writer that waits in between.
    pub(crate) writer: Option<&'f Wait>,
}

/// Whether the task waits for itself. Reading twice is allowed unless a writer waits in between, and so is to wait until an
/// upgradable hold may become exclusive. Who had the lock when the wait began may have lost it since: another task can
/// release it. So the question is who has it when the wait ends.
pub(crate) fn own_hold<'f>(facts: &'f Facts<'_>, wait: &Wait) -> Option<Own<'f>> {
    let WaitOn::Lock(lock) = wait.on else { return None };
    let wanted = wanted(facts, wait)?;
    let lasts = |hold: &&Hold| match wait.end {
        Some(end) => hold.release.is_none_or(|release| release >= end),
        None => hold.is_open(),
    };
    let mut holds = facts.holds().held_by_task_at(wait.task, wait.begin).filter(|hold| hold.lock == lock).filter(lasts);
    holds.find_map(|hold| {
        let mode = facts.holds().mode_at(hold, wait.begin);
        if mode == Mode::Upgradable && wanted == Mode::Exclusive {
            return None;
        }
        if !mode.goes_with(wanted) {
            return Some(Own { hold, writer: None });
        }
        let waits = |other: &&Wait| other.on == wait.on && other.begin < wait.begin && other.task != wait.task;
        let mut writers = facts.waits().unfinished().filter(waits);
        let writer = writers.find(|other| self::wanted(facts, other) == Some(Mode::Exclusive))?;
        Some(Own { hold, writer: Some(writer) })
    })
}

/// In which mode the wait wants its lock.
fn wanted(facts: &Facts<'_>, wait: &Wait) -> Option<Mode> {
    match facts.trace().event(wait.begin).body() {
        Body::LockWait(body) => Some(Mode::of(body.mode)),
        _ => None,
    }
}

impl Own<'_> {
    /// Why it may go on after all; none = it cannot.
    pub(crate) fn doubt(&self, facts: &Facts<'_>) -> Option<&'static str> {
        if facts.holds().released_by_others(self.hold.lock) {
            return Some(RELEASED_BY_OTHERS);
        }
        let readers_pass = self.writer.is_some() && !queues(facts, self.hold.lock);
        readers_pass
            .then_some("whether readers wait behind a waiting writer is up to the lock's policy, which is unknown")
    }
}

const RELEASED_BY_OTHERS: &str = "other tasks release such locks in this trace";
const TIMES_OUT: &str = "such calls have timed out before, and the trace is cut off";

/// Whether the lock is known to make readers wait behind a waiting writer.
fn queues(facts: &Facts<'_>, lock: LockId) -> bool {
    let trace = facts.trace();
    let declared = trace.events().filter(|event| event.kind() == Some(Kind::LockNew));
    declared
        .filter_map(|event| match event.body() {
            Body::LockNew(body) if body.lock.and_then(|id| trace.lock_of(event, id)) == Some(lock) => body.policy,
            _ => None,
        })
        .any(|policy| matches!(policy, "writer-first" | "fair"))
}

/// Why a circle may dissolve after all; none = it cannot, so whoever is in it can never go on.
pub(crate) fn doubt(facts: &Facts<'_>, cycle: &Cycle) -> Option<&'static str> {
    if let [step] = &cycle.steps[..]
        && let Some(own) = own_hold(facts, &step.wait)
    {
        return own.doubt(facts);
    }
    let released = |step: &Step| match step.blocker {
        Blocker::Holder { acquire, .. } => is_released_by_others(facts, acquire),
        _ => false,
    };
    if cycle.steps.iter().any(released) {
        return Some(RELEASED_BY_OTHERS);
    }
    let times_out = |step: &Step| {
        let WaitOn::Rpc(rpc) = step.wait.on else { return false };
        let method = facts.rpcs().get(rpc).method;
        facts.rpcs().all().any(|other| other.method == method && other.outcome == Some("timeout"))
    };
    (facts.coverage().cut_off && cycle.steps.iter().any(times_out)).then_some(TIMES_OUT)
}

/// Whether a lock like the one that was taken at `acquire` is released by others than its holders in this trace.
pub(crate) fn is_released_by_others(facts: &Facts<'_>, acquire: EventId) -> bool {
    facts.holds().began_at(acquire).is_some_and(|hold| facts.holds().released_by_others(hold.lock))
}

/// The class of a finding that stands unless the doubt is right.
pub(crate) fn class(doubt: Option<&str>) -> Class {
    if doubt.is_some() { Class::Suspected } else { Class::Happened }
}

/// The doubt at the end of a title.
pub(crate) fn but(doubt: Option<&str>) -> String {
    doubt.map_or_else(String::new, |doubt| format!(" (perhaps not for ever: {doubt})"))
}

/// Whether a step of the circle is a remote call to another peer.
pub(crate) fn crosses_peers(facts: &Facts<'_>, cycle: &Cycle) -> bool {
    cycle.steps.iter().any(|step| is_remote(facts, step))
}

/// Whether this step is a remote call to another peer.
pub(crate) fn is_remote(facts: &Facts<'_>, step: &Step) -> bool {
    let peer = |event: EventId| facts.trace().event(event).peer();
    match step.blocker {
        Blocker::Handler { recv, .. } => peer(step.wait.begin) != peer(recv),
        Blocker::Holder { .. } | Blocker::Child(_) => false,
    }
}

/// The event that closed the circle: the last of its waits to begin.
pub(crate) fn closed_at(cycle: &Cycle) -> EventId {
    cycle.steps.iter().map(|step| step.wait.begin).max().unwrap_or(EventId(0))
}

/// The tasks of the circle.
pub(crate) fn tasks(cycle: &Cycle) -> Vec<TaskId> {
    cycle.steps.iter().map(|step| step.wait.task).collect()
}

/// How many waits of a chain are told one by one; of a longer one, the rest is counted.
const MAX_HOPS: usize = 4;

/// What the task waits for, and so on to the root: ``waits for lock `raft`, held by task 3 of peer 1, which waits ...``.
/// Where the chain enters a circle it ends: the circle is told elsewhere, once.
pub(crate) fn chain(facts: &Facts<'_>, graph: &WaitGraph, task: TaskId) -> String {
    let words = Words(facts.trace());
    let mut hops = graph.chain(task);
    let mut entered = None;
    if let Some(at) = hops.iter().position(|stuck| next(stuck).is_some_and(|next| is_in_circle(graph, stuck, next))) {
        hops.truncate(at + 1);
        entered = hops.last().copied();
    }
    let mut text = String::new();
    let skipped = hops.len().saturating_sub(MAX_HOPS);
    for (place, stuck) in hops.iter().enumerate() {
        // The first waits and the last, at which the root hangs.
        if skipped > 0 && (MAX_HOPS - 1..hops.len() - 1).contains(&place) {
            continue;
        }
        if skipped > 0 && place == hops.len() - 1 {
            text.push_str(&format!(", which waits, over {skipped} more tasks, for {}", words.author(stuck.wait.begin)));
        }
        text.push_str(if place == 0 { "waits " } else { ", which waits " });
        text.push_str(&words.wait(facts, stuck.wait.on, facts.trace().event(stuck.wait.begin).peer()));
        text.push_str(&by_whom(stuck, |event| words.author(event)));
    }
    match (entered, hops.last()) {
        (Some(last), _) => text.push_str(&circle(facts, graph, last, task)),
        (None, Some(last)) => text.push_str(root(last)),
        (None, None) => {}
    }
    text
}

fn next(stuck: &Stuck) -> Option<TaskId> {
    stuck.via.as_ref().and_then(Blocker::task)
}

/// Whether `task` is one of the circle in which the chain of `stuck` ends.
fn is_in_circle(graph: &WaitGraph, stuck: &Stuck, task: TaskId) -> bool {
    matches!(stuck.root, Root::Cycle(place) if graph.cycles()[place].steps.iter().any(|step| step.wait.task == task))
}

/// Whether the task is one of a circle, as is the one for whom it waits.
pub(crate) fn in_same_circle(graph: &WaitGraph, stuck: &Stuck) -> bool {
    is_in_circle(graph, stuck, stuck.wait.task)
}

/// Of the circle that the chain from `first` enters behind `last`.
fn circle(facts: &Facts<'_>, graph: &WaitGraph, last: &Stuck, first: TaskId) -> String {
    let Root::Cycle(place) = last.root else { return String::new() };
    let tasks = tasks(&graph.cycles()[place]);
    match &tasks[..] {
        [one] if *one == last.wait.task => String::new(),
        [_] => ", which waits for itself".into(),
        several if several.contains(&first) => ", in the same circle".into(),
        several => format!(", which is part of the circle of {}", Words(facts.trace()).tasks(several)),
    }
}

/// Who could end the wait: `, held by task 3 of peer 1`, whom `name` names by an event of that task.
pub(crate) fn by_whom(stuck: &Stuck, name: impl Fn(EventId) -> String) -> String {
    match stuck.via {
        Some(Blocker::Holder { task, .. }) if task == Some(stuck.wait.task) => ", which it holds itself".into(),
        Some(Blocker::Holder { acquire, .. }) => format!(", held by {}", name(acquire)),
        Some(Blocker::Handler { recv, .. }) => format!(", handled by {}", name(recv)),
        Some(Blocker::Child(_)) | None => String::new(),
    }
}

/// What becomes of a chain that ends in no circle.
fn root(last: &Stuck) -> &'static str {
    match last.root {
        Root::Cycle(_) => ", which waits in a circle in turn",
        Root::HolderEnded { .. } => ", which has ended without releasing it",
        Root::Running(task) if task == last.wait.task => "",
        Root::Running(_) => ", which waits for nothing itself",
        Root::Sleeping(task) if task == last.wait.task => "",
        Root::Sleeping(_) => ", which sleeps",
        Root::NotHandled(_) => ", a request that nobody has received",
        Root::Unknown => "",
    }
}
