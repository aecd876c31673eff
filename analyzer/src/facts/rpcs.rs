//! RPCs: request, handler, answer and use of each as one object with its fate.

use peerscope_format::value::{Id, Term};
use peerscope_format::vocabulary::{Body, Kind};

use super::packed::{OrNone, TextId, Texts};
use crate::model::{Dense, Event, EventId, Grouped, PeerId, RpcId, Trace};

/// One remote procedure call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rpc<'a> {
    /// Which.
    pub id: RpcId,
    /// What is called.
    pub method: Option<&'a str>,
    /// Who calls.
    pub caller: Option<PeerId>,
    /// Who is called.
    pub callee: Option<PeerId>,
    /// `rpc.send`; `None` if it is not in the trace.
    pub send: Option<EventId>,
    /// `rpc.recv`; several if the network duplicated the request.
    pub recvs: &'a [EventId],
    /// `rpc.reply`, at most one a handler.
    pub replies: &'a [EventId],
    /// `rpc.return`; `None` if the caller never had an outcome.
    pub return_: Option<EventId>,
    /// How it returned: `ok timeout error dropped`; `None` without an `rpc.return`.
    pub outcome: Option<&'a str>,
    /// `reply.used`.
    pub used: &'a [EventId],
    /// The term that the request carries.
    pub msg_term: Option<Term>,
    /// Whether it was sent more than once under one id, which ids must not: which reply is to which request is unknown.
    pub ambiguous: bool,
}

/// All RPCs of a trace.
#[derive(Debug, Default)]
pub struct Rpcs<'t> {
    rows: Vec<Row>,
    /// Methods and outcomes.
    texts: Texts<'t>,
    /// By RPC, by [`List`]: its events.
    lists: Grouped<EventId>,
    /// By line: the events with which it began to handle requests.
    recvs_by_line: Grouped<EventId>,
}

/// An RPC but for its lists; what they mean, [`Rpc`] says.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    msg_term: u64,
    has_msg_term: bool,
    ambiguous: bool,
    method: OrNone<TextId>,
    outcome: OrNone<TextId>,
    caller: OrNone<PeerId>,
    callee: OrNone<PeerId>,
    send: OrNone<EventId>,
    return_: OrNone<EventId>,
}

impl Row {
    fn msg_term(&self) -> Option<Term> {
        self.has_msg_term.then_some(Term(self.msg_term))
    }

    fn set_msg_term(&mut self, term: Option<Term>) {
        self.has_msg_term = term.is_some();
        self.msg_term = term.map_or(0, |term| term.0);
    }
}

/// The lists of an RPC.
#[derive(Clone, Copy)]
enum List {
    Recvs,
    Replies,
    Used,
}

const LISTS: usize = List::Used as usize + 1;

impl List {
    fn of(self, rpc: RpcId) -> usize {
        rpc.index() * LISTS + self as usize
    }
}

impl<'t> Rpcs<'t> {
    /// Finds all RPCs of `trace`.
    pub fn new(trace: &'t Trace) -> Self {
        let mut rows = vec![Row::default(); trace.tables().rpcs.len()];
        let mut texts = Texts::default();
        let mut found: Vec<(usize, EventId)> = Vec::new();
        for event in trace.events() {
            if let Some(Kind::RpcSend | Kind::RpcRecv | Kind::RpcReply | Kind::RpcReturn | Kind::ReplyUsed) =
                event.kind()
            {
                note(trace, event, &mut rows, &mut texts, &mut found);
            }
        }
        let lists = Grouped::new(rows.len() * LISTS, || found.iter().copied());
        found.retain(|(list, _)| list % LISTS == List::Recvs as usize);
        found.sort_unstable_by_key(|(_, recv)| *recv);
        let recvs_by_line = Grouped::new(trace.line_count(), || {
            found.iter().filter_map(|(_, recv)| Some((trace.event(*recv).line()?.index(), *recv)))
        });
        Rpcs { rows, texts, lists, recvs_by_line }
    }

