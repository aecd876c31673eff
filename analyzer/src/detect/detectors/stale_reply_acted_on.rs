//! A peer acts on the answer to a question that it no longer asks.
//!
//! Why this is an error even if nothing broke: the protocol forbids the deed itself, not only its consequence. A vote
//! is a vote *of a term*; counted in another it is evidence of nothing, and whether two leaders came of it in this run
//! is luck. The finding needs no threshold and no guess: the send and the use both carry the peer's current term. (A role is
//! stated by events of its own; where one is not ordered with the use, the finding is a suspicion.)

use std::cell::OnceCell;
use std::collections::BTreeMap;

use peerscope_format::value::Term;
use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashSet;

use crate::detect::blind::{self, missing_parts};
use crate::detect::changes::{self, Changes};
use crate::detect::finding::{Class, Finding, Gap, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, section};
use crate::facts::{Facts, Role, Rpc};
use crate::model::{Dense, Event, EventId, PeerId, SourceId};

/// The declaration.
pub const DETECTOR: Detector = Detector {
    name: "stale-reply-acted-on",
    summary: "a peer acts on an answer after its term or role changed since it asked",
    explain: Explain {
        what_it_is: "\
A peer sends a request in one term and role, its term rises or it loses that role while it waits, and then it acts on \
the answer (counts the vote, moves an index) as if nothing had changed. A candidate that has won meanwhile and counts \
one more vote is not meant: its answer is still of the right term.",
        why_it_matters: "\
The answer was given to a peer that no longer exists in that form. Votes that were given for term 1 are counted in \
term 2, and a peer makes itself leader of a term in which others have elected somebody else: two leaders in one term, \
and with them lost or contradictory log entries.",
        example: "\
Three peers, a slow network:
  peer 0, term 1: candidate, sends RequestVote to 1 and 2, releases its lock
  peers 1 and 2: grant their votes of term 1; the answers are slow
  peer 0: peer 1 asks for a vote of term 2; peer 0 moves to term 2 as follower and votes for peer 1
  peer 0, term 2: the answers arrive, peer 0 counts them and makes itself leader of term 2",
        how_to_fix: "\
Remember the term of the request. After the answer has come and the lock is taken again, act only if the current term \
is still that term and the role is still the one that asked. The term must be checked: the role alone is not enough, as \
the peer may be a candidate again, in a later term.",
    },
    needs: &[Need::Order, Need::Rpcs, Need::Roles, Need::Holds],
    judges_by: &[
        Kind::Role,
        Kind::TermChange,
        Kind::Vote,
        Kind::RpcSend,
        Kind::RpcRecv,
        Kind::RpcReply,
        Kind::RpcReturn,
        Kind::ReplyUsed,
    ],
    thresholds: &[],
    idle: |facts| {
        let kinds = [Kind::RpcSend, Kind::RpcReturn, Kind::ReplyUsed, Kind::MsgSend, Kind::MsgRecv];
        (!blind::written(facts, &kinds)).then_some("no request is sent")
    },
    run,
};

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let past = Past { facts, roles: RolesByLife::new(facts), changes: OnceCell::new() };
    let mut outcome = Outcome::new(Vec::new(), missing_parts(facts));
    let (mut unknown, mut unasked) = (Vec::new(), Vec::new());
    for rpc in facts.rpcs().all().filter(|rpc| !rpc.ambiguous) {
        let Some(send) = rpc.send else {
            unasked.extend(rpc.used.iter().filter_map(|used| facts.trace().event(*used).peer()));
            continue;
        };
        for &used in rpc.used {
            match past.judge(&rpc, send, used) {
                Some(Stale::Unknown(peer)) => unknown.push(peer),
                Some(stale) => outcome.findings.push(tell(&past, &rpc, send, used, &stale)),
                None => {}
            }
        }
    }
    outcome.gaps.extend(blind::of_peers(facts, unknown, |one| {
        format!("{} a request or the use of its reply without a readable term", if one { "writes" } else { "write" })
    }));
    outcome.gaps.extend(blind::of_peers(facts, unasked, |one| {
        format!("{} on replies whose requests are not in the trace", if one { "acts" } else { "act" })
    }));
    outcome.gaps.extend(uses_unseen(facts));
    outcome.gaps.extend(uses_unnamed(facts));
    outcome.gaps.extend(answers_by_message(facts));
    outcome.gaps.extend(blind::unpaired_rpcs(facts));
    outcome.gaps.extend(blind::peerless(facts, &[Kind::RpcSend, Kind::ReplyUsed]));
    outcome
}

