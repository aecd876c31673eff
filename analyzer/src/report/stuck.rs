//! Every unfinished task: where it is, since when, what it waits for, who holds that, and what it holds itself.
//!
//! The text has each circle once, as a block of its own, then those who wait behind it; then the other roots with all who
//! wait behind them; then who waits for nothing. Each task has one line: its next hop. The JSON form has whole chains.

mod stalls;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

use peerscope_format::vocabulary::Kind;
use rustc_hash::FxHashMap;
use serde::Serialize;

pub use self::stalls::Stalls;
use self::stalls::{Cause, cause};
use super::style::{Ink, Pen, Style, count};
use crate::detect::chains;
use crate::detect::filtered;
use crate::detect::finding::Severity;
use crate::detect::words::{Words, enumerate, lasting, ms};
use crate::facts::{Facts, Hold, Root, Stuck, WAITING_KINDS, WaitGraph};
use crate::model::{Dense, Event, EventId, PeerId, TaskId, Trace};
use crate::read::Problem;

/// Where lines of text are broken, unless somebody knows better.
pub const WIDTH: usize = 120;
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
    /// The programs still run: times are told as what has passed until now.
    live: Option<Evidence>,
}

/// What a report on programs that still run is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// All their events.
    Events,
    /// What recorders keep of live tasks beside the events: what each holds and waits for, but nothing that is over.
    Slots,
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
    /// Why it waits, in a form that stays the same while it does; none = it does not wait.
    #[serde(skip)]
    cause: Option<Cause>,
}

#[derive(Clone, Debug, Serialize)]
struct HoldNote {
    lock: String,
    lock_id: String,
    /// The peer to which the lock belongs.
    lock_of: Option<String>,
    since_ts: u64,
    for_ns: u64,
    src: Option<String>,
    #[serde(skip)]
    title: String,
}

/// Until when things last that have not ended.
struct Until<'n> {
    /// The last event that counts.
    last: EventId,
    /// By file: the time now, in ns since its start, of those whose clocks can be read.
    now: &'n [Option<u64>],
}

