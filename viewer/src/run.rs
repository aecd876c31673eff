//! A trace with its facts, which borrow it, as one thing that threads can share.

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::Trace;
use peerscope_analyzer::read::Problem;

/// What was read.
#[derive(Debug)]
struct Read {
    trace: Trace,
    problems: Vec<Problem>,
}

self_cell::self_cell!(
    struct Cell {
        owner: Read,
        #[not_covariant]
        dependent: Facts,
    }
);

/// A trace, what reading it said, and its facts.
pub struct Run(Cell);

impl Run {
    /// The run that `trace` tells; `problems` are what reading it said. No fact is computed yet.
    pub fn new(trace: Trace, problems: Vec<Problem>) -> Run {
        Run(Cell::new(Read { trace, problems }, |read| Facts::new(&read.trace, &read.problems)))
    }

    /// The trace.
    pub fn trace(&self) -> &Trace {
        &self.0.borrow_owner().trace
    }

    /// What reading it said.
    pub fn problems(&self) -> &[Problem] {
        &self.0.borrow_owner().problems
    }

    /// Gives `use_facts` the facts.
    pub fn facts<R>(&self, use_facts: impl FnOnce(&Facts<'_>) -> R) -> R {
        self.0.with_dependent(|_, facts| use_facts(facts))
    }
}

/// The window's thread and that of a load share a run.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Run>();
};
