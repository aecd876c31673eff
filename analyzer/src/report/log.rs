//! The events of a trace as lines, or side by side in a column for each peer.

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
use crate::detect::words::ms;
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
    let mut pen = Pen::new(out, style);
    if options.columns { columns(trace, options, &mut pen) } else { lines(trace, options, &mut pen) }
}

/// Longer texts are cut: a log is read line by line.
const MAX_TEXT: usize = 2000;

/// The number by which reports mention an event, in a column as wide as the trace needs.
struct Numbers {
    width: usize,
    /// The event that was asked for.
    marked: Option<u32>,
}

impl Numbers {
    fn new(trace: &Trace, options: &Options) -> Self {
        let digits = trace.len().saturating_sub(1).to_string().len();
        Numbers { width: (digits + 2).max("event".len()), marked: options.around }
    }

    fn of(&self, event: Event<'_>) -> String {
        let mark = if self.marked == Some(event.id().0) { ">" } else { "" };
        format!("{:>1$}", format!("{mark}#{}", event.id().0), self.width)
    }
}

fn lines(trace: &Trace, options: &Options, pen: &mut Pen<'_>) -> io::Result<()> {
    let (heads, numbers) = (Heads::new(trace), Numbers::new(trace, options));
    let mut begun = false;
    for event in options.events(trace) {
        if !begun {
            begun = true;
            let (number, peer, task) = (numbers.width, heads.peer_width, heads.task_width);
            let title = format!("{:>number$} {:>14} {:<peer$} term {:<task$} what", "event", "time", "peer", "task");
            pen.line(Ink::Strong, title)?;
        }
        pen.put(Ink::Faint, format_args!("{} {:>14} ", numbers.of(event), options.stamp(event)))?;
        let term = event.term().map_or_else(String::new, |term| format!("t{term}"));
        let ink = event.peer().map_or(Ink::Plain, |peer| Ink::Peer(peer.index()));
        let (peer, task) = (heads.peer(event), heads.task(event));
        pen.put(ink, format_args!("{peer:<0$} {term:<4} {task:<1$} ", heads.peer_width, heads.task_width))?;
        pen.put(ink, clip(&describe(event), MAX_TEXT))?;
        if let Some(src) = event.src() {
            pen.put(Ink::Faint, format_args!("  {src}"))?;
        }
        pen.end()?;
    }
    Ok(())
}

/// Longer names of peers and tasks are cut.
const MAX_PEER: usize = 12;
const MAX_TASK: usize = 28;

/// Whose an event is, in columns as wide as the longest names need.
struct Heads<'t> {
    trace: &'t Trace,
    peer_width: usize,
    task_width: usize,
}

impl<'t> Heads<'t> {
    fn new(trace: &'t Trace) -> Self {
        let mut heads = Heads { trace, peer_width: 0, task_width: 0 };
        let width = |text: String| text.chars().count();
        // At least as wide as their titles.
        let peers = trace.peers().ids().map(|peer| width(heads.peer_name(peer)));
        heads.peer_width = peers.max().unwrap_or(0).max("peer".len());
        let tasks = trace.tasks().ids().map(|task| width(heads.task_name(task)));
        heads.task_width = tasks.max().unwrap_or(0).max("task".len());
        heads
    }

    fn peer(&self, event: Event<'_>) -> String {
        event.peer().map_or_else(String::new, |peer| self.peer_name(peer))
    }

    fn task(&self, event: Event<'_>) -> String {
        event.task().map_or_else(String::new, |task| self.task_name(task))
    }

    /// `p0`, or the name of a peer that has one.
    fn peer_name(&self, peer: PeerId) -> String {
        let peers = self.trace.peers();
        let name = match peers.id(peer) {
            Id::Number(number) if *peers.name(peer) == number.to_string() => format!("p{number}"),
            _ => peers.name(peer).into_owned(),
        };
        escape(&clip(&name, MAX_PEER)).into_owned()
    }

