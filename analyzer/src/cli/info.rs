//! `peerscope info`: what a trace is.

use std::io::Write;

use lexopt::Arg;
use peerscope_analyzer::read::Reading;
use peerscope_analyzer::report::info::Info;

use super::args::{self, Format};
use super::output::{self, Output};
use super::{Command, Exit, Failure, input};

pub(super) const COMMAND: Command = Command {
    name: "info",
    arguments: "TRACE [options]",
    usage: "TRACE [--format text|json]",
    summary: "peers, terms, tasks, locks, events, losses, clock",
    help: "
  TRACE            a .pscope file, a .jsonl file, or a folder of them
  --format FORMAT  text (default) or json",
    fails_with: Exit::Unusable,
    run,
};

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let (mut traces, mut format) = (Vec::new(), Format::Text);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => traces.push(path),
            Arg::Long("format") => format = args::parsed(args)?,
            other => return Err(args::other(other)),
        }
    }
    let path = args::one(traces)?;
    let Reading { trace, problems, notes } = input::open(&[path])?;
    let info = Info::new(&trace, &problems, notes);
    let mut out = Output::new();
    match format {
        Format::Text => info.write_text(&mut out, output::style())?,
        Format::Json => info.write_json(&mut out)?,
    }
    out.flush()?;
    Ok(Exit::Clean)
}
