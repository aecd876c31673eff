//! Derives causes: detectors do not know each other, but their findings share objects.
//!
//! Finding A causes finding B if A acts on something that B suffers from, and A's deed does not come after B's in the
//! trace's order. Findings that tell the same story at the same source lines, with the same causes, then become one
//! with a count.

use std::collections::HashMap;

use super::finding::{Finding, Object};
use crate::model::{EventId, Trace};

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
pub fn link(trace: &Trace, mut raised: Vec<Raised>) -> Vec<Linked> {
    raised.sort_by(|one, other| key(one).cmp(&key(other)));
    let causes = causes(&raised);
    let order = order(&raised, &causes);
    group(trace, raised, &causes, &order)
}

fn key(raised: &Raised) -> (EventId, &'static str, &str) {
    (raised.finding.deed, raised.detector, &raised.finding.title)
}

/// For each finding the findings that cause it; edges between findings of one deed are left out if they would close
/// a cycle.
fn causes(raised: &[Raised]) -> Vec<Vec<usize>> {
    let mut actors: HashMap<Object, Vec<usize>> = HashMap::new();
    for (place, raised) in raised.iter().enumerate() {
        for object in &raised.finding.acts {
            actors.entry(*object).or_default().push(place);
        }
    }
    let mut causes: Vec<Vec<usize>> = vec![Vec::new(); raised.len()];
    for (place, suffering) in raised.iter().enumerate() {
        let mut found: Vec<usize> = suffering
            .finding
            .suffers
            .iter()
            .filter_map(|object| actors.get(object))
            .flatten()
            .copied()
            .filter(|&actor| actor != place && raised[actor].finding.deed <= suffering.finding.deed)
            .collect();
        found.sort_unstable();
        found.dedup();
        for actor in found {
            if raised[actor].finding.deed < suffering.finding.deed || !reaches(&causes, actor, place) {
                causes[place].push(actor);
            }
        }
    }
    causes
}

/// Whether `cause` is among the causes of `of`, through others as well.
fn reaches(causes: &[Vec<usize>], of: usize, cause: usize) -> bool {
    let mut seen = vec![false; causes.len()];
    let mut open = vec![of];
    while let Some(place) = open.pop() {
        if place == cause {
            return true;
        }
        if !std::mem::replace(&mut seen[place], true) {
            open.extend(&causes[place]);
        }
    }
    false
}

/// An order in which causes stand first. Only ties of the deed can be out of order, so few rounds are needed.
fn order(raised: &[Raised], causes: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(raised.len());
    let mut done = vec![false; raised.len()];
    for start in 0..raised.len() {
        let mut open = vec![start];
        while let Some(&place) = open.last() {
            let missing = causes[place].iter().copied().find(|&cause| !done[cause]);
            match missing {
                Some(cause) => open.push(cause),
                None => {
                    open.pop();
                    if !std::mem::replace(&mut done[place], true) {
                        order.push(place);
                    }
                }
            }
        }
    }
    order
}

fn group(trace: &Trace, raised: Vec<Raised>, causes: &[Vec<usize>], order: &[usize]) -> Vec<Linked> {
    let mut raised: Vec<Option<Raised>> = raised.into_iter().map(Some).collect();
    let mut group_of = vec![0; raised.len()];
    let mut groups: HashMap<(&'static str, Vec<String>, Vec<usize>), usize> = HashMap::new();
    let mut numbers: HashMap<&'static str, usize> = HashMap::new();
    let mut linked: Vec<Linked> = Vec::new();
    for &place in order {
        let Some(Raised { detector, finding }) = raised[place].take() else { continue };
        let mut caused_by: Vec<usize> = causes[place].iter().map(|&cause| group_of[cause]).collect();
        caused_by.sort_unstable();
        caused_by.dedup();
        let story = story(trace, &finding);
        let fresh = linked.len();
        let at = *groups.entry((detector, story, caused_by.clone())).or_insert(fresh);
        group_of[place] = at;
        if at < fresh {
            linked[at].count += finding.count;
            let peers = &mut linked[at].finding.peers;
            peers.extend(finding.peers);
            peers.sort_unstable();
            peers.dedup();
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
    use crate::model::TaskId;
    use crate::testing::trace_from_jsonl;

    const TRACE: &str = r#"
        {"ts":1,"task":1,"kind":"log","msg":"a","src":"a.rs:1"}
        {"ts":2,"task":1,"kind":"log","msg":"b","src":"a.rs:2"}
        {"ts":3,"task":1,"kind":"log","msg":"c","src":"a.rs:1"}
    "#;

    fn raised(detector: &'static str, deed: u32, acts: &[u32], suffers: &[u32]) -> Raised {
        let mut finding = Finding::new(Class::Happened, Nature::Violation, EventId(deed), detector, "fix");
        finding.witness(EventId(deed), "seen");
        finding.acts = acts.iter().map(|task| Object::Task(TaskId(*task))).collect();
        finding.suffers = suffers.iter().map(|task| Object::Task(TaskId(*task))).collect();
        Raised { detector, finding }
    }

    fn linked(raised: Vec<Raised>) -> Vec<(String, usize, Vec<String>)> {
        let linked = link(&trace_from_jsonl(TRACE), raised);
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
    fn findings_of_one_deed_never_cause_each_other_in_a_circle() {
        let found = linked(vec![raised("b", 0, &[1], &[2]), raised("a", 0, &[2], &[1])]);
        assert_eq!(found, [row("b/1", 1, &[]), row("a/1", 1, &["b/1"])]);
    }

    #[test]
    fn one_story_with_other_causes_is_another_finding() {
        let found = linked(vec![raised("x", 0, &[], &[]), raised("x", 2, &[], &[])]);
        assert_eq!(found, [row("x/1", 2, &[])], "the same line twice");
        let found = linked(vec![raised("x", 0, &[], &[]), raised("y", 1, &[5], &[]), raised("x", 2, &[], &[5])]);
        assert_eq!(found, [row("x/1", 1, &[]), row("y/1", 1, &[]), row("x/2", 1, &["y/1"])]);
    }
}
