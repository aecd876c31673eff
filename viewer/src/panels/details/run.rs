//! The run as a whole: what it is, what is missing, what a check covered.

use eframe::egui::{Label, RichText, Ui};
use peerscope_analyzer::report::{GapNote, Report};

use super::rows::{field, heading, text, weak};
use crate::state::Loaded;
use crate::words::{duration, names};

/// So many files, problems and gaps are told each.
const MAX_LISTED: usize = 20;

pub(super) fn show(ui: &mut Ui, loaded: &Loaded) {
    let trace = loaded.run.trace();
    let title = match trace.sources() {
        [one] => names::name(one.name.rsplit(['/', '\\']).next().unwrap_or(&one.name)),
        several => names::count(several.len(), "file"),
    };
    ui.add(Label::new(RichText::new(title).size(14.0).strong()).wrap());
    weak(ui, "Select an event or a finding to read about it.");
    ui.add_space(4.0);
    field(ui, "events", &names::count(trace.len(), "event"));
    field(ui, "peers", &names::count(trace.peers().len(), "peer"));
    field(ui, "tasks", &names::count(trace.tasks().len(), "task"));
    field(ui, "locks", &names::count(trace.locks().len(), "lock"));
    field(ui, "duration", &duration(loaded.scene.span.length()));
    for source in trace.sources().iter().take(MAX_LISTED) {
        field(ui, "file", &names::safe(&source.name, 300));
        if let Some(clock) = &source.header.clock {
            field(ui, "clock", &names::name(clock));
        }
        if source.lost_events > 0 {
            field(ui, "lost", &names::count(usize::try_from(source.lost_events).unwrap_or(usize::MAX), "event"));
        }
    }
    more(ui, trace.sources().len());
    let problems = loaded.run.problems();
    if !problems.is_empty() {
        heading(ui, "What is missing from the trace");
        for problem in problems.iter().take(MAX_LISTED) {
            text(ui, &format!("{}: {}", problem.kind.name(), names::safe(&problem.detail, 400)));
        }
        more(ui, problems.len());
    }
    heading(ui, "What the check covered");
    match &loaded.report {
        None => weak(ui, "The check goes on; findings come when it is done."),
        Some(report) => coverage(ui, report),
    }
}

fn more(ui: &mut Ui, all: usize) {
    if all > MAX_LISTED {
        weak(ui, &format!("and {} more", all - MAX_LISTED));
    }
}

fn coverage(ui: &mut Ui, report: &Report) {
    text(ui, &verdict(report));
    // The same reason often keeps several detectors from judging; it is told once.
    let mut reasons: Vec<(&GapNote, Vec<&str>)> = Vec::new();
    for gap in &report.gaps {
        match reasons.iter_mut().find(|(other, _)| other.why == gap.why) {
            Some((_, blind)) => blind.push(gap.detector),
            None => reasons.push((gap, vec![gap.detector])),
        }
    }
    for (gap, mut blind) in reasons.iter().take(MAX_LISTED).cloned() {
        blind.dedup();
        text(ui, &format!("• {}", names::safe(&gap.why, 400)));
        weak(ui, &format!("   blind there: {}", blind.join(", ")));
        if !gap.advice.is_empty() {
            weak(ui, &format!("   {}", gap.advice));
        }
    }
    more(ui, reasons.len());
    if !report.clean.is_empty() {
        heading(ui, "Clean: found nothing, could look everywhere");
        text(ui, &report.clean.join(", "));
    }
    if !report.idle.is_empty() {
        heading(ui, "Nothing to look at");
        for (name, why) in &report.idle {
            weak(ui, &format!("{name}: {why}"));
        }
    }
    if !report.told_elsewhere.is_empty() {
        heading(ui, "Nothing to add to what was found");
        weak(ui, &report.told_elsewhere.join(", "));
    }
}

/// What the check came to, in one sentence; where something could not be looked at, it does not say that all is well.
fn verdict(report: &Report) -> String {
    let found = match report.findings.len() {
        0 => "Nothing was found".to_owned(),
        some => format!("{} found", names::count(some, "finding")),
    };
    if !report.gaps.is_empty() {
        format!("{found}, but not everything could be looked at:")
    } else if !report.is_complete() {
        format!("{found} in what there is of the trace; see what is missing from it.")
    } else {
        format!("{found}; {} could look everywhere.", names::count(report.clean.len(), "clean detector"))
    }
}
