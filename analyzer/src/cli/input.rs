//! Reading what the arguments name, with a word on stderr about what is worth one.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;

use peerscope_analyzer::model::Trace;
use peerscope_analyzer::read::{self, Problem, Reading};
use peerscope_analyzer::report::escape::Escaped;

use super::Failure;

/// Reads all `paths` as one run.
pub(crate) fn open(paths: &[PathBuf]) -> Result<Reading, Failure> {
    let reading = read::open(paths).map_err(|error| Failure::Input(error.to_string()))?;
    say(&reading.notes);
    Ok(reading)
}

/// Says on stderr what costs nothing and may still be meant otherwise.
pub(crate) fn say<T: Display>(notes: &[T]) {
    let mut err = io::stderr().lock();
    for note in notes {
        // If even stderr is closed, there is nobody to tell.
        let _ = writeln!(err, "peerscope: {}", Escaped(note));
    }
}

/// Says on stderr what keeps the trace from being whole, for commands whose output has no place for it.
pub(crate) fn mention(trace: &Trace, problems: &[Problem]) {
    let words = |problem: &Problem| {
        let file = problem.source.map_or_else(String::new, |source| format!("{}: ", trace.source(source).name));
        format!("{file}{}: {}", problem.kind.name(), problem.detail)
    };
    say(&problems.iter().map(words).collect::<Vec<_>>());
}