/// Why a reply is void when it is used.
enum Stale {
    /// The peer has started anew since.
    Life,
    /// The term is another.
    Term { asked: Term, now: Term },
    /// The term is the same, the role that asked is lost; whether before the use is known.
    Role { asked: String, now: String, sure: bool },
    /// The trace does not say which term it was.
    Unknown(PeerId),
}

/// What peers were when they asked and when they used the answer.
struct Past<'f, 't> {
    facts: &'f Facts<'t>,
    roles: RolesByLife<'f>,
    /// Only asked for where something is wrong.
    changes: OnceCell<Changes>,
}

impl Past<'_, '_> {
    fn changes(&self) -> &Changes {
        self.changes.get_or_init(|| Changes::new(self.facts.trace()))
    }

    fn judge(&self, rpc: &Rpc<'_>, send: EventId, used: EventId) -> Option<Stale> {
        let trace = self.facts.trace();
        let (asked, now) = (trace.event(send), trace.event(used));
        let peer = now.peer().filter(|peer| asked.peer() == Some(*peer))?;
        if self.is_news(rpc, send, used) {
            return None;
        }
        if asked.incarnation() != now.incarnation() {
            return (asked.incarnation() < now.incarnation()).then_some(Stale::Life);
        }
        match (asked.term(), now.term()) {
            (Some(then), Some(term)) if then != term => Some(Stale::Term { asked: then, now: term }),
            (Some(_), Some(_)) => {
                let then = self.roles.at(peer, asked.incarnation(), send)?;
                let role = self.roles.at(peer, now.incarnation(), used)?;
                let void = stands(&then.role) && is_passive(&role.role);
                let order = self.facts.order();
                let sure = order.before(then.begin, send) && order.before(role.begin, used);
                void.then(|| Stale::Role { asked: then.role.to_string(), now: role.role.to_string(), sure })
            }
            _ => Some(Stale::Unknown(peer)),
        }
    }

    /// Whether the reply is used for what it says of the term itself: a refusal that carries a new term is what makes a
    /// peer take over that term, and is no vote. It is new if the peer had not come to it by other ways before the answer
    /// was there; a peer that had, and has stepped down, does itself no harm with it either.
    fn is_news(&self, rpc: &Rpc<'_>, send: EventId, used: EventId) -> bool {
        let trace = self.facts.trace();
        let (asked, view) = (trace.event(send).term(), trace.event(used));
        let Some(now) = view.term() else { return false };
        answers(self.facts, rpc).into_iter().any(|(term, yes)| {
            let Some(term) = term.filter(|term| *term >= now && Some(*term) > asked && yes != Some(true)) else {
                return false;
            };
            let role = view.peer().and_then(|peer| self.roles.at(peer, view.incarnation(), used));
            role.is_none_or(|role| is_passive(&role.role)) || !self.has_reached(rpc, send, term)
        })
    }

    /// Whether the peer was in `term` when the answer came.
    fn has_reached(&self, rpc: &Rpc<'_>, send: EventId, term: Term) -> bool {
        let trace = self.facts.trace();
        let Some(back) = rpc.return_ else { return false };
        if let Some(known) = trace.event(back).term() {
            return known >= term;
        }
        let Some(peer) = trace.event(send).peer() else { return false };
        let mut changes = self.changes().between(peer, send, back).iter();
        changes.any(|change| trace.event(*change).term() >= Some(term) && self.facts.order().before(*change, back))
    }
}

