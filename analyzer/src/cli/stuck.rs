//! `peerscope stuck`: every unfinished task, and what it waits for.

use std::io::Write;
use std::str::FromStr;

use lexopt::Arg;
use peerscope_analyzer::model::{EventId, Trace};
use peerscope_analyzer::read::Reading;
use peerscope_analyzer::report::stuck::StuckReport;

use super::args::{self, Format};
use super::output::{self, Output};
use super::{Command, Exit, Failure, input};

pub(super) const COMMAND: Command = Command {
    name: "stuck",
    arguments: "TRACE [options]",
    usage: "TRACE [--at event:N|time:T] [--format text|json]",
    summary: "every unfinished task: where, since when, waiting for what, held by whom",
    help: "
  TRACE            a .pscope file, a .jsonl file, or a folder of them
  --at event:N     right after event N, as numbered in reports (default: at the end)
  --at time:T      at time T since the trace's start: 12500ns (default unit), 12.5us, 3ms, 1.5s
  --format FORMAT  text (default) or json
Exit status: 0 if no unfinished task waits (daemons may), else 1.",
    run,
};

/// A moment of a trace.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Event(u32),
    Time(u64),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("`{text}` is no moment; give event:N or time:T (time:12.5ms)");
        match text.split_once(':') {
            Some(("event", number)) => number.parse().map(Moment::Event).map_err(|_| unknown()),
            Some(("time", time)) => nanoseconds(time).map(Moment::Time).ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }
}

fn nanoseconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let scale = match unit {
        "" | "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * scale).round() as u64)
}

impl Moment {
    fn event(self, trace: &Trace) -> Result<EventId, Failure> {
        match self {
            Moment::Event(number) if (number as usize) < trace.len() => Ok(EventId(number)),
            Moment::Event(number) => {
                Err(Failure::Usage(format!("there is no event {number}; the trace has {}, from 0 on", trace.len())))
            }
            Moment::Time(time) => {
                let before = trace.events().rev().find(|event| event.ts() <= time);
                before.map(|event| event.id()).ok_or_else(|| Failure::Usage("the trace begins after that time".into()))
            }
        }
    }
}

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let (mut traces, mut format, mut at) = (Vec::new(), Format::Text, None);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => traces.push(path),
            Arg::Long("at") => at = Some(args::parsed::<Moment>(args)?),
            Arg::Long("format") => format = args::parsed(args)?,
            other => return Err(args::other(other)),
        }
    }
    let path = args::one(traces)?;
    let Reading { trace, problems, .. } = input::open(&[path])?;
    let at = at.map(|at| at.event(&trace)).transpose()?;
    let report = StuckReport::new(&trace, &problems, at);
    let exit = if report.any_waits() { Exit::Found } else { Exit::Clean };
    let mut out = Output::new();
    match format {
        Format::Text => report.write_text(&mut out, output::style())?,
        Format::Json => report.write_json(&mut out)?,
    }
    out.flush()?;
    Ok(exit)
}
