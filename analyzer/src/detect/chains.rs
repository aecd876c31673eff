//! Chains and circles of waits: what several detectors and the stuck report say about them, in words.

use peerscope_format::vocabulary::Body;

use super::words::Words;
use crate::facts::{Blocker, Cycle, Facts, Hold, Root, Step, Stuck, Wait, WaitGraph, WaitOn};
use crate::model::{EventId, TaskId};

/// The hold because of which the task waits for itself: of the very lock that it waits for. Reading twice is allowed.
pub(crate) fn own_hold<'f>(facts: &'f Facts<'_>, wait: &Wait) -> Option<&'f Hold> {
    let WaitOn::Lock(lock) = wait.on else { return None };
    let Body::LockWait(body) = facts.trace().event(wait.begin).body() else { return None };
    let wants_shared = matches!(body.mode, Some("shared" | "upgradable"));
    let mut holds = facts.holds().held_by_task_at(wait.task, wait.begin);
    holds.find(|hold| hold.lock == lock && !(hold.shared && wants_shared))
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

/// What the task waits for, and so on to the root: ``waits for lock `raft`, held by task 3 of peer 1, which waits ...``.
pub(crate) fn chain(facts: &Facts<'_>, graph: &WaitGraph, task: TaskId) -> String {
    let chain = graph.chain(task);
    let words = Words(facts.trace());
    let mut text = String::new();
    for (place, stuck) in chain.iter().enumerate() {
        text.push_str(if place == 0 { "waits " } else { ", which waits " });
        text.push_str(&words.wait(facts, stuck.wait.on));
        text.push_str(&blocker(facts, stuck));
    }
    if let Some(last) = chain.last() {
        text.push_str(&root(last, chain.iter().position(|stuck| Some(stuck.wait.task) == next(last))));
    }
    text
}

fn next(stuck: &Stuck) -> Option<TaskId> {
    stuck.blockers.first().and_then(Blocker::task)
}

fn blocker(facts: &Facts<'_>, stuck: &Stuck) -> String {
    let words = Words(facts.trace());
    match stuck.blockers.first() {
        Some(Blocker::Holder { task, .. }) if *task == Some(stuck.wait.task) => ", which it holds itself".into(),
        Some(Blocker::Holder { acquire, .. }) => format!(", held by {}", words.author(*acquire)),
        Some(Blocker::Handler { recv, .. }) => format!(", handled by {}", words.author(*recv)),
        Some(Blocker::Child(_)) | None => String::new(),
    }
}

fn root(last: &Stuck, back_to: Option<usize>) -> String {
    match last.root {
        Root::Cycle(_) if next(last) == Some(last.wait.task) => String::new(),
        Root::Cycle(_) if back_to == Some(0) => ", which closes the circle".into(),
        Root::Cycle(_) => ", which is part of a circle".into(),
        Root::HolderEnded { .. } => ", which has ended without releasing it".into(),
        Root::Running(_) => ", which waits for nothing itself".into(),
        Root::Sleeping(task) if task == last.wait.task => String::new(),
        Root::Sleeping(_) => ", which sleeps".into(),
        Root::NotHandled(_) => ", which nobody has received".into(),
        Root::Unknown => String::new(),
    }
}
