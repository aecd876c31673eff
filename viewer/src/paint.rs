//! Pictures to shapes, as few as will do: tessellation is what a frame costs. Flat rectangles, patterns and marks of a layer
//! go into one mesh; only lines that need smooth edges and words are shapes of their own.

mod arrows;
mod axis;
mod blocks;
mod canvas;
mod focus;
mod labels;
mod markers;
mod patterns;
mod points;

use eframe::egui::{Painter, Rect, pos2, vec2};

pub use self::axis::axis;
pub(crate) use self::canvas::Canvas;
use crate::colors::{Palette, Pattern};
use crate::layout::RowOf;
use crate::picture::{Focus, Hatch, Link, Marker, Picture, Placed, Row, Tick};

/// Paints the strip of a picture: blocks, arrows, hatches, markers, lines of the axis. `labels` gives what stands in a
/// block, longest first; it is only asked for blocks that are wide enough.
pub fn picture(painter: &Painter, picture: &Picture, palette: Palette, labels: &dyn Fn(&Placed) -> Vec<String>) {
    let sane;
    let picture = if is_sane(picture) {
        picture
    } else {
        sane = only_sane(picture);
        &sane
    };
    ground(painter, picture, palette);
    arrows::haze(painter, picture, palette);
    blocks::paint(painter, picture, palette);
    missing(painter, picture, palette);
    focus::step_back(painter, picture, palette);
    arrows::paint(painter, picture, palette);
    focus::paint(painter, picture, palette);
    labels::paint(painter, picture, palette, labels);
    axis::end(painter, picture.end, palette);
    markers::paint(painter, &picture.markers, palette);
}

/// Whether all places are such that egui can draw them.
fn is_sane(picture: &Picture) -> bool {
    picture.rows.iter().all(has_row_place)
        && picture.blocks.iter().all(has_block_place)
        && picture.hatches.iter().all(has_hatch_place)
        && picture.markers.iter().all(has_marker_place)
        && picture.ticks.iter().all(has_tick_place)
        && picture.focus.links.iter().all(has_link_place)
        && picture.end.is_none_or(f32::is_finite)
}

/// What of a picture egui can draw.
fn only_sane(picture: &Picture) -> Picture {
    let mut sane = picture.clone();
    sane.rows.retain(has_row_place);
    sane.blocks.retain(has_block_place);
    sane.hatches.retain(has_hatch_place);
    sane.markers.retain(has_marker_place);
    // They count arrows.
    sane.exits.clear();
    sane.ticks.retain(has_tick_place);
    // It counts blocks and arrows, of which some are gone.
    sane.focus = Focus::default();
    sane.end = picture.end.filter(|end| end.is_finite());
    sane
}

fn has_row_place(row: &Row) -> bool {
    row.top.is_finite() && row.height.is_finite()
}

fn has_block_place(block: &Placed) -> bool {
    [block.left, block.right, block.top, block.bottom].iter().all(|edge| edge.is_finite())
}

fn has_hatch_place(hatch: &Hatch) -> bool {
    hatch.rect.iter().all(|edge| edge.is_finite())
}

fn has_marker_place(marker: &Marker) -> bool {
    [marker.at.0, marker.at.1, marker.disc.0, marker.disc.1].iter().all(|place| place.is_finite())
}

fn has_link_place(link: &Link) -> bool {
    [link.from_at.0, link.from_at.1, link.to_at.0, link.to_at.1].iter().all(|place| place.is_finite())
}

fn has_tick_place(tick: &Tick) -> bool {
    tick.x.is_finite()
}

/// What lies below the blocks: lines of the axis, rows.
fn ground(painter: &Painter, picture: &Picture, palette: Palette) {
    let strip = painter.clip_rect();
    let mut canvas = Canvas::new(painter);
    canvas.rect(strip, palette.background());
    for row in &picture.rows {
        let rect = Rect::from_min_size(pos2(strip.left(), row.top), vec2(strip.width(), row.height));
        if matches!(row.of, RowOf::Group(_)) {
            canvas.rect(rect, palette.panel());
        }
    }
    for tick in &picture.ticks {
        canvas.vertical(tick.x, strip.y_range(), 1.0, palette.grid());
    }
    for row in &picture.rows {
        canvas.horizontal(strip.x_range(), row.top + row.height - 1.0, 1.0, palette.separator());
    }
    canvas.paint(painter);
}

/// Lays hatches over what is missing, and over the blocks there: that they went on is not known. They are seen through.
fn missing(painter: &Painter, picture: &Picture, palette: Palette) {
    let mut canvas = Canvas::new(painter);
    for hatch in &picture.hatches {
        let [left, top, right, bottom] = hatch.rect;
        let rect = Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        // Faint ones lie over the whole run.
        let color = if hatch.is_faint { palette.hatch().gamma_multiply(0.35) } else { palette.hatch() };
        patterns::paint(&mut canvas, rect, Pattern::Hatched, color);
    }
    canvas.paint(painter);
}

#[cfg(test)]
mod tests;
