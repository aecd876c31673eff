//! Findings as text and JSON, and the other things that people and programs read about a trace.
//!
//! [`check`] judges a trace and gives a [`Report`]: plain data with all names resolved, in which strings from the trace
//! stand as they are. Only on the way out are they made harmless: [`Report::write_text`] writes through one pen that
//! escapes every piece, [`Report::write_json`] through a formatter that does the same. No output depends on the order
//! of a hash table: same trace in, same bytes out.

mod build;
pub mod escape;
mod excerpt;
pub mod explain;
pub mod info;
mod json;
pub mod log;
pub mod moment;
pub mod stuck;
mod style;
pub mod template;
mod text;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use self::style::Style;
use crate::detect::finding::{Class, Severity};
use crate::detect::registry::Detector;
use crate::facts::Facts;
use crate::model::Trace;
use crate::read::{Problem, Progress};

/// What to check, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Detectors to run; empty = all.
    pub only: Vec<String>,
    /// Detectors to leave out.
    pub skip: Vec<String>,
    /// Whether predictions were asked for.
    pub predict: bool,
    /// Whether texts give the simulated time, where events carry one.
    pub simulated: bool,
    /// The folder below which source lines are quoted; without one, none is.
    pub source_root: Option<PathBuf>,
}

impl Options {
    fn selects(&self, detector: &Detector) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == detector.name);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}

/// Runs the detectors on `trace`; `problems` are what reading it said.
pub fn check(trace: &Trace, problems: &[Problem], options: &Options) -> Report {
    check_facts(&Facts::new(trace, problems), options)
}

/// Runs the detectors on `facts`, which keep what that computes, and use what was computed before.
pub fn check_facts(facts: &Facts<'_>, options: &Options) -> Report {
    // Nobody stops it, so that there is a report.
    check_facts_watched(facts, options, &Progress::new()).unwrap_or_default()
}

/// As [`check_facts`]; `None` if somebody stopped the read, or what follows it, by `progress` before this was done.
pub fn check_facts_watched(facts: &Facts<'_>, options: &Options, progress: &Progress) -> Option<Report> {
    build::report(facts, options, progress)
}

/// The line of a program that `src` ("file:line") names, without its indentation, if it stands below `root`.
pub fn source_line(root: &Path, src: &str) -> Option<String> {
    excerpt::Excerpts::new(Some(root)).line(src)
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The files.
    pub traces: Vec<TraceNote>,
    /// The findings; causes stand before what they cause.
    pub findings: Vec<FindingNote>,
    /// Where detectors were blind.
    pub gaps: Vec<GapNote>,
    /// Detectors that found nothing and were blind nowhere.
    pub clean: Vec<&'static str>,
    /// Detectors that had nothing to look at, and what was missing: neither clean nor blind.
    pub idle: Vec<(&'static str, &'static str)>,
    /// Detectors that have nothing to add to what others found: not clean.
    pub told_elsewhere: Vec<&'static str>,
    /// Findings that the program itself asked not to see.
    pub suppressed: u64,
    /// Whether the text gives the simulated time, where events carry one.
    pub simulated: bool,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub struct TraceNote {
    /// Its path as it was given.
    pub path: String,
    /// How many events it has.
    pub events: usize,
    /// How many peers wrote them.
    pub peers: usize,
    /// How many tasks it names.
    pub tasks: usize,
    /// What keeps it from being whole.
    pub problems: Vec<ProblemNote>,
}

/// What keeps a file from being whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemNote {
    /// The sort: `truncated`, `corrupt`, `lost`, ...
    pub what: &'static str,
    /// What exactly, and what it costs.
    pub detail: String,
}

/// A finding.
#[derive(Clone, Debug)]
pub struct FindingNote {
    /// `detector/1`.
    pub id: String,
    /// The detector's name.
    pub detector: &'static str,
    /// How sure it is.
    pub class: Class,
    /// How loud it is.
    pub severity: Severity,
    /// One sentence with the real names.
    pub title: String,
    /// How often it came true.
    pub count: usize,
    /// The test in which it fell.
    pub test: Option<String>,
    /// The consensus group.
    pub cluster: Option<String>,
    /// The peers' ids.
    pub peers: Vec<String>,
    /// The term that it concerns.
    pub term: Option<u64>,
    /// What the test did then.
    pub phase: Option<String>,
    /// When, in ns since the trace's start.
    pub ts: u64,
    /// The simulated time in ns, under a simulator.
    pub sim: Option<u64>,
    /// The events that prove it, in causal order.
    pub witnesses: Vec<WitnessNote>,
    /// The ids of the findings that caused it.
    pub caused_by: Vec<String>,
    /// What to change.
    pub fix: String,
}

