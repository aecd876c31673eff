//! The events of a trace as lines, or side by side in a column for each peer.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::io::{self, Write};

use peerscope_format::shape::Slot;
use peerscope_format::value::{FieldType, Id, ValueRef};
use peerscope_format::vocabulary::{Body, Kind};
use serde::Serialize;

use super::escape::{clip, escape};
use super::style::{Ink, Pen, Style, wrap};
use super::template;
use crate::detect::words::{Words, ms};
use crate::facts::Guesses;
use crate::model::{Dense, Event, EventId, PeerId, Table, TaskId, Trace};

/// Which events, and in what form.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A column for each peer.
    pub columns: bool,
    /// Only these peers, by id or name; empty = all.
    pub peers: Vec<String>,
    /// Only these tasks, by id or name; empty = all.
    pub tasks: Vec<String>,
    /// Only this event and its neighbours.
    pub around: Option<u32>,
    /// Only this term.
    pub term: Option<u64>,
    /// Only these topics (`vote`, `lock`, ...); empty = all.
    pub topics: Vec<String>,
    /// The simulated time in the place of the real one.
    pub simulated: bool,
    /// How wide columns may be in all.
    pub width: usize,
}

/// How many neighbours an event has on each side.
const NEIGHBOURS: u32 = 10;

impl Options {
    /// The events to be shown.
    fn events<'t>(&self, trace: &'t Trace) -> impl Iterator<Item = Event<'t>> {
        let all = trace.len() as u32;
        let (first, end) = self.around.map_or((0, all), |around| {
            (around.saturating_sub(NEIGHBOURS), around.saturating_add(NEIGHBOURS + 1).min(all))
        });
        (first..end).map(|id| trace.event(EventId(id))).filter(move |event| self.selects(trace, *event))
    }

    /// The time that was asked for; nothing where an event has none.
    fn stamp(&self, event: Event<'_>) -> String {
        if self.simulated { event.sim().map_or_else(String::new, ms) } else { ms(event.ts()) }
    }

    fn selects(&self, trace: &Trace, event: Event<'_>) -> bool {
        (self.peers.is_empty() || event.peer().is_some_and(|peer| names(trace.peers(), peer, &self.peers)))
            && (self.tasks.is_empty() || event.task().is_some_and(|task| names(trace.tasks(), task, &self.tasks)))
            && self.term.is_none_or(|term| event.term().is_some_and(|other| other.0 == term))
            && (self.topics.is_empty()
                || event.topic().is_some_and(|topic| self.topics.iter().any(|other| other == topic)))
    }
}

/// Whether one of `wanted` is the id or the name of `row`.
fn names<I: Dense, S: Copy + Eq + Hash>(table: &Table<I, S>, row: I, wanted: &[String]) -> bool {
    let (id, name) = (table.id(row).to_string(), table.name(row));
    wanted.iter().any(|wanted| *wanted == id || *wanted == name)
}

/// So many names are listed as what there is.
const MAX_LISTED: usize = 20;

