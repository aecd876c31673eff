//! The report for people: first causes, and below each what follows from it; then what was not checked.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::escape::clip;
use super::style::{Ink, Pen, Style, count, wrap};
use super::{FindingNote, Format, Report, TraceNote, WitnessNote};
use crate::detect::finding::Severity;
use crate::detect::words::{enumerate, ms};

/// Where lines of running text are broken.
const WIDTH: usize = 110;
/// Where witnesses end, with their source lines.
const WITNESS_WIDTH: usize = 120;
/// Narrower, the texts of witnesses are unreadable; then their lines may be longer.
const MIN_TEXT: usize = 40;
/// Titles are the detectors' words with the trace's names in them; a hostile name must not fill the screen.
const MAX_TITLE: usize = 600;
/// How many findings of severity info are told; the rest is counted.
const MAX_INFO: usize = 10;

/// The row of [`super::FORMATS`].
pub(super) const FORMAT: Format = Format { name: "text", write };

pub(super) fn write(report: &Report, out: &mut dyn Write, style: Style) -> io::Result<()> {
    let mut pen = Pen::new(out, style);
    for (number, trace) in report.traces.iter().enumerate() {
        if report.traces.len() > 1 {
            pen.put(Ink::Faint, format_args!("[{number}] "))?;
        }
        head(&mut pen, trace)?;
    }
    let tree = Tree::new(report);
    let mut infos = 0;
    for &root in &tree.roots {
        if tree.worst[root] == Severity::Info {
            infos += 1;
            if infos > MAX_INFO {
                continue;
            }
        }
        pen.end()?;
        finding(&mut pen, report, &tree, root, 0)?;
    }
    if infos > MAX_INFO {
        pen.end()?;
        pen.line(Ink::Faint, format_args!("and {} more of severity info (all: --format json)", infos - MAX_INFO))?;
    }
    gaps(&mut pen, report)?;
    lists(&mut pen, report)?;
    problems(&mut pen, &report.traces)?;
    pen.end()?;
    summary(&mut pen, report, &tree)
}

fn head(pen: &mut Pen<'_>, trace: &TraceNote) -> io::Result<()> {
    pen.put(Ink::Strong, &trace.path)?;
    let (events, peers, tasks) = (count(trace.events, "event"), count(trace.peers, "peer"), count(trace.tasks, "task"));
    pen.line(Ink::Faint, format_args!("  {events}, {peers}, {tasks}"))
}

/// Who stands below whom: each finding once, under the first of its causes.
struct Tree {
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
    /// The loudest of a finding and all below it.
    worst: Vec<Severity>,
}

impl Tree {
    fn new(report: &Report) -> Tree {
        let findings = &report.findings;
        let mut children = vec![Vec::new(); findings.len()];
        let mut roots = Vec::new();
        let mut worst: Vec<_> = findings.iter().map(|finding| finding.severity).collect();
        for (place, finding) in findings.iter().enumerate().rev() {
            let cause =
                finding.caused_by.first().and_then(|cause| findings.iter().position(|other| other.id == *cause));
            match cause {
                Some(cause) => {
                    children[cause].push(place);
                    worst[cause] = worst[cause].min(worst[place]);
                }
                None => roots.push(place),
            }
        }
        children.iter_mut().for_each(|children| children.reverse());
        // The first cause leads; what leads to nothing worse than a suspicion comes last.
        roots.sort_by_key(|root| (worst[*root], *root));
        Tree { roots, children, worst }
    }
}

fn finding(pen: &mut Pen<'_>, report: &Report, tree: &Tree, place: usize, depth: usize) -> io::Result<()> {
    let note = &report.findings[place];
    let indent = depth * 4;
    title(pen, note, indent)?;
    place_in_run(pen, report, note, indent + 4)?;
    witnesses(pen, report, &note.witnesses, indent + 4)?;
    pen.paragraph(Ink::Plain, indent + 4, WIDTH, &format!("fix: {}", note.fix))?;
    if note.caused_by.len() > 1 {
        pen.paragraph(Ink::Faint, indent + 4, WIDTH, &format!("causes: {}", note.caused_by.join(", ")))?;
    }
    for &child in &tree.children[place] {
        pen.end()?;
        pen.plain(format_args!("{:indent$}", "", indent = indent + 4))?;
        pen.line(Ink::Faint, "which led to:")?;
        finding(pen, report, tree, child, depth + 1)?;
    }
    Ok(())
}

