//! Feeds damaged traces to the readers and the analyzer, and sees to it that they survive: no panic, and memory and time in
//! proportion to the input.
//!
//! ```text
//! cargo run --release --manifest-path trace-macros/fuzz/Cargo.toml -- [--seconds N] [--seed N] [--save DIR] TRACE.pscope...
//! ```
//!
//! Real traces, as many sorts as there are, are the best to begin with: `cargo run -p peerscope-samples`, `PEERSCOPE_TRACE=...
//! cargo test`. Each is damaged in its wire form ([`damage::file`]) and in JSON Lines ([`damage::text`]). What does not survive
//! is saved in `DIR` (the working directory), and `--seed` of the message makes the same again as first execution. It runs on
//! the stable compiler; coverage does not guide it, the knowledge of the format does.

mod counting;
mod damage;
mod survive;

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use peerscope_format::wire::Image;

use crate::counting::peak;
use crate::damage::Random;
use crate::survive::Survived;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// What may be held beside what the input's size allows: a chunk or line at its largest.
const MEMORY_FIXED: usize = 16 << 20;
/// Bytes that may be held for each byte of input: a trace of the shortest records has one event for three bytes, and an event
/// of the model takes dozens, as does what the order and the detectors note of it.
const MEMORY_TIMES: usize = 200;
/// No input of the corpus' size takes so long, on any machine.
const TIME: Duration = Duration::from_secs(20);

struct Arguments {
    seconds: u64,
    seed: u64,
    save: PathBuf,
    traces: Vec<PathBuf>,
}

/// A trace to begin with, in both forms.
struct Whole {
    file: Vec<u8>,
    text: Vec<u8>,
    chunk_size: usize,
}

/// What was done so far.
#[derive(Default)]
struct Tally {
    executions: u64,
    refused: u64,
    events: u64,
    most_memory: usize,
    most_time: Duration,
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("peerscope-fuzz: {error}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    use lexopt::prelude::*;
    let mut arguments = Arguments { seconds: 60, seed: 0, save: ".".into(), traces: Vec::new() };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => arguments.seconds = parser.value()?.parse()?,
            Long("seed") => arguments.seed = parser.value()?.parse()?,
            Long("save") => arguments.save = parser.value()?.into(),
            Value(trace) => arguments.traces.push(trace.into()),
            _ => return Err(argument.unexpected().into()),
        }
    }
    if arguments.traces.is_empty() {
        return Err("name traces to begin with".into());
    }
    Ok(arguments)
}

fn whole(path: &PathBuf) -> Result<Whole, Box<dyn Error>> {
    let file = std::fs::read(path)?;
    let (image, _) =
        Image::read(&mut std::io::Cursor::new(&file)).map_err(|error| format!("{}: {error}", path.display()))?;
    let head = peerscope_format::wire::FileHead::decode(&file)?;
    Ok(Whole { text: survive::to_json(&image), file, chunk_size: head.chunk_size as usize })
}

/// Whether everything survived.
fn run(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    let corpus = arguments.traces.iter().map(whole).collect::<Result<Vec<_>, _>>()?;
    let (begin, mut said) = (Instant::now(), Instant::now());
    let mut tally = Tally::default();
    while begin.elapsed().as_secs() < arguments.seconds {
        let seed = arguments.seed + tally.executions;
        if let Err(why) = execute(&corpus, seed, &mut tally) {
            let (input, form) = make(&corpus, seed);
            let saved = arguments.save.join(format!("damaged-{seed}.{form}"));
            std::fs::write(&saved, input)?;
            println!("seed {seed}: {why}; saved as {}", saved.display());
            return Ok(false);
        }
        if said.elapsed().as_secs() >= 60 {
            said = Instant::now();
            println!("{tally}");
        }
    }
    println!("{tally}");
    Ok(true)
}

/// The input that follows from `seed`, and the form that it has.
fn make(corpus: &[Whole], seed: u64) -> (Vec<u8>, &'static str) {
    let mut random = Random::new(seed);
    let whole = &corpus[random.below(corpus.len())];
    let other = &corpus[random.below(corpus.len())];
    match random.below(4) {
        0 => (damage::text(&whole.text, &mut random), "jsonl"),
        _ => (damage::file(&whole.file, &other.file, whole.chunk_size, &mut random), "pscope"),
    }
}

fn execute(corpus: &[Whole], seed: u64, tally: &mut Tally) -> Result<(), String> {
    let (input, form) = make(corpus, seed);
    let begin = Instant::now();
    let work = || if form == "jsonl" { survive::text(&input) } else { survive::file(&input) };
    let (memory, survived) = peak(|| catch_unwind(AssertUnwindSafe(work)));
    let time = begin.elapsed();
    match survived {
        Err(_) => return Err("it panicked".into()),
        Ok(_) if memory > MEMORY_FIXED + MEMORY_TIMES * input.len() => {
            return Err(format!("{memory} bytes of memory for {} of input", input.len()));
        }
        Ok(_) if time > TIME => return Err(format!("{time:?} for {} bytes of input", input.len())),
        Ok(Survived::Refused) => tally.refused += 1,
        Ok(Survived::Judged(events)) => tally.events += events as u64,
    }
    tally.executions += 1;
    tally.most_memory = tally.most_memory.max(memory);
    tally.most_time = tally.most_time.max(time);
    Ok(())
}

impl std::fmt::Display for Tally {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { executions, refused, events, most_memory, most_time } = self;
        let memory = most_memory >> 20;
        write!(
            out,
            "{executions} executions, {refused} refused whole; {events} events judged; at most {memory} MiB, {most_time:?}"
        )
    }
}
