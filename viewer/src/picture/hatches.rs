//! Missing stretches in their places: however many there are, no more than can be told apart.

use std::collections::{BTreeMap, BTreeSet};

use peerscope_analyzer::model::PeerId;

use super::{Hatch, Row, View};
use crate::lane::Subject;
use crate::layout::RowOf;
use crate::scene::Missing;

/// The narrowest hatch; and the stretches of one peer that are nearer to each other than this, in points, become one.
const NARROWEST: f32 = 4.0;
/// About the most hatches of a picture; with more peers each has broader columns.
const MOST_HATCHES: f32 = 1_000.0;

/// Whose rows are hatched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Everybody,
    Peer(PeerId),
    Lane(usize),
}

/// Stretches that may become one: those of the same rows, and as sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort {
    whose: Whose,
    is_faint: bool,
}

impl Sort {
    fn of(missing: &Missing) -> Sort {
        let whose = match (missing.lane, missing.peer) {
            (Some(lane), _) => Whose::Lane(lane),
            (None, Some(peer)) => Whose::Peer(peer),
            (None, None) => Whose::Everybody,
        };
        Sort { whose, is_faint: !missing.is_placed }
    }
}

/// What begins in a column: the first stretch, how many, and from where to where they reach, in points.
#[derive(Clone, Copy)]
struct Column {
    missing: u32,
    count: u32,
    left: f32,
    right: f32,
}

/// The missing stretches, over the rows of those whose events are missing.
pub(super) fn hatches(view: &View<'_>, rows: &[Row]) -> Vec<Hatch> {
    let edges = edges(view, rows);
    let (left, right) = view.viewport.scale.edges();
    let sorts: BTreeSet<Sort> =
        view.scene.missing.iter().map(Sort::of).filter(|sort| edges.contains_key(&sort.whose)).collect();
    let wide = NARROWEST.max((right - left) * sorts.len() as f32 / MOST_HATCHES);
    let mut columns: BTreeMap<(Sort, u32), Column> = BTreeMap::new();
    for (number, missing) in view.scene.missing.iter().enumerate() {
        let is_seen = missing.span.begin <= view.visible().end && missing.span.end >= view.visible().begin;
        let sort = Sort::of(missing);
        if !is_seen || !edges.contains_key(&sort.whose) {
            continue;
        }
        let begin = view.viewport.scale.x(missing.span.begin).clamp(left, (right - NARROWEST).max(left));
        let end = view.viewport.scale.x(missing.span.end).clamp(left, right).max(begin + NARROWEST);
        let new = Column { missing: number as u32, count: 1, left: begin, right: end };
        let place = (sort, ((begin - left) / wide) as u32);
        columns.entry(place).and_modify(|column| *column = joined(*column, new)).or_insert(new);
    }
    let mut hatches: Vec<Hatch> = Vec::new();
    let mut last: Option<(Sort, Column)> = None;
    for ((sort, _), column) in columns {
        match &mut last {
            Some((of, before)) if *of == sort && column.left < before.right + wide => *before = joined(*before, column),
            _ => hatches
                .extend(last.replace((sort, column)).map(|(sort, column)| hatch(sort, edges[&sort.whose], column))),
        }
    }
    hatches.extend(last.map(|(sort, column)| hatch(sort, edges[&sort.whose], column)));
    hatches.sort_by_key(|hatch| hatch.missing);
    hatches
}

fn joined(one: Column, other: Column) -> Column {
    Column {
        missing: one.missing.min(other.missing),
        count: one.count.saturating_add(other.count),
        left: one.left.min(other.left),
        right: one.right.max(other.right),
    }
}

fn hatch(sort: Sort, (top, bottom): (f32, f32), column: Column) -> Hatch {
    let Sort { is_faint, .. } = sort;
    Hatch { missing: column.missing, count: column.count, is_faint, rect: [column.left, top, column.right, bottom] }
}

/// By whose events are missing: the upper and the lower edge of their visible rows.
fn edges(view: &View<'_>, rows: &[Row]) -> BTreeMap<Whose, (f32, f32)> {
    let (top, bottom) = view.strip();
    let mut edges: BTreeMap<Whose, (f32, f32)> = BTreeMap::new();
    for row in rows {
        let (above, below) = (row.top.max(top), (row.top + row.height).min(bottom));
        if above >= below {
            continue;
        }
        let lane = if let RowOf::Lane(lane) = row.of { Some(Whose::Lane(lane)) } else { None };
        // Rows of a peer follow each other, and are hatched as one.
        for of in [Some(Whose::Everybody), peer_of(view, row).map(Whose::Peer), lane].into_iter().flatten() {
            let rows = edges.entry(of).or_insert((above, below));
            *rows = (rows.0.min(above), rows.1.max(below));
        }
    }
    edges
}

fn peer_of(view: &View<'_>, row: &Row) -> Option<PeerId> {
    let lane = match row.of {
        RowOf::Group(group) => return view.scene.groups.get(group)?.peer,
        RowOf::Lane(lane) => lane,
    };
    if let Some(Subject::Role(peer)) = view.scene.lanes.get(lane).map(|lane| lane.subject) {
        return Some(peer);
    }
    let group = view.scene.groups.partition_point(|group| group.lanes.end <= lane);
    view.scene.groups.get(group)?.peer
}
