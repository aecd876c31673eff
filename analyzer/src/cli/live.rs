//! The stuck report of programs that still run.

#[cfg(unix)]
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use peerscope_analyzer::read::{self, ProblemKind, Reading, Writers};
#[cfg(unix)]
use peerscope_analyzer::report::stuck;
use peerscope_analyzer::report::stuck::{Evidence, StuckReport};

use super::os;

/// What is to be seen of the programs that write `files`; `None` as long as they have not begun.
///
/// # Errors
/// If the files cannot be read: a line that says why.
pub(super) fn report(files: &[PathBuf]) -> Result<Option<StuckReport>, String> {
    /// So often it is looked at most, until a circle has been seen twice.
    const LOOKS: usize = 4;
    if files.is_empty() {
        return Ok(None);
    }
    let mut report = look(files)?;
    // What tasks hold and wait for is read one after the other. Who is in a circle stays there.
    for _ in 1..LOOKS {
        if report.circles().is_empty() {
            break;
        }
        let again = look(files)?;
        let is_same = again.circles() == report.circles();
        report = again;
        if is_same {
            break;
        }
    }
    Ok(Some(report))
}

fn look(files: &[PathBuf]) -> Result<StuckReport, String> {
    let clock = os::monotonic_ns();
    let (Reading { trace, mut problems, .. }, evidence) = match read::slots(files) {
        Ok(Some(reading)) => (reading, Evidence::Slots),
        _ => (read::open(files).map_err(|error| error.to_string())?, Evidence::Events),
    };
    // They run: that is why we ask.
    problems.retain(|problem| problem.kind != ProblemKind::CutOff);
    let now: Vec<Option<u64>> = trace.sources().iter().map(|source| source.header.elapsed_ns(clock?)).collect();
    Ok(StuckReport::live(&trace, &problems, &now, evidence))
}

/// The files at `path` that somebody writes now, and what that means for the run.
pub(super) fn running(path: &Path) -> (Vec<PathBuf>, Writers) {
    // A folder without a trace may get one.
    let files = if path.exists() { read::files(&[path.to_owned()]).map(|(files, _)| files).ok() } else { None };
    let Some(mut files) = files else { return (Vec::new(), Writers::NotYet) };
    files.retain(|file| read::is_being_written(file));
    let writers = if files.is_empty() { Writers::Ended } else { Writers::Running };
    (files, writers)
}

/// Writes to stderr, in one piece, so that the program's own words do not come between; lines are as long as the terminal
/// has room for.
#[cfg(unix)]
pub(super) fn tell(report: &StuckReport) {
    let is_terminal = io::stderr().is_terminal();
    let width = os::terminal_size(2).filter(|_| is_terminal).map_or(stuck::WIDTH, |(columns, _)| columns);
    let style = super::output::style_of(&io::stderr());
    let mut text = Vec::new();
    // A vector takes all.
    let _ = report.write_text(&mut text, style, width.clamp(40, 160));
    // If stderr is closed, there is nobody to tell.
    let _ = io::stderr().lock().write_all(&text);
}