/// An event of a proof.
#[derive(Clone, Debug)]
pub struct WitnessNote {
    /// The file, as a place in [`Report::traces`].
    pub trace: usize,
    /// The event's place in the run's order.
    pub event: u32,
    /// When, in ns since the trace's start.
    pub ts: u64,
    /// The simulated time in ns, under a simulator.
    pub sim: Option<u64>,
    /// The peer's id.
    pub peer: Option<String>,
    /// The task's id.
    pub task: Option<String>,
    /// The event's kind.
    pub kind: String,
    /// What happened there, in words.
    pub text: String,
    /// "file:line".
    pub src: Option<String>,
    /// That line, if it could and might be read.
    pub excerpt: Option<String>,
    /// A number for the peer's colour.
    pub(crate) colour: usize,
}

/// Where a detector was blind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapNote {
    /// The detector's name, or what could not be done at all.
    pub detector: &'static str,
    /// Why: a clause that names the peers.
    pub why: String,
    /// What whoever instruments the program can do about it; may be empty.
    pub advice: &'static str,
    /// For which peers, by their ids; empty = all.
    pub peers: Vec<String>,
    /// In which files, as places in [`Report::traces`]; empty = all.
    pub traces: Vec<usize>,
}

/// A form in which a report can be written; one row in [`FORMATS`], one file in this folder.
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// Writes the report in this form.
    pub write: fn(&Report, &mut dyn Write, Style) -> io::Result<()>,
}

/// All forms of a report; the first is what is written unless somebody asks for another.
pub const FORMATS: &[Format] = &[text::FORMAT, json::FORMAT];

impl Report {
    /// The severity of the loudest finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).min()
    }

    /// The reasons why something was not checked, each once, with the detectors that it kept from looking.
    pub fn not_checked(&self) -> Vec<(&GapNote, Vec<&'static str>)> {
        let mut reasons: Vec<(&GapNote, Vec<&'static str>)> = Vec::new();
        for gap in &self.gaps {
            let same =
                |other: &GapNote| (&other.why, &other.peers, &other.traces) == (&gap.why, &gap.peers, &gap.traces);
            match reasons.iter_mut().find(|(other, _)| same(other)) {
                Some((_, detectors)) if detectors.contains(&gap.detector) => {}
                Some((_, detectors)) => detectors.push(gap.detector),
                None => reasons.push((gap, vec![gap.detector])),
            }
        }
        reasons
    }

    /// Whether everything could be looked at: no gap, and nothing missing from the files.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty() && self.traces.iter().all(|trace| trace.problems.is_empty())
    }

    /// Adds the report of another run. Findings are numbered on, and only what is clean in both stays clean.
    pub fn append(&mut self, mut other: Report) {
        let first = self.traces.len();
        let numbers = |detector: &str| self.findings.iter().filter(|finding| finding.detector == detector).count();
        let renumbered = |id: &str| match id.rsplit_once('/') {
            Some((detector, number)) => {
                format!("{detector}/{}", number.parse::<usize>().map_or(0, |number| number + numbers(detector)))
            }
            None => id.to_owned(),
        };
        for finding in &mut other.findings {
            finding.id = renumbered(&finding.id);
            finding.caused_by.iter_mut().for_each(|cause| *cause = renumbered(cause));
            finding.witnesses.iter_mut().for_each(|witness| witness.trace += first);
        }
        for gap in &mut other.gaps {
            gap.traces = (0..other.traces.len()).map(|trace| first + trace).collect();
        }
        if first == 0 {
            (self.clean, self.idle) = (other.clean, other.idle);
        } else {
            self.join_lists(&other.clean, &other.idle);
        }
        self.told_elsewhere.retain(|name| !other.told_elsewhere.contains(name));
        self.told_elsewhere.append(&mut other.told_elsewhere);
        self.findings.append(&mut other.findings);
        self.traces.append(&mut other.traces);
        self.gaps.append(&mut other.gaps);
        self.suppressed += other.suppressed;
    }

    /// What is clean in one run and idle in the other is clean in both together.
    fn join_lists(&mut self, clean: &[&'static str], idle: &[(&'static str, &'static str)]) {
        let is_idle = |idle: &[(&'static str, &'static str)], name: &str| idle.iter().any(|(other, _)| *other == name);
        let mut both: Vec<_> = self.clean.iter().chain(clean).copied().collect();
        let good = |clean: &[&'static str], idle: &[(&'static str, &'static str)], name: &'static str| {
            clean.contains(&name) || is_idle(idle, name)
        };
        both.retain(|name| good(&self.clean, &self.idle, name) && good(clean, idle, name));
        both.sort_unstable();
        both.dedup();
        self.idle.retain(|(name, _)| is_idle(idle, name));
        self.clean = both;
    }

    /// Writes it for people: first causes with what follows from them, then gaps, then what is clean.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        text::write(self, out, style)
    }

    /// Writes it for programs, in one line.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        json::check(self, out)
    }
}
