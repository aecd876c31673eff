//! The selected event: a line through all lanes, and a frame around its block; or the moment that was asked for: a line.

use eframe::egui::{Painter, Rect, pos2};

use super::Timeline;
use crate::paint::Canvas;
use crate::picture::Picture;

/// Paints it over the strip.
pub(super) fn paint(timeline: &Timeline<'_>, painter: &Painter, picture: &Picture) {
    if let Some(at) = timeline.state.moment.filter(|at| timeline.scale.visible.contains(*at)) {
        let mut canvas = Canvas::new(painter);
        canvas.vertical(timeline.scale.x(at), timeline.parts.strip.y_range(), 1.0, timeline.palette.selection());
        canvas.paint(painter);
    }
    let Some(event) = timeline.state.event else { return };
    let trace = timeline.loaded.run.trace();
    let scene = &timeline.loaded.scene;
    if event.0 as usize >= trace.len() {
        return;
    }
    let at = scene.times(trace).at(event);
    let color = timeline.palette.selection();
    let mut canvas = Canvas::new(painter);
    if timeline.scale.visible.contains(at) {
        canvas.vertical(timeline.scale.x(at), timeline.parts.strip.y_range(), 1.0, color.gamma_multiply(0.6));
    }
    for placed in picture.blocks.iter().filter(|placed| placed.piece.count == 1) {
        let lane = scene.lanes.get(placed.lane as usize);
        let Some(track) = lane.and_then(|lane| lane.tracks.get(usize::from(placed.track))) else { continue };
        if track.block(placed.piece.longest as usize).begin == event {
            let rect = Rect::from_min_max(pos2(placed.left, placed.top), pos2(placed.right, placed.bottom));
            canvas.frame(rect.expand(1.0), 2.0, color);
        }
    }
    canvas.paint(painter);
}
