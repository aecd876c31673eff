//! Holds: who had which lock, from which event to which; and whose the locks are.
//!
//! A lock belongs to the peer in whose name more than half of its acquisitions were made; those of tasks outside any peer
//! (a test that looks on) do not count. Where no peer has that many, the lock is nobody's.

use std::collections::VecDeque;

use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Dense, Event, EventId, Grouped, LockId, PeerId, TaskId, Trace, granted};

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
    /// `lock.wait`, if the task had to wait.
    pub wait: Option<EventId>,
    /// `lock.acquire`.
    pub acquire: EventId,
    /// `lock.release`, by whomever; `None` if the trace ends first.
    pub release: Option<EventId>,
    /// How it began; `lock.upgrade` and `lock.downgrade` change that, see [`Holds::mode_at`].
    pub mode: Mode,
}

impl Hold {
    /// Whether the lock is held right after `event` by this hold.
    pub fn covers(&self, event: EventId) -> bool {
        self.acquire <= event && self.release.is_none_or(|release| event < release)
    }
}

/// All holds of a trace.
#[derive(Debug, Default)]
pub struct Holds {
    /// In the order of their acquires.
    all: Vec<Hold>,
    by_lock: Index,
    by_task: Index,
    /// Changes of mode, by the acquire of their hold, in the trace's order.
    changes: FxHashMap<EventId, Vec<(EventId, Mode)>>,
    /// By lock: whose it is.
    owners: Vec<Option<PeerId>>,
    /// Locks that share their name and their owner with another.
    namesakes: FxHashSet<LockId>,
}

/// Holds by lock or by task, in the order of their acquires.
#[derive(Debug, Default)]
struct Index {
    /// Places in the list of all holds.
    places: Grouped<u32>,
    /// For each of these places, the latest release among the group's holds up to there (`u32::MAX` = never): a search
    /// for open holds can stop where everything earlier has ended.
    latest_release: Vec<u32>,
}

impl Index {
    fn new(groups: usize, all: &[Hold], group_of: impl Fn(&Hold) -> Option<usize>) -> Self {
        let pairs = || all.iter().zip(0_u32..).filter_map(|(hold, place)| Some((group_of(hold)?, place)));
        let places = Grouped::new(groups, pairs);
        let mut latest_release = vec![0; places.values().len()];
        for group in 0..groups {
            let mut latest = 0;
            for at in places.range(group) {
                let release = all[places.values()[at] as usize].release;
                latest = latest.max(release.map_or(u32::MAX, |release| release.0));
                latest_release[at] = latest;
            }
        }
        Index { places, latest_release }
    }

    /// The group's holds that cover `event`, the youngest first.
    fn covering<'h>(&'h self, all: &'h [Hold], group: usize, event: EventId) -> impl Iterator<Item = &'h Hold> {
        let latest_release = &self.latest_release[self.places.range(group)];
        let places = self.places.of(group);
        let known = places.partition_point(|place| all[*place as usize].acquire <= event);
        let open = places[..known].iter().zip(latest_release).rev().take_while(move |(_, latest)| **latest >= event.0);
        open.map(|(place, _)| &all[*place as usize]).filter(move |hold| hold.covers(event))
    }
}

impl Holds {
    /// Finds all holds of `trace`.
    pub fn new(trace: &Trace) -> Self {
        let mut walk = Walk {
            trace,
            all: Vec::new(),
            open: FxHashMap::default(),
            open_by_lock: vec![VecDeque::new(); trace.locks().len()],
            waiting: FxHashMap::default(),
            changes: FxHashMap::default(),
            takers: vec![Takers::default(); trace.locks().len()],
        };
        for event in trace.events() {
            walk.event(event);
        }
        let mut all = walk.all;
        all.shrink_to_fit();
        let by_lock = Index::new(trace.locks().len(), &all, |hold| Some(hold.lock.index()));
        let by_task = Index::new(trace.tasks().len(), &all, |hold| hold.task.map(Dense::index));
        let owners = owners(trace, &walk.takers, &all, &by_lock);
        let namesakes = namesakes(trace, &owners);
        Holds { all, by_lock, by_task, changes: walk.changes, owners, namesakes }
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
        self.by_task.places.of(task.index()).iter().map(|place| &self.all[*place as usize])
    }

    /// The holds of `lock` that cover `event` (see [`Hold::covers`]), the youngest first.
    pub fn holders_at(&self, lock: LockId, event: EventId) -> impl Iterator<Item = &Hold> {
        self.by_lock.covering(&self.all, lock.index(), event)
    }

