//! Times in which events are missing.

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{Dense, Event, Trace};
use peerscope_analyzer::read::ProblemKind;
use peerscope_analyzer::vocabulary::{Body, Kind};

use super::Missing;
use super::index::Index;
use crate::lane::Times;
use crate::lanes::shown;
use crate::timescale::Span;

/// What of `span` is missing, and what behind it.
pub(super) fn missing(facts: &Facts<'_>, times: Times<'_>, span: Span, index: &Index) -> Vec<Missing> {
    let mut missing = if facts.coverage().lost { told(facts.trace(), times, span, index) } else { Vec::new() };
    missing.extend(somewhere(facts, span));
    missing.extend(behind(facts, span));
    missing
}

/// What `lost` events tell: it is missing since the event before, of the same peer, else task, else file; where there is
/// none, since the run's begin.
fn told(trace: &Trace, times: Times<'_>, span: Span, index: &Index) -> Vec<Missing> {
    let mut of_peer = vec![None; trace.peers().len()];
    let mut of_file = vec![None; trace.sources().len()];
    let mut found = Vec::new();
    for event in trace.events() {
        let at = times.at(event.id());
        if event.kind() == Some(Kind::Lost)
            && let Some(why) = why(event)
        {
            let before = match (event.peer(), event.task()) {
                (Some(peer), _) => of_peer[peer.index()],
                (None, Some(_)) => trace.previous_in_line(event.id()).map(|before| times.at(before)),
                (None, None) => of_file[event.source().index()],
            };
            let lane = event.task().filter(|_| event.peer().is_none()).and_then(|task| index.task(task));
            let span = Span::new(before.unwrap_or(span.begin).min(at), at);
            found.push(Missing { peer: event.peer(), lane, is_placed: true, span, why });
        }
        event.peer().into_iter().for_each(|peer| of_peer[peer.index()] = Some(at));
        of_file[event.source().index()] = Some(at);
    }
    found
}

fn why(event: Event<'_>) -> Option<String> {
    let Body::Lost(body) = event.body() else { return None };
    let mut words = match body.events {
        Some(0) => return None,
        Some(1) => "1 event is missing".to_owned(),
        Some(count) => format!("{count} events are missing"),
        None => "events are missing".to_owned(),
    };
    if let Some(why) = body.why {
        words.push_str(&format!(": {}", shown(why)));
    }
    Some(words)
}

/// What is missing nobody knows where: what a damaged file lacks may be of any time and of any task, since files keep the
/// events of each task in pieces of their own.
fn somewhere(facts: &Facts<'_>, span: Span) -> Option<Missing> {
    let mut why = words(facts, |kind| match kind {
        ProblemKind::Truncated => Some("the file ends too early, so that events of any time may be missing"),
        ProblemKind::Corrupt => Some("a part of the file is damaged: events of any time may be missing"),
        _ => None,
    });
    let counted = facts.trace().sources().iter().fold(0_u64, |sum, source| sum.saturating_add(source.lost_events));
    if counted > 0 {
        why.push(format!("{counted} events found no room in the file; where is not known"));
    }
    let is_any = !why.is_empty();
    is_any.then(|| Missing { peer: None, lane: None, is_placed: false, span, why: why.join("; ") })
}

/// What may be missing where the trace ends.
fn behind(facts: &Facts<'_>, span: Span) -> Option<Missing> {
    let why = words(facts, |kind| match kind {
        ProblemKind::CutOff => Some("the program was cut off, or is still running"),
        ProblemKind::Truncated => Some("the file ends too early"),
        _ => None,
    });
    let end = span.end.saturating_add((span.length() / 50).max(1));
    let span = Span::new(span.end, end);
    (!why.is_empty()).then(|| Missing { peer: None, lane: None, is_placed: true, span, why: why.join("; ") })
}

/// What `of_kind` says of the problems that reading met, each thing once a file.
fn words(facts: &Facts<'_>, of_kind: impl Fn(ProblemKind) -> Option<&'static str>) -> Vec<String> {
    let several = facts.trace().sources().len() > 1;
    let mut why: Vec<String> = Vec::new();
    for problem in facts.problems() {
        let Some(words) = of_kind(problem.kind) else { continue };
        let words = match problem.source.as_ref().filter(|_| several) {
            Some(source) => format!("{}: {words}", shown(&facts.trace().source(*source).name)),
            None => words.to_owned(),
        };
        // A file may be damaged in a thousand places, of several sorts in all.
        if why.len() < 8 && !why.contains(&words) {
            why.push(words);
        }
    }
    why
}
