//! Roles: who was follower, candidate or leader, from which event to which; and who claimed to lead which term.

use peerscope_format::value::Term;
use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Event, EventId, PeerId, Trace};

/// A time during which a peer's incarnation had one role in one term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The peer.
    pub peer: PeerId,
    /// Its incarnation, from 0.
    pub incarnation: u64,
    /// The word that the emitter wrote: `follower candidate leader precandidate learner` in lower case, however they
    /// were written; any other as it is.
    pub role: Box<str>,
    /// The term, where known.
    pub term: Option<Term>,
    /// The `role` event.
    pub begin: EventId,
    /// The event that ended it: the next `role`, the rise of the term (for a leader), the incarnation's end.
    pub end: Option<EventId>,
}

impl Role {
    /// Whether the peer has this role right after `event`.
    pub fn covers(&self, event: EventId) -> bool {
        self.begin <= event && self.end.is_none_or(|end| event < end)
    }
}

/// A peer's claim to lead a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub peer: PeerId,
    /// Which term.
    pub term: Term,
    /// The event that makes the claim: `role: leader` (perhaps restored from disk), or what a leader of an earlier term
    /// did as leader in this one.
    pub event: EventId,
}

/// All roles of a trace.
#[derive(Debug, Default)]
pub struct Roles {
    roles: Vec<Role>,
    claims: Vec<Claim>,
    unknown_words: Vec<(PeerId, Box<str>, EventId)>,
}

/// The roles that the vocabulary knows.
const WORDS: [&str; 5] = ["follower", "candidate", "leader", "precandidate", "learner"];

impl Roles {
    /// Finds all roles and claims of `trace`.
    pub fn new(trace: &Trace) -> Self {
        let mut walk = Walk::default();
        for event in trace.events() {
            if let Some(peer) = event.peer() {
                walk.event(event, peer);
            }
        }
        walk.found
    }

    /// All roles in the order of their begins.
    pub fn all(&self) -> &[Role] {
        &self.roles
    }

    /// The peer's roles in the order of their begins.
    pub fn of_peer(&self, peer: PeerId) -> impl Iterator<Item = &Role> {
        self.roles.iter().filter(move |role| role.peer == peer)
    }

    /// The claims to lead, in the trace's order; for each peer and term the first, and the first of those that a restart
    /// restored, which is no new deed and hides none.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Words for roles that the vocabulary does not know, so that it is unknown whether they mean leading: each once for
    /// each peer, with the event that says it first.
    pub fn unknown_words(&self) -> &[(PeerId, Box<str>, EventId)] {
        &self.unknown_words
    }
}

#[derive(Default)]
struct Walk {
    found: Roles,
    /// By peer, term, and whether it was restored.
    claimed: FxHashSet<(PeerId, Term, bool)>,
    unknown: FxHashSet<(PeerId, Box<str>)>,
    /// By peer and incarnation.
    now: FxHashMap<(PeerId, u64), Now>,
    /// By peer: the incarnations that have a role.
    live: FxHashMap<PeerId, Vec<u64>>,
}

/// What a peer's incarnation is now.
#[derive(Clone, Copy)]
struct Now {
    /// Place of its last role in the list.
    role: usize,
    /// Whether that role is `leader`.
    leader: bool,
    /// Its term, and whether it has risen since.
    term: Option<Term>,
}

impl Walk {
    fn event(&mut self, event: Event<'_>, peer: PeerId) {
        let key = (peer, event.incarnation());
        match event.kind() {
            Some(Kind::Role) => return self.role(event, peer),
            Some(Kind::PeerStop) => {
                if let Some(now) = self.now.remove(&key) {
                    self.end(now.role, event.id());
                }
                return;
            }
            Some(Kind::PeerStart) => {
                for incarnation in self.live.remove(&peer).unwrap_or_default() {
                    if let Some(now) = self.now.remove(&(peer, incarnation)) {
                        self.end(now.role, event.id());
                    }
                }
                return;
            }
            _ => {}
        }
        let Some(now) = self.now.get(&key) else { return };
        let (Some(led), Some(term), true) = (now.term, event.term(), now.leader) else { return };
        if term > led {
            let role = now.role;
            self.end(role, event.id());
            if let Some(term) = claimed_term(event).filter(|term| *term > led) {
                self.claim(peer, term, event);
            }
        }
    }

    fn role(&mut self, event: Event<'_>, peer: PeerId) {
        let Body::Role(body) = event.body() else { return };
        let Some(role) = body.role else { return };
        let word = WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(role));
        if word.is_none() && self.unknown.insert((peer, role.into())) {
            self.found.unknown_words.push((peer, role.into(), event.id()));
        }
        let role = word.unwrap_or(role);
        let now = Now { role: self.found.roles.len(), leader: role == "leader", term: event.term() };
        match self.now.insert((peer, event.incarnation()), now) {
            Some(before) => self.end(before.role, event.id()),
            None => self.live.entry(peer).or_default().push(event.incarnation()),
        }
        self.found.roles.push(Role {
            peer,
            incarnation: event.incarnation(),
            role: role.into(),
            term: event.term(),
            begin: event.id(),
            end: None,
        });
        if let (true, Some(term)) = (now.leader, event.term()) {
            self.claim(peer, term, event);
        }
    }

    /// Ends the role, unless something ended it before.
    fn end(&mut self, role: usize, event: EventId) {
        self.found.roles[role].end.get_or_insert(event);
    }

    fn claim(&mut self, peer: PeerId, term: Term, event: Event<'_>) {
        if self.claimed.insert((peer, term, event.restored())) {
            self.found.claims.push(Claim { peer, term, event: event.id() });
        }
    }
}

/// The term that `event` claims to lead, if it is what only a leader does: keeping account of a follower's log, or
/// sending entries or heartbeats, which are the requests that carry a `prev_index` or `leader_commit`. The name of a
/// method says nothing: `PutAppend`, `AppendEntriesAck` and `FetchSnapshot` are what anybody sends.
fn claimed_term(event: Event<'_>) -> Option<Term> {
    let (leads, msg_term) = match event.kind()? {
        Kind::Progress => return event.term(),
        Kind::RpcSend | Kind::MsgSend => match event.body() {
            Body::RpcSend(body) => (body.prev_index.is_some() || body.leader_commit.is_some(), body.msg_term),
            Body::MsgSend(body) => {
                let answers = body.granted.is_some() || body.success.is_some();
                ((body.prev_index.is_some() || body.leader_commit.is_some()) && !answers, body.msg_term)
            }
            _ => return None,
        },
        _ => return None,
    };
    leads.then(|| msg_term.or(event.term())).flatten()
}
