//! What the events themselves say about the trace: that something is missing, or that this version does not know them.

use std::collections::BTreeMap;

use peerscope_format::vocabulary::{Body, Kind};

use super::{Problem, ProblemKind};
use crate::model::{SourceId, Trace};

/// So many reasons or kinds are told one by one; the others are counted.
const MAX_TOLD: usize = 20;

/// What `lost` events say is missing. One that says that 0 events are marks what was kept and is in doubt.
pub(super) fn lost(trace: &Trace) -> Vec<Problem> {
    let mut reasons: Vec<(Reason<'_>, Loss)> = Vec::new();
    let mut more = 0_u64;
    for event in trace.events().filter(|event| event.kind() == Some(Kind::Lost)) {
        let Body::Lost(body) = event.body() else { continue };
        let reason = (event.source(), body.why.unwrap_or("it does not say why"), body.events == Some(0));
        let known = reasons.iter().position(|(other, _)| *other == reason);
        let place = match known {
            Some(place) => place,
            None if reasons.len() < MAX_TOLD => {
                reasons.push((reason, Loss::default()));
                reasons.len() - 1
            }
            None => {
                more += 1;
                continue;
            }
        };
        let loss = &mut reasons[place].1;
        loss.times += 1;
        loss.events = loss.events.saturating_add(body.events.unwrap_or(0));
        loss.bytes = loss.bytes.saturating_add(body.bytes.unwrap_or(0));
    }
    let problem = |source, kind, detail| Problem { source, kind, offset: None, detail };
    let mut problems: Vec<_> = reasons
        .into_iter()
        .map(|((source, why, in_doubt), loss)| match in_doubt {
            true => problem(Some(source), ProblemKind::Unexpected, why.to_owned()),
            false => problem(Some(source), ProblemKind::Lost, format!("{}: {why}", loss.in_words())),
        })
        .collect();
    if more > 0 {
        problems.push(problem(None, ProblemKind::Lost, format!("{more} more `lost` events give other reasons")));
    }
    problems
}

/// Where, why, and whether only in doubt.
type Reason<'t> = (SourceId, &'t str, bool);

#[derive(Default)]
struct Loss {
    times: u64,
    events: u64,
    bytes: u64,
}

impl Loss {
    fn in_words(&self) -> String {
        let plural = |count: u64, thing: &str| format!("{count} {thing}{}", if count == 1 { "" } else { "s" });
        let mut text = match self.events {
            0 => "an unknown number of events is missing".to_owned(),
            1 => "1 event is missing".to_owned(),
            events => format!("{} are missing", plural(events, "event")),
        };
        if self.bytes > 0 {
            text.push_str(&format!(" ({})", plural(self.bytes, "byte")));
        }
        if self.times > 1 {
            text.push_str(&format!(", in {} places", self.times));
        }
        text
    }
}

/// A note for each kind that the vocabulary does not know. That is no problem: other kinds may be there on purpose. But a
/// misspelt one is judged by nobody.
pub(super) fn unknown_kinds(trace: &Trace) -> Vec<String> {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for event in trace.events().filter(|event| event.kind().is_none()) {
        *kinds.entry(event.kind_name()).or_default() += 1;
    }
    let told = kinds.iter().take(MAX_TOLD).map(|(kind, count)| {
        let (events, them) = if *count == 1 { ("event", "it is") } else { ("events", "they are") };
        format!("kind `{kind}` is unknown ({count} {events}); {them} shown, not judged")
    });
    let more = kinds.len().saturating_sub(MAX_TOLD);
    told.chain((more > 0).then(|| format!("{more} more kinds are unknown"))).collect()
}