    /// `task 3 election timer`: the id by which other events mention it, and its name.
    fn task_name(&self, task: TaskId) -> String {
        let tasks = self.trace.tasks();
        let (id, name) = (tasks.id(task).to_string(), tasks.name(task));
        let text = if *name == id { format!("task {id}") } else { format!("task {id} {name}") };
        escape(&clip(&text, MAX_TASK)).into_owned()
    }
}

/// How wide the time stands before the columns, behind the event's number.
const STAMP: usize = 16;
/// Narrower columns are unreadable.
const MIN_COLUMN: usize = 16;

fn columns(trace: &Trace, options: &Options, pen: &mut Pen<'_>) -> io::Result<()> {
    let peers: BTreeSet<PeerId> = options.events(trace).filter_map(Event::peer).collect();
    let mut peers: Vec<_> = peers.into_iter().collect();
    peers.sort_by_key(|peer| (trace.peers().scope(*peer), trace.peers().id(*peer)));
    let places: BTreeMap<PeerId, usize> = peers.iter().enumerate().map(|(place, peer)| (*peer, place)).collect();
    let numbers = Numbers::new(trace, options);
    let room = options.width.saturating_sub(STAMP + numbers.width);
    let width = (room / places.len().max(1)).max(MIN_COLUMN) - 1;
    if options.events(trace).next().is_none() {
        return Ok(());
    }
    pen.put(Ink::Strong, format_args!("{:>1$} {2:>14} ", "event", numbers.width, "time"))?;
    for (place, peer) in peers.iter().enumerate() {
        let name = escape(&format!("peer {}", trace.peers().name(*peer))).into_owned();
        let width = if place + 1 == peers.len() { 0 } else { width + 1 };
        pen.put(Ink::Strong, format_args!("{:width$}", clip(&name, width.max(MIN_COLUMN) - 1)))?;
    }
    pen.end()?;
    for event in options.events(trace) {
        let place = event.peer().and_then(|peer| places.get(&peer));
        let indent = place.map_or(0, |place| place * (width + 1));
        let ink = event.peer().map_or(Ink::Strong, |peer| Ink::Peer(peer.index()));
        // What belongs to no peer (the test, the network) is a line across all columns.
        let (mark, width) = if place.is_some() { ("", width) } else { ("-- ", room.max(MIN_COLUMN) - 3) };
        // Escaped first, so that what is counted is what is shown.
        let text = escape(clip(&describe(event), MAX_TEXT).as_ref()).into_owned();
        for (number, line) in cells(&text, width).into_iter().enumerate() {
            let (id, stamp) = if number == 0 { (numbers.of(event), options.stamp(event)) } else { Default::default() };
            pen.put(Ink::Faint, format_args!("{id:>0$} {stamp:>14} ", numbers.width))?;
            pen.put(ink, format_args!("{:indent$}{mark}{line}", ""))?;
            pen.end()?;
        }
    }
    Ok(())
}

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
    event: u32,
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sim: Option<u64>,
    peer: Option<String>,
    term: Option<u64>,
    task: Option<String>,
    kind: &'r str,
    text: String,
    src: Option<&'r str>,
}

