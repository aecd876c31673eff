//! From files to one trace: importers, and the merge of what they bring.
//!
//! Nothing else in the analysis touches trace files. What is damaged or missing is a [`Problem`] beside the trace; an
//! [`Error`] means that there is no trace at all.

mod import;
mod merge;
mod problem;
mod scan;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use peerscope_format::wire::{self, Image};

pub use self::problem::{Error, Problem, ProblemKind};
use self::scan::Scan;
use crate::model::Trace;

/// Reads files and folders of files as one run.
///
/// # Errors
/// If a path cannot be read or is no trace at all; damage within a trace is a [`Problem`].
pub fn read(paths: &[PathBuf]) -> Result<(Trace, Vec<Problem>), Error> {
    let mut scan = Scan::new();
    for path in import::files(paths)? {
        let (image, problems) = import::import(&path)?;
        scan.image(&path.display().to_string(), image, problems);
    }
    Ok(scan.finish())
}

/// Reads one file of any known form, without a look at its events.
///
/// # Errors
/// If the file cannot be read or is no trace at all.
pub fn image(path: &Path) -> Result<(Image, Vec<wire::Problem>), Error> {
    import::import(path)
}

/// The trace of images that are in memory already, each with its name.
pub fn from_images(images: impl IntoIterator<Item = (String, Image)>) -> (Trace, Vec<Problem>) {
    let mut scan = Scan::new();
    for (name, image) in images {
        scan.image(&name, image, Vec::new());
    }
    scan.finish()
}
