//! What the lanes are made of, sorted by whose it is: a few passes over events, holds and waits for all groups together,
//! so that a scene costs what its events cost, however many peers and tasks share them.

mod contention;

use std::borrow::Cow;

use peerscope_analyzer::facts::{Facts, Hold, Wait, WaitOn};
use peerscope_analyzer::model::{Dense, Event, EventId, Grouped, LockId, PeerId, TaskId, TestId, Trace};
use peerscope_analyzer::value::Term;
use peerscope_analyzer::vocabulary::{Body, Kind};

use self::contention::contended;
use super::Whose;
use super::known::{self, Known};
use super::shelf::{Shelf, shelf};
use super::tasks::point_look;
use crate::lane::Times;
use crate::words::names;

/// A moment after all others: what goes on where the trace ends.
pub const NEVER: EventId = EventId(u32::MAX);

/// All that lanes are made of.
pub struct Material<'f, 't> {
    /// The facts.
    pub facts: &'f Facts<'t>,
    /// The trace.
    pub trace: &'t Trace,
    /// When its events were.
    pub times: Times<'t>,
    /// What of it is known to go on.
    known: Known,
    holds: Cow<'f, [Hold]>,
    waits: Cow<'f, [Wait]>,
    /// By peer: all its events; empty if nothing is missing.
    words: Grouped<EventId>,
    /// By test, the one that has no name first.
    tests: Grouped<EventId>,
    /// By peer.
    roles: Grouped<EventId>,
    turns: Grouped<EventId>,
    /// By file.
    file_losses: Grouped<EventId>,
    /// By group (see [`group`]).
    untasked: Grouped<EventId>,
    untasked_holds: Grouped<u32>,
    tasks: Grouped<TaskId>,
    locks: Grouped<LockId>,
    /// By task, by lock: places in the lists of all holds and waits.
    task_holds: Grouped<u32>,
    task_waits: Grouped<u32>,
    /// By task.
    points: Grouped<EventId>,
    lock_holds: Grouped<u32>,
    lock_waits: Grouped<u32>,
    /// By lock: the event that made it.
    made: Vec<Option<EventId>>,
    /// By task: the event up to which it or what it holds goes on.
    until: Vec<EventId>,
    /// By hold: whether somebody waited for the lock meanwhile.
    contended: Vec<bool>,
}

/// The number of a group: 0 = nobody's, else that after the peer's.
fn group(peer: Option<PeerId>) -> usize {
    peer.map_or(0, |peer| peer.index() + 1)
}

impl<'f, 't> Material<'f, 't> {
    /// Sorts what `facts` are about.
    pub fn new(facts: &'f Facts<'t>, times: Times<'t>) -> Self {
        let trace = facts.trace();
        let peers = trace.peers().len();
        let shelves = Shelves::new(trace);
        let known = Known::new(facts);
        let (kept_holds, kept_waits) = (known.holds(facts), known.waits(facts));
        let (holds, waits) = (&*kept_holds, &*kept_waits);
        let locks = trace.locks().len();
        let tasks = trace.tasks().len();
        let lock_holds = grouped(locks, holds, |hold| Some(hold.lock.index()));
        let lock_waits = grouped(locks, waits, |wait| match wait.on {
            WaitOn::Lock(lock) => Some(lock.index()),
            _ => None,
        });
        let used = |lock: &LockId| !lock_holds.of(lock.index()).is_empty() || !lock_waits.of(lock.index()).is_empty();
        let used: Vec<LockId> = trace.locks().ids().filter(used).collect();
        Material {
            facts,
            trace,
            times,
            tests: Grouped::new(trace.tests().len() + 1, || shelves.tests.iter().copied()),
            roles: Grouped::new(peers, || shelves.roles.iter().copied()),
            turns: Grouped::new(peers, || shelves.turns.iter().copied()),
            file_losses: Grouped::new(trace.sources().len(), || shelves.file_losses.iter().copied()),
            untasked: Grouped::new(peers + 1, || shelves.untasked.iter().copied()),
            untasked_holds: grouped(peers + 1, holds, |hold| {
                hold.task.is_none().then(|| group(trace.event(hold.acquire).peer()))
            }),
            tasks: Grouped::new(peers + 1, || {
                let writers = trace.tasks().ids().filter(|task| !trace.task_events(*task).is_empty());
                writers.map(|task| (group(shelves.writers[task.index()].peer()), task))
            }),
            locks: Grouped::new(peers + 1, || used.iter().map(|lock| (group(facts.holds().owner(*lock)), *lock))),
            task_holds: grouped(tasks, holds, |hold| hold.task.map(Dense::index)),
            task_waits: grouped(tasks, waits, |wait| Some(wait.task.index())),
            points: Grouped::new(tasks, || shelves.points.iter().copied()),
            contended: contended(holds, waits, &lock_holds, &lock_waits),
            lock_holds,
            lock_waits,
            until: until(trace, &known, holds, waits),
            made: shelves.made,
            words: if known.is_whole() { Grouped::default() } else { words(trace) },
            known,
            holds: kept_holds,
            waits: kept_waits,
        }
    }

