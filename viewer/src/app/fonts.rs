//! The letters: those that egui brings, with arrows and signs where running text needs them too.

use eframe::egui::{Context, FontDefinitions, FontFamily};

/// Gives running text the signs of the font for program text, which its own font has not (arrows, circles). They are there
/// from the next frame on.
pub(super) fn install(context: &Context) {
    let mut fonts = FontDefinitions::default();
    let signs = fonts.families.get(&FontFamily::Monospace).and_then(|names| names.first()).cloned();
    if let (Some(signs), Some(names)) = (signs, fonts.families.get_mut(&FontFamily::Proportional)) {
        if !names.contains(&signs) {
            names.push(signs);
        }
        context.set_fonts(fonts);
    }
}
