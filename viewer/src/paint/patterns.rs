//! Patterns, as polygons that end where their block ends. They are fixed to the screen, so that neighbours go on in each
//! other.

use eframe::egui::{Color32, Pos2, Rect, pos2, vec2};

use super::canvas::Canvas;
use crate::colors::Pattern;

/// From one slanted line to the next, and how wide they are across the screen, in points.
const STEP: f32 = 9.0;
const WIDTH: f32 = 3.5;
/// The same for hatches, which are finer.
const FINE_STEP: f32 = 7.0;
const FINE_WIDTH: f32 = 1.6;
/// From one dot to the next, and how wide they are.
const DOTS: f32 = 6.0;
const DOT: f32 = 2.0;

/// Lays a pattern over `rect`.
pub(super) fn paint(canvas: &mut Canvas, rect: Rect, pattern: Pattern, color: Color32) {
    let rect = rect.intersect(canvas.clip());
    if !rect.is_positive() || rect.width() < 3.0 {
        return;
    }
    match pattern {
        Pattern::Plain | Pattern::Hollow => {}
        Pattern::Slanted => slanted(canvas, rect, STEP, WIDTH, color),
        Pattern::Hatched => slanted(canvas, rect, FINE_STEP, FINE_WIDTH, color),
        Pattern::Dotted => dotted(canvas, rect, color),
    }
}

/// Lines that rise to the right: places whose `x + y` lies in `[k * step, k * step + width]`.
fn slanted(canvas: &mut Canvas, rect: Rect, step: f32, width: f32, color: Color32) {
    let first = ((rect.left() + rect.top() - width) / step).floor() * step;
    let count = ((rect.right() + rect.bottom() - first) / step).ceil().clamp(0.0, 4000.0) as u32;
    for index in 0..count {
        let from = first + index as f32 * step;
        let corners = band(rect, from, from + width);
        if corners.len() > 2 {
            canvas.polygon(&corners, color);
        }
    }
}

/// The part of `rect` in which `x + y` is between `from` and `to`: its corners, in order.
fn band(rect: Rect, from: f32, to: f32) -> Vec<Pos2> {
    let corners = vec![rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    let above = cut(&corners, |corner| corner.x + corner.y - from);
    cut(&above, |corner| to - corner.x - corner.y)
}

/// The part of a polygon in which `inside` is not negative.
fn cut(corners: &[Pos2], inside: impl Fn(Pos2) -> f32) -> Vec<Pos2> {
    let mut kept = Vec::with_capacity(corners.len() + 1);
    for (index, corner) in corners.iter().enumerate() {
        let next = corners[(index + 1) % corners.len()];
        let (here, there) = (inside(*corner), inside(next));
        if here >= 0.0 {
            kept.push(*corner);
        }
        if (here < 0.0) != (there < 0.0) {
            kept.push(*corner + (next - *corner) * (here / (here - there)));
        }
    }
    kept
}

fn dotted(canvas: &mut Canvas, rect: Rect, color: Color32) {
    let first = |edge: f32| (edge / DOTS).ceil() * DOTS;
    let columns = ((rect.right() - DOT - first(rect.left())) / DOTS).floor().clamp(-1.0, 2000.0) as i32;
    let rows = ((rect.bottom() - DOT - first(rect.top())) / DOTS).floor().clamp(-1.0, 100.0) as i32;
    for row in 0..=rows {
        // Every second row is shifted, which looks less like a grid of lines.
        let shift = if row % 2 == 0 { 0.0 } else { DOTS / 2.0 };
        for column in 0..=columns {
            let at = pos2(first(rect.left()) + column as f32 * DOTS + shift, first(rect.top()) + row as f32 * DOTS);
            if at.x + DOT <= rect.right() {
                canvas.rect(Rect::from_min_size(at, vec2(DOT, DOT)), color);
            }
        }
    }
}