fn title(pen: &mut Pen<'_>, note: &FindingNote, indent: usize) -> io::Result<()> {
    pen.plain(format_args!("{:indent$}", ""))?;
    pen.put(Ink::Of(note.severity), note.severity.name())?;
    pen.put(Ink::Faint, format_args!(" [{}]", note.id))?;
    if note.count > 1 {
        pen.put(Ink::Strong, format_args!(" {} times", note.count))?;
    }
    pen.end()?;
    pen.paragraph(Ink::Strong, indent + 2, WIDTH, &clip(&note.title, MAX_TITLE))
}

fn place_in_run(pen: &mut Pen<'_>, report: &Report, note: &FindingNote, indent: usize) -> io::Result<()> {
    let first = if note.count > 1 { "first " } else { "" };
    let mut place = format!("{}, {first}at {}", note.class.name(), stamp(report, note.ts, note.sim));
    let parts = [("test", &note.test), ("cluster", &note.cluster), ("phase", &note.phase)];
    for (what, name) in parts.into_iter().filter_map(|(what, name)| Some((what, name.as_ref()?))) {
        place.push_str(&format!(", {what} \"{name}\""));
    }
    pen.paragraph(Ink::Faint, indent, WIDTH, &place)
}

/// The time that was asked for; simulated time says so where it is missing.
fn stamp(report: &Report, ts: u64, sim: Option<u64>) -> String {
    if report.simulated { sim.map_or_else(|| "no sim".into(), ms) } else { ms(ts) }
}

fn witnesses(pen: &mut Pen<'_>, report: &Report, witnesses: &[WitnessNote], indent: usize) -> io::Result<()> {
    let several = report.traces.len() > 1;
    let stamp = |witness: &WitnessNote| stamp(report, witness.ts, witness.sim);
    let stamps = witnesses.iter().map(|witness| stamp(witness).len()).max().unwrap_or(0);
    let sources = witnesses.iter().map(|witness| source(witness).chars().count()).max().unwrap_or(0);
    let margin = indent + 4 + stamps + 2 + if several { 4 } else { 0 };
    let room = WITNESS_WIDTH.saturating_sub(margin + 2 + sources).max(MIN_TEXT);
    let lines: Vec<Vec<String>> = witnesses.iter().map(|witness| wrap(&clip(&witness.text, MAX_TITLE), room)).collect();
    let width = lines.iter().flatten().map(|line| line.chars().count()).max().unwrap_or(0);
    let mut quoted: Vec<&str> = Vec::new();
    for (number, (witness, lines)) in witnesses.iter().zip(&lines).enumerate() {
        pen.plain(format_args!("{:indent$}{:>2}  ", "", number + 1))?;
        pen.put(Ink::Faint, format_args!("{:>stamps$}  ", stamp(witness)))?;
        if several {
            pen.put(Ink::Faint, format_args!("[{}] ", witness.trace))?;
        }
        let ink = if witness.peer.is_some() { Ink::Peer(witness.colour) } else { Ink::Plain };
        let first = lines.first().map_or("", |first| first);
        pen.put(ink, first)?;
        let missing = width.saturating_sub(first.chars().count());
        pen.line(Ink::Faint, format_args!("{:missing$}  {}", "", source(witness)))?;
        for line in lines.iter().skip(1) {
            pen.plain(format_args!("{:margin$}", ""))?;
            pen.line(ink, line)?;
        }
        if let (Some(src), Some(line)) = (&witness.src, &witness.excerpt)
            && !quoted.contains(&src.as_str())
        {
            quoted.push(src);
            let room = WITNESS_WIDTH.saturating_sub(margin + 2).max(MIN_TEXT);
            pen.line(Ink::Faint, format_args!("{:margin$}| {}", "", clip(line, room)))?;
        }
    }
    Ok(())
}

/// Where a witness stands, in the program and in the trace.
fn source(witness: &WitnessNote) -> String {
    let src = witness.src.as_deref().map_or_else(String::new, |src| format!("{}  ", clip(src, 120)));
    format!("{src}#{}", witness.event)
}

