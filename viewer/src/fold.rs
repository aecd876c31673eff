//! An index over the blocks of a track that folds what is too small to see, so that a frame costs what its pixels cost.
//!
//! A tree: 16 blocks a leaf, 4 children a node above: about 3 bytes a block, and few nodes a run. A node keeps of its
//! blocks the earliest and the latest begin, the latest end, the longest, the time that they cover, and the worst severity.
//! A run of blocks that are all narrower than a few pixels becomes one [`Piece`] in O(log n), and a finding among them stays
//! visible however far one zooms out.
//!
//! Runs end where a cell of a grid ends that is fixed in time, so that pieces stay what they are while one pans.

mod estimate;
mod leaf;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use peerscope_analyzer::detect::finding::Severity;

pub(crate) use self::estimate::Estimate;
use self::leaf::Leaf;
use self::walk::Walk;
use crate::timescale::Span;

/// Blocks of a leaf.
const LEAF: usize = 16;
/// Children of a node above. The fewer, the less is looked at that is smaller than a cell.
const FAN_OUT: usize = 4;
/// Nodes of the uppermost level, at most.
const TOP: usize = 16;

/// One block, or a run of blocks that are too small to be drawn each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first block.
    pub first: u32,
    /// How many blocks it stands for, at least 1. They follow each other, unless clocks disagree so much that blocks out of
    /// sight stand between them.
    pub count: u32,
    /// When the earliest of its blocks began, in ns.
    pub begin: i64,
    /// When the last of its blocks ended, in ns.
    pub end: i64,
    /// The longest of its blocks; the first, if several are.
    pub longest: u32,
    /// How long its blocks are together, in ns; more than `end - begin` where they overlap.
    pub busy: i64,
    /// The worst severity of a finding that one of its blocks bears witness to.
    pub worst: Option<Severity>,
    /// The highest grade of its blocks; 0 unless the index was [`Fold::graded`].
    pub grade: u8,
}

/// What is too small to be drawn alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grain {
    /// Shorter blocks are folded, in ns; `i64::MAX` folds all.
    pub smallest: i64,
    /// The grid's cells are 2 to the power of this long, in ns: at most 63.
    pub cell: u32,
}

impl Grain {
    /// Folds what is shorter than `smallest` ns into cells that are at least as long.
    pub fn new(smallest: i64) -> Grain {
        let smallest = smallest.max(1);
        Grain { smallest, cell: (smallest as u64).next_power_of_two().trailing_zeros() }
    }

    /// The cell that `at` lies in.
    fn cell_of(self, at: i64) -> i64 {
        at >> self.cell.min(63)
    }

    /// Blocks of one node that lie within this many ns count to one cell, in which the first begins: those of a cell's
    /// length. A piece is then two cells long at most, and the walk need not go down to where a cell ends.
    fn close(self) -> i64 {
        1_i64.checked_shl(self.cell).filter(|length| *length > 0).unwrap_or(i64::MAX)
    }

    /// `visible`, widened to whole cells, and by two to the left: what folds and reaches into it begins there.
    fn widen(self, visible: Span) -> Span {
        let edge = |cell: i128| {
            let at = cell << self.cell.min(63);
            i64::try_from(at).unwrap_or(if at < 0 { i64::MIN } else { i64::MAX })
        };
        let (first, last) = (self.cell_of(visible.begin), self.cell_of(visible.end - 1));
        Span::new(edge(i128::from(first) - 2), edge(i128::from(last) + 1))
    }
}

/// What a node keeps of its blocks.
#[derive(Clone, Copy, Debug)]
struct Node {
    begin: i64,
    last_begin: i64,
    end: i64,
    busy: i64,
    /// How long `longest` is.
    length: i64,
    longest: u32,
    worst: Option<Severity>,
    grade: u8,
}

/// The index of one track.
#[derive(Debug, Default)]
pub struct Fold {
    len: usize,
    /// None for few blocks.
    leaves: Vec<Leaf>,
    /// Above the leaves, upwards; the last has 16 nodes at most.
    levels: Vec<Vec<Node>>,
    /// By block: those that have a severity. Few: witnesses of findings.
    marks: BTreeMap<u32, Severity>,
    /// By block; empty if all are 0.
    grades: Vec<u8>,
}

impl Fold {
    /// The index of `len` blocks; `times` gives begin and end of each, in ns. Begins need not be sorted strictly: clocks of
    /// tasks may disagree by a little.
    pub fn new(len: usize, times: impl Fn(usize) -> (i64, i64)) -> Fold {
        let block = |index| Node::of_block(index as u32, times(index));
        let leaf = |first: usize| (first..len.min(first + LEAF)).map(block).reduce(Node::with);
        let leaves = (0..len).step_by(LEAF).filter(|_| len > LEAF).filter_map(leaf);
        let leaves: Vec<Node> = leaves.collect();
        let above = |below: &[Node]| -> Vec<Node> {
            let above = below.chunks(FAN_OUT).filter_map(|nodes| nodes.iter().copied().reduce(Node::with));
            above.collect()
        };
        let mut levels = Vec::new();
        while let below = levels.last().unwrap_or(&leaves)
            && below.len() > TOP
        {
            levels.push(above(below));
        }
        levels.iter_mut().for_each(Vec::shrink_to_fit);
        Fold { len, leaves: leaves.iter().map(Leaf::new).collect(), levels, marks: BTreeMap::new(), grades: Vec::new() }
    }

