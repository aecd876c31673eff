//! The detectors: data plus a function each, in one slice that the CLI, the documentation, the tests and the viewer read.

use peerscope_format::vocabulary::Kind;

use super::detectors;
use super::finding::Outcome;
use crate::facts::Facts;

/// What a detector is.
pub struct Detector {
    /// The defect's name: "found `self-deadlock`" is a sentence.
    pub name: &'static str,
    /// One line for lists.
    pub summary: &'static str,
    /// The full explanation.
    pub explain: Explain,
    /// The facts that it reads; they are computed before it runs.
    pub needs: &'static [Need],
    /// The kinds of events that it judges by: where the recorder's filter left some out, it is blind.
    pub judges_by: &'static [Kind],
    /// The numbers that it compares with.
    pub thresholds: &'static [Threshold],
    /// What is missing, if there is nothing to look at in the trace: a clause like `no request is sent`.
    pub idle: fn(&Facts<'_>) -> Option<&'static str>,
    /// Scans the facts.
    pub run: fn(&Facts<'_>, &Thresholds) -> Outcome,
}

/// A detector's explanation; a student who never met the defect understands it.
pub struct Explain {
    /// The defect.
    pub what_it_is: &'static str,
    /// What it leads to.
    pub why_it_matters: &'static str,
    /// How it comes about.
    pub example: &'static str,
    /// What to change.
    pub how_to_fix: &'static str,
}

/// A fact that detectors share; each is computed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Happens-before.
    Order,
    /// Who held which lock from when to when.
    Holds,
    /// Who waited for what.
    Waits,
    /// Who waits for whom at the end.
    WaitGraph,
    /// Roles and terms of the peers.
    Roles,
    /// Requests with their fate.
    Rpcs,
}

/// A number that a detector compares with.
pub struct Threshold {
    /// Its name.
    pub name: &'static str,
    /// Its value unless the user says otherwise.
    pub default: u64,
    /// Why this value.
    pub reason: &'static str,
}

/// The thresholds' values in one run.
#[derive(Clone, Debug, Default)]
pub struct Thresholds {
    overrides: Vec<(&'static str, u64)>,
}

impl Thresholds {
    /// Replaces the default of the threshold called `name`.
    pub fn set(&mut self, name: &'static str, value: u64) {
        self.overrides.retain(|(other, _)| *other != name);
        self.overrides.push((name, value));
    }

    /// The value of `threshold`.
    pub fn value(&self, threshold: &Threshold) -> u64 {
        let set = self.overrides.iter().find(|(name, _)| *name == threshold.name);
        set.map_or(threshold.default, |(_, value)| *value)
    }
}

/// All detectors, in alphabetical order.
pub const DETECTORS: &[Detector] = &[
    detectors::distributed_deadlock::DETECTOR,
    detectors::lock_held_across_rpc::DETECTOR,
    detectors::self_deadlock::DETECTOR,
    detectors::stale_reply_acted_on::DETECTOR,
    detectors::stuck_task::DETECTOR,
    detectors::term_regression::DETECTOR,
    detectors::two_leaders_in_term::DETECTOR,
];

/// The detector called `name`.
pub fn find(name: &str) -> Option<&'static Detector> {
    DETECTORS.iter().find(|detector| detector.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_in_order_and_complete() {
        assert!(DETECTORS.is_sorted_by(|one, other| one.name < other.name), "alphabetical, each name once");
        for Detector { name, summary, explain, needs, judges_by, thresholds, .. } in DETECTORS {
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            assert!(summary.len() <= 90 && !summary.ends_with('.'), "{name}: the summary is one line of a list");
            for text in [explain.what_it_is, explain.why_it_matters, explain.example, explain.how_to_fix] {
                assert!(text.len() > 60 && text.trim() == text, "{name}: an explanation says something");
            }
            assert!(!needs.is_empty() && !judges_by.is_empty(), "{name}");
            assert!(thresholds.iter().all(|threshold| !threshold.reason.is_empty()), "{name}");
        }
    }
}
