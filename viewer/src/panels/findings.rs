//! The findings, first causes first and what follows from them below; then where detectors were blind, and what is clean.

use eframe::egui::style::ScrollAnimation;
use eframe::egui::text::LayoutJob;
use eframe::egui::{
    Align, Button, CollapsingHeader, FontId, Id, Layout, Rect, RichText, ScrollArea, TextFormat, Ui, UiBuilder, vec2,
};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::report::escape::{clip, escape};
use peerscope_analyzer::report::{FindingNote, GapNote, Report};

use crate::colors::Palette;
use crate::command::Command;
use crate::panels::prose;
use crate::panels::rows::{self, Row};
use crate::state::{Loaded, State, Told};
use crate::words;

/// Titles are the detectors' words with the trace's names in them; a hostile name must not fill the screen.
const MAX_TITLE: usize = 400;
/// So many rows are shown; a hostile trace may have thousands of findings or gaps.
const MAX_ROWS: usize = 1_000;
/// A gap that names many peers must not fill the panel: so many rows of it are shown.
const GAP_ROWS: usize = 4;
/// A consequence stands so far to the right of its cause, in points.
const INDENT: f32 = 14.0;
/// Deeper chains do not move further to the right.
const MAX_DEPTH: usize = 6;

/// Shows it in `ui`.
pub fn show(ui: &mut Ui, state: &State, loaded: &Loaded, commands: &mut Vec<Command>) {
    ui.heading("Findings");
    let Some(report) = &loaded.report else {
        ui.label(loaded.unjudged());
        return;
    };
    ScrollArea::vertical().id_salt("findings").auto_shrink([false, false]).show(ui, |ui| {
        if report.findings.is_empty() {
            ui.label("Nothing was found.");
        }
        let list = loaded.told();
        rows::show(ui, list.len().min(MAX_ROWS), |ui, number| match number {
            Row::Shown(number) => {
                let told = list[number];
                let is_followed = list.get(number + 1).is_some_and(|next| next.depth > told.depth);
                row(ui, state, report, told, is_followed, commands);
            }
            Row::Hidden(number, rect) => {
                if state.finding == Some(list[number].finding) {
                    reveal(ui, rect, list[number].finding);
                }
            }
        });
        rest(ui, list.len(), "findings");
        gaps(ui, report);
        others(ui, report);
    });
}

fn rest(ui: &mut Ui, all: usize, what: &str) {
    if all > MAX_ROWS {
        ui.weak(format!("and {} more {what}: `peerscope check` tells all", all - MAX_ROWS));
    }
}

/// What a finding is in its chain.
#[derive(Clone, Copy)]
enum Chain {
    /// Others follow from it, and it from none.
    Cause,
    Consequence,
    None,
}

fn row(ui: &mut Ui, state: &State, report: &Report, told: Told, is_followed: bool, commands: &mut Vec<Command>) {
    let Told { finding: place, depth } = told;
    let role = match depth {
        0 if is_followed => Chain::Cause,
        0 => Chain::None,
        _ => Chain::Consequence,
    };
    let finding = &report.findings[place];
    let selected = state.finding == Some(place);
    let indent = INDENT * depth.min(MAX_DEPTH) as f32;
    let row = Rect::from_min_size(ui.cursor().min + vec2(indent, 0.0), vec2(ui.available_width() - indent, 0.0));
    let layout = Layout::top_down_justified(Align::LEFT);
    ui.scope_builder(UiBuilder::new().max_rect(row).layout(layout), |ui| {
        let text = text(ui, finding, role, row.width() - 2.0 * ui.spacing().button_padding.x);
        let response = ui.add(Button::selectable(selected, text).wrap());
        if selected && !ui.clip_rect().contains_rect(response.rect) {
            reveal(ui, response.rect, place);
        }
        if response.clicked() {
            commands.push(Command::SelectFinding(place));
        }
    });
    ui.add_space(2.0);
}

