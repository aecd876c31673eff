//! Every unfinished task: where it is, since when, what it waits for, who holds that, and what it holds itself.
//!
//! The text has each circle once, as a block of its own, then those who wait behind it; then the other roots with all who
//! wait behind them; then who waits for nothing. Each task has one line: its next hop. The JSON form has whole chains.

use std::collections::BTreeMap;
use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::style::{Ink, Pen, Style, count};
use crate::detect::chains;
use crate::detect::finding::Severity;
use crate::detect::words::{Words, enumerate, ms};
use crate::facts::{Facts, Hold, Root, Stuck, WaitGraph};
use crate::model::{Dense, EventId, PeerId, TaskId, Trace};
use crate::read::Problem;

/// Where lines of text are broken.
const WIDTH: usize = 120;
/// How many tasks of one block of text are told; the rest is counted.
const MAX_WAITING: usize = 30;
/// The same of those that wait for nothing.
const MAX_RUNNING: usize = 10;

/// The tasks that were not finished at one moment.
#[derive(Clone, Debug)]
pub struct StuckReport {
    at: Option<EventId>,
    ts: u64,
    waiting: Vec<TaskNote>,
    running: Vec<TaskNote>,
    /// Circles of waits, each as the words for its tasks.
    circles: Vec<Vec<String>>,
    /// What the text tells, in this order.
    blocks: Vec<Block>,
    problems: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug, Serialize)]
struct TaskNote {
    task: String,
    name: String,
    peer: Option<String>,
    /// The event that began its wait, else its last one.
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
    /// What it waits for, and who could end that.
    #[serde(skip)]
    hop: String,
}

#[derive(Clone, Debug, Serialize)]
struct HoldNote {
    lock: String,
    lock_id: String,
    /// The peer to which the lock belongs.
    lock_of: Option<String>,
    since_ts: u64,
    src: Option<String>,
    #[serde(skip)]
    title: String,
}

