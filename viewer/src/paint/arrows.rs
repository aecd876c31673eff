//! Messages: straight lines with small heads, coloured by fate. A dropped one ends in a cross, one that was never answered
//! in a question mark, a reply that nobody took at a bar.

use eframe::egui::Align2;
use eframe::egui::{Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use super::canvas::Canvas;
use super::focus::glow;
use crate::colors::Palette;
use crate::lane::Look;
use crate::layout::RowOf;
use crate::picture::{Arrow, Picture};
use crate::scene::Fate;

/// With more ordinary arrows than this they are but a haze below the blocks: lines without gaps and heads.
const MANY: usize = 300;
/// Up to so many are as strong as can be; of more each is fainter, down to [`FAINTEST`].
const FEW: f32 = 100.0;
const FAINTEST: f32 = 0.12;
/// How strong messages remain with which the selected finding has nothing to do; and of those the ones that went wrong.
const BACK: f32 = 0.3;
const BACK_WRONG: f32 = 0.6;
/// Between collapsed peers messages lie over the roles, of which more is to be seen than of them: how strong ordinary ones
/// are there, and those that went wrong; and how large the ends are of those that never arrived.
const OVER_ROLES: f32 = 0.3;
const OVER_ROLES_WRONG: f32 = 0.85;
const SMALL: f32 = 0.5;
/// The most bundles that say how many they are, the most that are looked at for that, and how long they are at least, in
/// points.
const MOST_COUNTS: usize = 12;
const MOST_CANDIDATES: usize = 60;
const COUNTED: f32 = 60.0;
/// The length of a head, and of dashes and the gaps between them, in points.
const HEAD: f32 = 7.0;
const DASH: (f32, f32) = (5.0, 3.0);

/// Whether there are so many ordinary messages that they lie below the blocks.
fn is_dense(arrows: &[Arrow]) -> bool {
    arrows.iter().filter(|arrow| is_ordinary(arrow)).count() > MANY
}

fn is_ordinary(arrow: &Arrow) -> bool {
    arrow.fate == Fate::Arrived
}

/// Paints ordinary messages, if they are many: roles and waits are to be seen through them.
pub(super) fn haze(painter: &Painter, picture: &Picture, palette: Palette) {
    if !is_dense(&picture.arrows) {
        return;
    }
    let strength = strength(&picture.arrows);
    for (place, arrow) in picture.arrows.iter().enumerate().filter(|(_, arrow)| is_ordinary(arrow)) {
        if let (false, Some((from, to))) = (picture.focus.arrows.contains(&place), ends(painter, arrow)) {
            painter.line_segment([from, to], Stroke::new(1.0, palette.fate(arrow.fate).gamma_multiply(strength)));
        }
    }
}

/// Paints the messages that are not haze; those that went wrong over the others, and the selected finding's over all.
pub(super) fn paint(painter: &Painter, picture: &Picture, palette: Palette) {
    let (arrows, focus) = (&picture.arrows, &picture.focus);
    let is_dense = is_dense(arrows);
    let strength_of_ordinary = strength(arrows);
    let mut order: Vec<(bool, bool, usize)> = (0..arrows.len())
        .map(|place| (focus.arrows.contains(&place), !is_ordinary(&arrows[place]), place))
        .filter(|(is_in_focus, is_wrong, _)| !is_dense || *is_in_focus || *is_wrong)
        .collect();
    order.sort_unstable();
    let severity = picture.markers.iter().find(|marker| marker.number.is_some()).map(|marker| marker.severity);
    let mut heads = Canvas::new(painter);
    for (is_in_focus, is_wrong, place) in &order {
        let strength = match (focus.lanes.is_empty() || *is_in_focus, is_wrong) {
            (true, false) if *is_in_focus => 1.0,
            (true, false) => strength_of_ordinary,
            (true, true) => 1.0,
            (false, false) => BACK * strength_of_ordinary,
            (false, true) => BACK_WRONG,
        };
        if let Some(severity) = severity.filter(|_| *is_in_focus) {
            glow(painter, &arrows[*place], palette.severity(severity));
        }
        let over_roles = is_over_roles(picture, &arrows[*place]);
        let strength = match (over_roles && !is_in_focus, is_wrong) {
            (false, _) => strength,
            (true, false) => strength * OVER_ROLES,
            (true, true) => strength * OVER_ROLES_WRONG,
        };
        let size = if over_roles { SMALL } else { 1.0 };
        one(painter, &mut heads, &arrows[*place], (strength, size), order.len() <= MANY, palette);
    }
    heads.paint(painter);
    counts(painter, picture, &order, palette);
}

/// How strong ordinary messages are.
fn strength(arrows: &[Arrow]) -> f32 {
    (FEW / arrows.iter().filter(|arrow| is_ordinary(arrow)).count().max(1) as f32).clamp(FAINTEST, 1.0)
}

/// Whether it goes from the heading of a collapsed peer, and to one if it arrived.
fn is_over_roles(picture: &Picture, arrow: &Arrow) -> bool {
    let is_heading = |y: f32| {
        let mut rows = picture.rows.iter();
        rows.any(|row| matches!(row.of, RowOf::Group(_)) && row.top <= y && y <= row.top + row.height)
    };
    is_heading(arrow.from.1) && (!arrow.arrived || is_heading(arrow.to.1))
}

/// Both ends of a message of which a part is visible.
fn ends(painter: &Painter, arrow: &Arrow) -> Option<(Pos2, Pos2)> {
    let (from, to) = (pos2(arrow.from.0, arrow.from.1), pos2(arrow.to.0, arrow.to.1));
    let is_seen =
        from.is_finite() && to.is_finite() && painter.clip_rect().intersects(Rect::from_two_pos(from, to).expand(1.0));
    is_seen.then_some((from, to))
}

fn one(
    painter: &Painter,
    heads: &mut Canvas,
    arrow: &Arrow,
    (strength, size): (f32, f32),
    may_have_gaps: bool,
    palette: Palette,
) {
    let Some((from, to)) = ends(painter, arrow) else { return };
    let to = if arrow.arrived { to } else { from + (to - from) * size };
    let line = palette.message(arrow.fate, arrow.is_reply);
    let way = to - from;
    let direction = if way.length() > 0.5 { way.normalized() } else { Vec2::DOWN };
    let color = line.color.gamma_multiply(strength);
    let stroke = Stroke::new(width(arrow, strength) * size.sqrt(), color);
    let long = HEAD * size;
    let has_head = arrow.arrived && (ends_well(arrow) || !matches!(arrow.fate, Fate::Dropped | Fate::Unanswered));
    let ends = if has_head { to - direction * long.min(way.length() * 0.6) } else { to };
    if line.dashed && may_have_gaps {
        painter.extend(Shape::dashed_line(&[from, ends], stroke, DASH.0, DASH.1));
    } else {
        painter.line_segment([from, ends], stroke);
    }
    heads.polygon(&square(from, 2.0 * size), color);
    match arrow.fate {
        // The worst of a bundle gives its colour, and so its end.
        Fate::Dropped if !ends_well(arrow) => cross(painter, to, size, color, palette.background()),
        Fate::Unanswered if !ends_well(arrow) => mark(painter, to, size, color, palette.background()),
        Fate::NotTaken | Fate::Late if !arrow.arrived => bar(painter, to, direction, 5.0 * size, stroke),
        // It was answered, or nothing is known: where it arrived is not in the trace, but nothing went wrong.
        _ if !arrow.arrived => {}
        _ => head(painter, to, direction, long.min(way.length().max(3.0)), color),
    }
    crowd(painter, arrow, to, size, color, palette);
}

/// How many messages end here that never arrived, if they are several, at the right of their mark.
fn crowd(painter: &Painter, arrow: &Arrow, at: Pos2, size: f32, color: Color32, palette: Palette) {
    let count = arrow.piece.count.saturating_add(arrow.others);
    if count <= 1 || arrow.arrived || !matches!(arrow.fate, Fate::Dropped | Fate::Unanswered) {
        return;
    }
    let galley = painter.layout_no_wrap(count.to_string(), FontId::proportional(10.0), color);
    let rect = Align2::LEFT_CENTER.anchor_size(at + vec2(7.0 * size.sqrt(), 0.0), galley.size());
    painter.rect_filled(rect.shrink2(vec2(-1.0, 1.0)), 2.0, palette.background());
    painter.galley(rect.min.round(), galley, color);
}

/// Whether it has a head: of a bundle some may have arrived, but what is told is the worst.
fn ends_well(arrow: &Arrow) -> bool {
    arrow.arrived && arrow.piece.count <= 1
}

/// A line across the end of a reply that nobody took.
fn bar(painter: &Painter, at: Pos2, direction: Vec2, half: f32, stroke: Stroke) {
    let side = direction.rot90() * half;
    painter.line_segment([at - side, at + side], stroke);
}

/// Bundles are thicker, more so the more they are; those that are faint are not.
fn width(arrow: &Arrow, strength: f32) -> f32 {
    let alone = if is_ordinary(arrow) { 1.1 } else { 1.7 };
    if arrow.piece.count > 1 && strength > 0.5 {
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

fn cross(painter: &Painter, at: Pos2, size: f32, color: Color32, ground: Color32) {
    for (width, color) in [(4.5, ground), (2.2, color)] {
        for arm in [vec2(4.5, 4.5), vec2(4.5, -4.5)].map(|arm| arm * size) {
            painter.line_segment([at - arm, at + arm], Stroke::new(width * size.sqrt(), color));
        }
    }
}

fn mark(painter: &Painter, at: Pos2, size: f32, color: Color32, ground: Color32) {
    let size = size.sqrt();
    painter.circle(at, 6.0 * size, ground, Stroke::new(1.2, color));
    painter.text(at, Align2::CENTER_CENTER, "?", FontId::proportional(11.0 * size), color);
}

/// How many messages bundles have, in their middles: of those that went wrong first, then of the largest; where that hides
/// nothing.
fn counts(painter: &Painter, picture: &Picture, shown: &[(bool, bool, usize)], palette: Palette) {
    let bundles = shown.iter().map(|(_, is_wrong, place)| (*is_wrong, &picture.arrows[*place]));
    let mut bundles: Vec<(bool, &Arrow)> = bundles.filter(|(_, arrow)| arrow.piece.count > 1).collect();
    bundles.sort_by_key(|(is_wrong, arrow)| std::cmp::Reverse((*is_wrong, arrow.piece.count)));
    let mut taken: Vec<Rect> = Vec::new();
    for (_, arrow) in bundles.into_iter().take(MOST_CANDIDATES) {
        if taken.len() >= MOST_COUNTS {
            return;
        }
        taken.extend(count(painter, picture, arrow, &taken, palette));
    }
}

fn count(painter: &Painter, picture: &Picture, arrow: &Arrow, taken: &[Rect], palette: Palette) -> Option<Rect> {
    let (from, to) = ends(painter, arrow).filter(|(from, to)| (*to - *from).length() >= COUNTED)?;
    let color = palette.fate(arrow.fate);
    let galley = painter.layout_no_wrap(format!("{}×", arrow.piece.count), FontId::proportional(11.0), color);
    let rect = Align2::CENTER_CENTER.anchor_size(from + (to - from) * 0.5, galley.size()).expand2(vec2(3.0, 1.0));
    let room = rect.expand(4.0);
    let hides_block = picture.blocks.iter().any(|block| {
        block.look != Look::Alive
            && block.left < room.right()
            && room.left() < block.right
            && block.top < room.bottom()
            && room.top() < block.bottom
    });
    let hides_marker = picture.markers.iter().any(|marker| room.expand(8.0).contains(pos2(marker.at.0, marker.at.1)));
    let hides = hides_block || hides_marker || taken.iter().any(|other| other.intersects(room));
    if hides || !painter.clip_rect().contains_rect(rect) {
        return None;
    }
    painter.rect_filled(rect, 3.0, palette.background());
    painter.galley(rect.shrink2(vec2(3.0, 1.0)).min.round(), galley, color);
    Some(rect)
}
