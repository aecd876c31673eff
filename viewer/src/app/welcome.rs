//! What a window shows that has nothing open: how to open a trace, and how to come by one.

use eframe::egui::{ProgressBar, RichText, Spinner, Ui};

use crate::command::Command;
use crate::load::Progress;
use crate::panels::bar;

/// Shows it in `ui`; `progress` is that of a load that goes on.
pub(super) fn show(ui: &mut Ui, progress: Option<Progress>, commands: &mut Vec<Command>) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.28).max(12.0));
        if let Some(progress) = progress {
            ui.add(Spinner::new().size(28.0));
            ui.label(bar::doing(progress));
            if let Some(share) = progress.share {
                ui.add(ProgressBar::new(share).desired_width(240.0));
            }
            return;
        }
        ui.label(RichText::new("Peerscope").size(26.0).strong());
        ui.label("peers, terms, RPCs, locks and findings of a trace on one timeline");
        ui.add_space(16.0);
        if ui.button(RichText::new("Open a trace…").size(15.0)).clicked() {
            commands.push(Command::AskForFiles);
        }
        ui.add_space(8.0);
        ui.label("or drop .pscope or .jsonl files here");
        ui.label("or name them on the command line:");
        ui.monospace("peerscope-viewer run.pscope");
        ui.add_space(16.0);
        ui.weak("To record one, let your tests use `peerscope::sync` and `peerscope::thread`, and run them like this:");
        ui.monospace("PEERSCOPE_TRACE=run.%p.pscope cargo test");
    });
}
