//! Witnesses and missing stretches in their places.

use std::collections::BTreeMap;

use super::{Emphasis, Hatch, Marker, Row, View};
use crate::lane::Subject;
use crate::layout::RowOf;

/// The narrowest hatch, in points.
const NARROWEST: f32 = 4.0;
/// Witnesses of other findings that are nearer to each other, in points, become one.
const NEAR: f32 = 6.0;
/// More witnesses of one finding than can be told apart by numbers are not drawn.
const MOST_NUMBERED: usize = 500;

/// The missing stretches, over the rows of those whose events are missing.
pub(super) fn hatches(view: &View<'_>, rows: &[Row]) -> Vec<Hatch> {
    let (left, right) = view.viewport.scale.edges();
    let (top, bottom) = view.strip();
    let mut hatches = Vec::new();
    for (number, missing) in view.scene.missing.iter().enumerate() {
        if missing.span.begin > view.visible().end || missing.span.end < view.visible().begin {
            continue;
        }
        let begin = view.viewport.scale.x(missing.span.begin).clamp(left, (right - NARROWEST).max(left));
        let end = view.viewport.scale.x(missing.span.end).clamp(left, right).max(begin + NARROWEST);
        let is_of = |row: &&Row| match (missing.peer, row.of) {
            (None, _) => true,
            (peer, RowOf::Group(group)) => view.scene.groups[group].peer == peer,
            (peer, RowOf::Lane(lane)) => peer_of(view, lane) == peer,
        };
        // Rows that follow each other are hatched as one.
        let own = rows.iter().filter(is_of);
        let edges = own.fold(None, |edges: Option<(f32, f32)>, row| {
            Some(edges.map_or((row.top, row.top + row.height), |(first, _)| (first, row.top + row.height)))
        });
        let Some((above, below)) = edges else { continue };
        let rect = [begin, above.max(top), end, below.min(bottom)];
        // A trace with thousands of losses has as many hatches in one place: one is enough.
        let covers = |last: &Hatch| last.rect[1..] == rect[1..] && last.rect[0] <= rect[0] && rect[2] <= last.rect[2];
        if rect[1] < rect[3] && !hatches.last().is_some_and(covers) {
            hatches.push(Hatch { missing: number as u32, rect });
        }
    }
    hatches
}

fn peer_of(view: &View<'_>, lane: usize) -> Option<peerscope_analyzer::model::PeerId> {
    if let Some(Subject::Role(peer)) = view.scene.lanes.get(lane).map(|lane| lane.subject) {
        return Some(peer);
    }
    let group = view.scene.groups.partition_point(|group| group.lanes.end <= lane);
    view.scene.groups.get(group)?.peer
}

/// The witnesses of the selected finding, each; and of the other findings those that stand for themselves.
pub(super) fn markers(view: &View<'_>, emphasis: Emphasis<'_>) -> Vec<Marker> {
    let others = other_markers(view, emphasis);
    let numbered = emphasis.witnesses.iter().take(MOST_NUMBERED).enumerate().filter_map(|(place, event)| {
        let found = view.scene.marks.binary_search_by_key(event, |mark| mark.event).ok()?;
        let mark = &view.scene.marks[found];
        let at = position(view, mark.event, mark.lane)?;
        Some(Marker { event: *event, number: Some(place as u32 + 1), severity: mark.severity, at })
    });
    // Numbered ones last: they lie over the others.
    others.into_iter().chain(numbered).collect()
}

/// Where an event stands, if that is visible.
fn position(view: &View<'_>, event: peerscope_analyzer::model::EventId, lane: u32) -> Option<(f32, f32)> {
    let at = view.scene.times(view.trace).at(event);
    let visible = view.visible();
    let (top, bottom) = view.strip();
    let y = view.middle_of(lane as usize)?;
    (visible.begin <= at && at <= visible.end && top <= y && y <= bottom).then(|| (view.viewport.scale.x(at), y))
}

fn other_markers(view: &View<'_>, emphasis: Emphasis<'_>) -> Vec<Marker> {
    // By row and column of a few points: the worst there.
    let mut cells: BTreeMap<(u32, u32), Marker> = BTreeMap::new();
    for mark in &view.scene.marks {
        if emphasis.witnesses.contains(&mark.event) {
            continue;
        }
        let Some(at) = position(view, mark.event, mark.lane) else { continue };
        let column = ((at.0 - view.viewport.scale.left) / NEAR).max(0.0) as u32;
        let marker = Marker { event: mark.event, number: None, severity: mark.severity, at };
        let kept = cells.entry((at.1.max(0.0) as u32, column)).or_insert(marker);
        if marker.severity < kept.severity {
            *kept = marker;
        }
    }
    cells.into_values().collect()
}
