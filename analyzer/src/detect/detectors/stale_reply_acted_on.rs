//! A peer acts on the answer to a question that it no longer asks.
//!
//! Why this is an error even if nothing broke: the protocol forbids the deed itself, not only its consequence. A vote
//! is a vote *of a term*; counted in another it is evidence of nothing, and whether two leaders came of it in this run
//! is luck. The finding needs no threshold and no guess: the send and the use both carry the peer's current term.

use std::collections::BTreeMap;

use peerscope_format::value::Term;
use peerscope_format::vocabulary::{Body, Kind};

use crate::detect::changes::{self, Changes};
use crate::detect::finding::{Class, Finding, Gap, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, missing_parts, section};
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
    needs: &[Need::Rpcs, Need::Roles, Need::Holds],
    thresholds: &[],
    run,
};

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let roles = RolesByLife::new(facts);
    let mut changes = None;
    let mut outcome = Outcome { findings: Vec::new(), gaps: missing_parts(facts) };
    let mut unknown = Vec::new();
    for rpc in facts.rpcs().all() {
        let Some(send) = rpc.send else { continue };
        for &used in rpc.used {
            match judge(facts, &roles, &rpc, send, used) {
                Some(Stale::Unknown(peer)) => unknown.push(peer),
                Some(stale) => {
                    let changes = changes.get_or_insert_with(|| Changes::new(facts.trace()));
                    outcome.findings.push(tell(facts, changes, &rpc, send, used, &stale));
                }
                None => {}
            }
        }
    }
    outcome.gaps.extend(termless(unknown));
    outcome.gaps.extend(uses_unseen(facts));
    outcome.gaps.extend(answers_by_message(facts));
    outcome
}

/// Why a reply is void when it is used.
enum Stale {
    /// The term is another.
    Term { asked: Term, now: Term },
    /// The term is the same, the role that asked is lost.
    Role { asked: String, now: String },
    /// The trace does not say which term it was.
    Unknown(PeerId),
}

fn judge(facts: &Facts<'_>, roles: &RolesByLife<'_>, rpc: &Rpc<'_>, send: EventId, used: EventId) -> Option<Stale> {
    let trace = facts.trace();
    let (asked, now) = (trace.event(send), trace.event(used));
    let peer = now.peer().filter(|peer| asked.peer() == Some(*peer))?;
    if asked.incarnation() != now.incarnation() {
        return None;
    }
    match (asked.term(), now.term()) {
        (Some(then), Some(term)) if then != term => {
            (!is_news(facts, rpc, term)).then_some(Stale::Term { asked: then, now: term })
        }
        (Some(_), Some(_)) => {
            let (then, role) = (roles.at(peer, asked.incarnation(), send)?, roles.at(peer, now.incarnation(), used)?);
            let stands = |role: &str| matches!(role, "candidate" | "precandidate" | "leader");
            let void = stands(then) && matches!(role, "follower" | "learner");
            void.then(|| Stale::Role { asked: then.to_owned(), now: role.to_owned() })
        }
        _ => Some(Stale::Unknown(peer)),
    }
}

/// Whether the reply is used for what it says of the term itself: a refusal that carries the new term is what makes a
/// peer take over that term, and is no vote.
fn is_news(facts: &Facts<'_>, rpc: &Rpc<'_>, now: Term) -> bool {
    let answer = rpc.return_.or(rpc.replies.first().copied());
    let (term, yes) = match answer.map(|answer| facts.trace().event(answer).body()) {
        Some(Body::RpcReturn(body)) => (body.msg_term, body.granted.or(body.success)),
        Some(Body::RpcReply(body)) => (body.msg_term, body.granted.or(body.success)),
        _ => return false,
    };
    term == Some(now) && yes != Some(true)
}