impl Until<'_> {
    /// How long ago `event` was, in ns.
    fn since(&self, event: Event<'_>) -> u64 {
        let now = self.now.get(event.source().index()).copied().flatten();
        now.unwrap_or_else(|| event.trace().event(self.last).ts()).saturating_sub(event.ts())
    }
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
        Self::until(trace, problems, at, &[], None)
    }

    /// The tasks of programs that still run. `now` has the time for each file, in ns since its start, where it is known;
    /// what came later than that, while the files were read, is left out: the picture shall be that of one moment.
    pub fn live(trace: &Trace, problems: &[Problem], now: &[Option<u64>], evidence: Evidence) -> StuckReport {
        let came =
            |event: &Event<'_>| now.get(event.source().index()).copied().flatten().is_none_or(|now| event.ts() <= now);
        let last = trace.events().rev().find(came).map(|event| event.id());
        Self::until(trace, problems, last, now, Some(evidence))
    }

    fn until(
        trace: &Trace,
        problems: &[Problem],
        at: Option<EventId>,
        now: &[Option<u64>],
        live: Option<Evidence>,
    ) -> StuckReport {
        let from_slots = live == Some(Evidence::Slots);
        // What is kept beside the events does not depend on what happened to them.
        let facts = Facts::new(trace, if from_slots { &[] } else { problems });
        let last = EventId(trace.len().saturating_sub(1) as u32);
        let at = at.map(|at| at.min(last)).or((!trace.is_empty()).then_some(last));
        let at_end = at == Some(last);
        let earlier = at.filter(|_| !at_end).map(|at| WaitGraph::at(&facts, at));
        let graph = earlier.as_ref().unwrap_or_else(|| facts.wait_graph());
        let words = Words(trace);
        let until = Until { last: at.unwrap_or(last), now };
        let (mut waiting, mut running) = (Vec::new(), Vec::new());
        for task in trace.tasks().ids() {
            let Some(here) = at.and_then(|at| last_event(trace, task, at)) else { continue };
            if trace.task(task).end.is_some_and(|end| Some(end) <= at) || (from_slots && !is_kept(trace, task)) {
                continue;
            }
            let stuck = graph.of(task);
            let note = note(&facts, graph, task, here, &until, stuck);
            if stuck.is_some() { waiting.push((task, note)) } else { running.push(note) }
        }
        waiting.sort_by_key(|(_, note)| (note.since_ts, note.event));
        // Who holds a lock matters most, then who has been silent longest.
        running.sort_by_key(|note| (note.holds.is_empty(), note.since_ts, note.event));
        let blocks = blocks(&facts, graph, &waiting.iter().map(|(task, _)| *task).collect::<Vec<_>>(), from_slots);
        let circles = graph.cycles().iter();
        let circles =
            circles.map(|cycle| cycle.steps.iter().map(|step| words.author(step.wait.begin)).collect()).collect();
        let filtered = filtered::gaps(&facts, WAITING_KINDS).into_iter().map(|gap| ("filtered", gap.why));
        let problems = problems.iter().map(|problem| (problem.kind.name(), problem.detail.clone()));
        let problems = problems.chain(filtered).collect();
        let clock = now.iter().flatten().copied().max();
        let ts = clock.unwrap_or_else(|| at.map_or(0, |at| trace.event(at).ts()));
        let waiting = waiting.into_iter().map(|(_, note)| note).collect();
        StuckReport { at, ts, waiting, running, circles, blocks, problems, live }
    }

    /// Whether a task waits that nobody called a daemon.
    pub fn any_waits(&self) -> bool {
        self.waiting.iter().any(|note| !note.daemon)
    }

    /// The circles of waits, by the words for their tasks.
    pub fn circles(&self) -> &[Vec<String>] {
        &self.circles
    }

    /// Who has waited for at least `ns` by now, and since when: the same in two reports between which nothing has moved.
    pub fn waits_of(&self, ns: u64) -> Vec<(String, u64)> {
        let lasting = self.waiting.iter().filter(|note| note.for_ns >= ns);
        lasting.map(|note| (note.title.clone(), note.since_ts)).collect()
    }

    /// Writes it for people, in lines of at most `width` characters where words allow it.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_text(&self, out: &mut dyn Write, style: Style, width: usize) -> io::Result<()> {
        let mut pen = Pen::new(out, style);
        let waiting =
            format!("{} {}", count(self.waiting.len(), "task"), if self.waiting.len() == 1 { "waits" } else { "wait" });
        let ink = if self.any_waits() { Ink::Strong } else { Ink::Good };
        let event = self.at.map_or_else(String::new, |at| format!(" (event {})", at.0));
        let when = if self.live.is_some() {
            format!("{} after the start", lasting(self.ts))
        } else {
            format!("at {}{event}", ms(self.ts))
        };
        pen.line(ink, format_args!("{waiting}, {} not, {when}", self.running.len()))?;
        for block in &self.blocks {
            pen.end()?;
            pen.hanging(block.ink, 0, width, &block.title)?;
            self.tell(&mut pen, &block.circle, width)?;
            if !block.circle.is_empty() && !block.behind.is_empty() {
                pen.line(block.ink, "behind the circle")?;
            }
            self.tell(&mut pen, &block.behind, width)?;
        }
        if !self.running.is_empty() {
            pen.end()?;
            pen.line(Ink::Strong, "not waiting, as far as the trace shows")?;
        }
        for note in self.running.iter().take(MAX_RUNNING) {
            let held: Vec<_> = note.holds.iter().map(|hold| &hold.title[..]).map(str::to_owned).collect();
            let held = if held.is_empty() { String::new() } else { format!(", holds {}", enumerate(&held)) };
            let seen = if self.live.is_some() {
                format!("{} ago", lasting(note.for_ns))
            } else {
                format!("at {}", ms(note.since_ts))
            };
            let last = match self.live {
                // When it spoke last is not kept.
                Some(Evidence::Slots) => format!("{}{held}", note.title),
                _ => format!("{}{held}, last seen {seen}{}", note.title, at_line(&note.src)),
            };
            pen.hanging(Ink::Faint, 2, width, &last)?;
        }
        more(&mut pen, self.running.len(), MAX_RUNNING)?;
        if !self.problems.is_empty() {
            pen.end()?;
        }
        for (what, detail) in &self.problems {
            pen.paragraph(Ink::Plain, 0, width, &format!("problem: {what}: {detail}"))?;
        }
        Ok(())
    }

    /// One line a task, and one for each lock that it holds.
    fn tell(&self, pen: &mut Pen<'_>, places: &[usize], width: usize) -> io::Result<()> {
        for note in places.iter().take(MAX_WAITING).filter_map(|place| self.waiting.get(*place)) {
            let daemon = if note.daemon { ", a daemon," } else { "" };
            let hop = format!("{}{daemon} waits {}", note.title, note.hop);
            let since = format!("{}{}", self.since(note.since_ts, note.for_ns), at_line(&note.src));
            let both = format!("{hop}, {since}");
            if both.chars().count() + 2 <= width {
                pen.hanging(Ink::Plain, 2, width, &both)?;
            } else {
                pen.hanging(Ink::Plain, 2, width, &hop)?;
                pen.hanging(Ink::Faint, 6, width, &since)?;
            }
            for hold in &note.holds {
                let since = self.since(hold.since_ts, hold.for_ns);
                let hold = format!("holds {} {since}{}", hold.title, at_line(&hold.src));
                pen.hanging(Ink::Faint, 6, width, &hold)?;
            }
        }
        more(pen, places.len(), MAX_WAITING)
    }

    /// Since when: the moment in a trace that is over, the time that has passed where people wait with the program.
    fn since(&self, since_ts: u64, for_ns: u64) -> String {
        if self.live.is_some() { format!("for {}", lasting(for_ns)) } else { format!("since {}", ms(since_ts)) }
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
fn blocks(facts: &Facts<'_>, graph: &WaitGraph, waiting: &[TaskId], from_slots: bool) -> Vec<Block> {
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
            let (title, ink) = heading(facts.trace(), stuck.root, from_slots);
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

fn heading(trace: &Trace, root: Root, from_slots: bool) -> (String, Ink) {
    let words = Words(trace);
    match root {
        // Circles have their blocks already.
        Root::Cycle(_) => ("circle".into(), Ink::Of(Severity::Error)),
        Root::HolderEnded { acquire, .. } => {
            let holder = words.author(acquire);
            (format!("behind {holder}, which has ended without releasing its lock"), Ink::Of(Severity::Error))
        }
        // They may have been received, and been answered in vain.
        Root::NotHandled(_) if from_slots => {
            ("waiting for answers to requests that nobody handles now".into(), Ink::Strong)
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

/// Whether something is kept of the task itself, beside the objects that it has made.
fn is_kept(trace: &Trace, task: TaskId) -> bool {
    let mut kinds = trace.task_events(task).iter().map(|event| trace.event(*event).kind());
    kinds.any(|kind| !kind.is_some_and(Kind::introduces))
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
    until: &Until<'_>,
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
        for_ns: until.since(trace.event(hold.acquire)),
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
        for_ns: until.since(event),
        src: event.src().map(str::to_owned),
        waits: stuck.map(|_| chains::chain(facts, graph, task)),
        root: stuck.map(|stuck| root(stuck.root)),
        holds: facts.holds().held_by_task_at(task, until.last).map(hold).collect(),
        daemon: trace.task(task).daemon,
        title: words.author(here),
        hop: stuck.map(hop).unwrap_or_default(),
        cause: stuck.map(|stuck| cause(trace, graph, stuck)),
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
