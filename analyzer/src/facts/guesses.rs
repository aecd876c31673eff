//! Guesses: which message without an id is which, by its link, its method and what both ends say of its content.
//!
//! A guess is shown where people read and is marked as one. It orders nothing and proves nothing: it is no edge of
//! happens-before, and no detector sees it.
//!
//! A receive is matched if, of the sends on its link that stand before it and were not matched yet, exactly one agrees
//! with it. Where several do, one of them has been used up and nobody knows which: the receive stays alone, and the oldest
//! of them is given up. A call that has returned is given up as well, so that one that was lost does not spoil those that follow.

use std::collections::VecDeque;

use peerscope_format::shape::Slot;
use peerscope_format::value::{Id, ValueRef};
use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashMap;

use crate::model::{ClusterId, Event, EventId, LineId, PeerId, TestId, Trace};

/// So many sends of a link are kept as candidates; a trace of losses alone must not cost more and more.
const MAX_OPEN: usize = 64;

/// The receives of a trace for which there is a guess.
#[derive(Debug, Default)]
pub struct Guesses {
    /// Receive and send, in the order of the receives.
    pairs: Vec<(EventId, EventId)>,
    /// Receives without an id that several sends could be.
    pub ambiguous: usize,
}

impl Guesses {
    /// Guesses all that can be guessed in `trace`.
    pub fn new(trace: &Trace) -> Self {
        let mut guesses = Guesses::default();
        let mut open: FxHashMap<Link<'_>, VecDeque<Send<'_>>> = FxHashMap::default();
        for event in trace.events() {
            let Some(end) = End::of(trace, event) else { continue };
            let sends = open.entry(end.link).or_default();
            if end.sends {
                sends.push_back(Send { event: event.id(), line: event.line(), content: end.content });
                if sends.len() > MAX_OPEN {
                    sends.pop_front();
                }
            } else {
                guesses.receive(event, &end, sends);
            }
            // Whatever became of it, the call is over: its request is waited for no more.
            if event.kind() == Some(Kind::RpcReturn) {
                let request = Link { leg: Leg::Request, from: end.link.to, to: end.link.from, ..end.link };
                if let Some(sends) = open.get_mut(&request)
                    && let Some(place) = sends.iter().position(|send| send.line == event.line())
                {
                    sends.remove(place);
                }
            }
        }
        guesses
    }

    fn receive(&mut self, event: Event<'_>, end: &End<'_>, sends: &mut VecDeque<Send<'_>>) {
        // An outcome other than `ok` may have come about without the answer.
        if let Body::RpcReturn(body) = event.body()
            && !matches!(body.outcome, None | Some("ok"))
        {
            return;
        }
        let mut agreeing = (0..sends.len()).filter(|place| agree(&sends[*place].content, &end.content));
        let Some(first) = agreeing.next() else { return };
        let is_only = agreeing.next().is_none();
        let send = sends.remove(first);
        if is_only {
            self.pairs.extend(send.map(|send| (event.id(), send.event)));
        } else {
            self.ambiguous += 1;
        }
    }

    /// The send that this receive probably belongs to.
    pub fn send_of(&self, receive: EventId) -> Option<EventId> {
        let place = self.pairs.binary_search_by_key(&receive, |(receive, _)| *receive).ok()?;
        Some(self.pairs[place].1)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// A send that nobody has received yet.
struct Send<'t> {
    event: EventId,
    line: Option<LineId>,
    content: Content<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Leg {
    Request,
    Answer,
    Message,
}

/// From whom to whom, and by what method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Link<'t> {
    leg: Leg,
    test: Option<TestId>,
    cluster: Option<ClusterId>,
    from: PeerId,
    to: PeerId,
    method: Option<&'t str>,
}

/// What an end says of a message beside its link.
type Content<'t> = Vec<(&'t str, ValueRef<'t>)>;

/// One end of a message that has no id.
struct End<'t> {
    link: Link<'t>,
    sends: bool,
    content: Content<'t>,
}

impl<'t> End<'t> {
    fn of(trace: &'t Trace, event: Event<'t>) -> Option<Self> {
        use Kind::{MsgRecv, MsgSend, RpcRecv, RpcReply, RpcReturn, RpcSend};
        let kind = event.kind()?;
        let (leg, sends) = match kind {
            RpcSend => (Leg::Request, true),
            RpcRecv => (Leg::Request, false),
            RpcReply => (Leg::Answer, true),
            RpcReturn => (Leg::Answer, false),
            MsgSend => (Leg::Message, true),
            MsgRecv => (Leg::Message, false),
            _ => return None,
        };
        let (id, method, to, from) = match event.body() {
            Body::RpcSend(body) => (body.rpc, body.method, body.to, body.from),
            Body::RpcRecv(body) => (body.rpc, body.method, body.to, body.from),
            Body::RpcReply(body) => (body.rpc, body.method, body.to, body.from),
            Body::RpcReturn(body) => (body.rpc, body.method, body.to, body.from),
            Body::MsgSend(body) => (body.msg, body.method, body.to, body.from),
            Body::MsgRecv(body) => (body.msg, body.method, body.to, body.from),
            _ => return None,
        };
        if id.is_some() {
            return None;
        }
        let peer = |id: Option<Id<'_>>| id.and_then(|id| trace.peer_of(event, id));
        let (from, to) =
            if sends { (event.peer().or(peer(from))?, peer(to)?) } else { (peer(from)?, event.peer().or(peer(to))?) };
        let link = Link { leg, test: event.test(), cluster: event.cluster(), from, to, method };
        let address = ["rpc", "msg", "method", "to", "from", "outcome", "why"];
        let content = event.record().fields().filter(|(name, slot, value)| {
            matches!(slot, Slot::Own(_)) && !address.contains(name) && !matches!(value, ValueRef::Null)
        });
        Some(End { link, sends, content: content.map(|(name, _, value)| (name, value)).collect() })
    }
}

