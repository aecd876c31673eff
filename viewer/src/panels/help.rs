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

/// A window that is wider than this has room for two columns, and how wide one is, in points.
const WIDE: f32 = 1_040.0;
const WIDTH: f32 = 490.0;

/// Shows it above everything else.
pub fn show(context: &Context, commands: &mut Vec<Command>) {
    let modal = Modal::new(Id::unique("help")).show(context, |ui| {
        let screen = ui.ctx().content_rect();
        let columns = if screen.width() >= WIDE { 2 } else { 1 };
        ui.set_width((WIDTH * columns as f32).min(screen.width() - 40.0));
        ui.heading("Keys and mouse");
        ui.add_space(6.0);
        let lines = lines(ui.ctx().os().is_mac());
        let rows = lines.len().div_ceil(columns);
        let height = (screen.height() - 120.0).max(120.0);
        ScrollArea::vertical().min_scrolled_height(height).max_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                Grid::new("keys").num_columns(2 * columns).striped(true).spacing([20.0, 4.0]).show(ui, |ui| {
                    for row in 0..rows {
                        for (keys, what) in (0..columns).filter_map(|column| lines.get(column * rows + row)) {
                            ui.label(RichText::new(keys).monospace());
                            ui.label(*what);
                        }
                        ui.end_row();
                    }
                });
            },
        );
        ui.add_space(6.0);
        ui.button("Close").clicked()
    });
    if modal.inner || modal.should_close() {
        commands.push(Command::ToggleHelp);
    }
}

/// What is pressed, and what that does: keys, then the mouse.
fn lines(is_mac: bool) -> Vec<(String, &'static str)> {
    let keys = NAMED.iter().map(|named| {
        let keys: Vec<String> = named.keys.iter().map(|key| sign(key, is_mac)).collect();
        (keys.join("   "), named.title)
    });
    keys.chain(MOUSE.iter().map(|(deed, what)| ((*deed).to_owned(), *what))).collect()
}
