//! Two peers claim the leadership of one term.
//!
//! A claim is a `role` event that says leader, or a deed as leader after the leader's term has risen without a new role
//! (the vocabulary: such a leader leads no longer). One peer that claims a term in two incarnations claims it once.

use std::collections::BTreeMap;

use peerscope_format::value::Term;
use peerscope_format::vocabulary::{Body, Kind};

use crate::detect::blind::{self, missing_parts};
use crate::detect::changes::{self, Changes};
use crate::detect::elections::{Election, Past, is_refusal};
use crate::detect::finding::{Class, Finding, Gap, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, enumerate, section};
use crate::facts::{Claim, Facts};
use crate::model::{Dense, EventId, PeerId, PeerScope, RpcId};

/// The declaration.
pub const DETECTOR: Detector = Detector {
    name: "two-leaders-in-term",
    summary: "two peers claim the leadership of one term",
    explain: Explain {
        what_it_is: "\
In one term of one cluster, two different peers consider themselves leader. A leader needs the votes of a majority, each \
peer has one vote a term, and two majorities always share a peer: so in a correct Raft this cannot happen. Leaders of \
different terms at one time are no violation: the older one does not know yet.",
        why_it_matters: "\
This is Election Safety, on which all the rest is built. Both leaders accept commands and give them the same index and \
term; followers take entries of the same term for the same entries, so logs differ for good, and committed commands \
are lost or applied differently.",
        example: "\
Three peers, a slow network:
  term 1: peer 0 asks for votes; peers 1 and 2 grant them, the answers are slow
  term 2: peer 1 asks for votes; peer 0 moves to term 2 and votes for peer 1, and so does peer 2
  term 2: peer 0 counts the two votes of term 1 and makes itself leader
  term 2: peer 1 counts its votes and makes itself leader",
        how_to_fix: "\
Look at the story's first wrong step. If votes of an older term were counted: check the term (and the role) after the \
answer has come. If a peer gave two votes in one term: remember the vote per term, and make it durable before answering. \
If a leader carried on after its term rose: step down wherever the term rises.",
    },
    needs: &[Need::Order, Need::Roles, Need::Holds, Need::Rpcs],
    judges_by: &[Kind::Role, Kind::TermChange, Kind::Vote],
    thresholds: &[],
    idle: |facts| {
        let led = blind::written(facts, &[Kind::Role]) || !facts.roles().claims().is_empty();
        (!led).then_some("no peer claims a role")
    },
    run,
};

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let trace = facts.trace();
    let mut terms: BTreeMap<(PeerScope, Term), Vec<Claim>> = BTreeMap::new();
    // What was read back from disk is no new deed.
    for claim in facts.roles().claims().iter().filter(|claim| !trace.event(claim.event).restored()) {
        let claims = terms.entry((trace.peers().scope(claim.peer), claim.term)).or_default();
        if claims.iter().all(|other| other.peer != claim.peer) {
            claims.push(*claim);
        }
    }
    terms.retain(|_, claims| claims.len() > 1);
    let mut outcome = Outcome::new(Vec::new(), missing_parts(facts));
    if !terms.is_empty() {
        let past = Past::new(facts);
        outcome.findings = terms.values().map(|claims| tell(&past, claims)).collect();
    }
    outcome.gaps.extend(gaps(facts));
    outcome
}

/// How many witnesses a story has at most.
const LONGEST_STORY: usize = 10;

/// How many changes between an election and the claim are looked at: a peer may claim many terms after one election.
const MOST_CHANGES: usize = 256;

/// What a witness is to the story, the most telling first: what does not fit is left out from the end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Claim,
    Election,
    /// A vote by one who also voted for another claimant, or by a claimant for another.
    VoteGivenAway,
    SteppingDown,
    /// A claimant counts an answer that it asked for in another term.
    OldVote,
    Vote,
}

