//! The form of reports for programs: types of its own, so that no internal type is frozen by being written.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use super::escape::is_unsafe;
use super::{FindingNote, Format, GapNote, Report, TraceNote, WitnessNote};

/// The row of [`super::FORMATS`]; JSON has no colours.
pub(super) const FORMAT: Format = Format { name: "json", write: |report, out, _| check(report, out) };

#[derive(Serialize)]
struct Check<'r> {
    version: u32,
    traces: Vec<TraceDto<'r>>,
    findings: Vec<FindingDto<'r>>,
    gaps: Vec<GapDto<'r>>,
    clean: &'r [&'static str],
    idle: Vec<&'static str>,
    told_elsewhere: &'r [&'static str],
    suppressed: u64,
}

#[derive(Serialize)]
pub(super) struct TraceDto<'r> {
    path: &'r str,
    events: usize,
    peers: usize,
    tasks: usize,
    problems: Vec<ProblemDto<'r>>,
}

#[derive(Serialize)]
struct ProblemDto<'r> {
    what: &'r str,
    detail: &'r str,
}

#[derive(Serialize)]
struct FindingDto<'r> {
    id: &'r str,
    detector: &'r str,
    class: &'r str,
    severity: &'r str,
    title: &'r str,
    count: usize,
    test: Option<&'r str>,
    cluster: Option<&'r str>,
    peers: &'r [String],
    term: Option<u64>,
    phase: Option<&'r str>,
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sim: Option<u64>,
    witnesses: Vec<WitnessDto<'r>>,
    caused_by: &'r [String],
    fix: &'r str,
}

#[derive(Serialize)]
struct WitnessDto<'r> {
    trace: usize,
    event: u32,
    ts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sim: Option<u64>,
    peer: Option<&'r str>,
    task: Option<&'r str>,
    kind: &'r str,
    text: &'r str,
    src: Option<&'r str>,
}

#[derive(Serialize)]
struct GapDto<'r> {
    detector: &'r str,
    why: String,
    peers: &'r [String],
    #[serde(skip_serializing_if = "<[usize]>::is_empty")]
    traces: &'r [usize],
}

pub(super) fn check(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write(
        out,
        &Check {
            version: 1,
            traces: report.traces.iter().map(TraceDto::from).collect(),
            findings: report.findings.iter().map(FindingDto::from).collect(),
            gaps: report.gaps.iter().map(GapDto::from).collect(),
            clean: &report.clean,
            idle: report.idle.iter().map(|(name, _)| *name).collect(),
            told_elsewhere: &report.told_elsewhere,
            suppressed: report.suppressed,
        },
    )
}

impl<'r> From<&'r TraceNote> for TraceDto<'r> {
    fn from(note: &'r TraceNote) -> Self {
        let TraceNote { path, events, peers, tasks, problems } = note;
        let problems =
            problems.iter().map(|problem| ProblemDto { what: problem.what, detail: &problem.detail }).collect();
        TraceDto { path, events: *events, peers: *peers, tasks: *tasks, problems }
    }
}

impl<'r> From<&'r FindingNote> for FindingDto<'r> {
    fn from(note: &'r FindingNote) -> Self {
        FindingDto {
            id: &note.id,
            detector: note.detector,
            class: note.class.name(),
            severity: note.severity.name(),
            title: &note.title,
            count: note.count,
            test: note.test.as_deref(),
            cluster: note.cluster.as_deref(),
            peers: &note.peers,
            term: note.term,
            phase: note.phase.as_deref(),
            ts: note.ts,
            sim: note.sim,
            witnesses: note.witnesses.iter().map(WitnessDto::from).collect(),
            caused_by: &note.caused_by,
            fix: &note.fix,
        }
    }
}

impl<'r> From<&'r WitnessNote> for WitnessDto<'r> {
    fn from(note: &'r WitnessNote) -> Self {
        WitnessDto {
            trace: note.trace,
            event: note.event,
            ts: note.ts,
            sim: note.sim,
            peer: note.peer.as_deref(),
            task: note.task.as_deref(),
            kind: &note.kind,
            text: &note.text,
            src: note.src.as_deref(),
        }
    }
}

impl<'r> From<&'r GapNote> for GapDto<'r> {
    fn from(note: &'r GapNote) -> Self {
        let why = if note.advice.is_empty() { note.why.clone() } else { format!("{}; {}", note.why, note.advice) };
        GapDto { detector: note.detector, why, peers: &note.peers, traces: &note.traces }
    }
}

/// Writes `value` in one line; characters that a terminal acts on are written as `\u` escapes, so nothing is lost.
pub(super) fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Harmless(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

struct Harmless(CompactFormatter);

impl Formatter for Harmless {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(place) = rest.find(is_unsafe) {
            let (harmless, from) = rest.split_at(place);
            self.0.write_string_fragment(writer, harmless)?;
            let mut units = [0; 2];
            let character = from.chars().next().unwrap_or_default();
            for unit in character.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &from[character.len_utf8()..];
        }
        self.0.write_string_fragment(writer, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped_and_comes_back_whole() {
        let text = "a\u{9b}31m\u{202e}b\u{e0041}\x1b\n\"ü";
        let mut out = Vec::new();
        write(&mut out, &text).expect("a vector takes all");
        let out = String::from_utf8(out).expect("UTF-8");
        assert_eq!(out.trim_end(), r#""a\u009b31m\u202eb\udb40\udc41\u001b\n\"ü""#);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
    }
}
