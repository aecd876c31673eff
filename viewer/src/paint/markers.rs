//! Witnesses of findings: numbered discs for those of the selected one, rhombs for the others.

use eframe::egui::{Align2, FontId, Painter, Pos2, Shape, Stroke, pos2, vec2};

use super::canvas::Canvas;
use crate::colors::Palette;
use crate::picture::Marker;

/// The radius of a numbered disc, in points.
pub(crate) const RADIUS: f32 = 9.0;

/// Paints the witnesses over everything else.
pub(super) fn paint(painter: &Painter, markers: &[Marker], palette: Palette) {
    let strip = painter.clip_rect();
    let mut guides = Canvas::new(painter);
    for marker in markers.iter().filter(|marker| marker.number.is_some()) {
        let color = palette.severity(marker.severity).gamma_multiply(0.45);
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
    let discs = discs(markers);
    // All lines first: none may cross out a number.
    for (marker, at) in &discs {
        lead(painter, marker, *at, palette);
    }
    for (marker, at) in &discs {
        disc(painter, marker, *at, palette);
    }
}

/// The numbered witnesses with the middles of their discs. Where another one lies already a disc stands beside it.
pub(super) fn discs(markers: &[Marker]) -> Vec<(&Marker, Pos2)> {
    let mut discs: Vec<(&Marker, Pos2)> = Vec::new();
    for marker in markers.iter().filter(|marker| marker.number.is_some()) {
        let moment = pos2(marker.at.0, marker.at.1);
        let is_free = |at: &Pos2| discs.iter().all(|(_, other)| (*other - *at).length() >= 2.0 * RADIUS);
        let mut beside = (0..24).map(|step| moment + vec2(step as f32 * RADIUS, 0.0));
        discs.push((marker, beside.find(is_free).unwrap_or(moment)));
    }
    discs
}

/// The line from a disc that stands beside its moment to that.
fn lead(painter: &Painter, marker: &Marker, at: Pos2, palette: Palette) {
    let moment = pos2(marker.at.0, marker.at.1);
    if at != moment {
        let (color, _) = palette.witness(marker.severity);
        painter.line_segment([moment, at], Stroke::new(2.0, color));
        painter.circle_filled(moment, 2.5, color);
    }
}

/// A disc with its number.
fn disc(painter: &Painter, marker: &Marker, at: Pos2, palette: Palette) {
    let (color, text) = palette.witness(marker.severity);
    painter.circle(at, RADIUS, color, Stroke::new(1.5, text));
    let number = marker.number.map(|number| number.to_string()).unwrap_or_default();
    painter.text(at, Align2::CENTER_CENTER, number, FontId::proportional(12.0), text);
}
