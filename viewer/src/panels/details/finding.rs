//! The selected finding: what it says, its proof, what caused it and what it led to, what to change.

use eframe::egui::{CollapsingHeader, Label, RichText, Ui};
use peerscope_analyzer::detect::finding::Class;
use peerscope_analyzer::detect::registry::DETECTORS;
use peerscope_analyzer::model::EventId;
use peerscope_analyzer::report::{FindingNote, Report};

use super::rows::{Link, heading, text, title, weak};
use crate::colors::Palette;
use crate::command::Command;
use crate::state::{Loaded, State};
use crate::words::{self, names};

/// So many witnesses are listed; a proof that is longer is no story any more.
const MAX_WITNESSES: usize = 200;
/// So many causes, and so many consequences.
const MAX_LINKS: usize = 20;

/// A finding as it is shown.
pub(super) struct Proof<'r> {
    pub(super) report: &'r Report,
    /// Its place in the report.
    pub(super) place: usize,
    pub(super) note: &'r FindingNote,
    /// Whether another event was just selected: its row is brought into view.
    pub(super) to_witness: bool,
}

impl Proof<'_> {
    pub(super) fn show(&self, ui: &mut Ui, state: &State, loaded: &Loaded, commands: &mut Vec<Command>) {
        let Proof { report, place, note, .. } = *self;
        let palette = Palette::of(ui.visuals());
        let color = palette.severity(note.severity);
        ui.horizontal_wrapped(|ui| {
            let chip = RichText::new(format!(" {} ", note.severity.name())).strong().color(color);
            ui.label(chip.background_color(palette.severity_background(note.severity)));
            ui.label(RichText::new(&note.id).size(12.0).weak());
            if note.count > 1 {
                let times = RichText::new(format!("{} times", note.count)).size(12.0).weak();
                ui.label(times).on_hover_text("It came true so often; the proof is that of the first time.");
            }
            if note.caused_by.is_empty() && !loaded.chains().effects(place).is_empty() {
                ui.label(RichText::new("first cause").size(12.0).strong());
            }
        });
        title(ui, &names::safe(&note.title, 600));
        weak(ui, &circumstances(note));
        heading(ui, "Proof");
        for number in 0..note.witnesses.len().min(MAX_WITNESSES) {
            self.witness(ui, number, state, loaded, commands);
        }
        if let Some(more) = note.witnesses.len().checked_sub(MAX_WITNESSES).filter(|more| *more > 0) {
            weak(ui, &format!("and {more} more"));
        }
        links(ui, "Caused by", report, loaded.chains().causes(place), commands);
        links(ui, "Led to", report, loaded.chains().effects(place), commands);
        heading(ui, "What to change");
        text(ui, &names::safe(&note.fix, 1000));
        explanation(ui, note.detector);
    }

    fn witness(&self, ui: &mut Ui, number: usize, state: &State, loaded: &Loaded, commands: &mut Vec<Command>) {
        let witness = &self.note.witnesses[number];
        let event = EventId(witness.event);
        let mut head = vec![words::at_moment(witness.ts)];
        if (event.0 as usize) < loaded.run.trace().len() {
            let event = loaded.run.trace().event(event);
            head.extend(event.peer().map(|peer| names::peer(event.trace(), peer)));
            head.extend(event.task().map(|task| names::task(event.trace(), task)));
        }
        head.extend(witness.src.as_ref().map(|src| names::name(names::file_name(src))));
        let (head, said) = (head.join(" · "), names::safe(&witness.text, 600));
        let code = witness.excerpt.as_ref().map_or_else(String::new, |code| names::safe(code.trim(), 200));
        let label = format!("{} {} #{}", number + 1, words::plain(&said), witness.event);
        let color = Palette::of(ui.visuals()).severity(self.note.severity);
        let selected = state.event == Some(event);
        let number = Some((number + 1, color));
        let response = Link { number, head: &head, text: &said, code: &code, label: &label, selected }.show(ui);
        if selected && self.to_witness {
            response.scroll_to_me(None);
        }
        if response.clicked() {
            commands.push(Command::Select(event));
        }
    }
}

/// How sure it is, when, in which test and phase.
fn circumstances(note: &FindingNote) -> String {
    let sure = match note.class {
        Class::Happened => "happened: the trace shows it",
        Class::Predicted => "predicted: another order of these events shows it",
        Class::Suspected => "suspected: likely, not proven",
    };
    let first = if note.count > 1 { "first " } else { "" };
    let mut parts = vec![format!("{sure}; {first}at {}", words::at_moment(note.ts))];
    parts.extend(note.phase.as_ref().map(|phase| format!("phase “{}”", names::safe(phase, 200))));
    parts.extend(note.test.as_ref().map(|test| format!("test {}", names::name(test))));
    parts.extend(note.cluster.as_ref().map(|cluster| format!("cluster {}", names::name(cluster))));
    parts.join(" · ")
}

/// Other findings that can be gone to.
fn links(ui: &mut Ui, what: &str, report: &Report, places: &[usize], commands: &mut Vec<Command>) {
    for (row, &place) in places.iter().take(MAX_LINKS).enumerate() {
        if row == 0 {
            heading(ui, what);
        }
        let note = &report.findings[place];
        let title = names::safe(&note.title, 300);
        let head = format!("{} · {}", note.severity.name(), note.id);
        let link = Link { number: None, head: &head, text: &title, code: "", label: &note.id, selected: false };
        if link.show(ui).clicked() {
            commands.push(Command::SelectFinding(place));
        }
    }
}

/// What the detector says of its defect in general.
fn explanation(ui: &mut Ui, name: &str) {
    let Some(detector) = DETECTORS.iter().find(|detector| detector.name == name) else { return };
    heading(ui, &format!("About {name}"));
    text(ui, detector.summary);
    let explain = &detector.explain;
    let parts = [
        ("What it is", explain.what_it_is),
        ("Why it matters", explain.why_it_matters),
        ("Example", explain.example),
        ("How to fix", explain.how_to_fix),
    ];
    for (part, words) in parts {
        CollapsingHeader::new(RichText::new(part).size(12.0)).id_salt((name, part)).show(ui, |ui| {
            for line in words.lines() {
                // What is indented is a program or a sequence of events.
                if line.starts_with(' ') {
                    ui.add(Label::new(RichText::new(line).size(11.5).monospace()).wrap());
                } else {
                    text(ui, line);
                }
            }
        });
    }
    for threshold in detector.thresholds {
        weak(ui, &format!("Threshold {} = {}: {}", threshold.name, threshold.default, threshold.reason));
    }
}
