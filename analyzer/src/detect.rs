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
    // Nobody stops it, so that there is a verdict.
    run_unless(facts, thresholds, selected, &|| false).unwrap_or_default()
}

/// As [`run`], unless `is_stopped` becomes true before it is done: it is asked before each fact and each detector.
pub fn run_unless(
    facts: &Facts<'_>,
    thresholds: &Thresholds,
    selected: impl Fn(&Detector) -> bool,
    is_stopped: &(dyn Fn() -> bool + Sync),
) -> Option<Verdict> {
    let detectors: Vec<_> = DETECTORS.iter().filter(|detector| selected(detector)).collect();
    prepare(facts, &detectors, is_stopped)?;
    let outcomes = side_by_side(&detectors, is_stopped, |detector| (detector.run)(facts, thresholds))?;
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
    Some(verdict)
}

/// Computes what the detectors need side by side; facts that stand on others wait for them by themselves. `None` if it was
/// stopped.
fn prepare(facts: &Facts<'_>, detectors: &[&Detector], is_stopped: &(dyn Fn() -> bool + Sync)) -> Option<()> {
    let mut needs: Vec<Need> = Vec::new();
    for need in detectors.iter().flat_map(|detector| detector.needs) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    let compute = |need: &Need| match need {
        Need::Order => drop(facts.order()),
        Need::Holds => drop(facts.holds()),
        Need::Waits => drop(facts.waits()),
        Need::WaitGraph => drop(facts.wait_graph()),
        Need::Roles => drop(facts.roles()),
        Need::Rpcs => drop(facts.rpcs()),
    };
    side_by_side(&needs, is_stopped, compute).map(drop)
}

/// Does `work` on all `items` with as many threads as there are cores; the results stand in the order of the items. No item
/// is begun after `is_stopped`, and then there is no result.
fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    is_stopped: &(dyn Fn() -> bool + Sync),
    work: impl Fn(&T) -> R + Sync,
) -> Option<Vec<R>> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place).filter(|_| !is_stopped()) else { return done };
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
    (done.len() == items.len()).then(|| done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trace_from_jsonl;

    #[test]
    fn whoever_is_stopped_begins_nothing_more_and_has_no_verdict() {
        let trace = trace_from_jsonl(r#"{"ts":1,"peer":0,"kind":"log","msg":"x"}"#);
        let facts = Facts::new(&trace, &[]);
        let asked = AtomicUsize::new(0);
        let all = run_unless(&facts, &Thresholds::default(), |_| true, &|| {
            asked.fetch_add(1, Ordering::Relaxed);
            false
        });
        assert!(all.is_some_and(|verdict| verdict.idle.len() + verdict.clean.len() + verdict.gaps.len() > 0));
        let steps = asked.load(Ordering::Relaxed);
        assert!(steps > DETECTORS.len(), "asked {steps} times: before each fact and each detector");
        for last in 0..steps {
            let asked = AtomicUsize::new(0);
            let stops = || asked.fetch_add(1, Ordering::Relaxed) >= last;
            assert!(run_unless(&facts, &Thresholds::default(), |_| true, &stops).is_none(), "stopped after {last}");
        }
    }
}