fn stands(role: &str) -> bool {
    matches!(role, "candidate" | "precandidate" | "leader")
}

fn is_passive(role: &str) -> bool {
    matches!(role, "follower" | "learner")
}

/// What the answer says: its term, and whether it grants what was asked for. Each may stand where the answer was given or
/// where it came; of several handlers' answers it is unknown which one came.
fn answers(facts: &Facts<'_>, rpc: &Rpc<'_>) -> Vec<(Option<Term>, Option<bool>)> {
    let body = |event: EventId| match facts.trace().event(event).body() {
        Body::RpcReturn(body) => (body.msg_term, body.granted.or(body.success)),
        Body::RpcReply(body) => (body.msg_term, body.granted.or(body.success)),
        _ => (None, None),
    };
    let (term, yes) = rpc.return_.map_or((None, None), body);
    let given = rpc.replies.iter().map(|reply| body(*reply));
    let mut merged: Vec<_> = given.map(|(given, granted)| (term.or(given), yes.or(granted))).collect();
    if merged.is_empty() {
        merged.push((term, yes));
    }
    merged
}

fn tell(past: &Past<'_, '_>, rpc: &Rpc<'_>, send: EventId, used: EventId, stale: &Stale) -> Finding {
    let facts = past.facts;
    let trace = facts.trace();
    let words = Words(trace);
    let (peer, reply) = (words.actor(used), words.reply(facts, rpc.id));
    let title = match stale {
        Stale::Life => format!("{peer} acts on {reply}, which it asked for before it was restarted"),
        Stale::Term { asked, now } => {
            format!("{peer} acts in term {now} on {reply}, which it asked for in term {asked}")
        }
        Stale::Role { asked, now, sure } => {
            let perhaps = if *sure { "" } else { "perhaps " };
            format!("{peer} {perhaps}acts as {now} on {reply}, which it asked for as {asked}")
        }
        Stale::Unknown(_) => format!("{peer} acts on {reply}"),
    };
    let fix = "after the reply has come and the lock is taken again, act only if the current term is that of the request \
               and the role is still the one that asked";
    let class = if matches!(stale, Stale::Role { sure: false, .. }) { Class::Suspected } else { Class::Happened };
    let mut finding = Finding::new(class, Nature::Violation, used, title, fix);
    let in_term =
        |event: EventId| trace.event(event).term().map_or_else(String::new, |term| format!(" in term {term}"));
    finding.witness(send, format!("{peer} asks{}, and waits for {reply}", in_term(send)));
    if let Some(&answer) = rpc.replies.first() {
        finding.witness(answer, format!("{} answers{}", words.actor(answer), in_term(answer)));
    }
    if let Some(peer) = trace.event(used).peer() {
        let asked = trace.event(send).term();
        let moved = |event: &&EventId| trace.event(**event).term() > asked || matches!(stale, Stale::Role { .. });
        for change in past.changes().between(peer, send, used).iter().filter(moved).take(MOST_CHANGES) {
            finding.witness(*change, changes::tell(trace, *change));
        }
        finding.peers.push(peer);
    }
    let purpose = match trace.event(used).body() {
        Body::ReplyUsed(body) => body.purpose.map_or_else(String::new, |purpose| format!(" ({purpose})")),
        _ => String::new(),
    };
    finding.witness(used, format!("{peer} acts on the reply{}{purpose}", in_term(used)));
    finding.order_witnesses();
    finding.term = trace.event(used).term();
    finding.acts = section(facts, used).into_iter().chain([Object::Rpc(rpc.id)]).collect();
    finding
}

/// How many changes between the send and the use are told.
const MOST_CHANGES: usize = 3;

/// The roles of each incarnation, for look-ups by time.
struct RolesByLife<'f>(BTreeMap<(PeerId, u64), Vec<&'f Role>>);

