//! Who takes part: one slice, from which the children, the rounds and the table derive.

mod copies;
mod fastrace;
mod floors;
mod formats;
mod locks;
mod ours;
mod subscribers;

use std::error::Error;

use crate::measure::{Bench, Outcome, cpu_ns};

/// What a contender's measuring function yields.
pub(crate) type Measured = Result<Outcome, Box<dyn Error>>;

/// Rows that belong together and are compared with the same reference, the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// One event with four integers.
    Event,
    /// Lock and unlock, uncontended.
    Lock,
    /// Two threads at once.
    Threads,
    /// How long the slowest events take.
    Tail,
}

/// What the project wants of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// At most this many ns per event.
    Ns(f64),
    /// At most this many ns per event beyond the base.
    Net(f64),
    /// At most this many bytes per event.
    Bytes(f64),
    /// At least this many times the reference's time.
    TimesOurs(f64),
    /// Two threads emit at no less than this many times the rate of one.
    Scale(f64),
    /// No allocation.
    NoAllocation,
    /// No system call per event: those that take a chunk of thousands of events are allowed.
    NoSystemCall,
}

/// One row of the table.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) targets: &'static [Target],
    /// Events per operation that is timed; 2 for lock and unlock, 0 for what writes nothing.
    pub(crate) records: u64,
    pub(crate) run: fn(&Bench) -> Measured,
}

/// All contenders, in the table's order.
pub(crate) fn all() -> impl Iterator<Item = &'static Contender> {
    [ours::EVENTS, subscribers::ALL, formats::ALL, fastrace::ALL, floors::ALL, locks::ALL, ours::THREADS, copies::ALL]
        .into_iter()
        .flatten()
}

/// Measures one contender, in a process of its own.
pub(crate) fn measure(name: &str, bench: &Bench) -> Result<Outcome, Box<dyn Error>> {
    let contender = all().find(|contender| contender.name == name).ok_or("there is no such contender")?;
    let before = cpu_ns();
    let outcome = (contender.run)(bench)?;
    // The function has dropped its guards, so background threads are done.
    Ok(Outcome { cpu_ns: cpu_ns() - before, ..outcome })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all().map(|contender| contender.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
