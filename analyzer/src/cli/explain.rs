//! `peerscope explain`: what the detectors look for.

use std::io::Write;

use lexopt::Arg;
use peerscope_analyzer::detect::registry::{self, DETECTORS};
use peerscope_analyzer::report::explain;

use super::output::{self, Output};
use super::{Command, Exit, Failure, args};

pub(super) const COMMAND: Command = Command {
    name: "explain",
    arguments: "[DETECTOR]",
    usage: "[DETECTOR]",
    summary: "what the detectors look for: all, one a line, or one in full",
    help: "  DETECTOR  a detector's name, or a finding's id (`two-leaders-in-term/1`)",
    fails_with: Exit::Unusable,
    run,
};

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let mut name = None;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(value) if name.is_none() => name = Some(value.to_string_lossy().into_owned()),
            unknown => return Err(args::other(unknown)),
        }
    }
    let mut out = Output::new();
    match name {
        None => explain::list(&mut out, output::style())?,
        Some(name) => {
            let detector = name.split('/').next().and_then(registry::find).ok_or_else(|| unknown(&name))?;
            explain::one(&mut out, output::style(), detector)?;
        }
    }
    out.flush()?;
    Ok(Exit::Clean)
}

/// The usage error for a name that no detector has.
pub(super) fn unknown(name: &str) -> Failure {
    let names: Vec<_> = DETECTORS.iter().map(|detector| detector.name).collect();
    Failure::Usage(format!("there is no detector `{name}`; there are: {}", names.join(", ")))
}
