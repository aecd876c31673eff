//! One walk over the lock events of a trace, which finds the holds.

use std::collections::VecDeque;

use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashMap;

use super::{Hold, Mode, Takers};
use crate::model::{Dense, Event, EventId, LineId, LockId, Trace, granted};

pub(super) struct Walk<'t> {
    trace: &'t Trace,
    pub(super) all: Vec<Hold>,
    /// Beside each hold: what the walk knows of it.
    lives: Vec<Life>,
    /// Places of the holds that a line has not released, the youngest last; of some that others have released, too.
    own: FxHashMap<(LockId, Option<LineId>), Vec<u32>>,
    /// By the number of its grant: the hold, until it is released.
    by_seq: FxHashMap<(LockId, u64), u32>,
    pub(super) locks: Vec<LockNow>,
    /// The last `lock.wait` of a line that waits.
    waiting: FxHashMap<LineId, (LockId, EventId)>,
    pub(super) changes: FxHashMap<EventId, Vec<(EventId, Mode)>>,
}

/// What the walk knows of one hold.
#[derive(Clone, Copy)]
struct Life {
    seq: Option<u64>,
    mode: Mode,
    /// Whether its `lock.release` was seen.
    released: bool,
    /// Whether that named the hold by its `seq`.
    by_seq: bool,
}

/// A lock at one moment of the walk.
#[derive(Default)]
pub(super) struct LockNow {
    /// Places of its open holds, the oldest first; of some that have ended, too.
    open: VecDeque<u32>,
    /// Those of them that exclude readers or writers.
    excluding: Vec<u32>,
    /// The highest `seq` of a grant that excluded all others.
    latest: Option<u64>,
    /// The line of the last grant, and the first of its grants since another line's.
    run: Option<(Option<LineId>, EventId)>,
    pub(super) takers: Takers,
    /// Whether a task has released what another took.
    pub(super) passed_on: bool,
}

impl<'t> Walk<'t> {
    pub(super) fn new(trace: &'t Trace) -> Self {
        Walk {
            trace,
            all: Vec::new(),
            lives: Vec::new(),
            own: FxHashMap::default(),
            by_seq: FxHashMap::default(),
            locks: (0..trace.locks().len()).map(|_| LockNow::default()).collect(),
            waiting: FxHashMap::default(),
            changes: FxHashMap::default(),
        }
    }

    pub(super) fn event(&mut self, event: Event<'_>) {
        match event.kind() {
            Some(Kind::LockWait) => {
                if let (Body::LockWait(body), Some(line)) = (event.body(), event.line())
                    && let Some(lock) = body.lock.and_then(|id| self.trace.lock_of(event, id))
                {
                    self.waiting.insert(line, (lock, event.id()));
                }
            }
            Some(Kind::LockAcquire) => self.acquire(event),
            Some(Kind::LockRelease) => self.release(event),
            Some(Kind::LockUpgrade | Kind::LockDowngrade) => self.change_mode(event),
            _ => {}
        }
    }

    /// Whether the release at the end of the hold at `place` named it by its `seq`, so that nothing lost in between can
    /// have ended it.
    pub(super) fn is_exact(&self, place: usize) -> bool {
        self.lives[place].by_seq
    }

    fn acquire(&mut self, event: Event<'_>) {
        let Body::LockAcquire(body) = event.body() else { return };
        let Some(lock) = body.lock.and_then(|id| self.trace.lock_of(event, id)) else { return };
        let wait = event.line().and_then(|line| self.waiting.remove(&line));
        if !granted(body.outcome) {
            return;
        }
        let mode = Mode::of(body.mode);
        self.end_those_before(event, lock, body.seq, mode, None);
        let now = &mut self.locks[lock.index()];
        if let Some(peer) = event.peer() {
            now.takers.add(peer);
        }
        if now.run.is_none_or(|(line, _)| line != event.line()) {
            now.run = Some((event.line(), event.id()));
        }
        // A grant that excluded this one and has come already: so has the end of this hold.
        let is_over = body.seq.zip(now.latest).is_some_and(|(seq, latest)| seq < latest);
        let place = self.all.len() as u32;
        self.all.push(Hold {
            lock,
            task: event.task(),
            line: event.line(),
            wait: wait.filter(|(other, _)| *other == lock).map(|(_, begin)| begin),
            acquire: event.id(),
            release: is_over.then(|| event.id()),
            lost: None,
            mode,
        });
        self.lives.push(Life { seq: body.seq, mode, released: false, by_seq: false });
        if mode == Mode::Exclusive {
            now.latest = now.latest.max(body.seq);
        }
        let own = self.own.entry((lock, event.line())).or_default();
        while own.pop_if(|place| self.lives[*place as usize].released).is_some() {}
        own.push(place);
        self.by_seq.extend(body.seq.map(|seq| ((lock, seq), place)));
        self.oldest_open(lock, |_| true);
        if !is_over {
            let now = &mut self.locks[lock.index()];
            now.open.push_back(place);
            while now.excluding.pop_if(|place| self.all[*place as usize].release.is_some()).is_some() {}
            if mode != Mode::Shared {
                now.excluding.push(place);
            }
        }
    }

