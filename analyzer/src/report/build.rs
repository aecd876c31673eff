//! From a verdict to a report: looks up names, phases and source lines.

use rustc_hash::FxHashSet;

use peerscope_format::vocabulary::{Body, Kind};

use super::excerpt::Excerpts;
use super::{FindingNote, GapNote, Options, ProblemNote, Report, TraceNote, WitnessNote};
use crate::detect::finding::Witness;
use crate::detect::linker::Linked;
use crate::detect::registry::{Detector, Thresholds};
use crate::detect::{self, Verdict};
use crate::facts::Facts;
use crate::model::{Dense, EventId, PeerId, TestId, Trace};
use crate::read::{Problem, Progress};

/// The name under which it is said that no prediction exists.
const PREDICTIONS: &str = "predict";

pub(super) fn report(facts: &Facts<'_>, options: &Options, progress: &Progress) -> Option<Report> {
    let (trace, problems) = (facts.trace(), facts.problems());
    let selected = |detector: &Detector| options.selects(detector);
    let Verdict { findings, gaps, clean, idle, told_elsewhere } =
        detect::run_unless(facts, &Thresholds::default(), selected, &|| progress.is_stopped())?;
    let mut gaps: Vec<GapNote> = gaps
        .into_iter()
        .map(|(detector, gap)| GapNote {
            detector,
            why: gap.why,
            advice: gap.advice,
            peers: ids(trace, &gap.peers),
            traces: Vec::new(),
        })
        .collect();
    if options.predict {
        let why = "no detector of this version predicts what another order of events would do".to_owned();
        gaps.push(GapNote { detector: PREDICTIONS, why, advice: "", peers: Vec::new(), traces: Vec::new() });
    }
    let phases = if findings.is_empty() { Vec::new() } else { phases(trace) };
    let mut excerpts = Excerpts::new(options.source_root.as_deref());
    let names: Vec<String> = findings.iter().map(|linked| linked.id.clone()).collect();
    let findings = findings.into_iter().map(|linked| finding(trace, &phases, &mut excerpts, &names, linked)).collect();
    Some(Report {
        traces: traces(trace, problems),
        findings,
        gaps,
        clean,
        idle,
        told_elsewhere,
        suppressed: 0,
        simulated: options.simulated,
    })
}

fn ids(trace: &Trace, peers: &[PeerId]) -> Vec<String> {
    let mut ids: Vec<_> = peers.iter().map(|peer| trace.peers().id(*peer)).collect();
    ids.sort_unstable();
    ids.iter().map(ToString::to_string).collect()
}

/// The beginnings of all phases, in the trace's order.
type Phases<'t> = Vec<(EventId, Option<TestId>, &'t str)>;

fn phases(trace: &Trace) -> Phases<'_> {
    let phases = trace.events().filter(|event| event.kind() == Some(Kind::TestPhase));
    phases
        .filter_map(|event| match event.body() {
            Body::TestPhase(body) => Some((event.id(), event.test(), body.name?)),
            _ => None,
        })
        .collect()
}

fn finding(
    trace: &Trace,
    phases: &Phases<'_>,
    excerpts: &mut Excerpts,
    names: &[String],
    linked: Linked,
) -> FindingNote {
    let Linked { id, detector, finding, count, caused_by } = linked;
    let deed = trace.event(finding.deed);
    let severity = finding.severity();
    let begun = phases.partition_point(|(begin, ..)| *begin <= finding.deed);
    // A peer's own events may name no test where only one runs.
    let ours = |test: Option<TestId>| test.is_none() || deed.test().is_none() || test == deed.test();
    let phase = phases[..begun].iter().rev().find(|(_, test, _)| ours(*test)).map(|(.., name)| (*name).to_owned());
    FindingNote {
        id,
        detector,
        class: finding.class,
        severity,
        title: finding.title,
        count,
        test: deed.test().map(|test| trace.tests().name(test).into_owned()),
        cluster: deed.cluster().map(|cluster| trace.clusters().id(cluster).to_string()),
        peers: ids(trace, &finding.peers),
        term: finding.term.map(|term| term.0),
        phase,
        ts: deed.ts(),
        sim: deed.sim(),
        witnesses: finding.witnesses.into_iter().map(|seen| witness(trace, excerpts, seen)).collect(),
        caused_by: caused_by.into_iter().map(|cause| names[cause].clone()).collect(),
        fix: finding.fix,
    }
}

fn witness(trace: &Trace, excerpts: &mut Excerpts, witness: Witness) -> WitnessNote {
    let event = trace.event(witness.event);
    WitnessNote {
        trace: event.source().index(),
        event: witness.event.0,
        ts: event.ts(),
        sim: event.sim(),
        peer: event.peer().map(|peer| trace.peers().id(peer).to_string()),
        task: event.task().map(|task| trace.tasks().id(task).to_string()),
        kind: event.kind_name().to_owned(),
        text: witness.text,
        src: event.src().map(str::to_owned),
        excerpt: event.src().and_then(|src| excerpts.line(src)),
        colour: event.peer().map_or(0, Dense::index),
    }
}

/// What there is to say of each file.
pub(super) fn traces(trace: &Trace, problems: &[Problem]) -> Vec<TraceNote> {
    let mut notes: Vec<TraceNote> =
        trace.sources().iter().map(|source| TraceNote { path: source.name.clone(), ..TraceNote::default() }).collect();
    let mut peers: Vec<FxHashSet<PeerId>> = vec![FxHashSet::default(); notes.len()];
    let mut last = None;
    for event in trace.events() {
        let (source, peer) = (event.source(), event.peer());
        notes[source.index()].events += 1;
        // Events come in runs of one peer; only where that changes is the set asked.
        if last != Some((source, peer)) {
            last = Some((source, peer));
            peers[source.index()].extend(peer);
        }
    }
    for task in trace.tasks().ids() {
        notes[trace.tasks().scope(task).index()].tasks += 1;
    }
    for (note, peers) in notes.iter_mut().zip(&peers) {
        note.peers = peers.len();
    }
    for problem in problems {
        let at = problem.offset.map_or_else(String::new, |offset| format!("at byte {offset}: "));
        let detail = format!("{at}{}", problem.detail);
        if let Some(note) = notes.get_mut(problem.source.map_or(0, Dense::index)) {
            note.problems.push(ProblemNote { what: problem.kind.name(), detail });
        }
    }
    notes
}
