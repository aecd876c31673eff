//! Who waits for whom, through locks, joins and RPCs across peers, at one moment of the trace.

use std::collections::VecDeque;

use peerscope_format::vocabulary::Body;

use super::{Facts, Hold, Mode, Wait, WaitOn};
use crate::model::{EventId, LockId, RpcId, TaskId};

/// Readers of one lock that a wait is said to be for at most: the youngest. More would make the graph quadratic.
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
        let open = begun.iter().filter(|wait| wait.end.is_none_or(|end| event < end)).copied().collect();
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
            graph.stuck.push(Stuck { wait: cases[0], blockers, root, via: None });
        }
        let knots = graph.knots();
        graph.find_cycles(&knots);
        graph.find_roots(&moment, &knots);
        graph
    }

    /// The places of those whom the task at `place` waits for and who wait themselves.
    fn next(&self, place: usize) -> impl Iterator<Item = usize> {
        self.stuck[place].blockers.iter().filter_map(|blocker| self.place(blocker.task()?))
    }

    /// The strongly connected sets of tasks (Tarjan, without recursion); whoever a set waits for stands before it.
    fn knots(&self) -> Vec<Vec<usize>> {
        const NEW: usize = usize::MAX;
        let count = self.stuck.len();
        let (mut number, mut low, mut on_path) = (vec![NEW; count], vec![0; count], vec![false; count]);
        let (mut path, mut knots, mut numbered) = (Vec::new(), Vec::new(), 0);
        for start in 0..count {
            if number[start] != NEW {
                continue;
            }
            let mut calls = vec![(start, self.next(start).collect::<VecDeque<_>>())];
            while let Some((at, rest)) = calls.last_mut() {
                let at = *at;
                if number[at] == NEW {
                    (number[at], low[at], on_path[at]) = (numbered, numbered, true);
                    numbered += 1;
                    path.push(at);
                }
                match rest.pop_front() {
                    Some(next) if number[next] == NEW => {
                        let rest = self.next(next).collect();
                        calls.push((next, rest));
                    }
                    Some(next) if on_path[next] => low[at] = low[at].min(number[next]),
                    Some(_) => {}
                    None => {
                        calls.pop();
                        if let Some((caller, _)) = calls.last() {
                            low[*caller] = low[*caller].min(low[at]);
                        }
                        if low[at] == number[at] {
                            let begin = path.iter().rposition(|other| *other == at).unwrap_or(0);
                            let knot = path.split_off(begin);
                            knot.iter().for_each(|member: &usize| on_path[*member] = false);
                            knots.push(knot);
                        }
                    }
                }
            }
        }
        knots
    }

    fn find_cycles(&mut self, knots: &[Vec<usize>]) {
        let mut found: Vec<(Cycle, &Vec<usize>)> = Vec::new();
        for knot in knots {
            let start = knot.iter().copied().min_by_key(|place| self.stuck[*place].wait.begin);
            found.extend(start.and_then(|start| self.shortest_cycle(start, knot)).map(|cycle| (cycle, knot)));
        }
        found.sort_by_key(|(cycle, _)| cycle.steps[0].wait.begin);
        for (number, (cycle, knot)) in found.into_iter().enumerate() {
            knot.iter().for_each(|place| self.stuck[*place].root = Root::Cycle(number));
            self.cycles.push(cycle);
        }
    }

    /// The shortest way from `start` back to it within `knot`.
    fn shortest_cycle(&self, start: usize, knot: &[usize]) -> Option<Cycle> {
        let mut members = knot.to_vec();
        members.sort_unstable();
        let mut came_by: Vec<Option<(usize, Blocker)>> = vec![None; members.len()];
        let mut to_visit = VecDeque::from([start]);
        while let Some(at) = to_visit.pop_front() {
            for blocker in &self.stuck[at].blockers {
                let Some(next) = blocker.task().and_then(|task| self.place(task)) else { continue };
                let Ok(member) = members.binary_search(&next) else { continue };
                if came_by[member].is_some() {
                    continue;
                }
                came_by[member] = Some((at, *blocker));
                if next != start {
                    to_visit.push_back(next);
                    continue;
                }
                let mut steps = Vec::new();
                let mut back = start;
                while let Some((from, blocker)) = members.binary_search(&back).ok().and_then(|member| came_by[member]) {
                    steps.push(Step { wait: self.stuck[from].wait, blocker });
                    back = from;
                    if back == start {
                        break;
                    }
                }
                steps.reverse();
                return Some(Cycle { steps });
            }
        }
        None
    }

    /// Says for each task what its chain ends in; `knots` has those first for whom others wait.
    fn find_roots(&mut self, moment: &Moment<'_, '_>, knots: &[Vec<usize>]) {
        for &place in knots.iter().flatten() {
            let in_cycle = matches!(self.stuck[place].root, Root::Cycle(_));
            let ends = self.stuck[place].blockers.iter().map(|blocker| {
                let next = blocker.task().and_then(|task| self.place(task));
                (*blocker, next.map_or_else(|| moment.end_of_chain(*blocker), |next| self.stuck[next].root))
            });
            // A blocker in a cycle never moves, whatever the others do.
            let ends: Vec<_> = ends.collect();
            let cyclic = ends.iter().find(|(_, root)| matches!(root, Root::Cycle(_)));
            if let Some((blocker, root)) = cyclic.or(ends.first()).copied() {
                self.stuck[place].via = Some(blocker);
                if !in_cycle {
                    self.stuck[place].root = root;
                }
            }
        }
        for step in self.cycles.iter().flat_map(|cycle| &cycle.steps) {
            if let Ok(place) = self.stuck.binary_search_by_key(&step.wait.task, |stuck| stuck.wait.task) {
                self.stuck[place].via = Some(step.blocker);
            }
        }
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
        match first.on {
            WaitOn::Lock(lock) => (self.holders(&first, lock), Root::Unknown),
            WaitOn::Join(child) if self.has_ended(child) => (Vec::new(), Root::Running(first.task)),
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
        (recvs.iter().map(handler).collect(), Root::Unknown)
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
