//! Importers: one row for each form of a trace file. The content decides which one reads a file, not its name.

use std::io::BufReader;
use std::path::Path;

use peerscope_format::json;
use peerscope_format::wire::{self, Image, ReadError};

use super::Error;
use super::content::{Content, Opened};
use super::progress::{Progress, Watched};

/// A form of trace files.
pub(super) struct Importer {
    /// What its files are called, without the dot; a folder's files are chosen by it.
    extension: &'static str,
    /// Whether a file that begins like this is one; it gets a few thousand bytes.
    begins: fn(&[u8]) -> bool,
    read: fn(&mut Watched<'_, Box<dyn Content>>) -> Imported,
}

/// What a file holds, and what keeps it from being whole.
type Imported = Result<(Image, Vec<wire::Problem>), ReadError>;

/// All forms.
const IMPORTERS: &[Importer] = &[
    Importer { extension: "pscope", begins: |bytes| bytes.starts_with(MARK), read: |file| Image::read(file) },
    Importer {
        extension: "jsonl",
        begins: begins_json,
        read: |file| json::read(&mut BufReader::with_capacity(1 << 20, file)),
    },
];

/// The first bytes of a native file.
pub(super) const MARK: &[u8] = b"\x89PScope\n";

fn begins_json(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.trim_ascii_start().first() == Some(&b'{')
}

/// Reads one file; `progress` counts its bytes.
pub(super) fn import(path: &Path, progress: &Progress) -> Result<(Image, Vec<wire::Problem>), Error> {
    let failed = |detail: String| Error { path: path.to_owned(), detail };
    let opened = Opened::new(path).map_err(failed)?;
    let Some(importer) = IMPORTERS.iter().find(|importer| (importer.begins)(&opened.begin)) else {
        let what = if opened.begin.is_empty() { "is empty" } else { "is no trace: it begins like none" };
        let known: Vec<_> = extensions().iter().map(|extension| format!(".{extension}")).collect();
        return Err(failed(format!("{what}; give a file that Peerscope wrote ({})", known.join(", "))));
    };
    match (importer.read)(&mut Watched { inner: opened.content().map_err(failed)?, progress }) {
        Ok(read) => Ok(read),
        Err(error) => Err(failed(format!("cannot be used as .{}: {error}", importer.extension))),
    }
}

/// What trace files are called, without the dot.
pub(super) fn extensions() -> Vec<&'static str> {
    IMPORTERS.iter().map(|importer| importer.extension).collect()
}