/// Whether both ends say the same of what both speak of.
fn agree(one: &Content<'_>, other: &Content<'_>) -> bool {
    let said = |name: &str| other.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_value());
    one.iter().all(|(name, value)| said(name).is_none_or(|said| said == value.to_value()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trace_from_jsonl;

    /// What is guessed of these events, as `receive<-send` by their source lines.
    fn guessed(jsonl: &str) -> (String, usize) {
        let trace = trace_from_jsonl(jsonl);
        let guesses = Guesses::new(&trace);
        let name = |event: EventId| trace.event(event).src().unwrap_or("-").to_owned();
        let pairs: Vec<_> =
            guesses.pairs.iter().map(|(receive, send)| format!("{}<-{}", name(*receive), name(*send))).collect();
        (pairs.join(" "), guesses.ambiguous)
    }

    #[test]
    fn a_call_without_ids_is_followed_there_and_back() {
        let told = guessed(
            r#"
            {"ts":0,"peer":2,"task":2,"kind":"log","msg":"here"}
            {"ts":1,"peer":1,"task":1,"kind":"rpc.send","method":"Ping","to":2,"src":"send"}
            {"ts":2,"peer":2,"task":2,"kind":"rpc.recv","method":"Ping","from":1,"src":"recv"}
            {"ts":3,"peer":2,"task":2,"kind":"rpc.reply","method":"Ping","to":1,"src":"reply"}
            {"ts":4,"peer":1,"task":1,"kind":"rpc.return","method":"Ping","from":2,"outcome":"ok","src":"return"}
            "#,
        );
        assert_eq!(told, ("recv<-send return<-reply".into(), 0));
    }

    #[test]
    fn content_tells_messages_of_one_link_apart() {
        let told = guessed(
            r#"
            {"ts":0,"peer":2,"task":2,"kind":"log","msg":"here"}
            {"ts":1,"peer":1,"task":1,"kind":"msg.send","method":"Append","to":2,"msg_term":1,"count":3,"src":"one"}
            {"ts":2,"peer":1,"task":1,"kind":"msg.send","method":"Append","to":2,"msg_term":2,"src":"two"}
            {"ts":3,"peer":2,"task":2,"kind":"msg.recv","method":"Append","from":1,"msg_term":2,"src":"a"}
            {"ts":4,"peer":2,"task":2,"kind":"msg.recv","method":"Append","from":1,"msg_term":1,"index":7,"src":"b"}
            {"ts":5,"peer":2,"task":2,"kind":"msg.recv","method":"Append","from":1,"msg_term":1,"src":"a duplicate"}
            {"ts":6,"peer":2,"task":2,"kind":"msg.recv","method":"Vote","from":1,"src":"of another method"}
            "#,
        );
        assert_eq!(told, ("a<-two b<-one".into(), 0));
    }

    #[test]
    fn what_could_be_either_is_left_alone() {
        let told = guessed(
            r#"
            {"ts":0,"peer":2,"task":2,"kind":"log","msg":"here"}
            {"ts":1,"peer":1,"task":1,"kind":"msg.send","method":"Beat","to":2,"src":"one"}
            {"ts":2,"peer":1,"task":1,"kind":"msg.send","method":"Beat","to":2,"src":"two"}
            {"ts":3,"peer":2,"task":2,"kind":"msg.recv","method":"Beat","from":1,"src":"a"}
            "#,
        );
        assert_eq!(told, (String::new(), 1));
    }

    #[test]
    fn a_call_that_was_given_up_does_not_spoil_the_next() {
        let told = guessed(
            r#"
            {"ts":0,"peer":2,"task":2,"kind":"log","msg":"here"}
            {"ts":1,"peer":1,"task":1,"kind":"rpc.send","method":"Ping","to":2,"src":"lost"}
            {"ts":2,"peer":1,"task":1,"kind":"rpc.return","method":"Ping","from":2,"outcome":"timeout","src":"timeout"}
            {"ts":3,"peer":1,"task":1,"kind":"rpc.send","method":"Ping","to":2,"src":"again"}
            {"ts":4,"peer":2,"task":2,"kind":"rpc.recv","method":"Ping","from":1,"src":"recv"}
            "#,
        );
        assert_eq!(told, ("recv<-again".into(), 0));
    }

    #[test]
    fn a_message_with_an_id_is_nobodys_guess() {
        let told = guessed(
            r#"
            {"ts":0,"peer":2,"task":2,"kind":"log","msg":"here"}
            {"ts":1,"peer":1,"task":1,"kind":"msg.send","msg":1,"method":"Beat","to":2}
            {"ts":3,"peer":2,"task":2,"kind":"msg.recv","method":"Beat","from":1}
            "#,
        );
        assert_eq!(told, (String::new(), 0));
    }
}
