//! The order in which findings are told: first causes, and below each what follows from it. List, keys and chips share it.

use std::collections::{BTreeSet, HashMap};

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::report::Report;

/// A finding in its place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which: a place in the report.
    pub finding: usize,
    /// How many causes stand above it; 0 for a first cause.
    pub depth: usize,
}

/// All findings of `report`, each once, below the first of its causes. Families whose loudest member is louder stand first.
pub fn told(report: &Report) -> Vec<Told> {
    let findings = &report.findings;
    let places: HashMap<&str, usize> =
        findings.iter().enumerate().map(|(place, finding)| (finding.id.as_str(), place)).collect();
    let mut children = vec![Vec::new(); findings.len()];
    let mut worst: Vec<Severity> = findings.iter().map(|finding| finding.severity).collect();
    let mut roots = Vec::new();
    for (place, finding) in findings.iter().enumerate().rev() {
        // Causes stand before what they cause; whatever does not is taken for a first cause, so that no circle arises.
        match finding.caused_by.first().and_then(|id| places.get(id.as_str())).filter(|cause| **cause < place) {
            Some(&cause) => {
                children[cause].push(place);
                worst[cause] = worst[cause].min(worst[place]);
            }
            None => roots.push(place),
        }
    }
    roots.sort_by_key(|root| (worst[*root], *root));
    let mut list = Vec::with_capacity(findings.len());
    // A stack instead of recursion: chains may be long. Children were pushed last first, so the first is popped first.
    let mut open: Vec<Told> = roots.iter().rev().map(|root| Told { finding: *root, depth: 0 }).collect();
    while let Some(next) = open.pop() {
        open.extend(children[next.finding].iter().map(|child| Told { finding: *child, depth: next.depth + 1 }));
        list.push(next);
    }
    list
}

/// Which finding led to which, as places in the report; looked up once for each report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chains {
    causes: Vec<Vec<usize>>,
    effects: Vec<Vec<usize>>,
}

impl Chains {
    /// The chains of `report`. What names itself, or a cause that is not there, names nothing.
    pub fn new(report: &Report) -> Chains {
        let findings = &report.findings;
        let places: HashMap<&str, usize> =
            findings.iter().enumerate().map(|(place, finding)| (finding.id.as_str(), place)).collect();
        let mut chains = Chains { causes: vec![Vec::new(); findings.len()], effects: vec![Vec::new(); findings.len()] };
        for (place, finding) in findings.iter().enumerate() {
            let known = finding.caused_by.iter().filter_map(|id| places.get(id.as_str()).copied());
            for cause in known.filter(|cause| *cause != place) {
                chains.causes[place].push(cause);
                chains.effects[cause].push(place);
            }
        }
        chains
    }

    /// What led to the finding at `place`.
    pub fn causes(&self, place: usize) -> &[usize] {
        self.causes.get(place).map_or(&[], Vec::as_slice)
    }

    /// What the finding at `place` led to.
    pub fn effects(&self, place: usize) -> &[usize] {
        self.effects.get(place).map_or(&[], Vec::as_slice)
    }

    /// What the finding at `place` led to, and what that led to in turn, in the order of the report.
    pub fn descendants(&self, place: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = self.effects(place).to_vec();
        while let Some(next) = open.pop() {
            if next != place && found.insert(next) {
                open.extend(self.effects(next));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use peerscope_analyzer::detect::finding::Class;
    use peerscope_analyzer::report::FindingNote;

    use super::*;

    fn finding(id: &str, severity: Severity, causes: &[&str]) -> FindingNote {
        FindingNote {
            id: id.into(),
            detector: "test",
            class: Class::Happened,
            severity,
            title: String::new(),
            count: 1,
            test: None,
            cluster: None,
            peers: Vec::new(),
            term: None,
            phase: None,
            ts: 0,
            sim: None,
            witnesses: Vec::new(),
            caused_by: causes.iter().map(|cause| (*cause).to_owned()).collect(),
            fix: String::new(),
        }
    }

    fn order(findings: Vec<FindingNote>) -> Vec<(String, usize)> {
        let report = Report { findings, ..Report::default() };
        told(&report).iter().map(|told| (report.findings[told.finding].id.clone(), told.depth)).collect()
    }

    #[test]
    fn chains_go_both_ways_and_end_even_in_a_circle() {
        use Severity::Error;
        let findings = vec![
            finding("a/1", Error, &["c/1", "a/1"]),
            finding("b/1", Error, &["a/1", "gone/1"]),
            finding("c/1", Error, &["b/1"]),
            finding("d/1", Error, &[]),
        ];
        let chains = Chains::new(&Report { findings, ..Report::default() });
        assert_eq!((chains.causes(1), chains.effects(1)), (&[0][..], &[2][..]));
        assert_eq!(chains.descendants(0), BTreeSet::from([1, 2]));
        assert_eq!(chains.descendants(3), BTreeSet::new());
        assert_eq!(chains.descendants(9), BTreeSet::new(), "there is no such finding");
    }

    #[test]
    fn what_follows_stands_below_its_cause_and_loud_families_first() {
        use Severity::{Error, Info, Warning};
        let findings = vec![
            finding("hint/1", Info, &[]),
            finding("habit/1", Warning, &[]),
            finding("two-leaders/1", Error, &["habit/1"]),
            finding("lost/1", Error, &["two-leaders/1", "habit/1"]),
            finding("slow/1", Warning, &["habit/1"]),
        ];
        let expected = [("habit/1", 0), ("two-leaders/1", 1), ("lost/1", 2), ("slow/1", 1), ("hint/1", 0)];
        assert_eq!(order(findings), expected.map(|(id, depth)| (id.to_owned(), depth)));
    }

    #[test]
    fn circles_and_unknown_causes_lose_no_finding() {
        use Severity::Error;
        let findings = vec![
            finding("a/1", Error, &["b/1"]),
            finding("b/1", Error, &["a/1"]),
            finding("c/1", Error, &["nobody/7"]),
            finding("d/1", Error, &["d/1"]),
        ];
        let expected = [("a/1", 0), ("b/1", 1), ("c/1", 0), ("d/1", 0)];
        assert_eq!(order(findings), expected.map(|(id, depth)| (id.to_owned(), depth)));
    }
}
