//! The rows of the details: fields with their values, events to go to, headings.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{
    Align, Align2, Color32, CornerRadius, FontId, Label, Layout, Response, RichText, Sense, Stroke, Ui, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use crate::panels::prose;

/// How far the texts of rows stand in, so that there is room for a number, in points.
const INDENT: f32 = 24.0;
/// Texts of rows have at most so many lines.
const MAX_LINES: usize = 5;
/// The column of names, in points.
const NAMES: f32 = 84.0;

/// A small heading with some air above.
pub(super) fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(8.0);
    ui.label(RichText::new(text).size(11.0).strong());
    ui.add_space(1.0);
}

/// Running text that may be selected and copied.
pub(super) fn text(ui: &mut Ui, text: &str) {
    prose::label(ui, text, 12.0, ui.visuals().text_color());
}

/// The sentence above all else.
pub(super) fn title(ui: &mut Ui, text: &str) {
    prose::label(ui, text, 14.0, ui.visuals().strong_text_color());
}

/// A line of a program.
pub(super) fn code(ui: &mut Ui, line: &str) {
    let text = RichText::new(line).size(11.5).monospace().background_color(ui.visuals().code_bg_color);
    ui.add(Label::new(text).wrap());
}

/// Running text that steps back.
pub(super) fn weak(ui: &mut Ui, text: &str) {
    prose::label(ui, text, 12.0, ui.visuals().weak_text_color());
}

/// A story: its title, and below it what else there is to say.
pub(super) fn story(ui: &mut Ui, lines: &[String]) {
    let Some((title, rest)) = lines.split_first() else { return };
    text(ui, title);
    for line in rest {
        ui.horizontal_top(|ui| {
            ui.add_space(8.0);
            ui.vertical(|ui| weak(ui, line));
        });
    }
}

/// A name with its value; what of the value has no room is shown to whoever points at it, and a click copies it.
pub(super) fn field(ui: &mut Ui, name: &str, value: &str) {
    ui.horizontal(|ui| {
        ui.allocate_ui_with_layout(vec2(NAMES, 16.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(NAMES);
            ui.add(Label::new(RichText::new(name).size(12.0).weak()).truncate());
        });
        let label = Label::new(RichText::new(value).size(12.0).monospace()).truncate().sense(Sense::click());
        let response = ui.add(label).on_hover_ui(|ui| {
            ui.set_max_width(480.0);
            ui.add(Label::new(RichText::new(value).monospace()).wrap());
            ui.weak("a click copies it");
        });
        if response.clicked() {
            ui.ctx().copy_text(value.to_owned());
        }
    });
}

/// What stands on a row that leads somewhere.
pub(super) struct Link<'a> {
    /// A number in a circle, and its colour.
    pub(super) number: Option<(usize, Color32)>,
    /// The small line above: when, who.
    pub(super) head: &'a str,
    /// What happened.
    pub(super) text: &'a str,
    /// A line of a program, or nothing.
    pub(super) code: &'a str,
    /// What it is called for those who hear it.
    pub(super) label: &'a str,
    /// Whether it is where one is.
    pub(super) selected: bool,
}

impl Link<'_> {
    /// Shows it over the whole width of `ui`.
    pub(super) fn show(&self, ui: &mut Ui) -> Response {
        let visuals = ui.visuals();
        let (weak, strong) = (visuals.weak_text_color(), visuals.text_color());
        let indent = if self.number.is_some() { INDENT } else { 6.0 };
        let width = ui.available_width();
        let mut job = LayoutJob::default();
        job.wrap.max_width = (width - indent - 4.0).max(40.0);
        job.wrap.max_rows = MAX_LINES;
        job.wrap.break_anywhere = false;
        prose::append(&mut job, ui, self.head, 11.0, weak);
        let line = TextFormat::simple(FontId::proportional(12.5), strong);
        if !job.text.is_empty() && !self.text.is_empty() {
            job.append("\n", 0.0, line);
        }
        prose::append(&mut job, ui, self.text, 12.5, strong);
        if !self.code.is_empty() {
            let background = ui.visuals().code_bg_color;
            let line = TextFormat { background, ..TextFormat::simple(FontId::monospace(11.0), strong) };
            job.append(&format!("\n{}", self.code), 0.0, line);
        }
        let galley = ui.painter().layout_job(job);
        let (rect, response) = ui.allocate_exact_size(vec2(width, galley.size().y + 6.0), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, self.selected, self.label));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let visuals = ui.visuals();
        let fill = if self.selected {
            Some(visuals.selection.bg_fill)
        } else {
            (response.hovered() || response.has_focus()).then_some(visuals.widgets.hovered.weak_bg_fill)
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
        }
        ui.painter().galley(pos2(rect.left() + indent, rect.top() + 3.0), galley, strong);
        if let Some((number, color)) = self.number {
            let center = pos2(rect.left() + 11.0, rect.top() + 13.0);
            ui.painter().circle(center, 8.5, ui.visuals().panel_fill, Stroke::new(1.5, color));
            ui.painter().text(center, Align2::CENTER_CENTER, number, FontId::proportional(11.0), color);
        }
        response
    }
}
