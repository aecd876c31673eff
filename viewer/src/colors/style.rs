//! The look of the whole window: egui's widgets in the colours of a [`Palette`], sizes of text, spacing.

use eframe::egui::style::{HandleShape, ScrollStyle, Selection, WidgetVisuals};
use eframe::egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Visuals, vec2,
};

use super::Palette;

impl Palette {
    /// The palette of the theme that `visuals` belong to.
    pub fn of(visuals: &Visuals) -> Palette {
        Palette::new(visuals.dark_mode)
    }

    /// egui's widgets in these colours.
    pub fn visuals(&self) -> Visuals {
        let mut visuals = if self.dark { Visuals::dark() } else { Visuals::light() };
        let widget = |fill: Color32, border: Color32, text: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, border),
            corner_radius: CornerRadius::same(4),
            fg_stroke: Stroke::new(1.0, text),
            expansion: 0.0,
        };
        let widgets = &mut visuals.widgets;
        widgets.noninteractive = widget(self.panel(), self.separator(), self.text());
        widgets.inactive = widget(self.raised(), Color32::TRANSPARENT, self.text());
        widgets.hovered = widget(self.hovered(), self.border(), self.text_strong());
        widgets.active = widget(self.selection_background(), self.accent(), self.text_strong());
        widgets.open = widget(self.hovered(), self.border(), self.text_strong());
        visuals.selection =
            Selection { bg_fill: self.selection_background(), stroke: Stroke::new(1.0, self.text_strong()) };
        visuals.hyperlink_color = self.accent();
        visuals.weak_text_color = Some(self.text_weak());
        visuals.faint_bg_color = super::mix(self.panel(), self.raised(), 0.45);
        visuals.extreme_bg_color = self.background();
        visuals.code_bg_color = self.raised();
        visuals.warn_fg_color = self.severity(super::Severity::Warning);
        visuals.error_fg_color = self.severity(super::Severity::Error);
        visuals.panel_fill = self.panel();
        visuals.window_fill = self.panel();
        visuals.window_stroke = Stroke::new(1.0, self.border());
        visuals.window_corner_radius = CornerRadius::same(8);
        visuals.menu_corner_radius = CornerRadius::same(6);
        let shade = Color32::from_black_alpha(if self.dark { 120 } else { 40 });
        visuals.window_shadow = Shadow { offset: [0, 6], blur: 18, spread: 0, color: shade };
        visuals.popup_shadow = Shadow { offset: [0, 3], blur: 10, spread: 0, color: shade };
        visuals.handle_shape = HandleShape::Rect { aspect_ratio: 0.5 };
        visuals
    }

    /// Colours, sizes of text and spacing of the window. Nothing moves by itself: a picture is the same in every frame.
    pub fn style(&self) -> Style {
        let mut style = Style { visuals: self.visuals(), animation_time: 0.0, ..Style::default() };
        let proportional = |size| FontId::new(size, FontFamily::Proportional);
        style.text_styles = [
            (TextStyle::Small, proportional(11.0)),
            (TextStyle::Body, proportional(13.0)),
            (TextStyle::Button, proportional(13.0)),
            (TextStyle::Heading, proportional(15.0)),
            (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
        ]
        .into();
        let spacing = &mut style.spacing;
        spacing.item_spacing = vec2(8.0, 5.0);
        spacing.button_padding = vec2(8.0, 3.0);
        spacing.menu_margin = Margin::same(6);
        spacing.window_margin = Margin::same(10);
        spacing.interact_size = vec2(36.0, 22.0);
        spacing.indent = 14.0;
        spacing.tooltip_width = 460.0;
        spacing.scroll = ScrollStyle { bar_width: 8.0, floating: false, ..ScrollStyle::thin() };
        style
    }
}

/// Gives the window its looks, in light and in dark.
pub fn install(context: &Context) {
    context.set_style_of(Theme::Dark, Palette::new(true).style());
    context.set_style_of(Theme::Light, Palette::new(false).style());
}
