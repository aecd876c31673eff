//! The samples' command line: `demo`, `list`, `run`.

mod commands;

use std::ffi::OsString;
use std::process::ExitCode;

use lexopt::prelude::*;

const HELP: &str = "\
Known-bug programs, each with its fixed twin.

peerscope-samples demo [-o FOLDER]            record a Raft with two leaders, check the trace, tell the story
peerscope-samples list [--format text|json]   all samples, their variants and what is found in each
peerscope-samples run NAME [--variant V | --fixed] [--seed N] [-o FILE.pscope]
                                              run one sample and record it
";

fn main() -> ExitCode {
    let status = parse(lexopt::Parser::from_env()).map_err(|error| error.to_string()).and_then(|call| match call {
        Call::Help => {
            print!("{HELP}");
            Ok(())
        }
        Call::Demo { folder } => commands::demo::demo(&folder),
        Call::List { json } => commands::list::list(json),
        Call::Run(request) => commands::run::run(&request),
    });
    match status {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("peerscope-samples: {message}");
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
enum Call {
    Help,
    Demo { folder: OsString },
    List { json: bool },
    Run(commands::run::Request),
}

fn parse(mut arguments: lexopt::Parser) -> Result<Call, lexopt::Error> {
    let command = match arguments.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Call::Help),
        Some(Value(command)) => command.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    match command.as_str() {
        "demo" => {
            let mut folder = OsString::from("peerscope-demo");
            while let Some(argument) = arguments.next()? {
                match argument {
                    Short('o') | Long("output") => folder = arguments.value()?,
                    other => return Err(other.unexpected()),
                }
            }
            Ok(Call::Demo { folder })
        }
        "list" => {
            let mut json = false;
            while let Some(argument) = arguments.next()? {
                match argument {
                    Long("format") => json = format_is_json(&arguments.value()?.string()?)?,
                    other => return Err(other.unexpected()),
                }
            }
            Ok(Call::List { json })
        }
        "run" => parse_run(arguments).map(Call::Run),
        "help" => Ok(Call::Help),
        other => Err(format!("there is no command {other:?}; see --help").into()),
    }
}

fn format_is_json(format: &str) -> Result<bool, lexopt::Error> {
    match format {
        "json" => Ok(true),
        "text" => Ok(false),
        other => Err(format!("there is no format {other:?}; it is text or json").into()),
    }
}

fn parse_run(mut arguments: lexopt::Parser) -> Result<commands::run::Request, lexopt::Error> {
    let mut request = commands::run::Request { seed: 1, ..Default::default() };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("variant") => request.variant = Some(arguments.value()?.string()?),
            Long("fixed") => request.variant = Some("fixed".to_owned()),
            Long("seed") => request.seed = arguments.value()?.parse()?,
            Short('o') | Long("output") => request.output = Some(arguments.value()?.into()),
            Value(name) if request.name.is_empty() => request.name = name.string()?,
            other => return Err(other.unexpected()),
        }
    }
    if request.name.is_empty() {
        return Err("run wants the name of a sample; see `peerscope-samples list`".into());
    }
    Ok(request)
}
