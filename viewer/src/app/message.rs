//! A message across the window: what went wrong, and what can be done about it.

use eframe::egui::{RichText, Ui};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::report::escape::{clip, escape};

use crate::colors::Palette;
use crate::command::Command;

/// Longer messages are cut.
const MAX: usize = 600;

/// What is to be said.
pub(super) struct Message {
    /// In one line, harmless.
    pub(super) text: String,
    severity: Severity,
    /// Whether it can be tried again.
    can_retry: bool,
}

impl Message {
    /// That files could not be opened, and why.
    pub(super) fn failed(why: &str) -> Message {
        Message { text: safe(why), severity: Severity::Error, can_retry: true }
    }

    /// That what was asked for is not there.
    pub(super) fn refused(why: &str) -> Message {
        Message { text: safe(why), severity: Severity::Error, can_retry: false }
    }

    /// Whether it says that something was not possible.
    pub(super) fn is_failure(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Something to know.
    pub(super) fn note(text: &str) -> Message {
        Message { text: safe(text), severity: Severity::Warning, can_retry: false }
    }

    /// Shows it; gives whether it is to stay.
    pub(super) fn show(&self, ui: &mut Ui, commands: &mut Vec<Command>) -> bool {
        let color = Palette::of(ui.visuals()).severity(self.severity);
        let mut stays = true;
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&self.text).color(color));
            if self.can_retry && ui.button("Try again").clicked() {
                commands.push(Command::Reload);
            }
            if ui.button("Dismiss").clicked() {
                stays = false;
            }
        });
        stays
    }
}

fn safe(text: &str) -> String {
    clip(&escape(text), MAX).into_owned()
}