    /// How many RPCs there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All RPCs, in the order of their ids.
    pub fn all(&self) -> impl ExactSizeIterator<Item = Rpc<'_>> {
        (0..self.rows.len()).map(|index| self.get(RpcId::from_index(index)))
    }

    /// The RPCs that were sent more than once under one id, in the order of their ids.
    pub fn ambiguous(&self) -> impl Iterator<Item = Rpc<'_>> {
        self.all().filter(|rpc| rpc.ambiguous)
    }

    /// Whether `recv`'s task may still handle its request right after `now`: until it takes the next one. (Whether it has
    /// answered is another question.)
    pub(super) fn is_handled_at(&self, trace: &Trace, recv: EventId, now: EventId) -> bool {
        let Some(line) = trace.event(recv).line() else { return true };
        let recvs = self.recvs_by_line.of(line.index());
        recvs.get(recvs.partition_point(|other| *other <= recv)).is_none_or(|next| *next > now)
    }

    /// The RPC with this id.
    ///
    /// # Panics
    /// If `id` is of another trace.
    pub fn get(&self, id: RpcId) -> Rpc<'_> {
        let row = &self.rows[id.index()];
        let list = |list: List| self.lists.of(list.of(id));
        Rpc {
            id,
            method: self.texts.get(row.method),
            caller: row.caller.get(),
            callee: row.callee.get(),
            send: row.send.get(),
            recvs: list(List::Recvs),
            replies: list(List::Replies),
            return_: row.return_.get(),
            outcome: self.texts.get(row.outcome),
            used: list(List::Used),
            msg_term: row.msg_term(),
            ambiguous: row.ambiguous,
        }
    }
}

/// Enters what `event` says of its RPC. The request's own event speaks first; the others fill in what it left open.
fn note<'t>(
    trace: &'t Trace,
    event: Event<'t>,
    rows: &mut [Row],
    texts: &mut Texts<'t>,
    found: &mut Vec<(usize, EventId)>,
) {
    let body = event.body();
    let (rpc, method, caller, callee) = match body {
        Body::RpcSend(body) => (body.rpc, body.method, body.from, body.to),
        Body::RpcRecv(body) => (body.rpc, body.method, body.from, body.to),
        Body::RpcReply(body) => (body.rpc, body.method, body.to, body.from),
        Body::RpcReturn(body) => (body.rpc, body.method, body.to, body.from),
        Body::ReplyUsed(body) => (body.rpc, None, None, None),
        _ => return,
    };
    let Some(rpc) = rpc.and_then(|id| trace.tables().rpcs.get((), id)) else { return };
    let row = &mut rows[rpc.index()];
    let peer = |id: Option<Id<'_>>| id.and_then(|id| trace.peer_of(event, id));
    let (mut caller, mut callee) = (peer(caller), peer(callee));
    match body {
        Body::RpcSend(body) => {
            row.ambiguous = row.send.get().is_some();
            row.send.fill(Some(event.id()));
            row.set_msg_term(body.msg_term.or(row.msg_term()));
            caller = event.peer().or(caller);
        }
        Body::RpcRecv(body) => {
            found.push((List::Recvs.of(rpc), event.id()));
            row.set_msg_term(row.msg_term().or(body.msg_term));
            callee = event.peer().or(callee);
        }
        Body::RpcReply(_) => {
            found.push((List::Replies.of(rpc), event.id()));
            callee = event.peer().or(callee);
        }
        Body::RpcReturn(body) if row.return_.get().is_none() => {
            row.return_.fill(Some(event.id()));
            row.outcome.fill(Some(texts.intern(body.outcome.unwrap_or("ok"))));
            caller = event.peer().or(caller);
        }
        Body::ReplyUsed(_) => found.push((List::Used.of(rpc), event.id())),
        _ => {}
    }
    if row.method.get().is_none() {
        row.method.fill(method.map(|method| texts.intern(method)));
    }
    row.caller.fill(caller);
    row.callee.fill(callee);
}
