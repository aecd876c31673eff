//! How far a read is, for whoever waits for it on another thread, and a way to stop it.
//!
//! The reader says so once a chunk or once in some ten thousand events, so that it costs nothing where it counts.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// How far a read is. One thread reads, others look on; they may see two of its numbers from a little apart.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    done: AtomicU64,
    total: AtomicU64,
    stopped: AtomicBool,
}

/// What a read does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// It reads the files, and takes in their events.
    Reading,
    /// It finds what the events name, and which of them order each other.
    Connecting,
    /// It puts the events into one order.
    Ordering,
}

impl Stage {
    /// All stages, in the order in which they come.
    pub const ALL: [Stage; 3] = [Stage::Reading, Stage::Connecting, Stage::Ordering];

    /// What is done in it, as the end of a sentence: "reads the files".
    pub fn name(self) -> &'static str {
        match self {
            Stage::Reading => "reads the files",
            Stage::Connecting => "connects the events",
            Stage::Ordering => "puts the events into order",
        }
    }
}

impl Progress {
    /// That of a read that has not begun.
    pub fn new() -> Progress {
        Progress::default()
    }

    /// What the read does now.
    pub fn stage(&self) -> Stage {
        Stage::ALL[usize::from(self.stage.load(Ordering::Relaxed)).min(Stage::ALL.len() - 1)]
    }

    /// How much of this stage is done, from 0 to 1.
    pub fn share(&self) -> f32 {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        (done as f64 / total.max(1) as f64).min(1.0) as f32
    }

    /// Stops the read, which then fails soon; that may be before it begins. A check that goes by it is stopped, too.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether somebody stopped the read.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self, stage: Stage, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    pub(super) fn advance(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
    }

    /// So much of the stage is done; whether to go on.
    pub(super) fn reach(&self, done: u64) -> bool {
        self.done.store(done, Ordering::Relaxed);
        !self.is_stopped()
    }
}

/// What is read of a file counts, and nothing more can be read once somebody stopped that.
pub(super) struct Watched<'p, R> {
    pub(super) inner: R,
    pub(super) progress: &'p Progress,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.progress.is_stopped() {
            return Err(io::Error::other("reading was stopped"));
        }
        let read = self.inner.read(into)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::read::merge::merge;
    use crate::read::scan::Scan;
    use crate::read::{image, open, open_watched};

    /// Two tasks' events, in a folder that goes with the first part of the result.
    fn file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.jsonl");
        let lines = (0..200).map(|ts| format!("{{\"ts\":{ts},\"task\":{},\"kind\":\"log\",\"msg\":\"x\"}}\n", ts % 2));
        let text: String = std::iter::once("{\"peerscope\":1,\"unit\":\"ns\"}\n".to_owned()).chain(lines).collect();
        fs::write(&path, text).expect("a file");
        (folder, path)
    }

    #[test]
    fn a_read_that_is_watched_brings_the_same_and_ends_with_all_done() {
        let (_folder, path) = file();
        let progress = Progress::new();
        assert_eq!((progress.stage(), progress.share()), (Stage::Reading, 0.0));
        let watched = open_watched(std::slice::from_ref(&path), &progress).expect("a trace");
        assert_eq!((progress.stage(), progress.share()), (Stage::Ordering, 1.0));
        let plain = open(&[path]).expect("a trace");
        assert_eq!(watched.trace.len(), plain.trace.len());
        assert_eq!(watched.problems, plain.problems);
    }

    #[test]
    fn a_read_that_is_stopped_fails_and_says_so() {
        let (_folder, path) = file();
        let progress = Progress::new();
        progress.stop();
        let error = open_watched(std::slice::from_ref(&path), &progress).expect_err("it was stopped");
        assert_eq!(error.to_string(), format!("{}: reading it was stopped", path.display()));
    }

    #[test]
    fn it_can_be_stopped_in_every_stage() {
        let (_folder, path) = file();
        let taken_in = |progress: &Progress| {
            let mut scan = Scan::new();
            let (image, problems) = image(&path).expect("a trace");
            scan.image("run", image, problems, progress);
            scan
        };
        let progress = Progress::new();
        let scan = taken_in(&progress);
        progress.stop();
        assert!(scan.finish(&progress).is_none(), "while it connects");
        let scan = taken_in(&progress);
        assert!(scan.finish(&Progress::new()).is_some_and(|reading| reading.trace.is_empty()), "while it takes in");
        let trace = open(&[path]).expect("a trace").trace;
        let all = 0..trace.len() as u32;
        assert!(merge(&trace, std::slice::from_ref(&all), &mut |_| false).is_none(), "while it merges");
        assert_eq!(merge(&trace, std::slice::from_ref(&all), &mut |_| true), Some(all.collect()));
    }

    #[test]
    fn what_is_read_counts() {
        let progress = Progress::new();
        progress.begin(Stage::Reading, 8);
        let mut file = Watched { inner: io::Cursor::new(b"abcdef".to_vec()), progress: &progress };
        file.read_exact(&mut [0; 4]).expect("four bytes");
        assert_eq!(progress.share(), 0.5);
        progress.stop();
        assert!(file.read(&mut [0; 1]).is_err());
    }
}
