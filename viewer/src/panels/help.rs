//! The keys and the mouse.

use eframe::egui::{Context, Grid, Id, Modal, RichText, ScrollArea};

use crate::command::{Command, NAMED, sign};

/// What the mouse does; keys follow from the registry of commands.
const MOUSE: &[(&str, &str)] = &[
    ("wheel", "scroll the lanes; zoom if all of them are visible"),
    ("Ctrl + wheel, pinch", "zoom at the cursor"),
    ("Shift + wheel", "earlier, later"),
    ("drag", "move the view"),
    ("Shift + drag", "show the time that is marked"),
    ("click", "select what is there; fold or unfold a peer at its name"),
    ("double click", "frame what is there"),
    ("hover", "what a block, an arrow or a lane is"),
    ("drop files", "open them as one run"),
];

/// Shows it above everything else.
pub fn show(context: &Context, commands: &mut Vec<Command>) {
    let modal = Modal::new(Id::unique("help")).show(context, |ui| {
        ui.set_width(520.0);
        ui.heading("Keys and mouse");
        ui.add_space(6.0);
        let height = (ui.ctx().content_rect().height() * 0.7).max(120.0);
        ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
            Grid::new("keys").num_columns(2).striped(true).spacing([24.0, 4.0]).show(ui, |ui| {
                for named in NAMED {
                    let keys: Vec<String> = named.keys.iter().map(|key| sign(key, ui.ctx().os().is_mac())).collect();
                    ui.label(RichText::new(keys.join("   ")).monospace());
                    ui.label(named.title);
                    ui.end_row();
                }
                for (deed, what) in MOUSE {
                    ui.label(RichText::new(*deed).monospace());
                    ui.label(*what);
                    ui.end_row();
                }
            });
        });
        ui.add_space(6.0);
        ui.button("Close").clicked()
    });
    if modal.inner || modal.should_close() {
        commands.push(Command::ToggleHelp);
    }
}
