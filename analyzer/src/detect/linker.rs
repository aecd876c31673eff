//! Derives causes: detectors do not know each other, but their findings share objects.
//!
//! Finding A causes finding B if A acts on an object that B suffers from. Where the harm lasts (a task that is stuck), that
//! is all. Else A's deed must have come first: in happens-before, and against the very event of B that stands on the
//! object; how independent tasks happen to be interleaved in the trace changes nothing. Only an answer may be used and built
//! upon in tasks between which the trace shows no order.
//!
//! Findings that tell the same story of the same peers at the same source lines, with the same causes, become one with a
//! count.

use std::collections::{HashMap, HashSet};

use super::finding::{Finding, Object};
use crate::facts::Facts;
use crate::model::{ClusterId, EventId, PeerId, TestId, Trace};

/// A finding of a detector, before numbering.
#[derive(Clone, Debug)]
pub struct Raised {
    /// The detector's name.
    pub detector: &'static str,
    /// What it said.
    pub finding: Finding,
}

/// Findings of one story.
#[derive(Clone, Debug)]
pub struct Linked {
    /// `detector/1`: the detector's name and the place among its findings, by deed.
    pub id: String,
    /// The detector's name.
    pub detector: &'static str,
    /// The first of them, by deed.
    pub finding: Finding,
    /// How many there are.
    pub count: usize,
    /// The places of its causes in the list, all smaller than its own.
    pub caused_by: Vec<usize>,
}

/// Links and groups `raised`; causes stand before what they cause, otherwise the order is that of the deeds.
pub fn link(facts: &Facts<'_>, mut raised: Vec<Raised>) -> Vec<Linked> {
    for Raised { finding, .. } in &mut raised {
        finding.peers.sort_unstable();
        finding.peers.dedup();
    }
    raised.sort_by(|one, other| key(one).cmp(&key(other)));
    let causes = causes(facts, &raised);
    let order = order(&causes);
    group(facts.trace(), raised, &causes, &order)
}

fn key(raised: &Raised) -> (EventId, &'static str, &str) {
    (raised.finding.deed, raised.detector, &raised.finding.title)
}

/// For each finding the places of those that cause it; no circles. An edge from an earlier deed to a later one can close
/// none; the few others are added last, each only if it closes none.
fn causes(facts: &Facts<'_>, raised: &[Raised]) -> Vec<Vec<usize>> {
    let mut actors: HashMap<Object, Vec<usize>> = HashMap::new();
    for (place, raised) in raised.iter().enumerate() {
        for object in &raised.finding.acts {
            actors.entry(*object).or_default().push(place);
        }
    }
    let mut causes: Vec<Vec<usize>> = vec![Vec::new(); raised.len()];
    let mut backward = Vec::new();
    for (place, suffering) in raised.iter().enumerate() {
        for &(object, at) in &suffering.finding.suffers {
            for &actor in actors.get(&object).map_or(&[][..], |actors| actors) {
                if actor == place || !comes_first(facts, object, raised[actor].finding.deed, at) {
                    continue;
                }
                if actor < place {
                    causes[place].push(actor);
                } else {
                    backward.push((actor, place));
                }
            }
        }
        causes[place].sort_unstable();
        causes[place].dedup();
    }
    backward.sort_unstable();
    backward.dedup();
    for (actor, place) in backward {
        if !reaches(&causes, actor, place) {
            causes[place].push(actor);
        }
    }
    causes
}

/// Whether a deed can have harmed what stands on `object` at `at`.
fn comes_first(facts: &Facts<'_>, object: Object, deed: EventId, at: EventId) -> bool {
    match object {
        _ if object.lasts() => true,
        Object::Rpc(_) => !facts.order().before(at, deed),
        _ => deed == at || facts.order().before(deed, at),
    }
}

/// Whether `cause` is among the causes of `of`, through others as well.
fn reaches(causes: &[Vec<usize>], of: usize, cause: usize) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![of];
    while let Some(place) = open.pop() {
        if place == cause {
            return true;
        }
        if seen.insert(place) {
            open.extend(&causes[place]);
        }
    }
    false
}

/// An order in which causes stand first; otherwise that of the places.
fn order(causes: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(causes.len());
    let mut done = vec![false; causes.len()];
    for start in 0..causes.len() {
        // A place, and how many of its causes have been looked at.
        let mut open = vec![(start, 0)];
        while let Some((place, looked_at)) = open.last_mut() {
            let place = *place;
            if done[place] {
                open.pop();
                continue;
            }
            match causes[place].get(*looked_at) {
                Some(&cause) => {
                    *looked_at += 1;
                    open.push((cause, 0));
                }
                None => {
                    open.pop();
                    done[place] = true;
                    order.push(place);
                }
            }
        }
    }
    order
}

/// What findings of one group have in common.
#[derive(PartialEq, Eq, Hash)]
struct Group {
    detector: &'static str,
    test: Option<TestId>,
    cluster: Option<ClusterId>,
    peers: Vec<PeerId>,
    story: Vec<String>,
    caused_by: Vec<usize>,
}

