//! What a fixture says must be found in it: events first, then the verdict, in one text that reads like a story.
//!
//! ```text
//! {"ts":10,"peer":0,"term":1,"kind":"role","role":"leader"}       events, one JSON object a line
//! # a remark
//! error two-leaders-in-term x2: TITLE                             severity, detector, count if not 1, title
//!   raft.rs:20 TEXT                                               a witness: its source line (else its kind), text
//!   because of stale-reply-acted-on                               the detectors of its causes, if any
//! gap two-leaders-in-term: WHY (PEERS)                            a gap, and its peers if it names some
//! clean self-deadlock                                             found nothing, was blind nowhere
//! idle self-deadlock: WHY                                         had nothing to look at
//! told elsewhere stuck-task                                       nothing to add to what others found
//! ```
//!
//! All that the detectors named in the verdict say must stand there, exactly; others may say what they like.

use std::fmt::Write;

use super::trace_from_jsonl;
use crate::detect::registry::{self, Thresholds};
use crate::detect::{self, Verdict};
use crate::facts::Facts;
use crate::model::Trace;
use crate::read::{Problem, ProblemKind};

/// Checks that a fixture is judged as it says itself.
///
/// # Panics
/// If it is not; the message shows both verdicts.
pub fn check(fixture: &str) {
    let lines = fixture.lines().map(str::trim_end).filter(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    let (events, verdict): (Vec<_>, Vec<_>) = lines.partition(|line| line.trim_start().starts_with('{'));
    let names: Vec<&str> = verdict.iter().filter_map(|line| named(line)).collect();
    assert!(!names.is_empty(), "the fixture has no verdict");
    let expected: String = verdict.iter().map(|line| format!("{}\n", line.trim_start())).collect();

    let trace = trace_from_jsonl(&events.join("\n"));
    let problems = problems(&trace);
    let facts = Facts::new(&trace, &problems);
    let said = detect::run(&facts, &Thresholds::default(), |_| true);
    let actual = render(&trace, &said, &names);
    assert!(actual == expected, "the verdict differs\nexpected:\n{expected}\nactual:\n{actual}");
}

/// The detector that a line of the verdict names.
fn named(line: &str) -> Option<&str> {
    let mut words = line.trim_start().split([' ', ':']);
    let first = words.next()?;
    let name = words.next().filter(|word| first != "told" || *word == "elsewhere")?;
    let name = if first == "told" { words.next()? } else { name };
    matches!(first, "error" | "warning" | "info" | "gap" | "clean" | "idle" | "told")
        .then_some(name)
        .filter(|name| registry::find(name).is_some())
}

/// What a reader would have said: a trace without `process.end` was cut off.
fn problems(trace: &Trace) -> Vec<Problem> {
    if trace.events().any(|event| event.kind_name() == "process.end") {
        return Vec::new();
    }
    vec![Problem { source: None, kind: ProblemKind::CutOff, offset: None, detail: "no process.end".into() }]
}

fn render(trace: &Trace, said: &Verdict, names: &[&str]) -> String {
    let mut text = String::new();
    for linked in said.findings.iter().filter(|linked| names.contains(&linked.detector)) {
        let finding = &linked.finding;
        let count = if linked.count == 1 { String::new() } else { format!(" x{}", linked.count) };
        let _ = writeln!(text, "{} {}{count}: {}", finding.severity().name(), linked.detector, finding.title);
        for witness in &finding.witnesses {
            let event = trace.event(witness.event);
            let _ = writeln!(text, "{} {}", event.src().unwrap_or(event.kind_name()), witness.text);
        }
        for &cause in &linked.caused_by {
            let _ = writeln!(text, "because of {}", said.findings[cause].detector);
        }
    }
    for (detector, gap) in said.gaps.iter().filter(|(detector, _)| names.contains(detector)) {
        let peers: Vec<_> = gap.peers.iter().map(|peer| trace.peers().name(*peer)).collect();
        let peers = if peers.is_empty() { String::new() } else { format!(" ({})", peers.join(", ")) };
        let _ = writeln!(text, "gap {detector}: {}{peers}", gap.why);
    }
    for clean in said.clean.iter().filter(|clean| names.contains(clean)) {
        let _ = writeln!(text, "clean {clean}");
    }
    for (idle, why) in said.idle.iter().filter(|(idle, _)| names.contains(idle)) {
        let _ = writeln!(text, "idle {idle}: {why}");
    }
    for told in said.told_elsewhere.iter().filter(|told| names.contains(told)) {
        let _ = writeln!(text, "told elsewhere {told}");
    }
    text
}
