//! `peerscope view`: hands over to the viewer, which is a program of its own, so that nobody builds a window to check a
//! trace.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process;

use super::{Command, Exit, Failure};

pub(super) const COMMAND: Command = Command {
    name: "view",
    arguments: "TRACE... [options]",
    usage: "TRACE... [--at finding:ID|event:N|time:T] [further options of peerscope-viewer]",
    summary: "the run on one timeline, in a window",
    help: "
  TRACE            a .pscope file, a .jsonl file, or a folder of them; several are one run
  --at finding:ID  show this finding: its id, as numbered in reports (two-leaders-in-term/1)
  --at event:N     show event N, as numbered in reports
  --at time:T      show time T since the trace's start: 12500ns (default unit), 12.5us, 3ms, 1.5s
All arguments go to peerscope-viewer, which is looked for beside this program, then on the PATH; its own
`--help` tells the rest. The exit status is the viewer's.",
    fails_with: Exit::Unusable,
    run,
};

/// The viewer's file name.
const VIEWER: &str = "peerscope-viewer";

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let args: Vec<OsString> = args.raw_args()?.collect();
    if args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--help" || arg == "-h") {
        return Err(Failure::Help);
    }
    let viewer = find().ok_or_else(|| {
        let why = "the viewer is not installed; in a clone of Peerscope, `cargo install --path viewer` does that";
        Failure::Input(why.into())
    })?;
    become_viewer(&viewer, args)
}

/// The viewer beside this program, else the first on the PATH.
fn find() -> Option<PathBuf> {
    let name = format!("{VIEWER}{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().and_then(|own| Some(own.parent()?.to_owned()));
    let path = env::var_os("PATH").unwrap_or_default();
    // An empty entry means the working directory, from which nobody expects us to start programs.
    let on_path = env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty());
    beside.into_iter().chain(on_path).map(|folder| folder.join(&name)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// Puts the viewer in the place of this process, so that signals and the exit status are its own.
#[cfg(unix)]
fn become_viewer(viewer: &Path, args: Vec<OsString>) -> Result<Exit, Failure> {
    use std::os::unix::process::CommandExt;
    Err(not_started(viewer, &process::Command::new(viewer).args(args).exec()))
}

/// Runs the viewer, and ends as it ends.
#[cfg(not(unix))]
fn become_viewer(viewer: &Path, args: Vec<OsString>) -> Result<Exit, Failure> {
    let status = process::Command::new(viewer).args(args).status().map_err(|error| not_started(viewer, &error))?;
    process::exit(status.code().unwrap_or(Exit::Unusable.status().into()))
}

fn not_started(viewer: &Path, error: &std::io::Error) -> Failure {
    Failure::Input(format!("{} cannot be started: {error}", viewer.display()))
}