    /// The same with a grade for each block: a piece then has the highest of its blocks (what became of messages).
    pub fn graded(mut self, mut grades: Vec<u8>) -> Fold {
        if grades.iter().all(|grade| *grade == 0) {
            return self;
        }
        grades.resize(self.len, 0);
        let highest = |grades: &[u8]| grades.iter().copied().max().unwrap_or(0);
        for (leaf, grades) in self.leaves.iter_mut().zip(grades.chunks(LEAF)) {
            leaf.grade = highest(grades);
        }
        for (nodes, level) in self.levels.iter_mut().zip(1..) {
            for (node, grades) in nodes.iter_mut().zip(grades.chunks(width_of(level))) {
                node.grade = highest(grades);
            }
        }
        self.grades = grades;
        self
    }

    /// How many blocks it indexes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it indexes none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Gives the block at `index` this severity, unless it has a worse one.
    pub fn mark(&mut self, index: usize, severity: Severity) {
        if index >= self.len {
            return;
        }
        let mark = self.marks.entry(index as u32).or_insert(severity);
        *mark = severity.min(*mark);
        if let Some(leaf) = self.leaves.get_mut(index / LEAF) {
            leaf.worst = worse(leaf.worst, Some(severity));
        }
        for (nodes, level) in self.levels.iter_mut().zip(1..) {
            let node = &mut nodes[index / width_of(level)];
            node.worst = worse(node.worst, Some(severity));
        }
    }

    /// How many levels of nodes there are; the leaves are level 0.
    fn levels(&self) -> usize {
        if self.leaves.is_empty() { 0 } else { 1 + self.levels.len() }
    }

    /// How many nodes that level has.
    fn nodes(&self, level: usize) -> usize {
        level.checked_sub(1).map_or(self.leaves.len(), |above| self.levels[above].len())
    }

    /// That node; `None` if only its blocks tell what it has.
    #[inline]
    fn node(&self, level: usize, place: usize) -> Option<Node> {
        match level.checked_sub(1) {
            None => self.leaves[place].node(place),
            Some(above) => Some(self.levels[above][place]),
        }
    }

    /// What is known of one block.
    fn block(&self, index: usize, times: (i64, i64)) -> Node {
        let worst = if self.marks.is_empty() { None } else { self.severity(index) };
        let grade = self.grades.get(index).copied().unwrap_or(0);
        Node { worst, grade, ..Node::of_block(index as u32, times) }
    }

    /// The severity of the block at `index`.
    pub fn severity(&self, index: usize) -> Option<Severity> {
        self.marks.get(&(index as u32)).copied()
    }

    /// Calls `each` with what of `visible` is to be drawn, from left to right, if blocks shorter than `smallest` ns are not
    /// to be drawn alone. At most about `visible.length() / smallest` pieces come of it, if blocks do not overlap.
    pub fn pieces(
        &self,
        visible: Span,
        smallest: i64,
        times: impl Fn(usize) -> (i64, i64),
        mut each: impl FnMut(Piece),
    ) {
        let _ = self.try_pieces(visible, Grain::new(smallest), times, |piece| {
            each(piece);
            ControlFlow::Continue(())
        });
    }

    /// Calls `each` with the pieces that touch `visible`, in the order of the blocks, until it breaks.
    ///
    /// A piece is a block that is not shorter than `grain.smallest`, or a run of shorter ones, with no such block between
    /// them, that begin in one cell (blocks of a node that lie close together: of which the first does). Where begins are
    /// not sorted, a block that begins before its predecessor counts to its predecessor's cell: so there are never more
    /// pieces than cells and long blocks. Cells that are visible in part are folded whole.
    pub fn try_pieces(
        &self,
        visible: Span,
        grain: Grain,
        times: impl Fn(usize) -> (i64, i64),
        each: impl FnMut(Piece) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        Walk::new(self, visible, grain, times, each).run()
    }
}

/// How many blocks a node of that level has; the leaves are level 0.
fn width_of(level: usize) -> usize {
    LEAF * FAN_OUT.pow(level as u32)
}

impl Node {
    fn of_block(index: u32, (begin, end): (i64, i64)) -> Node {
        let end = end.max(begin);
        let length = end.saturating_sub(begin);
        Node { begin, last_begin: begin, end, busy: length, length, longest: index, worst: None, grade: 0 }
    }

    /// Both together; `other` stands behind.
    fn with(self, other: Node) -> Node {
        let is_longer = other.length > self.length;
        Node {
            begin: self.begin.min(other.begin),
            last_begin: self.last_begin.max(other.last_begin),
            end: self.end.max(other.end),
            busy: self.busy.saturating_add(other.busy),
            length: self.length.max(other.length),
            longest: if is_longer { other.longest } else { self.longest },
            worst: worse(self.worst, other.worst),
            grade: self.grade.max(other.grade),
        }
    }
}

/// The worse of two severities.
pub(crate) fn worse(one: Option<Severity>, other: Option<Severity>) -> Option<Severity> {
    one.into_iter().chain(other).min()
}
