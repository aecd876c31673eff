//! `peerscope log`: the events as lines, or in columns.

use std::io::Write;

use lexopt::Arg;
use peerscope_analyzer::read;
use peerscope_analyzer::report::log::{self, Options};

use super::args::{self, Format};
use super::output::{self, Output};
use super::{Command, Exit, Failure};

pub(super) const COMMAND: Command = Command {
    name: "log",
    usage: "TRACE [--columns] [--peer P] [--term T] [--topic X] [--format text|json]",
    summary: "the events of a run in one order, as lines or in a column for each peer",
    help: "
  TRACE            a .pscope file, a .jsonl file, or a folder of them
  --columns        a column for each peer
  --peer P         only these peers (ids or names, commas between)
  --term T         only this term
  --topic X        only these topics (vote, log, lock, rpc, ...; commas between)
  --format FORMAT  text (default), or json: one object a line",
    run,
};

/// How wide columns are in all where nobody says how wide the terminal is.
const DEFAULT_WIDTH: usize = 160;

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let (mut traces, mut format, mut options) = (Vec::new(), Format::Text, Options::default());
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => traces.push(path),
            Arg::Long("columns") => options.columns = true,
            Arg::Long("peer") => options.peers.extend(args::names(args)?),
            Arg::Long("topic") => options.topics.extend(args::names(args)?),
            Arg::Long("term") => {
                let term = args::text(args)?;
                options.term = Some(term.parse().map_err(|_| Failure::Usage(format!("`{term}` is no term")))?);
            }
            Arg::Long("format") => format = args::parsed(args)?,
            other => return Err(args::other(other)),
        }
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    options.width = columns.unwrap_or(DEFAULT_WIDTH).clamp(40, 1000);
    let path = args::one(traces)?;
    let (trace, problems) = read::read(&[path]).map_err(|error| Failure::Input(error.to_string()))?;
    let mut out = Output::new();
    match format {
        Format::Text => log::write(&trace, &options, &mut out, output::style())?,
        Format::Json => log::write_json(&trace, &options, &mut out)?,
    }
    out.flush()?;
    output::mention(&trace, &problems);
    Ok(Exit::Clean)
}