    /// The groups in the order in which they are shown: tests, peers by test and cluster, nobody.
    pub fn groups(&self) -> Vec<Whose> {
        let peers = self.trace.peers();
        let mut ids: Vec<PeerId> = peers.ids().collect();
        ids.sort_by_key(|peer| {
            let scope = peers.scope(*peer);
            (scope.test, scope.cluster, peers.id(*peer), *peer)
        });
        let peers = ids.into_iter().map(Whose::Peer);
        std::iter::once(Whose::Tests).chain(peers).chain([Whose::Nobody]).collect()
    }

    /// The event that made `lock`, if it was told.
    pub fn made(&self, lock: LockId) -> Option<EventId> {
        self.made[lock.index()]
    }

    /// The tests that have events of their own, first those events that name none.
    pub fn tests(&self) -> impl Iterator<Item = (Option<TestId>, &[EventId])> {
        let tests = std::iter::once(None).chain(self.trace.tests().ids().map(Some));
        let all = tests.enumerate().map(|(place, test)| (test, self.tests.of(place)));
        all.filter(|(_, events)| !events.is_empty())
    }

    /// What the peer does as a member of its group, in the trace's order.
    pub fn role_events(&self, peer: PeerId) -> &[EventId] {
        self.roles.of(peer.index())
    }

    /// The peer's events after which its role, its term or what is known of them may be another, in the trace's order.
    pub fn turns(&self, peer: PeerId) -> &[EventId] {
        self.turns.of(peer.index())
    }

    /// The first event after `event` that says that events of its whole file are missing.
    pub fn file_loss_after(&self, event: Event<'_>) -> Option<EventId> {
        let losses = self.file_losses.of(event.source().index());
        losses.get(losses.partition_point(|lost| *lost <= event.id())).copied()
    }

    /// The peer's last event before `end` (its last of all, if there is no end), if the file of `begin` lacks events: that is
    /// how far something that began there is known to go on.
    pub fn known_until(&self, peer: PeerId, begin: EventId, end: Option<EventId>) -> Option<EventId> {
        let may_lack = self.known.may_lack(self.trace.event(begin));
        may_lack.then(|| known::last_word(self.words.of(peer.index()), begin, end)).flatten()
    }

    /// Whether `task` is known to live where the trace ends: it said when it began and never that it ended, and its end
    /// cannot be among what is missing. Any other lives as long as it writes.
    pub fn is_alive_at_end(&self, task: TaskId) -> bool {
        is_alive_at_end(self.trace, &self.known, task)
    }

    /// Events of the peer, or of nobody, that name no task.
    pub fn untasked(&self, peer: Option<PeerId>) -> &[EventId] {
        self.untasked.of(group(peer))
    }

