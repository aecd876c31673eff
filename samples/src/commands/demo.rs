//! `demo`: the lecture's Raft with two leaders, from the run to the story.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use peerscope_analyzer::read::read;
use peerscope_analyzer::report::{self, Options, Style};

const SAMPLE: &str = "raft-stale-votes";

pub(crate) fn demo(folder: &OsStr) -> Result<(), String> {
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.join(format!("{SAMPLE}.pscope"));
    record(&path)?;
    let told = tell(&path);
    match told {
        // A reader that has seen enough and closed the pipe is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| format!("{}: {error}", path.display())),
    }
}

/// Runs the sample in a process of its own, so that the trace is that of a program that has ended.
fn record(path: &Path) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program again: {error}"))?;
    let run = Command::new(program).args(["run", SAMPLE, "-o"]).arg(path).output();
    let run = run.map_err(|error| format!("cannot run the sample: {error}"))?;
    if !run.status.success() {
        return Err(format!("the sample did not run: {}", String::from_utf8_lossy(&run.stderr).trim()));
    }
    Ok(())
}

fn tell(path: &Path) -> io::Result<()> {
    let (trace, problems) = read(&[path.to_owned()]).map_err(|error| io::Error::other(error.to_string()))?;
    let options = Options { source_root: std::env::current_dir().ok(), ..Options::default() };
    let report = report::check(&trace, &problems, &options);
    let coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = if coloured { Style::Coloured } else { Style::Plain };

    let mut out = io::stdout().lock();
    writeln!(out, "Three Raft peers ran; their votes took a while. This is what Peerscope says of it:\n")?;
    report.write_text(&mut out, style)?;
    let shown = path.display();
    writeln!(out, "\nLook closer:")?;
    if let Some(first) = report.findings.first() {
        writeln!(out, "  {}{shown} --at finding:{}  # the same as a picture", viewer_command(), first.id)?;
    }
    for (arguments, purpose) in [
        (format!("check {shown}"), "this report again"),
        (format!("log {shown} --columns"), "all events, a column for each peer"),
        ("explain two-leaders-in-term".to_owned(), "what the finding means, and how to mend it"),
    ] {
        writeln!(out, "  {}{arguments}  # {purpose}", peerscope_command())?;
    }
    let fixed = path.with_file_name("fixed.pscope");
    writeln!(out, "\nThe same program, repaired (the votes are counted only in the term that asked), is clean:")?;
    writeln!(out, "  {}run {SAMPLE} --fixed -o {}", samples_command(), fixed.display())?;
    writeln!(out, "  {}check {}", peerscope_command(), fixed.display())?;
    out.flush()
}

/// How this user starts `peerscope`: through cargo, if that is how this program was started.
fn peerscope_command() -> &'static str {
    if through_cargo() { "cargo run --release --bin peerscope -- " } else { "peerscope " }
}

/// Cargo builds the window only when it is asked for by name; an installed `peerscope` finds it beside itself.
fn viewer_command() -> &'static str {
    if through_cargo() { "cargo run --release -p peerscope-viewer -- " } else { "peerscope view " }
}

fn samples_command() -> &'static str {
    if through_cargo() { "cargo run --release --bin peerscope-samples -- " } else { "peerscope-samples " }
}

fn through_cargo() -> bool {
    std::env::var_os("CARGO").map(PathBuf::from).is_some()
}
