//! The columns of the table: as many as its width has room for.

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{EventId, Trace};

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

/// A sort of column: title, width, from which width of the table on it is shown, what it says.
struct Sort {
    title: &'static str,
    /// In points; 0 = what the others leave.
    width: f32,
    from: f32,
    text: fn(&Facts<'_>, EventId) -> String,
    is_weak: bool,
    is_monospace: bool,
}

const SORTS: &[Sort] = &[
    Sort { title: "#", width: 64.0, from: 0.0, text: number, is_weak: true, is_monospace: true },
    Sort { title: "ms", width: 84.0, from: 0.0, text: time, is_weak: true, is_monospace: true },
    Sort { title: "peer", width: 60.0, from: 420.0, text: peer, is_weak: false, is_monospace: false },
    Sort { title: "task", width: 140.0, from: 620.0, text: task, is_weak: false, is_monospace: false },
    Sort { title: "term", width: 40.0, from: 480.0, text: term, is_weak: false, is_monospace: true },
    Sort { title: "kind", width: 110.0, from: 760.0, text: kind, is_weak: true, is_monospace: true },
    Sort { title: "what", width: 0.0, from: 0.0, text: what, is_weak: false, is_monospace: false },
    Sort { title: "source", width: 200.0, from: 940.0, text: source, is_weak: true, is_monospace: true },
];

/// The table's first points are for the marks of witnesses.
const MARKS: f32 = 22.0;
/// Between two columns, in points.
const GAP: f32 = 8.0;

/// The columns of a table that begins at `left` and is `width` points wide.
pub(super) fn columns(trace: &Trace, left: f32, width: f32) -> Vec<Column> {
    // As wide as the longest number, at 7 points a digit.
    let digits = trace.len().to_string().len() as f32 * 7.0 + 4.0;
    let own = |sort: &Sort| if sort.title == "#" { digits.max(28.0) } else { sort.width };
    let shown: Vec<&Sort> = SORTS.iter().filter(|sort| width >= sort.from).collect();
    let fixed: f32 = shown.iter().map(|sort| own(sort) + GAP).sum::<f32>() + MARKS;
    let rest = (width - fixed).max(40.0);
    let mut x = left + MARKS;
    shown
        .into_iter()
        .map(|sort| {
            let width = if sort.width == 0.0 { rest } else { own(sort) };
            let column = Column {
                title: sort.title,
                left: x,
                width,
                text: sort.text,
                is_weak: sort.is_weak,
                is_monospace: sort.is_monospace,
            };
            x += width + GAP;
            column
        })
        .collect()
}

fn number(_: &Facts<'_>, event: EventId) -> String {
    event.0.to_string()
}

/// Milliseconds since the trace's start, to the microsecond.
fn time(facts: &Facts<'_>, event: EventId) -> String {
    let ns = facts.trace().event(event).ts();
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
    names::name(src.rsplit(['/', '\\']).next().unwrap_or(src))
}
