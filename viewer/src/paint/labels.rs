//! What stands in blocks: the longest wording that fits.

use std::ops::Range;

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{Color32, FontId, Galley, Painter, Pos2, Rect, TextFormat, pos2, vec2};

use super::blocks::rect_of;
use super::focus::BACK;
use super::points::is_point;
use crate::colors::{Palette, mix};
use crate::lane::Look;
use crate::picture::{DISC, Picture, Placed};

/// Blocks narrower or lower than this have no words, in points.
const NARROW: f32 = 16.0;
const LOW: f32 = 10.0;
/// Between the block's edges and its words.
const MARGIN: f32 = 5.0;
/// How far a mark of an event reaches to either side.
const MARK: f32 = 6.0;
/// Less room than this is not enough for a cut label.
const CUT: f32 = 40.0;
/// How much of what lies below words their ground hides.
const BACKED: f32 = 0.85;
/// What stands at the end of a wait or a hold that goes on where the trace ends; and where that ends before the program.
const NEVER_ENDS: &str = "never ends";
const NOT_ENDED: &str = "not ended";

/// Writes into the blocks.
pub(super) fn paint(painter: &Painter, picture: &Picture, palette: Palette, labels: &dyn Fn(&Placed) -> Vec<String>) {
    let numbered = picture.markers.iter().filter(|marker| marker.number.is_some());
    let discs: Vec<Pos2> = numbered.map(|marker| pos2(marker.disc.0, marker.disc.1)).collect();
    let tracks = tracks(picture);
    let places = tracks.iter().enumerate().flat_map(|(own, track)| track.clone().map(move |index| (own, index)));
    for (own, index) in places {
        let block = &picture.blocks[index];
        let has_words = block.piece.count == 1 && block.bottom - block.top >= LOW && !is_point(block);
        if has_words && block.right - block.left >= NARROW {
            let room = beside(&discs, free(picture, &tracks, own, index));
            if room.width() >= NARROW {
                let color = ink(picture, block, palette);
                let ground = (!picture.arrows.is_empty()).then(|| ground(picture, block, palette));
                let is_open = block.open && is_wait_or_hold(block.look);
                let end = is_open.then_some(if picture.stops_early { NOT_ENDED } else { NEVER_ENDS });
                write(painter, block, room, (color, ground), &labels(block), end);
            }
        }
    }
}

/// The blocks of each track, which follow each other from left to right: places of the first and behind the last.
fn tracks(picture: &Picture) -> Vec<Range<usize>> {
    let mut tracks: Vec<Range<usize>> = Vec::new();
    for run in
        picture.blocks.chunk_by(|one, next| (one.lane, one.track) == (next.lane, next.track) && one.left <= next.left)
    {
        let begin = tracks.last().map_or(0, |track| track.end);
        tracks.push(begin..begin + run.len());
    }
    tracks
}

/// The widest part of a block that no later block of the lane lies over, and no mark. Of each track it looks only at the
/// blocks that are near; `own` is the place of its own track in `tracks`.
fn free(picture: &Picture, tracks: &[Range<usize>], own: usize, index: usize) -> Rect {
    let block = &picture.blocks[index];
    let rect = rect_of(block);
    let mut over: Vec<(f32, f32)> = Vec::new();
    let of_lane = |track: &&Range<usize>| picture.blocks[track.start].lane == block.lane;
    for track in tracks[own..].iter().take_while(of_lane) {
        let blocks = &picture.blocks[track.start.max(index + 1).min(track.end)..track.end];
        let first = blocks.partition_point(|other| other.left < rect.left() - MARK).saturating_sub(1);
        let near = blocks[first..].iter().take_while(|other| other.left < rect.right() + MARK);
        let near = near.filter(|other| other.top < rect.bottom() && rect.top() < other.bottom);
        over.extend(near.map(|other| {
            if is_point(other) { (other.left - MARK, other.left + MARK) } else { (other.left, other.right) }
        }));
    }
    over.sort_by(|one, other| one.0.total_cmp(&other.0));
    widest(rect, &over)
}

/// The widest part of `own` between `over`, which are sorted.
fn widest(own: Rect, over: &[(f32, f32)]) -> Rect {
    let mut best = Rect::NOTHING;
    let mut left = own.left();
    for (from, to) in over.iter().filter(|(from, to)| *from < own.right() - 1.0 && *to > own.left()) {
        if from - left > best.width().max(0.0) {
            best = Rect::from_min_max(pos2(left, own.top()), pos2(*from, own.bottom()));
        }
        left = left.max(*to);
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
        if x + DISC > room.left() && x - DISC < room.left() + 4.0 * MARGIN {
            room.min.x = x + DISC;
        }
    }
    room
}