fn tell(facts: &Facts<'_>, changes: &Changes, rpc: &Rpc<'_>, send: EventId, used: EventId, stale: &Stale) -> Finding {
    let trace = facts.trace();
    let words = Words(trace);
    let (peer, reply) = (words.actor(used), words.reply(facts, rpc.id));
    let title = match stale {
        Stale::Term { asked, now } => {
            format!("{peer} acts in term {now} on {reply}, which it asked for in term {asked}")
        }
        Stale::Role { asked, now } => format!("{peer} acts as {now} on {reply}, which it asked for as {asked}"),
        Stale::Unknown(_) => format!("{peer} acts on {reply}"),
    };
    let fix = "after the reply has come and the lock is taken again, act only if the current term is that of the request \
               and the role is still the one that asked";
    let mut finding = Finding::new(Class::Happened, Nature::Violation, used, title, fix);
    let in_term =
        |event: EventId| trace.event(event).term().map_or_else(String::new, |term| format!(" in term {term}"));
    finding.witness(send, format!("{peer} asks{}, and waits for {reply}", in_term(send)));
    if let Some(&answer) = rpc.replies.first() {
        finding.witness(answer, format!("{} answers{}", words.actor(answer), in_term(answer)));
    }
    if let Some(peer) = trace.event(used).peer() {
        let asked = trace.event(send).term();
        let moved = |event: &&EventId| trace.event(**event).term() > asked || matches!(stale, Stale::Role { .. });
        for change in changes.between(peer, send, used).iter().filter(moved).take(MOST_CHANGES) {
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
    fn at(&self, peer: PeerId, incarnation: u64, event: EventId) -> Option<&'f str> {
        let roles = self.0.get(&(peer, incarnation))?;
        let known = roles.partition_point(|role| role.begin <= event);
        Some(&roles[known.checked_sub(1)?].role)
    }
}

fn termless(mut peers: Vec<PeerId>) -> Option<Gap> {
    peers.sort_unstable();
    peers.dedup();
    let why = "a request or the use of its reply carries no term".to_owned();
    (!peers.is_empty()).then_some(Gap { why, peers })
}

/// Peers of programs that get answers and never say when they act on one. One program writes one file, so a file with
/// a single `reply.used` shows that the kind is written there, and that all other answers were ignored.
fn uses_unseen(facts: &Facts<'_>) -> Option<Gap> {
    let trace = facts.trace();
    let mut writes = vec![false; trace.sources().len()];
    let mut answered: Vec<(SourceId, PeerId)> = Vec::new();
    for rpc in facts.rpcs().all() {
        rpc.used.iter().for_each(|used| writes[trace.event(*used).source().index()] = true);
        if let (Some(back), None | Some("ok")) = (rpc.return_, rpc.outcome)
            && let Some(peer) = trace.event(back).peer()
        {
            answered.push((trace.event(back).source(), peer));
        }
    }
    let mut peers: Vec<_> =
        answered.iter().filter(|(source, _)| !writes[source.index()]).map(|(_, peer)| *peer).collect();
    peers.sort_unstable();
    peers.dedup();
    let why = "they get replies, and never write `reply.used` when they act on one".to_owned();
    (!peers.is_empty()).then_some(Gap { why, peers })
}

/// Answers that came as one-way messages: nothing in the trace ties them to their requests.
fn answers_by_message(facts: &Facts<'_>) -> Option<Gap> {
    let trace = facts.trace();
    if trace.tables().messages.is_empty() {
        return None;
    }
    let by_message = |event: &Event<'_>| matches!(event.body(), Body::ReplyUsed(body) if body.rpc.is_none());
    let uses = trace.events().filter(|event| event.kind() == Some(Kind::ReplyUsed)).filter(by_message);
    let mut peers: Vec<_> = uses.filter_map(Event::peer).collect();
    peers.sort_unstable();
    peers.dedup();
    let why = "answers that are one-way messages are not yet matched with what they answer".to_owned();
    (!peers.is_empty()).then_some(Gap { why, peers })
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

            gap stale-reply-acted-on: a request or the use of its reply carries no term (0)
            "#,
        );
    }

    #[test]
    fn a_candidate_that_gave_up_counts_no_votes() {
        check(&format!(
            r#"{ASKED}
            {{"ts":40,"peer":0,"task":3,"term":1,"kind":"role","role":"follower","src":"raft.rs:81"}}
            {{"ts":50,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":"a","from":1}}
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
            gap stale-reply-acted-on: they get replies, and never write `reply.used` when they act on one (0)
            "#
        ));
    }
}