impl<'f> RolesByLife<'f> {
    fn new(facts: &'f Facts<'_>) -> Self {
        let mut lives: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for role in facts.roles().all() {
            lives.entry((role.peer, role.incarnation)).or_default().push(role);
        }
        RolesByLife(lives)
    }

    /// The last role that was stated at or before `event`.
    fn at(&self, peer: PeerId, incarnation: u64, event: EventId) -> Option<&'f Role> {
        let roles = self.0.get(&(peer, incarnation))?;
        let known = roles.partition_point(|role| role.begin <= event);
        Some(roles[known.checked_sub(1)?])
    }
}

/// Peers that get answers in a program that never says when it acts on one. An answer that was given counts as one that was
/// got where the peer never says what it gets.
///
/// That is a question of the program, thus of the file, and not of the single peer: "an answer without it was ignored, if
/// this kind is written at all". A peer that lost every election it stood for, or that rightly ignored its late votes,
/// got answers and used none.
fn uses_unseen(facts: &Facts<'_>) -> Option<Gap> {
    let trace = facts.trace();
    let uses = trace.events().filter(|event| event.kind() == Some(Kind::ReplyUsed));
    let instrumented: FxHashSet<SourceId> = uses.map(|event| event.source()).collect();
    let mut answered = vec![false; trace.peers().len()];
    for rpc in facts.rpcs().all() {
        let caller = rpc.send.or(rpc.return_).and_then(|event| trace.event(event).peer()).or(rpc.caller);
        let Some(caller) = caller else { continue };
        let got = match rpc.return_ {
            Some(_) => matches!(rpc.outcome, None | Some("ok")),
            None => !rpc.replies.is_empty() && !facts.coverage().peer(caller).writes(Kind::RpcReturn),
        };
        let source = rpc.return_.or(rpc.send).map(|event| trace.event(event).source());
        answered[caller.index()] |= got && !source.is_some_and(|source| instrumented.contains(&source));
    }
    let blind = |peer: &PeerId| answered[peer.index()];
    let gap = blind::of_peers(facts, trace.peers().ids().filter(blind).collect(), |one| {
        let (gets, never) = if one { ("gets", "writes") } else { ("get", "write") };
        format!("{gets} replies and never {never} `reply.used`")
    })?;
    Some(gap.advise("add reply_used! where a reply is acted on"))
}

/// Uses that name neither a request nor a message.
fn uses_unnamed(facts: &Facts<'_>) -> Option<Gap> {
    let trace = facts.trace();
    if !facts.coverage().writes(Kind::ReplyUsed) {
        return None;
    }
    let unnamed =
        |event: &Event<'_>| matches!(event.body(), Body::ReplyUsed(body) if body.rpc.is_none() && body.msg.is_none());
    let uses = trace.events().filter(|event| event.kind() == Some(Kind::ReplyUsed)).filter(unnamed);
    let peers: Vec<_> = uses.map(|event| event.peer()).collect();
    let mut named: Vec<_> = peers.iter().flatten().copied().collect();
    named.sort_unstable();
    named.dedup();
    let count = peers.len();
    let name = if count == 1 { "names" } else { "name" };
    let by = if named.is_empty() { String::new() } else { format!(" of {}", Words(trace).peers(&named)) };
    (count > 0).then(|| {
        Gap::of(named, format!("{count} `reply.used`{by} {name} no RPC: the reply returned on another thread"))
            .advise("write reply_used!(peer, rpc, ...)")
    })
}

