//! What the environment says about the recording: where to, and how much.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The environment variable that names the trace file, or the folder for it.
pub const TRACE_VARIABLE: &str = "PEERSCOPE_TRACE";
/// The environment variable that says how many bytes of the latest events are kept; see [`crate::Builder::ring`].
pub const RING_VARIABLE: &str = "PEERSCOPE_RING";
/// The environment variable that says how large the trace may grow; see [`crate::Builder::size_limit`].
pub const LIMIT_VARIABLE: &str = "PEERSCOPE_LIMIT";

/// What a file in a folder that several processes share is called.
const IN_FOLDER: &str = "%n.%p.pscope";

/// The file that `pattern` stands for: `%p` becomes the process id, `%n` the program's name, `%%` a percent sign. A folder,
/// or what ends in a slash, gets a file of this process's own.
pub(super) fn trace_file(pattern: &str) -> PathBuf {
    let path = expand(pattern);
    if pattern.ends_with(std::path::is_separator) {
        // If that fails, creating the file says why.
        let _ = std::fs::create_dir_all(&path);
    }
    in_folder(path)
}

/// `path`, or the file of this process in it if it is a folder.
pub(super) fn in_folder(path: PathBuf) -> PathBuf {
    if path.is_dir() { path.join(expand(IN_FOLDER)) } else { path }
}

fn expand(pattern: &str) -> PathBuf {
    let mut path = String::new();
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        match (character, rest.clone().next()) {
            ('%', Some('p')) => path.push_str(&std::process::id().to_string()),
            ('%', Some('n')) => path.push_str(&program()),
            ('%', Some('%')) => path.push('%'),
            _ => {
                path.push(character);
                continue;
            }
        }
        rest.next();
    }
    path.into()
}

/// The program's name.
pub(super) fn program() -> String {
    let path = std::env::current_exe().ok();
    path.as_ref().and_then(|path| path.file_stem()).map_or("program".into(), |name| name.to_string_lossy().into_owned())
}

/// The number of bytes that the variable gives, if it is set; one that makes no sense is said, and not used.
pub(super) fn bytes(variable: &str) -> Option<u64> {
    let text = std::env::var_os(variable).filter(|text| !text.is_empty())?;
    let bytes = text.to_str().and_then(parse_bytes);
    if bytes.is_none() {
        let _ = writeln!(
            io::stderr(),
            "peerscope: {variable}: `{}` is no size, as 64MiB is; it is not used",
            Path::new(&text).display()
        );
    }
    bytes
}

/// `4096`, `512KiB`, `64MiB`, `2GiB`.
fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim() {
        "" => 1_u64,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_or_are_bytes() {
        for (text, bytes) in [("0", 0), ("4096", 4096), ("3KiB", 3 << 10), ("64MiB", 64 << 20), ("2 GiB", 2 << 30)] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5GiB", "64MB", "99999999999GiB"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }
}
