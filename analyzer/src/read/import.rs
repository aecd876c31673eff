//! Importers: one row for each form of a trace file. The content decides which one reads a file, not its name.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use peerscope_format::json;
use peerscope_format::wire::{self, Image, ReadError};

use super::Error;

/// A form of trace files.
pub(super) struct Importer {
    /// What its files are called, without the dot; a folder's files are chosen by it.
    extension: &'static str,
    /// Whether a file that begins like this is one; it gets up to [`SNIFFED`] bytes.
    begins: fn(&[u8]) -> bool,
    read: fn(&mut File) -> Imported,
}

/// What a file holds, and what keeps it from being whole.
type Imported = Result<(Image, Vec<wire::Problem>), ReadError>;

/// All forms.
const IMPORTERS: &[Importer] = &[
    Importer { extension: "pscope", begins: |bytes| bytes.starts_with(MARK), read: Image::read },
    Importer {
        extension: "jsonl",
        begins: begins_json,
        read: |file| json::read(&mut BufReader::with_capacity(1 << 20, file)),
    },
];

/// The first bytes of a native file.
const MARK: &[u8] = b"\x89PScope\n";
/// How much of a file decides its form.
const SNIFFED: u64 = 4096;

fn begins_json(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.trim_ascii_start().first() == Some(&b'{')
}

/// Reads one file.
pub(super) fn import(path: &Path) -> Result<(Image, Vec<wire::Problem>), Error> {
    let failed = |detail: String| Error { path: path.to_owned(), detail };
    let mut file = File::open(path).map_err(|error| failed(format!("cannot be opened: {error}")))?;
    let mut begin = Vec::new();
    let sniffed = file.by_ref().take(SNIFFED).read_to_end(&mut begin).and_then(|_| file.seek(SeekFrom::Start(0)));
    sniffed.map_err(|error| failed(format!("cannot be read: {error}")))?;
    let Some(importer) = IMPORTERS.iter().find(|importer| (importer.begins)(&begin)) else {
        let what = if begin.is_empty() { "is empty" } else { "is no trace: it begins like none" };
        let known: Vec<_> = IMPORTERS.iter().map(|importer| format!(".{}", importer.extension)).collect();
        return Err(failed(format!("{what}; give a file that Peerscope wrote ({})", known.join(", "))));
    };
    match (importer.read)(&mut file) {
        Ok(read) => Ok(read),
        Err(error) => Err(failed(format!("cannot be used as .{}: {error}", importer.extension))),
    }
}

/// The files that `paths` stand for: folders become the trace files right in them, by name.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |detail: String| Error { path: path.clone(), detail };
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in fs::read_dir(path).map_err(|error| failed(format!("cannot be listed: {error}")))? {
            let file = entry.map_err(|error| failed(format!("cannot be listed: {error}")))?.path();
            let extension = file.extension().and_then(|extension| extension.to_str());
            if file.is_file() && IMPORTERS.iter().any(|importer| Some(importer.extension) == extension) {
                files.push(file);
            }
        }
        if files.len() == before {
            return Err(failed("holds no trace file (.pscope, .jsonl)".into()));
        }
        files[before..].sort();
    }
    Ok(files)
}
