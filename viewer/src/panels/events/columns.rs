//! The columns of the table: as many as its width has room for.

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{EventId, Trace};

use crate::lane::Times;
use crate::words::{self, names};

/// A column in its place.
pub(super) struct Column {
    /// What stands above it.
    pub(super) title: &'static str,
    /// Its left edge, in points on the screen.
    pub(super) left: f32,
    /// Its width, in points.
    pub(super) width: f32,
    /// What it says of an event.
    pub(super) text: fn(&Facts<'_>, EventId) -> String,
    /// Whether it steps back behind the others.
    pub(super) is_weak: bool,
    /// Whether its digits stand below each other.
    pub(super) is_monospace: bool,
}

/// A sort of column: title, width, how soon it gives way, what it says.
struct Sort {
    title: &'static str,
    /// In points; that of "what" is what the others leave.
    width: f32,
    /// The columns with the highest rank are the first to go where there is no room.
    rank: u8,
    text: fn(&Facts<'_>, EventId) -> String,
    is_weak: bool,
    is_monospace: bool,
}

const SORTS: &[Sort] = &[
    Sort { title: "#", width: 64.0, rank: 1, text: number, is_weak: true, is_monospace: true },
    Sort { title: "ms", width: 84.0, rank: 0, text: time, is_weak: true, is_monospace: true },
    Sort { title: "peer", width: 52.0, rank: 2, text: peer, is_weak: false, is_monospace: false },
    Sort { title: "task", width: 132.0, rank: 3, text: task, is_weak: false, is_monospace: false },
    Sort { title: "term", width: 32.0, rank: 6, text: term, is_weak: false, is_monospace: true },
    Sort { title: "what", width: 0.0, rank: 0, text: what, is_weak: false, is_monospace: false },
    Sort { title: "kind", width: 96.0, rank: 5, text: kind, is_weak: true, is_monospace: true },
    Sort { title: "source", width: 132.0, rank: 4, text: source, is_weak: true, is_monospace: true },
];

/// The table's first points are for the marks of witnesses.
const MARKS: f32 = 22.0;
/// Between two columns, in points.
const GAP: f32 = 8.0;
/// What happened is to have so much room, before anything less needful is shown.
const WHAT: f32 = 190.0;

/// Tasks have so much of what is beyond that, and no more than so many points in all.
const TASK_SHARE: f32 = 0.25;
const TASK: f32 = 210.0;
/// So many letters fit into the column of sources.
const MOST_SOURCE: usize = 18;

/// The columns of a table that begins at `left` and is `width` points wide; those of what the trace does not have are left
/// out.
pub(super) fn columns(trace: &Trace, left: f32, width: f32) -> Vec<Column> {
    // As wide as the longest number, at 7 points a digit.
    let wide = |longest: usize| longest as f32 * 7.0 + 4.0;
    let last = trace.len().checked_sub(1).map_or(0, |last| trace.event(EventId(last as u32)).ts() / 1_000_000);
    let own = |sort: &Sort| match sort.title {
        "#" => wide(trace.len().to_string().len()).max(28.0),
        "ms" => wide(last.to_string().len() + 4).max(48.0),
        _ => sort.width,
    };
    let is_there = |sort: &&Sort| match sort.title {
        "peer" => !trace.peers().is_empty(),
        "task" => !trace.tasks().is_empty(),
        "term" => trace.has_terms(),
        _ => true,
    };
    let mut shown: Vec<&Sort> = SORTS.iter().filter(is_there).collect();
    let fixed = |shown: &[&Sort]| shown.iter().map(|sort| own(sort) + GAP).sum::<f32>() + MARKS;
    while fixed(&shown) + WHAT > width
        && let Some(least) = shown.iter().map(|sort| sort.rank).max().filter(|rank| *rank > 0)
    {
        shown.retain(|sort| sort.rank != least);
    }
    let rest = (width - fixed(&shown)).max(40.0);
    let has_tasks = shown.iter().any(|sort| sort.title == "task");
    let more = if has_tasks { ((rest - WHAT) * TASK_SHARE).clamp(0.0, TASK - 132.0) } else { 0.0 };
    let mut x = left + MARKS;
    let place = |sort: &Sort| {
        let width = match sort.title {
            "what" => rest - more,
            "task" => own(sort) + more,
            _ => own(sort),
        };
        let left = x;
        x += width + GAP;
        Column {
            title: sort.title,
            left,
            width,
            text: sort.text,
            is_weak: sort.is_weak,
            is_monospace: sort.is_monospace,
        }
    };
    shown.into_iter().map(place).collect()
}

fn number(_: &Facts<'_>, event: EventId) -> String {
    event.0.to_string()
}

/// Milliseconds since the trace's start, to the microsecond.
fn time(facts: &Facts<'_>, event: EventId) -> String {
    let ns = Times::new(facts.trace(), 0).at(event);
    format!("{}.{:03}", ns / 1_000_000, ns / 1_000 % 1_000)
}

fn peer(facts: &Facts<'_>, event: EventId) -> String {
    let trace = facts.trace();
    trace.event(event).peer().map_or_else(String::new, |peer| names::peer(trace, peer))
}

fn task(facts: &Facts<'_>, event: EventId) -> String {
    let trace = facts.trace();
    trace.event(event).task().map_or_else(String::new, |task| names::task(trace, task))
}

fn term(facts: &Facts<'_>, event: EventId) -> String {
    facts.trace().event(event).term().map_or_else(String::new, |term| term.to_string())
}

fn kind(facts: &Facts<'_>, event: EventId) -> String {
    names::name(facts.trace().event(event).kind_name())
}

fn what(facts: &Facts<'_>, event: EventId) -> String {
    words::event_text(facts, event)
}

/// The end of the path, where the file's name and the line stand.
fn source(facts: &Facts<'_>, event: EventId) -> String {
    let src = facts.trace().event(event).src().unwrap_or_default();
    let file = names::name(names::file_name(src));
    // The number of the line, at the end, matters more than how the file's name begins.
    let letters = file.chars().count();
    if letters <= MOST_SOURCE {
        file
    } else {
        format!("…{}", file.chars().skip(letters + 1 - MOST_SOURCE).collect::<String>())
    }
}
