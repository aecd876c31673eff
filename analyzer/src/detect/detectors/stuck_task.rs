//! A task that can never go on, or that still waited when the program ended.

use peerscope_format::vocabulary::Kind;

use crate::detect::blind::{self, missing_parts};
use crate::detect::chains;
use crate::detect::finding::{Class, Finding, Gap, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, enumerate};
use crate::facts::{Blocker, Certainty, Cycle, Facts, Root, Stuck, WAITING_KINDS, Wait};
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
    judges_by: WAITING_KINDS,
    thresholds: &[],
    idle: |facts| facts.waits().all().is_empty().then_some("no task waits for anything"),
    run,
};

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let graph = facts.wait_graph();
    let mut outcome = Outcome::new(Vec::new(), missing_parts(facts));
    outcome.gaps.extend(blind::taskless(facts, &[Kind::LockAcquire, Kind::LockWait]));
    let mut cut_short = Vec::new();
    for cycle in graph.cycles() {
        if is_ours(facts, cycle) {
            outcome.findings.push(circle(facts, cycle));
        } else {
            outcome.told_elsewhere = true;
        }
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
            // A call that is not waited for elsewhere says little where it stands alone.
            _ if facts.certainty(&stuck.wait) == Certainty::Doubtful => {}
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
    let mut parts: Vec<_> = cycle.steps.iter().map(|step| words.waiting(facts, &step.wait)).collect();
    let title = match parts.len() {
        1 => format!("{}: it can never go on, as it waits for itself", parts[0]),
        2 => format!("{} wait for each other: {}", enumerate(&tasks), enumerate(&parts)),
        all => {
            if all > LONGEST_STORY {
                parts.truncate(LONGEST_STORY);
                parts.push(format!("{} more", all - LONGEST_STORY));
            }
            format!("{all} tasks wait for each other in a circle: {}", enumerate(&parts))
        }
    };
    let fix = "let all tasks take these locks in one order, or release the one before waiting for the other";
    let doubt = chains::doubt(facts, cycle);
    let title = format!("{title}{}", chains::but(doubt));
    let mut finding = Finding::new(chains::class(doubt), Nature::Violation, deed, title, fix);
    for step in cycle.steps.iter().take(LONGEST_STORY) {
        tell(facts, &step.wait, Some(step.blocker), &mut finding);
    }
    let holds = cycle.steps.iter().filter_map(|step| Some((hold(&step.blocker)?, step.wait.begin)));
    finding.suffers = holds.collect();
    finish(facts, &mut finding);
    finding.acts = chains::tasks(cycle).into_iter().map(Object::Task).collect();
    finding
}

/// A task outside a circle that waits for one within.
fn behind(facts: &Facts<'_>, stuck: &Stuck, cycle: &Cycle) -> Finding {
    let fix = "break the circle at the end of the chain; this task then goes on by itself";
    let class = chains::class(chains::doubt(facts, cycle));
    let mut finding = chained(facts, stuck, class, chains::closed_at(cycle), fix);
    let tasks = chains::tasks(cycle).into_iter();
    finding.suffers = tasks.map(|task| (Object::Task(task), stuck.wait.begin)).collect();
    finding
}

/// A task whose chain ends in a lock that nobody will ever release.
fn bereft(facts: &Facts<'_>, stuck: &Stuck, holder: TaskId, acquire: EventId) -> Finding {
    let words = Words(facts.trace());
    let end = facts.trace().task(holder).end;
    let fix = format!("release the lock on every way out of {}; in Rust, let a guard do it", words.author(acquire));
    let released = chains::is_released_by_others(facts, acquire);
    let class = if released { Class::Suspected } else { Class::Happened };
    let mut finding = chained(facts, stuck, class, end.unwrap_or(acquire), &fix);
    finding.witness(acquire, words.taking(facts, acquire));
    if let Some(end) = end {
        finding.witness(end, format!("{} ends without having released it", words.author(end)));
    }
    finish(facts, &mut finding);
    finding.suffers = vec![(Object::Task(holder), stuck.wait.begin), (Object::Hold(acquire), stuck.wait.begin)];
    finding
}

/// A task that merely still waited when the program ended.
fn waiting(facts: &Facts<'_>, stuck: &Stuck) -> Finding {
    let fix = "if it was to end before the program, find out who should have ended its wait; else mark it a daemon";
    let mut finding = chained(facts, stuck, Class::Suspected, stuck.wait.begin, fix);
    let chain = facts.wait_graph().chain(stuck.wait.task);
    // What it waits for itself and what stands at the root: the tasks between have findings of their own, and all holds of
    // all chains would be quadratic.
    let ends = chain.iter().take(1).chain(chain.iter().skip(1).last());
    let holds = ends.flat_map(|stuck| &stuck.blockers).filter_map(hold);
    finding.suffers = holds.map(|hold| (hold, stuck.wait.begin)).collect();
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
    let sure = match class {
        Class::Happened => "can never go on",
        _ if facts.coverage().cut_off => "waits where the trace ends",
        _ => "still waited when the program ended",
    };
    let title = format!(
        "{} {sure}: it {}",
        Words(facts.trace()).author(wait.begin),
        chains::chain(facts, facts.wait_graph(), wait.task)
    );
    let mut finding = Finding::new(class, Nature::Violation, wait.begin.max(root), title, fix);
    tell(facts, wait, stuck.via, &mut finding);
    // What keeps the one who could help; who helps that one, the title says, and circles have findings of their own.
    if let Some(next) = stuck.via.and_then(|blocker| facts.wait_graph().of(blocker.task()?)) {
        finding.witness(next.wait.begin, Words(facts.trace()).waiting(facts, &next.wait));
    }
    finish(facts, &mut finding);
    finding.peers = facts.trace().event(wait.begin).peer().into_iter().collect();
    finding.acts = vec![Object::Task(wait.task)];
    finding
}

