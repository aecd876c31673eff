//! Quotes source lines, and only those below one folder: a foreign trace must not make a report carry other files.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longer files are no source.
const MAX_FILE: u64 = 4 << 20;
/// Longer lines are cut.
const MAX_LINE: usize = 160;

/// Reads each file once.
pub(super) struct Excerpts {
    root: Option<PathBuf>,
    files: HashMap<String, Option<String>>,
}

impl Excerpts {
    /// Quotes what stands below `root`, links resolved.
    pub(super) fn new(root: Option<&Path>) -> Self {
        Excerpts { root: root.and_then(|root| fs::canonicalize(root).ok()), files: HashMap::new() }
    }

    /// The line that `src` ("file:line") names, without its indentation.
    pub(super) fn line(&mut self, src: &str) -> Option<String> {
        let root = self.root.as_deref()?;
        let (file, line) = src.rsplit_once(':')?;
        let line: usize = line.parse().ok()?;
        let text = self.files.entry(file.to_owned()).or_insert_with(|| read(root, file)).as_deref()?;
        let text = text.lines().nth(line.checked_sub(1)?)?.trim();
        (!text.is_empty()).then(|| super::escape::clip(text, MAX_LINE).into_owned())
    }
}

fn read(root: &Path, file: &str) -> Option<String> {
    let path = fs::canonicalize(root.join(file)).ok()?;
    let meta = fs::metadata(&path).ok()?;
    let allowed = path.starts_with(root) && meta.is_file() && meta.len() <= MAX_FILE;
    if allowed { fs::read_to_string(path).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_below_the_root_is_quoted() {
        let outside = tempfile::tempdir().expect("a folder");
        let root = outside.path().join("root");
        fs::create_dir_all(root.join("src")).expect("a folder");
        fs::write(root.join("src/raft.rs"), "one\n    let reply = call();\n").expect("a file");
        fs::write(outside.path().join("secret"), "hunter2\n").expect("a file");
        let mut excerpts = Excerpts::new(Some(&root));
        assert_eq!(excerpts.line("src/raft.rs:2").as_deref(), Some("let reply = call();"));
        let absolute = format!("{}:1", outside.path().join("secret").display());
        for src in ["src/raft.rs:0", "src/raft.rs:9", "src/raft.rs", "../secret:1", "src/../../secret:1", &absolute] {
            assert_eq!(excerpts.line(src), None, "{src}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path().join("secret"), root.join("link.rs")).expect("a link");
            assert_eq!(excerpts.line("link.rs:1"), None, "a link leads out");
        }
        assert_eq!(Excerpts::new(None).line("src/raft.rs:2"), None);
    }
}
