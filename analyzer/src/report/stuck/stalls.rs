//! When a program that still runs is said to have stalled.
//!
//! A task that waits is nothing special: workers wait for work, a tester for the end of what it started. And a program
//! that hangs can look busy: a deadlocked Raft still sends heartbeats. So what counts is what a task waits *for*, and how
//! long that has not changed. A wait of a task that is no daemon matters, once it has lasted as long as was asked for, if
//!
//! - its chain of waits ends in a circle, or behind a lock whose holder has ended: it will never end by itself;
//! - or it is for what somebody else has and is to give back soon: a lock, or the reply to a request.
//!
//! All others (to receive, for a notify, a group, permits, the end of a task) may last by design. They matter once nothing
//! else moves either: if every task that has not ended and is no daemon has waited that long, none of them for time.

use std::collections::BTreeSet;

use super::StuckReport;
use crate::facts::{Root, Stuck, WaitGraph, WaitOn};
use crate::model::Trace;

/// Why a task waits, in words that are the same in the next report if nothing has moved.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// What the chain of waits ends in.
    end: String,
    weight: Weight,
}

/// What a wait that lasts means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Something is wrong.
    Matters,
    /// Something is, if nobody else moves.
    May,
    /// Nothing: time goes on by itself.
    Passes,
}

/// The cause of the wait of `stuck`.
pub(super) fn cause(trace: &Trace, graph: &WaitGraph, stuck: &Stuck) -> Cause {
    let task = |task| format!("{} of {}", trace.tasks().id(task), trace.tasks().scope(task).0);
    let end = match stuck.root {
        Root::Cycle(number) => {
            let first = graph.cycles()[number].steps.first();
            first.map_or_else(String::new, |step| {
                format!("circle of task {} at {}", task(step.wait.task), trace.event(step.wait.begin).ts())
            })
        }
        Root::HolderEnded { acquire, .. } => format!("taken at {}", trace.event(acquire).ts()),
        // Each has a task of its own; who asks a dead peer again and again would be told again and again.
        Root::NotHandled(_) => "requests that nobody has received".into(),
        Root::Running(other) => format!("behind task {}", task(other)),
        Root::Sleeping(other) => format!("behind task {}, which sleeps", task(other)),
        Root::Unknown => match stuck.wait.on {
            WaitOn::Rpc(_) => "replies".into(),
            _ => format!("wait of task {} at {}", task(stuck.wait.task), trace.event(stuck.wait.begin).ts()),
        },
    };
    let weight = match (stuck.root, stuck.wait.on) {
        (Root::Cycle(_) | Root::HolderEnded { .. }, _) => Weight::Matters,
        (_, WaitOn::Lock(_) | WaitOn::Rpc(_)) => Weight::Matters,
        (Root::Sleeping(_), _) => Weight::Passes,
        _ => Weight::May,
    };
    Cause { end, weight }
}

/// The stalls of one run that were told: each is told once, and again only if it had gone in between.
#[derive(Debug)]
pub struct Stalls {
    after_ns: u64,
    told: BTreeSet<String>,
}

impl Stalls {
    /// A wait must have lasted `after_ns` before it matters.
    pub fn new(after_ns: u64) -> Stalls {
        Stalls { after_ns, told: BTreeSet::new() }
    }

    /// Whether `report`, made later than those that were shown before, has a stall that was not told yet.
    pub fn are_new_in(&mut self, report: &StuckReport) -> bool {
        let now = self.causes(report);
        let new = !now.is_subset(&self.told);
        self.told = now;
        new
    }

