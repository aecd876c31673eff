//! The time axis, and the line where the trace ends.

use eframe::egui::{Align2, FontId, Painter, Rect, pos2};

use super::canvas::Canvas;
use crate::colors::Palette;
use crate::picture::Tick;

/// Paints the axis itself into `rect`, above the strip.
pub fn axis(painter: &Painter, rect: Rect, ticks: &[Tick], palette: Palette) {
    let mut canvas = Canvas::new(painter);
    canvas.rect(rect, palette.panel());
    canvas.horizontal(rect.x_range(), rect.bottom() - 1.0, 1.0, palette.border());
    for tick in ticks {
        let high = if tick.label.is_empty() { 3.0 } else { 7.0 };
        canvas.rect(
            Rect::from_min_max(pos2(tick.x, rect.bottom() - high), pos2(tick.x + 1.0, rect.bottom())),
            palette.text_weak(),
        );
    }
    canvas.paint(painter);
    for tick in ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let galley = painter.layout_no_wrap(tick.label.clone(), FontId::proportional(11.0), palette.text_weak());
        let at = Align2::CENTER_TOP.anchor_size(pos2(tick.x, rect.top() + 1.0), galley.size());
        // A label that would be cut off says something else than it should.
        if rect.left() <= at.left() && at.right() <= rect.right() {
            painter.galley(at.min.round(), galley, palette.text_weak());
        }
    }
}

/// The line where the trace ends.
pub(super) fn end(painter: &Painter, end: Option<f32>, palette: Palette) {
    let Some(x) = end else { return };
    let strip = painter.clip_rect();
    let mut canvas = Canvas::new(painter);
    let dashes = (strip.height() / 8.0).clamp(0.0, 2000.0) as u32;
    for dash in 0..dashes {
        let y = strip.top() + dash as f32 * 8.0;
        canvas.rect(Rect::from_min_max(pos2(x, y), pos2(x + 1.0, y + 5.0)), palette.end());
    }
    canvas.paint(painter);
}
