//! How files come in: dropped, by their path, or by the system's dialog.

use std::path::PathBuf;

use eframe::egui::{Align2, Context, FontId, Id, LayerId, Modal, Order, TextEdit};

use crate::colors::Palette;
use crate::command::Command;

/// Opens the files that were dropped.
pub(super) fn dropped(context: &Context, commands: &mut Vec<Command>) {
    let paths: Vec<PathBuf> =
        context.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
    if !paths.is_empty() {
        commands.push(Command::Open(paths));
    }
}

/// Says what comes of files that are held over the window.
pub(super) fn hovered(context: &Context) {
    let held = context.input(|input| input.raw.hovered_files.len());
    if held == 0 {
        return;
    }
    let palette = Palette::of(&context.global_style().visuals);
    let painter = context.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop")));
    let area = context.content_rect();
    painter.rect_filled(area, 0.0, palette.veil());
    let text = if held == 1 { "drop to open" } else { "drop to open as one run" };
    painter.text(area.center(), Align2::CENTER_CENTER, text, FontId::proportional(28.0), palette.text_strong());
}

/// The question for a file.
#[derive(Default)]
pub(super) struct Asking {
    path: String,
    /// Whether the field has had the focus once: it takes it only when it appears.
    focused: bool,
    no_dialog: bool,
}

/// What came of the question in this frame.
pub(super) enum Answer {
    /// Nothing yet.
    None,
    /// It was closed.
    Closed,
    /// The system's dialog is wanted.
    Dialog,
    /// This is to be opened.
    Open(PathBuf),
}

impl Asking {
    /// Takes note that the system's dialog gave nothing.
    pub(super) fn no_dialog(&mut self) {
        self.no_dialog = true;
        self.focused = false;
    }

    /// Shows it. The path can always be typed: keys alone suffice, and a system without a dialog for files does no harm.
    pub(super) fn show(&mut self, context: &Context) -> Answer {
        let modal = Modal::new(Id::unique("open")).show(context, |ui| {
            ui.set_width(480.0);
            ui.heading("Open a trace");
            let label = ui.label("Path of a .pscope or .jsonl file, or of a folder of them");
            let field = ui.add(TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY));
            let field = field.labelled_by(label.id);
            if !self.focused {
                field.request_focus();
                self.focused = true;
            }
            let enter = field.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
            if self.no_dialog {
                ui.label("No file was chosen. If no dialog came up, this system has none: type the path instead.");
            }
            let mut answer = Answer::None;
            ui.horizontal(|ui| {
                let path = self.path.trim();
                if (ui.button("Open").clicked() || enter) && !path.is_empty() {
                    answer = Answer::Open(PathBuf::from(path));
                }
                if ui.button("Browse…").clicked() {
                    answer = Answer::Dialog;
                }
                if ui.button("Cancel").clicked() {
                    answer = Answer::Closed;
                }
            });
            answer
        });
        match &modal.inner {
            Answer::None if modal.should_close() => Answer::Closed,
            _ => modal.inner,
        }
    }
}
