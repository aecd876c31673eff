//! Timing, in the child process: batches, tails, and the outcome that goes to the parent as text.

use std::fmt;
use std::hint::black_box;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Barrier;
use std::time::Instant;

use crate::counting::allocations;

/// Timed batches a child runs.
const BATCHES: u64 = 5;

/// What a contender may use.
#[derive(Debug)]
pub(crate) struct Bench {
    /// Where its files go.
    pub(crate) dir: PathBuf,
    /// The share of the usual number of events: 1 unless system calls are being counted.
    pub(crate) share: f64,
}

/// The four integers of event `number`: the kinds of numbers that a Raft logs (a peer, a term, a growing index, a size).
#[inline(always)]
pub(crate) fn integers(number: u64) -> [u64; 4] {
    [number % 5, 3, number, number & 0xff]
}

impl Bench {
    /// Times batches of `usual` events each, after a warm-up. `event` is called with a growing number.
    pub(crate) fn run(&self, usual: u64, event: impl FnMut(u64)) -> Outcome {
        self.run_beside(usual, event, None::<fn(u64)>)
    }

    /// As [`Bench::run`], with batches of a base in between.
    pub(crate) fn run_with_base(&self, usual: u64, event: impl FnMut(u64), base: impl FnMut(u64)) -> Outcome {
        self.run_beside(usual, event, Some(base))
    }

    fn run_beside(&self, usual: u64, mut event: impl FnMut(u64), mut base: Option<impl FnMut(u64)>) -> Outcome {
        let batch = self.scaled(usual);
        // Every call site, thread-local buffer and table has been used once after this.
        let warm_up = batch / 5 + 1;
        time(0..warm_up, &mut event);
        let mut outcome = Outcome { events: warm_up, ..Outcome::default() };
        for _ in 0..BATCHES {
            let before = allocations();
            let next = outcome.events..outcome.events + batch;
            let ns = time(next, &mut event);
            outcome.allocations += allocations() - before;
            outcome.ns.push(ns);
            outcome.measured += batch;
            outcome.events += batch;
            if let Some(base) = &mut base {
                outcome.base.push(time(0..batch, base));
            }
        }
        outcome
    }

    /// Times each event of several batches by itself: [`Outcome::tail`] says how long the slowest took, two readings of the
    /// clock included.
    pub(crate) fn run_tail(&self, usual: u64, mut event: impl FnMut(u64)) -> Outcome {
        let events = self.scaled(usual);
        let warm_up = events / 5 + 1;
        time(0..warm_up, &mut event);
        let mut tail = Tail::default();
        let (start, first) = (Instant::now(), ticks());
        for number in warm_up..warm_up + events {
            let before = ticks();
            event(black_box(number));
            tail.add(ticks().wrapping_sub(before));
        }
        let elapsed = start.elapsed().as_nanos() as f64;
        let ns_per_tick = elapsed / ticks().wrapping_sub(first).max(1) as f64;
        Outcome {
            ns: vec![elapsed / events.max(1) as f64],
            events: warm_up + events,
            measured: events,
            tail: tail.percentiles().map(|ticks| ticks as f64 * ns_per_tick).to_vec(),
            ..Outcome::default()
        }
    }

    /// Times two threads that emit at once ([`Outcome::ns`]: time over all events) and one (the base) in turns. `thread` is
    /// called on each thread and makes what the thread calls for each event.
    pub(crate) fn run_threads<E: FnMut(u64)>(&self, usual: u64, thread: impl Fn() -> E + Sync) -> Outcome {
        let batch = self.scaled(usual);
        let mut outcome = Outcome::default();
        let mut both = |threads: u64| {
            let barrier = Barrier::new(threads as usize);
            let work = |processor| {
                pin(processor);
                let mut event = thread();
                time(0..batch / 5 + 1, &mut event);
                barrier.wait();
                let start = Instant::now();
                time(0..batch, &mut event);
                (start, Instant::now())
            };
            let work = &work;
            let spans = std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads).map(|at| scope.spawn(move || work(at))).collect();
                workers.into_iter().filter_map(|worker| worker.join().ok()).collect::<Vec<_>>()
            });
            outcome.events += threads * (batch + batch / 5 + 1);
            let (start, end) = (spans.iter().map(|span| span.0).min(), spans.iter().map(|span| span.1).max());
            let elapsed = end.zip(start).map_or(0.0, |(end, start)| (end - start).as_nanos() as f64);
            elapsed / (threads * batch).max(1) as f64
        };
        let (mut ns, mut base) = (Vec::new(), Vec::new());
        for _ in 0..BATCHES {
            base.push(both(1));
            ns.push(both(2));
        }
        Outcome { ns, base, ..outcome }
    }

    fn scaled(&self, usual: u64) -> u64 {
        (usual as f64 * self.share) as u64
    }
}