/// Scrolls to the row of a finding when it is selected, once: after that the user may scroll it away.
fn reveal(ui: &Ui, row: Rect, place: usize) {
    let id = Id::unique("finding shown last");
    if ui.data(|data| data.get_temp::<usize>(id)) != Some(place) {
        ui.data_mut(|data| data.insert_temp(id, place));
        ui.scroll_to_rect_animation(row, None, ScrollAnimation::none());
    }
}

/// An icon of its own shape for each severity: no meaning hangs on colour alone.
fn icon(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "⊗",
        Severity::Warning => "▲",
        Severity::Info => "●",
    }
}

/// What stands in a row, and what a screen reader reads.
fn text(ui: &Ui, finding: &FindingNote, role: Chain, width: f32) -> LayoutJob {
    let palette = Palette::of(ui.visuals());
    let mut job = LayoutJob::default();
    job.wrap.max_width = width.max(60.0);
    let mut put = |text: &str, size: f32, color| {
        job.append(text, 0.0, TextFormat { font_id: FontId::proportional(size), color, ..TextFormat::default() });
    };
    match role {
        Chain::Cause => put("first cause: ", 11.0, palette.text_strong()),
        Chain::Consequence => put("which led to ", 11.0, palette.text_weak()),
        Chain::None => {}
    }
    let severity = finding.severity;
    put(&format!("{} {} ", icon(severity), severity.name()), 12.5, palette.severity(severity));
    put(&format!("{}\n", escape(&finding.id)), 11.0, palette.text_weak());
    prose::append(&mut job, ui, &clip(&escape(&finding.title), MAX_TITLE), 13.0, palette.text());
    let facts = TextFormat::simple(FontId::proportional(11.0), palette.text_weak());
    job.append(&format!("\n{}", facts_of(finding)), 0.0, facts);
    job
}

/// When, how often, and whom it concerns.
fn facts_of(finding: &FindingNote) -> String {
    let mut facts = format!("at {}", words::at_moment(finding.ts));
    if finding.count > 1 {
        facts = format!("{} times, first {facts}", finding.count);
    }
    if !finding.peers.is_empty() {
        let several = if finding.peers.len() > 1 { "peers" } else { "peer" };
        facts.push_str(&format!(" · {several} {}", clip(&escape(&finding.peers.join(", ")), 80)));
    }
    if let Some(term) = finding.term {
        facts.push_str(&format!(" · term {term}"));
    }
    facts
}

fn gaps(ui: &mut Ui, report: &Report) {
    if report.gaps.is_empty() {
        return;
    }
    ui.add_space(8.0);
    let reasons = report.not_checked();
    ui.strong(format!("Not checked ({})", reasons.len()));
    for (gap, blind) in reasons.iter().take(MAX_ROWS) {
        let whole = gap_text(gap, blind);
        let mut job = LayoutJob::single_section(
            format!("? {whole}"),
            TextFormat::simple(FontId::proportional(12.0), ui.visuals().text_color()),
        );
        job.wrap.max_width = ui.available_width();
        job.wrap.max_rows = GAP_ROWS;
        ui.label(job).on_hover_text(format!("{whole}\n{}", words::plain(gap.advice)).trim_end());
    }
    rest(ui, reasons.len(), "reasons");
}

fn gap_text(gap: &GapNote, blind: &[&str]) -> String {
    words::plain(&clip(&escape(&format!("{}: {}", blind.join(", "), gap.why)), MAX_TITLE))
}

fn others(ui: &mut Ui, report: &Report) {
    ui.add_space(8.0);
    if !report.clean.is_empty() {
        let title = format!("Clean ({})", report.clean.len());
        CollapsingHeader::new(title).id_salt("clean").show(ui, |ui| {
            for detector in &report.clean {
                ui.label(RichText::new(*detector).size(12.0));
            }
        });
    }
    if !report.idle.is_empty() {
        let title = format!("Nothing to look at ({})", report.idle.len());
        CollapsingHeader::new(title).id_salt("idle").show(ui, |ui| {
            for (detector, missing) in &report.idle {
                ui.label(RichText::new(format!("{detector}: {missing}")).size(12.0));
            }
        });
    }
    if report.suppressed > 0 {
        ui.label(format!("{} suppressed by the program itself", report.suppressed));
    }
}
