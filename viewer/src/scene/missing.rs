//! Times in which events are missing.

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{Dense, Event, SourceId, Trace};
use peerscope_analyzer::read::ProblemKind;
use peerscope_analyzer::vocabulary::{Body, Kind};

use super::Missing;
use crate::lane::Times;
use crate::lanes::shown;
use crate::timescale::Span;

/// What of `span` is missing, and what behind it.
pub(super) fn missing(facts: &Facts<'_>, times: Times<'_>, span: Span) -> Vec<Missing> {
    let mut missing = if facts.coverage().lost { told(facts.trace(), times) } else { Vec::new() };
    missing.extend(behind(facts, span));
    missing
}

/// What `lost` events tell: it is missing since the event before, of the same peer, else task, else file.
fn told(trace: &Trace, times: Times<'_>) -> Vec<Missing> {
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
            found.push(Missing { peer: event.peer(), span: Span::new(before.unwrap_or(at).min(at), at), why });
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

/// What may be missing where the trace ends.
fn behind(facts: &Facts<'_>, span: Span) -> Option<Missing> {
    let mut why: Vec<String> = Vec::new();
    for problem in facts.problems() {
        let words = match problem.kind {
            ProblemKind::CutOff => "the program was cut off, or is still running",
            ProblemKind::Truncated => "the file ends too early",
            ProblemKind::Corrupt => "a part of the file is damaged",
            _ => continue,
        };
        let file = |source: &SourceId| shown(&facts.trace().source(*source).name);
        let several = facts.trace().sources().len() > 1;
        let words = match problem.source.as_ref().filter(|_| several) {
            Some(source) => format!("{}: {words}", file(source)),
            None => words.to_owned(),
        };
        // A file may be damaged in a thousand places, of several sorts in all.
        if why.len() < 8 && !why.contains(&words) {
            why.push(words);
        }
    }
    let counted = facts.trace().sources().iter().fold(0_u64, |sum, source| sum.saturating_add(source.lost_events));
    if counted > 0 {
        why.push(format!("{counted} events found no room in the file; where is not known"));
    }
    let end = span.end.saturating_add((span.length() / 50).max(1));
    (!why.is_empty()).then(|| Missing { peer: None, span: Span::new(span.end, end), why: why.join("; ") })
}
