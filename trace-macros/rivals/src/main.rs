//! What an event costs, ours beside the rivals', in one table.
//!
//! ```text
//! cargo run --release --manifest-path trace-macros/rivals/Cargo.toml -- [--markdown] [--rounds N] [--only TEXT]
//! ```
//!
//! # How it is measured
//! - **A process per contender and round.** A process can record only once, and set a global subscriber only once (a
//!   `with_default` would charge the rivals for a look-up in thread-local storage). So this program starts itself
//!   again with `--measure NAME DIR`; the child warms up, times some batches and prints an [`Outcome`](measure::Outcome).
//! - **Rounds are interleaved**: contender after contender, then all again, so that a neighbour's build hits everybody. The
//!   table has the median over the rounds (of each round's median batch), by which targets are judged, and the minimum over
//!   all batches, which is what the machine can do when left alone.
//! - **The same event**: the four integers of [`measure::integers`], with names where the contender has names. All
//!   write to files in a temporary folder, which the parent weighs after the child has ended: bytes/event is what is
//!   really there, heads and definitions included.
//! - **ns/event is the emitting thread's time**, as the program feels it. What a contender leaves to a background thread is
//!   in `cpu`, the processor time of the whole process until everything is written, per event.
//! - **net** is the time without a base that was measured in the same process, batch by batch in turns: the empty loop for
//!   disabled events, the plain mutex for tracked ones.
//! - **allocs** are those of the emitting thread after warm-up ([`counting`]); **syscalls** are all that the process makes,
//!   as `strace -f -c` counts them, of a long run less those of a short one (`-` where there is no strace).
//! - **x ours** is the contender's time over that of the group's reference (marked `1`), both medians of this run.
//!
//! Targets are those of the project's table of rivals. A missed one is said, and does not fail the process: timings
//! depend on the machine and on what else it does.

mod contenders;
mod counting;
mod measure;
mod report;
mod syscalls;
mod table;

use std::process::ExitCode;

use crate::measure::Bench;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// What the command line asks for.
struct Arguments {
    markdown: bool,
    rounds: usize,
    only: String,
    /// This process is a child: the contender's name and what it may use.
    measure: Option<(String, Bench)>,
}

fn main() -> ExitCode {
    let result = arguments().and_then(|arguments| match arguments.measure {
        Some((name, bench)) => contenders::measure(&name, &bench).map(|outcome| print!("{outcome}")),
        None => {
            let before = load();
            report::run(arguments.rounds, &arguments.only).map(|table| {
                print!("{}", if arguments.markdown { table.markdown() } else { table.text() });
                println!("\n{} rounds; load average {before} before and {} after", arguments.rounds, load());
            })
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peerscope-rivals: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How busy the machine has been in the last minute: about 1 is this program alone.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn arguments() -> Result<Arguments, Box<dyn std::error::Error>> {
    use lexopt::prelude::*;
    let mut arguments = Arguments { markdown: false, rounds: 5, only: String::new(), measure: None };
    let mut share = 1.0;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("markdown") => arguments.markdown = true,
            Long("rounds") => arguments.rounds = parser.value()?.parse::<usize>()?.max(1),
            Long("only") => arguments.only = parser.value()?.string()?,
            // Between a parent and its children: the share of the usual number of events.
            Long("share") => share = parser.value()?.parse()?,
            Long("measure") => {
                let name = parser.value()?.string()?;
                arguments.measure = Some((name, Bench { dir: parser.value()?.into(), share: 1.0 }));
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    if let Some((_, bench)) = &mut arguments.measure {
        bench.share = share;
    }
    Ok(arguments)
}