/// Writes the selected events for programs, one JSON object a line.
///
/// # Errors
/// If `out` refuses.
pub fn write_json(trace: &Trace, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for event in options.events(trace) {
        let line = LineDto {
            event: event.id().0,
            ts: event.ts(),
            sim: event.sim(),
            peer: event.peer().map(|peer| trace.peers().id(peer).to_string()),
            term: event.term().map(|term| term.0),
            task: event.task().map(|task| trace.tasks().id(task).to_string()),
            kind: event.kind_name(),
            text: describe(event),
            src: event.src(),
        };
        super::json::write(out, &line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trace_from_jsonl;

    fn logged(options: &Options) -> String {
        let trace = trace_from_jsonl(
            r#"
            {"ts":1000000,"peer":0,"term":1,"kind":"log","msg":"asks {to} for a vote","args":{"to":1},"topic":"vote"}
            {"ts":2000000,"peer":1,"term":2,"kind":"log","msg":"drops \u001b[2J everything","args":{},"topic":"log"}
            "#,
        );
        let mut out = Vec::new();
        write(&trace, options, &mut out, Style::Plain).expect("a vector takes all");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn templates_are_rendered_and_made_harmless() {
        let all = logged(&Options::default());
        assert!(all.contains("asks 1 for a vote"), "{all}");
        assert!(all.contains("drops \\u{1b}[2J everything"), "{all}");
    }

    #[test]
    fn filters_leave_the_rest_out() {
        for options in [
            Options { peers: vec!["0".into()], ..Options::default() },
            Options { term: Some(1), ..Options::default() },
            Options { topics: vec!["vote".into()], ..Options::default() },
        ] {
            assert_eq!(logged(&options).lines().count(), 2, "a title and a line: {options:?}");
        }
    }

    #[test]
    fn a_line_says_who_and_leaves_out_what_is_absent() {
        let trace = trace_from_jsonl(
            r#"
            {"ts":1000000,"peer":0,"task":3,"kind":"task.begin","name":"election timer","daemon":null}
            {"ts":2000000,"peer":"node-b","task":4,"kind":"op.return","client":1,"result":null,"server":null}
            "#,
        );
        let mut out = Vec::new();
        write(&trace, &Options::default(), &mut out, Style::Plain).expect("a vector takes all");
        let expected = "\
event           time peer   term task                  what
   #0       1.000 ms p0          task 3 election timer task.begin name=\"election timer\"
   #1       2.000 ms node-b      task 4                op.return client=1 result=null
";
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
    }

    #[test]
    fn simulated_times_stand_in_the_place_of_real_ones() {
        let trace = trace_from_jsonl(
            r#"
            {"ts":1000000,"task":1,"kind":"log","msg":"outside"}
            {"ts":2000000,"sim":5000000000,"task":1,"kind":"log","msg":"within"}
            "#,
        );
        for columns in [false, true] {
            let mut out = Vec::new();
            let options = Options { simulated: true, columns, width: 80, ..Options::default() };
            write(&trace, &options, &mut out, Style::Plain).expect("a vector takes all");
            let text = String::from_utf8(out).expect("UTF-8");
            assert!(text.contains("5000.000 ms") && !text.contains("2.000 ms") && !text.contains("1.000 ms"), "{text}");
        }
    }

    #[test]
    fn what_belongs_to_no_peer_is_a_line_across_the_columns() {
        let trace = trace_from_jsonl(
            r#"
            {"ts":1000000,"peer":0,"kind":"role","role":"leader"}
            {"ts":2000000,"kind":"test.phase","name":"the network heals, and all peers agree on a leader"}
            {"ts":3000000,"peer":1,"kind":"log","msg":"a line that is longer than its own column"}
            "#,
        );
        let mut out = Vec::new();
        let options = Options { columns: true, width: 80, ..Options::default() };
        write(&trace, &options, &mut out, Style::Plain).expect("a vector takes all");
        let text = String::from_utf8(out).expect("UTF-8");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[2].ends_with("-- test.phase name=\"the network heals, and all peers"), "{text}");
        assert_eq!(lines[4].find("a line that"), Some(21 + 29), "{text}");
        assert_eq!(lines[5].find("its own"), Some(21 + 31), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn each_peer_has_a_column() {
        let text = logged(&Options { columns: true, width: 101, ..Options::default() });
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0].trim_end(), format!("event {:>14} {:40}peer 1", "time", "peer 0"), "{text}");
        assert_eq!(lines[1].find("asks"), Some(21), "{text}");
        assert_eq!(lines[2].find("drops"), Some(61), "{text}");
    }
}