/// Says which of what was asked for the trace does not have, and what it has instead.
pub fn misses(trace: &Trace, options: &Options) -> Vec<String> {
    let mut misses = Vec::new();
    let mut miss = |what: &str, wanted: &[String], there: &BTreeSet<String>, all: Vec<String>| {
        for wanted in wanted.iter().filter(|wanted| !there.contains(*wanted)) {
            let more = all.len().saturating_sub(MAX_LISTED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let listed = all.iter().take(MAX_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let listed = if all.is_empty() { "none at all".into() } else { format!("{listed}{more}") };
            misses.push(format!("there is no {what} `{wanted}`; there are: {listed}"));
        }
    };
    if !options.peers.is_empty() {
        let (there, all) = all_names(trace.peers());
        miss("peer", &options.peers, &there, all);
    }
    if !options.tasks.is_empty() {
        let (there, all) = all_names(trace.tasks());
        miss("task", &options.tasks, &there, all);
    }
    if !options.topics.is_empty() {
        let there: BTreeSet<&str> = trace.events().filter_map(Event::topic).collect();
        let there: BTreeSet<String> = there.into_iter().map(str::to_owned).collect();
        miss("event of topic", &options.topics, &there, there.iter().cloned().collect());
    }
    if let Some(term) = options.term {
        let there: BTreeSet<u64> = trace.scopes().iter().filter_map(|scope| Some(scope.term?.0)).collect();
        let all: Vec<String> = there.iter().map(u64::to_string).collect();
        miss("event of term", &[term.to_string()], &all.iter().cloned().collect(), all.clone());
    }
    if misses.is_empty() && !trace.is_empty() && options.events(trace).next().is_none() {
        misses.push("no event is all of that at once".into());
    }
    misses
}

/// All ids and names of a table, and each row in words, in the order of ids.
fn all_names<I: Dense, S: Copy + Eq + Hash>(table: &Table<I, S>) -> (BTreeSet<String>, Vec<String>) {
    let mut rows: Vec<I> = table.ids().collect();
    rows.sort_by_key(|row| table.id(*row));
    let mut there = BTreeSet::new();
    let mut all: Vec<String> = Vec::new();
    for row in rows {
        let (id, name) = (table.id(row).to_string(), table.name(row).into_owned());
        let words = if id == name { id.clone() } else { format!("{id} ({name})") };
        if !all.contains(&words) {
            all.push(words);
        }
        there.extend([id, name]);
    }
    (there, all)
}

/// What the event says, in one line: a DPrintf line with its values, else the kind and its fields.
pub fn describe(event: Event<'_>) -> String {
    if let Body::Log(body) = event.body()
        && let Some(msg) = body.msg
    {
        return template::render(msg, body.args);
    }
    let mut text = event.kind_name().to_owned();
    // It says nothing else, and the term that it says stands at its head.
    if let (Some(Kind::TermChange), Some(term)) = (event.kind(), event.term()) {
        text.push_str(&format!(" {term}"));
    }
    let own = event.kind().map_or(&[][..], Kind::fields);
    for (name, slot, value) in event.record().fields() {
        // A typed field that is null is absent; where any value may stand, null is one.
        let absent = matches!(slot, Slot::Own(place) if own[usize::from(place)].ty != FieldType::Any);
        match value {
            _ if matches!(slot, Slot::Common(_)) => {}
            ValueRef::Null if absent => {}
            ValueRef::Text(value) if value.is_empty() || value.contains(' ') => {
                text.push_str(&format!(" {name}=\"{value}\""));
            }
            value => text.push_str(&format!(" {name}={value}")),
        }
    }
    text
}

/// Writes the selected events for people.
///
/// # Errors
/// If `out` refuses.
pub fn write(trace: &Trace, options: &Options, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let digits = trace.len().saturating_sub(1).to_string().len();
    let width = (digits + 2).max("event".len());
    Page { marks: Marks::Numbers { width, marked: options.around }, ..Page::default() }
        .write(trace, options, out, style)
}

/// A log that goes on: what was written so far decides how wide the columns are, and whether an event comes late. Events have
/// no numbers there, as those of the whole trace are not known yet.
#[derive(Debug, Default)]
pub struct Page {
    marks: Marks,
    /// Whether the columns have been named.
    begun: bool,
    peer_width: usize,
    task_width: usize,
    /// The peers that have columns or colours so far, by name and scope.
    peers: BTreeMap<String, usize>,
    /// What the columns are called.
    columns: Vec<String>,
}

/// What stands before the time.
#[derive(Debug)]
enum Marks {
    /// The number by which reports mention an event, in a column as wide as the trace needs.
    Numbers {
        width: usize,
        /// The event that was asked for.
        marked: Option<u32>,
    },
    /// Whether the event is older than one that was written before; that came with an earlier trace.
    Late {
        /// The latest time that was written, in ns.
        latest: u64,
    },
}

impl Default for Marks {
    fn default() -> Self {
        Marks::Late { latest: 0 }
    }
}

impl Marks {
    const LATE: &str = "late";

    fn width(&self) -> usize {
        match self {
            Marks::Numbers { width, .. } => *width,
            Marks::Late { .. } => Self::LATE.len(),
        }
    }

    fn title(&self) -> &'static str {
        if matches!(self, Marks::Numbers { .. }) { "event" } else { "" }
    }

    fn of(&self, event: Event<'_>) -> String {
        match self {
            Marks::Numbers { width, marked } => {
                let mark = if *marked == Some(event.id().0) { ">" } else { "" };
                format!("{:>width$}", format!("{mark}#{}", event.id().0))
            }
            Marks::Late { latest } => format!("{:4}", if event.ts() < *latest { Self::LATE } else { "" }),
        }
    }
}

impl Page {
    /// Writes the selected events of `trace`, which are those that came since the last call, for people.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write(&mut self, trace: &Trace, options: &Options, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let mut pen = Pen::new(out, style);
        if options.columns {
            self.columns(trace, options, &mut pen)?;
        } else {
            self.lines(trace, options, &mut pen)?;
        }
        if let Marks::Late { latest } = &mut self.marks {
            *latest = trace.events().map(Event::ts).fold(*latest, u64::max);
        }
        Ok(())
    }

    fn lines(&mut self, trace: &Trace, options: &Options, pen: &mut Pen<'_>) -> io::Result<()> {
        let heads = Heads(trace);
        // At least as wide as their titles, and as before.
        self.peer_width = heads.peer_width().max("peer".len()).max(self.peer_width);
        self.task_width = heads.task_width().max("task".len()).max(self.task_width);
        let (peer_width, task_width) = (self.peer_width, self.task_width);
        // Of a log that goes on, the other end may be on an earlier page.
        let guesses = matches!(self.marks, Marks::Numbers { .. }).then(|| Guesses::new(trace)).unwrap_or_default();
        for event in options.events(trace) {
            if !std::mem::replace(&mut self.begun, true) {
                let (marks, event) = (self.marks.width(), self.marks.title());
                let (time, peer, task) = ("time", "peer", "task");
                let title = format!("{event:>marks$} {time:>14} {peer:<peer_width$} term {task:<task_width$} what");
                pen.line(Ink::Strong, title)?;
            }
            pen.put(Ink::Faint, format_args!("{} {:>14} ", self.marks.of(event), options.stamp(event)))?;
            let term = event.term().map_or_else(String::new, |term| format!("t{term}"));
            let ink = event.peer().map_or(Ink::Plain, |peer| Ink::Peer(self.colour(trace, peer)));
            let (peer, task) = (heads.peer(event), heads.task(event));
            pen.put(ink, format_args!("{peer:<peer_width$} {term:<4} {task:<task_width$} "))?;
            pen.put(ink, clip(&describe(event), MAX_TEXT))?;
            if let Some(send) = guesses.send_of(event.id()) {
                pen.put(Ink::Faint, format_args!("  (guessed: of #{})", send.0))?;
            }
            if let Some(src) = event.src() {
                pen.put(Ink::Faint, format_args!("  {src}"))?;
            }
            pen.end()?;
        }
        Ok(())
    }

    /// The number by which a peer's events are coloured: always the same, though each trace counts anew.
    fn colour(&mut self, trace: &Trace, peer: PeerId) -> usize {
        if matches!(self.marks, Marks::Numbers { .. }) {
            return peer.index();
        }
        let next = self.peers.len();
        *self.peers.entry(Words(trace).full_name(peer)).or_insert(next)
    }

    /// The columns of the peers of `trace`.
    fn places(&mut self, trace: &Trace, options: &Options) -> BTreeMap<PeerId, usize> {
        let peers: BTreeSet<PeerId> = options.events(trace).filter_map(Event::peer).collect();
        let mut peers: Vec<_> = peers.into_iter().collect();
        peers.sort_by_key(|peer| (trace.peers().scope(*peer), trace.peers().id(*peer)));
        let place = |peer: PeerId| {
            let next = self.columns.len();
            let place = *self.peers.entry(Words(trace).full_name(peer)).or_insert(next);
            if place == next {
                self.columns.push(trace.peers().name(peer).into_owned());
                // They are named again, as there are more.
                self.begun = false;
            }
            (peer, place)
        };
        peers.into_iter().map(place).collect()
    }

    fn columns(&mut self, trace: &Trace, options: &Options, pen: &mut Pen<'_>) -> io::Result<()> {
        let places = self.places(trace, options);
        let marks = self.marks.width();
        let room = options.width.saturating_sub(STAMP + marks);
        let width = (room / self.columns.len().max(1)).max(MIN_COLUMN) - 1;
        for event in options.events(trace) {
            if !std::mem::replace(&mut self.begun, true) {
                self.name_columns(width, pen)?;
            }
            let place = event.peer().and_then(|peer| places.get(&peer).copied());
            let indent = place.map_or(0, |place| place * (width + 1));
            let ink = event.peer().map_or(Ink::Strong, |peer| Ink::Peer(self.colour(trace, peer)));
            // What belongs to no peer (the test, the network) is a line across all columns.
            let (mark, width) = if place.is_some() { ("", width) } else { ("-- ", room.max(MIN_COLUMN) - 3) };
            // Escaped first, so that what is counted is what is shown.
            let text = escape(clip(&describe(event), MAX_TEXT).as_ref()).into_owned();
            for (number, line) in cells(&text, width).into_iter().enumerate() {
                let (id, stamp) =
                    if number == 0 { (self.marks.of(event), options.stamp(event)) } else { Default::default() };
                pen.put(Ink::Faint, format_args!("{id:>marks$} {stamp:>14} "))?;
                pen.put(ink, format_args!("{:indent$}{mark}{line}", ""))?;
                pen.end()?;
            }
        }
        Ok(())
    }

    fn name_columns(&self, width: usize, pen: &mut Pen<'_>) -> io::Result<()> {
        pen.put(Ink::Strong, format_args!("{:>1$} {2:>14} ", self.marks.title(), self.marks.width(), "time"))?;
        for (place, name) in self.columns.iter().enumerate() {
            let name = escape(&format!("peer {name}")).into_owned();
            let width = if place + 1 == self.columns.len() { 0 } else { width + 1 };
            pen.put(Ink::Strong, format_args!("{:width$}", clip(&name, width.max(MIN_COLUMN) - 1)))?;
        }
        pen.end()
    }
}

