//! Witnesses of findings: numbered discs for those of the selected one, rhombs for the others.

use eframe::egui::{Align2, FontId, Painter, Shape, Stroke, pos2, vec2};

use super::canvas::Canvas;
use crate::colors::Palette;
use crate::picture::{DISC, Marker};

/// Paints the witnesses over everything else.
pub(super) fn paint(painter: &Painter, markers: &[Marker], palette: Palette) {
    let strip = painter.clip_rect();
    let mut guides = Canvas::new(painter);
    for marker in markers.iter().filter(|marker| marker.number.is_some()) {
        let color = palette.severity(marker.severity).gamma_multiply(0.28);
        guides.vertical(marker.at.0, strip.y_range(), 1.0, color);
    }
    guides.paint(painter);
    for marker in markers.iter().filter(|marker| marker.number.is_none()) {
        let (x, y) = marker.at;
        let corners =
            [vec2(0.0, -4.0), vec2(4.0, 0.0), vec2(0.0, 4.0), vec2(-4.0, 0.0)].map(|corner| pos2(x, y) + corner);
        let stroke = Stroke::new(1.0, palette.background());
        painter.add(Shape::convex_polygon(corners.to_vec(), palette.severity(marker.severity), stroke));
    }
    let numbered = || markers.iter().filter(|marker| marker.number.is_some());
    // All lines first: none may cross out a number.
    numbered().for_each(|marker| lead(painter, marker, palette));
    numbered().for_each(|marker| disc(painter, marker, palette));
}

/// The line from a disc that stands beside its moment to that.
fn lead(painter: &Painter, marker: &Marker, palette: Palette) {
    if marker.disc != marker.at {
        let (moment, at) = (pos2(marker.at.0, marker.at.1), pos2(marker.disc.0, marker.disc.1));
        let (color, _) = palette.witness(marker.severity);
        painter.line_segment([moment, at], Stroke::new(2.0, color));
        painter.circle_filled(moment, 2.5, color);
    }
}

/// A disc with its number.
fn disc(painter: &Painter, marker: &Marker, palette: Palette) {
    let at = pos2(marker.disc.0, marker.disc.1);
    let (color, text) = palette.witness(marker.severity);
    painter.circle(at, DISC, color, Stroke::new(1.5, text));
    let number = marker.number.map(|number| number.to_string()).unwrap_or_default();
    painter.text(at, Align2::CENTER_CENTER, number, FontId::proportional(12.0), text);
}
