//! `peerscope-viewer`: shows a trace in a window, or draws it into a file.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use peerscope_analyzer::report::escape::escape;
use peerscope_viewer::args::{self, Args};
use peerscope_viewer::{screenshot, window};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // If stderr is closed as well there is nobody left to tell.
            let _ = writeln!(io::stderr(), "peerscope-viewer: {why}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    match args::parse(std::env::args_os().skip(1)).map_err(|why| format!("{why} (see --help)"))? {
        Args::Help => say(&args::help()),
        Args::Version => say(&format!("peerscope-viewer {}\n", env!("CARGO_PKG_VERSION"))),
        Args::View { traces, at, screenshot } => {
            exist(&traces)?;
            match screenshot {
                Some(screenshot) => screenshot::take(traces, at, &screenshot),
                None => window::run(traces, at),
            }
        }
    }
}

fn say(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads only the head of the help is done with it.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("stdout: {error}")),
        _ => Ok(()),
    }
}

/// A path that is not there is a slip of the pen: it is said where it was typed, not in a window.
fn exist(traces: &[PathBuf]) -> Result<(), String> {
    for path in traces {
        path.metadata().map_err(|error| format!("{}: {error}", escape(&path.to_string_lossy())))?;
    }
    Ok(())
}
