//! What stands in blocks: the longest wording that fits.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{FontId, Painter, Pos2, Rect, TextFormat, pos2};

use super::blocks::{is_point, rect_of};
use super::markers::{RADIUS, discs};
use crate::colors::Palette;
use crate::lane::Look;
use crate::picture::{Picture, Placed};

/// Blocks narrower or lower than this have no words, in points.
const NARROW: f32 = 16.0;
const LOW: f32 = 10.0;
/// Between the block's edges and its words.
const MARGIN: f32 = 5.0;
/// Less room than this is not enough for a cut label.
const CUT: f32 = 40.0;
const NEVER_ENDS: &str = "never ends";

/// Writes into the blocks.
pub(super) fn paint(painter: &Painter, picture: &Picture, palette: Palette, labels: &dyn Fn(&Placed) -> Vec<String>) {
    let discs: Vec<Pos2> = discs(&picture.markers).into_iter().map(|(_, at)| at).collect();
    for (index, block) in picture.blocks.iter().enumerate() {
        let has_words = block.piece.count == 1 && block.bottom - block.top >= LOW && !is_point(block);
        if has_words && block.right - block.left >= NARROW {
            let room = beside(&discs, free(picture, index));
            if room.width() >= NARROW {
                write(painter, block, room, palette, &labels(block));
            }
        }
    }
}

/// The widest part of a block that no later block of the lane lies over.
fn free(picture: &Picture, index: usize) -> Rect {
    let block = &picture.blocks[index];
    let own = rect_of(block);
    let mut best = Rect::NOTHING;
    let mut left = own.left();
    let later = picture.blocks[index + 1..].iter().take_while(|other| other.lane == block.lane);
    let over = later.filter(|other| other.top < own.bottom() && own.top() < other.bottom && !is_point(other));
    for other in over.filter(|other| other.left < own.right() - 1.0 && other.right > own.left()) {
        if other.left - left > best.width().max(0.0) {
            best = Rect::from_min_max(pos2(left, own.top()), pos2(other.left, own.bottom()));
        }
        left = left.max(other.right);
    }
    if own.right() - left > best.width().max(0.0) {
        best = Rect::from_min_max(pos2(left, own.top()), own.max);
    }
    best
}

/// What the discs of witnesses at its begin leave of `room`.
fn beside(discs: &[Pos2], mut room: Rect) -> Rect {
    let mut on_row: Vec<f32> = discs.iter().filter(|at| room.y_range().contains(at.y)).map(|at| at.x).collect();
    on_row.sort_by(f32::total_cmp);
    for x in on_row {
        if x + RADIUS > room.left() && x - RADIUS < room.left() + 4.0 * MARGIN {
            room.min.x = x + RADIUS;
        }
    }
    room
}

fn write(painter: &Painter, block: &Placed, room: Rect, palette: Palette, labels: &[String]) {
    let fill = palette.fill(block.look, block.term, block.depth);
    let color = if block.look == Look::Alive { palette.text_weak() } else { fill.text };
    let font = FontId::proportional(if room.height() >= 18.0 { 13.0 } else { 12.0 });
    // Words stay below the little triangle of a finding.
    let indent = if block.piece.worst.is_some() { MARGIN + 4.0 } else { MARGIN };
    let mut left = room.left() + indent;
    let right = room.right() - MARGIN;
    let mut written = None;
    for label in labels.iter().filter(|label| !label.is_empty()) {
        let galley = painter.layout_no_wrap(label.clone(), font.clone(), color);
        if galley.size().x <= right - left {
            written = Some(galley);
            break;
        }
    }
    // What has no short name is cut.
    let cut = labels.last().filter(|label| right - left >= CUT && label.chars().count() > 2);
    let cut = cut.filter(|_| written.is_none()).map(|label| {
        let mut job = LayoutJob::single_section(label.clone(), TextFormat::simple(font, color));
        job.wrap = TextWrapping::truncate_at_width(right - left);
        painter.layout_job(job)
    });
    if let Some(galley) = written.or(cut) {
        let at = pos2(left, middle(painter, room, galley.size().y));
        left += galley.size().x + 3.0 * MARGIN;
        painter.galley(at, galley, color);
    }
    if block.open && is_wait_or_hold(block.look) {
        let galley = painter.layout_no_wrap(NEVER_ENDS.to_owned(), FontId::proportional(11.0), color);
        let at = pos2(right - galley.size().x - MARGIN, middle(painter, room, galley.size().y));
        if at.x >= left {
            painter.galley(at, galley, color);
        }
    }
}

/// What should come to an end: a wait, a hold. That a peer leads where the trace ends is nothing to remark on.
fn is_wait_or_hold(look: Look) -> bool {
    use Look::{Held, HeldContended, HeldShared, WaitsForLock, WaitsForOther, WaitsForReply, WaitsForTask};
    matches!(look, WaitsForLock | WaitsForReply | WaitsForTask | WaitsForOther | Held | HeldContended | HeldShared)
}

fn middle(painter: &Painter, room: Rect, height: f32) -> f32 {
    let y = room.center().y - height / 2.0;
    let pixels_per_point = painter.pixels_per_point();
    Pos2::new(0.0, (y * pixels_per_point).round() / pixels_per_point).y
}