/// Answers that came as one-way messages: nothing in the trace ties them to their requests. That concerns peers that say
/// so, and peers that get messages, have a role or a term, and never say what they act on.
fn answers_by_message(facts: &Facts<'_>) -> Option<Gap> {
    let trace = facts.trace();
    if trace.tables().messages.is_empty() && !blind::written(facts, &[Kind::MsgRecv, Kind::MsgSend]) {
        return None;
    }
    let by_message = |event: &Event<'_>| matches!(event.body(), Body::ReplyUsed(body) if body.msg.is_some());
    let uses = trace.events().filter(|event| event.kind() == Some(Kind::ReplyUsed)).filter(by_message);
    let mut peers: Vec<_> = uses.filter_map(Event::peer).collect();
    peers.extend(trace.peers().ids().filter(|peer| {
        let covered = facts.coverage().peer(*peer);
        covered.writes(Kind::MsgRecv) && !covered.writes(Kind::ReplyUsed) && !blind::is_silent(facts, *peer)
    }));
    blind::of_peers(facts, peers, |one| {
        let get = if one { "gets" } else { "get" };
        format!("{get} answers as one-way messages, which are not yet matched with what they answer")
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    /// Peer 0 asks for a vote of term 1 and gets it.
    const ASKED: &str = r#"
        {"ts":10,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate","src":"raft.rs:20"}
        {"ts":20,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":1,"src":"raft.rs:52"}
        {"ts":30,"peer":1,"task":2,"term":1,"kind":"rpc.recv","rpc":"a","method":"RequestVote","from":0}
        {"ts":31,"peer":1,"task":2,"term":1,"kind":"vote","for":0}
        {"ts":32,"peer":1,"task":2,"term":1,"kind":"rpc.reply","rpc":"a","to":0,"granted":true,"src":"raft.rs:75"}
    "#;

    #[test]
    fn a_vote_of_term_1_is_counted_in_term_2() {
        check(&format!(
            r#"{ASKED}
            {{"ts":40,"peer":0,"task":3,"term":2,"kind":"role","role":"follower","src":"raft.rs:81"}}
            {{"ts":41,"peer":0,"task":3,"term":2,"kind":"vote","for":2,"src":"raft.rs:83"}}
            {{"ts":50,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":"a","from":1}}
            {{"ts":51,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":"a","purpose":"count the vote","src":"raft.rs:60"}}
            {{"ts":99,"kind":"process.end","how":"exit 0"}}

            error stale-reply-acted-on: peer 0 acts in term 2 on the reply of RequestVote to peer 1, which it asked for in term 1
              raft.rs:52 peer 0 asks in term 1, and waits for the reply of RequestVote to peer 1
              raft.rs:75 peer 1 answers in term 1
              raft.rs:81 peer 0 becomes follower in term 2
              raft.rs:83 peer 0 votes for peer 2 in term 2
              raft.rs:60 peer 0 acts on the reply in term 2 (count the vote)
            "#
        ));
    }

    #[test]
    fn checking_the_role_alone_is_not_enough() {
        check(&format!(
            r#"{ASKED}
            {{"ts":40,"peer":0,"task":3,"term":2,"kind":"role","role":"follower","src":"raft.rs:81"}}
            {{"ts":45,"peer":0,"task":4,"term":3,"kind":"role","role":"candidate","src":"raft.rs:20"}}
            {{"ts":50,"peer":0,"task":1,"term":3,"kind":"rpc.return","rpc":"a","from":1}}
            {{"ts":51,"peer":0,"task":1,"term":3,"kind":"reply.used","rpc":"a","src":"raft.rs:60"}}
            {{"ts":99,"kind":"process.end","how":"exit 0"}}

            error stale-reply-acted-on: peer 0 acts in term 3 on the reply of RequestVote to peer 1, which it asked for in term 1
              raft.rs:52 peer 0 asks in term 1, and waits for the reply of RequestVote to peer 1
              raft.rs:75 peer 1 answers in term 1
              raft.rs:81 peer 0 becomes follower in term 2
              raft.rs:20 peer 0 becomes candidate in term 3
              raft.rs:60 peer 0 acts on the reply in term 3
            "#
        ));
    }

    #[test]
    fn an_answer_that_is_ignored_harms_nobody() {
        check(&format!(
            r#"{ASKED}
            {{"ts":40,"peer":0,"task":3,"term":2,"kind":"role","role":"follower"}}
            {{"ts":50,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":"a","from":1}}
            {{"ts":60,"peer":0,"task":5,"term":2,"kind":"rpc.send","rpc":"b","method":"AppendEntries","to":1}}
            {{"ts":61,"peer":0,"task":5,"term":2,"kind":"rpc.return","rpc":"b","from":1}}
            {{"ts":62,"peer":0,"task":5,"term":2,"kind":"reply.used","rpc":"b"}}
            {{"ts":99,"kind":"process.end","how":"exit 0"}}

            clean stale-reply-acted-on
            "#
        ));
    }

    #[test]
    fn a_use_without_a_term_cannot_be_judged() {
        check(
            r#"
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":1}
            {"ts":50,"peer":0,"task":1,"kind":"rpc.return","rpc":"a","from":1}
            {"ts":51,"peer":0,"task":1,"term":4,"kind":"reply.used","rpc":"a"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            gap stale-reply-acted-on: peer 0 writes a request or the use of its reply without a readable term (0)
            "#,
        );
    }

    #[test]
    fn a_candidate_that_gave_up_counts_no_votes() {
        check(&format!(
            r#"{ASKED}
            {{"ts":39,"peer":0,"task":3,"term":1,"kind":"lock.acquire","lock":"raft","seq":1}}
            {{"ts":40,"peer":0,"task":3,"term":1,"kind":"role","role":"follower","src":"raft.rs:81"}}
            {{"ts":41,"peer":0,"task":3,"term":1,"kind":"lock.release","lock":"raft","seq":1}}
            {{"ts":50,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":"a","from":1}}
            {{"ts":50,"peer":0,"task":1,"term":1,"kind":"lock.acquire","lock":"raft","seq":2}}
            {{"ts":51,"peer":0,"task":1,"term":1,"kind":"reply.used","rpc":"a","src":"raft.rs:60"}}
            {{"ts":99,"kind":"process.end","how":"exit 0"}}

            error stale-reply-acted-on: peer 0 acts as follower on the reply of RequestVote to peer 1, which it asked for as candidate
              raft.rs:52 peer 0 asks in term 1, and waits for the reply of RequestVote to peer 1
              raft.rs:75 peer 1 answers in term 1
              raft.rs:81 peer 0 becomes follower in term 1
              raft.rs:60 peer 0 acts on the reply in term 1
            "#
        ));
    }

    #[test]
    fn a_winner_may_count_one_vote_more() {
        check(&format!(
            r#"{ASKED}
            {{"ts":40,"peer":0,"task":3,"term":1,"kind":"role","role":"leader"}}
            {{"ts":50,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":"a","from":1}}
            {{"ts":51,"peer":0,"task":1,"term":1,"kind":"reply.used","rpc":"a"}}
            {{"ts":99,"kind":"process.end","how":"exit 0"}}

            clean stale-reply-acted-on
            "#
        ));
    }

    #[test]
    fn a_refusal_with_a_newer_term_is_news() {
        check(
            r#"
            {"ts":20,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":1}
            {"ts":50,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":"a","from":1,"msg_term":4,"granted":false}
            {"ts":51,"peer":0,"task":1,"term":4,"kind":"role","role":"follower"}
            {"ts":52,"peer":0,"task":1,"term":4,"kind":"reply.used","rpc":"a","purpose":"step down"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            clean stale-reply-acted-on
            "#,
        );
    }

    #[test]
    fn who_never_says_what_it_uses_cannot_be_judged() {
        check(&format!(
            r#"{ASKED}
            {{"ts":50,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":"a","from":1}}

            gap stale-reply-acted-on: the trace is cut off; what came after its end is unknown
            gap stale-reply-acted-on: peer 0 gets replies and never writes `reply.used` (0)
            "#
        ));
    }
}
