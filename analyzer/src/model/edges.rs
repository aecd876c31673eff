//! The cross edges of happens-before: which event of another line each event is known to follow.
//!
//! This is the one place that says what orders events of different lines. A kind that gives or takes a [`Signal`] is a
//! row in [`Collector::take_in`]; locks, where one release frees many, have [`Locks`] and [`super::grants`]. The merge of files and
//! [`crate::order`] both use the result.

use peerscope_format::value::Id;
use peerscope_format::vocabulary::Body;
use rustc_hash::FxHashMap;

use super::grants::{Grants, LockStep};
use super::{ChannelId, Dense, Event, EventId, LineId, LockId, SourceId, Table, Tables};

/// For each event, the events of other lines right before it. Together with the lines this is happens-before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges {
    /// Sorted by taker, then by giver; no pair stands twice.
    pairs: Vec<Edge>,
}

/// `giver` happens before `taker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) taker: EventId,
    pub(crate) giver: EventId,
}

impl Edges {
    /// These edges, in any order.
    pub(super) fn new(mut pairs: Vec<Edge>) -> Self {
        sort(&mut pairs);
        pairs.dedup();
        pairs.shrink_to_fit();
        Edges { pairs }
    }

    /// All edges by taker.
    pub(crate) fn all(&self) -> &[Edge] {
        &self.pairs
    }

    /// The same edges after the events were put into a new order; `place` says where each now stands. Those that the
    /// order contradicts are left out, and counted.
    pub(super) fn moved(self, place: impl Fn(EventId) -> EventId) -> (Self, u64) {
        let before = self.pairs.len();
        let moved = self.pairs.into_iter().map(|edge| Edge { taker: place(edge.taker), giver: place(edge.giver) });
        let moved = Edges::new(moved.filter(|edge| edge.giver < edge.taker).collect());
        let left_out = (before - moved.pairs.len()) as u64;
        (moved, left_out)
    }
}

/// Sorts by taker, then by giver.
fn sort(pairs: &mut [Edge]) {
    // One number to compare instead of two takes half the time. They come in a few long runs that are sorted already,
    // which a stable sort merges.
    pairs.sort_by_key(|edge| u64::from(edge.taker.0) << 32 | u64::from(edge.giver.0));
}

/// What one event gives and another takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// `task.spawn` to `task.begin`, by task.
    Spawned,
    /// `task.end` to `task.joined`, by task.
    Ended,
    /// `rpc.send` to `rpc.recv`, by RPC.
    Request,
    /// `rpc.reply` to `rpc.return`, by RPC.
    Answer,
    /// `msg.send` to `msg.recv`, by message.
    Message,
}

const SIGNALS: usize = Signal::Message as usize + 1;
/// Nobody gave the signal.
const NOBODY: u32 = u32::MAX;
/// Several events gave it: whom a taker follows is not known.
const SEVERAL: u32 = u32::MAX - 1;

/// Gathers edges while the events of a trace pass by, in any order that keeps each line's.
#[derive(Debug, Default)]
pub(super) struct Collector {
    /// By signal, by object: the giver.
    given: [Vec<u32>; SIGNALS],
    taken: Vec<(Signal, u32, EventId)>,
    items: Items,
}

/// Gathers the locks and their grants while the events that name locks pass by, in any order that keeps each line's. It
/// shares nothing with a [`Collector`], so that each can have a thread.
#[derive(Debug)]
pub(super) struct Locks {
    table: Table<LockId, SourceId>,
    grants: Grants,
}

impl Locks {
    /// No grant yet; `table` has the locks that are known already.
    pub(super) fn new(table: Table<LockId, SourceId>) -> Self {
        Locks { table, grants: Grants::default() }
    }

    /// Notes which lock `event` names, and what it does to it.
    pub(super) fn take_in(&mut self, event: Event<'_>) {
        let (file, body) = (event.source(), event.body());
        self.table.take_in_lock(file, &body);
        if let Some((id, step)) = LockStep::of(&body)
            && let Some(lock) = id.and_then(|id| self.table.get(file, id))
        {
            self.grants.take_in(event, lock, step);
        }
    }

