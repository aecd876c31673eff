//! Who waits for whom, through locks, joins and RPCs across peers, at one moment of the trace.
//!
//! A task that waits for a lock needs all its holders to let go; one that waits for an RPC needs any of its handlers to
//! answer (the network may have duplicated the request). A task is *helpless* if by that it can never go on: whoever
//! could help is helpless as well, or has ended with the lock. Circles are sought among the helpless alone, so that a
//! way round that somebody can still break is none.

mod circles;

use std::collections::VecDeque;

use peerscope_format::vocabulary::Body;
use rustc_hash::FxHashSet;

use super::{Facts, Hold, Mode, Wait, WaitOn};
use crate::model::{EventId, LockId, RpcId, TaskId};

/// Readers of one lock that a wait is said to be for at most: the youngest. More would make the graph quadratic. (The
/// others are taken to let go in time.)
const MAX_HOLDERS: usize = 64;

/// Whom a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// The lock is held.
    Holder {
        /// The `lock.acquire` of the hold.
        acquire: EventId,
        /// Who took it.
        task: Option<TaskId>,
    },
    /// The joined task has not ended.
    Child(TaskId),
    /// The RPC's handler has not answered.
    Handler {
        /// `rpc.recv`.
        recv: EventId,
        /// Who handles it.
        task: Option<TaskId>,
    },
}

impl Blocker {
    /// The task that must move.
    pub fn task(&self) -> Option<TaskId> {
        match *self {
            Blocker::Child(task) => Some(task),
            Blocker::Holder { task, .. } | Blocker::Handler { task, .. } => task,
        }
    }
}

/// What a chain of waits ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// A cycle: a place in [`WaitGraph::cycles`].
    Cycle(usize),
    /// The lock's holder has ended without releasing it.
    HolderEnded {
        /// Who.
        task: TaskId,
        /// The `lock.acquire` of its hold.
        acquire: EventId,
    },
    /// A task that waits for nothing.
    Running(TaskId),
    /// A task that sleeps, or whose select has a timer.
    Sleeping(TaskId),
    /// An RPC that nobody has received.
    NotHandled(RpcId),
    /// The trace does not say whom the last task waits for.
    Unknown,
}

/// A task that waits, and what becomes of its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The wait; for a select, that of its first case.
    pub wait: Wait,
    /// Whom it waits for; several where readers share a lock. Empty: see `root`.
    pub blockers: Vec<Blocker>,
    /// What its chain ends in.
    pub root: Root,
    /// Whether one of them is enough to let it go on, and not all must.
    pub needs_any: bool,
    /// The blocker along which its chain goes on; one of `blockers`.
    pub via: Option<Blocker>,
}

/// One task of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The task's wait.
    pub wait: Wait,
    /// The task that the next step is about, and why this one waits for it.
    pub blocker: Blocker,
}

/// Tasks that wait for each other in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The steps, the task with the earliest wait first; the last waits for the first.
    pub steps: Vec<Step>,
}

/// Who waits for whom.
#[derive(Clone, Debug, Default)]
pub struct WaitGraph {
    stuck: Vec<Stuck>,
    cycles: Vec<Cycle>,
}

impl WaitGraph {
    /// The graph at the end of the trace.
    pub fn at_end(facts: &Facts<'_>) -> Self {
        let unfinished = facts.waits().unfinished().copied().collect();
        Self::of_waits(facts, unfinished, EventId(u32::MAX))
    }

    /// The graph right after `event`.
    pub fn at(facts: &Facts<'_>, event: EventId) -> Self {
        let all = facts.waits().all();
        let begun = &all[..all.partition_point(|wait| wait.begin <= event)];
        let open = begun.iter().filter(|wait| wait.covers(event)).copied().collect();
        Self::of_waits(facts, open, event)
    }

    /// The tasks that wait, in the order of their ids.
    pub fn stuck(&self) -> &[Stuck] {
        &self.stuck
    }

    /// The task's wait and what becomes of it, if it waits.
    pub fn of(&self, task: TaskId) -> Option<&Stuck> {
        self.place(task).map(|place| &self.stuck[place])
    }

