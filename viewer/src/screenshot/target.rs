//! Where a picture may be written: never over what was read, never over what is no ordinary file.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use peerscope_analyzer::report::escape::escape;

/// So a file is called that may be a trace in a folder of traces.
const TRACES: [&str; 2] = ["pscope", "jsonl"];

/// The file to which `file` leads, through links if there are any; `traces` are what the picture is made from.
///
/// # Errors
/// If there is something that is no regular file, or one of the traces, or a link to nothing.
pub(super) fn of(file: &Path, traces: &[PathBuf]) -> io::Result<PathBuf> {
    let Ok(link) = fs::symlink_metadata(file) else { return named(file) };
    let Ok(target) = fs::canonicalize(file) else {
        return Err(io::Error::other(if link.is_symlink() {
            "it is a link to nothing"
        } else {
            "it cannot be looked at"
        }));
    };
    let there = fs::metadata(&target)?;
    if !there.is_file() {
        return Err(io::Error::other("there is something that is no regular file; it stays as it is"));
    }
    match traces.iter().find(|trace| is_read(trace, &target, &there)) {
        Some(trace) => {
            let trace = trace.to_string_lossy();
            Err(io::Error::other(format!("the picture would replace a trace that it shows ({})", escape(&trace))))
        }
        None => Ok(target),
    }
}

fn named(file: &Path) -> io::Result<PathBuf> {
    file.file_name().map(|_| file.to_owned()).ok_or_else(|| io::Error::other("not the name of a file"))
}

/// Whether `trace` is that file, or a folder with it as one of its traces.
fn is_read(trace: &Path, target: &Path, there: &Metadata) -> bool {
    let Ok(what) = fs::metadata(trace) else { return false };
    if what.is_dir() {
        let is_trace = target.extension().is_some_and(|end| TRACES.iter().any(|known| end.eq_ignore_ascii_case(known)));
        return is_trace && fs::canonicalize(trace).is_ok_and(|folder| target.starts_with(folder));
    }
    is_same(&what, there) || fs::canonicalize(trace).is_ok_and(|trace| trace == target)
}

/// Whether they are two names of one file.
#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Without numbers of files only their names can be compared.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_never_replaced_by_whatever_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.jsonl"), "{}").expect("written");
        fs::write(path("old.png"), "old").expect("written");
        fs::hard_link(path("a.jsonl"), path("hard.png")).expect("linked");
        let traces = [path("a.jsonl")];
        let same = [path("a.jsonl"), path("hard.png"), path("./a.jsonl"), folder.path().to_owned()];
        for file in same {
            let why = of(&file, &traces).expect_err("it would be gone").to_string();
            assert!(!why.contains('\n'), "{why}");
        }
        assert!(of(&path("a.jsonl"), &[folder.path().to_owned()]).is_err(), "a trace in the folder");
        assert!(of(&path("old.png"), &[folder.path().to_owned()]).is_ok(), "a picture in the folder");
        assert!(of(&path("old.png"), &traces).is_ok() && of(&path("new.png"), &traces).is_ok());
        assert!(of(Path::new("/"), &traces).is_err() && of(Path::new(".."), &traces).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_left_alone() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.jsonl"), "{}").expect("written");
        fs::write(path("old.png"), "old").expect("written");
        let link = |name: &str, to: &str| symlink(path(to), path(name)).expect("linked");
        link("trace.png", "a.jsonl");
        link("link.png", "old.png");
        link("nothing.png", "nowhere.png");
        assert!(of(&path("trace.png"), &[path("a.jsonl")]).is_err(), "a link to the trace");
        let old = fs::canonicalize(path("old.png")).expect("it is there");
        assert_eq!(of(&path("link.png"), &[path("a.jsonl")]).expect("it leads to a file"), old);
        assert!(of(&path("nothing.png"), &[]).is_err());
        assert!(of(Path::new("/dev/null"), &[]).is_err(), "a device");
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).expect("a socket");
        assert!(of(&path("socket"), &[]).is_err());
    }
}
