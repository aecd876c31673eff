//! How many pieces a walk will give at most, told from a few nodes, so that a grain is chosen and not tried.

use super::{FAN_OUT, Fold, Grain, Node, width_of};
use crate::timescale::Span;

/// An estimate looks at nodes until it has so many; then it is sharp enough to share out a screen.
const ENOUGH: usize = 48;

/// The part of a [`Fold`] that touches a span, as a few nodes.
pub(crate) struct Estimate {
    visible: Span,
    /// In the order of the blocks, with how many blocks each has.
    parts: Vec<(Option<Node>, u64)>,
    /// How many blocks would be looked at if all were.
    blocks: u64,
}

impl Estimate {
    /// The nodes of `fold` that touch `visible`, so deep that they are some dozens if the tree has as many.
    pub(crate) fn new(fold: &Fold, visible: Span) -> Estimate {
        // A leaf of which nothing is known may touch it.
        let touches = |level: usize, place: &usize| {
            fold.node(level, *place).is_none_or(|node| node.begin < visible.end && node.end >= visible.begin)
        };
        let mut level = fold.levels();
        let mut places: Vec<usize> = Vec::new();
        while level > 0 && places.len() < ENOUGH {
            let (is_top, nodes) = (level == fold.levels(), fold.nodes(level - 1));
            level -= 1;
            places = if is_top {
                (0..nodes).filter(|place| touches(level, place)).collect()
            } else {
                let children = places.iter().flat_map(|place| place * FAN_OUT..nodes.min((place + 1) * FAN_OUT));
                children.filter(|place| touches(level, place)).collect()
            };
        }
        let width = width_of(level);
        let blocks = |place: usize| width.min(fold.len - place * width) as u64;
        let parts: Vec<_> = places.into_iter().map(|place| (fold.node(level, place), blocks(place))).collect();
        let blocks =
            if fold.leaves.is_empty() { fold.len as u64 } else { parts.iter().map(|(_, blocks)| blocks).sum() };
        Estimate { visible, parts, blocks }
    }

    /// At most so many blocks touch the span.
    pub(crate) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// At most so many pieces come of [`Fold::try_pieces`] at this grain.
    pub(crate) fn pieces(&self, grain: Grain) -> u64 {
        if self.parts.is_empty() {
            return self.blocks;
        }
        let wide = grain.widen(self.visible);
        let end = grain.cell_of(wide.end.saturating_sub(1));
        let folds_all = grain.smallest == i64::MAX;
        let mut latest = i64::MIN;
        let pieces = self.parts.iter().map(|(node, blocks)| {
            let Some(node) = node else { return *blocks };
            // What begins before the view and is short reaches into it from the cell before; what is long, from anywhere.
            let begin = if folds_all { node.begin } else { node.begin.max(wide.begin) };
            let first = grain.cell_of(begin).max(latest.saturating_add(1));
            let last = grain.cell_of(node.last_begin).min(end);
            let cells = if last < first { 0 } else { last.abs_diff(first).saturating_add(1) };
            latest = latest.max(last);
            let long = match node.busy {
                _ if node.length < grain.smallest => 0,
                // More than can be said.
                i64::MAX => *blocks,
                busy => busy.max(0) as u64 / grain.smallest.max(1) as u64,
            };
            // A long block stands alone, and parts the run around it.
            cells.saturating_add(long.saturating_mul(2)).min(*blocks)
        });
        pieces.fold(0_u64, u64::saturating_add)
    }
}
