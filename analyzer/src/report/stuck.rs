//! Every unfinished task: where it is, since when, what it waits for, who holds that, and what it holds itself.

use std::io::{self, Write};

use serde::Serialize;

use super::style::{Ink, Pen, Style, count};
use crate::detect::chains;
use crate::detect::finding::Severity;
use crate::detect::words::{Words, enumerate, ms};
use crate::facts::{Facts, Root, Stuck, WaitGraph};
use crate::model::{EventId, TaskId, Trace};
use crate::read::Problem;

/// The tasks that were not finished at one moment.
#[derive(Clone, Debug)]
pub struct StuckReport {
    at: Option<EventId>,
    ts: u64,
    waiting: Vec<TaskNote>,
    running: Vec<TaskNote>,
    /// Circles of waits, each as the words for its tasks.
    circles: Vec<Vec<String>>,
    problems: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug, Serialize)]
struct TaskNote {
    task: String,
    name: String,
    peer: Option<String>,
    /// Its last event.
    event: u32,
    since_ts: u64,
    for_ns: u64,
    src: Option<String>,
    /// What it waits for, and so on to the root; absent = it waits for nothing.
    waits: Option<String>,
    root: Option<&'static str>,
    holds: Vec<HoldNote>,
    daemon: bool,
    #[serde(skip)]
    title: String,
}

#[derive(Clone, Debug, Serialize)]
struct HoldNote {
    lock: String,
    since_ts: u64,
    src: Option<String>,
}

impl StuckReport {
    /// The tasks that were not finished right after the event `at`, by default at the end of `trace`.
    pub fn new(trace: &Trace, problems: &[Problem], at: Option<EventId>) -> StuckReport {
        let facts = Facts::new(trace, problems);
        let last = EventId(trace.len().saturating_sub(1) as u32);
        let at = at.map(|at| at.min(last)).or((!trace.is_empty()).then_some(last));
        let at_end = at == Some(last);
        let earlier = at.filter(|_| !at_end).map(|at| WaitGraph::at(&facts, at));
        let graph = earlier.as_ref().unwrap_or_else(|| facts.wait_graph());
        let words = Words(trace);
        let (mut waiting, mut running) = (Vec::new(), Vec::new());
        for task in trace.tasks().ids() {
            let Some(here) = at.and_then(|at| last_event(trace, task, at)) else { continue };
            if trace.task(task).end.is_some_and(|end| Some(end) <= at) {
                continue;
            }
            let stuck = graph.of(task);
            let note = note(&facts, graph, task, here, at.unwrap_or(last), stuck);
            if stuck.is_some() { waiting.push(note) } else { running.push(note) }
        }
        waiting.sort_by_key(|note| (note.since_ts, note.event));
        let circles = graph.cycles().iter();
        let circles =
            circles.map(|cycle| cycle.steps.iter().map(|step| words.author(step.wait.begin)).collect()).collect();
        let problems = problems.iter().map(|problem| (problem.kind.name(), problem.detail.clone())).collect();
        StuckReport { at, ts: at.map_or(0, |at| trace.event(at).ts()), waiting, running, circles, problems }
    }

    /// Whether a task waits that nobody called a daemon.
    pub fn any_waits(&self) -> bool {
        self.waiting.iter().any(|note| !note.daemon)
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let mut pen = Pen::new(out, style);
        let event = self.at.map_or_else(String::new, |at| format!(" (event {})", at.0));
        let waiting =
            format!("{} {}", count(self.waiting.len(), "task"), if self.waiting.len() == 1 { "waits" } else { "wait" });
        let ink = if self.any_waits() { Ink::Strong } else { Ink::Good };
        pen.line(ink, format_args!("{waiting}, {} not, at {}{event}", self.running.len(), ms(self.ts)))?;
        for circle in &self.circles {
            pen.put(Ink::Of(Severity::Error), "circle")?;
            pen.line(Ink::Plain, format_args!(": {}", enumerate(circle)))?;
        }
        for note in &self.waiting {
            pen.end()?;
            pen.put(Ink::Strong, &note.title)?;
            let daemon = if note.daemon { ", a daemon" } else { "" };
            pen.line(Ink::Faint, format_args!("  for {}{daemon}{}", ms(note.for_ns), at_line(note.src.as_deref())))?;
            if let Some(waits) = &note.waits {
                pen.paragraph(Ink::Plain, 4, 110, waits)?;
            }
            for hold in &note.holds {
                let line = at_line(hold.src.as_deref());
                pen.line(Ink::Plain, format_args!("    holds lock `{}` since {}{line}", hold.lock, ms(hold.since_ts)))?;
            }
        }
        if !self.running.is_empty() {
            pen.end()?;
            pen.line(Ink::Faint, "not waiting, as far as the trace shows")?;
        }
        for note in &self.running {
            let held: Vec<_> = note.holds.iter().map(|hold| format!("`{}`", hold.lock)).collect();
            let held = if held.is_empty() { String::new() } else { format!(", holds {}", enumerate(&held)) };
            pen.line(Ink::Faint, format_args!("  {}{}{held}", note.title, at_line(note.src.as_deref())))?;
        }
        for (what, detail) in &self.problems {
            pen.paragraph(Ink::Plain, 0, 110, &format!("problem: {what}: {detail}"))?;
        }
        Ok(())
    }

