//! A peer's current term falls.
//!
//! The vocabulary: `term` is the peer's current term in *every* event, so a fall shows in events of any kind; it is one
//! only if the larger term was stated before in happens-before. What only two statements of term, role or vote in unordered
//! tasks contradict is a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use peerscope_format::value::Term;
use peerscope_format::vocabulary::Kind;
use rustc_hash::FxHashMap;

use crate::detect::blind::{self, missing_parts};
use crate::detect::changes;
use crate::detect::finding::{Class, Finding, Gap, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::Words;
use crate::facts::Facts;
use crate::model::{Event, EventId, LineId, PeerId};

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
    judges_by: &[Kind::Role, Kind::TermChange, Kind::Vote],
    thresholds: &[],
    idle: |facts| {
        let stated = facts.trace().scopes().iter().any(|scope| scope.term.is_some());
        let kinds = [Kind::Role, Kind::TermChange, Kind::Vote];
        (!stated && !blind::written(facts, &kinds)).then_some("no peer states a term")
    },
    run,
};

/// In how many lines with a larger term an earlier statement is looked for. More would make many unordered tasks quadratic.
const MOST_LINES: usize = 64;

/// A line's statements of terms larger than all before, each with the first event that made it: terms and events ascend.
type Stated = Vec<(Term, EventId)>;

/// What one incarnation of a peer has stated.
#[derive(Default)]
struct Life {
    lines: FxHashMap<Option<LineId>, Stated>,
    /// The lines by the largest term that they have stated.
    tops: BTreeMap<Term, BTreeSet<Option<LineId>>>,
    /// Whether anything was read back from disk.
    restored: bool,
    /// The first statement of term, role or vote, and the largest.
    first: Option<Term>,
    largest: Option<Term>,
}

/// What speaks against a term.
enum Against {
    /// An earlier event was in a larger term.
    Before(Term, EventId),
    /// An event without order to this one was.
    Beside,
    Nothing,
}

impl Life {
    /// Looks for larger terms than `term` before `event`, and forgets those that it finds: each fall is told once, from
    /// there on the smaller term is what counts.
    fn against(&mut self, facts: &Facts<'_>, term: Term, event: Event<'_>) -> Against {
        let own = event.line();
        let higher =
            self.tops.range((Bound::Excluded(term), Bound::Unbounded)).flat_map(|(_, lines)| lines.iter().copied());
        let mut lines: Vec<_> = higher.filter(|line| *line != own).take(MOST_LINES).collect();
        if self.top(own).is_some_and(|top| top > term) {
            lines.push(own);
        }
        let mut found = Against::Nothing;
        for line in lines {
            let stated = self.lines.get(&line).map_or(&[][..], |stated| stated);
            let larger = stated.partition_point(|(other, _)| *other <= term);
            let known = stated[larger..].partition_point(|(_, other)| facts.order().before(*other, event.id()));
            let Some(&(from, earlier)) = known.checked_sub(1).and_then(|last| stated.get(larger + last)) else {
                if matches!(found, Against::Nothing) {
                    found = Against::Beside;
                }
                continue;
            };
            self.forget(line, larger, larger + known);
            let better = match found {
                Against::Before(other, at) => (from, std::cmp::Reverse(earlier)) > (other, std::cmp::Reverse(at)),
                _ => true,
            };
            if better {
                found = Against::Before(from, earlier);
            }
        }
        found
    }

    fn top(&self, line: Option<LineId>) -> Option<Term> {
        self.lines.get(&line)?.last().map(|(term, _)| *term)
    }

    fn forget(&mut self, line: Option<LineId>, from: usize, to: usize) {
        let before = self.top(line);
        if let Some(stated) = self.lines.get_mut(&line) {
            stated.drain(from..to);
        }
        self.moved(line, before);
    }

    fn state(&mut self, line: Option<LineId>, term: Term, event: EventId) {
        let before = self.top(line);
        if before.is_none_or(|top| top < term) {
            self.lines.entry(line).or_default().push((term, event));
            self.moved(line, before);
        }
    }

