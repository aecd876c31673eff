//! The bytes of one file: a plain file as it is, a pipe read into memory first, as readers must be able to go back. A pipe
//! with a name of its own is refused: nobody need ever write into it.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

/// What importers read from.
pub(super) trait Content: Read + Seek {}

impl<T: Read + Seek> Content for T {}

/// How much of a file decides its form.
const SNIFFED: u64 = 4096;
/// A pipe that brings more than this is refused: it would claim all memory.
const MAX_PIPED: u64 = 1 << 30;

/// A file that has been opened and looked at.
pub(super) struct Opened {
    file: File,
    /// Its first bytes, up to [`SNIFFED`] of them.
    pub(super) begin: Vec<u8>,
    is_plain: bool,
}

impl Opened {
    /// Opens a file and looks at its first bytes, or says why that is not possible.
    pub(super) fn new(path: &Path) -> Result<Opened, String> {
        if is_named_pipe(path) {
            return Err("is a named pipe, which might never end; give a file instead".to_owned());
        }
        let mut file = File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
        let mut begin = Vec::new();
        let looked = file.by_ref().take(SNIFFED).read_to_end(&mut begin).and_then(|_| file.metadata());
        let is_plain = looked.map_err(|error| format!("cannot be read: {error}"))?.is_file();
        Ok(Opened { file, begin, is_plain })
    }

    /// All of it, from its first byte on.
    pub(super) fn content(self) -> Result<Box<dyn Content>, String> {
        let Opened { mut file, begin, is_plain } = self;
        let failed = |error: io::Error| format!("cannot be read: {error}");
        if is_plain {
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            return Ok(Box::new(file));
        }
        match gather(begin, file, MAX_PIPED).map_err(failed)? {
            Some(bytes) => Ok(Box::new(Cursor::new(bytes))),
            None => Err(format!("is a pipe that brings more than {} MiB; give a file instead", MAX_PIPED >> 20)),
        }
    }
}

/// Whether opening `path` would wait for somebody who writes into it. The pipes of a shell (`<(zcat ...)`) have a place among
/// the open files, but no name that leads there, and a writer.
#[cfg(unix)]
fn is_named_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo()) && std::fs::canonicalize(path).is_ok()
}

/// Whether opening `path` would wait for somebody who writes into it: no file of this system does.
#[cfg(not(unix))]
fn is_named_pipe(_path: &Path) -> bool {
    false
}

/// `begin` and all that follows it, unless both together are more than `limit` bytes.
fn gather(begin: Vec<u8>, rest: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = begin;
    let room = limit.saturating_sub(bytes.len() as u64);
    rest.take(room.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pipe_with_a_name_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe.pscope");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("there is a mkfifo");
        assert!(made.success());
        let refused = |path: &Path| Opened::new(path).err();
        assert_eq!(refused(&path).as_deref(), Some("is a named pipe, which might never end; give a file instead"));
        let link = folder.path().join("link.pscope");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert!(refused(&link).is_some());
        std::fs::write(folder.path().join("file"), "{}").expect("written");
        assert_eq!(refused(&folder.path().join("file")), None);
    }

    #[test]
    fn a_pipe_is_read_whole_or_not_at_all() {
        let gathered = |rest: &str, limit| gather(b"{}\n".to_vec(), rest.as_bytes(), limit).expect("it is readable");
        assert_eq!(gathered("abc", 6).as_deref(), Some(&b"{}\nabc"[..]));
        assert_eq!(gathered("abcd", 6), None);
    }
}
