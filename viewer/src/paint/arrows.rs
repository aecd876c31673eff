//! Messages: straight lines with small heads, coloured by fate. A dropped one ends in a cross, one that was never answered
//! in a question mark.

use eframe::egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use super::canvas::Canvas;
use crate::colors::Palette;
use crate::picture::Arrow;
use crate::scene::Fate;

/// With more arrows than this none has gaps, and ordinary ones grow faint.
const MANY: usize = 300;
/// How faint those are then: what lies below them is to be seen.
const FAINT: f32 = 0.22;
/// The most bundles that say how many they are.
const MOST_COUNTS: usize = 60;
/// The length of a head, and of dashes and the gaps between them, in points.
const HEAD: f32 = 7.0;
const DASH: (f32, f32) = (5.0, 3.0);

/// Paints the messages; those that went wrong over the others.
pub(super) fn paint(painter: &Painter, arrows: &[Arrow], palette: Palette) {
    let is_ordinary = |arrow: &&Arrow| arrow.fate == Fate::Arrived;
    let many = arrows.len() > MANY;
    let mut heads = Canvas::new(painter);
    let mut counts: Vec<Rect> = Vec::new();
    for arrow in arrows.iter().filter(is_ordinary).chain(arrows.iter().filter(|arrow| !is_ordinary(arrow))) {
        one(painter, &mut heads, arrow, many, palette);
    }
    heads.paint(painter);
    for arrow in arrows.iter().filter(|arrow| arrow.piece.count > 1) {
        count(painter, arrow, &mut counts, palette);
    }
}

fn one(painter: &Painter, heads: &mut Canvas, arrow: &Arrow, many: bool, palette: Palette) {
    let line = palette.message(arrow.fate, arrow.is_reply);
    let from = pos2(arrow.from.0, arrow.from.1);
    let to = pos2(arrow.to.0, arrow.to.1);
    let is_finite = from.is_finite() && to.is_finite();
    if !is_finite || !painter.clip_rect().intersects(Rect::from_two_pos(from, to).expand(1.0)) {
        return;
    }
    let way = to - from;
    let direction = if way.length() > 0.5 { way.normalized() } else { Vec2::DOWN };
    let is_ordinary = arrow.fate == Fate::Arrived;
    let color = if many && is_ordinary { line.color.gamma_multiply(FAINT) } else { line.color };
    let stroke = Stroke::new(width(arrow, is_ordinary, many), color);
    let ends = if arrow.arrived { to - direction * HEAD.min(way.length() * 0.6) } else { to };
    if line.dashed && !many {
        painter.extend(Shape::dashed_line(&[from, ends], stroke, DASH.0, DASH.1));
    } else {
        painter.line_segment([from, ends], stroke);
    }
    heads.polygon(&square(from, 2.0), color);
    match arrow.fate {
        _ if arrow.arrived => head(painter, to, direction, HEAD.min(way.length().max(3.0)), color),
        Fate::Dropped => cross(painter, to, color, palette.background()),
        _ => mark(painter, to, color, palette.background()),
    }
}

/// Bundles are thicker, more so the more they are.
fn width(arrow: &Arrow, is_ordinary: bool, many: bool) -> f32 {
    let alone = if many && is_ordinary {
        0.8
    } else if is_ordinary {
        1.1
    } else {
        1.7
    };
    if arrow.piece.count > 1 && !(many && is_ordinary) {
        (alone + 0.4 * (arrow.piece.count as f32).log2()).min(4.0)
    } else {
        alone
    }
}

fn square(at: Pos2, half: f32) -> [Pos2; 4] {
    [at + vec2(-half, -half), at + vec2(half, -half), at + vec2(half, half), at + vec2(-half, half)]
}

fn head(painter: &Painter, at: Pos2, direction: Vec2, length: f32, color: Color32) {
    let (back, side) = (at - direction * length, direction.rot90() * (length * 0.42));
    painter.add(Shape::convex_polygon(vec![at, back + side, back - side], color, Stroke::NONE));
}

fn cross(painter: &Painter, at: Pos2, color: Color32, ground: Color32) {
    for (width, color) in [(4.5, ground), (2.2, color)] {
        for arm in [vec2(4.5, 4.5), vec2(4.5, -4.5)] {
            painter.line_segment([at - arm, at + arm], Stroke::new(width, color));
        }
    }
}

fn mark(painter: &Painter, at: Pos2, color: Color32, ground: Color32) {
    painter.circle(at, 6.0, ground, Stroke::new(1.2, color));
    painter.text(at, Align2::CENTER_CENTER, "?", FontId::proportional(11.0), color);
}

/// How many messages a bundle has, in its middle, where there is room for that.
fn count(painter: &Painter, arrow: &Arrow, taken: &mut Vec<Rect>, palette: Palette) {
    let (from, to) = (pos2(arrow.from.0, arrow.from.1), pos2(arrow.to.0, arrow.to.1));
    let is_short = !(from.is_finite() && to.is_finite()) || (to - from).length() < 44.0;
    if is_short || taken.len() >= MOST_COUNTS {
        return;
    }
    let color = palette.fate(arrow.fate);
    let galley = painter.layout_no_wrap(format!("{}×", arrow.piece.count), FontId::proportional(11.0), color);
    let rect = Align2::CENTER_CENTER.anchor_size(from + (to - from) * 0.5, galley.size()).expand2(vec2(3.0, 1.0));
    if painter.clip_rect().contains_rect(rect) && !taken.iter().any(|other| other.intersects(rect.expand(4.0))) {
        painter.rect_filled(rect, 3.0, palette.background());
        painter.galley(rect.shrink2(vec2(3.0, 1.0)).min.round(), galley, color);
        taken.push(rect);
    }
}
