//! Findings, detectors and the linker of causes.
//!
//! A detector sees only the facts and its thresholds: no files, clocks, globals, and no other detector. It says what it
//! found and where it was blind; it is *clean* if it says neither. [`linker`] then derives which finding causes which.

pub(crate) mod blind;
pub(crate) mod chains;
pub(crate) mod changes;
pub mod detectors;
pub(crate) mod elections;
pub(crate) mod filtered;
pub mod finding;
pub mod linker;
pub mod registry;
#[cfg(test)]
mod stories;
pub(crate) mod words;

use std::sync::atomic::{AtomicUsize, Ordering};

use self::finding::Gap;
use self::linker::{Linked, Raised};
use self::registry::{DETECTORS, Detector, Need, Thresholds};
use crate::facts::Facts;

/// What all detectors together say of a trace.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The findings; causes stand before what they cause.
    pub findings: Vec<Linked>,
    /// Where detectors were blind, by their names.
    pub gaps: Vec<(&'static str, Gap)>,
    /// The detectors that found nothing and were blind nowhere.
    pub clean: Vec<&'static str>,
    /// The detectors that had nothing to look at, and what was missing: neither clean nor blind.
    pub idle: Vec<(&'static str, &'static str)>,
    /// The detectors that have nothing to add to what others found: not clean.
    pub told_elsewhere: Vec<&'static str>,
}

/// Runs the detectors that `selected` chooses, after all facts that they need, and links what they find.
pub fn run(facts: &Facts<'_>, thresholds: &Thresholds, selected: impl Fn(&Detector) -> bool) -> Verdict {
    let detectors: Vec<_> = DETECTORS.iter().filter(|detector| selected(detector)).collect();
    prepare(facts, &detectors);
    let outcomes = side_by_side(&detectors, |detector| (detector.run)(facts, thresholds));
    let mut verdict = Verdict::default();
    let mut raised = Vec::new();
    for (detector, mut outcome) in detectors.into_iter().zip(outcomes) {
        outcome.gaps.extend(filtered::gaps(facts, detector.judges_by));
        if outcome.findings.is_empty() && outcome.gaps.is_empty() {
            match (detector.idle)(facts) {
                _ if outcome.told_elsewhere => verdict.told_elsewhere.push(detector.name),
                Some(missing) => verdict.idle.push((detector.name, missing)),
                None => verdict.clean.push(detector.name),
            }
        }
        raised.extend(outcome.findings.into_iter().map(|finding| Raised { detector: detector.name, finding }));
        verdict.gaps.extend(outcome.gaps.into_iter().map(|gap| (detector.name, gap)));
    }
    verdict.findings = linker::link(facts, raised);
    verdict
}

/// Computes what the detectors need side by side; facts that stand on others wait for them by themselves.
fn prepare(facts: &Facts<'_>, detectors: &[&Detector]) {
    let mut needs: Vec<Need> = Vec::new();
    for need in detectors.iter().flat_map(|detector| detector.needs) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    side_by_side(&needs, |need| match need {
        Need::Order => drop(facts.order()),
        Need::Holds => drop(facts.holds()),
        Need::Waits => drop(facts.waits()),
        Need::WaitGraph => drop(facts.wait_graph()),
        Need::Roles => drop(facts.roles()),
        Need::Rpcs => drop(facts.rpcs()),
    });
}

/// Does `work` on all `items` with as many threads as there are cores; the results stand in the order of the items.
fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { return done };
            done.push((place, work(item)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..cores.min(items.len())).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
