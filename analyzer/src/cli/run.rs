//! `peerscope run`: starts a program with its tracing on, and says who waits for whom while it runs.

mod children;
mod place;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::{Duration, Instant};

use lexopt::Arg;
use peerscope_analyzer::report::stuck::Stalls;

use self::children::{Ended, FETCHED, Family};
use self::place::Place;
use super::os::{self, Signals};
use super::{Command, Exit, Failure, args, input, live};

pub(super) const COMMAND: Command = Command {
    name: "run",
    arguments: "[options] -- CMD...",
    usage: "[--stall 5s] [-o FILE|FOLDER] -- CMD...",
    summary: "runs a program with tracing on; Ctrl-\\ shows who waits for whom while it runs",
    help: "
  CMD...           the program and its arguments
  -o FILE          record into this file (its name ends in .pscope)
  -o FOLDER        record into this folder, a file for each process (default: a new one, NAME.PID.run)
  --stall TIME     report by itself when nothing that matters has moved for so long: 5s, 300ms
Ctrl-\\ (SIGQUIT) writes the stuck report of the running program to stderr: every task, what it waits for, since
when, where in the source, what it holds, and who has what it waits for. The program itself ignores SIGQUIT.
A stall is a deadlock, or a wait for a lock or a reply, that has lasted so long; or that all tasks wait so long.
Daemons and those that sleep do not count. A stall is told once, and again if it had gone in between.
What is sent to peerscope (SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGUSR2) is handed on to the program; if peerscope is
killed, so is the program.
Exit status: the program's own, 128 + N if signal N ended it; 125 if peerscope fails itself, 126 if the program
cannot be executed, 127 if there is none.",
    fails_with: FAILED,
    run,
};

/// The exit status if the program could not be started because of ourselves, because of it, or since there is none.
const FAILED: Exit = Exit::Status(125);
const NOT_EXECUTABLE: Exit = Exit::Status(126);
const NOT_FOUND: Exit = Exit::Status(127);

/// What the command line asks for.
struct Request {
    stall: Option<Duration>,
    output: Option<PathBuf>,
    program: OsString,
    arguments: Vec<OsString>,
}

fn run(args: &mut lexopt::Parser) -> Result<Exit, Failure> {
    let request = request(args)?;
    let place = Place::new(request.output.as_deref(), Path::new(&request.program)).map_err(Failure::Input)?;
    let pattern = place.pattern().map_err(Failure::Input)?;
    let signals = Signals::block(FETCHED);
    let mut program = Process::new(&request.program);
    program.args(&request.arguments).env("PEERSCOPE_TRACE", pattern);
    let begin = Instant::now();
    let family = match Family::start(program, &signals) {
        Ok(family) => family,
        Err(error) => {
            place.leave();
            let exit = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
            say(&format!("{}: {error}", Path::new(&request.program).display()));
            return Ok(exit);
        }
    };
    say(&format!("records into {} (Ctrl-\\ shows who waits for whom)", place.path().display()));
    if place.traces_before() > 0 {
        let number = place.traces_before();
        say(&format!("{number} older traces are there already; a check of the folder takes them as part of this run"));
    }
    let id = family.id();
    let ended = watch(family, &signals, &place, request.stall);
    summarize(&place, id, &ended, begin.elapsed());
    place.leave();
    Ok(Exit::Status(ended.status))
}

fn request(args: &mut lexopt::Parser) -> Result<Request, Failure> {
    let (mut stall, mut output) = (None, None);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("stall") => stall = Some(args::parsed::<args::Time>(args)?.0),
            Arg::Short('o') | Arg::Long("output") => output = Some(PathBuf::from(args.value()?)),
            // The rest is the program's own, with or without `--` before it.
            Arg::Value(program) => {
                let arguments = args.raw_args()?.collect();
                return Ok(Request { stall, output, program, arguments });
            }
            other => return Err(args::other(other)),
        }
    }
    Err(Failure::Usage("the program to run is missing".into()))
}

/// Waits until the command has ended, and does meanwhile what signals and stalls ask for.
fn watch(mut family: Family, signals: &Signals, place: &Place, stall: Option<Duration>) -> Ended {
    /// Nothing happens of which no signal tells.
    const LONG: Duration = Duration::from_secs(3600);
    let mut stalls = stall.map(|stall| Stalls::new(stall.as_nanos().try_into().unwrap_or(u64::MAX)));
    let mut pause = stall.map_or(LONG, pause);
    loop {
        match signals.wait(pause) {
            Some(caught) => {
                if let Some(ended) = family.hear(caught) {
                    return ended;
                }
                if caught.signal == os::SIGQUIT {
                    report(place);
                }
            }
            None => {
                let Some(stalls) = &mut stalls else { continue };
                let begin = Instant::now();
                if let Ok(Some(report)) = live::report(&place.files_of_running())
                    && stalls.are_new_in(&report)
                {
                    head("stalled");
                    live::tell(&report);
                }
                // To look must not take much of the program's time.
                pause = stall.map_or(LONG, self::pause).max(10 * begin.elapsed());
            }
        }
    }
}

/// How often to look whether something stalls.
fn pause(stall: Duration) -> Duration {
    (stall / 4).clamp(Duration::from_millis(20), Duration::from_secs(2))
}

/// Shows who waits for whom now.
fn report(place: &Place) {
    let files = place.files_of_running();
    match live::report(&files) {
        Ok(Some(report)) => {
            head("running");
            live::tell(&report);
        }
        Ok(None) => say("nothing is recorded so far; the program must be built with peerscope and use it"),
        Err(why) => say(&why),
    }
}

/// A line that sets the report apart from the program's own words; behind the `^\` that a terminal shows.
fn head(what: &str) {
    let mut err = io::stderr().lock();
    let end = if err.is_terminal() { "\r\n" } else { "" };
    // If stderr is closed, there is nobody to tell.
    let _ = writeln!(err, "{end}--- peerscope: {what} ---");
}

/// Says what there is to look at now.
fn summarize(place: &Place, id: os::ProcessId, ended: &Ended, lasted: Duration) {
    let files = place.files();
    let lasted = format!("{}.{} s", lasted.as_secs(), lasted.subsec_millis() / 100);
    let path = place.path().display();
    match files.len() {
        0 => say(&format!("process {id} ran {lasted} and recorded nothing: is it built with peerscope?")),
        count => {
            let processes = if count == 1 { "1 process".into() } else { format!("{count} processes") };
            say(&format!("{processes} recorded in {lasted}; next: peerscope check {path}"));
        }
    }
    if !ended.left.is_empty() {
        let ids: Vec<_> = ended.left.iter().map(ToString::to_string).collect();
        say(&format!("it left processes behind, which go on: {}", ids.join(", ")));
    }
}

fn say(text: &str) {
    input::say(&[text]);
}
