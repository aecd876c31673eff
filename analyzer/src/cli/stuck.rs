//! `peerscope stuck`: every unfinished task, and what it waits for.

use std::io::Write;

use lexopt::Arg;
use peerscope_analyzer::read::Reading;
use peerscope_analyzer::report::moment::Moment;
use peerscope_analyzer::report::stuck::{self, StuckReport};

use super::args::{self, Format};
use super::output::{self, Output};
use super::{Command, Exit, Failure, follow, input};

pub(super) const COMMAND: Command = Command {
    name: "stuck",
    arguments: "TRACE [options]",
    usage: "TRACE [--at event:N|time:T | --follow] [--format text|json]",
    summary: "every unfinished task: where, since when, waiting for what, held by whom",
    help: "
  TRACE            a .pscope file, a .jsonl file, or a folder of them
  --at event:N     right after event N, as numbered in reports (default: at the end)
  --at time:T      at time T since the trace's start: 12500ns (default unit), 12.5us, 3ms, 1.5s
  --follow         of a program that runs: now, and again whenever that has changed, until it ends or Ctrl-C
  --format FORMAT  text (default) or json
Exit status: 0 if no unfinished task waits (daemons may), else 1; 0 after Ctrl-C.",
    fails_with: Exit::Unusable,
    run,
};

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let (mut traces, mut format, mut at, mut follows) = (Vec::new(), Format::Text, None, false);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => traces.push(path),
            Arg::Long("at") => at = Some(args::parsed::<Moment>(args)?),
            Arg::Long("follow") => follows = true,
            Arg::Long("format") => format = args::parsed(args)?,
            other => return Err(args::other(other)),
        }
    }
    let path = args::one(traces)?;
    if follows && at.is_some() {
        return Err(Failure::Usage("--follow shows now, and --at another moment".into()));
    }
    if follows {
        return follow::stuck(&path, format);
    }
    let Reading { trace, problems, .. } = input::open(&[path])?;
    let at = at.map(|at| at.event(&trace)).transpose().map_err(Failure::Usage)?;
    let report = StuckReport::new(&trace, &problems, at);
    let exit = if report.any_waits() { Exit::Found } else { Exit::Clean };
    let mut out = Output::new();
    match format {
        Format::Text => report.write_text(&mut out, output::style(), stuck::WIDTH)?,
        Format::Json => report.write_json(&mut out)?,
    }
    out.flush()?;
    Ok(exit)
}
