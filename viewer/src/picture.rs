//! What one frame shows of the timeline, computed before anything is painted: plain data in points, testable without a
//! window, its size bounded by the pixels and not by the events.

mod arrows;
mod blocks;
mod crowds;
mod exits;
mod focus;
mod hatches;
mod hit;
mod marks;
mod overview;
mod quiet;
mod share;
#[cfg(test)]
mod tests;

pub use self::focus::{Focus, Link};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::{EventId, Trace};

use crate::fold::Piece;
use crate::lane::Look;
use crate::layout::{Layout, RowOf};
use crate::scene::{Fate, Scene};
use crate::timescale::{Span, TimeScale};

/// The most blocks and the most arrows of a picture. With words, patterns and heads of arrows they make less than 15,000 shapes.
const MOST_BLOCKS: usize = 5_000;
const MOST_ARROWS: usize = 2_000;

/// What of the timeline is to be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// Time to pixels; its strip is that of the blocks, without the labels at the left.
    pub scale: TimeScale,
    /// The upper edge of the strip, in points on the screen.
    pub top: f32,
    /// The height of the strip, in points.
    pub height: f32,
    /// How far the rows are scrolled down, in points.
    pub scroll: f64,
}

/// A block, or a folded run of them, in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The lane.
    pub lane: u32,
    /// The track in the lane.
    pub track: u16,
    /// Which blocks.
    pub piece: Piece,
    /// How the longest of them looks.
    pub look: Look,
    /// Left edge, in points, not left of the strip.
    pub left: f32,
    /// Right edge, in points, not right of the strip.
    pub right: f32,
    /// Upper edge.
    pub top: f32,
    /// Lower edge.
    pub bottom: f32,
    /// Whether it goes on where the trace ends: nothing in the trace ended it.
    pub open: bool,
    /// For roles: the term, which gives the colour. 0 = unknown.
    pub term: u64,
    /// How many at once (queues, readers); 1 otherwise.
    pub depth: u8,
}

/// A row in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// What it shows.
    pub of: RowOf,
    /// Upper edge, in points on the screen.
    pub top: f32,
    /// Height, in points.
    pub height: f32,
}

/// A message, or a bundle of messages of one route, in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrow {
    /// The route, as a place in [`Scene::routes`].
    pub route: u32,
    /// Which legs.
    pub piece: Piece,
    /// What became of it; the worst of a bundle.
    pub fate: Fate,
    /// Whether it is a reply; of a bundle, whether its longest is.
    pub is_reply: bool,
    /// Where it was sent.
    pub from: (f32, f32),
    /// Where it arrived; of one that never did, a short way towards whom it was for.
    pub to: (f32, f32),
    /// Whether it arrived at all.
    pub arrived: bool,
    /// How many more messages it stands for that never arrived either, and whose ends would lie on or beside its own.
    pub others: u32,
}

/// A stretch in which events are missing, or several that are too near to each other to be told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hatch {
    /// Which, or the first of several: a place in [`Scene::missing`].
    pub missing: u32,
    /// How many.
    pub count: u32,
    /// Whether they may be missing anywhere there, rather than are known to be.
    pub is_faint: bool,
    /// Edges in points: left, top, right, bottom.
    pub rect: [f32; 4],
}

/// A witness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marker {
    /// The event.
    pub event: EventId,
    /// Its number in the proof of the selected finding, from 1; `None` for a witness of another finding.
    pub number: Option<u32>,
    /// How bad the finding is.
    pub severity: Severity,
    /// Where, in points: its moment, and the middle of its row.
    pub at: (f32, f32),
    /// Where its number stands: at its moment, or beside it if another number stands there.
    pub disc: (f32, f32),
}

/// The radius of the disc on which a witness' number stands, in points.
pub const DISC: f32 = 9.0;

/// A line of the time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, in points.
    pub x: f32,
    /// What stands there; empty for a lesser line.
    pub label: String,
}

/// Where a message leaves the strip of which one end is visible, and the other earlier or later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    /// The message: a place in [`Picture::arrows`].
    pub arrow: usize,
    /// Where it crosses the left or right edge, in points.
    pub at: (f32, f32),
    /// The end that is not visible.
    pub event: EventId,
}

/// A stretch without any event, in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quiet {
    /// Left edge, in points, not left of the strip.
    pub left: f32,
    /// Right edge, in points, not right of the strip.
    pub right: f32,
    /// How long all of it is, in ns.
    pub length: i64,
}