/// The colour of a block's words.
fn ink(picture: &Picture, block: &Placed, palette: Palette) -> Color32 {
    let color = match block.look {
        Look::Alive => palette.text_weak(),
        look => palette.fill(look, block.term, block.depth).text,
    };
    if picture.focus.steps_back(block.lane) { color.gamma_multiply(BACK) } else { color }
}

/// What lies below a block's words.
fn ground(picture: &Picture, block: &Placed, palette: Palette) -> Color32 {
    let color = palette.fill(block.look, block.term, block.depth).color;
    let color = if color.a() == 0 { palette.background() } else { color };
    if picture.focus.steps_back(block.lane) { mix(palette.background(), color, BACK) } else { color }
}

/// Writes the longest of `labels` that fits; `end` is what stands at its right if there is room for both. That is worth a
/// shorter label, but not the shortest.
fn write(
    painter: &Painter,
    block: &Placed,
    room: Rect,
    (color, ground): (Color32, Option<Color32>),
    labels: &[String],
    end: Option<&str>,
) {
    let font = FontId::proportional(if room.height() >= 18.0 { 13.0 } else { 12.0 });
    // Words stay below the little triangle of a finding.
    let indent = if block.piece.worst.is_some() { MARGIN + 4.0 } else { MARGIN };
    let mut left = room.left() + indent;
    let right = room.right() - MARGIN;
    let end = end.map(|end| painter.layout_no_wrap(end.to_owned(), FontId::proportional(11.0), color));
    let fits = |labels: &[String], room: f32| {
        let labels = labels.iter().filter(|label| !label.is_empty());
        labels
            .map(|label| painter.layout_no_wrap(label.clone(), font.clone(), color))
            .find(|galley| galley.size().x <= room)
    };
    let beside = end.as_ref().and_then(|end| {
        let worthy = &labels[..labels.len().saturating_sub(1).max(1).min(labels.len())];
        fits(worthy, right - left - 4.0 * MARGIN - end.size().x)
    });
    let written = beside.or_else(|| fits(labels, right - left));
    // What has no short name is cut.
    let cut = labels.last().filter(|label| right - left >= CUT && label.chars().count() > 2);
    let cut = cut.filter(|_| written.is_none()).map(|label| {
        let mut job = LayoutJob::single_section(label.clone(), TextFormat::simple(font.clone(), color));
        job.wrap = TextWrapping::truncate_at_width(right - left);
        painter.layout_job(job)
    });
    // Arrows lie over blocks; below words there is the quiet ground of the block.
    let back = |at: Pos2, galley: &Galley| {
        if let Some(ground) = ground {
            let words = Rect::from_min_size(at, galley.size()).expand2(vec2(2.0, 0.0)).intersect(room);
            painter.rect_filled(words, 2.0, ground.gamma_multiply(BACKED));
        }
    };
    if let Some(galley) = written.or(cut) {
        let at = pos2(left, middle(painter, room, galley.size().y));
        back(at, &galley);
        left += galley.size().x + 3.0 * MARGIN;
        painter.galley(at, galley, color);
    }
    if let Some(galley) = end {
        let at = pos2(right - galley.size().x - MARGIN, middle(painter, room, galley.size().y));
        if at.x >= left {
            back(at, &galley);
            painter.galley(at, galley, color);
        }
    }
}

/// What should come to an end: a wait, a hold. That a peer leads where the trace ends is nothing to remark on.
fn is_wait_or_hold(look: Look) -> bool {
    use Look::{Held, HeldByTwo, HeldContended, HeldShared, WaitsForLock, WaitsForOther, WaitsForReply, WaitsForTask};
    matches!(
        look,
        WaitsForLock | WaitsForReply | WaitsForTask | WaitsForOther | Held | HeldByTwo | HeldContended | HeldShared
    )
}

fn middle(painter: &Painter, room: Rect, height: f32) -> f32 {
    let y = room.center().y - height / 2.0;
    let pixels_per_point = painter.pixels_per_point();
    Pos2::new(0.0, (y * pixels_per_point).round() / pixels_per_point).y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_part_is_that_which_nothing_covers() {
        let own = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 20.0));
        let free = |over: &[(f32, f32)]| widest(own, over).x_range();
        assert_eq!(free(&[]), 0.0..=100.0);
        assert_eq!(free(&[(60.0, 70.0)]), 0.0..=60.0);
        assert_eq!(free(&[(-5.0, 10.0), (5.0, 40.0), (60.0, 200.0)]), 40.0..=60.0);
        assert_eq!(free(&[(0.0, 80.0), (10.0, 20.0)]), 80.0..=100.0, "what lies within another");
        assert!(!widest(own, &[(-1.0, 101.0)]).is_positive());
    }
}
