//! Waits: what a task had begun and not yet ended, from which event to which.
//!
//! A task's next event ends what it had begun, with these exceptions: the scheduling of an async task (`task.poll`,
//! `task.pend`, `task.wake`) is no deed of its own; `cond.wait` is followed by the release that it implies; and a select
//! begins several waits, which end together. The waits of an async task are a matter of their own: [`side_by_side`].
//!
//! An RPC is sent by one event and answered by another, and nothing says whether the task waits in between. It does if
//! it wrote the `rpc.return` itself and between the two only *talk*: what a call's own machinery writes in the caller's
//! name, and what neither blocks nor touches what others see of the task:
//!
//! - `log`, `span.enter`, `span.exit`: words;
//! - `task.spawn`: the library hands the request to a helper;
//! - `timer.set`, `timer.stop` outside a select: the call's own time-out. `timer.fire` is no talk: the task is awake;
//! - `msg.send`, `msg.drop`, `fault`: the packet that carries the request, and what the network does to it. `msg.recv`
//!   is no talk: the task has been given something else than the answer.
//!
//! Whatever else it does first (takes a lock, sends another request, ends, says that events were lost, writes a kind that
//! the vocabulary does not know) shows that it did not wait.
//!
//! Where the trace ends after such a send, the wait is open: the task did nothing else. How sure that is, [`Certainty`]
//! says, after what became of other calls from the same place (source line, else method). That is a hint and no more:
//! other tasks' calls never make a wait vanish, since a task that is stuck in a call looks the same whatever others do.
//!
//! Where the recorder's filter left out what a task does, an open call is not taken for a wait.
//!
//! A wait in whose course events are missing ([`Wait::lost`]) is not known to go on. An RPC that was sent twice under one
//! id is none that a wait could be for.

mod side_by_side;

use peerscope_format::filter::{FILTER_KEY, Filter, Wanted};
use peerscope_format::value::{Id, Value};
use peerscope_format::vocabulary::{Body, Kind, Waiting};
use rustc_hash::FxHashMap;

use super::Rpcs;
use super::losses::{Losses, said_lost};
use crate::model::{
    ChannelId, ConditionId, Dense, Event, EventId, GroupId, LockId, RpcId, SemaphoreId, Source, TaskId, TimerId, Trace,
};
use crate::read::Problem;

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WaitOn {
    /// A lock.
    Lock(LockId),
    /// The end of a task.
    Join(TaskId),
    /// The outcome of an RPC.
    Rpc(RpcId),
    /// Time.
    Sleep {
        /// How long, in ns, where the program said so.
        for_ns: Option<u64>,
    },
    /// A condition variable's notify.
    Condition(ConditionId),
    /// A channel.
    Channel {
        /// Which.
        channel: ChannelId,
        /// Whether the task wants to send rather than to receive.
        sends: bool,
    },
    /// A wait group, barrier or latch.
    Group(GroupId),
    /// Permits.
    Semaphore(SemaphoreId),
    /// A timer, as one case of a select.
    Timer(TimerId),
}

/// One wait of a task. A select that waits has one for each of its cases, with the same end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Who waits.
    pub task: TaskId,
    /// The event that began it.
    pub begin: EventId,
    /// The task's next event, for an RPC its `rpc.return`; `None` if the trace ends first.
    pub end: Option<EventId>,
    /// Where events are missing in the course of it: from there on it is not known to go on.
    pub lost: Option<EventId>,
    /// For what.
    pub on: WaitOn,
}

impl Wait {
    /// Whether the task is known to wait at the trace's end.
    pub fn is_open(&self) -> bool {
        self.end.is_none() && self.lost.is_none()
    }

    /// Whether the task is known to wait right after `event`.
    pub fn covers(&self, event: EventId) -> bool {
        self.begin <= event && self.lost.or(self.end).is_none_or(|end| event < end)
    }
}

/// How sure it is that a task waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// An RPC's open call, and calls from the same place were shown not to be waited for (some, or all).
    Doubtful,
    /// An RPC's open call, with no other call to compare with.
    Likely,
    /// The wait says so itself, or has ended; or calls from the same place were waited for, and never not.
    Certain,
}