fn gaps(pen: &mut Pen<'_>, report: &Report) -> io::Result<()> {
    if report.gaps.is_empty() {
        return Ok(());
    }
    pen.end()?;
    pen.line(Ink::Strong, "not checked")?;
    let reasons = report.not_checked();
    let all = detectors(report);
    for (gap, blind) in reasons {
        let traces = match &gap.traces[..] {
            [] => String::new(),
            several => format!(" [{}]", several.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
        };
        let why = clip(&gap.why, MAX_TITLE);
        let advice = if gap.advice.is_empty() { String::new() } else { format!("; {}", gap.advice) };
        // What keeps all of them from judging concerns the trace, not the detectors.
        if all.len() > 1 && blind.len() == all.len() {
            let beyond = if report.findings.is_empty() { "" } else { "beyond what is found above: " };
            pen.paragraph(Ink::Plain, 2, WIDTH, &format!("{beyond}{why}{traces}{advice}"))?;
            continue;
        }
        let names: Vec<_> = blind.iter().map(|name| (*name).to_owned()).collect();
        let whom = if gap.peers.is_empty() { "say nothing certain" } else { "judge it" };
        let whom = if gap.peers.len() > 1 { "judge them" } else { whom };
        let can = if whom.starts_with("say") { "can" } else { "cannot" };
        let line = format!("{why}{traces}: {} {can} {whom}{advice}", enumerate(&names));
        pen.paragraph(Ink::Plain, 2, WIDTH, &line)?;
    }
    Ok(())
}

/// The detectors that ran.
fn detectors(report: &Report) -> BTreeSet<&str> {
    let found = report.findings.iter().map(|finding| finding.detector);
    let blind = report.gaps.iter().map(|gap| gap.detector);
    let idle = report.idle.iter().map(|(name, _)| *name);
    found
        .chain(blind)
        .chain(idle)
        .chain(report.clean.iter().copied())
        .chain(report.told_elsewhere.iter().copied())
        .collect()
}

/// What is clean, and what is neither that nor blind.
fn lists(pen: &mut Pen<'_>, report: &Report) -> io::Result<()> {
    if !report.clean.is_empty() {
        pen.end()?;
        pen.line(Ink::Good, "clean (found nothing, could look everywhere)")?;
        pen.paragraph(Ink::Plain, 2, WIDTH, &report.clean.join(", "))?;
    }
    if !report.idle.is_empty() {
        pen.end()?;
        pen.line(Ink::Faint, "nothing to look at")?;
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, why) in &report.idle {
            match reasons.iter_mut().find(|(other, _)| other == why) {
                Some((_, names)) => names.push(name),
                None => reasons.push((why, vec![name])),
            }
        }
        for (why, names) in reasons {
            pen.paragraph(Ink::Faint, 2, WIDTH, &format!("{}: {why}", names.join(", ")))?;
        }
    }
    if !report.told_elsewhere.is_empty() {
        pen.end()?;
        let names = report.told_elsewhere.join(", ");
        pen.paragraph(Ink::Faint, 0, WIDTH, &format!("nothing to add to what is found above: {names}"))?;
    }
    Ok(())
}

fn problems(pen: &mut Pen<'_>, traces: &[TraceNote]) -> io::Result<()> {
    if traces.iter().all(|trace| trace.problems.is_empty()) {
        return Ok(());
    }
    pen.end()?;
    pen.line(Ink::Strong, "problems of the trace")?;
    for trace in traces {
        for problem in &trace.problems {
            let detail = clip(&problem.detail, MAX_TITLE);
            pen.paragraph(Ink::Plain, 2, WIDTH, &format!("{}: {}: {detail}", trace.path, problem.what))?;
        }
    }
    Ok(())
}

fn summary(pen: &mut Pen<'_>, report: &Report, tree: &Tree) -> io::Result<()> {
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let mut parts = Vec::new();
    for (severity, thing) in [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")] {
        if of(severity) > 0 {
            parts.push(count(of(severity), thing));
        }
    }
    if parts.is_empty() {
        parts.push("nothing found".into());
    }
    if !report.gaps.is_empty() {
        parts.push(format!("{} not checked", report.not_checked().len()));
    }
    parts.push(format!("{} clean", count(report.clean.len(), "detector")));
    if report.suppressed > 0 {
        parts.push(format!("{} silenced by the program", report.suppressed));
    }
    let ink = report.worst().map_or(Ink::Good, Ink::Of);
    pen.line(ink, parts.join(", "))?;
    let Some(root) = tree.roots.first().map(|root| &report.findings[*root]) else { return Ok(()) };
    pen.line(Ink::Faint, format_args!("more: peerscope explain {}", root.detector))?;
    let ([trace], Some(first)) = (&report.traces[..], root.witnesses.first()) else { return Ok(()) };
    pen.line(Ink::Faint, format_args!("      peerscope log {} --around {}", trace.path, first.event))?;
    if let Some(wait) = root.witnesses.iter().rev().find(|witness| witness.kind.ends_with(".wait")) {
        pen.line(Ink::Faint, format_args!("      peerscope stuck {} --at event:{}", trace.path, wait.event))?;
    }
    pen.line(Ink::Faint, format_args!("      peerscope view {} --at finding:{}", trace.path, root.id))
}

