//! Blocks, folded runs of blocks, marks of events: all in one mesh.

use eframe::egui::{Color32, Painter, Rect, pos2};

use super::canvas::Canvas;
use super::patterns;
use super::points::{self, is_point, rhombus};
use crate::colors::{Fill, Palette, Pattern, mix};
use crate::lane::Look;
use crate::picture::{Picture, Placed};

/// How far the teeth of an open end reach into the block, and how high they are, in points.
const TOOTH: (f32, f32) = (5.0, 5.0);
/// Blocks narrower than this have no pattern and no outline, which would hide their colour.
const NARROW: f32 = 5.0;

/// Paints the blocks.
pub(super) fn paint(painter: &Painter, picture: &Picture, palette: Palette) {
    let mut canvas = Canvas::new(painter);
    let dense = points::dense(&picture.blocks);
    for (place, block) in picture.blocks.iter().enumerate() {
        let fill = palette.fill(block.look, block.term, block.depth);
        if is_point(block) {
            points::paint(&mut canvas, block, dense[place], palette);
        } else if block.piece.count > 1 {
            folded(&mut canvas, block, fill, palette);
        } else {
            whole(&mut canvas, block, fill, picture.end, palette);
        }
    }
    // After all blocks: no block may hide a finding.
    for block in &picture.blocks {
        severity(&mut canvas, block, palette);
    }
    canvas.paint(painter);
}

/// Whether it goes on where the trace ends, and that can be seen.
pub(super) fn is_open_here(block: &Placed, end: Option<f32>) -> bool {
    block.open && block.piece.count == 1 && end.is_some_and(|end| (block.right - end).abs() < 2.0)
}

pub(super) fn rect_of(block: &Placed) -> Rect {
    Rect::from_min_max(pos2(block.left, block.top), pos2(block.right, block.bottom))
}

fn whole(canvas: &mut Canvas, block: &Placed, fill: Fill, end: Option<f32>, palette: Palette) {
    let mut rect = rect_of(block);
    if rect.width() < NARROW {
        let color = if matches!(fill.pattern, Pattern::Hollow | Pattern::Hatched) {
            fill.outline.unwrap_or(fill.color)
        } else {
            fill.color
        };
        return canvas.rect(rect, color);
    }
    // A gap of a pixel keeps neighbours apart.
    rect.max.x -= 1.0;
    canvas.rect(rect, fill.color);
    patterns::paint(canvas, rect, fill.pattern, fill.lines);
    if let Some(outline) = fill.outline {
        canvas.frame(rect, if block.look == Look::Leader { 2.0 } else { 1.0 }, outline);
    }
    if is_open_here(block, end) && rect.width() > 3.0 * TOOTH.0 {
        teeth(canvas, rect, palette.background());
    }
}

/// Bites into the right edge: it does not end here, it was not seen to end.
fn teeth(canvas: &mut Canvas, rect: Rect, ground: Color32) {
    let count = (rect.height() / TOOTH.1).round().clamp(1.0, 12.0);
    let height = rect.height() / count;
    for tooth in 0..count as u32 {
        let top = rect.top() + tooth as f32 * height;
        let right = rect.right() + 1.0;
        canvas
            .polygon(&[pos2(right, top), pos2(right, top + height), pos2(right - TOOTH.0, top + height / 2.0)], ground);
    }
}

/// A run of blocks that are too small to be seen each: paler the less of the time they fill, with a comb on top.
fn folded(canvas: &mut Canvas, block: &Placed, fill: Fill, palette: Palette) {
    let rect = rect_of(block);
    let length = block.piece.end.saturating_sub(block.piece.begin).max(1);
    let share = (block.piece.busy as f64 / length as f64).clamp(0.0, 1.0) as f32;
    let color = if matches!(fill.pattern, Pattern::Hollow | Pattern::Hatched) {
        fill.outline.unwrap_or(fill.color)
    } else {
        fill.color
    };
    canvas.rect(rect, mix(palette.background(), color, 0.35 + 0.6 * share));
    if rect.width() >= 4.0 && rect.height() >= 8.0 {
        let first = (rect.left() / 4.0).ceil() * 4.0;
        let teeth = ((rect.right() - first) / 4.0).floor().clamp(0.0, 2000.0) as u32;
        for tooth in 0..teeth {
            let x = first + tooth as f32 * 4.0;
            canvas.rect(
                Rect::from_min_max(pos2(x, rect.top()), pos2(x + 2.0, rect.top() + 3.0)),
                mix(color, fill.text, 0.45),
            );
        }
    }
}

/// A block that bears witness to a finding: a line below it and a small triangle at its begin, never narrower than 4 points.
fn severity(canvas: &mut Canvas, block: &Placed, palette: Palette) {
    let Some(worst) = block.piece.worst else { return };
    let color = palette.severity(worst);
    let rect = rect_of(block);
    if is_point(block) {
        return rhombus(canvas, rect.left(), rect.center().y, (rect.height() / 2.0).clamp(2.5, 4.0), color);
    }
    let thick = if rect.height() >= 10.0 { 2.0 } else { 1.0 };
    let right = rect.right().max(rect.left() + 4.0);
    canvas.rect(Rect::from_min_max(pos2(rect.left(), rect.bottom() - thick), pos2(right, rect.bottom())), color);
    if rect.height() >= 10.0 {
        let (x, y) = (rect.left(), rect.top());
        canvas.polygon(&[pos2(x, y), pos2(x + 6.0, y), pos2(x, y + 6.0)], color);
    }
}
