//! The run as a whole: what it is, what is missing, what a check covered.

use eframe::egui::{Label, RichText, Ui};
use peerscope_analyzer::report::Report;

use super::rows::{field, heading, text, weak};
use crate::state::Loaded;
use crate::words::{duration, names};

/// So many files, problems and gaps are told each.
const MAX_LISTED: usize = 20;
/// A reason is told in so many characters; `peerscope check` tells all of it.
const MAX_WHY: usize = 240;

pub(super) fn show(ui: &mut Ui, loaded: &Loaded) {
    let trace = loaded.run.trace();
    let title = match trace.sources() {
        [one] => names::name(names::file_name(&one.name)),
        several => names::count(several.len(), "file"),
    };
    ui.add(Label::new(RichText::new(title).size(14.0).strong()).wrap());
    weak(ui, "Select an event or a finding to read about it.");
    ui.add_space(4.0);
    field(ui, "events", &names::grouped(trace.len()));
    field(ui, "peers", &names::grouped(trace.peers().len()));
    field(ui, "tasks", &names::grouped(trace.tasks().len()));
    field(ui, "locks", &names::grouped(trace.locks().len()));
    if !trace.is_empty() {
        field(ui, "duration", &duration(loaded.scene.span.length()));
    }
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
        None if loaded.is_given_up() => weak(ui, "The check came to no end: nothing is known."),
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
    let reasons = report.not_checked();
    if !reasons.is_empty() {
        heading(ui, &format!("Not checked ({})", reasons.len()));
    }
    for (gap, blind) in reasons.iter().take(MAX_LISTED) {
        text(ui, &format!("• {}", names::safe(&gap.why, MAX_WHY)));
        weak(ui, &format!("   not checked by {}", blind.join(", ")));
        if !gap.advice.is_empty() {
            weak(ui, &format!("   {}", gap.advice));
        }
    }
    more(ui, reasons.len());
    if !report.clean.is_empty() {
        heading(ui, &format!("Clean ({})", report.clean.len()));
        text(ui, &report.clean.join(", "));
    }
    if !report.idle.is_empty() {
        heading(ui, &format!("Nothing to look at ({})", report.idle.len()));
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
        format!("{found}, but not everything was checked.")
    } else if !report.is_complete() {
        format!("{found} in what there is of the trace; see what is missing from it.")
    } else {
        format!("{found}; {} checked everything.", names::count(report.clean.len(), "clean detector"))
    }
}