fn tell(past: &Past<'_, '_>, claims: &[Claim]) -> Finding {
    let facts = past.facts;
    let trace = facts.trace();
    let words = Words(trace);
    let elections: Vec<_> = claims.iter().map(|claim| past.election(claim)).collect();
    let peers: Vec<_> = claims.iter().map(|claim| claim.peer).collect();
    let term = claims[0].term;
    let title =
        format!("{} {} claim to lead term {term}", words.peers(&peers), if peers.len() == 2 { "both" } else { "all" });
    let mut finding = Finding::new(Class::Happened, Nature::Violation, claims[1].event, title, fix(facts, &elections));
    let mut story = story(facts, &past.changes, &elections);
    story.sort();
    story.dedup_by_key(|(_, event)| *event);
    let mut told: Vec<EventId> = Vec::new();
    for (part, event) in story {
        if told.len() < LONGEST_STORY && !told.contains(&event) {
            told.push(event);
            let text = match part {
                Part::Claim if trace.event(event).kind() != Some(Kind::Role) => {
                    format!("{} acts as leader in term {term}, which it was not elected for", words.actor(event))
                }
                Part::OldVote => old_vote(facts, event),
                _ => changes::tell(trace, event),
            };
            finding.witness(event, text);
        }
    }
    finding.order_witnesses();
    finding.suffers = elections.iter().flat_map(|election| stands_on(facts, election)).collect();
    finding.suffers.sort_unstable();
    finding.suffers.dedup();
    finding.peers = peers;
    finding.term = Some(term);
    finding
}

/// `peer 0 counts the reply of RequestVote to peer 2, which it asked for in term 1, in term 2`.
fn old_vote(facts: &Facts<'_>, used: EventId) -> String {
    let trace = facts.trace();
    let words = Words(trace);
    let event = trace.event(used);
    let term = event.term().map_or_else(String::new, |term| format!(" in term {term}"));
    let rpc = match event.body() {
        Body::ReplyUsed(body) => body.rpc.and_then(|id| trace.tables().rpcs.get((), id)),
        _ => None,
    };
    let asked = rpc.and_then(|rpc| trace.event(facts.rpcs().get(rpc).send?).term());
    let vote = asked.map_or_else(|| "an older vote".into(), |asked| format!("a vote of term {asked}"));
    format!("{} counts {vote}{term}", words.actor(used))
}

/// All that belongs to the story, each with its part in it.
fn story(facts: &Facts<'_>, changes: &Changes, elections: &[Election]) -> Vec<(Part, EventId)> {
    let trace = facts.trace();
    let mut story = Vec::new();
    for (place, election) in elections.iter().enumerate() {
        let Claim { peer, term, event } = election.claim;
        story.push((Part::Claim, event));
        story.extend(election.candidacy.map(|(began, _)| (Part::Election, began)));
        for (voter, vote) in &election.votes {
            let others = elections.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
            let twice = others.clone().any(|other| other.votes.iter().any(|(double, _)| double == voter));
            story.push((if twice && voter != &peer { Part::VoteGivenAway } else { Part::Vote }, *vote));
        }
        let asked = |rpc: RpcId| facts.rpcs().get(rpc).send.and_then(|send| trace.event(send).term());
        let old = election.counted.iter().filter(|(_, rpc)| asked(*rpc).is_some_and(|asked| asked != term));
        let old = old.filter(|(_, rpc)| !is_refusal(facts, *rpc));
        story.extend(old.map(|(used, _)| (Part::OldVote, *used)));
        // What moved the claimant on between its election (or the term that it led) and its claim.
        let led = election.led.inspect(|(began, _)| story.push((Part::Election, *began)));
        let Some((began, stood_in)) = led.or(election.candidacy) else { continue };
        if stood_in == Some(term) {
            continue;
        }
        for &change in changes.between(peer, began, event).iter().take(MOST_CHANGES) {
            let view = trace.event(change);
            let away = matches!(view.body(), Body::Vote(body)
                if body.candidate.is_some_and(|id| trace.peer_of(view, id) != Some(peer)));
            if view.term() > stood_in {
                story.push((if away { Part::VoteGivenAway } else { Part::SteppingDown }, change));
            }
        }
    }
    story
}

/// What could have led to the claim: the critical section in which it was made, the answers that it counted, and that the
/// claimant or one of its voters was in that term again.
fn stands_on(facts: &Facts<'_>, election: &Election) -> Vec<(Object, EventId)> {
    let Claim { peer, term, event } = election.claim;
    let mut objects = vec![(Object::Term(peer, term), event)];
    objects.extend(section(facts, event).map(|section| (section, event)));
    objects.extend(election.counted.iter().map(|(_, rpc)| (Object::Rpc(*rpc), event)));
    objects.extend(election.votes.iter().map(|(voter, vote)| (Object::Term(*voter, term), *vote)));
    objects
}

