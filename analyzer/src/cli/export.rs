//! The forms in which `convert` writes: one file a form, one row each.

mod damage;
mod jsonl;
mod pscope;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use super::Failure;

/// A form of traces.
pub(super) struct Exporter {
    /// What its files are called, without the dot.
    extension: &'static str,
    /// Reads a trace and writes it in this form; gives back what was wrong with it.
    pub(super) write: fn(&Path, &mut BufWriter<File>) -> Result<Vec<String>, Failure>,
}

/// All forms.
const EXPORTERS: &[Exporter] = &[jsonl::EXPORTER, pscope::EXPORTER];

/// The form of a file called `path`.
pub(super) fn by_extension(path: &Path) -> Result<&'static Exporter, String> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
    EXPORTERS.iter().find(|exporter| Some(exporter.extension) == extension.as_deref()).ok_or_else(|| {
        let known: Vec<_> = EXPORTERS.iter().map(|exporter| format!(".{}", exporter.extension)).collect();
        format!("{}: its extension names no form; there are: {}", path.display(), known.join(", "))
    })
}