/// All waits of a trace.
#[derive(Debug, Default)]
pub struct Waits {
    all: Vec<Wait>,
    /// Sends of RPCs that are open at the trace's end, in its order.
    open_calls: Vec<(EventId, Certainty)>,
}

impl Waits {
    /// Finds all waits of `trace`; `problems` are what reading it said.
    pub fn new(trace: &Trace, problems: &[Problem], rpcs: &Rpcs<'_>) -> Self {
        let mut walk = Walk {
            trace,
            rpcs,
            found: Vec::new(),
            tasks: vec![Open::default(); trace.tasks().len()],
            not_waited_for: Vec::new(),
        };
        for event in trace.events() {
            if let Some(task) = event.task() {
                walk.event(event, task);
            }
        }
        walk.forget_calls_behind_waits();
        walk.forget_what_a_filter_may_hide();
        let losses = Losses::new(trace, problems);
        for wait in walk.found.iter_mut().flatten() {
            wait.lost = losses.between(trace.event(wait.begin), wait.end);
        }
        let open_calls = walk.judge_open_calls();
        let mut all: Vec<_> = walk.found.into_iter().flatten().collect();
        all.shrink_to_fit();
        Waits { all, open_calls }
    }

    /// All waits in the order of their begins.
    pub fn all(&self) -> &[Wait] {
        &self.all
    }

    /// The waits that the trace's end cut short, in the order of their begins.
    pub fn unfinished(&self) -> impl Iterator<Item = &Wait> {
        self.all.iter().filter(|wait| wait.is_open())
    }

    /// The wait that `event` began.
    pub fn began_at(&self, event: EventId) -> Option<&Wait> {
        let place = self.all.binary_search_by_key(&event, |wait| wait.begin).ok()?;
        Some(&self.all[place])
    }

    /// How sure it is that `wait` is one, as far as tasks and places alone show; see [`super::Facts::certainty`].
    pub fn certainty(&self, wait: &Wait) -> Certainty {
        let call = self.open_calls.binary_search_by_key(&wait.begin, |(send, _)| *send);
        call.map_or(Certainty::Certain, |place| self.open_calls[place].1)
    }

    /// Whether that is [`Certainty::Certain`].
    pub fn is_certain(&self, wait: &Wait) -> bool {
        self.certainty(wait) == Certainty::Certain
    }
}

/// What one task has begun and not ended.
#[derive(Clone, Default)]
struct Open<'t> {
    /// Places of its waits, first to last; they are neighbours but for other tasks' waits between them.
    waits: Vec<u32>,
    /// The select that they are cases of.
    select: Option<Id<'t>>,
    /// The lock whose release `cond.wait` implies.
    implied_release: Option<Id<'t>>,
    /// The RPC that may turn out not to be waited for.
    maybe_rpc: Option<Id<'t>>,
    /// It was polled: its waits are side by side.
    is_async: bool,
}

/// What an event begins.
struct Begin<'t> {
    on: WaitOn,
    select: Option<Id<'t>>,
}

struct Walk<'t, 'r> {
    trace: &'t Trace,
    rpcs: &'r Rpcs<'r>,
    /// `None` where a wait turned out to be none.
    found: Vec<Option<Wait>>,
    tasks: Vec<Open<'t>>,
    /// Sends of RPCs after which the task did something else.
    not_waited_for: Vec<EventId>,
}

