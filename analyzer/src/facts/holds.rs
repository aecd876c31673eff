//! Holds: who had which lock, from which event to which.

use std::collections::VecDeque;

use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashMap;

use crate::model::{Dense, Event, EventId, Grouped, LockId, TaskId, Trace, granted};

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
    /// Whether others could hold the lock at the same time when this hold began (modes `shared`, `upgradable`).
    pub shared: bool,
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
        };
        for event in trace.events() {
            walk.event(event);
        }
        let mut all = walk.all;
        all.shrink_to_fit();
        let by_lock = Index::new(trace.locks().len(), &all, |hold| Some(hold.lock.index()));
        let by_task = Index::new(trace.tasks().len(), &all, |hold| hold.task.map(Dense::index));
        Holds { all, by_lock, by_task }
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
            shared: matches!(body.mode, Some("shared" | "upgradable")),
        });
    }

    /// Ends the releasing task's own youngest hold of the lock, else the oldest of another.
    fn release(&mut self, event: Event<'_>) {
        let Body::LockRelease(body) = event.body() else { return };
        let Some(lock) = body.lock.and_then(|id| self.trace.lock_of(event, id)) else { return };
        let all = &self.all;
        let own = self.open.get_mut(&(lock, event.task())).and_then(|places| {
            while places.pop_if(|place| all[*place as usize].release.is_some()).is_some() {}
            places.pop()
        });
        if let Some(place) = own.or_else(|| self.oldest_open(lock)) {
            self.all[place as usize].release = Some(event.id());
        }
    }

    /// The oldest open hold of `lock`.
    fn oldest_open(&mut self, lock: LockId) -> Option<u32> {
        let open = &mut self.open_by_lock[lock.index()];
        while open.pop_front_if(|place| self.all[*place as usize].release.is_some()).is_some() {}
        open.front().copied()
    }
}
