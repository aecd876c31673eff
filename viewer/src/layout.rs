//! Which rows stand where, from top to bottom, in points.

use std::collections::BTreeSet;

use crate::lane::{Lane, Place, Subject};
use crate::scene::Scene;

/// Heights in points: of a heading, of the main part of lanes, of a strip, of the marks below a role.
pub(crate) const HEADING: f32 = 20.0;
const TEST: f32 = 20.0;
const ROLE: f32 = 26.0;
const PLAIN: f32 = 18.0;
const STRIP: f32 = 5.0;
const ROLE_POINTS: f32 = 8.0;
/// Deeper strips lie on the last one.
const MOST_STRIPS: usize = 6;

/// What a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOf {
    /// The heading of a group: a place in [`Scene::groups`].
    Group(usize),
    /// A lane: a place in [`Scene::lanes`].
    Lane(usize),
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowPlace {
    /// What it shows.
    pub of: RowOf,
    /// Its upper edge, in points below the first row's; f64, since 50,000 rows are a million points high.
    pub top: f64,
    /// Its height, in points.
    pub height: f32,
}

/// All rows of a scene.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    rows: Vec<RowPlace>,
    /// By lane: a place in `rows`.
    row_of_lane: Vec<u32>,
    height: f64,
}

impl Layout {
    /// The rows of `scene`; of `collapsed` groups only the heading.
    pub fn new(scene: &Scene, collapsed: &BTreeSet<usize>) -> Layout {
        let mut layout = Layout { row_of_lane: vec![u32::MAX; scene.lanes.len()], ..Layout::default() };
        for (place, group) in scene.groups.iter().enumerate() {
            let heading = layout.push(RowOf::Group(place), HEADING);
            let is_collapsed = collapsed.contains(&place);
            for lane in group.lanes.clone() {
                let Some(shown) = scene.lanes.get(lane) else { break };
                layout.row_of_lane[lane] =
                    if is_collapsed { heading } else { layout.push(RowOf::Lane(lane), height_of(shown)) };
            }
        }
        layout
    }

    /// The rows that show something between `top` and `bottom`, from top to bottom.
    pub fn visible(&self, top: f64, bottom: f64) -> &[RowPlace] {
        let first = self.rows.partition_point(|row| row.top + f64::from(row.height) <= top);
        let end = self.rows.partition_point(|row| row.top < bottom);
        self.rows.get(first..end).unwrap_or_default()
    }

    /// The row that stands for the lane: its own, or its group's heading if that is collapsed.
    pub fn row_of_lane(&self, lane: usize) -> Option<RowPlace> {
        self.rows.get(*self.row_of_lane.get(lane)? as usize).copied()
    }

    /// Whether of the lane only its group's heading is shown.
    pub fn is_collapsed(&self, lane: usize) -> bool {
        self.row_of_lane(lane).is_some_and(|row| matches!(row.of, RowOf::Group(_)))
    }

    /// How high all rows are together, in points.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// All rows.
    pub fn rows(&self) -> &[RowPlace] {
        &self.rows
    }

    fn push(&mut self, of: RowOf, height: f32) -> u32 {
        self.rows.push(RowPlace { of, top: self.height, height });
        self.height += f64::from(height);
        self.rows.len() as u32 - 1
    }
}

/// How high a lane's row is, in points.
fn height_of(lane: &Lane) -> f32 {
    let main = match lane.subject {
        Subject::Test(_) => TEST,
        Subject::Role(_) => ROLE,
        Subject::Tasks(_) | Subject::Untasked(_) | Subject::Lock(_) => PLAIN,
    };
    main + points_height(lane) + lane.strips().min(MOST_STRIPS) as f32 * STRIP
}

/// How high the marks below the main part are; elsewhere they lie over it.
fn points_height(lane: &Lane) -> f32 {
    let has_points = lane.tracks.iter().any(|track| track.place == Place::Points && !track.is_empty());
    if matches!(lane.subject, Subject::Role(_)) && has_points { ROLE_POINTS } else { 0.0 }
}

/// Upper and lower edge of what lies in `place` of the lane's row, in points below the row's upper edge.
pub fn extent(lane: &Lane, place: Place) -> (f32, f32) {
    let (strips, points) = (lane.strips().min(MOST_STRIPS), points_height(lane));
    let main = height_of(lane) - points - strips as f32 * STRIP;
    match place {
        Place::Main => (2.0, main - 1.0),
        Place::Points if points > 0.0 => (main, main + points - 1.0),
        Place::Points => (2.0, main - 1.0),
        Place::Strip(strip) => {
            let strip = usize::from(strip).min(MOST_STRIPS - 1);
            let top = main + points + strip as f32 * STRIP;
            (top, top + STRIP - 1.0)
        }
    }
}
