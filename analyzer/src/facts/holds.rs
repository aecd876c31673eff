//! Holds: who had which lock, from which event to which; and whose the locks are.
//!
//! A lock belongs to the peer in whose name more than half of its acquisitions were made; those of tasks outside any peer
//! (a test that looks on) do not count. Where no peer has that many, the lock is nobody's.
//!
//! A hold ends with the `lock.release` that names it by `seq`, with one that must mean it, or with a later grant that it
//! would have excluded, which proves that it is over. Where events are missing after its begin ([`Hold::lost`]), it is not
//! known to go on: its release may be among them.

mod index;
mod walk;

use rustc_hash::{FxHashMap, FxHashSet};

use self::index::Index;
use self::walk::Walk;
use super::losses::Losses;
use crate::model::{Dense, EventId, LineId, LockId, PeerId, TaskId, Trace};
use crate::read::Problem;

/// How a lock is held or wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Alone.
    Exclusive,
    /// Beside others that read.
    Shared,
    /// Beside others that read, with the right to become exclusive when they have gone.
    Upgradable,
}

impl Mode {
    /// The mode that a `lock.*` event names; without one, the lock is exclusive.
    pub fn of(name: Option<&str>) -> Mode {
        match name {
            Some("shared") => Mode::Shared,
            Some("upgradable") => Mode::Upgradable,
            _ => Mode::Exclusive,
        }
    }

    /// Whether two tasks can have a lock in these modes at the same time.
    pub fn goes_with(self, other: Mode) -> bool {
        matches!((self, other), (Mode::Shared, Mode::Shared | Mode::Upgradable) | (Mode::Upgradable, Mode::Shared))
    }
}

/// One hold of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The lock.
    pub lock: LockId,
    /// Who took it.
    pub task: Option<TaskId>,
    /// Whose line took it: the task's, or that of a peer which names no task.
    pub line: Option<LineId>,
    /// `lock.wait`, if the task had to wait.
    pub wait: Option<EventId>,
    /// `lock.acquire`.
    pub acquire: EventId,
    /// What ended it: `lock.release`, by whomever, or the grant that proves that it is over; `None` if the trace ends
    /// first.
    pub release: Option<EventId>,
    /// Where events are missing in the course of it: from there on it is not known to go on.
    pub lost: Option<EventId>,
    /// How it began; `lock.upgrade` and `lock.downgrade` change that, see [`Holds::mode_at`].
    pub mode: Mode,
}

impl Hold {
    /// Whether the lock is known to be held right after `event` by this hold.
    pub fn covers(&self, event: EventId) -> bool {
        self.acquire <= event && self.end().is_none_or(|end| event < end)
    }

    /// Whether it is known to go on at the trace's end.
    pub fn is_open(&self) -> bool {
        self.end().is_none()
    }

    /// The event before which it is known to go on.
    fn end(&self) -> Option<EventId> {
        self.lost.or(self.release)
    }
}

/// All holds of a trace.
#[derive(Debug, Default)]
pub struct Holds {
    /// In the order of their acquires.
    all: Vec<Hold>,
    by_lock: Index,
    by_line: Index,
    /// By task: its line.
    lines: Vec<Option<LineId>>,
    /// Changes of mode, by the acquire of their hold, in the trace's order.
    changes: FxHashMap<EventId, Vec<(EventId, Mode)>>,
    /// By lock: whose it is.
    owners: Vec<Option<PeerId>>,
    /// Locks that share their name and their owner with another.
    namesakes: FxHashSet<LockId>,
    /// Locks of a name of which one was released by another task than took it.
    passed_on: FxHashSet<LockId>,
}

impl Holds {
    /// Finds all holds of `trace`; `problems` are what reading it said.
    pub fn new(trace: &Trace, problems: &[Problem]) -> Self {
        let mut walk = Walk::new(trace);
        for event in trace.events() {
            walk.event(event);
        }
        let losses = Losses::new(trace, problems);
        let mut all = std::mem::take(&mut walk.all);
        for (_, hold) in all.iter_mut().enumerate().filter(|(place, _)| !walk.is_exact(*place)) {
            hold.lost = losses.between(trace.event(hold.acquire), hold.release);
        }
        all.shrink_to_fit();
        let by_lock = Index::new(trace.locks().len(), &all, |hold| Some(hold.lock.index()));
        let by_line = Index::new(trace.line_count(), &all, |hold| hold.line.map(Dense::index));
        let lines = trace.tasks().ids().map(|task| trace.task(task).line).collect();
        let takers: Vec<_> = walk.locks.iter().map(|lock| lock.takers).collect();
        let owners = owners(trace, &takers, &all, &by_lock);
        let namesakes = namesakes(trace, &owners);
        let passed_on = of_the_same_name(trace, |lock| walk.locks[lock.index()].passed_on);
        Holds { all, by_lock, by_line, lines, changes: walk.changes, owners, namesakes, passed_on }
    }

    /// All holds in the order of their acquires.
    pub fn all(&self) -> &[Hold] {
        &self.all
    }

    /// The holds of `lock` in the order of their acquires.
    pub fn of_lock(&self, lock: LockId) -> impl DoubleEndedIterator<Item = &Hold> + ExactSizeIterator {
        self.by_lock.places.of(lock.index()).iter().map(|place| &self.all[*place as usize])
    }

