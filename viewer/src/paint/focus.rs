//! The selected finding: what it is about stands out, what it is not about steps back.

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::blocks::rect_of;
use super::canvas::Canvas;
use crate::colors::Palette;
use crate::layout::RowOf;
use crate::picture::{Arrow, DISC, Link, Picture};

/// How strong what steps back remains.
pub(super) const BACK: f32 = 0.55;
/// The length of a link's head, and how round its corner is, in points.
const HEAD: f32 = 9.0;
const ROUND: f32 = 8.0;
/// How strong the broad line is below what belongs to the finding.
const GLOW: f32 = 0.4;

/// Lays a veil over rows with which the finding has nothing to do.
pub(super) fn step_back(painter: &Painter, picture: &Picture, palette: Palette) {
    if picture.focus.lanes.is_empty() {
        return;
    }
    let strip = painter.clip_rect();
    let mut canvas = Canvas::new(painter);
    let veil = palette.background().gamma_multiply(1.0 - BACK);
    let shown = picture.blocks.iter().map(|block| (block.top, block.lane));
    let heading = |row: &crate::picture::Row| {
        let mut inside = shown.clone().filter(|(top, _)| row.top <= *top && *top < row.top + row.height);
        inside.next().is_some_and(|(_, lane)| picture.focus.steps_back(lane))
    };
    for row in &picture.rows {
        let is_back = match row.of {
            RowOf::Lane(lane) => picture.focus.steps_back(lane as u32),
            RowOf::Group(_) => heading(row),
        };
        if is_back {
            canvas.rect(Rect::from_min_size(pos2(strip.left(), row.top), vec2(strip.width(), row.height)), veil);
        }
    }
    canvas.paint(painter);
}

/// Paints frames around what witnesses began, and lines from what waits to what it waits for.
pub(super) fn paint(painter: &Painter, picture: &Picture, palette: Palette) {
    let Some(severity) = picture.markers.iter().find(|marker| marker.number.is_some()).map(|marker| marker.severity)
    else {
        return;
    };
    let color = palette.severity(severity);
    let mut frames = Canvas::new(painter);
    for block in picture.focus.blocks.iter().filter_map(|place| picture.blocks.get(*place)) {
        frames.frame(rect_of(block).expand(1.0), 2.0, color);
    }
    frames.paint(painter);
    let place = |event, at: (f32, f32)| {
        let witness = picture.markers.iter().find(|marker| marker.number.is_some() && marker.event == event);
        witness.map_or((pos2(at.0, at.1), 0.0), |marker| (pos2(marker.disc.0, marker.disc.1), DISC))
    };
    for Link { from, to, from_at, to_at } in &picture.focus.links {
        link(painter, place(*from, *from_at), place(*to, *to_at), color, palette);
    }
}

/// Something broad and pale below a message of the finding.
pub(super) fn glow(painter: &Painter, arrow: &Arrow, color: Color32) {
    let ends = [pos2(arrow.from.0, arrow.from.1), pos2(arrow.to.0, arrow.to.1)];
    painter.line_segment(ends, Stroke::new(6.0, color.gamma_multiply(GLOW)));
}

/// A line with a head from a disc that waits to a disc that holds: back through the row of what waits, where it was before
/// it waited, and then up or down. So it crosses no words, which stand behind the discs.
fn link(painter: &Painter, from: (Pos2, f32), to: (Pos2, f32), color: Color32, palette: Palette) {
    let ((from, from_radius), (to, to_radius)) = (from, to);
    if (to - from).length() <= from_radius + to_radius + 2.0 {
        return;
    }
    let corner = pos2(to.x, from.y);
    let is_straight = (to - corner).length() <= to_radius + HEAD || (from - corner).length() <= from_radius + 2.0;
    let corner = if is_straight { from } else { corner };
    let direction = (to - corner).normalized();
    let end = to - direction * (to_radius + 1.0);
    let head = HEAD.min((end - corner).length());
    let neck = end - direction * head * 0.8;
    let path = if is_straight {
        vec![from + direction * from_radius, neck]
    } else {
        let back = (corner - from).normalized();
        let round = ROUND.min((corner - from).length() / 2.0).min((neck - corner).length() / 2.0);
        let bend = corner + (direction - back) * (round * 0.3);
        vec![from + back * from_radius, corner - back * round, bend, corner + direction * round, neck]
    };
    painter.add(Shape::line(path.clone(), Stroke::new(6.0, color.gamma_multiply(GLOW))));
    painter.add(Shape::line(path.clone(), Stroke::new(4.0, palette.background())));
    painter.add(Shape::line(path, Stroke::new(2.0, color)));
    let side = direction.rot90() * (head * 0.45);
    let back = end - direction * head;
    painter.add(Shape::convex_polygon(vec![end, back + side, back - side], color, Stroke::NONE));
}
