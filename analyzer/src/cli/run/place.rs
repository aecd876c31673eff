//! Where a run is recorded: a folder with a file for each process, or one file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use peerscope_analyzer::read;

/// Where a run is recorded.
#[derive(Debug)]
pub(super) enum Place {
    /// A folder; each process of the run has a file of its own there.
    Folder {
        /// Which.
        path: PathBuf,
        /// Whether it was made for this run, and is of no use if nothing was recorded.
        is_new: bool,
        /// Traces that were there before, and are none of ours.
        before: Vec<PathBuf>,
    },
    /// A file; further processes add their ids to its name.
    File {
        /// Which.
        path: PathBuf,
        /// When the run began: what is older is none of ours.
        begin: SystemTime,
    },
}

/// The extension of trace files.
const EXTENSION: &str = "pscope";

impl Place {
    /// The place that `-o` names, else a new folder that is called after the program.
    ///
    /// # Errors
    /// If it cannot be made, or cannot be told to the program: a line that says why.
    pub(super) fn new(output: Option<&Path>, program: &Path) -> Result<Place, String> {
        let path = match output {
            Some(path) => path.to_owned(),
            None => {
                let name = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
                PathBuf::from(format!("{name}.{}.run", std::process::id()))
            }
        };
        if path.to_str().is_none() {
            return Err(format!("{}: its name is not UTF-8, and cannot be handed to the program", path.display()));
        }
        if !path.is_dir() && path.extension().is_some_and(|extension| extension == EXTENSION) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
                return Err(format!("{}: there is no such folder", folder.display()));
            }
            return Ok(Place::File { path, begin: SystemTime::now() });
        }
        let is_new = !path.exists();
        fs::create_dir_all(&path).map_err(|error| format!("{}: cannot be made: {error}", path.display()))?;
        let before = traces_in(&path);
        Ok(Place::Folder { path, is_new, before })
    }

    /// What `PEERSCOPE_TRACE` must be: absolute, since the program may change its folder before it records.
    ///
    /// # Errors
    /// If the working directory is gone, or its name is not UTF-8.
    pub(super) fn pattern(&self) -> Result<String, String> {
        let path = std::path::absolute(self.path()).map_err(|error| format!("{}: {error}", self.path().display()))?;
        let path = path.to_str().ok_or("the working directory's name is not UTF-8, use -o")?.replace('%', "%%");
        Ok(match self {
            Place::Folder { .. } => format!("{path}/%n.%p.{EXTENSION}"),
            Place::File { .. } => path,
        })
    }

    /// The path to be named to people.
    pub(super) fn path(&self) -> &Path {
        match self {
            Place::Folder { path, .. } | Place::File { path, .. } => path,
        }
    }

    /// How many traces of earlier runs are there, which a check of the folder would take for part of this one.
    pub(super) fn traces_before(&self) -> usize {
        match self {
            Place::Folder { before, .. } => before.len(),
            Place::File { .. } => 0,
        }
    }

    /// The files of this run, by name.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        match self {
            Place::Folder { path, before, .. } => {
                let mut files = traces_in(path);
                files.retain(|file| !before.contains(file));
                files
            }
            Place::File { path, begin } => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let is_ours = |file: &PathBuf| {
                    let other = file.file_stem().unwrap_or_default().to_string_lossy();
                    let rest = other.strip_prefix(&stem);
                    let id = rest.map(|rest| rest.strip_prefix('.').unwrap_or(rest));
                    id.is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
                        && file.metadata().and_then(|file| file.modified()).is_ok_and(|time| time >= *begin)
                };
                let mut files = traces_in(folder);
                files.retain(is_ours);
                files
            }
        }
    }

    /// The files of processes that still run.
    pub(super) fn files_of_running(&self) -> Vec<PathBuf> {
        self.files().into_iter().filter(|file| read::is_being_written(file)).collect()
    }

    /// Takes the folder away again if nothing came into it.
    pub(super) fn leave(&self) {
        if let Place::Folder { path, is_new: true, .. } = self {
            // It fails if there is something in it, which is as it should be.
            let _ = fs::remove_dir(path);
        }
    }
}

/// The traces right in `folder`, by name; none if it cannot be listed.
fn traces_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == EXTENSION) && file.is_file());
    files.sort();
    files
}
