//! `peerscope check`: what went wrong in a run.

use std::io::{self, Write};
use std::path::PathBuf;

use lexopt::Arg;
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::detect::registry;
use peerscope_analyzer::read;
use peerscope_analyzer::report::{self, Options, Report};

use super::args::{self, Format};
use super::output::{self, Output};
use super::{Command, Exit, Failure, explain};

pub(super) const COMMAND: Command = Command {
    name: "check",
    usage: "TRACE... [OPTIONS]",
    summary: "what went wrong in a run, with the events that prove it",
    help: "
  TRACE              a .pscope file, a .jsonl file, or a folder of them; several are one run
  --each             check each TRACE by itself
  --format FORMAT    text (default) or json
  --only A,B         run these detectors only (their names: peerscope explain)
  --skip A,B         leave these detectors out
  --deny warning     warnings lead to exit status 1 as well
  --strict           exit status 3 if nothing was found, but not everything could be checked
  --predict          also predict what another order of events would do
  --source-root DIR  quote source lines from below DIR (default: the working directory)",
    run,
};

struct Args {
    traces: Vec<PathBuf>,
    each: bool,
    format: Format,
    deny_warnings: bool,
    strict: bool,
    options: Options,
}

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let args = parse(args)?;
    let report = judge(&args)?;
    let exit = exit(&report, &args);
    let mut out = Output::new();
    let written = match args.format {
        Format::Text => report.write_text(&mut out, output::style()),
        Format::Json => report.write_json(&mut out),
    };
    match written.and_then(|()| out.flush()) {
        // What was found does not depend on how much of it somebody reads.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
        other => other.map(|()| exit).map_err(Failure::from),
    }
}

fn parse(args: &mut lexopt::Parser) -> Result<Args, Failure> {
    let mut traces = Vec::new();
    let (mut each, mut format, mut deny_warnings, mut strict) = (false, Format::Text, false, false);
    let mut options = Options { source_root: Some(PathBuf::from(".")), ..Options::default() };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => traces.push(path),
            Arg::Long("each") => each = true,
            Arg::Long("format") => format = args::parsed(args)?,
            Arg::Long("only") => options.only.extend(args::names(args)?),
            Arg::Long("skip") => options.skip.extend(args::names(args)?),
            Arg::Long("deny") => match &args::text(args)?[..] {
                "warning" | "warnings" => deny_warnings = true,
                other => return Err(Failure::Usage(format!("`--deny {other}` is unknown; there is `--deny warning`"))),
            },
            Arg::Long("strict") => strict = true,
            Arg::Long("predict") => options.predict = true,
            Arg::Long("source-root") => options.source_root = Some(args.value()?.into()),
            other => return Err(args::other(other)),
        }
    }
    if let Some(unknown) = options.only.iter().chain(&options.skip).find(|name| registry::find(name).is_none()) {
        return Err(explain::unknown(unknown));
    }
    Ok(Args { traces: args::some(traces)?, each, format, deny_warnings, strict, options })
}

fn judge(args: &Args) -> Result<Report, Failure> {
    let check = |paths: &[PathBuf]| -> Result<Report, Failure> {
        let (trace, problems) = read::read(paths).map_err(|error| Failure::Input(error.to_string()))?;
        Ok(report::check(&trace, &problems, &args.options))
    };
    if !args.each {
        return check(&args.traces);
    }
    let mut all = Report::default();
    for path in &args.traces {
        all.append(check(std::slice::from_ref(path))?);
    }
    Ok(all)
}

fn exit(report: &Report, args: &Args) -> Exit {
    match report.worst() {
        Some(Severity::Error) => Exit::Found,
        Some(Severity::Warning) if args.deny_warnings => Exit::Found,
        _ if args.strict && !report.is_complete() => Exit::Unchecked,
        _ => Exit::Clean,
    }
}
