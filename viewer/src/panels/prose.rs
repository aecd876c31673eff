//! Running text whose names and lines of code stand in a font of their own.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{Color32, FontId, Label, Ui};

use crate::words::prose;

/// The fixed-width font looks larger than the other one at the same size.
const CODE: f32 = 0.92;

/// Appends `text`; what stands between backticks looks like code.
pub(super) fn append(job: &mut LayoutJob, ui: &Ui, text: &str, size: f32, color: Color32) {
    for (part, is_code) in prose(text) {
        let format = if is_code {
            let background = ui.visuals().code_bg_color;
            TextFormat { background, ..TextFormat::simple(FontId::monospace(size * CODE), color) }
        } else {
            TextFormat::simple(FontId::proportional(size), color)
        };
        job.append(part, 0.0, format);
    }
}

/// A label of such text, over as many lines as it needs.
pub(super) fn label(ui: &mut Ui, text: &str, size: f32, color: Color32) {
    let mut job = LayoutJob::default();
    append(&mut job, ui, text, size, color);
    ui.add(Label::new(job).wrap());
}