/// Nanoseconds per call.
fn time(numbers: std::ops::Range<u64>, event: &mut impl FnMut(u64)) -> f64 {
    let events = (numbers.end - numbers.start).max(1);
    let start = Instant::now();
    for number in numbers {
        event(black_box(number));
    }
    start.elapsed().as_nanos() as f64 / events as f64
}

/// Keeps this thread on one processor: two threads that wake at once are otherwise often put on the same one, and stay
/// there for as long as a batch takes.
fn pin(processor: u64) {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: all zeros is an empty set.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: the set holds more processors than two.
        unsafe { libc::CPU_SET(processor as usize, &mut set) };
        // SAFETY: the call reads the set, of the size that it is told; where it may not, the thread stays free.
        unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = processor;
}

/// Processor time of all threads of this process so far, in ns.
pub(crate) fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills in the structure that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A cheap clock of constant rate.
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has this instruction; it only reads a register.
    return unsafe { std::arch::x86_64::_rdtsc() };
    #[cfg(not(target_arch = "x86_64"))]
    {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

/// How often events took how many ticks: exact counts of the short ones, a list of the few long ones.
struct Tail {
    short: Vec<u64>,
    long: Vec<u64>,
}

impl Default for Tail {
    fn default() -> Self {
        Tail { short: vec![0; 1 << 14], long: Vec::with_capacity(1 << 16) }
    }
}

impl Tail {
    #[inline(always)]
    fn add(&mut self, ticks: u64) {
        match self.short.get_mut(ticks as usize) {
            Some(count) => *count += 1,
            None => self.long.push(ticks),
        }
    }

    /// p50, p99, p99.9, p99.99 and the maximum.
    fn percentiles(mut self) -> [u64; 5] {
        self.long.sort_unstable();
        let all = self.short.iter().sum::<u64>() + self.long.len() as u64;
        [0.5, 0.99, 0.999, 0.9999, 1.0].map(|share| {
            let mut rank = ((all as f64 * share).ceil() as u64).clamp(1, all.max(1));
            for (ticks, count) in self.short.iter().enumerate() {
                if rank <= *count {
                    return ticks as u64;
                }
                rank -= count;
            }
            self.long.get(rank as usize - 1).copied().unwrap_or(0)
        })
    }
}

/// What a child has measured; it travels as text, a line a key.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Nanoseconds per event, batch by batch.
    pub(crate) ns: Vec<f64>,
    /// The same of the base, where there is one.
    pub(crate) base: Vec<f64>,
    /// p50, p99, p99.9, p99.99 and maximum in ns, where they were measured.
    pub(crate) tail: Vec<f64>,
    /// All events that went into the files, warm-up included.
    pub(crate) events: u64,
    /// Events of the timed batches, and the emitting thread's allocations in them.
    pub(crate) measured: u64,
    pub(crate) allocations: u64,
    /// Events that the contender is known to have dropped.
    pub(crate) dropped: u64,
    /// Processor time of the whole process, in ns, until everything was written.
    pub(crate) cpu_ns: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, values) in [("ns", &self.ns), ("base", &self.base), ("tail", &self.tail)] {
            let values: Vec<String> = values.iter().map(f64::to_string).collect();
            writeln!(out, "{key} {}", values.join(" "))?;
        }
        let counts = [("events", self.events), ("measured", self.measured)];
        let more = [("allocations", self.allocations), ("dropped", self.dropped), ("cpu_ns", self.cpu_ns)];
        for (key, count) in counts.into_iter().chain(more) {
            writeln!(out, "{key} {count}")?;
        }
        Ok(())
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut outcome = Outcome::default();
        for line in text.lines() {
            let (key, values) = line.split_once(' ').ok_or_else(|| format!("a child says \"{line}\""))?;
            let number = |value: &str| value.parse::<f64>().map_err(|_| values.to_owned());
            let list = || values.split_whitespace().map(number).collect::<Result<Vec<f64>, String>>();
            let count = || values.parse().map_err(|_| values.to_owned());
            match key {
                "ns" => outcome.ns = list()?,
                "base" => outcome.base = list()?,
                "tail" => outcome.tail = list()?,
                "events" => outcome.events = count()?,
                "measured" => outcome.measured = count()?,
                "allocations" => outcome.allocations = count()?,
                "dropped" => outcome.dropped = count()?,
                "cpu_ns" => outcome.cpu_ns = count()?,
                _ => return Err(format!("a child says \"{line}\"")),
            }
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_travel_as_text() {
        let outcome = Outcome { ns: vec![1.5, 2.0], tail: vec![0.1], events: 7, dropped: 1, ..Outcome::default() };
        assert_eq!(outcome.to_string().parse(), Ok(outcome));
    }

    #[test]
    fn percentiles_are_ranks() {
        let mut tail = Tail::default();
        (1..=10_000).for_each(|ticks| tail.add(ticks * 2));
        assert_eq!(tail.percentiles(), [10_000, 19_800, 19_980, 19_998, 20_000]);
    }
}