    /// The locks, and the edges of their grants in their order, without those that [`Collector::finish`] leaves out too.
    pub(super) fn finish(
        self,
        line_of: impl Fn(EventId) -> Option<LineId>,
        file_order: impl Fn(EventId) -> Option<u32>,
    ) -> (Table<LockId, SourceId>, Vec<Edge>) {
        let mut pairs = Vec::new();
        self.grants.finish(&line_of, &mut |giver, taker| add(&mut pairs, Edge { taker, giver }, &line_of, &file_order));
        sort(&mut pairs);
        (self.table, pairs)
    }
}

/// Adds an edge, unless the lines say it already or it contradicts the order of a file that one writer wrote; the latter
/// is what `false` means.
fn add(
    pairs: &mut Vec<Edge>,
    edge: Edge,
    line_of: impl Fn(EventId) -> Option<LineId>,
    file_order: impl Fn(EventId) -> Option<u32>,
) -> bool {
    let Edge { taker, giver } = edge;
    let same_line = line_of(taker).is_some_and(|line| line_of(giver) == Some(line));
    let against_file = giver > taker && file_order(taker).is_some_and(|file| file_order(giver) == Some(file));
    if giver != taker && !same_line && !against_file {
        pairs.push(edge);
    }
    !against_file
}

impl Collector {
    /// Notes what `event` gives and takes; `tables` knows all that it names.
    pub(super) fn take_in(&mut self, event: Event<'_>, body: &Body<'_>, tables: &Tables) {
        let file = event.source();
        let task = |id: Option<Id<'_>>| id.and_then(|id| tables.tasks.get(file, id)).map(Dense::index);
        let own_task = event.task().map(Dense::index);
        let rpc = |id: Option<Id<'_>>| id.and_then(|id| tables.rpcs.get((), id)).map(Dense::index);
        let message = |id: Option<Id<'_>>| id.and_then(|id| tables.messages.get((), id)).map(Dense::index);
        let channel = |id: Option<Id<'_>>| id.and_then(|id| tables.channels.get(file, id));
        match body {
            Body::TaskSpawn(body) => self.give(Signal::Spawned, task(body.child), event),
            Body::TaskBegin(_) => self.take(Signal::Spawned, own_task, event),
            Body::TaskEnd(_) => self.give(Signal::Ended, own_task, event),
            Body::TaskJoined(body) => self.take(Signal::Ended, task(body.child), event),
            Body::RpcSend(body) => self.give(Signal::Request, rpc(body.rpc), event),
            Body::RpcRecv(body) => self.take(Signal::Request, rpc(body.rpc), event),
            Body::RpcReply(body) => self.give(Signal::Answer, rpc(body.rpc), event),
            // An outcome other than `ok` may have come about without the answer.
            Body::RpcReturn(body) if matches!(body.outcome, None | Some("ok")) => {
                self.take(Signal::Answer, rpc(body.rpc), event);
            }
            Body::MsgSend(body) => self.give(Signal::Message, message(body.msg), event),
            Body::MsgRecv(body) => self.take(Signal::Message, message(body.msg), event),
            Body::ChanSend(body) => self.items.send(channel(body.chan), event),
            Body::ChanSent(body) => self.items.sent(channel(body.chan), Mark::of(body.seq, body.item), event),
            Body::ChanReceived(body) => self.items.received(channel(body.chan), Mark::of(body.seq, body.item), event),
            _ => {}
        }
    }

    fn give(&mut self, signal: Signal, object: Option<usize>, event: Event<'_>) {
        let Some(object) = object else { return };
        let givers = &mut self.given[signal as usize];
        if givers.len() <= object {
            givers.resize(object + 1, NOBODY);
        }
        givers[object] = if givers[object] == NOBODY { event.id().0 } else { SEVERAL };
    }

    fn take(&mut self, signal: Signal, object: Option<usize>, event: Event<'_>) {
        self.taken.extend(object.map(|object| (signal, object as u32, event.id())));
    }

