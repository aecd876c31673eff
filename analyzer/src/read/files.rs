//! From the paths that somebody names to the files that are read: folders opened, and each file once.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::Error;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    /// Its path.
    pub(super) path: PathBuf,
    /// Whether a folder brought it: what is no trace there is left out instead of being an error.
    pub(super) by_folder: bool,
}

/// The files that `paths` stand for, each once, and notes on those that were named more than once. Folders become the
/// files right in them whose extension is one of `extensions`, by name.
pub(super) fn inputs(paths: &[PathBuf], extensions: &[&str]) -> Result<(Vec<Input>, Vec<String>), Error> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            all.extend(in_folder(path, extensions)?.into_iter().map(|path| Input { path, by_folder: true }));
        } else {
            all.push(Input { path: path.clone(), by_folder: false });
        }
    }
    let (mut inputs, mut notes) = (Vec::<(Input, Option<Identity>)>::new(), Vec::new());
    for input in all {
        let identity = identity(&input.path);
        let same = inputs.iter_mut().find(|(_, other)| identity.is_some() && *other == identity);
        let Some((first, _)) = same else {
            inputs.push((input, identity));
            continue;
        };
        // What somebody named himself is no by-catch of a folder.
        first.by_folder &= input.by_folder;
        let (again, first) = (input.path.display(), first.path.display());
        notes.push(match again.to_string() == first.to_string() {
            true => format!("{again}: is named more than once, and read once"),
            false => format!("{again}: is the same file as {first}, and read once"),
        });
    }
    Ok((inputs.into_iter().map(|(input, _)| input).collect(), notes))
}

pub(super) fn in_folder(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let failed = |detail: String| Error { path: folder.to_owned(), detail };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(format!("cannot be listed: {error}")))? {
        let path = entry.map_err(|error| failed(format!("cannot be listed: {error}")))?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        // A link that leads nowhere is kept: that it cannot be read is worth a word. A pipe might never end.
        let wanted = path.is_file() || !path.exists();
        if wanted && extension.is_some_and(|extension| extensions.contains(&extension)) {
            files.push(path);
        }
    }
    if files.is_empty() {
        let known: Vec<_> = extensions.iter().map(|extension| format!(".{extension}")).collect();
        return Err(failed(format!("holds no trace file ({})", known.join(", "))));
    }
    files.sort();
    Ok(files)
}

/// What tells whether two paths lead to one file.
#[cfg(unix)]
type Identity = (u64, u64);
/// What tells whether two paths lead to one file; hard links are not seen.
#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    fs::canonicalize(path).ok()
}

/// Whether both paths lead to the same file, also through links.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

/// Whether a process records into the file at this moment: it has locked it until it ends, however it ends.
pub fn is_being_written(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| is_locked(&file))
}

/// Whether the recorder of `file` lives. It is asked for a shared lock, which goes with those of others who ask.
pub(super) fn is_locked(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => {
            // Closing it would do as well.
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => false,
    }
}
