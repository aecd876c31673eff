//! System calls per event, as `strace -f -c` counts them.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::measure::Outcome;

/// The system calls that one more event of this contender takes; `None` if strace is missing or may not trace.
pub(crate) fn per_event(name: &str) -> Option<f64> {
    let (short, long) = (count(name, "0.004")?, count(name, "0.02")?);
    let calls = long.0.saturating_sub(short.0) as f64;
    Some(calls / long.1.checked_sub(short.1).filter(|events| *events > 0)? as f64)
}

/// System calls and events of one run.
fn count(name: &str, share: &str) -> Option<(u64, u64)> {
    let dir = tempfile::tempdir().ok()?;
    let counts = tempfile::NamedTempFile::new().ok()?;
    let program = std::env::current_exe().ok()?;
    let output = Command::new("strace")
        .args(["-f", "-c", "-o"])
        .arg(counts.path())
        .arg(program)
        .args(["--share", share, "--measure", name])
        .arg(dir.path())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let outcome: Outcome = String::from_utf8(output.stdout).ok()?.parse().ok()?;
    Some((total(counts.path())?, outcome.events))
}

/// The calls in the last line: `100.00 seconds usecs/call calls [errors] total`.
fn total(path: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().rfind(|line| line.trim_end().ends_with("total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