fn fix(facts: &Facts<'_>, elections: &[Election]) -> String {
    let words = Words(facts.trace());
    for Election { claim, candidacy, led, .. } in elections {
        if led.is_some() {
            return format!(
                "{} leads on after its term rose: step down wherever the term rises",
                words.peer(claim.peer)
            );
        }
        if let Some((_, Some(stood_in))) = candidacy
            && *stood_in != claim.term
        {
            return format!(
                "{} stood for election in term {stood_in} and claims term {}: before counting a vote, check that the \
                 current term is still that of the request; step down wherever the term rises",
                words.peer(claim.peer),
                claim.term
            );
        }
    }
    for (place, election) in elections.iter().enumerate() {
        for (voter, _) in &election.votes {
            if elections[..place].iter().any(|other| other.votes.iter().any(|(double, _)| double == voter)) {
                return format!(
                    "{} gave two votes in term {}: remember the vote of each term, and make it durable before answering",
                    words.peer(*voter),
                    election.claim.term
                );
            }
        }
    }
    "become leader only with the votes of a majority of the voters, given in the current term".into()
}

/// Where a claim could stand that is not seen.
fn gaps(facts: &Facts<'_>) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = blind::silent(facts).into_iter().collect();
    gaps.extend(roles_unseen(facts));
    gaps.extend(members_unseen(facts));
    gaps.extend(strange_roles(facts));
    gaps.extend(blind::termless(facts, |body| match body {
        Body::Role(body) => body.role.is_none_or(|role| role.eq_ignore_ascii_case("leader")),
        _ => false,
    }));
    gaps.extend(blind::peerless(facts, &[Kind::Role]));
    gaps
}

/// Peers that state terms or votes and never a role. Such a peer may have led all the while. It has not if it writes its votes
/// and never voted for itself: who stands for election does that first; unless it does what only leaders do.
fn roles_unseen(facts: &Facts<'_>) -> Option<Gap> {
    let (trace, coverage) = (facts.trace(), facts.coverage());
    let roleless = |peer: &PeerId| {
        let covered = coverage.peer(*peer);
        covered.events > 0 && !covered.writes(Kind::Role) && !blind::is_silent(facts, *peer)
    };
    let mut peers: Vec<_> = trace.peers().ids().filter(roleless).collect();
    if !peers.is_empty() {
        let mut stood = vec![false; trace.peers().len()];
        for event in trace.events().filter(|event| event.kind() == Some(Kind::Vote)) {
            if let (Body::Vote(body), Some(peer)) = (event.body(), event.peer()) {
                stood[peer.index()] |= body.candidate.is_none_or(|id| trace.peer_of(event, id) == Some(peer));
            }
        }
        peers.retain(|peer| {
            let covered = coverage.peer(*peer);
            stood[peer.index()] || !covered.writes(Kind::Vote) || covered.writes(Kind::Progress)
        });
    }
    let gap = blind::of_peers(facts, peers, |one| blind::never(one, "`role`"))?;
    Some(gap.advise("add role! where a role changes"))
}

/// Members of whom the trace has not a single event: their files may be missing.
fn members_unseen(facts: &Facts<'_>) -> Option<Gap> {
    let trace = facts.trace();
    if !blind::written(facts, &[Kind::PeerStart, Kind::Config]) {
        return None;
    }
    let mut peers = Vec::new();
    for event in trace.events().filter(|event| matches!(event.kind(), Some(Kind::PeerStart | Kind::Config))) {
        let ids = match event.body() {
            Body::PeerStart(body) => body.members,
            Body::Config(body) => body.voters,
            _ => None,
        };
        let members = ids.iter().flat_map(|ids| ids.iter()).filter_map(|id| trace.peer_of(event, id));
        peers.extend(members.filter(|peer| facts.coverage().peer(*peer).events == 0));
        peers.sort_unstable();
        peers.dedup();
    }
    let gap = blind::of_peers(facts, peers, |one| {
        let (is, write) = if one { ("is a member", "writes") } else { ("are members", "write") };
        format!("{is} and {write} nothing in this trace")
    })?;
    Some(gap.advise("if it runs elsewhere, name its trace as well"))
}

