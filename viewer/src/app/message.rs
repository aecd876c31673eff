//! A message across the window: what went wrong, and what can be done about it.

use std::path::PathBuf;

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
    /// What can be tried again.
    retry: Option<Vec<PathBuf>>,
}

impl Message {
    /// That `paths` could not be opened, and why.
    pub(super) fn failed(why: &str, paths: Vec<PathBuf>) -> Message {
        Message { text: safe(why), severity: Severity::Error, retry: Some(paths) }
    }

    /// That what was asked for is not there.
    pub(super) fn refused(why: &str) -> Message {
        Message { text: safe(why), severity: Severity::Error, retry: None }
    }

    /// Whether it says that something was not possible.
    pub(super) fn is_failure(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Something to know.
    pub(super) fn note(text: &str) -> Message {
        Message { text: safe(text), severity: Severity::Warning, retry: None }
    }

    /// Shows it; gives whether it is to stay.
    pub(super) fn show(&self, ui: &mut Ui, commands: &mut Vec<Command>) -> bool {
        let color = Palette::of(ui.visuals()).severity(self.severity);
        let mut stays = true;
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&self.text).color(color));
            if let Some(paths) = &self.retry
                && ui.button("Try again").clicked()
            {
                commands.push(Command::Open(paths.clone()));
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
