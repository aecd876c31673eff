//! Waits of an async task (one that is polled): its futures wait side by side, as the branches of a `select!` or a `join!`.
//!
//! So what one of them does says nothing about the others, and a wait goes on until its own end, the task's end, or
//! `lost`. Only a join ends with the next poll: a handle may be given up without a word, and is recorded anew by each
//! poll that still waits for it.
//!
//! A call of an RPC is waited for as elsewhere, with this difference: what else the task waits for meanwhile on channels,
//! permits and timers is how the call waits for its answer. Where the trace ends in the midst of it, such a wait
//! is certain and the call's is not, which is then left out.

use peerscope_format::value::Id;
use peerscope_format::vocabulary::{Body, Kind, Waiting};

use super::{Wait, WaitOn, Walk, is_talk};
use crate::model::{Dense, Event, TaskId};

impl<'t> Walk<'t, '_> {
    /// A poll of `task` begins.
    pub(super) fn polled(&mut self, event: Event<'t>, task: TaskId) {
        self.tasks[task.index()].is_async = true;
        self.end_where(event, task, |on| matches!(on, WaitOn::Join(_)));
    }

    /// An async `task` does something.
    pub(super) fn deed_among_others(&mut self, event: Event<'t>, kind: Option<Kind>, task: TaskId) {
        let open = &self.tasks[task.index()];
        let begins = kind.is_some_and(|kind| kind.waiting() == Waiting::Begins);
        if open.waits.is_empty() && !begins {
            return;
        }
        let body = if begins || kind.is_some_and(ends_own) { event.body() } else { Body::Unknown };
        let goes_on = kind.is_none_or(|kind| !is_talk(event, kind) && !is_how_calls_wait(kind));
        if open.maybe_rpc.is_some() && goes_on {
            let returned = if let Body::RpcReturn(body) = body { body.rpc } else { None };
            self.settle_call(event, task, returned);
        }
        if kind == Some(Kind::TaskEnd) {
            self.end_where(event, task, |_| true);
        } else if let Some(ended) = self.ended_by(event, &body) {
            self.end_first(event, task, ended);
        }
        if let Some(begin) = self.begin(event, &body) {
            let open = &mut self.tasks[task.index()];
            open.waits.push(self.found.len() as u32);
            if let Body::RpcSend(body) = body {
                open.maybe_rpc = body.rpc;
            }
            self.found.push(Some(Wait { task, begin: event.id(), end: None, lost: None, on: begin.on }));
        }
    }

    /// Leaves out calls of async tasks that the trace's end cut short while something else was waited for.
    pub(super) fn forget_calls_behind_waits(&mut self) {
        for open in self.tasks.iter().filter(|open| open.is_async && open.maybe_rpc.is_some() && open.waits.len() > 1) {
            for place in &open.waits {
                self.found[*place as usize].take_if(|wait| matches!(wait.on, WaitOn::Rpc(_)));
            }
        }
    }

    /// The open call was waited for if it is the one that `returned`.
    fn settle_call(&mut self, event: Event<'t>, task: TaskId, returned: Option<Id<'t>>) {
        let open = &mut self.tasks[task.index()];
        let was_waited_for = open.maybe_rpc.take() == returned;
        let (found, not_waited_for) = (&mut self.found, &mut self.not_waited_for);
        open.waits.retain(|place| {
            let slot = &mut found[*place as usize];
            let Some(wait) = slot.as_mut().filter(|wait| matches!(wait.on, WaitOn::Rpc(_))) else { return true };
            if was_waited_for {
                wait.end = Some(event.id());
            } else {
                not_waited_for.extend(slot.take().map(|wait| wait.begin));
            }
            false
        });
    }

    fn end_where(&mut self, event: Event<'t>, task: TaskId, ends: impl Fn(WaitOn) -> bool) {
        let found = &mut self.found;
        self.tasks[task.index()].waits.retain(|place| match &mut found[*place as usize] {
            Some(wait) if ends(wait.on) => {
                wait.end = Some(event.id());
                false
            }
            wait => wait.is_some(),
        });
    }

    /// Ends the oldest wait that is like `ended`; of two alike nobody knows which it was.
    fn end_first(&mut self, event: Event<'t>, task: TaskId, ended: WaitOn) {
        let is_sleep = |on| matches!(on, WaitOn::Sleep { .. });
        let found = &mut self.found;
        let waits = &mut self.tasks[task.index()].waits;
        let alike = |wait: &Wait| wait.on == ended || is_sleep(ended) && is_sleep(wait.on);
        let place = waits.iter().position(|place| found[*place as usize].as_ref().is_some_and(alike));
        if let Some(place) = place
            && let Some(wait) = &mut found[waits.remove(place) as usize]
        {
            wait.end = Some(event.id());
        }
    }

    /// What the event is the end of. Attempts that never wait (`busy empty full`) end nothing.
    fn ended_by(&self, event: Event<'t>, body: &Body<'t>) -> Option<WaitOn> {
        let (file, tables) = (event.source(), self.trace.tables());
        let is_end = |outcome: Option<&str>| !matches!(outcome, Some("busy" | "empty" | "full"));
        let channel = |id: Option<Id<'t>>, outcome, sends| {
            let channel = tables.channels.get(file, id.filter(|_| is_end(outcome))?)?;
            Some(WaitOn::Channel { channel, sends })
        };
        match body {
            Body::LockAcquire(body) if is_end(body.outcome) => Some(WaitOn::Lock(tables.locks.get(file, body.lock?)?)),
            Body::SemAcquire(body) if is_end(body.outcome) => {
                Some(WaitOn::Semaphore(tables.semaphores.get(file, body.sem?)?))
            }
            Body::CondWake(body) => Some(WaitOn::Condition(tables.conditions.get(file, body.cond?)?)),
            Body::GroupPass(body) => Some(WaitOn::Group(tables.groups.get(file, body.group?)?)),
            Body::ChanSent(body) => channel(body.chan, body.outcome, true),
            Body::ChanReceived(body) => channel(body.chan, body.outcome, false),
            Body::TaskJoined(body) => Some(WaitOn::Join(tables.tasks.get(file, body.child?)?)),
            Body::SleepEnd(_) => Some(WaitOn::Sleep { for_ns: None }),
            Body::TimerStop(body) => Some(WaitOn::Timer(tables.timers.get(file, body.timer?)?)),
            Body::TimerFire(body) => Some(WaitOn::Timer(tables.timers.get(file, body.timer?)?)),
            _ => None,
        }
    }
}

/// Whether [`Walk::ended_by`] may find an end in an event of this kind, or it returns a call; the rest need not be decoded.
fn ends_own(kind: Kind) -> bool {
    use Kind::{ChanReceived, ChanSent, CondWake, GroupPass, LockAcquire, RpcReturn, SemAcquire, SleepEnd, TaskJoined};
    matches!(
        kind,
        ChanReceived | ChanSent | CondWake | GroupPass | LockAcquire | RpcReturn | SemAcquire | SleepEnd | TaskJoined
    ) || matches!(kind, Kind::TimerStop | Kind::TimerFire)
}

/// Whether it may be by such an event that a call waits for its answer.
fn is_how_calls_wait(kind: Kind) -> bool {
    use Kind::{ChanReceived, ChanRecv, ChanSend, ChanSent, SemAcquire, SemWait, Sleep, SleepEnd, TimerFire, TimerSet};
    matches!(
        kind,
        ChanReceived | ChanRecv | ChanSend | ChanSent | SemAcquire | SemWait | Sleep | SleepEnd | TimerFire | TimerSet
    )
}