/// Words for roles that the vocabulary does not know: whether they mean a leader is unknown.
fn strange_roles(facts: &Facts<'_>) -> Option<Gap> {
    const MOST: usize = 4;
    let words = Words(facts.trace());
    let strange = facts.roles().unknown_words();
    let named = strange.iter().take(MOST);
    let mut named: Vec<_> =
        named.map(|(peer, word, _)| format!("{} calls its role `{word}`", words.peer(*peer))).collect();
    if strange.len() > MOST {
        named.push(format!("{} more likewise", strange.len() - MOST));
    }
    let mut peers: Vec<_> = strange.iter().map(|(peer, ..)| *peer).collect();
    peers.sort_unstable();
    peers.dedup();
    (!strange.is_empty()).then(|| {
        Gap::of(peers, enumerate(&named)).advise("the words are follower, candidate, leader, precandidate, learner")
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    #[test]
    fn votes_of_term_1_make_a_leader_of_term_2() {
        check(
            r#"
            {"ts":10,"peer":2,"task":21,"term":0,"kind":"role","role":"follower"}
            {"ts":10,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate","src":"raft.rs:20"}
            {"ts":11,"peer":0,"task":1,"term":1,"kind":"vote","for":0,"src":"raft.rs:21"}
            {"ts":20,"peer":0,"task":2,"term":1,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":2,"src":"raft.rs:52"}
            {"ts":30,"peer":2,"task":21,"term":1,"kind":"rpc.recv","rpc":"a","from":0}
            {"ts":31,"peer":2,"task":21,"term":1,"kind":"vote","for":0,"src":"raft.rs:83"}
            {"ts":32,"peer":2,"task":21,"term":1,"kind":"rpc.reply","rpc":"a","granted":true}
            {"ts":40,"peer":1,"task":11,"term":2,"kind":"role","role":"candidate","src":"raft.rs:20"}
            {"ts":41,"peer":1,"task":11,"term":2,"kind":"vote","for":1,"src":"raft.rs:21"}
            {"ts":50,"peer":0,"task":3,"term":2,"kind":"role","role":"follower","src":"raft.rs:81"}
            {"ts":51,"peer":0,"task":3,"term":2,"kind":"vote","for":1,"src":"raft.rs:83"}
            {"ts":52,"peer":2,"task":21,"term":2,"kind":"vote","for":1,"src":"raft.rs:83"}
            {"ts":60,"peer":0,"task":2,"term":2,"kind":"rpc.return","rpc":"a","from":2}
            {"ts":61,"peer":0,"task":2,"term":2,"kind":"lock.acquire","lock":"raft","seq":1}
            {"ts":62,"peer":0,"task":2,"term":2,"kind":"reply.used","rpc":"a","purpose":"count the vote","src":"raft.rs:60"}
            {"ts":63,"peer":0,"task":2,"term":2,"kind":"role","role":"leader","src":"raft.rs:65"}
            {"ts":64,"peer":0,"task":2,"term":2,"kind":"lock.release","lock":"raft","seq":1}
            {"ts":70,"peer":1,"task":11,"term":2,"kind":"role","role":"leader","src":"raft.rs:65"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            error two-leaders-in-term: peers 0 and 1 both claim to lead term 2
              raft.rs:20 peer 0 becomes candidate in term 1
              raft.rs:21 peer 0 votes for itself in term 1
              raft.rs:83 peer 2 votes for peer 0 in term 1
              raft.rs:20 peer 1 becomes candidate in term 2
              raft.rs:81 peer 0 becomes follower in term 2
              raft.rs:83 peer 0 votes for peer 1 in term 2
              raft.rs:83 peer 2 votes for peer 1 in term 2
              raft.rs:60 peer 0 counts a vote of term 1 in term 2
              raft.rs:65 peer 0 becomes leader in term 2
              raft.rs:65 peer 1 becomes leader in term 2
              because of stale-reply-acted-on
            "#,
        );
    }

    #[test]
    fn one_voter_gives_two_votes() {
        check(
            r#"
            {"ts":10,"peer":0,"term":3,"kind":"role","role":"candidate"}
            {"ts":11,"peer":1,"term":3,"kind":"role","role":"candidate"}
            {"ts":12,"peer":2,"term":3,"kind":"term"}
            {"ts":20,"peer":2,"term":3,"kind":"vote","for":0}
            {"ts":21,"peer":2,"term":3,"kind":"vote","for":1}
            {"ts":30,"peer":0,"term":3,"kind":"role","role":"leader"}
            {"ts":31,"peer":1,"term":3,"kind":"role","role":"leader"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            error two-leaders-in-term: peers 0 and 1 both claim to lead term 3
              role peer 0 becomes candidate in term 3
              role peer 1 becomes candidate in term 3
              vote peer 2 votes for peer 0 in term 3
              vote peer 2 votes for peer 1 in term 3
              role peer 0 becomes leader in term 3
              role peer 1 becomes leader in term 3
            "#,
        );
    }

    #[test]
    fn votes_counted_elsewhere_are_found_by_their_replies() {
        // The reply is counted in one task, the role taken in another, and no lock is in the trace.
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate","src":"a:1"}
            {"ts":20,"peer":0,"task":2,"term":1,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":1,"src":"a:2"}
            {"ts":30,"peer":0,"task":3,"term":2,"kind":"term","src":"a:3"}
            {"ts":40,"peer":1,"task":9,"term":2,"kind":"role","role":"leader","src":"a:5"}
            {"ts":60,"peer":0,"task":2,"term":2,"kind":"rpc.return","rpc":"a","from":1}
            {"ts":62,"peer":0,"task":2,"term":2,"kind":"reply.used","rpc":"a","src":"a:4"}
            {"ts":63,"peer":0,"task":1,"term":2,"kind":"role","role":"leader","src":"a:5"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            error two-leaders-in-term: peers 0 and 1 both claim to lead term 2
              a:1 peer 0 becomes candidate in term 1
              a:3 peer 0 moves to term 2
              a:5 peer 1 becomes leader in term 2
              a:4 peer 0 counts a vote of term 1 in term 2
              a:5 peer 0 becomes leader in term 2
              because of stale-reply-acted-on
            "#,
        );
    }

    #[test]
    fn a_leader_that_carries_on_after_its_term_rose() {
        check(
            r#"
            {"ts":10,"peer":0,"term":1,"kind":"role","role":"leader","src":"a:1"}
            {"ts":20,"peer":1,"term":2,"kind":"role","role":"leader","src":"a:1"}
            {"ts":30,"peer":0,"term":2,"kind":"term","src":"a:2"}
            {"ts":40,"peer":0,"term":2,"kind":"progress","of":1,"next":3,"match":2,"src":"a:3"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            error two-leaders-in-term: peers 0 and 1 both claim to lead term 2
              a:1 peer 0 becomes leader in term 1
              a:1 peer 1 becomes leader in term 2
              a:2 peer 0 moves to term 2
              a:3 peer 0 acts as leader in term 2, which it was not elected for
            "#,
        );
    }

    #[test]
    fn an_old_leader_that_does_not_know_yet_is_no_violation() {
        check(
            r#"
            {"ts":10,"peer":0,"term":1,"kind":"role","role":"leader"}
            {"ts":20,"peer":1,"term":2,"kind":"role","role":"leader"}
            {"ts":30,"peer":0,"term":1,"kind":"log.append","first":1,"entries":[{"term":1}]}
            {"ts":40,"peer":0,"term":2,"kind":"role","role":"follower"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            clean two-leaders-in-term
            "#,
        );
    }

    #[test]
    fn clusters_tests_and_incarnations_are_told_apart() {
        check(
            r#"
            {"ts":10,"test":"a","cluster":1,"peer":0,"term":1,"kind":"role","role":"leader"}
            {"ts":20,"test":"a","cluster":2,"peer":1,"term":1,"kind":"role","role":"leader"}
            {"ts":30,"test":"b","cluster":1,"peer":1,"term":1,"kind":"role","role":"leader"}
            {"ts":40,"test":"a","cluster":1,"peer":0,"inc":1,"term":1,"kind":"role","role":"leader"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            clean two-leaders-in-term
            "#,
        );
    }

    #[test]
    fn a_silent_peer_may_have_claimed_anything() {
        check(
            r#"
            {"ts":10,"peer":0,"term":1,"kind":"role","role":"leader"}
            {"ts":20,"peer":1,"kind":"log","msg":"hello"}

            gap two-leaders-in-term: the trace is cut off; what came after its end is unknown
            gap two-leaders-in-term: peer 1 never writes `term`, `role` or `vote` (1)
            "#,
        );
    }
}