    /// The waits from `task` on, each for the next one's task, up to the root or once round a cycle.
    pub fn chain(&self, task: TaskId) -> Vec<&Stuck> {
        let mut seen = vec![false; self.stuck.len()];
        let mut chain = Vec::new();
        let mut next = self.place(task);
        while let Some(place) = next.filter(|place| !std::mem::replace(&mut seen[*place], true)) {
            let stuck = &self.stuck[place];
            chain.push(stuck);
            next = stuck.via.and_then(|blocker| self.place(blocker.task()?));
        }
        chain
    }

    /// The cycles, ordered by the earliest wait of each. Where several cycles share tasks (readers of one lock), the
    /// shortest through the task that waits longest stands for all of them.
    pub fn cycles(&self) -> &[Cycle] {
        &self.cycles
    }

    /// Whether `wait` is one of a cycle.
    pub fn is_in_cycle(&self, wait: &Wait) -> bool {
        let place = self.place(wait.task).filter(|place| self.stuck[*place].wait.begin == wait.begin);
        place.is_some_and(|place| match self.stuck[place].root {
            Root::Cycle(number) => self.cycles[number].steps.iter().any(|step| step.wait.task == wait.task),
            _ => false,
        })
    }

    fn place(&self, task: TaskId) -> Option<usize> {
        self.stuck.binary_search_by_key(&task, |stuck| stuck.wait.task).ok()
    }

    /// The graph of `waits`, which are open right after `now`, in the order of their begins.
    fn of_waits(facts: &Facts<'_>, mut waits: Vec<Wait>, now: EventId) -> Self {
        waits.sort_by_key(|wait| wait.task);
        let moment = Moment { facts, now };
        let mut graph = WaitGraph::default();
        for cases in waits.chunk_by(|one, other| one.task == other.task) {
            let (blockers, root) = moment.blockers(cases);
            let needs_any = cases.len() > 1 || matches!(cases[0].on, WaitOn::Rpc(_));
            graph.stuck.push(Stuck { wait: cases[0], blockers, root, needs_any, via: None });
        }
        let helpless = graph.find_helpless(&moment);
        graph.find_cycles(&moment, &helpless);
        graph
    }

    /// The place of the one whom `blocker` names, if it waits itself.
    fn next(&self, blocker: Blocker) -> Option<usize> {
        blocker.task().and_then(|task| self.place(task))
    }

    /// Finds those who can never go on, and says of all others what their chains end in. Begins with those whom somebody
    /// can help who waits for nobody, and goes on to whom these help in turn.
    fn find_helpless(&mut self, moment: &Moment<'_, '_>) -> Vec<bool> {
        let count = self.stuck.len();
        let mut helpless = vec![true; count];
        // By place: those who wait for it, and how many of those for whom it waits itself are not known to go on.
        let mut behind: Vec<Vec<(usize, Blocker)>> = vec![Vec::new(); count];
        let mut open = vec![0_usize; count];
        let mut to_free: VecDeque<(usize, Option<Blocker>, Root)> = VecDeque::new();
        for (place, stuck) in self.stuck.iter().enumerate() {
            let mut free = None;
            for &blocker in &stuck.blockers {
                match self.next(blocker).map_or_else(|| Err(moment.end_of_chain(blocker)), Ok) {
                    Ok(next) => behind[next].push((place, blocker)),
                    // Nobody can help any more.
                    Err(Root::HolderEnded { .. }) => {}
                    Err(root) => {
                        free = free.or(Some((blocker, root)));
                        continue;
                    }
                }
                open[place] += 1;
            }
            match free {
                Some((blocker, root)) if open[place] == 0 || stuck.needs_any => {
                    to_free.push_back((place, Some(blocker), root));
                }
                None if stuck.blockers.is_empty() => to_free.push_back((place, None, stuck.root)),
                _ => {}
            }
        }
        while let Some((place, via, root)) = to_free.pop_front() {
            if !std::mem::replace(&mut helpless[place], false) {
                continue;
            }
            (self.stuck[place].via, self.stuck[place].root) = (via, root);
            for &(waits, blocker) in &behind[place] {
                open[waits] -= 1;
                if open[waits] == 0 || self.stuck[waits].needs_any {
                    to_free.push_back((waits, Some(blocker), root));
                }
            }
        }
        helpless
    }
}

/// The facts right after one event.
struct Moment<'f, 't> {
    facts: &'f Facts<'t>,
    now: EventId,
}

