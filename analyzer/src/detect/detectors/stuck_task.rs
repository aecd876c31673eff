//! A task that can never go on, or that still waited when the program ended.

use crate::detect::chains;
use crate::detect::finding::{Class, Finding, Gap, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, enumerate, missing_parts};
use crate::facts::{Blocker, Cycle, Facts, Root, Stuck, Wait};
use crate::model::{EventId, TaskId};

/// The declaration.
pub const DETECTOR: Detector = Detector {
    name: "stuck-task",
    summary: "a task can never go on, or still waited when the program ended",
    explain: Explain {
        what_it_is: "\
A task whose last deed was to wait, and whose wait nobody can end: it waits, perhaps over several others, for a circle \
of tasks that wait for each other, or for a lock whose holder has ended without releasing it. A task that merely still \
waited when the program ended is only mentioned: somebody might have ended its wait.",
        why_it_matters: "\
Work that was asked for is never done, and what the task holds is never released. Seen from outside the program hangs, \
or runs on with a part of it dead, which is noticed much later.",
        example: "\
One task ends with the lock in its hands:
  task 3: lock raft, then panics in a way that does not release it
  task 7: waits for raft, for ever
  task 9: waits for a wait group that task 7 was to finish, for ever",
        how_to_fix: "\
Follow the chain to its root: it names each task, what it waits for and who could end that. Mend the root (break the \
circle, release the lock on every way out); the tasks behind it then go on by themselves.",
    },
    needs: &[Need::WaitGraph, Need::Holds],
    thresholds: &[],
    run,
};

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let graph = facts.wait_graph();
    let mut outcome = Outcome { findings: Vec::new(), gaps: missing_parts(facts) };
    let mut cut_short = Vec::new();
    for cycle in graph.cycles().iter().filter(|cycle| is_ours(facts, cycle)) {
        outcome.findings.push(circle(facts, cycle));
    }
    for stuck in graph.stuck() {
        match stuck.root {
            Root::Cycle(place) => {
                let cycle = &graph.cycles()[place];
                if cycle.steps.iter().all(|step| step.wait.task != stuck.wait.task) {
                    outcome.findings.push(behind(facts, stuck, cycle));
                }
            }
            Root::HolderEnded { task, acquire } => outcome.findings.push(bereft(facts, stuck, task, acquire)),
            _ if facts.trace().task(stuck.wait.task).daemon => {}
            _ if facts.coverage().cut_off => cut_short.push(stuck),
            _ => outcome.findings.push(waiting(facts, stuck)),
        }
    }
    outcome.gaps.extend(cut_waits(facts, &cut_short));
    outcome
}

/// Circles that no deadlock detector tells: those within one process, of more than one task or without a lock.
fn is_ours(facts: &Facts<'_>, cycle: &Cycle) -> bool {
    let alone = cycle.steps.len() == 1 && chains::own_hold(facts, &cycle.steps[0].wait).is_some();
    !alone && !chains::crosses_peers(facts, cycle)
}

fn circle(facts: &Facts<'_>, cycle: &Cycle) -> Finding {
    let words = Words(facts.trace());
    let deed = chains::closed_at(cycle);
    let tasks: Vec<_> = cycle.steps.iter().map(|step| words.author(step.wait.begin)).collect();
    let parts: Vec<_> = cycle
        .steps
        .iter()
        .map(|step| format!("{} waits {}", words.author(step.wait.begin), words.wait(facts, step.wait.on)))
        .collect();
    let title = match tasks.len() {
        1 => format!("{}: it can never go on, as it waits for itself", parts[0]),
        _ => format!("{} wait for each other: {}", enumerate(&tasks), enumerate(&parts)),
    };
    let fix = "let all tasks take these locks in one order, or release the one before waiting for the other";
    let mut finding = Finding::new(Class::Happened, Nature::Violation, deed, title, fix);
    for step in &cycle.steps {
        tell(facts, &step.wait, Some(&step.blocker), &mut finding);
        if let Blocker::Holder { acquire, .. } = step.blocker {
            finding.suffers.push(Object::Hold(acquire));
        }
    }
    finish(facts, &mut finding);
    finding.acts = chains::tasks(cycle).into_iter().map(Object::Task).collect();
    finding
}

/// A task outside a circle that waits for one within.
fn behind(facts: &Facts<'_>, stuck: &Stuck, cycle: &Cycle) -> Finding {
    let fix = "break the circle at the end of the chain; this task then goes on by itself";
    let mut finding = chained(facts, stuck, Class::Happened, chains::closed_at(cycle), fix);
    finding.suffers = chains::tasks(cycle).into_iter().map(Object::Task).collect();
    finding
}