impl<'t> Walk<'t, '_> {
    fn event(&mut self, event: Event<'t>, task: TaskId) {
        let kind = event.kind();
        if kind == Some(Kind::Lost) {
            return said_lost(event).map_or((), |_| self.lose(task));
        }
        if kind.is_some_and(|kind| kind.waiting() == Waiting::Keeps) {
            return if kind == Some(Kind::TaskPoll) {
                self.polled(event, task)
            };
        }
        if self.tasks[task.index()].is_async {
            return self.deed_among_others(event, kind, task);
        }
        let Some(kind) = kind else { return self.end(event, task, None) };
        let open = &mut self.tasks[task.index()];
        // Only these need be decoded.
        let begins = kind.waiting() == Waiting::Begins;
        if open.waits.is_empty() && !begins || open.maybe_rpc.is_some() && is_talk(event, kind) {
            return;
        }
        let ends_rpc = kind == Kind::RpcReturn && open.maybe_rpc.is_some();
        let implied = kind == Kind::LockRelease && open.implied_release.is_some();
        let body = if begins || ends_rpc || implied { event.body() } else { Body::Unknown };
        if let Body::LockRelease(body) = body
            && open.implied_release.take().is_some_and(|lock| body.lock == Some(lock))
        {
            return;
        }
        let begin = self.begin(event, &body);
        let open = &self.tasks[task.index()];
        let same_select = begin.as_ref().is_some_and(|begin| begin.select.is_some() && begin.select == open.select);
        if !same_select {
            let returned = if let Body::RpcReturn(body) = body { body.rpc } else { None };
            self.end(event, task, returned);
        }
        if let Some(begin) = begin {
            let open = &mut self.tasks[task.index()];
            open.waits.push(self.found.len() as u32);
            open.select = begin.select;
            open.implied_release = if let Body::CondWait(body) = body { body.lock } else { None };
            open.maybe_rpc = if let Body::RpcSend(body) = body { body.rpc } else { None };
            self.found.push(Some(Wait { task, begin: event.id(), end: None, lost: None, on: begin.on }));
        }
    }

    /// Ends what `task` had begun; an RPC was waited for only if it is the one that `returned`.
    fn end(&mut self, event: Event<'t>, task: TaskId, returned: Option<Id<'t>>) {
        let open = &mut self.tasks[task.index()];
        let was_none = open.maybe_rpc.is_some() && open.maybe_rpc != returned;
        for place in open.waits.drain(..) {
            match &mut self.found[place as usize] {
                Some(wait) if !was_none => wait.end = Some(event.id()),
                wait => self.not_waited_for.extend(wait.take().map(|wait| wait.begin)),
            }
        }
        open.select = None;
        open.implied_release = None;
        open.maybe_rpc = None;
    }

    /// Events of `task` are missing: the one that ended its wait may be among them.
    fn lose(&mut self, task: TaskId) {
        let open = std::mem::take(&mut self.tasks[task.index()]);
        self.tasks[task.index()].is_async = open.is_async;
        for place in &open.waits {
            // Nor is it known whether there was a wait.
            self.found[*place as usize].take_if(|wait| matches!(wait.on, WaitOn::Rpc(_)));
        }
    }

    /// Where the recorder left events out, a task that shows nothing after a send may well have gone on.
    fn forget_what_a_filter_may_hide(&mut self) {
        let hides: Vec<bool> = self.trace.sources().iter().map(hides_deeds).collect();
        if !hides.contains(&true) {
            return;
        }
        for open in self.tasks.iter().filter(|open| open.maybe_rpc.is_some()) {
            for place in &open.waits {
                let wait = &mut self.found[*place as usize];
                let hidden = |wait: &Wait| hides[self.trace.event(wait.begin).source().index()];
                wait.take_if(|wait| matches!(wait.on, WaitOn::Rpc(_)) && hidden(wait));
            }
        }
    }

    /// Looks at what became of other calls from the places of those that are open at the trace's end.
    fn judge_open_calls(&self) -> Vec<(EventId, Certainty)> {
        let trace = self.trace;
        let calls = || self.found.iter().flatten().filter(|wait| matches!(wait.on, WaitOn::Rpc(_)));
        // By place: whether a call from there was waited for, and whether one was not.
        let mut places: FxHashMap<Place<'_>, (bool, bool)> = FxHashMap::default();
        for wait in calls().filter(|wait| wait.end.is_none()) {
            places.insert(place(trace, wait.begin), (false, false));
        }
        if places.is_empty() {
            return Vec::new();
        }
        for wait in calls().filter(|wait| wait.end.is_some()) {
            places.entry(place(trace, wait.begin)).and_modify(|(waited, _)| *waited = true);
        }
        for send in &self.not_waited_for {
            places.entry(place(trace, *send)).and_modify(|(_, went_on)| *went_on = true);
        }
        let certainty = |wait: &Wait| match places.get(&place(trace, wait.begin)) {
            Some((_, true)) => Certainty::Doubtful,
            Some((true, false)) => Certainty::Certain,
            _ => Certainty::Likely,
        };
        calls().filter(|wait| wait.end.is_none()).map(|wait| (wait.begin, certainty(wait))).collect()
    }

    fn begin(&self, event: Event<'t>, body: &Body<'t>) -> Option<Begin<'t>> {
        let (file, tables) = (event.source(), self.trace.tables());
        let channel =
            |id: Option<Id<'t>>, sends| Some(WaitOn::Channel { channel: tables.channels.get(file, id?)?, sends });
        let (on, select) = match *body {
            Body::LockWait(body) => (WaitOn::Lock(tables.locks.get(file, body.lock?)?), None),
            Body::TaskJoin(body) => (WaitOn::Join(tables.tasks.get(file, body.child?)?), None),
            Body::RpcSend(body) => {
                let rpc = tables.rpcs.get((), body.rpc?).filter(|rpc| !self.rpcs.get(*rpc).ambiguous)?;
                (WaitOn::Rpc(rpc), None)
            }
            Body::Sleep(body) => (WaitOn::Sleep { for_ns: body.duration }, None),
            Body::CondWait(body) => (WaitOn::Condition(tables.conditions.get(file, body.cond?)?), None),
            Body::SemWait(body) => (WaitOn::Semaphore(tables.semaphores.get(file, body.sem?)?), None),
            Body::GroupWait(body) => (WaitOn::Group(tables.groups.get(file, body.group?)?), None),
            Body::ChanSend(body) => (channel(body.chan, true)?, body.select),
            Body::ChanRecv(body) => (channel(body.chan, false)?, body.select),
            // Outside a select, setting a timer waits for nothing.
            Body::TimerSet(body) => (WaitOn::Timer(tables.timers.get(file, body.timer?)?), Some(body.select?)),
            _ => return None,
        };
        Some(Begin { on, select })
    }
}

