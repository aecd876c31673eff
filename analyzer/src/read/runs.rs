//! Whether several files can be one run. Nothing forbids to read two runs as one, but what is then found between them
//! never happened, so that it must be said.

use std::collections::{BTreeMap, BTreeSet};

use peerscope_format::vocabulary::{Body, Kind};

use super::{Problem, ProblemKind};
use crate::model::{Dense, Event, PeerId, SourceId, Trace};

/// Files of one run may be written one after the other, but not with more time between them than this.
const FAR_APART_S: i64 = 600;
/// So many peers or files are named; the others are counted.
const MAX_NAMED: usize = 4;

/// What speaks against it that the files of `trace` are one run.
pub(super) fn unrelated(trace: &Trace) -> Vec<Problem> {
    if trace.sources().len() < 2 {
        return Vec::new();
    }
    let starts = Starts::new(trace);
    let mut told: BTreeSet<Vec<SourceId>> = BTreeSet::new();
    let mut problems = Vec::new();
    let mut afresh: BTreeMap<&BTreeSet<SourceId>, Vec<PeerId>> = BTreeMap::new();
    for (peer, files) in starts.fresh.iter().filter(|(_, files)| files.len() > 1) {
        afresh.entry(files).or_default().push(*peer);
    }
    for (files, peers) in afresh {
        let mut ids: Vec<_> = peers.iter().map(|peer| trace.peers().id(*peer)).collect();
        ids.sort_unstable();
        ids.dedup();
        let (who, verb) = if ids.len() == 1 { ("peer", "starts") } else { ("peers", "start") };
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let names: Vec<String> = files.iter().map(|file| trace.source(*file).name.clone()).collect();
        let (ids, files_named) = (enumerate(&ids), enumerate(&names));
        problems.push(problem(format!(
            "{who} {ids} {verb} afresh in {files_named}: these look like {} runs; use --each",
            number(files.len())
        )));
        told.insert(files.iter().copied().collect());
    }
    for (earlier, later, why) in far_apart(trace, &starts) {
        if told.iter().any(|files| files.contains(&earlier) && files.contains(&later)) {
            continue;
        }
        let (one, other) = (&trace.source(earlier).name, &trace.source(later).name);
        problems.push(problem(format!(
            "{one} and {other} name the same peers or tests, but {why}: these look like two runs; use --each"
        )));
    }
    problems
}

fn problem(detail: String) -> Problem {
    Problem { source: None, kind: ProblemKind::Unrelated, offset: None, detail }
}

/// How the peers of each file begin.
#[derive(Default)]
struct Starts {
    /// By peer: the files in which its first incarnation starts as a new one.
    fresh: BTreeMap<PeerId, BTreeSet<SourceId>>,
    /// Files that go on with a peer's life: they can come long after the others.
    continued: BTreeSet<SourceId>,
    /// By file: its last moment, in ns since its start.
    last_ns: BTreeMap<SourceId, u64>,
}

impl Starts {
    fn new(trace: &Trace) -> Self {
        let mut starts = Starts::default();
        let again = trace.scopes().iter().filter(|scope| scope.incarnation > 0);
        starts.continued.extend(again.map(|scope| scope.source));
        trace.events().for_each(|event| starts.take_in(event));
        starts
    }

    fn take_in(&mut self, event: Event<'_>) {
        let last = self.last_ns.entry(event.source()).or_default();
        *last = event.ts().max(*last);
        if event.kind() != Some(Kind::PeerStart) {
            return;
        }
        let (Some(peer), Body::PeerStart(body)) = (event.peer(), event.body()) else { return };
        match body.how {
            Some("fresh") if event.incarnation() == 0 => {
                self.fresh.entry(peer).or_default().insert(event.source());
            }
            Some("restarted" | "attached") => {
                self.continued.insert(event.source());
            }
            _ => {}
        }
    }
}

/// Pairs of files that name the same peers or tests and that much time, or a restart of the machine, lies between.
fn far_apart(trace: &Trace, starts: &Starts) -> Vec<(SourceId, SourceId, String)> {
    let mut users: BTreeMap<(bool, usize), BTreeSet<(i64, SourceId)>> = BTreeMap::new();
    for scope in trace.scopes() {
        let header = &trace.source(scope.source).header;
        let Some(start) = header.start.as_deref().and_then(seconds) else { continue };
        let used = [(true, scope.peer.map(Dense::index)), (false, scope.test.map(Dense::index))];
        for (sort, id) in used {
            if let Some(id) = id {
                users.entry((sort, id)).or_default().insert((start, scope.source));
            }
        }
    }
    let mut pairs: BTreeMap<(SourceId, SourceId), String> = BTreeMap::new();
    for files in users.values() {
        for (&(start, earlier), &(next, later)) in files.iter().zip(files.iter().skip(1)) {
            if starts.continued.contains(&later) {
                continue;
            }
            let last_ns = starts.last_ns.get(&earlier).copied().unwrap_or(0);
            let gap = next.saturating_sub(start).saturating_sub((last_ns / 1_000_000_000) as i64);
            let (one, other) = (&trace.source(earlier).header, &trace.source(later).header);
            if gap > FAR_APART_S {
                pairs.insert((earlier, later), format!("{} minutes lie between them", gap / 60));
            } else if one.host.is_some() && one.host == other.host && differ(&one.boot, &other.boot) {
                pairs.insert((earlier, later), "their machine was restarted between them".into());
            }
        }
    }
    pairs.into_iter().map(|((earlier, later), why)| (earlier, later, why)).collect()
}

fn differ(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_some() && other.is_some() && one != other
}

/// RFC 3339 as seconds since 1970; `None` for what is none, or not in a year of four digits.
fn seconds(text: &str) -> Option<i64> {
    let field = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok().map(i64::from);
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, separator)| text.as_bytes().get(*at) != Some(separator)) {
        return None;
    }
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    // Days by the civil calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second - offset(text.get(19..)?)?)
}

/// The seconds by which a zone (after a fraction, if there is one) is ahead of UTC.
fn offset(text: &str) -> Option<i64> {
    let zone = text.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let Some(ahead) = zone.strip_prefix(['+', '-']) else {
        return matches!(zone, "Z" | "z").then_some(0);
    };
    let (hours, minutes) = ahead.split_once(':')?;
    let seconds = i64::from(hours.parse::<u8>().ok()?) * 3600 + i64::from(minutes.parse::<u8>().ok()?) * 60;
    Some(if zone.starts_with('-') { -seconds } else { seconds })
}

fn enumerate(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() > MAX_NAMED => {
            format!("{} and {} more", names[..MAX_NAMED].join(", "), names.len() - MAX_NAMED)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn number(count: usize) -> String {
    if count == 2 { "two".into() } else { count.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_headers_are_understood() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2026-01-31T12:00:00.123Z"), Some(1_769_860_800));
        assert_eq!(seconds("2026-01-31T13:00:00+01:00"), seconds("2026-01-31T12:00:00Z"));
        for text in ["", "today", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00+x"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