/// What one frame shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The visible rows, from top to bottom.
    pub rows: Vec<Row>,
    /// The blocks, row by row, in the order in which they are drawn.
    pub blocks: Vec<Placed>,
    /// The messages.
    pub arrows: Vec<Arrow>,
    /// Where some of them leave the strip.
    pub exits: Vec<Exit>,
    /// What is missing.
    pub hatches: Vec<Hatch>,
    /// The witnesses.
    pub markers: Vec<Marker>,
    /// What the selected finding shows of itself.
    pub focus: Focus,
    /// The time axis.
    pub ticks: Vec<Tick>,
    /// Where nothing happens, if that is more than a third of what is visible.
    pub quiet: Option<Quiet>,
    /// Where the trace ends, if that is visible.
    pub end: Option<f32>,
    /// Whether the trace ends there though the program may have gone on.
    pub stops_early: bool,
}

/// What is selected and so stands out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Emphasis<'a> {
    /// The witnesses of the selected finding, in the order of its proof.
    pub witnesses: &'a [EventId],
    /// The witnesses of what follows from it: their lanes do not step back.
    pub related: &'a [EventId],
    /// From witnesses that wait to what began that which they wait for.
    pub links: &'a [(EventId, EventId)],
    /// The selected event.
    pub event: Option<EventId>,
    /// How bad the selected finding is: an event may bear witness to worse ones too, but its number is that of this one.
    pub severity: Option<Severity>,
    /// Whether no message is to be seen.
    pub hides_messages: bool,
    /// Whether the trace stops before the program did: what is open at its end may have ended.
    pub stops_early: bool,
}

impl Picture {
    /// What `viewport` shows of `scene`.
    pub fn new(trace: &Trace, scene: &Scene, layout: &Layout, viewport: Viewport, emphasis: Emphasis<'_>) -> Picture {
        let view = View { trace, scene, layout, viewport };
        let rows: Vec<Row> = view.rows().collect();
        let (left, right) = viewport.scale.edges();
        let end = viewport.scale.x(scene.span.end);
        let blocks = blocks::place(&view, &rows);
        let arrows = if emphasis.hides_messages { Vec::new() } else { arrows::place(&view) };
        let focus = Focus::new(&view, emphasis, &blocks, &arrows);
        Picture {
            exits: exits::exits(&view, &arrows, &focus),
            focus,
            blocks,
            arrows,
            hatches: hatches::hatches(&view, &rows),
            markers: marks::markers(&view, &rows, emphasis),
            ticks: viewport.scale.ticks(),
            quiet: quiet::quiet(&view),
            end: (left <= end && end <= right).then_some(end),
            stops_early: emphasis.stops_early,
            rows,
        }
    }
}

/// What the parts of a picture are made from.
struct View<'a> {
    trace: &'a Trace,
    scene: &'a Scene,
    layout: &'a Layout,
    viewport: Viewport,
}

impl View<'_> {
    fn rows(&self) -> impl Iterator<Item = Row> {
        let scroll = self.viewport.scroll;
        let rows = self.layout.visible(scroll, scroll + f64::from(self.viewport.height));
        rows.iter().map(|row| Row { of: row.of, top: self.on_screen(row.top), height: row.height })
    }

    /// A height in the layout, as one on the screen; it may lie outside of the strip.
    fn on_screen(&self, y: f64) -> f32 {
        (f64::from(self.viewport.top) + y - self.viewport.scroll) as f32
    }

    /// The middle of the lane's row on the screen.
    fn middle_of(&self, lane: usize) -> Option<f32> {
        let row = self.layout.row_of_lane(lane)?;
        Some(self.on_screen(row.top + f64::from(row.height) / 2.0))
    }

    /// Upper and lower edge of the strip on the screen.
    fn strip(&self) -> (f32, f32) {
        (self.viewport.top, self.viewport.top + self.viewport.height)
    }

    fn visible(&self) -> Span {
        self.viewport.scale.visible
    }
}

/// Folded history of a whole trace for the overview: by column, the events and the worst severity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// By column from left to right: how many blocks and messages began there.
    pub counts: Vec<u32>,
    /// By column: the worst severity of a witness there.
    pub worst: Vec<Option<Severity>>,
}