/// A task whose chain ends in a lock that nobody will ever release.
fn bereft(facts: &Facts<'_>, stuck: &Stuck, holder: TaskId, acquire: EventId) -> Finding {
    let words = Words(facts.trace());
    let end = facts.trace().task(holder).end;
    let fix = format!("release the lock on every way out of {}; in Rust, let a guard do it", words.author(acquire));
    let mut finding = chained(facts, stuck, Class::Happened, end.unwrap_or(acquire), &fix);
    finding.witness(acquire, format!("{} takes the lock at the end of the chain", words.author(acquire)));
    if let Some(end) = end {
        finding.witness(end, format!("{} ends without having released it", words.author(end)));
    }
    finish(facts, &mut finding);
    finding.suffers = vec![Object::Task(holder), Object::Hold(acquire)];
    finding
}

/// A task that merely still waited when the program ended.
fn waiting(facts: &Facts<'_>, stuck: &Stuck) -> Finding {
    let fix = "if it was to end before the program, find out who should have ended its wait; else mark it a daemon";
    let mut finding = chained(facts, stuck, Class::Suspected, stuck.wait.begin, fix);
    let chain = facts.wait_graph().chain(stuck.wait.task);
    finding.suffers = chain.iter().flat_map(|stuck| &stuck.blockers).filter_map(hold).collect();
    finding
}

fn hold(blocker: &Blocker) -> Option<Object> {
    match blocker {
        Blocker::Holder { acquire, .. } => Some(Object::Hold(*acquire)),
        Blocker::Handler { .. } | Blocker::Child(_) => None,
    }
}

fn chained(facts: &Facts<'_>, stuck: &Stuck, class: Class, root: EventId, fix: &str) -> Finding {
    let wait = &stuck.wait;
    let sure = if class == Class::Happened { "can never go on" } else { "still waited when the program ended" };
    let title = format!(
        "{} {sure}: it {}",
        Words(facts.trace()).author(wait.begin),
        chains::chain(facts, facts.wait_graph(), wait.task)
    );
    let mut finding = Finding::new(class, Nature::Violation, wait.begin.max(root), title, fix);
    for stuck in facts.wait_graph().chain(wait.task).into_iter().take(LONGEST_STORY) {
        tell(facts, &stuck.wait, stuck.blockers.first(), &mut finding);
    }
    finish(facts, &mut finding);
    finding.peers = facts.trace().event(wait.begin).peer().into_iter().collect();
    finding.acts = vec![Object::Task(wait.task)];
    finding
}

/// How many waits of a chain are told with their events; the title has all of them.
const LONGEST_STORY: usize = 4;

fn tell(facts: &Facts<'_>, wait: &Wait, blocker: Option<&Blocker>, finding: &mut Finding) {
    let words = Words(facts.trace());
    match blocker {
        Some(Blocker::Holder { acquire, .. }) => {
            finding.witness(*acquire, format!("{} takes the lock", words.author(*acquire)));
        }
        Some(Blocker::Handler { recv, .. }) => {
            finding.witness(*recv, format!("{} begins to handle the request", words.author(*recv)));
        }
        Some(Blocker::Child(_)) | None => {}
    }
    finding.witness(wait.begin, format!("{} waits {}", words.author(wait.begin), words.wait(facts, wait.on)));
}

fn finish(facts: &Facts<'_>, finding: &mut Finding) {
    finding.order_witnesses();
    finding.term = facts.trace().event(finding.deed).term();
    finding.peers = finding.witnesses.iter().filter_map(|witness| facts.trace().event(witness.event).peer()).collect();
    finding.peers.sort_unstable();
    finding.peers.dedup();
}