    /// A grant proves that the holds before it that it excludes are over, whether or not their release was written.
    /// Which were before it, `seq` says; where there is none, the order of the file, if one writer wrote it.
    fn end_those_before(&mut self, event: Event<'_>, lock: LockId, seq: Option<u64>, mode: Mode, keep: Option<u32>) {
        let Walk { trace, all, lives, locks, .. } = self;
        let one_writer = trace.source(event.source()).header.one_writer;
        if seq.is_none() && !one_writer {
            return;
        }
        let mut goes_on = |place: &u32| {
            let (hold, life) = (&mut all[*place as usize], lives[*place as usize]);
            if hold.release.is_some() {
                return false;
            }
            let is_before = match life.seq.zip(seq) {
                Some((earlier, later)) => earlier < later,
                None => one_writer,
            };
            if is_before && !life.mode.goes_with(mode) && keep != Some(*place) {
                hold.release = Some(event.id());
            }
            hold.release.is_none()
        };
        let now = &mut locks[lock.index()];
        if mode == Mode::Exclusive {
            now.open.retain(&mut goes_on);
        }
        now.excluding.retain(|place| goes_on(place) && lives[*place as usize].mode != Mode::Shared);
    }

    /// Ends the hold that `seq` names. Without `seq`: the line's own youngest, else the oldest of another.
    fn release(&mut self, event: Event<'_>) {
        let Body::LockRelease(body) = event.body() else { return };
        let Some(lock) = body.lock.and_then(|id| self.trace.lock_of(event, id)) else { return };
        let named = body.seq.and_then(|seq| self.by_seq.remove(&(lock, seq)));
        let named = named.filter(|place| !self.lives[*place as usize].released);
        let place = match (named, body.seq) {
            (Some(place), _) => Some(place),
            (None, None) => self.own_youngest(lock, event.line()).or_else(|| self.oldest_open(lock, |_| true)),
            (None, Some(seq)) => {
                // Its grant is not in the trace, but was one; or grants have no `seq` here.
                self.end_those_before(event, lock, Some(seq), Mode::Exclusive, None);
                let unnamed = self.own_youngest(lock, event.line()).filter(|place| self.is_unnamed(*place));
                unnamed.or_else(|| self.oldest_open(lock, |life| life.seq.is_none()))
            }
        };
        let Some(place) = place.map(|place| place as usize) else { return };
        let (hold, life) = (&mut self.all[place], &mut self.lives[place]);
        life.released = true;
        life.by_seq = named.is_some();
        if let Some(seq) = life.seq {
            self.by_seq.remove(&(lock, seq));
        }
        let now = &mut self.locks[lock.index()];
        now.passed_on |= hold.line != event.line();
        // Granted to the same line again, and to nobody else since: a lock that its holder may take several times.
        let taken_again = hold.release.is_some_and(|end| end > hold.acquire)
            && now.run.is_some_and(|(line, first)| line == hold.line && first <= hold.acquire);
        if hold.release.is_none() || taken_again {
            hold.release = Some(event.id());
        }
    }

    /// Changes the mode of the line's own youngest hold of the lock; the hold goes on. A failed upgrade changes nothing.
    fn change_mode(&mut self, event: Event<'_>) {
        let (id, outcome, mode, seq) = match event.body() {
            Body::LockUpgrade(body) => (body.lock, body.outcome, Mode::Exclusive, body.seq),
            Body::LockDowngrade(body) => (body.lock, None, Mode::of(body.mode.or(Some("shared"))), body.seq),
            _ => return,
        };
        if let Some(line) = event.line() {
            self.waiting.remove(&line);
        }
        let Some(lock) = id.and_then(|id| self.trace.lock_of(event, id)).filter(|_| granted(outcome)) else { return };
        let Some(place) = self.own_youngest(lock, event.line()) else { return };
        if mode == Mode::Exclusive {
            self.end_those_before(event, lock, seq, mode, Some(place));
            let now = &mut self.locks[lock.index()];
            now.latest = now.latest.max(seq);
        }
        let life = &mut self.lives[place as usize];
        if let Some(seq) = seq {
            // From now on the hold goes by the number of its new grant; its release may still name the old one.
            self.by_seq.insert((lock, seq), place);
            life.seq = Some(seq);
        }
        let excluded = life.mode != Mode::Shared;
        life.mode = mode;
        if !excluded && mode != Mode::Shared {
            self.locks[lock.index()].excluding.push(place);
        }
        let acquire = self.all[place as usize].acquire;
        self.changes.entry(acquire).or_default().push((event.id(), mode));
    }

    fn is_unnamed(&self, place: u32) -> bool {
        self.lives[place as usize].seq.is_none()
    }

    /// The youngest hold of `lock` that `line` took and nobody has released; perhaps one that a later grant has proved to
    /// be over, for the line of a release may come late.
    fn own_youngest(&mut self, lock: LockId, line: Option<LineId>) -> Option<u32> {
        let places = self.own.get_mut(&(lock, line))?;
        while places.pop_if(|place| self.lives[*place as usize].released).is_some() {}
        places.last().copied()
    }

    /// The oldest open hold of `lock`, if it is as wanted.
    fn oldest_open(&mut self, lock: LockId, wanted: impl Fn(&Life) -> bool) -> Option<u32> {
        let open = &mut self.locks[lock.index()].open;
        while open.pop_front_if(|place| self.all[*place as usize].release.is_some()).is_some() {}
        open.front().copied().filter(|place| wanted(&self.lives[*place as usize]))
    }
}
