//! What keeps a trace from being whole, and why a path cannot be read at all.

use std::fmt;
use std::path::PathBuf;

use peerscope_format::wire;

use crate::model::SourceId;

/// Something about a trace that keeps it from being whole; data, not a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file; `None` if it is about several.
    pub source: Option<SourceId>,
    /// What sort it is.
    pub kind: ProblemKind,
    /// Where, in bytes from the start of the file.
    pub offset: Option<u64>,
    /// What exactly, and what it costs.
    pub detail: String,
}

/// The sorts of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A file ends too early.
    Truncated,
    /// Bytes contradict their sum or the grammar.
    Corrupt,
    /// The recorder counted what it could not keep.
    Lost,
    /// A value is not what the vocabulary says; it was kept as it is.
    Unexpected,
    /// The program did not end by itself, or is still running.
    CutOff,
    /// Events wait for each other in a circle: no order fits all of them.
    Contradictory,
    /// A file of a folder is no trace, or cannot be read.
    Unreadable,
    /// Files look like several runs, not one.
    Unrelated,
}

impl ProblemKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            ProblemKind::Truncated => "truncated",
            ProblemKind::Corrupt => "corrupt",
            ProblemKind::Lost => "lost",
            ProblemKind::Unexpected => "unexpected",
            ProblemKind::CutOff => "cut-off",
            ProblemKind::Contradictory => "contradictory",
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Unrelated => "unrelated",
        }
    }
}

impl From<wire::ProblemKind> for ProblemKind {
    fn from(kind: wire::ProblemKind) -> Self {
        match kind {
            wire::ProblemKind::Truncated => ProblemKind::Truncated,
            wire::ProblemKind::Corrupt => ProblemKind::Corrupt,
            wire::ProblemKind::Lost => ProblemKind::Lost,
            wire::ProblemKind::Unexpected => ProblemKind::Unexpected,
            wire::ProblemKind::CutOff => ProblemKind::CutOff,
        }
    }
}

/// Why no trace could be had from a path.
#[derive(Debug)]
pub struct Error {
    /// The path.
    pub path: PathBuf,
    /// What is wrong, and what to do about it.
    pub detail: String,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path.display(), self.detail)
    }
}

impl std::error::Error for Error {}