    /// The holds that `task` took, in the order of their acquires.
    pub fn of_task(&self, task: TaskId) -> impl DoubleEndedIterator<Item = &Hold> + ExactSizeIterator {
        self.by_line.places.of(self.group(task)).iter().map(|place| &self.all[*place as usize])
    }

    /// The holds of `lock` that cover `event` (see [`Hold::covers`]), the youngest first.
    pub fn holders_at(&self, lock: LockId, event: EventId) -> impl Iterator<Item = &Hold> {
        self.by_lock.covering(&self.all, lock.index(), event)
    }

    /// The holds of `lock` that are known to go on at the trace's end, the youngest first.
    pub fn still_held(&self, lock: LockId) -> impl Iterator<Item = &Hold> {
        self.holders_at(lock, EventId(u32::MAX))
    }

    /// The holds that `task` took and that cover `event`, the youngest first.
    pub fn held_by_task_at(&self, task: TaskId, event: EventId) -> impl Iterator<Item = &Hold> {
        self.by_line.covering(&self.all, self.group(task), event)
    }

    /// The holds that `line` took, a task's or that of a peer which names none, and that cover `event`, the youngest
    /// first.
    pub fn held_by_line_at(&self, line: LineId, event: EventId) -> impl Iterator<Item = &Hold> {
        self.by_line.covering(&self.all, line.index(), event)
    }

    /// Whether tasks release what others took, of this lock or of another with its name: then who waits for a lock of
    /// his own may yet be helped.
    pub fn released_by_others(&self, lock: LockId) -> bool {
        self.passed_on.contains(&lock)
    }

    /// The group of a task's holds; beyond all groups if it wrote nothing.
    fn group(&self, task: TaskId) -> usize {
        self.lines[task.index()].map_or(usize::MAX - 1, Dense::index)
    }

    /// The hold that began with `acquire`.
    pub fn began_at(&self, acquire: EventId) -> Option<&Hold> {
        let place = self.all.binary_search_by_key(&acquire, |hold| hold.acquire).ok()?;
        Some(&self.all[place])
    }

    /// In which mode `hold` has its lock right after `event`.
    pub fn mode_at(&self, hold: &Hold, event: EventId) -> Mode {
        let changes = self.changes.get(&hold.acquire).map_or(&[][..], |changes| changes);
        let known = changes.partition_point(|(change, _)| *change <= event);
        known.checked_sub(1).map_or(hold.mode, |last| changes[last].1)
    }

    /// The peer to which `lock` belongs (see the module's words on that).
    pub fn owner(&self, lock: LockId) -> Option<PeerId> {
        self.owners[lock.index()]
    }

    /// Whether another lock has the same name and the same owner, so that only their ids tell them apart.
    pub fn has_namesake(&self, lock: LockId) -> bool {
        self.namesakes.contains(&lock)
    }
}

/// How many of a lock's acquisitions were whose. The walk leaves the only peer that can have more than half of them
/// (whoever outnumbers all others together outlasts them); where others took the lock as well, it is counted.
#[derive(Clone, Copy, Debug, Default)]
struct Takers {
    candidate: Option<PeerId>,
    balance: u32,
    all: u32,
}

impl Takers {
    fn add(&mut self, peer: PeerId) {
        self.all += 1;
        if self.balance == 0 {
            self.candidate = Some(peer);
        }
        if self.candidate == Some(peer) {
            self.balance += 1;
        } else {
            self.balance -= 1;
        }
    }
}

/// By lock: the peer with more than half of its acquisitions.
fn owners(trace: &Trace, takers: &[Takers], all: &[Hold], by_lock: &Index) -> Vec<Option<PeerId>> {
    let owner = |(lock, takers): (usize, &Takers)| {
        let candidate = takers.candidate?;
        if takers.balance == takers.all {
            return Some(candidate);
        }
        let acquires = by_lock.places.of(lock).iter().map(|place| all[*place as usize].acquire);
        let own = acquires.filter(|acquire| trace.event(*acquire).peer() == Some(candidate)).count();
        (own > takers.all as usize / 2).then_some(candidate)
    };
    takers.iter().enumerate().map(owner).collect()
}

fn namesakes(trace: &Trace, owners: &[Option<PeerId>]) -> FxHashSet<LockId> {
    let mut first: FxHashMap<_, LockId> = FxHashMap::default();
    let mut found = FxHashSet::default();
    for (lock, owner) in trace.locks().ids().zip(owners) {
        let other = *first.entry((trace.locks().name(lock), owner)).or_insert(lock);
        if other != lock {
            found.extend([other, lock]);
        }
    }
    found
}

/// The locks whose name, in their file, is that of a lock of which `is_so` says yes.
fn of_the_same_name(trace: &Trace, is_so: impl Fn(LockId) -> bool) -> FxHashSet<LockId> {
    let key = |lock: LockId| (trace.locks().scope(lock), trace.locks().name(lock));
    let names: FxHashSet<_> = trace.locks().ids().filter(|lock| is_so(*lock)).map(key).collect();
    if names.is_empty() {
        return FxHashSet::default();
    }
    trace.locks().ids().filter(|lock| names.contains(&key(*lock))).collect()
}