fn group(trace: &Trace, raised: Vec<Raised>, causes: &[Vec<usize>], order: &[usize]) -> Vec<Linked> {
    let mut raised: Vec<Option<Raised>> = raised.into_iter().map(Some).collect();
    let mut group_of = vec![0; raised.len()];
    let mut groups: HashMap<Group, usize> = HashMap::new();
    let mut numbers: HashMap<&'static str, usize> = HashMap::new();
    let mut linked: Vec<Linked> = Vec::new();
    for &place in order {
        let Some(Raised { detector, finding }) = raised[place].take() else { continue };
        let mut caused_by: Vec<usize> = causes[place].iter().map(|&cause| group_of[cause]).collect();
        caused_by.sort_unstable();
        caused_by.dedup();
        let deed = trace.event(finding.deed);
        let group = Group {
            detector,
            test: deed.test(),
            cluster: deed.cluster(),
            peers: finding.peers.clone(),
            story: story(trace, &finding),
            caused_by: caused_by.clone(),
        };
        let fresh = linked.len();
        let at = *groups.entry(group).or_insert(fresh);
        group_of[place] = at;
        if at < fresh {
            linked[at].count += finding.count;
            continue;
        }
        let number = numbers.entry(detector).and_modify(|number| *number += 1).or_insert(1);
        let (id, count) = (format!("{detector}/{number}"), finding.count);
        linked.push(Linked { id, detector, finding, count, caused_by });
    }
    linked
}

/// What makes two findings of a detector the same: the source lines of their witnesses. Where a line is unknown, the
/// title, which has the real names, keeps different stories apart.
fn story(trace: &Trace, finding: &Finding) -> Vec<String> {
    let mut lines = vec![finding.class.name().to_owned()];
    let mut known = true;
    for witness in &finding.witnesses {
        match trace.event(witness.event).src() {
            Some(src) => lines.push(src.to_owned()),
            None => known = false,
        }
    }
    if !known || finding.witnesses.is_empty() {
        lines.push(finding.title.clone());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::finding::{Class, Nature};
    use crate::model::{RpcId, TaskId};
    use crate::testing::trace_from_jsonl;

    const TRACE: &str = r#"
        {"ts":1,"task":1,"kind":"log","msg":"a","src":"a.rs:1"}
        {"ts":2,"task":1,"kind":"log","msg":"b","src":"a.rs:2"}
        {"ts":3,"task":1,"kind":"log","msg":"c","src":"a.rs:1"}
    "#;

    fn raised(detector: &'static str, deed: u32, acts: &[u32], suffers: &[u32]) -> Raised {
        let mut finding = Finding::new(Class::Happened, Nature::Violation, EventId(deed), detector, "fix");
        finding.witness(EventId(deed), "seen");
        finding.acts = acts.iter().map(|rpc| Object::Rpc(RpcId(*rpc))).collect();
        finding.suffers = suffers.iter().map(|task| (Object::Rpc(RpcId(*task)), EventId(deed))).collect();
        Raised { detector, finding }
    }

    fn linked(raised: Vec<Raised>) -> Vec<(String, usize, Vec<String>)> {
        let trace = trace_from_jsonl(TRACE);
        let linked = link(&Facts::new(&trace, &[]), raised);
        let name = |place: &usize| linked[*place].id.clone();
        linked.iter().map(|one| (one.id.clone(), one.count, one.caused_by.iter().map(name).collect())).collect()
    }

    fn row(id: &str, count: usize, causes: &[&str]) -> (String, usize, Vec<String>) {
        (id.into(), count, causes.iter().map(|&cause| cause.into()).collect())
    }

    #[test]
    fn a_cause_acts_before_what_suffers_from_it() {
        let found =
            linked(vec![raised("late", 1, &[], &[7]), raised("early", 0, &[7], &[]), raised("after", 2, &[7], &[])]);
        assert_eq!(found, [row("early/1", 1, &[]), row("late/1", 1, &["early/1"]), row("after/1", 1, &[])]);
    }

    #[test]
    fn who_is_stuck_harms_those_who_came_before_as_well() {
        let (mut before, mut stuck) = (raised("before", 0, &[], &[]), raised("stuck", 2, &[], &[]));
        before.finding.suffers = vec![(Object::Task(TaskId(1)), EventId(0))];
        stuck.finding.acts = vec![Object::Task(TaskId(1))];
        assert_eq!(linked(vec![before, stuck]), [row("stuck/1", 1, &[]), row("before/1", 1, &["stuck/1"])]);
    }

    #[test]
    fn findings_of_one_deed_never_cause_each_other_in_a_circle() {
        let found = linked(vec![raised("b", 0, &[1], &[2]), raised("a", 0, &[2], &[1])]);
        assert_eq!(found, [row("a/1", 1, &[]), row("b/1", 1, &["a/1"])]);
    }

    #[test]
    fn one_story_with_other_causes_is_another_finding() {
        let found = linked(vec![raised("x", 0, &[], &[]), raised("x", 2, &[], &[])]);
        assert_eq!(found, [row("x/1", 2, &[])], "the same line twice");
        let found = linked(vec![raised("x", 0, &[], &[]), raised("y", 1, &[5], &[]), raised("x", 2, &[], &[5])]);
        assert_eq!(found, [row("x/1", 1, &[]), row("y/1", 1, &[]), row("x/2", 1, &["y/1"])]);
    }
}