#[cfg(test)]
mod tests {
    #[test]
    fn simulated_times_are_shown_where_events_have_them() {
        let mut report = super::Report::default();
        assert_eq!(super::stamp(&report, 1_000_000, Some(7_000_000)), "1.000 ms");
        report.simulated = true;
        assert_eq!(super::stamp(&report, 1_000_000, Some(7_000_000)), "7.000 ms");
        assert_eq!(super::stamp(&report, 1_000_000, None), "no sim");
    }

    use super::*;
    use crate::read::{Problem, ProblemKind};
    use crate::report::{self, Options};
    use crate::testing::trace_from_jsonl;

    #[test]
    fn a_report_reads_from_the_first_cause_to_what_is_unknown() {
        let trace = trace_from_jsonl(
            r#"
            {"ts":5000,"kind":"test.phase","name":"first election"}
            {"ts":10000,"peer":0,"task":1,"kind":"lock.acquire","lock":"raft","seq":1,"src":"raft.rs:40"}
            {"ts":15000,"peer":0,"task":2,"kind":"lock.wait","lock":"raft","src":"raft.rs:90"}
            {"ts":20000,"peer":0,"task":1,"kind":"lock.wait","lock":"raft","src":"raft.rs:77"}
            "#,
        );
        let cut = Problem { source: None, kind: ProblemKind::CutOff, offset: None, detail: "no end".into() };
        let only = ["self-deadlock", "stuck-task", "two-leaders-in-term"].map(str::to_owned).to_vec();
        let mut report = report::check(&trace, &[cut], &Options { only, ..Options::default() });
        report.traces[0].path = "run.jsonl".into();
        let mut out = Vec::new();
        report.write_text(&mut out, Style::Plain).expect("a vector takes all");
        let expected = "\
run.jsonl  4 events, 1 peer, 2 tasks

error [self-deadlock/1]
  task 1 of peer 0 waits for lock `raft`, which it holds itself
    happened, at 0.020 ms, phase \"first election\"
     1  0.010 ms  task 1 of peer 0 takes lock `raft`                               raft.rs:40  #1
     2  0.020 ms  task 1 of peer 0 asks for lock `raft` again, and waits for ever  raft.rs:77  #3
    fix: let only the outermost function take lock `raft`, and hand its guard or the data to the functions
    that it calls

    which led to:
    error [stuck-task/1]
      task 2 of peer 0 can never go on: it waits for lock `raft`, held by task 1 of peer 0, which waits for
      itself
        happened, at 0.020 ms, phase \"first election\"
         1  0.010 ms  task 1 of peer 0 takes lock `raft`      raft.rs:40  #1
         2  0.015 ms  task 2 of peer 0 waits for lock `raft`  raft.rs:90  #2
         3  0.020 ms  task 1 of peer 0 waits for lock `raft`  raft.rs:77  #3
        fix: break the circle at the end of the chain; this task then goes on by itself

not checked
  beyond what is found above: the trace is cut off; what came after its end is unknown
  peer 0 never writes `term`, `role` or `vote`: two-leaders-in-term cannot judge it; if it takes part, add
  term! and role!

problems of the trace
  run.jsonl: cut-off: no end

2 errors, 2 not checked, 0 detectors clean
more: peerscope explain self-deadlock
      peerscope log run.jsonl --around 1
      peerscope stuck run.jsonl --at event:3
      peerscope view run.jsonl --at finding:self-deadlock/1
";
        let actual = String::from_utf8(out).expect("UTF-8");
        assert!(actual == expected, "expected:\n{expected}\nactual:\n{actual}");
    }
}
