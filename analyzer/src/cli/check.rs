//! `peerscope check`: what went wrong in a run.

use std::io::{self, Write};
use std::path::PathBuf;

use lexopt::Arg;
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::detect::registry::{self, DETECTORS};
use peerscope_analyzer::read::{self, Reading};
use peerscope_analyzer::report::{self, FORMATS, Format, Options, Report};

use super::args;
use super::output::{self, Output};
use super::{Command, Exit, Failure, explain, input};

pub(super) const COMMAND: Command = Command {
    name: "check",
    arguments: "TRACE... [options]",
    usage: "TRACE... [--each] [--format text|json] [--only A,B] [--skip A] [--deny warning] [--strict] [--sim] [--source-root DIR]",
    summary: "what went wrong in a run, with the events that prove it",
    help: "
  TRACE              a .pscope file, a .jsonl file, or a folder of them; several are one run
  --each             check each file by itself, also each of a folder; one that cannot be read
                     leads to exit status 2, after the report on the others
  --format FORMAT    text (default) or json
  --only A,B         run these detectors only (their names: peerscope explain)
  --skip A,B         leave these detectors out
  --deny warning     warnings lead to exit status 1 as well
  --strict           exit status 3 if nothing was found, but not everything could be checked
  --sim              simulated times, of a program that ran under a simulator
  --source-root DIR  quote source lines from below DIR (default: the working directory)",
    fails_with: Exit::Unusable,
    run,
};

struct Args {
    traces: Vec<PathBuf>,
    each: bool,
    format: &'static Format,
    deny_warnings: bool,
    strict: bool,
    options: Options,
}

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let args = parse(args)?;
    let (report, all_read) = if args.each { judge_each(&args)? } else { (judge(&args.traces, &args)?, true) };
    let exit = if all_read { exit(&report, &args) } else { Exit::Unusable };
    if report.traces.is_empty() {
        return Ok(exit);
    }
    let mut out = Output::new();
    let written = (args.format.write)(&report, &mut out, output::style());
    match written.and_then(|()| out.flush()) {
        // What was found does not depend on how much of it somebody reads.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
        other => other.map(|()| exit).map_err(Failure::from),
    }
}

fn parse(args: &mut lexopt::Parser) -> Result<Args, Failure> {
    let mut traces = Vec::new();
    let (mut each, mut format, mut deny_warnings, mut strict) = (false, &FORMATS[0], false, false);
    let mut options = Options { source_root: Some(PathBuf::from(".")), ..Options::default() };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(path) => traces.push(path),
            Arg::Long("each") => each = true,
            Arg::Long("format") => format = by_name(&args::text(args)?)?,
            Arg::Long("only") => options.only.extend(args::names(args)?),
            Arg::Long("skip") => options.skip.extend(args::names(args)?),
            Arg::Long("deny") => match &args::text(args)?[..] {
                "warning" | "warnings" => deny_warnings = true,
                other => return Err(Failure::Usage(format!("`--deny {other}` is unknown; there is `--deny warning`"))),
            },
            Arg::Long("strict") => strict = true,
            Arg::Long("sim") => options.simulated = true,
            Arg::Long("predict") => options.predict = true,
            Arg::Long("source-root") => options.source_root = Some(args.value()?.into()),
            other => return Err(args::other(other)),
        }
    }
    if let Some(unknown) = options.only.iter().chain(&options.skip).find(|name| registry::find(name).is_none()) {
        return Err(explain::unknown(unknown));
    }
    if DETECTORS.iter().all(|detector| !selects(&options, detector.name)) {
        return Err(Failure::Usage("`--only` and `--skip` leave no detector to run".into()));
    }
    Ok(Args { traces: args::some(traces)?, each, format, deny_warnings, strict, options })
}

fn selects(options: &Options, detector: &str) -> bool {
    let named = |names: &[String]| names.iter().any(|name| name == detector);
    (options.only.is_empty() || named(&options.only)) && !named(&options.skip)
}

fn by_name(name: &str) -> Result<&'static Format, Failure> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
        let known: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        Failure::Usage(format!("there is no format `{name}`; there are: {}", known.join(", ")))
    })
}

/// The verdict on `paths` as one run.
fn judge(paths: &[PathBuf], args: &Args) -> Result<Report, Failure> {
    let Reading { trace, problems, .. } = input::open(paths)?;
    Ok(report::check(&trace, &problems, &args.options))
}

/// The verdicts on all files by themselves, and whether all could be read. What could not is told at once.
fn judge_each(args: &Args) -> Result<(Report, bool), Failure> {
    let mut all_read = true;
    let mut told = |failure: &Failure| {
        super::complain(failure);
        all_read = false;
    };
    let unusable = |error: read::Error| Failure::Input(error.to_string());
    let mut listed = Vec::new();
    for path in &args.traces {
        match read::files(std::slice::from_ref(path)) {
            Ok(_) => listed.push(path.clone()),
            Err(error) => told(&unusable(error)),
        }
    }
    let (files, notes) = read::files(&listed).map_err(unusable)?;
    input::say(&notes);
    let mut all = Report { simulated: args.options.simulated, ..Report::default() };
    for file in files {
        match judge(std::slice::from_ref(&file), args) {
            Ok(report) => all.append(report),
            Err(failure) => told(&failure),
        }
    }
    Ok((all, all_read))
}

fn exit(report: &Report, args: &Args) -> Exit {
    match report.worst() {
        Some(Severity::Error) => Exit::Found,
        Some(Severity::Warning) if args.deny_warnings => Exit::Found,
        _ if args.strict && !report.is_complete() => Exit::Unchecked,
        _ => Exit::Clean,
    }
}