    /// Holds of the peer, or of nobody, that name no task.
    pub fn untasked_holds(&self, peer: Option<PeerId>) -> impl Iterator<Item = (&Hold, bool)> {
        self.holds(self.untasked_holds.of(group(peer)))
    }

    /// The tasks of the peer, or of nobody, that wrote anything.
    pub fn tasks(&self, peer: Option<PeerId>) -> &[TaskId] {
        self.tasks.of(group(peer))
    }

    /// The locks of the peer, or of nobody, that anybody took or waited for, in the order of their ids.
    pub fn locks(&self, peer: Option<PeerId>) -> &[LockId] {
        self.locks.of(group(peer))
    }

    /// What `task` held, in the order of the acquires; and whether somebody waited for that meanwhile.
    pub fn holds_of_task(&self, task: TaskId) -> impl Iterator<Item = (&Hold, bool)> {
        self.holds(self.task_holds.of(task.index()))
    }

    /// Who held `lock`, in the order of the acquires; and whether somebody waited for it meanwhile.
    pub fn holds_of_lock(&self, lock: LockId) -> impl Iterator<Item = (&Hold, bool)> {
        self.holds(self.lock_holds.of(lock.index()))
    }

    /// The events of `task` for which no block and no arrow stands, in the trace's order.
    pub fn points_of_task(&self, task: TaskId) -> &[EventId] {
        self.points.of(task.index())
    }

    /// What `task` waited for, in the order of the begins.
    pub fn waits_of_task(&self, task: TaskId) -> impl Iterator<Item = &Wait> {
        self.waits(self.task_waits.of(task.index()))
    }

    /// Who waited for `lock`, in the order of the begins.
    pub fn waits_for_lock(&self, lock: LockId) -> impl Iterator<Item = &Wait> {
        self.waits(self.lock_waits.of(lock.index()))
    }

    /// The last event of `task`, or the one that ended the last of what it held, whichever is later; [`NEVER`] if the task
    /// or something of its goes on where the trace ends.
    pub fn until(&self, task: TaskId) -> EventId {
        self.until[task.index()]
    }

    fn holds(&self, places: &[u32]) -> impl Iterator<Item = (&Hold, bool)> {
        places.iter().map(|place| (&self.holds[*place as usize], self.contended[*place as usize]))
    }

    fn waits(&self, places: &[u32]) -> impl Iterator<Item = &Wait> {
        places.iter().map(|place| &self.waits[*place as usize])
    }
}

fn grouped<T>(count: usize, all: &[T], group_of: impl Fn(&T) -> Option<usize>) -> Grouped<u32> {
    Grouped::new(count, || all.iter().zip(0_u32..).filter_map(|(item, place)| Some((group_of(item)?, place))))
}

fn is_alive_at_end(trace: &Trace, known: &Known, task: TaskId) -> bool {
    let life = trace.task(task);
    life.end.is_none() && life.begin.is_some_and(|begin| !known.may_lack(trace.event(begin)))
}

/// By peer: its events.
fn words(trace: &Trace) -> Grouped<EventId> {
    let events = || trace.events().filter_map(|event| Some((event.peer()?.index(), event.id())));
    Grouped::new(trace.peers().len(), events)
}

fn until(trace: &Trace, known: &Known, holds: &[Hold], waits: &[Wait]) -> Vec<EventId> {
    let last = |task| match trace.task_events(task).last() {
        Some(last) if !is_alive_at_end(trace, known, task) => *last,
        _ => NEVER,
    };
    let mut until: Vec<EventId> = trace.tasks().ids().map(last).collect();
    let mut extend = |task: TaskId, end: Option<EventId>| {
        let until = &mut until[task.index()];
        *until = (*until).max(end.unwrap_or(NEVER));
    };
    holds.iter().for_each(|hold| hold.task.into_iter().for_each(|task| extend(task, hold.release)));
    waits.iter().for_each(|wait| extend(wait.task, wait.end));
    until
}

