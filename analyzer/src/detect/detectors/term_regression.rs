//! A peer's current term falls.

use std::collections::BTreeMap;

use peerscope_format::value::Term;
use peerscope_format::vocabulary::Kind;
use rustc_hash::FxHashMap;

use crate::detect::changes;
use crate::detect::finding::{Class, Finding, Gap, Nature, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, missing_parts, section};
use crate::facts::Facts;
use crate::model::{EventId, LineId, PeerId};

/// The declaration.
pub const DETECTOR: Detector = Detector {
    name: "term-regression",
    summary: "a peer's current term falls",
    explain: Explain {
        what_it_is: "\
A peer was in one term and later, in the same life, in a smaller one. Terms are Raft's logical clock: a peer only ever \
takes over a larger term than its own. Reading an older term back from disk after a restart is another matter and not \
meant here.",
        why_it_matters: "\
A peer that goes back to an earlier term can vote in it a second time, or accept entries from a leader that was already \
replaced. Everything that Raft guarantees about leaders and logs rests on terms that do not fall.",
        example: "\
A message that the network kept back arrives:
  peer 1, term 5: steps down, a candidate of term 5 asked for its vote
  peer 1, term 3: a delayed AppendEntries of term 3 arrives; the handler sets current_term = args.term",
        how_to_fix: "\
Take over a message's term only if it is larger than the current one, under the same lock as the comparison. A message \
with a smaller term is refused; a reply with a smaller term is ignored.",
    },
    needs: &[Need::Order],
    thresholds: &[],
    run,
};

/// The largest term that each line of events of one incarnation has stated.
type Stated = FxHashMap<Option<LineId>, (Term, EventId)>;

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let trace = facts.trace();
    let mut lives: BTreeMap<(PeerId, u64), Stated> = BTreeMap::new();
    let mut outcome = Outcome { findings: Vec::new(), gaps: missing_parts(facts) };
    let mut unordered = Vec::new();
    for event in trace.events().filter(|event| changes::is_change(*event)) {
        let (Some(peer), Some(term)) = (event.peer(), event.term()) else { continue };
        let stated = lives.entry((peer, event.incarnation())).or_default();
        if event.restored() {
            stated.clear();
        }
        let larger = stated.values().filter(|(other, _)| *other > term).copied();
        let (before, beside): (Vec<_>, Vec<_>) =
            larger.partition(|(_, other)| facts.order().before(*other, event.id()));
        if let Some((from, earlier)) =
            before.iter().copied().max_by_key(|(from, earlier)| (*from, std::cmp::Reverse(*earlier)))
        {
            outcome.findings.push(tell(facts, (from, earlier), (term, event.id())));
            // Each fall is told once: from here on the smaller term is what counts.
            stated.retain(|_, (_, other)| !facts.order().before(*other, event.id()));
        } else if !beside.is_empty() {
            unordered.push(peer);
        }
        stated.insert(event.line(), (term, event.id()));
    }
    outcome.gaps.extend(not_ordered(unordered));
    outcome.gaps.extend(not_stated(facts));
    outcome
}

fn tell(facts: &Facts<'_>, (from, earlier): (Term, EventId), (to, later): (Term, EventId)) -> Finding {
    let trace = facts.trace();
    let peer = Words(trace).actor(later);
    let fix = "take over another term only if it is larger than the current one, under the same lock as the comparison";
    let title = format!("the term of {peer} falls from {from} to {to}");
    let mut finding = Finding::new(Class::Happened, Nature::Violation, later, title, fix);
    finding.witness(earlier, changes::tell(trace, earlier));
    finding.witness(later, changes::tell(trace, later));
    finding.peers.extend(trace.event(later).peer());
    finding.term = Some(to);
    finding.acts.extend(section(facts, later));
    finding
}

