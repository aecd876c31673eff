//! One walk over the tree: from a visible span to its pieces.

use std::ops::{ControlFlow, Range};

use super::{FAN_OUT, Fold, Grain, Node, Piece, width_of};
use crate::timescale::Span;

#[cfg(test)]
thread_local! {
    /// How many nodes and blocks were looked at: what a walk costs, without a clock.
    pub(super) static VISITS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Short blocks that become one piece.
struct Run {
    first: usize,
    count: usize,
    sum: Node,
}

/// A walk, and the run that it has not yet given out.
pub(super) struct Walk<'f, T, E> {
    fold: &'f Fold,
    visible: Span,
    /// `visible` in whole cells.
    wide: Span,
    grain: Grain,
    times: T,
    each: E,
    run: Option<Run>,
    /// The latest cell so far.
    cell: i64,
}

impl<'f, T: Fn(usize) -> (i64, i64), E: FnMut(Piece) -> ControlFlow<()>> Walk<'f, T, E> {
    pub(super) fn new(fold: &'f Fold, visible: Span, grain: Grain, times: T, each: E) -> Self {
        let wide = grain.widen(visible);
        Walk { fold, visible, wide, grain, times, each, run: None, cell: i64::MIN }
    }

    pub(super) fn run(mut self) -> ControlFlow<()> {
        match self.fold.levels().checked_sub(1) {
            Some(top) => self.nodes(top, 0..self.fold.nodes(top))?,
            None => self.blocks(0..self.fold.len)?,
        }
        self.give_run()
    }

    fn nodes(&mut self, level: usize, range: Range<usize>) -> ControlFlow<()> {
        let fold = self.fold;
        for place in range {
            count_visit();
            let width = width_of(level);
            let own = place * width..fold.len.min((place + 1) * width);
            let Some(node) = fold.node(level, place) else {
                self.blocks(own)?;
                continue;
            };
            if node.begin >= self.wide.end || node.end < self.wide.begin {
                continue;
            }
            if let Some(cell) = self.cell_of(&node) {
                self.fold_in(node, cell, own.start, own.len())?;
            } else if level == 0 {
                self.blocks(own)?;
            } else {
                self.nodes(level - 1, place * FAN_OUT..fold.nodes(level - 1).min((place + 1) * FAN_OUT))?;
            }
        }
        ControlFlow::Continue(())
    }

    fn blocks(&mut self, range: Range<usize>) -> ControlFlow<()> {
        for index in range {
            count_visit();
            let node = self.fold.block(index, (self.times)(index));
            if !touches(node.begin, node.end, self.wide) {
                continue;
            }
            if node.length < self.grain.smallest {
                self.fold_in(node, self.grain.cell_of(node.begin), index, 1)?;
            } else {
                self.give_run()?;
                self.give(&Run { first: index, count: 1, sum: node })?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The cell of all blocks of the node, if all are visible, short, and of one run.
    fn cell_of(&self, node: &Node) -> Option<i64> {
        let is_whole = self.wide.begin <= node.begin && node.last_begin < self.wide.end;
        if !is_whole || node.length >= self.grain.smallest {
            return None;
        }
        let (first, last) = (self.grain.cell_of(node.begin), self.grain.cell_of(node.last_begin));
        if last <= self.cell || first == last {
            return Some(last);
        }
        // Blocks that lie close together are not parted where a cell ends, which saves the walk down to them.
        (node.end.saturating_sub(node.begin) <= self.grain.close()).then_some(first)
    }

    /// Adds blocks that are short and of one cell.
    fn fold_in(&mut self, node: Node, cell: i64, first: usize, count: usize) -> ControlFlow<()> {
        if cell > self.cell {
            self.give_run()?;
            self.cell = cell;
        }
        self.run = Some(match self.run.take() {
            None => Run { first, count, sum: node },
            Some(run) => Run { first: run.first, count: run.count + count, sum: run.sum.with(node) },
        });
        ControlFlow::Continue(())
    }

    fn give_run(&mut self) -> ControlFlow<()> {
        match self.run.take() {
            Some(run) => self.give(&run),
            None => ControlFlow::Continue(()),
        }
    }

    fn give(&mut self, run: &Run) -> ControlFlow<()> {
        let Node { begin, last_begin, end, busy, longest, worst, grade, .. } = run.sum;
        // The last of a run may be a mere event in the view's first ns.
        if !touches(begin, end, self.visible) && !touches(last_begin, end, self.visible) {
            return ControlFlow::Continue(());
        }
        let (first, count) = (run.first as u32, run.count as u32);
        (self.each)(Piece { first, count, begin, end, longest, busy, worst, grade })
    }
}

/// Whether something that lasts from `begin` to `end`, perhaps no time at all, can be seen in `span`.
pub(super) fn touches(begin: i64, end: i64, span: Span) -> bool {
    begin < span.end && (end > span.begin || begin >= span.begin)
}

fn count_visit() {
    #[cfg(test)]
    VISITS.with(|visits| visits.set(visits.get() + 1));
}