    /// Writes it for programs, in one line.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct ProblemDto<'r> {
            what: &'r str,
            detail: &'r str,
        }
        #[derive(Serialize)]
        struct StuckDto<'r> {
            version: u32,
            at: Option<u32>,
            ts: u64,
            waiting: &'r [TaskNote],
            running: &'r [TaskNote],
            circles: &'r [Vec<String>],
            problems: Vec<ProblemDto<'r>>,
        }
        let problems = self.problems.iter().map(|(what, detail)| ProblemDto { what, detail }).collect();
        let (waiting, running, circles) = (&self.waiting[..], &self.running[..], &self.circles[..]);
        super::json::write(
            out,
            &StuckDto { version: 1, at: self.at.map(|at| at.0), ts: self.ts, waiting, running, circles, problems },
        )
    }
}

fn at_line(src: Option<&str>) -> String {
    src.map_or_else(String::new, |src| format!(" at {src}"))
}

/// The task's last event up to `at`.
fn last_event(trace: &Trace, task: TaskId, at: EventId) -> Option<EventId> {
    let events = trace.task_events(task);
    events.get(events.partition_point(|event| *event <= at).checked_sub(1)?).copied()
}

fn note(
    facts: &Facts<'_>,
    graph: &WaitGraph,
    task: TaskId,
    here: EventId,
    at: EventId,
    stuck: Option<&Stuck>,
) -> TaskNote {
    let trace = facts.trace();
    let event = trace.event(here);
    let hold = |hold: &crate::facts::Hold| HoldNote {
        lock: trace.locks().name(hold.lock).into_owned(),
        since_ts: trace.event(hold.acquire).ts(),
        src: trace.event(hold.acquire).src().map(str::to_owned),
    };
    TaskNote {
        task: trace.tasks().id(task).to_string(),
        name: trace.tasks().name(task).into_owned(),
        peer: event.peer().map(|peer| trace.peers().id(peer).to_string()),
        event: here.0,
        since_ts: event.ts(),
        for_ns: trace.event(at).ts().saturating_sub(event.ts()),
        src: event.src().map(str::to_owned),
        waits: stuck.map(|_| chains::chain(facts, graph, task)),
        root: stuck.map(|stuck| root(stuck.root)),
        holds: facts.holds().held_by_task_at(task, at).map(hold).collect(),
        daemon: trace.task(task).daemon,
        title: Words(trace).author(here),
    }
}

fn root(root: Root) -> &'static str {
    match root {
        Root::Cycle(_) => "circle",
        Root::HolderEnded { .. } => "holder-ended",
        Root::Running(_) => "running",
        Root::Sleeping(_) => "sleeping",
        Root::NotHandled(_) => "not-handled",
        Root::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trace_from_jsonl;

    const HUNG: &str = r#"
        {"ts":0,"peer":0,"task":1,"kind":"lock.new","lock":1,"name":"raft"}
        {"ts":1000000,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"raft.rs:40"}
        {"ts":2000000,"peer":0,"task":2,"kind":"lock.wait","lock":1,"src":"raft.rs:90"}
        {"ts":3000000,"peer":0,"task":3,"kind":"task.begin"}
        {"ts":4000000,"peer":0,"task":3,"kind":"task.end","how":"ok"}
        {"ts":5000000,"peer":0,"task":1,"kind":"lock.wait","lock":1,"src":"raft.rs:77"}
    "#;

    fn text(at: Option<EventId>) -> String {
        let trace = trace_from_jsonl(HUNG);
        let mut out = Vec::new();
        StuckReport::new(&trace, &[], at).write_text(&mut out, Style::Plain).expect("a vector takes all");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn every_waiting_task_says_where_since_when_and_for_whom() {
        let expected = "\
2 tasks wait, 0 not, at 5.000 ms (event 5)
circle: task 1 of peer 0

task 2 of peer 0  for 3.000 ms at raft.rs:90
    waits for lock `raft`, held by task 1 of peer 0, which waits for lock `raft`, which it holds itself

task 1 of peer 0  for 0.000 ms at raft.rs:77
    waits for lock `raft`, which it holds itself
    holds lock `raft` since 1.000 ms at raft.rs:40
";
        assert_eq!(text(None), expected);
    }

    #[test]
    fn at_an_earlier_moment_less_had_happened() {
        let text = text(Some(EventId(2)));
        assert!(text.starts_with("1 task waits, 1 not, at 2.000 ms (event 2)\n"), "{text}");
        assert!(text.contains("held by task 1 of peer 0, which waits for nothing itself"), "{text}");
    }
}