/// Tasks that wait for the same thing in the end.
#[derive(Clone, Debug)]
struct Block {
    title: String,
    ink: Ink,
    /// Places in the list of those that wait: the circle, in its order.
    circle: Vec<usize>,
    /// Those behind it, or all, by the beginning of their waits.
    behind: Vec<usize>,
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
            if stuck.is_some() { waiting.push((task, note)) } else { running.push(note) }
        }
        waiting.sort_by_key(|(_, note)| (note.since_ts, note.event));
        // Who holds a lock matters most, then who has been silent longest.
        running.sort_by_key(|note| (note.holds.is_empty(), note.since_ts, note.event));
        let blocks = blocks(&facts, graph, &waiting.iter().map(|(task, _)| *task).collect::<Vec<_>>());
        let circles = graph.cycles().iter();
        let circles =
            circles.map(|cycle| cycle.steps.iter().map(|step| words.author(step.wait.begin)).collect()).collect();
        let problems = problems.iter().map(|problem| (problem.kind.name(), problem.detail.clone())).collect();
        let ts = at.map_or(0, |at| trace.event(at).ts());
        let waiting = waiting.into_iter().map(|(_, note)| note).collect();
        StuckReport { at, ts, waiting, running, circles, blocks, problems }
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
        for block in &self.blocks {
            pen.end()?;
            pen.line(block.ink, &block.title)?;
            self.tell(&mut pen, &block.circle)?;
            if !block.circle.is_empty() && !block.behind.is_empty() {
                pen.line(block.ink, "behind the circle")?;
            }
            self.tell(&mut pen, &block.behind)?;
        }
        if !self.running.is_empty() {
            pen.end()?;
            pen.line(Ink::Strong, "not waiting, as far as the trace shows")?;
        }
        for note in self.running.iter().take(MAX_RUNNING) {
            let held: Vec<_> = note.holds.iter().map(|hold| &hold.title[..]).map(str::to_owned).collect();
            let held = if held.is_empty() { String::new() } else { format!(", holds {}", enumerate(&held)) };
            let last = format!("{}{held}, last seen at {}{}", note.title, ms(note.since_ts), at_line(&note.src));
            pen.hanging(Ink::Faint, 2, WIDTH, &last)?;
        }
        more(&mut pen, self.running.len(), MAX_RUNNING)?;
        if !self.problems.is_empty() {
            pen.end()?;
        }
        for (what, detail) in &self.problems {
            pen.paragraph(Ink::Plain, 0, WIDTH, &format!("problem: {what}: {detail}"))?;
        }
        Ok(())
    }

    /// One line a task, and one for each lock that it holds.
    fn tell(&self, pen: &mut Pen<'_>, places: &[usize]) -> io::Result<()> {
        for note in places.iter().take(MAX_WAITING).filter_map(|place| self.waiting.get(*place)) {
            let daemon = if note.daemon { ", a daemon," } else { "" };
            let hop = format!("{}{daemon} waits {}", note.title, note.hop);
            let since = format!("since {}{}", ms(note.since_ts), at_line(&note.src));
            let both = format!("{hop}, {since}");
            if both.chars().count() + 2 <= WIDTH {
                pen.hanging(Ink::Plain, 2, WIDTH, &both)?;
            } else {
                pen.hanging(Ink::Plain, 2, WIDTH, &hop)?;
                pen.hanging(Ink::Faint, 6, WIDTH, &since)?;
            }
            for hold in &note.holds {
                let hold = format!("holds {} since {}{}", hold.title, ms(hold.since_ts), at_line(&hold.src));
                pen.hanging(Ink::Faint, 6, WIDTH, &hold)?;
            }
        }
        more(pen, places.len(), MAX_WAITING)
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

fn more(pen: &mut Pen<'_>, all: usize, told: usize) -> io::Result<()> {
    match all.saturating_sub(told) {
        0 => Ok(()),
        more => pen.line(Ink::Faint, format_args!("  and {more} more, see --format json")),
    }
}

fn at_line(src: &Option<String>) -> String {
    src.as_ref().map_or_else(String::new, |src| format!(" at {src}"))
}

/// Puts those that wait, given in their order, into blocks by what their chains end in.
fn blocks(facts: &Facts<'_>, graph: &WaitGraph, waiting: &[TaskId]) -> Vec<Block> {
    let words = Words(facts.trace());
    let places: FxHashMap<TaskId, usize> = waiting.iter().copied().zip(0..).collect();
    let mut blocks: BTreeMap<(u32, usize), Block> = BTreeMap::new();
    let mut in_circle = vec![false; waiting.len()];
    for (number, cycle) in graph.cycles().iter().enumerate() {
        let mut peers: Vec<PeerId> =
            cycle.steps.iter().filter_map(|step| facts.trace().event(step.wait.begin).peer()).collect();
        peers.sort_unstable();
        peers.dedup();
        let of = if peers.is_empty() { String::new() } else { format!(" of {}", words.peers(&peers)) };
        let title = match cycle.steps.len() {
            1 => format!("circle: 1 task{of} waits for itself"),
            tasks => format!("circle: {tasks} tasks{of} wait for each other, each for the next"),
        };
        let circle: Vec<usize> = cycle.steps.iter().filter_map(|step| places.get(&step.wait.task).copied()).collect();
        circle.iter().for_each(|place| in_circle[*place] = true);
        let ink = Ink::Of(Severity::Error);
        blocks.insert(block_of(Root::Cycle(number)), Block { title, ink, circle, behind: Vec::new() });
    }
    for (place, task) in waiting.iter().enumerate().filter(|(place, _)| !in_circle[*place]) {
        let Some(stuck) = graph.of(*task) else { continue };
        let block = blocks.entry(block_of(stuck.root)).or_insert_with(|| {
            let (title, ink) = heading(facts.trace(), stuck.root);
            Block { title, ink, circle: Vec::new(), behind: Vec::new() }
        });
        block.behind.push(place);
    }
    blocks.into_values().collect()
}

/// The block of tasks with this root: what can never go on comes first, what goes on by itself last. Where each task's
/// root is its own (a request, its own sleep), one block has them all.
fn block_of(root: Root) -> (u32, usize) {
    match root {
        Root::Cycle(number) => (0, number),
        Root::HolderEnded { acquire, .. } => (1, acquire.index()),
        Root::NotHandled(_) => (2, 0),
        Root::Unknown => (3, 0),
        Root::Running(task) => (4, task.index()),
        Root::Sleeping(_) => (5, 0),
    }
}

fn heading(trace: &Trace, root: Root) -> (String, Ink) {
    let words = Words(trace);
    match root {
        // Circles have their blocks already.
        Root::Cycle(_) => ("circle".into(), Ink::Of(Severity::Error)),
        Root::HolderEnded { acquire, .. } => {
            let holder = words.author(acquire);
            (format!("behind {holder}, which has ended without releasing its lock"), Ink::Of(Severity::Error))
        }
        Root::NotHandled(_) => ("waiting for answers to requests that nobody has received".into(), Ink::Strong),
        Root::Unknown => ("waiting; the trace does not say for whom".into(), Ink::Strong),
        Root::Running(task) => {
            let of = trace.task(task).peer.map_or_else(String::new, |peer| format!(" of {}", words.peer(peer)));
            (format!("behind {}{of}, which waits for nothing itself", words.task(task)), Ink::Strong)
        }
        Root::Sleeping(_) => ("sleeping, or behind somebody who sleeps".into(), Ink::Strong),
    }
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
    let words = Words(trace);
    // Talk may stand behind the event that began a wait.
    let here = stuck.map_or(here, |stuck| stuck.wait.begin);
    let event = trace.event(here);
    let peer_id = |peer: PeerId| trace.peers().id(peer).to_string();
    let hold = |hold: &Hold| HoldNote {
        lock: trace.locks().name(hold.lock).into_owned(),
        lock_id: trace.locks().id(hold.lock).to_string(),
        lock_of: facts.holds().owner(hold.lock).map(peer_id),
        since_ts: trace.event(hold.acquire).ts(),
        src: trace.event(hold.acquire).src().map(str::to_owned),
        title: words.lock(facts, hold.lock, event.peer()),
    };
    let hop = |stuck: &Stuck| {
        let wait = words.wait(facts, stuck.wait.on, event.peer());
        // In a circle the one who could help stands in the next line, with name and peer.
        let in_circle = chains::in_same_circle(graph, stuck);
        let name = |event| match trace.event(event).task() {
            Some(task) if in_circle => words.tasks(&[task]),
            _ => words.author(event),
        };
        format!("{wait}{}", chains::by_whom(stuck, name))
    };
    TaskNote {
        task: trace.tasks().id(task).to_string(),
        name: trace.tasks().name(task).into_owned(),
        peer: event.peer().map(peer_id),
        event: here.0,
        since_ts: event.ts(),
        for_ns: trace.event(at).ts().saturating_sub(event.ts()),
        src: event.src().map(str::to_owned),
        waits: stuck.map(|_| chains::chain(facts, graph, task)),
        root: stuck.map(|stuck| root(stuck.root)),
        holds: facts.holds().held_by_task_at(task, at).map(hold).collect(),
        daemon: trace.task(task).daemon,
        title: words.author(here),
        hop: stuck.map(hop).unwrap_or_default(),
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

circle: 1 task of peer 0 waits for itself
  task 1 of peer 0 waits for lock `raft`, which it holds itself, since 5.000 ms at raft.rs:77
      holds lock `raft` since 1.000 ms at raft.rs:40
behind the circle
  task 2 of peer 0 waits for lock `raft`, held by task 1 of peer 0, since 2.000 ms at raft.rs:90
";
        assert_eq!(text(None), expected);
    }

    #[test]
    fn a_circle_is_told_once_and_each_hop_has_its_line() {
        let trace = trace_from_jsonl(
            r#"
            {"ts":1000000,"peer":0,"task":1,"kind":"lock.acquire","lock":"a","seq":1,"src":"bank.rs:1"}
            {"ts":2000000,"peer":1,"task":2,"kind":"lock.acquire","lock":"b","seq":1,"src":"bank.rs:5"}
            {"ts":3000000,"peer":0,"task":1,"kind":"lock.wait","lock":"b","src":"bank.rs:2"}
            {"ts":4000000,"peer":1,"task":2,"kind":"lock.wait","lock":"a","src":"bank.rs:6"}
            {"ts":5000000,"peer":1,"task":3,"kind":"lock.wait","lock":"a","src":"bank.rs:9"}
            {"ts":6000000,"peer":1,"task":4,"kind":"rpc.send","rpc":1,"method":"Audit","to":0,"src":"bank.rs:20"}
            {"ts":6000000,"peer":1,"task":4,"kind":"log","msg":"sent"}
            {"ts":7000000,"peer":1,"task":5,"kind":"sleep","for":9,"src":"bank.rs:30"}
            "#,
        );
        let mut out = Vec::new();
        StuckReport::new(&trace, &[], None).write_text(&mut out, Style::Plain).expect("a vector takes all");
        let expected = "\
5 tasks wait, 0 not, at 7.000 ms (event 7)

circle: 2 tasks of peers 0 and 1 wait for each other, each for the next
  task 1 of peer 0 waits for lock `b` of peer 1, held by task 2, since 3.000 ms at bank.rs:2
      holds lock `a` since 1.000 ms at bank.rs:1
  task 2 of peer 1 waits for lock `a` of peer 0, held by task 1, since 4.000 ms at bank.rs:6
      holds lock `b` since 2.000 ms at bank.rs:5
behind the circle
  task 3 of peer 1 waits for lock `a` of peer 0, held by task 1 of peer 0, since 5.000 ms at bank.rs:9

waiting for answers to requests that nobody has received
  task 4 of peer 1 waits for the reply of Audit to peer 0, since 6.000 ms at bank.rs:20

sleeping, or behind somebody who sleeps
  task 5 of peer 1 waits for time to pass, since 7.000 ms at bank.rs:30
";
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
    }

    #[test]
    fn at_an_earlier_moment_less_had_happened() {
        let text = text(Some(EventId(2)));
        assert!(text.starts_with("1 task waits, 1 not, at 2.000 ms (event 2)\n"), "{text}");
        assert!(text.contains("behind task 1 of peer 0, which waits for nothing itself"), "{text}");
        assert!(text.contains("task 1 of peer 0, holds lock `raft`, last seen at 1.000 ms at raft.rs:40"), "{text}");
    }

    #[test]
    fn of_many_tasks_that_do_not_wait_the_first_are_told_within_the_width() {
        let name = "a task with a long name, in a file ".repeat(3);
        let mut story = String::new();
        for task in 0..24 {
            let (begin, src) = ("task.begin", "samples/src/some/where/deep/below/raft.rs:40");
            story.push_str(&format!(
                "{{\"ts\":{task},\"peer\":0,\"task\":{task},\"kind\":\"{begin}\",\"name\":\"{name}\",\"src\":\"{src}\"}}\n"
            ));
        }
        story.push_str(r#"{"ts":90,"peer":0,"task":23,"kind":"lock.acquire","lock":"mu"}"#);
        let trace = trace_from_jsonl(&story);
        let mut out = Vec::new();
        StuckReport::new(&trace, &[], None).write_text(&mut out, Style::Plain).expect("a vector takes all");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.ends_with("  and 14 more, see --format json\n"), "{text}");
        let told: Vec<_> = text.lines().filter(|line| line.starts_with("  task ")).collect();
        assert_eq!(told.len(), MAX_RUNNING, "{text}");
        assert!(told[0].contains("` (23)"), "who holds a lock stands first: {text}");
    }
}
