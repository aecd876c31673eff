//! What several detectors ask of a trace, each computed once, when it is first asked for.

mod coverage;
mod guesses;
mod holds;
mod losses;
mod packed;
mod roles;
mod rpcs;
#[cfg(test)]
mod tests;
mod wait_graph;
mod waits;

use std::sync::OnceLock;

pub use self::coverage::{Coverage, PeerCoverage};
pub use self::guesses::Guesses;
pub use self::holds::{Hold, Holds, Mode};
pub use self::roles::{Claim, Role, Roles};
pub use self::rpcs::{Rpc, Rpcs};
pub use self::wait_graph::{Blocker, Cycle, Root, Step, Stuck, WaitGraph};
pub use self::waits::{Certainty, WAITING_KINDS, Wait, WaitOn, Waits};
use crate::model::Trace;
use crate::order::Order;
use crate::read::Problem;

/// The facts of one trace. Shared by detectors, also between threads.
pub struct Facts<'t> {
    trace: &'t Trace,
    problems: &'t [Problem],
    order: OnceLock<Order<'t>>,
    holds: OnceLock<Holds>,
    waits: OnceLock<Waits>,
    wait_graph: OnceLock<WaitGraph>,
    roles: OnceLock<Roles>,
    rpcs: OnceLock<Rpcs<'t>>,
    coverage: OnceLock<Coverage>,
}

impl<'t> Facts<'t> {
    /// The facts of `trace`, none computed yet; `problems` are what reading it said.
    pub fn new(trace: &'t Trace, problems: &'t [Problem]) -> Self {
        Facts {
            trace,
            problems,
            order: OnceLock::new(),
            holds: OnceLock::new(),
            waits: OnceLock::new(),
            wait_graph: OnceLock::new(),
            roles: OnceLock::new(),
            rpcs: OnceLock::new(),
            coverage: OnceLock::new(),
        }
    }

    /// Computes what a picture of the trace shows (all but the order), on two threads.
    pub fn compute_for_view(&self) {
        std::thread::scope(|scope| {
            // The holds take about as long as the waits with their RPCs; of the rest, each is computed by who is free first.
            scope.spawn(|| (self.holds(), self.coverage(), self.roles()));
            self.waits();
            self.roles();
            self.coverage();
        });
        self.wait_graph();
    }

    /// Computes all facts, for tests of hostile input; a check computes what its detectors need.
    #[cfg(test)]
    pub(crate) fn compute(&self) {
        self.order();
        self.holds();
        self.waits();
        self.wait_graph();
        self.roles();
        self.rpcs();
        self.coverage();
    }

    /// The trace itself.
    pub fn trace(&self) -> &'t Trace {
        self.trace
    }

    /// What reading the trace said.
    pub fn problems(&self) -> &'t [Problem] {
        self.problems
    }

    /// Happens-before.
    pub fn order(&self) -> &Order<'t> {
        self.order.get_or_init(|| Order::new(self.trace))
    }

    /// Who held which lock, from when to when; and whose the locks are.
    pub fn holds(&self) -> &Holds {
        self.holds.get_or_init(|| Holds::new(self.trace, self.problems))
    }

    /// Who waited for what, from when to when.
    pub fn waits(&self) -> &Waits {
        self.waits.get_or_init(|| Waits::new(self.trace, self.problems, self.rpcs()))
    }

    /// How sure it is that `wait` is one. In a circle it is: its task can do nothing else, whatever other calls from the
    /// same place did.
    pub fn certainty(&self, wait: &Wait) -> Certainty {
        match self.waits().certainty(wait) {
            Certainty::Certain => Certainty::Certain,
            _ if self.wait_graph().is_in_cycle(wait) => Certainty::Certain,
            other => other,
        }
    }

    /// Who waits for whom at the end of the trace.
    pub fn wait_graph(&self) -> &WaitGraph {
        self.wait_graph.get_or_init(|| WaitGraph::at_end(self))
    }

    /// Who had which role, and who claimed to lead which term.
    pub fn roles(&self) -> &Roles {
        self.roles.get_or_init(|| Roles::new(self.trace))
    }

    /// Each RPC with its fate.
    pub fn rpcs(&self) -> &Rpcs<'t> {
        self.rpcs.get_or_init(|| Rpcs::new(self.trace))
    }

    /// What the trace does not show.
    pub fn coverage(&self) -> &Coverage {
        self.coverage.get_or_init(|| Coverage::new(self.trace, self.problems))
    }
}