    /// The holds that `task` took and that cover `event`, the youngest first.
    pub fn held_by_task_at(&self, task: TaskId, event: EventId) -> impl Iterator<Item = &Hold> {
        self.by_task.covering(&self.all, task.index(), event)
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
#[derive(Clone, Copy, Default)]
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

struct Walk<'t> {
    trace: &'t Trace,
    all: Vec<Hold>,
    /// Places of the holds that a task has open, the youngest last; of some that others have ended, too.
    open: FxHashMap<(LockId, Option<TaskId>), Vec<u32>>,
    /// By lock: places of its open holds, the oldest first; of some that have ended, too.
    open_by_lock: Vec<VecDeque<u32>>,
    /// The last `lock.wait` of a task that waits.
    waiting: FxHashMap<TaskId, (LockId, EventId)>,
    changes: FxHashMap<EventId, Vec<(EventId, Mode)>>,
    takers: Vec<Takers>,
}

impl Walk<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event.kind() {
            Some(Kind::LockWait) => {
                if let (Body::LockWait(body), Some(task)) = (event.body(), event.task())
                    && let Some(lock) = body.lock.and_then(|id| self.trace.lock_of(event, id))
                {
                    self.waiting.insert(task, (lock, event.id()));
                }
            }
            Some(Kind::LockAcquire) => self.acquire(event),
            Some(Kind::LockRelease) => self.release(event),
            Some(Kind::LockUpgrade | Kind::LockDowngrade) => self.change_mode(event),
            _ => {}
        }
    }

    fn acquire(&mut self, event: Event<'_>) {
        let Body::LockAcquire(body) = event.body() else { return };
        let Some(lock) = body.lock.and_then(|id| self.trace.lock_of(event, id)) else { return };
        let wait = event.task().and_then(|task| self.waiting.remove(&task));
        if !granted(body.outcome) {
            return;
        }
        if let Some(peer) = event.peer() {
            self.takers[lock.index()].add(peer);
        }
        let place = self.all.len() as u32;
        self.open.entry((lock, event.task())).or_default().push(place);
        self.oldest_open(lock);
        self.open_by_lock[lock.index()].push_back(place);
        self.all.push(Hold {
            lock,
            task: event.task(),
            wait: wait.filter(|(other, _)| *other == lock).map(|(_, begin)| begin),
            acquire: event.id(),
            release: None,
            mode: Mode::of(body.mode),
        });
    }

    /// Ends the releasing task's own youngest hold of the lock, else the oldest of another.
    fn release(&mut self, event: Event<'_>) {
        let Body::LockRelease(body) = event.body() else { return };
        let Some(lock) = body.lock.and_then(|id| self.trace.lock_of(event, id)) else { return };
        let own = self.own_youngest(lock, event.task());
        if let Some(place) = own.or_else(|| self.oldest_open(lock)) {
            self.all[place as usize].release = Some(event.id());
        }
    }

    /// Changes the mode of the task's own youngest hold of the lock; the hold goes on. A failed upgrade changes nothing.
    fn change_mode(&mut self, event: Event<'_>) {
        let (id, outcome, mode) = match event.body() {
            Body::LockUpgrade(body) => (body.lock, body.outcome, Mode::Exclusive),
            Body::LockDowngrade(body) => (body.lock, None, Mode::of(body.mode.or(Some("shared")))),
            _ => return,
        };
        if let Some(task) = event.task() {
            self.waiting.remove(&task);
        }
        let Some(lock) = id.and_then(|id| self.trace.lock_of(event, id)).filter(|_| granted(outcome)) else { return };
        if let Some(place) = self.own_youngest(lock, event.task()) {
            let acquire = self.all[place as usize].acquire;
            self.changes.entry(acquire).or_default().push((event.id(), mode));
        }
    }

    /// The youngest open hold of `lock` that `task` took.
    fn own_youngest(&mut self, lock: LockId, task: Option<TaskId>) -> Option<u32> {
        let places = self.open.get_mut(&(lock, task))?;
        while places.pop_if(|place| self.all[*place as usize].release.is_some()).is_some() {}
        places.last().copied()
    }

    /// The oldest open hold of `lock`.
    fn oldest_open(&mut self, lock: LockId) -> Option<u32> {
        let open = &mut self.open_by_lock[lock.index()];
        while open.pop_front_if(|place| self.all[*place as usize].release.is_some()).is_some() {}
        open.front().copied()
    }
}
