//! Messages of which one end is visible and the other earlier or later: where they leave the strip, and where they lead.

use super::{Arrow, Exit, Focus, View};
use crate::scene::Fate;

/// So many are spoken of; and how far apart they stand at one edge, in points.
const MOST: usize = 8;
const APART: f32 = 16.0;

/// Where messages leave the strip: first those of the selected finding, then those that went wrong, then the others from top
/// to bottom. What would stand over another is left out.
pub(super) fn exits(view: &View<'_>, arrows: &[Arrow], focus: &Focus) -> Vec<Exit> {
    let mut found: Vec<Exit> =
        arrows.iter().enumerate().filter_map(|(place, arrow)| exit(view, place, arrow)).collect();
    let rank = |exit: &Exit| (!focus.arrows.contains(&exit.arrow), arrows[exit.arrow].fate == Fate::Arrived);
    found.sort_by(|one, other| rank(one).cmp(&rank(other)).then(one.at.1.total_cmp(&other.at.1)));
    let mut shown: Vec<Exit> = Vec::new();
    for exit in found {
        let is_free = |other: &Exit| other.at.0 != exit.at.0 || (other.at.1 - exit.at.1).abs() >= APART;
        if shown.len() < MOST && shown.iter().all(is_free) {
            shown.push(exit);
        }
    }
    shown
}

fn exit(view: &View<'_>, place: usize, arrow: &Arrow) -> Option<Exit> {
    if !arrow.arrived || arrow.piece.count > 1 {
        return None;
    }
    let leg = view.scene.routes.get(arrow.route as usize)?.legs.get(arrow.piece.first as usize)?;
    let (left, right) = view.viewport.scale.edges();
    let is_in = |(x, _): (f32, f32)| left <= x && x <= right;
    let (inside, outside, event) = match (is_in(arrow.from), is_in(arrow.to)) {
        (true, false) => (arrow.from, arrow.to, leg.to?),
        (false, true) => (arrow.to, arrow.from, leg.from),
        _ => return None,
    };
    let edge = if outside.0 > right { right } else { left };
    let share = (edge - inside.0) / (outside.0 - inside.0);
    let at = (edge, inside.1 + (outside.1 - inside.1) * share);
    at.1.is_finite().then_some(Exit { arrow: place, at, event })
}