/// In whose name a task wrote.
#[derive(Clone, Copy, Default)]
struct Writer {
    peer: Option<PeerId>,
    several: bool,
    own: u32,
    nobodys: u32,
}

impl Writer {
    fn add(&mut self, event: Event<'_>) {
        match event.peer() {
            Some(peer) => {
                self.several |= self.peer.is_some_and(|other| other != peer);
                self.peer = Some(peer);
                self.own += 1;
            }
            // A thread of a pool begins and ends outside the peer for which it works.
            None if matches!(event.kind(), Some(Kind::TaskBegin | Kind::TaskEnd)) => {}
            None => self.nobodys += 1,
        }
    }

    /// The one peer for which it worked, if it did so most of the time: a test that starts peers is none of them.
    fn peer(self) -> Option<PeerId> {
        self.peer.filter(|_| !self.several && self.own >= self.nobodys)
    }
}

/// What a peer's last event said at its head.
#[derive(Clone, Copy, Default)]
struct Head {
    term: Option<Term>,
    incarnation: u64,
}

impl Head {
    /// Takes in the peer's next event; whether its role or term may be another after it.
    #[inline]
    fn turns(&mut self, event: Event<'_>) -> bool {
        let head = Head { term: event.term().or(self.term), incarnation: event.incarnation() };
        let differs = head.term != self.term || head.incarnation != self.incarnation;
        *self = head;
        differs || matches!(event.kind(), Some(Kind::Role | Kind::TermChange | Kind::PeerStart | Kind::PeerStop))
    }
}

/// Whether a `lost` event says that anything is missing.
fn says_lost(event: Event<'_>) -> bool {
    !matches!(event.body(), Body::Lost(body) if body.events == Some(0))
}

/// Events by where they belong; of those of tasks only the points.
struct Shelves {
    tests: Vec<(usize, EventId)>,
    roles: Vec<(usize, EventId)>,
    turns: Vec<(usize, EventId)>,
    file_losses: Vec<(usize, EventId)>,
    untasked: Vec<(usize, EventId)>,
    points: Vec<(usize, EventId)>,
    writers: Vec<Writer>,
    made: Vec<Option<EventId>>,
}

impl Shelves {
    fn new(trace: &Trace) -> Shelves {
        let mut shelves = Shelves {
            tests: Vec::new(),
            roles: Vec::new(),
            turns: Vec::new(),
            file_losses: Vec::new(),
            untasked: Vec::new(),
            points: Vec::new(),
            writers: vec![Writer::default(); trace.tasks().len()],
            made: vec![None; trace.locks().len()],
        };
        let mut last = vec![Head::default(); trace.peers().len()];
        for event in trace.events() {
            let lost = event.kind() == Some(Kind::Lost) && says_lost(event);
            match event.peer() {
                Some(peer) if last[peer.index()].turns(event) || lost => {
                    shelves.turns.push((peer.index(), event.id()));
                }
                None if lost && event.task().is_none() => {
                    shelves.file_losses.push((event.source().index(), event.id()));
                }
                _ => {}
            }
            match shelf(event) {
                Shelf::Test(test) => shelves.tests.push((test.map_or(0, |test| test.index() + 1), event.id())),
                Shelf::Role(peer) => shelves.roles.push((peer.index(), event.id())),
                Shelf::Untasked(peer) => shelves.untasked.push((group(peer), event.id())),
                // Most events of tasks have blocks or arrows. Here they pass by in their order; by task they lie far apart.
                Shelf::Task(task) if point_look(event.kind()).is_some() => {
                    shelves.points.push((task.index(), event.id()));
                }
                Shelf::Task(_) => {}
            }
            if event.kind() == Some(Kind::LockNew)
                && let Some(lock) = names::lock_of(event)
            {
                shelves.made[lock.index()].get_or_insert(event.id());
            }
            if let Some(task) = event.task() {
                shelves.writers[task.index()].add(event);
            }
        }
        shelves
    }
}
