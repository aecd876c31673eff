//! What is at a place of the screen.

use super::{Arrow, Marker, Picture, Placed, Row};

impl Picture {
    /// The block at a place, in points: the one that is drawn over the others.
    pub fn block_at(&self, x: f32, y: f32) -> Option<&Placed> {
        let has = |block: &&Placed| block.left <= x && x <= block.right && block.top <= y && y <= block.bottom;
        self.blocks.iter().rev().find(has)
    }

    /// The arrow that is nearest to a place, at most `tolerance` points from it.
    pub fn arrow_at(&self, x: f32, y: f32, tolerance: f32) -> Option<&Arrow> {
        let distances = self.arrows.iter().map(|arrow| (arrow, distance((x, y), arrow.from, arrow.to)));
        let near = distances.filter(|(_, distance)| *distance <= tolerance);
        near.min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(arrow, _)| arrow)
    }

    /// The row at a height, in points on the screen.
    pub fn row_at(&self, y: f32) -> Option<&Row> {
        self.rows.iter().find(|row| row.top <= y && y < row.top + row.height)
    }

    /// The marker that is nearest to a place, at most `tolerance` points from it; one with a number before one without.
    pub fn marker_at(&self, x: f32, y: f32, tolerance: f32) -> Option<&Marker> {
        let distances = self.markers.iter().map(|marker| (marker, (marker.disc.0 - x).hypot(marker.disc.1 - y)));
        let near = distances.filter(|(_, distance)| *distance <= tolerance);
        let key = |(marker, distance): &(&Marker, f32)| (marker.number.is_none(), *distance);
        near.min_by(|one, other| key(one).0.cmp(&key(other).0).then(key(one).1.total_cmp(&key(other).1)))
            .map(|(marker, _)| marker)
    }
}

/// From a point to the line between two others.
fn distance(point: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let share = if length > 0.0 { ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length } else { 0.0 };
    let share = share.clamp(0.0, 1.0);
    (point.0 - from.0 - share * dx).hypot(point.1 - from.1 - share * dy)
}