impl Moment<'_, '_> {
    /// Whom the waits of one task (cases of a select, mostly one) are for; and the root, if it is for nobody.
    fn blockers(&self, cases: &[Wait]) -> (Vec<Blocker>, Root) {
        let first = cases[0];
        if cases.iter().any(|wait| matches!(wait.on, WaitOn::Sleep { .. } | WaitOn::Timer(_))) {
            return (Vec::new(), Root::Sleeping(first.task));
        }
        let mut all = Vec::new();
        for wait in cases {
            // Whoever may be helped by somebody whom the trace does not name is not known to be stuck.
            match self.of_case(wait) {
                (blockers, root) if blockers.is_empty() => return (blockers, root),
                (blockers, _) => all.extend(blockers),
            }
        }
        (all, Root::Unknown)
    }

    fn of_case(&self, wait: &Wait) -> (Vec<Blocker>, Root) {
        match wait.on {
            WaitOn::Lock(lock) => (self.holders(wait, lock), Root::Unknown),
            WaitOn::Join(child) if self.has_ended(child) => (Vec::new(), Root::Running(wait.task)),
            WaitOn::Join(child) => (vec![Blocker::Child(child)], Root::Unknown),
            WaitOn::Rpc(rpc) => self.handlers(rpc),
            _ => (Vec::new(), Root::Unknown),
        }
    }

    /// Who holds the lock that `wait` is for. An upgradable hold of the task itself is what it wants to upgrade; it
    /// waits for the others.
    fn holders(&self, wait: &Wait, lock: LockId) -> Vec<Blocker> {
        let facts = self.facts;
        let wanted = match facts.trace().event(wait.begin).body() {
            Body::LockWait(body) => Mode::of(body.mode),
            _ => Mode::Exclusive,
        };
        let upgrades = |hold: &&Hold| {
            hold.task == Some(wait.task)
                && wanted == Mode::Exclusive
                && facts.holds().mode_at(hold, self.now) == Mode::Upgradable
        };
        let holds = facts.holds().holders_at(lock, self.now).filter(|hold| !upgrades(hold)).take(MAX_HOLDERS);
        let mut holders: Vec<_> =
            holds.map(|hold| Blocker::Holder { acquire: hold.acquire, task: hold.task }).collect();
        holders.reverse();
        holders
    }

    fn handlers(&self, rpc: RpcId) -> (Vec<Blocker>, Root) {
        let rpc = self.facts.rpcs().get(rpc);
        let trace = self.facts.trace();
        let seen = |events: &[EventId]| events.partition_point(|event| *event <= self.now);
        let (recvs, replies) = (&rpc.recvs[..seen(rpc.recvs)], &rpc.replies[..seen(rpc.replies)]);
        if recvs.is_empty() {
            return (Vec::new(), if replies.is_empty() { Root::NotHandled(rpc.id) } else { Root::Unknown });
        }
        if !replies.is_empty() {
            // An answer is on its way or was lost; the trace does not say which.
            return (Vec::new(), Root::Unknown);
        }
        let handler = |recv: &EventId| Blocker::Handler { recv: *recv, task: trace.event(*recv).task() };
        // The same request again takes the place of the first in its line.
        let mut lines = FxHashSet::default();
        let mut recvs: Vec<_> = recvs
            .iter()
            .rev()
            .filter(|recv| trace.event(**recv).line().is_none_or(|line| lines.insert(line)))
            .collect();
        recvs.reverse();
        // Who has taken another request has passed this one on, or answered it without a word.
        if recvs.iter().all(|recv| self.facts.rpcs().is_handled_at(trace, **recv, self.now)) {
            (recvs.into_iter().map(handler).collect(), Root::Unknown)
        } else {
            (Vec::new(), Root::Unknown)
        }
    }

    /// What a chain ends in if it comes to `blocker`, whose task does not wait.
    fn end_of_chain(&self, blocker: Blocker) -> Root {
        let Some(task) = blocker.task() else { return Root::Unknown };
        match blocker {
            Blocker::Holder { acquire, .. } if self.has_ended(task) => Root::HolderEnded { task, acquire },
            _ if self.has_ended(task) => Root::Unknown,
            _ => Root::Running(task),
        }
    }

    fn has_ended(&self, task: TaskId) -> bool {
        self.facts.trace().task(task).end.is_some_and(|end| end <= self.now)
    }
}
