//! `peerscope log`: the events as lines, or in columns.

use std::io::Write;

use lexopt::Arg;
use peerscope_analyzer::read::Reading;
use peerscope_analyzer::report::log::{self, Options};

use super::args::{self, Format};
use super::output::{self, Output};
use super::{Command, Exit, Failure, follow, input};

pub(super) const COMMAND: Command = Command {
    name: "log",
    arguments: "TRACE [options]",
    usage: "TRACE [--columns] [--around N | --follow] [--peer P] [--task T] [--term T] [--topic X] [--sim] [--format text|json]",
    summary: "the events of a run in one order, as lines or in a column for each peer",
    help: "
  TRACE            a .pscope file, a .jsonl file, or a folder of them
  --columns        a column for each peer
  --around N       only event N, as numbered in reports, with 10 before it and 10 behind it
  --follow         goes on with what a program that runs writes, until it ends or Ctrl-C
  --peer P         only these peers (ids or names, commas between)
  --task T         only these tasks (ids or names, commas between)
  --term T         only this term
  --topic X        only these topics (vote, log, lock, rpc, ...; commas between)
  --sim            simulated times, of a program that ran under a simulator
  --format FORMAT  text (default), or json: one object a line
An event's number is the one by which reports of the same TRACE mention it. With --follow there is none yet; events
are held back for 50 ms, so that they come in one order, and those that are later still are marked as late.",
    fails_with: Exit::Unusable,
    run,
};

/// How wide columns are in all where nobody says how wide the terminal is.
const DEFAULT_WIDTH: usize = 160;

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let (mut traces, mut format, mut options, mut follows) = (Vec::new(), Format::Text, Options::default(), false);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => traces.push(path),
            Arg::Long("columns") => options.columns = true,
            Arg::Long("sim") => options.simulated = true,
            Arg::Long("peer") => options.peers.extend(args::names(args)?),
            Arg::Long("task") => options.tasks.extend(args::names(args)?),
            Arg::Long("around") => {
                let event = args::text(args)?;
                // Reports write it with this mark.
                let number = event.trim_start_matches("event:").trim_start_matches('#').parse();
                options.around = Some(number.map_err(|_| Failure::Usage(format!("`{event}` is no event's number")))?);
            }
            Arg::Long("topic") => options.topics.extend(args::names(args)?),
            Arg::Long("term") => {
                let term = args::text(args)?;
                options.term = Some(term.parse().map_err(|_| Failure::Usage(format!("`{term}` is no term")))?);
            }
            Arg::Long("follow") => follows = true,
            Arg::Long("format") => format = args::parsed(args)?,
            other => return Err(args::other(other)),
        }
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    options.width = columns.unwrap_or(DEFAULT_WIDTH).clamp(40, 1000);
    let path = args::one(traces)?;
    if follows && options.around.is_some() {
        return Err(Failure::Usage("--follow shows what comes, and --around what is there".into()));
    }
    if follows {
        return follow::log(&path, &options, format);
    }
    let Reading { trace, problems, .. } = input::open(&[path])?;
    if let Some(around) = options.around.filter(|around| *around as usize >= trace.len()) {
        return Err(Failure::Usage(format!("there is no event {around}; the trace has {}, from 0 on", trace.len())));
    }
    let mut out = Output::new();
    match format {
        Format::Text => log::write(&trace, &options, &mut out, output::style())?,
        Format::Json => log::write_json(&trace, &options, &mut out)?,
    }
    out.flush()?;
    input::say(&log::misses(&trace, &options));
    input::mention(&trace, &problems);
    Ok(Exit::Clean)
}