/// How many waits of a circle are told.
const LONGEST_STORY: usize = 5;

/// The wait, and what brought the one who could end it into that place.
fn tell(facts: &Facts<'_>, wait: &Wait, blocker: Option<Blocker>, finding: &mut Finding) {
    let words = Words(facts.trace());
    match blocker {
        Some(Blocker::Holder { acquire, .. }) => finding.witness(acquire, words.taking(facts, acquire)),
        Some(Blocker::Handler { recv, .. }) => {
            finding.witness(recv, format!("{} begins to handle the request", words.author(recv)));
        }
        Some(Blocker::Child(_)) | None => {}
    }
    finding.witness(wait.begin, words.waiting(facts, wait));
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
    Some(Gap::of(peers, format!("{who} where the trace is cut off, perhaps not for ever: {example}")))
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

            error stuck-task: task 2 of peer 0 can never go on: it waits for lock `raft`, held by task 1 of peer 0, which waits for itself
              raft.rs:40 task 1 of peer 0 takes lock `raft`
              raft.rs:90 task 2 of peer 0 waits for lock `raft`
              raft.rs:77 task 1 of peer 0 waits for lock `raft`
              because of self-deadlock
            "#,
        );
    }

    #[test]
    fn a_chain_ends_where_it_enters_a_circle() {
        check(
            r#"
            {"ts":10,"task":1,"kind":"lock.acquire","lock":"a","seq":1,"src":"bank.rs:1"}
            {"ts":11,"task":2,"kind":"lock.acquire","lock":"b","seq":1,"src":"bank.rs:5"}
            {"ts":12,"task":3,"kind":"lock.acquire","lock":"c","seq":1,"src":"bank.rs:8"}
            {"ts":20,"task":1,"kind":"lock.wait","lock":"b","src":"bank.rs:2"}
            {"ts":21,"task":2,"kind":"lock.wait","lock":"a","src":"bank.rs:6"}
            {"ts":22,"task":3,"kind":"lock.wait","lock":"b","src":"bank.rs:9"}
            {"ts":23,"task":4,"kind":"lock.wait","lock":"c","src":"bank.rs:12"}
            {"ts":99,"task":9,"kind":"process.end","how":"exit 1"}

            error stuck-task: task 1 and task 2 wait for each other: task 1 waits for lock `b` and task 2 waits for lock `a`
              bank.rs:1 task 1 takes lock `a`
              bank.rs:5 task 2 takes lock `b`
              bank.rs:2 task 1 waits for lock `b`
              bank.rs:6 task 2 waits for lock `a`
            error stuck-task: task 3 can never go on: it waits for lock `b`, held by task 2, which is part of the circle of tasks 1 and 2
              bank.rs:5 task 2 takes lock `b`
              bank.rs:6 task 2 waits for lock `a`
              bank.rs:9 task 3 waits for lock `b`
              because of stuck-task
            error stuck-task: task 4 can never go on: it waits for lock `c`, held by task 3, which waits for lock `b`, held by task 2, which is part of the circle of tasks 1 and 2
              bank.rs:8 task 3 takes lock `c`
              bank.rs:9 task 3 waits for lock `b`
              bank.rs:12 task 4 waits for lock `c`
              because of stuck-task
            "#,
        );
    }

    #[test]
    fn of_a_long_chain_the_ends_are_told() {
        let event = |task: u32, kind: &str, lock: u32| {
            format!("{{\"ts\":9,\"task\":{task},\"kind\":\"{kind}\",\"lock\":{lock}}}\n")
        };
        let takes = (1..=8).map(|task| event(task, "lock.acquire", task));
        let waits = (1..=8).map(|lock| event(lock + 1, "lock.wait", lock));
        let links: String = takes.chain(waits).collect();
        let trace = crate::testing::trace_from_jsonl(&links);
        let facts = crate::facts::Facts::new(&trace, &[]);
        let last = trace.tasks().ids().last().expect("tasks");
        assert_eq!(
            super::chains::chain(&facts, facts.wait_graph(), last),
            "waits for lock `8`, held by task 8, which waits for lock `7`, held by task 7, which waits for lock `6`, \
             held by task 6, which waits, over 4 more tasks, for task 2, which waits for lock `1`, held by task 1, \
             which waits for nothing itself"
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
              bank.rs:1 task 1 takes lock `a`
              bank.rs:5 task 2 takes lock `b`
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
              raft.rs:40 task 1 takes lock `raft`
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
              lock.acquire task 1 takes lock `raft`
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

            info stuck-task: task 1 of peer 0 still waited when the program ended: it waits for the reply of Append to peer 1, a request that nobody has received
              raft.rs:52 task 1 of peer 0 waits for the reply of Append to peer 1
            info stuck-task: task 2 of peer 0 still waited when the program ended: it waits for lock `raft`, held by task 1 of peer 0, which waits for the reply of Append to peer 1, a request that nobody has received
              raft.rs:40 task 1 of peer 0 takes lock `raft`
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