    fn causes(&self, report: &StuckReport) -> BTreeSet<String> {
        let long = || report.waiting.iter().filter(|note| !note.daemon && note.for_ns >= self.after_ns);
        let of =
            |weight: Weight| long().filter_map(|note| note.cause.as_ref()).filter(move |cause| cause.weight == weight);
        let mut causes: BTreeSet<String> = of(Weight::Matters).map(|cause| cause.end.clone()).collect();
        let nobody_else = report.running.iter().all(|note| note.daemon)
            && report.waiting.iter().all(|note| note.daemon || note.for_ns >= self.after_ns);
        if causes.is_empty() && nobody_else && of(Weight::Passes).next().is_none() {
            causes.extend(of(Weight::May).map(|cause| cause.end.clone()));
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use super::super::Evidence;
    use super::*;
    use crate::testing::trace_from_jsonl;

    const SECOND: u64 = 1_000_000_000;

    /// Whether a stall of 5 s is told of `story` at each of these seconds, one after the other.
    fn told(story: &str, seconds: &[u64]) -> Vec<bool> {
        let trace = trace_from_jsonl(story);
        let mut stalls = Stalls::new(5 * SECOND);
        let mut look =
            |now: &u64| stalls.are_new_in(&StuckReport::live(&trace, &[], &[Some(now * SECOND)], Evidence::Events));
        seconds.iter().map(&mut look).collect()
    }

    #[test]
    fn a_deadlock_is_a_stall_though_others_go_on() {
        let story = r#"
            {"ts":1000000000,"peer":0,"task":1,"kind":"lock.acquire","lock":"raft","seq":1}
            {"ts":1000000000,"peer":0,"task":1,"kind":"lock.wait","lock":"raft"}
            {"ts":2000000000,"peer":0,"task":2,"kind":"log","msg":"heartbeat"}
            {"ts":9000000000,"peer":0,"task":2,"kind":"log","msg":"heartbeat"}
        "#;
        assert_eq!(told(story, &[5, 6, 7, 60]), [false, true, false, false], "once, when it has lasted 5 s");
    }

    #[test]
    fn who_piles_up_behind_a_stall_is_no_new_one() {
        let story = r#"
            {"ts":0,"task":1,"kind":"lock.acquire","lock":"raft","seq":1}
            {"ts":1000000000,"task":2,"kind":"lock.wait","lock":"raft"}
            {"ts":4000000000,"task":3,"kind":"lock.wait","lock":"raft"}
            {"ts":9000000000,"task":1,"kind":"lock.release","lock":"raft","seq":1}
            {"ts":9000000000,"task":2,"kind":"lock.acquire","lock":"raft","seq":2}
            {"ts":9000000000,"task":3,"kind":"log","msg":"still here"}
            {"ts":9000000000,"task":3,"kind":"lock.wait","lock":"raft"}
        "#;
        // At 9 s the lock changes hands; task 3 then waits anew, behind another holder.
        assert_eq!(told(story, &[6, 8, 10, 15]), [true, false, false, true]);
    }

    #[test]
    fn who_waits_for_work_has_not_stalled_while_somebody_moves() {
        let worker = r#"{"ts":0,"task":1,"kind":"chan.recv","chan":"work"}"#;
        assert_eq!(told(worker, &[4, 60, 61]), [false, true, false], "there is nobody else");
        let with = |other: &str| told(&format!("{worker}\n{other}"), &[60]);
        assert_eq!(with(r#"{"ts":0,"task":2,"kind":"log","msg":"at work"}"#), [false], "as far as is known");
        assert_eq!(with(r#"{"ts":0,"task":2,"kind":"sleep","for":99}"#), [false], "it wakes up by itself");
        assert_eq!(with(r#"{"ts":58000000000,"task":2,"kind":"chan.recv","chan":"other"}"#), [false], "not yet");
        assert_eq!(with(r#"{"ts":0,"task":2,"kind":"chan.recv","chan":"other"}"#), [true]);
    }

    #[test]
    fn a_daemon_may_wait_for_ever() {
        let story = r#"
            {"ts":0,"task":1,"kind":"task.spawn","child":2,"daemon":true}
            {"ts":0,"task":2,"kind":"task.begin"}
            {"ts":0,"task":2,"kind":"lock.acquire","lock":"raft","seq":1}
            {"ts":0,"task":2,"kind":"lock.wait","lock":"raft"}
        "#;
        assert_eq!(told(story, &[60]), [false]);
    }
}
