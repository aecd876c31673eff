//! Elections: what a claim to lead stands on, as far as the trace shows it: the candidacy, the votes, the answers that were
//! counted.

use peerscope_format::value::Term;
use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashMap;

use super::changes::Changes;
use crate::facts::{Claim, Facts, Role};
use crate::model::{EventId, PeerId, RpcId};

/// A claim with the election that it stands on.
pub(crate) struct Election {
    pub(crate) claim: Claim,
    /// The `role: candidate` event, and the term in which it stood.
    pub(crate) candidacy: Option<(EventId, Option<Term>)>,
    /// The `role: leader` event of an earlier term, and that term, if the claim is a deed as leader.
    pub(crate) led: Option<(EventId, Option<Term>)>,
    /// The votes that it got: voter and event.
    pub(crate) votes: Vec<(PeerId, EventId)>,
    /// The answers that it acted on: where, and of which request.
    pub(crate) counted: Vec<(EventId, RpcId)>,
}

/// Who voted, and where.
type Given = (PeerId, EventId);

/// What led to the claims, by peer: collected once, for any number of terms.
pub(crate) struct Past<'f, 't> {
    pub(crate) facts: &'f Facts<'t>,
    pub(crate) changes: Changes,
    /// By peer: its roles, in the order of their begins.
    roles: FxHashMap<PeerId, Vec<&'f Role>>,
    /// The same by name, so that nobody need search all of a peer's life for a role that it never had.
    named: FxHashMap<(PeerId, &'f str), Vec<&'f Role>>,
    /// By candidate and term: who voted, and where.
    votes: FxHashMap<(PeerId, Option<Term>), Vec<Given>>,
    /// By peer and the term in which it acted on them: the replies.
    used: FxHashMap<(PeerId, Term), Vec<(EventId, RpcId)>>,
}

impl<'f, 't> Past<'f, 't> {
    pub(crate) fn new(facts: &'f Facts<'t>) -> Self {
        let trace = facts.trace();
        let changes = Changes::new(trace);
        let mut roles: FxHashMap<_, Vec<_>> = FxHashMap::default();
        let mut named: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for role in facts.roles().all() {
            roles.entry(role.peer).or_default().push(role);
            named.entry((role.peer, &*role.role)).or_default().push(role);
        }
        let mut votes: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for event in changes.all().map(|event| trace.event(event)) {
            if let (Body::Vote(body), Some(voter), false) = (event.body(), event.peer(), event.restored())
                && let Some(candidate) = body.candidate.and_then(|id| trace.peer_of(event, id))
            {
                votes.entry((candidate, event.term())).or_default().push((voter, event.id()));
            }
        }
        let mut used: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for rpc in facts.rpcs().all().filter(|rpc| !rpc.ambiguous) {
            for event in rpc.used.iter().map(|used| trace.event(*used)) {
                if let (Some(peer), Some(term)) = (event.peer(), event.term()) {
                    used.entry((peer, term)).or_default().push((event.id(), rpc.id));
                }
            }
        }
        Past { facts, changes, roles, named, votes, used }
    }

    /// The last role of this name that the peer stated before the claim, and its term.
    fn last(&self, claim: &Claim, wanted: &str) -> Option<(EventId, Option<Term>)> {
        let roles = self.named.get(&(claim.peer, wanted))?;
        let known = roles.partition_point(|role| role.begin < claim.event);
        let stated = roles[..known].last()?;
        Some((stated.begin, stated.term))
    }

    /// The answers on which the claim may stand: those that the claimant acted on in the claim's term, after it stood for
    /// election and not after the claim, of requests that it sent as a candidate.
    fn counted(&self, claim: &Claim, candidacy: Option<EventId>) -> Vec<(EventId, RpcId)> {
        let (facts, order) = (self.facts, self.facts.order());
        let used = self.used.get(&(claim.peer, claim.term)).map_or(&[][..], |used| used);
        let counts = |(used, rpc): &&(EventId, RpcId)| {
            let in_time =
                !order.before(claim.event, *used) && candidacy.is_none_or(|began| !order.before(*used, began));
            in_time && self.asked_as_candidate(claim.peer, facts.rpcs().get(*rpc).send)
        };
        let mut counted: Vec<_> = used.iter().filter(counts).copied().collect();
        counted.sort_unstable();
        counted
    }

    fn asked_as_candidate(&self, peer: PeerId, send: Option<EventId>) -> bool {
        let (Some(send), Some(roles)) = (send, self.roles.get(&peer)) else { return true };
        let known = roles.partition_point(|role| role.begin <= send);
        known.checked_sub(1).is_none_or(|last| !matches!(&*roles[last].role, "leader" | "follower" | "learner"))
    }
}

impl Past<'_, '_> {
    /// The election on which the claim stands.
    pub(crate) fn election(&self, claim: &Claim) -> Election {
        let past = self;
        let trace = past.facts.trace();
        let candidacy = past.last(claim, "candidate");
        let led = if trace.event(claim.event).kind() == Some(Kind::Role) { None } else { past.last(claim, "leader") };
        let term = candidacy.map_or(Some(claim.term), |(_, term)| term);
        let votes = past.votes.get(&(claim.peer, term)).map_or(&[][..], |votes| votes);
        let in_time = |(_, vote): &&(PeerId, EventId)| !past.facts.order().before(claim.event, *vote);
        let mut votes: Vec<_> = votes.iter().filter(in_time).copied().collect();
        votes.sort_by_key(|(_, event)| *event);
        let counted = past.counted(claim, candidacy.map(|(began, _)| began));
        Election { claim: *claim, candidacy, led, votes, counted }
    }
}

/// Whether an answer says no: then it was no vote, whatever was made of it.
pub(crate) fn is_refusal(facts: &Facts<'_>, rpc: RpcId) -> bool {
    let rpc = facts.rpcs().get(rpc);
    let mut answers = rpc.return_.iter().chain(rpc.replies);
    answers.any(|answer| match facts.trace().event(*answer).body() {
        Body::RpcReturn(body) => body.granted == Some(false),
        Body::RpcReply(body) => body.granted == Some(false),
        _ => false,
    })
}