/// Longer texts are cut: a log is read line by line.
const MAX_TEXT: usize = 2000;

/// Longer names of peers and tasks are cut.
const MAX_PEER: usize = 12;
const MAX_TASK: usize = 28;

/// Whose an event is.
struct Heads<'t>(&'t Trace);

impl Heads<'_> {
    fn peer_width(&self) -> usize {
        let peers = self.0.peers().ids().map(|peer| self.peer_name(peer).chars().count());
        peers.max().unwrap_or(0)
    }

    fn task_width(&self) -> usize {
        let tasks = self.0.tasks().ids().map(|task| self.task_name(task).chars().count());
        tasks.max().unwrap_or(0)
    }

    fn peer(&self, event: Event<'_>) -> String {
        event.peer().map_or_else(String::new, |peer| self.peer_name(peer))
    }

    fn task(&self, event: Event<'_>) -> String {
        event.task().map_or_else(String::new, |task| self.task_name(task))
    }

    /// `p0`, or the name of a peer that has one.
    fn peer_name(&self, peer: PeerId) -> String {
        let peers = self.0.peers();
        let name = match peers.id(peer) {
            Id::Number(number) if *peers.name(peer) == number.to_string() => format!("p{number}"),
            _ => peers.name(peer).into_owned(),
        };
        escape(&clip(&name, MAX_PEER)).into_owned()
    }

    /// `task 3 election timer`: the id by which other events mention it, and its name.
    fn task_name(&self, task: TaskId) -> String {
        let tasks = self.0.tasks();
        let (id, name) = (tasks.id(task).to_string(), tasks.name(task));
        let text = if *name == id { format!("task {id}") } else { format!("task {id} {name}") };
        escape(&clip(&text, MAX_TASK)).into_owned()
    }
}

