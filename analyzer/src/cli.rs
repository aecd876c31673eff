//! The command line: one file a command, one slice of them, from which the dispatch and the help derive.

mod args;
mod check;
mod convert;
mod explain;
mod export;
mod follow;
mod info;
mod input;
mod live;
mod log;
mod os;
mod output;
#[cfg(unix)]
mod run;
mod stuck;
mod view;

use std::io::{self, Write};

use lexopt::Arg;
use peerscope_analyzer::report::escape::Escaped;

use output::Output;

/// What a command found, or how the program ended that it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing of severity error.
    Clean,
    /// Something.
    Found,
    /// Arguments or input are unusable.
    Unusable,
    /// With `--strict`: nothing, but not everything could be checked.
    Unchecked,
    /// As a program ended that was run.
    #[cfg(unix)]
    Status(u8),
}

impl Exit {
    /// The process's exit status.
    pub(crate) fn status(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::Unusable => 2,
            Exit::Unchecked => 3,
            #[cfg(unix)]
            Exit::Status(status) => status,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments ask for the command's help.
    Help,
    /// The arguments make no sense; says what does.
    Usage(String),
    /// The input cannot be used, or the output cannot be written.
    Input(String),
    /// Nobody reads our output any more.
    Pipe,
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Failure::Usage(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Pipe,
            _ => Failure::Input(format!("cannot write the output: {error}")),
        }
    }
}

/// A command.
struct Command {
    name: &'static str,
    /// Its arguments in short, for the list of commands.
    arguments: &'static str,
    /// Its arguments, for the usage line.
    usage: &'static str,
    /// One line for the list.
    summary: &'static str,
    /// What stands below the usage line in its own help.
    help: &'static str,
    /// What its own failure is told by.
    fails_with: Exit,
    run: fn(&mut lexopt::Parser) -> Result<Exit, Failure>,
}

impl Command {
    fn page(&self) -> String {
        let Command { name, usage, summary, help, .. } = self;
        format!("{summary}\n\nusage: peerscope {name} {usage}\n\n{}\n", help.trim_matches('\n'))
    }
}

/// All commands, in the order of the help.
const COMMANDS: &[Command] = &[
    check::COMMAND,
    view::COMMAND,
    stuck::COMMAND,
    log::COMMAND,
    info::COMMAND,
    explain::COMMAND,
    convert::COMMAND,
    #[cfg(unix)]
    run::COMMAND,
];

/// Commands that the design names and that do not exist yet.
const LATER: &[&str] = &["soak"];

/// Runs the command that the arguments name, and says on stderr why it could not do its work.
pub(crate) fn dispatch(args: &mut lexopt::Parser) -> Exit {
    let mut fails_with = Exit::Unusable;
    match named(args, &mut fails_with) {
        Ok(exit) => exit,
        // The reader of our output has seen enough.
        Err(Failure::Pipe) => Exit::Clean,
        Err(failure) => {
            complain(&failure);
            fails_with
        }
    }
}

fn named(args: &mut lexopt::Parser, fails_with: &mut Exit) -> Result<Exit, Failure> {
    let name = match args.next()? {
        None => return Err(Failure::Usage("a command is missing".into())),
        Some(Arg::Long("help") | Arg::Short('h')) => return help(None),
        Some(Arg::Long("version") | Arg::Short('V')) => {
            return say(&format!("peerscope {}\n", env!("CARGO_PKG_VERSION")));
        }
        Some(Arg::Value(name)) => name,
        Some(other) => return Err(other.unexpected().into()),
    };
    let name = name.to_string_lossy();
    if name == "help" {
        return match args.next()? {
            Some(Arg::Value(name)) => help(Some(find(&name.to_string_lossy())?)),
            _ => help(None),
        };
    }
    let command = find(&name)?;
    *fails_with = command.fails_with;
    match (command.run)(args) {
        Err(Failure::Help) => say(&command.page()),
        Err(Failure::Usage(message)) => {
            Err(Failure::Usage(format!("{message} (usage: peerscope {} {})", command.name, command.usage)))
        }
        other => other,
    }
}

fn find(name: &str) -> Result<&'static Command, Failure> {
    if LATER.contains(&name) {
        return Err(Failure::Usage(format!("`{name}` is not yet there")));
    }
    COMMANDS.iter().find(|command| command.name == name).ok_or_else(|| {
        let names: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
        Failure::Usage(format!("there is no command `{name}`; there are: {}", names.join(", ")))
    })
}

/// The help of one command, or of all.
fn help(command: Option<&Command>) -> Result<Exit, Failure> {
    if let Some(command) = command {
        return say(&command.page());
    }
    let mut text = String::from("Reads Peerscope traces and says what went wrong in them.\n\nusage:\n");
    let call = |command: &Command| format!("{} {}", command.name, command.arguments);
    let width = COMMANDS.iter().map(|command| call(command).len()).max().unwrap_or(0);
    for command in COMMANDS {
        text.push_str(&format!("  peerscope {:width$}  {}\n", call(command), command.summary));
    }
    text.push_str(
        "\n`peerscope COMMAND --help` says more. TRACE is a .pscope file, a .jsonl file, or a folder of them.\n\
         Exit status: 0 nothing of severity error; 1 something found; 2 unusable arguments or input;\n\
         3 with --strict: nothing found, but not everything could be checked. `run` ends as its program does.\n",
    );
    say(&text)
}

fn say(text: &str) -> Result<Exit, Failure> {
    let mut out = Output::new();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Exit::Clean)
}

/// Says on stderr why it did not work, and what to do.
fn complain(failure: &Failure) {
    let (message, hint) = match failure {
        Failure::Usage(message) => (message, "see `peerscope --help`"),
        Failure::Input(message) => (message, ""),
        Failure::Pipe | Failure::Help => return,
    };
    let mut err = io::stderr().lock();
    // If even stderr is closed, the exit status has to do.
    let _ = writeln!(err, "peerscope: {}", Escaped(message));
    if !hint.is_empty() {
        let _ = writeln!(err, "  {hint}");
    }
}
