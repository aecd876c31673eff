//! Where messages leave the strip it is said where they lead; a click goes there.

use eframe::egui::{Align2, CursorIcon, FontId, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Timeline, shortened};
use crate::command::Command;
use crate::picture::Picture;
use crate::words;

/// The most letters of one.
const MOST_LETTERS: usize = 60;

/// Shows them over the strip.
pub(super) fn show(timeline: &Timeline<'_>, ui: &Ui, picture: &Picture, commands: &mut Vec<Command>) {
    let (strip, palette) = (timeline.parts.strip, timeline.palette);
    let painter = ui.painter_at(strip);
    for exit in &picture.exits {
        let arrow = &picture.arrows[exit.arrow];
        let route = timeline.loaded.scene.routes.get(arrow.route as usize);
        let Some(leg) = route.and_then(|route| route.legs.get(arrow.piece.first as usize)) else { continue };
        let text = timeline.loaded.run.facts(|facts| words::leg_exit(facts, leg, exit.event));
        let text = shortened(text, MOST_LETTERS);
        let color = palette.fate(arrow.fate);
        let galley = painter.layout_no_wrap(text.clone(), FontId::proportional(11.0), color);
        let is_right = exit.at.0 > strip.center().x;
        let (align, x) =
            if is_right { (Align2::RIGHT_CENTER, exit.at.0 - 6.0) } else { (Align2::LEFT_CENTER, exit.at.0 + 6.0) };
        let rect = align.anchor_size(pos2(x, exit.at.1), galley.size()).expand2(vec2(4.0, 1.0));
        if !strip.contains_rect(rect) {
            continue;
        }
        let response = ui.interact(rect, ui.scope_id().with(("exit", exit.event, arrow.route)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Link, true, text.clone()));
        let ground = if response.hovered() { palette.hovered() } else { palette.background() };
        painter.rect_filled(rect, 3.0, ground.gamma_multiply(0.92));
        painter.galley(rect.shrink2(vec2(4.0, 1.0)).min.round(), galley, color);
        if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
            commands.push(Command::Select(exit.event));
        }
    }
}
