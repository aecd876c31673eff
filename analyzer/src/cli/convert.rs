//! `peerscope convert`: from one form of a trace to another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use lexopt::Arg;
use peerscope_analyzer::read;
use peerscope_analyzer::report::escape::Escaped;

use super::export::{self, Exporter};
use super::{Command, Exit, Failure, args};

pub(super) const COMMAND: Command = Command {
    name: "convert",
    arguments: "IN OUT",
    usage: "IN OUT",
    summary: "from one form of a trace to another, by OUT's extension (.pscope .jsonl)",
    help: "
  IN   a .pscope or .jsonl file
  OUT  the file to write; it is replaced only once it is whole

What could not be read of IN is said on stderr, and stands in OUT as `lost` events.",
    fails_with: Exit::Unusable,
    run,
};

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let mut paths = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => paths.push(PathBuf::from(path)),
            other => return Err(args::other(other)),
        }
    }
    let [from, to] = &paths[..] else { return Err(Failure::Usage("two paths are needed".into())) };
    if read::is_same_file(from, to) {
        let to = to.display();
        return Err(Failure::Usage(format!("{to}: is the file that is to be converted; name another one to write")));
    }
    let exporter = export::by_extension(to).map_err(Failure::Usage)?;
    let problems = replace(from, to, exporter)?;
    let mut err = io::stderr().lock();
    for problem in problems {
        // If even stderr is closed, the file itself has to do.
        let _ = writeln!(err, "peerscope: {}: {}", Escaped(from.display()), Escaped(problem));
    }
    Ok(Exit::Clean)
}

/// Writes beside `to` and renames, so that there is never half a file under that name.
fn replace(from: &Path, to: &Path, exporter: &Exporter) -> Result<Vec<String>, Failure> {
    let failed = |error: io::Error| Failure::Input(format!("{}: cannot be written: {error}", to.display()));
    let name = to.file_name().ok_or_else(|| Failure::Usage(format!("{}: is no file name", to.display())))?;
    let beside = to.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let written = create(&beside).map_err(failed).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let problems = (exporter.write)(from, &mut out)?;
        out.flush().map_err(failed)?;
        fs::rename(&beside, to).map_err(failed)?;
        Ok(problems)
    });
    if written.is_err() {
        // It may never have been there.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A new file that, like every trace, only its owner can read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
