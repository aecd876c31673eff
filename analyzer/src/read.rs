//! From files to one trace: importers, and the merge of what they bring.
//!
//! Nothing else in the analysis touches trace files. What is damaged or missing is a [`Problem`] beside the trace; an
//! [`Error`] means that there is no trace at all.

mod content;
mod decode;
mod files;
mod follow;
mod gaps;
mod import;
mod merge;
mod problem;
mod progress;
mod runs;
mod scan;
mod slots;
mod tail;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use peerscope_format::wire::{self, Image};

use self::files::{Input, inputs};
pub use self::files::{is_being_written, is_same_file};
pub use self::follow::{Follow, Writers};
pub use self::problem::{Error, Problem, ProblemKind};
pub use self::progress::{Progress, Stage};
use self::scan::Scan;
pub use self::slots::slots;
use crate::model::Trace;

/// What was read.
#[derive(Debug)]
pub struct Reading {
    /// The events of all files.
    pub trace: Trace,
    /// What keeps them from being whole.
    pub problems: Vec<Problem>,
    /// What is worth a word to whoever called, and costs nothing.
    pub notes: Vec<String>,
}

/// Reads files and folders of files as one run.
///
/// # Errors
/// If a path cannot be read or is no trace at all; damage within a trace is a [`Problem`].
pub fn read(paths: &[PathBuf]) -> Result<(Trace, Vec<Problem>), Error> {
    open(paths).map(|Reading { trace, problems, .. }| (trace, problems))
}

/// Reads files and folders of files as one run, each file once. What a folder has beside traces is a [`Problem`].
///
/// # Errors
/// If a file that was named cannot be read or is no trace at all, or if no file of a folder is.
pub fn open(paths: &[PathBuf]) -> Result<Reading, Error> {
    open_watched(paths, &Progress::new())
}

/// As [`open`], while `progress` tells other threads how far it is, and lets them stop it.
///
/// # Errors
/// As [`open`], and if somebody stopped it ([`Progress::is_stopped`]).
pub fn open_watched(paths: &[PathBuf], progress: &Progress) -> Result<Reading, Error> {
    let (inputs, mut notes) = inputs(paths, &import::extensions())?;
    let stopped =
        || Error { path: paths.first().cloned().unwrap_or_default(), detail: "reading it was stopped".into() };
    // Each byte is read, and then taken in.
    let sizes: Vec<u64> = inputs.iter().map(|input| input.path.metadata().map_or(0, |file| file.len())).collect();
    progress.begin(Stage::Reading, sizes.iter().sum::<u64>().saturating_mul(2));
    let mut before = 0_u64;
    let mut scan = Scan::new();
    let mut unusable: Vec<Error> = Vec::new();
    let mut usable = 0;
    for (Input { path, by_folder }, size) in inputs.into_iter().zip(sizes) {
        match import::import(&path, progress) {
            _ if progress.is_stopped() => return Err(stopped()),
            Ok((image, problems)) => {
                scan.image(&path.display().to_string(), image, problems, progress);
                usable += 1;
            }
            Err(error) if by_folder => unusable.push(error),
            Err(error) => return Err(error),
        }
        // Not all of a file may be events, and events may be shorter than their file.
        before = before.saturating_add(size.saturating_mul(2));
        progress.reach(before);
    }
    if usable == 0 && !unusable.is_empty() {
        let mut first = unusable.swap_remove(0);
        if !unusable.is_empty() {
            first.detail.push_str(&format!("; and {} more like it", unusable.len()));
        }
        return Err(first);
    }
    let mut reading = scan.finish(progress).ok_or_else(stopped)?;
    reading.problems.extend(unusable.into_iter().map(|error| Problem {
        source: None,
        kind: ProblemKind::Unreadable,
        offset: None,
        detail: format!("{error}; it is left out"),
    }));
    notes.append(&mut reading.notes);
    reading.notes = notes;
    Ok(reading)
}

/// The files that `paths` stand for, each once, and notes on those that were named more than once.
///
/// # Errors
/// If a folder cannot be listed, or has no trace file.
pub fn files(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>), Error> {
    let (inputs, notes) = inputs(paths, &import::extensions())?;
    Ok((inputs.into_iter().map(|input| input.path).collect(), notes))
}

/// Reads one file of any known form, without a look at its events.
///
/// # Errors
/// If the file cannot be read or is no trace at all.
pub fn image(path: &Path) -> Result<(Image, Vec<wire::Problem>), Error> {
    import::import(path, &Progress::new())
}

/// The trace of images that are in memory already, each with its name.
pub fn from_images(images: impl IntoIterator<Item = (String, Image)>) -> (Trace, Vec<Problem>) {
    let (mut scan, progress) = (Scan::new(), Progress::new());
    for (name, image) in images {
        scan.image(&name, image, Vec::new(), &progress);
    }
    let Reading { trace, problems, .. } = scan.finish(&progress).expect("nobody can stop it");
    (trace, problems)
}