/// How wide the time stands before the columns, behind the event's number.
const STAMP: usize = 16;
/// Narrower columns are unreadable.
const MIN_COLUMN: usize = 16;

/// Lines of at most `width` characters, from the second on two blanks further in; longer words are broken as well.
fn cells(text: &str, width: usize) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    for line in wrap(text, width.saturating_sub(2)) {
        let characters: Vec<char> = line.chars().collect();
        for chunk in characters.chunks(width.saturating_sub(2).max(1)) {
            let indent = if cells.is_empty() { "" } else { "  " };
            cells.push(indent.chars().chain(chunk.iter().copied()).collect());
        }
    }
    if cells.is_empty() { vec![String::new()] } else { cells }
}

#[derive(Serialize)]
struct LineDto<'r> {
    /// Known only where the whole trace is.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<u32>,
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sim: Option<u64>,
    peer: Option<String>,
    term: Option<u64>,
    task: Option<String>,
    kind: &'r str,
    text: String,
    /// The send that this receive without an id probably belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    guessed: Option<u32>,
    src: Option<&'r str>,
}

/// Writes the selected events for programs, one JSON object a line.
///
/// # Errors
/// If `out` refuses.
pub fn write_json(trace: &Trace, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    json(trace, options, out, &Guesses::new(trace), |event| Some(event.id().0))
}

/// As [`write_json`], for the events that came since: without their numbers, which are not known yet.
///
/// # Errors
/// If `out` refuses.
pub fn follow_json(trace: &Trace, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    json(trace, options, out, &Guesses::default(), |_| None)
}

fn json(
    trace: &Trace,
    options: &Options,
    out: &mut dyn Write,
    guesses: &Guesses,
    number: fn(Event<'_>) -> Option<u32>,
) -> io::Result<()> {
    for event in options.events(trace) {
        let line = LineDto {
            event: number(event),
            ts: event.ts(),
            sim: event.sim(),
            peer: event.peer().map(|peer| trace.peers().id(peer).to_string()),
            term: event.term().map(|term| term.0),
            task: event.task().map(|task| trace.tasks().id(task).to_string()),
            kind: event.kind_name(),
            text: describe(event),
            guessed: guesses.send_of(event.id()).map(|send| send.0),
            src: event.src(),
        };
        super::json::write(out, &line)?;
    }
    Ok(())
}
