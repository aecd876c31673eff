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

#[cfg(test)]
mod tests {
    use eframe::egui::FontId;
    use egui_kittest::Harness;

    use super::*;
    use crate::command::{NAMED, sign};

    #[test]
    fn the_letters_have_every_sign_of_a_key() {
        let mut harness = Harness::builder().build_ui(|_| ());
        install(&harness.ctx);
        harness.run();
        for key in NAMED.iter().flat_map(|named| named.keys) {
            let sign = sign(key, false);
            let has = |font| harness.ctx.fonts_mut(|fonts| fonts.has_glyphs(&font, &sign));
            assert!(has(FontId::monospace(12.0)) && has(FontId::proportional(12.0)), "{sign} would be an empty box");
        }
        let has = |sign| harness.ctx.fonts_mut(|fonts| fonts.has_glyph(&FontId::monospace(12.0), sign));
        assert!(!has('\u{232b}'), "the test can tell");
    }
}