    /// Enters the line under its new largest term.
    fn moved(&mut self, line: Option<LineId>, before: Option<Term>) {
        let now = self.top(line);
        if now == before {
            return;
        }
        if let Some(before) = before
            && let Some(lines) = self.tops.get_mut(&before)
        {
            lines.remove(&line);
            if lines.is_empty() {
                self.tops.remove(&before);
            }
        }
        if let Some(now) = now {
            self.tops.entry(now).or_default().insert(line);
        }
    }

    fn restore(&mut self) {
        self.lines.clear();
        self.tops.clear();
        self.restored = true;
    }
}

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let trace = facts.trace();
    let mut lives: BTreeMap<(PeerId, u64), Life> = BTreeMap::new();
    let mut outcome = Outcome::new(Vec::new(), missing_parts(facts));
    let mut unordered = Vec::new();
    let mut last = None;
    for event in trace.events() {
        let (Some(peer), Some(term)) = (event.peer(), event.term()) else { continue };
        let is_change = changes::is_change(event);
        // Runs of events with one head say nothing new.
        let row = trace.scope_row(event.id());
        if last.replace(row) == Some(row) && !is_change && !event.restored() {
            continue;
        }
        let life = lives.entry((peer, event.incarnation())).or_default();
        if event.restored() {
            life.restore();
        }
        match life.against(facts, term, event) {
            Against::Before(from, earlier) => outcome.findings.push(tell(facts, (from, earlier), (term, event.id()))),
            Against::Beside if is_change => unordered.push(peer),
            Against::Beside | Against::Nothing => {}
        }
        life.state(event.line(), term, event.id());
        if is_change {
            life.first.get_or_insert(term);
            life.largest = life.largest.max(Some(term));
        }
    }
    outcome.gaps.extend(blind::of_peers(facts, unordered, |one| {
        format!(
            "{} different terms in tasks between which the trace shows no order",
            if one { "states" } else { "state" }
        )
    }));
    outcome.gaps.extend(forgotten(facts, &lives));
    outcome.gaps.extend(blind::silent(facts));
    outcome.gaps.extend(blind::termless(facts, |_| true));
    outcome.gaps.extend(blind::peerless(facts, &[Kind::Role, Kind::TermChange, Kind::Vote]));
    outcome
}

/// Terms outlive an incarnation, but peers begin in term 0 before they have read theirs, and a program that reads it back
/// without saying `restored` looks like one that has forgotten it. So a life that begins below where the last one ended is
/// no finding; and it is not clean.
fn forgotten(facts: &Facts<'_>, lives: &BTreeMap<(PeerId, u64), Life>) -> Option<Gap> {
    let mut peers = Vec::new();
    let mut earlier: Option<(PeerId, Term)> = None;
    for ((peer, _), life) in lives {
        let before = earlier.filter(|(other, _)| other == peer).map(|(_, term)| term);
        if !life.restored && life.first.is_some() && life.first < before {
            peers.push(*peer);
        }
        let largest = life.largest.max(before);
        earlier = largest.map(|largest| (*peer, largest));
    }
    let gap = blind::of_peers(facts, peers, |one| {
        format!(
            "{} in a smaller term than before, and nothing says whether it was read back",
            if one { "restarts" } else { "restart" }
        )
    })?;
    Some(gap.advise("mark what is read from disk as `restored`"))
}

/// In how many terms at most the peer is said to be once more.
const MOST_TERMS: usize = 16;

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
    let again = (to.0..=from.0).take(MOST_TERMS);
    finding.acts = again.flat_map(|term| Some(Object::Term(trace.event(later).peer()?, Term(term)))).collect();
    finding
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
              raft.rs:30 peer 1 moves to term 5
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

            gap term-regression: peer 1 states different terms in tasks between which the trace shows no order (1)
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
            gap term-regression: peer 2 never writes `term`, `role` or `vote` (2)
            "#,
        );
    }
}