/// The kinds by which waits begin and end, and those by which it is known who could end them.
pub const WAITING_KINDS: &[Kind] = &[
    Kind::RpcSend,
    Kind::RpcRecv,
    Kind::RpcReply,
    Kind::RpcReturn,
    Kind::TaskJoin,
    Kind::LockWait,
    Kind::LockAcquire,
    Kind::LockRelease,
    Kind::SemWait,
    Kind::CondWait,
    Kind::ChanSend,
    Kind::ChanRecv,
    Kind::GroupWait,
    Kind::OnceBegin,
    Kind::Sleep,
];

/// Whether a file was recorded with a filter that left out what would show that a task goes on.
fn hides_deeds(source: &Source) -> bool {
    let Some(Value::Text(filter)) = source.header.meta(FILTER_KEY) else { return false };
    let (filter, _) = Filter::parse(filter);
    let words = [Kind::Log, Kind::SpanEnter, Kind::SpanExit];
    let mut deeds = Kind::ALL.iter().filter(|kind| !words.contains(kind));
    deeds.any(|kind| filter.wanted_kind(*kind) != Wanted::Always)
}

/// Where in the program a call is made: its source line, else its method.
type Place<'t> = (Option<&'t str>, Option<&'t str>);

fn place(trace: &Trace, send: EventId) -> Place<'_> {
    let event = trace.event(send);
    match (event.src(), event.body()) {
        (Some(src), _) => (Some(src), None),
        (None, Body::RpcSend(body)) => (None, body.method),
        _ => (None, None),
    }
}

/// Whether the event says nothing against a wait for an RPC's answer (see the module's words on talk).
fn is_talk(event: Event<'_>, kind: Kind) -> bool {
    match kind {
        Kind::TimerSet => matches!(event.body(), Body::TimerSet(body) if body.select.is_none()),
        _ => kind.waiting() == Waiting::Talks,
    }
}
