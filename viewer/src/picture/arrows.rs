//! Messages in their places.

use super::share::{Source, share};
use super::{Arrow, MOST_ARROWS, View, crowds};
use crate::fold::{Grain, Piece};
use crate::layout::RowPlace;
use crate::scene::{Fate, Route};

/// Legs that are shorter than this many points, and begin as near to each other, become one.
const SMALLEST: f32 = 4.0;
/// How far the arrow of a message goes that never arrived, in points: to the right, and up or down.
const STUB: (f32, f32) = (14.0, 20.0);

/// The messages of which a part is visible.
pub(super) fn place<'a>(view: &View<'a>) -> Vec<Arrow> {
    let routes: Vec<(usize, &'a Route)> =
        view.scene.routes.iter().enumerate().filter(|(_, route)| may_be_seen(view, route)).collect();
    let times = view.scene.times(view.trace);
    let source = |(_, route): &(usize, &'a Route)| {
        let route: &'a Route = route;
        Source { fold: &route.fold, times: Box::new(move |index| route.legs.times(times, index)) }
    };
    let sources: Vec<Source<'a>> = routes.iter().map(source).collect();
    let grain = Grain::new(view.viewport.scale.ns(SMALLEST));
    let pieces = share(&sources, view.visible(), grain, MOST_ARROWS);
    let arrows: Vec<Arrow> = routes
        .iter()
        .zip(pieces)
        .flat_map(|((number, route), pieces)| pieces.into_iter().filter_map(|piece| arrow(view, *number, route, piece)))
        .collect();
    crowds::thin(arrows)
}

/// The rows of a peer, from the upper edge of the first to the lower edge of the last, on the screen.
fn rows_of(view: &View<'_>, route: Option<peerscope_analyzer::model::PeerId>) -> Option<(f32, f32)> {
    // Nobody's rows, and those of tests, are not those of a peer that is not known.
    let peer = Some(route?);
    let group = view.scene.groups.iter().find(|group| group.peer == peer && !group.lanes.is_empty())?;
    let (first, last) = (view.layout.row_of_lane(group.lanes.start)?, view.layout.row_of_lane(group.lanes.end - 1)?);
    let bottom = |row: RowPlace| row.top + f64::from(row.height);
    Some((view.on_screen(first.top), view.on_screen(bottom(last))))
}

/// Whether an arrow of the route can cross the strip. Where peers are not known, it can.
fn may_be_seen(view: &View<'_>, route: &Route) -> bool {
    let (Some(from), Some(to)) = (rows_of(view, route.from), rows_of(view, route.to)) else { return true };
    let (top, bottom) = view.strip();
    !((from.1 < top && to.1 < top) || (from.0 > bottom && to.0 > bottom))
}

fn arrow(view: &View<'_>, number: usize, route: &Route, piece: Piece) -> Option<Arrow> {
    let (first, longest) = (route.legs.get(piece.first as usize)?, route.legs.get(piece.longest as usize)?);
    // A bundle is drawn as its first leg, unless only another one arrived.
    let leg = if first.to.is_some() { first } else { longest };
    let (top, bottom) = view.strip();
    let from = view.middle_of(view.scene.lane_of(view.trace, leg.from)?)?;
    let scale = view.viewport.scale;
    let begin = (scale.x(piece.begin), from.clamp(top, bottom));
    let to = match leg.to {
        Some(to) => Some(view.middle_of(view.scene.lane_of(view.trace, to)?)?),
        None => None,
    };
    let is_out = |y: f32| if y < top { -1 } else { i32::from(y > bottom) };
    let end = match to {
        Some(to) if is_out(from) != 0 && is_out(from) == is_out(to) => return None,
        Some(to) => (scale.x(piece.end), to.clamp(top, bottom)),
        None if is_out(from) != 0 => return None,
        None => stub(view, route, begin),
    };
    let fate = [first.fate, longest.fate].into_iter().max().unwrap_or(first.fate).max(Fate::of_grade(piece.grade));
    Some(Arrow {
        route: number as u32,
        piece,
        fate,
        is_reply: longest.is_reply,
        from: begin,
        to: end,
        arrived: to.is_some(),
        others: 0,
    })
}

/// Where the arrow of a message ends that never came: a short way towards whom it was for.
fn stub(view: &View<'_>, route: &Route, (x, y): (f32, f32)) -> (f32, f32) {
    match rows_of(view, route.to) {
        Some((top, _)) if route.to != route.from => (x + STUB.0, if top < y { y - STUB.1 } else { y + STUB.1 }),
        _ => (x + STUB.0 + 10.0, y),
    }
}