/// Waits that end with a trace that was cut off: whether they would have ended is unknown.
fn cut_waits(facts: &Facts<'_>, stuck: &[&Stuck]) -> Option<Gap> {
    let first = stuck.first()?;
    let trace = facts.trace();
    let mut peers: Vec<_> = stuck.iter().filter_map(|stuck| trace.event(stuck.wait.begin).peer()).collect();
    peers.sort_unstable();
    peers.dedup();
    let who = match stuck.len() - 1 {
        0 => "a task waits".to_owned(),
        more => format!("{} tasks wait", more + 1),
    };
    let example = format!(
        "{} {}",
        Words(trace).author(first.wait.begin),
        chains::chain(facts, facts.wait_graph(), first.wait.task)
    );
    Some(Gap { why: format!("{who} where the trace is cut off, perhaps not for ever: {example}"), peers })
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    #[test]
    fn a_task_behind_a_deadlock_is_its_consequence() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":"raft","seq":1,"src":"raft.rs:40"}
            {"ts":15,"peer":0,"task":2,"kind":"lock.wait","lock":"raft","src":"raft.rs:90"}
            {"ts":20,"peer":0,"task":1,"kind":"lock.wait","lock":"raft","src":"raft.rs:77"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 1"}

            error stuck-task: task 2 of peer 0 can never go on: it waits for lock `raft`, held by task 1 of peer 0, which waits for lock `raft`, which it holds itself
              raft.rs:40 task 1 of peer 0 takes the lock
              raft.rs:90 task 2 of peer 0 waits for lock `raft`
              raft.rs:77 task 1 of peer 0 waits for lock `raft`
              because of self-deadlock
            "#,
        );
    }

    #[test]
    fn two_locks_in_opposite_order() {
        check(
            r#"
            {"ts":10,"task":1,"kind":"lock.acquire","lock":"a","seq":1,"src":"bank.rs:1"}
            {"ts":11,"task":2,"kind":"lock.acquire","lock":"b","seq":1,"src":"bank.rs:5"}
            {"ts":20,"task":1,"kind":"lock.wait","lock":"b","src":"bank.rs:2"}
            {"ts":21,"task":2,"kind":"lock.wait","lock":"a","src":"bank.rs:6"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 1"}

            error stuck-task: task 1 and task 2 wait for each other: task 1 waits for lock `b` and task 2 waits for lock `a`
              bank.rs:1 task 1 takes the lock
              bank.rs:5 task 2 takes the lock
              bank.rs:2 task 1 waits for lock `b`
              bank.rs:6 task 2 waits for lock `a`
            "#,
        );
    }

    #[test]
    fn a_holder_that_ended_never_releases() {
        check(
            r#"
            {"ts":10,"task":1,"kind":"lock.acquire","lock":"raft","seq":1,"src":"raft.rs:40"}
            {"ts":12,"task":1,"kind":"task.end","how":"panic: index out of bounds"}
            {"ts":15,"task":2,"kind":"lock.wait","lock":"raft","src":"raft.rs:90"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 1"}

            error stuck-task: task 2 can never go on: it waits for lock `raft`, held by task 1, which has ended without releasing it
              raft.rs:40 task 1 takes the lock
              task.end task 1 ends without having released it
              raft.rs:90 task 2 waits for lock `raft`
            "#,
        );
    }

    #[test]
    fn waiting_at_the_end_is_no_proof() {
        check(
            r#"
            {"ts":10,"task":1,"kind":"lock.acquire","lock":"raft","seq":1}
            {"ts":15,"task":2,"kind":"lock.wait","lock":"raft"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            info stuck-task: task 2 still waited when the program ended: it waits for lock `raft`, held by task 1, which waits for nothing itself
              lock.acquire task 1 takes the lock
              lock.wait task 2 waits for lock `raft`
            "#,
        );
    }

    #[test]
    fn a_lock_kept_during_a_call_that_nobody_answers_is_the_cause() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":"raft","seq":1,"src":"raft.rs:40"}
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1,"src":"raft.rs:52"}
            {"ts":30,"peer":0,"task":2,"kind":"lock.wait","lock":"raft","src":"raft.rs:90"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            info stuck-task: task 1 of peer 0 still waited when the program ended: it waits for the reply of Append to peer 1, which nobody has received
              raft.rs:52 task 1 of peer 0 waits for the reply of Append to peer 1
            info stuck-task: task 2 of peer 0 still waited when the program ended: it waits for lock `raft`, held by task 1 of peer 0, which waits for the reply of Append to peer 1, which nobody has received
              raft.rs:40 task 1 of peer 0 takes the lock
              raft.rs:52 task 1 of peer 0 waits for the reply of Append to peer 1
              raft.rs:90 task 2 of peer 0 waits for lock `raft`
              because of lock-held-across-rpc
            "#,
        );
    }

    #[test]
    fn a_daemon_may_wait_for_ever() {
        check(
            r#"
            {"ts":5,"task":1,"kind":"task.begin","name":"ticker","daemon":true}
            {"ts":10,"task":1,"kind":"sleep","for":1000}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 0"}

            clean stuck-task
            "#,
        );
    }

    #[test]
    fn a_cut_leaves_waits_open() {
        check(
            r#"
            {"ts":10,"task":1,"kind":"lock.acquire","lock":"raft","seq":1}
            {"ts":15,"task":2,"kind":"lock.wait","lock":"raft"}

            gap stuck-task: the trace is cut off; what came after its end is unknown
            gap stuck-task: a task waits where the trace is cut off, perhaps not for ever: task 2 waits for lock `raft`, held by task 1, which waits for nothing itself
            "#,
        );
    }
}
