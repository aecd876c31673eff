//! Witnesses in their places.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::EventId;

use super::{DISC, Emphasis, Marker, Row, View};
use crate::layout::RowOf;

/// Witnesses of other findings that are nearer to each other, in points, become one.
const NEAR: f32 = 6.0;
/// So many places beside a witness are tried for its number.
const MOST_STEPS: usize = 24;
/// More witnesses of one finding than can be told apart by numbers are not drawn.
const MOST_NUMBERED: usize = 500;

/// The witnesses of the selected finding, each; and of the other findings those that stand for themselves.
pub(super) fn markers(view: &View<'_>, rows: &[Row], emphasis: Emphasis<'_>) -> Vec<Marker> {
    let numbered = emphasis.witnesses.get(..MOST_NUMBERED).unwrap_or(emphasis.witnesses);
    let others = other_markers(view, rows, numbered);
    let numbered = numbered.iter().enumerate().filter_map(|(place, event)| {
        let mark = view.scene.marks.of(*event)?;
        let at = position(view, mark.event, mark.lane)?;
        let severity = emphasis.severity.unwrap_or(mark.severity);
        Some(Marker { event: *event, number: Some(place as u32 + 1), severity, at, disc: at })
    });
    // Numbered ones last: they lie over the others.
    others.into_iter().chain(spread(numbered)).collect()
}

/// Puts numbers side by side that would hide each other.
fn spread(markers: impl Iterator<Item = Marker>) -> Vec<Marker> {
    let mut spread: Vec<Marker> = Vec::new();
    for mut marker in markers {
        let (x, y) = marker.at;
        let is_free = |x: &f32| spread.iter().all(|other| (other.disc.0 - x).hypot(other.disc.1 - y) >= 2.0 * DISC);
        let mut beside = (0..MOST_STEPS).map(|step| x + step as f32 * DISC);
        marker.disc = (beside.find(is_free).unwrap_or(x), y);
        spread.push(marker);
    }
    spread
}

/// Where an event stands, if that is visible.
fn position(view: &View<'_>, event: peerscope_analyzer::model::EventId, lane: u32) -> Option<(f32, f32)> {
    let at = view.scene.times(view.trace).at(event);
    let visible = view.visible();
    let (top, bottom) = view.strip();
    let y = view.middle_of(lane as usize)?;
    (visible.begin <= at && at <= visible.end && top <= y && y <= bottom).then(|| (view.viewport.scale.x(at), y))
}

/// Of the marks that have no number, the worst in each column of a few points of a row. It looks at one mark a column, however
/// many there are.
fn other_markers(view: &View<'_>, rows: &[Row], numbered: &[EventId]) -> Vec<Marker> {
    let numbered: BTreeSet<EventId> = numbered.iter().copied().collect();
    let (top, bottom) = view.strip();
    let mut markers = Vec::new();
    for row in rows {
        let y = row.top + row.height / 2.0;
        if y < top || bottom < y {
            continue;
        }
        let mut columns: BTreeMap<u32, Marker> = BTreeMap::new();
        // The worst first: what came first into a column stays.
        for severity in [Severity::Error, Severity::Warning, Severity::Info] {
            let marks = marks_on(view, row, severity);
            for (column, event, x) in columns_of(view, marks, &numbered) {
                let marker = Marker { event, number: None, severity, at: (x, y), disc: (x, y) };
                columns.entry(column).or_insert(marker);
            }
        }
        markers.extend(columns.into_values());
    }
    markers
}

/// The marks that a row shows: those of its lane, or of a group of which only the heading is left.
fn marks_on<'a>(view: &View<'a>, row: &Row, severity: Severity) -> &'a [(i64, EventId)] {
    let marks = &view.scene.marks;
    match row.of {
        RowOf::Lane(lane) => marks.on_lane(lane, severity),
        RowOf::Group(group) => {
            let first = view.scene.groups.get(group).map(|group| group.lanes.start);
            let is_all = first.is_some_and(|lane| view.layout.is_collapsed(lane));
            if is_all { marks.in_group(group, severity) } else { &[] }
        }
    }
}

/// The first of `marks`, which are sorted, in each column: the column, the event and where it is; without those in `numbered`.
fn columns_of<'a>(
    view: &'a View<'_>,
    marks: &'a [(i64, EventId)],
    numbered: &'a BTreeSet<EventId>,
) -> impl Iterator<Item = (u32, EventId, f32)> + 'a {
    let (scale, visible) = (view.viewport.scale, view.visible());
    let mut next = marks.partition_point(|(at, _)| *at < visible.begin);
    iter::from_fn(move || {
        while marks.get(next).is_some_and(|(_, event)| numbered.contains(event)) {
            next += 1;
        }
        let (at, event) = *marks.get(next).filter(|(at, _)| *at <= visible.end)?;
        let x = scale.x(at);
        let column = ((x - scale.left) / NEAR).max(0.0) as u32;
        let end = scale.at(scale.left + (column + 1) as f32 * NEAR).max(at.saturating_add(1));
        next += marks[next..].partition_point(|(at, _)| *at < end).max(1);
        Some((column, event, x))
    })
}
