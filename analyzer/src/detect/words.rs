//! Words and turns that several detectors share: how things are called, what belongs to one critical section.

use super::finding::Object;
use crate::facts::{Facts, Wait, WaitOn};
use crate::model::{EventId, LockId, PeerId, RpcId, TaskId, Trace};

/// How things are called in sentences.
#[derive(Clone, Copy)]
pub(crate) struct Words<'t>(pub(crate) &'t Trace);

impl Words<'_> {
    /// `peer 0`.
    pub(crate) fn peer(self, peer: PeerId) -> String {
        format!("peer {}", self.0.peers().name(peer))
    }

    /// `peers 0 and 1`; with their clusters or tests if their names alone do not tell them apart; of many only the first.
    pub(crate) fn peers(self, peers: &[PeerId]) -> String {
        const MOST: usize = 12;
        let mut peers = peers.to_vec();
        peers.sort_by_key(|peer| self.0.peers().id(*peer));
        let mut names: Vec<_> = peers.iter().map(|peer| self.0.peers().name(*peer).into_owned()).collect();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            names = peers.iter().map(|peer| self.full_name(*peer)).collect();
        }
        let all = names.len();
        if all > MOST {
            names.truncate(MOST);
            names.push(format!("{} more", all - MOST));
        }
        format!("peer{} {}", if all == 1 { "" } else { "s" }, enumerate(&names))
    }

    /// ``0 of cluster `x` ``: the name with all of its scope.
    pub(crate) fn full_name(self, peer: PeerId) -> String {
        let scope = self.0.peers().scope(peer);
        let cluster =
            scope.cluster.map_or_else(String::new, |id| format!(" of cluster `{}`", self.0.clusters().name(id)));
        let test = scope.test.map_or_else(String::new, |id| format!(" in test `{}`", self.0.tests().name(id)));
        format!("{}{cluster}{test}", self.0.peers().name(peer))
    }

    /// `task 3`, or ``task `ticker` (3)``.
    pub(crate) fn task(self, task: TaskId) -> String {
        let (name, id) = (self.0.tasks().name(task), self.0.tasks().id(task).to_string());
        if name == id { format!("task {id}") } else { format!("task `{name}` ({id})") }
    }

    /// `task 3 of peer 0`: who wrote the event.
    pub(crate) fn author(self, event: EventId) -> String {
        let event = self.0.event(event);
        match (event.task(), event.peer()) {
            (Some(task), Some(peer)) => format!("{} of {}", self.task(task), self.peer(peer)),
            (Some(task), None) => self.task(task),
            (None, Some(peer)) => self.peer(peer),
            (None, None) => "somebody".into(),
        }
    }

    /// `task 3 of peer 0 waits for lock x`.
    pub(crate) fn waiting(self, facts: &Facts<'_>, wait: &Wait) -> String {
        let peer = self.0.event(wait.begin).peer();
        format!("{} waits {}", self.author(wait.begin), self.wait(facts, wait.on, peer))
    }

    /// `task 3 of peer 0 takes lock x`, for the hold that began with `acquire`.
    pub(crate) fn taking(self, facts: &Facts<'_>, acquire: EventId) -> String {
        let who = self.author(acquire);
        match facts.holds().began_at(acquire) {
            Some(hold) => format!("{who} takes {}", self.lock(facts, hold.lock, self.0.event(acquire).peer())),
            None => format!("{who} takes the lock"),
        }
    }

    /// `tasks 4, 6 and 8`, by their ids alone; of many only the first.
    pub(crate) fn tasks(self, tasks: &[TaskId]) -> String {
        const MOST: usize = 8;
        let mut names: Vec<_> = tasks.iter().take(MOST).map(|task| self.0.tasks().id(*task).to_string()).collect();
        if tasks.len() > MOST {
            names.push(format!("{} more", tasks.len() - MOST));
        }
        format!("task{} {}", if names.len() == 1 { "" } else { "s" }, enumerate(&names))
    }

    /// `peer 0` if the event has a peer, else its task.
    pub(crate) fn actor(self, event: EventId) -> String {
        self.0.event(event).peer().map_or_else(|| self.author(event), |peer| self.peer(peer))
    }

    /// ``lock `raft` of peer 1``. Whose it is need not be said again beside `named`, the peer of whom the clause speaks;
    /// the id is said where name and owner are those of several locks: ``lock `Mutex<State>` (7)``.
    pub(crate) fn lock(self, facts: &Facts<'_>, lock: LockId, named: Option<PeerId>) -> String {
        let locks = self.0.locks();
        let id = if facts.holds().has_namesake(lock) { format!(" ({})", locks.id(lock)) } else { String::new() };
        let owner = facts.holds().owner(lock).filter(|owner| Some(*owner) != named);
        let owner = owner.map_or_else(String::new, |owner| format!(" of {}", self.peer(owner)));
        format!("lock `{}`{id}{owner}", locks.name(lock))
    }

    /// What a task waits for: ``for lock `raft` ``; `named` as for [`Words::lock`].
    pub(crate) fn wait(self, facts: &Facts<'_>, on: WaitOn, named: Option<PeerId>) -> String {
        let tables = self.0.tables();
        match on {
            WaitOn::Lock(lock) => format!("for {}", self.lock(facts, lock, named)),
            WaitOn::Join(task) => format!("for the end of {}", self.task(task)),
            WaitOn::Rpc(rpc) => format!("for {}", self.reply(facts, rpc)),
            WaitOn::Sleep { .. } => "for time to pass".into(),
            WaitOn::Condition(condition) => {
                format!("for a notify of condition `{}`", tables.conditions.name(condition))
            }
            WaitOn::Channel { channel, sends: true } => {
                format!("to send on channel `{}`", tables.channels.name(channel))
            }
            WaitOn::Channel { channel, sends: false } => {
                format!("to receive from channel `{}`", tables.channels.name(channel))
            }
            WaitOn::Group(group) => format!("for group `{}` to finish", tables.groups.name(group)),
            WaitOn::Semaphore(semaphore) => format!("for permits of `{}`", tables.semaphores.name(semaphore)),
            WaitOn::Timer(timer) => format!("for timer `{}`", tables.timers.name(timer)),
        }
    }

    /// `the reply of RequestVote to peer 1`.
    pub(crate) fn reply(self, facts: &Facts<'_>, rpc: RpcId) -> String {
        let rpc = facts.rpcs().get(rpc);
        let method = rpc.method.unwrap_or("a call");
        match rpc.callee {
            Some(callee) => format!("the reply of {method} to {}", self.peer(callee)),
            None => format!("the reply of {method}"),
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn enumerate(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Nanoseconds as milliseconds.
pub(crate) fn ms(ns: u64) -> String {
    format!("{}.{:03} ms", ns / 1_000_000, ns / 1_000 % 1_000)
}

/// A span of time for somebody who waits: in three digits or so.
pub(crate) fn lasting(ns: u64) -> String {
    let (ms, s) = (ns / 1_000_000, ns / 1_000_000_000);
    match s {
        0 if ms < 10 => format!("{}.{} ms", ms, ns / 100_000 % 10),
        0 => format!("{ms} ms"),
        1..60 => format!("{s}.{} s", ms / 100 % 10),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

/// A span of time in the unit that suits it.
pub(crate) fn span(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{}.{:03} us", ns / 1_000, ns % 1_000),
        _ => ms(ns),
    }
}

/// The critical section that the event belongs to, for the linker: all that its task did from one moment without a lock
/// to the next. Where no lock was held, nothing says what belongs together.
pub(crate) fn section(facts: &Facts<'_>, event: EventId) -> Option<Object> {
    let task = facts.trace().event(event).task()?;
    let mut at = event;
    let mut began = None;
    // Holds may overlap hand over hand; the section began where none was held.
    while let Some(earliest) = facts.holds().held_by_task_at(task, at).map(|hold| hold.acquire).min() {
        if began == Some(earliest) {
            break;
        }
        (began, at) = (Some(earliest), earliest);
    }
    began.map(Object::Section)
}