fn not_ordered(mut peers: Vec<PeerId>) -> Option<Gap> {
    peers.sort_unstable();
    peers.dedup();
    let why = "events with different terms stand in tasks between which the trace shows no order".to_owned();
    (!peers.is_empty()).then_some(Gap { why, peers })
}

/// Peers that take part in something, and never state a term.
fn not_stated(facts: &Facts<'_>) -> Option<Gap> {
    let coverage = facts.coverage();
    let kinds = [Kind::Role, Kind::TermChange, Kind::Vote];
    let silent = |peer: &PeerId| {
        let covered = coverage.peer(*peer);
        covered.events > 0 && !kinds.iter().any(|kind| covered.writes(*kind))
    };
    let peers: Vec<_> = facts.trace().peers().ids().filter(silent).collect();
    let why = "they never write `term`, `role` or `vote`".to_owned();
    (!peers.is_empty()).then_some(Gap { why, peers })
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    #[test]
    fn a_delayed_message_turns_the_clock_back() {
        check(
            r#"
            {"ts":10,"peer":1,"task":1,"term":5,"kind":"term","src":"raft.rs:30"}
            {"ts":20,"peer":1,"task":1,"term":5,"kind":"vote","for":2,"src":"raft.rs:33"}
            {"ts":30,"peer":1,"task":1,"term":3,"kind":"role","role":"follower","src":"raft.rs:88"}
            {"ts":40,"peer":1,"task":1,"term":3,"kind":"vote","for":0,"src":"raft.rs:33"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            error term-regression: the term of peer 1 falls from 5 to 3
              raft.rs:33 peer 1 votes for peer 2 in term 5
              raft.rs:88 peer 1 becomes follower in term 3
            "#,
        );
    }

    #[test]
    fn a_lock_orders_tasks_and_without_one_nothing_is_claimed() {
        check(
            r#"
            {"ts":10,"peer":1,"task":1,"kind":"lock.acquire","lock":1,"seq":1}
            {"ts":11,"peer":1,"task":1,"term":5,"kind":"term","src":"raft.rs:30"}
            {"ts":12,"peer":1,"task":1,"term":5,"kind":"lock.release","lock":1,"seq":1}
            {"ts":20,"peer":1,"task":2,"term":5,"kind":"lock.acquire","lock":1,"seq":2}
            {"ts":21,"peer":1,"task":2,"term":4,"kind":"term","src":"raft.rs:60"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            error term-regression: the term of peer 1 falls from 5 to 4
              raft.rs:30 peer 1 moves to term 5
              raft.rs:60 peer 1 moves to term 4
            "#,
        );
        check(
            r#"
            {"ts":11,"peer":1,"task":1,"term":5,"kind":"term","src":"raft.rs:30"}
            {"ts":21,"peer":1,"task":2,"term":4,"kind":"term","src":"raft.rs:60"}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            gap term-regression: events with different terms stand in tasks between which the trace shows no order (1)
            "#,
        );
    }

    #[test]
    fn a_restart_may_read_back_what_was_durable() {
        check(
            r#"
            {"ts":10,"peer":1,"inc":0,"term":5,"kind":"term"}
            {"ts":20,"peer":1,"inc":1,"term":4,"kind":"term","restored":true}
            {"ts":30,"peer":1,"inc":1,"term":5,"kind":"term"}
            {"ts":40,"peer":1,"inc":1,"term":3,"kind":"term","restored":true}
            {"ts":50,"peer":1,"inc":1,"term":4,"kind":"vote","for":0}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            clean term-regression
            "#,
        );
    }

    #[test]
    fn a_peer_that_states_no_term_cannot_be_judged() {
        check(
            r#"
            {"ts":10,"peer":1,"term":5,"kind":"term"}
            {"ts":20,"peer":2,"kind":"log","msg":"hello"}

            gap term-regression: the trace is cut off; what came after its end is unknown
            gap term-regression: they never write `term`, `role` or `vote` (2)
            "#,
        );
    }
}
