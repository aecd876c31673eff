//! Blocks in their places.

use peerscope_analyzer::value::Term;

use super::share::{Source, share};
use super::{MOST_BLOCKS, Placed, Row, View};
use crate::fold::{Grain, Piece};
use crate::lane::{Place, Track};
use crate::layout::{RowOf, extent};

/// Blocks narrower than this many points are folded.
const SMALLEST: f32 = 1.5;
/// How narrow a piece may be drawn, in points; and one with a finding.
const NARROWEST: f32 = 1.5;
const NARROWEST_MARKED: f32 = 4.0;

/// A track that is visible, with its upper and lower edge on the screen.
struct Shown<'a> {
    lane: usize,
    number: usize,
    track: &'a Track,
    top: f32,
    bottom: f32,
}

/// The blocks of all visible rows.
pub(super) fn place<'a>(view: &View<'a>, rows: &[Row]) -> Vec<Placed> {
    let shown: Vec<Shown<'a>> = rows.iter().flat_map(|row| tracks_of(view, row)).collect();
    let times = view.scene.times(view.trace);
    let source = |shown: &Shown<'a>| {
        let track = shown.track;
        Source { fold: track.fold(), times: Box::new(move |index| track.times(times, index)) }
    };
    let sources: Vec<Source<'a>> = shown.iter().map(source).collect();
    let grain = Grain::new(view.viewport.scale.ns(SMALLEST));
    let pieces = share(&sources, view.visible(), grain, MOST_BLOCKS);
    let placed =
        shown.iter().zip(pieces).flat_map(|(shown, pieces)| pieces.into_iter().map(|piece| placed(view, shown, piece)));
    placed.collect()
}

/// The tracks of a row. The heading of a collapsed group shows its first lane's main part: a peer's role.
fn tracks_of<'a>(view: &View<'a>, row: &Row) -> Vec<Shown<'a>> {
    let (lane, is_heading) = match row.of {
        RowOf::Lane(lane) => (lane, false),
        RowOf::Group(group) => match view.scene.groups.get(group).map(|group| group.lanes.start) {
            Some(lane) if view.layout.is_collapsed(lane) => (lane, true),
            _ => return Vec::new(),
        },
    };
    let Some(what) = view.scene.lanes.get(lane) else { return Vec::new() };
    let tracks = what.tracks.iter().enumerate();
    let tracks = tracks.filter(|(_, track)| !track.is_empty() && (!is_heading || track.place == Place::Main));
    let shown = tracks.map(|(number, track)| {
        let (top, bottom) = if is_heading { (2.0, row.height - 2.0) } else { extent(what, track.place) };
        Shown { lane, number, track, top: row.top + top, bottom: row.top + bottom }
    });
    shown.collect()
}

fn placed(view: &View<'_>, shown: &Shown<'_>, piece: Piece) -> Placed {
    let (begin, end) = view.viewport.scale.edges();
    let scale = view.viewport.scale;
    let narrowest = if piece.worst.is_some() { NARROWEST_MARKED } else { NARROWEST };
    let left = scale.x(piece.begin).clamp(begin, (end - narrowest).max(begin));
    let right = scale.x(piece.end).clamp(begin, end).max((left + narrowest).min(end));
    let stands = shown.track.standing_for(piece);
    let block = shown.track.block(stands);
    Placed {
        lane: shown.lane as u32,
        track: shown.number as u16,
        piece,
        look: block.look,
        left,
        right,
        top: shown.top,
        bottom: shown.bottom,
        open: block.end.is_none(),
        term: shown.track.term(view.trace, stands).map_or(0, |Term(term)| term),
        depth: block.depth,
    }
}
