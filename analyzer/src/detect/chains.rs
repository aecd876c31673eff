//! Chains and circles of waits: what several detectors and the stuck report say about them, in words.

use peerscope_format::vocabulary::Body;

use super::words::Words;
use crate::facts::{Blocker, Cycle, Facts, Hold, Mode, Root, Step, Stuck, Wait, WaitGraph, WaitOn};
use crate::model::{EventId, TaskId};

/// The hold because of which the task waits for itself: of the very lock that it waits for. Reading twice is allowed, and
/// so is to wait until an upgradable hold may become exclusive.
pub(crate) fn own_hold<'f>(facts: &'f Facts<'_>, wait: &Wait) -> Option<&'f Hold> {
    let WaitOn::Lock(lock) = wait.on else { return None };
    let Body::LockWait(body) = facts.trace().event(wait.begin).body() else { return None };
    let wanted = Mode::of(body.mode);
    let mut holds = facts.holds().held_by_task_at(wait.task, wait.begin);
    holds.find(|hold| {
        let mode = facts.holds().mode_at(hold, wait.begin);
        let upgrades = mode == Mode::Upgradable && wanted == Mode::Exclusive;
        hold.lock == lock && !mode.goes_with(wanted) && !upgrades
    })
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
