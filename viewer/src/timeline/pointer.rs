//! What the strip shows of where the pointer is: its time on the axis, and what belongs to the thing under it: the message,
//! or all blocks of the lock that is held or waited for there.

use eframe::egui::{Align2, FontId, Painter, Pos2, Rect, Response, Stroke, Ui, pos2, vec2};
use peerscope_analyzer::facts::{Facts, WaitOn};
use peerscope_analyzer::model::LockId;

use super::Timeline;
use super::mouse::{NEAR_ARROW, NEAR_MARKER};
use crate::lane::{Block, Look, Subject};
use crate::paint::Canvas;
use crate::picture::{Picture, Placed};
use crate::words;

/// How strong the line at the pointer is, and the glow around the message that it is on.
const LINE: f32 = 0.25;
const GLOW: f32 = 0.35;

/// Paints it over the strip.
pub(super) fn show(timeline: &Timeline<'_>, ui: &Ui, picture: &Picture, strip: &Response) {
    let Some(at) = strip.hover_pos() else { return };
    let painter = ui.painter_at(timeline.parts.strip);
    let mut canvas = Canvas::new(&painter);
    canvas.vertical(at.x, timeline.parts.strip.y_range(), 1.0, timeline.palette.selection().gamma_multiply(LINE));
    canvas.paint(&painter);
    time(timeline, ui, at);
    if strip.dragged() || picture.marker_at(at.x, at.y, NEAR_MARKER).is_some() {
        return;
    }
    if let Some(arrow) = picture.arrow_at(at.x, at.y, NEAR_ARROW) {
        let ends = [pos2(arrow.from.0, arrow.from.1), pos2(arrow.to.0, arrow.to.1)];
        painter.line_segment(ends, Stroke::new(6.0, timeline.palette.glow().gamma_multiply(GLOW)));
    } else if let Some(placed) = picture.block_at(at.x, at.y) {
        timeline.loaded.run.facts(|facts| lock(timeline, &painter, facts, picture, placed));
    }
}

/// The pointer's time, on the axis.
fn time(timeline: &Timeline<'_>, ui: &Ui, at: Pos2) {
    let (axis, palette) = (timeline.parts.axis, timeline.palette);
    let painter = ui.painter_at(axis);
    let text = words::moment(timeline.scale.at(at.x), timeline.scale.ns_per_point());
    let galley = painter.layout_no_wrap(text, FontId::proportional(11.0), palette.text_strong());
    let room = Align2::CENTER_TOP.anchor_size(pos2(at.x, axis.top() + 1.0), galley.size()).expand2(vec2(5.0, 1.0));
    // Beside the edges it moves no further than it can be read.
    let left = room.left().min(axis.right() - room.width()).max(axis.left());
    let room = Rect::from_min_size(pos2(left, room.top()), room.size());
    painter.rect_filled(room, 3.0, palette.hovered());
    painter.galley(room.shrink2(vec2(5.0, 1.0)).min.round(), galley, palette.text_strong());
}

/// Frames around who holds and who waits for the lock that `pointed` is about, while it is so.
fn lock(timeline: &Timeline<'_>, painter: &Painter, facts: &Facts<'_>, picture: &Picture, pointed: &Placed) {
    let Some(lock) = lock_of(timeline, facts, pointed) else { return };
    let mut canvas = Canvas::new(painter);
    let meanwhile = |placed: &Placed| placed.left < pointed.right && pointed.left < placed.right;
    for placed in picture.blocks.iter().filter(|placed| meanwhile(placed)) {
        if lock_of(timeline, facts, placed) == Some(lock) {
            let rect = Rect::from_min_max(pos2(placed.left, placed.top), pos2(placed.right, placed.bottom));
            canvas.frame(rect.expand(1.0), 2.0, timeline.palette.glow());
        }
    }
    canvas.paint(painter);
}

/// The lock that is held or waited for.
fn lock_of(timeline: &Timeline<'_>, facts: &Facts<'_>, placed: &Placed) -> Option<LockId> {
    use Look::{Held, HeldByTwo, HeldContended, HeldShared, Queue, WaitsForLock};
    let is_of_lock = matches!(placed.look, Held | HeldByTwo | HeldContended | HeldShared | Queue | WaitsForLock);
    if placed.piece.count > 1 || !is_of_lock {
        return None;
    }
    let lane = timeline.loaded.scene.lanes.get(placed.lane as usize)?;
    if let Subject::Lock(lock) = lane.subject {
        return Some(lock);
    }
    let Block { begin, .. } = lane.tracks.get(usize::from(placed.track))?.block(placed.piece.longest as usize);
    match facts.waits().began_at(begin).map(|wait| wait.on) {
        Some(WaitOn::Lock(lock)) if placed.look == WaitsForLock => Some(lock),
        _ => facts.holds().began_at(begin).map(|hold| hold.lock),
    }
}
