//! The leaves of the tree, of which there are most: a [`Node`] in 28 bytes, as distances from when its first block began.

use peerscope_analyzer::detect::finding::Severity;

use super::{LEAF, Node};

/// A distance of 4 s or more: then only the blocks themselves tell. Where 16 blocks take as long, there are few.
const FAR: u32 = u32::MAX;

/// What a leaf keeps of its blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    /// In two halves, so that a leaf has no gaps.
    begin: [u32; 2],
    last_begin: u32,
    end: u32,
    busy: u32,
    length: u32,
    /// Among its own blocks.
    longest: u8,
    pub(super) worst: Option<Severity>,
    pub(super) grade: u8,
}

impl Leaf {
    /// The same as `node`, which stands for 16 blocks at most.
    pub(super) fn new(node: &Node) -> Leaf {
        let after = |at: i64| distance(at.saturating_sub(node.begin));
        let begin = node.begin as u64;
        Leaf {
            begin: [(begin >> 32) as u32, begin as u32],
            last_begin: after(node.last_begin),
            end: after(node.end),
            busy: distance(node.busy),
            length: distance(node.length),
            longest: (node.longest as usize % LEAF) as u8,
            worst: node.worst,
            grade: node.grade,
        }
    }

    /// The leaf at `place` as a node, if it can be told without its blocks.
    pub(super) fn node(&self, place: usize) -> Option<Node> {
        if self.end == FAR || self.busy == FAR {
            return None;
        }
        let begin = (u64::from(self.begin[0]) << 32 | u64::from(self.begin[1])) as i64;
        Some(Node {
            begin,
            last_begin: begin + i64::from(self.last_begin),
            end: begin + i64::from(self.end),
            busy: i64::from(self.busy),
            length: i64::from(self.length),
            longest: (place * LEAF) as u32 + u32::from(self.longest),
            worst: self.worst,
            grade: self.grade,
        })
    }
}

fn distance(ns: i64) -> u32 {
    u32::try_from(ns).unwrap_or(FAR)
}