    /// The edges in their order, without those that the lines say already and those that contradict the order of a file
    /// that one writer wrote. `line_of` and `file_order` (a file's number, if one writer wrote it) are asked for events.
    pub(super) fn finish(
        self,
        line_of: impl Fn(EventId) -> Option<LineId>,
        file_order: impl Fn(EventId) -> Option<u32>,
    ) -> Vec<Edge> {
        let Collector { given, taken, items } = self;
        let mut pairs = Vec::new();
        let mut add = |giver: EventId, taker: EventId| add(&mut pairs, Edge { taker, giver }, &line_of, &file_order);
        let giver = |signal: Signal, object: u32| given[signal as usize].get(object as usize).copied();
        for (signal, object, taker) in taken {
            // A request that was sent twice under one id has no answer of its own.
            let ambiguous = signal == Signal::Answer && giver(Signal::Request, object) == Some(SEVERAL);
            match giver(signal, object) {
                None | Some(NOBODY | SEVERAL) => {}
                Some(_) if ambiguous => {}
                Some(giver) => {
                    add(EventId(giver), taker);
                }
            }
        }
        items.finish(&line_of, &mut add);
        sort(&mut pairs);
        pairs
    }
}

/// Values in channels: the begin of a send happens before its receive ends. Both ends name the value, by its `seq` or by an
/// `item`. Of a send that need not wait there is only the end, which may stand behind the receive; but whatever its task
/// did before, it did before the send.
#[derive(Debug, Default)]
struct Items {
    /// By line: the send that has begun.
    begun: FxHashMap<LineId, (ChannelId, EventId)>,
    sends: FxHashMap<(ChannelId, Mark), Send>,
    received: Vec<(ChannelId, Mark, EventId)>,
}

/// What pairs the two ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Mark {
    Seq(u64),
    Number(u64),
    Text(Box<str>),
}

impl Mark {
    /// An `item` pairs the ends of whoever writes one; a `seq` may be known at one end only.
    fn of(seq: Option<u64>, item: Option<Id<'_>>) -> Option<Mark> {
        match item {
            None => seq.map(Mark::Seq),
            Some(Id::Number(number)) => Some(Mark::Number(number)),
            Some(other) => Some(Mark::Text(other.to_string().into())),
        }
    }
}

/// How far before the end of a send its task's last deed is looked for.
const FARTHEST: usize = 1024;

#[derive(Clone, Copy, Debug)]
enum Send {
    Begin(EventId),
    /// There is only its end.
    End(EventId),
    /// Several values are called the same.
    Ambiguous,
}

impl Items {
    fn send(&mut self, channel: Option<ChannelId>, event: Event<'_>) {
        if let (Some(channel), Some(line)) = (channel, event.line()) {
            self.begun.insert(line, (channel, event.id()));
        }
    }

    fn sent(&mut self, channel: Option<ChannelId>, mark: Option<Mark>, event: Event<'_>) {
        let (Some(channel), Some(line)) = (channel, event.line()) else { return };
        let begun = self.begun.remove(&line).filter(|(begun, _)| *begun == channel);
        let Some(mark) = mark else { return };
        let send = begun.map_or(Send::End(event.id()), |(_, begin)| Send::Begin(begin));
        self.sends.entry((channel, mark)).and_modify(|send| *send = Send::Ambiguous).or_insert(send);
    }

    fn received(&mut self, channel: Option<ChannelId>, mark: Option<Mark>, event: Event<'_>) {
        if let (Some(channel), Some(mark)) = (channel, mark) {
            self.received.push((channel, mark, event.id()));
        }
    }

    fn finish(self, line_of: impl Fn(EventId) -> Option<LineId>, add: &mut impl FnMut(EventId, EventId) -> bool) {
        let Items { sends, received, .. } = self;
        for (channel, mark, end) in received {
            let giver = match sends.get(&(channel, mark)) {
                Some(Send::Begin(begin)) => Some(*begin),
                Some(Send::End(sent)) => {
                    let line = line_of(*sent);
                    let mut before = (0..sent.0).rev().take(FARTHEST).map(EventId);
                    before.find(|event| line.is_some() && line_of(*event) == line)
                }
                Some(Send::Ambiguous) | None => None,
            };
            if let Some(giver) = giver {
                add(giver, end);
            }
        }
    }
}
