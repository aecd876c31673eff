//! The names of the lanes, at the left: each is a node for whoever cannot see it, and tells more to whoever points at it.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Color32, CursorIcon, FontId, Painter, Rect, Response, Role, Sense, Stroke, TextFormat, Ui, WidgetInfo, pos2, vec2,
};

use super::{Timeline, clipped};
use crate::command::Command;
use crate::lane::Subject;
use crate::layout::RowOf;
use crate::paint::Canvas;
use crate::picture::{Picture, Row};

/// How wide it is at first, and the least, in points.
const WIDTH: f32 = 200.0;
/// Of a narrow timeline it takes no more than this share, unless it is dragged.
const SHARE: f32 = 0.28;
const LEAST: f32 = 80.0;
/// How wide the edge is that can be dragged.
const EDGE: f32 = 6.0;

/// How wide the gutter is in `all`; whoever drags its edge changes that.
pub(super) fn width(ui: &mut Ui, all: Rect) -> f32 {
    let id = ui.scope_id().with("gutter width");
    let most = (all.width() * 0.5).max(LEAST);
    let mut width = ui.data(|data| data.get_temp(id)).unwrap_or((all.width() * SHARE).min(WIDTH)).clamp(LEAST, most);
    let edge = Rect::from_center_size(pos2(all.left() + width, all.center().y), vec2(EDGE, all.height()));
    let response =
        ui.interact(edge, id.with("edge"), Sense::drag()).on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    if response.dragged() {
        width = (width + response.drag_delta().x).clamp(LEAST, most);
        ui.data_mut(|data| data.insert_temp(id, width));
    }
    width
}

/// Shows the names of the visible rows.
pub(super) fn show(timeline: &Timeline<'_>, ui: &mut Ui, picture: &Picture, commands: &mut Vec<Command>) {
    let (gutter, palette) = (timeline.parts.gutter, timeline.palette);
    let painter = ui.painter_at(gutter);
    let mut ground = Canvas::new(&painter);
    ground.rect(gutter, palette.panel());
    ground.vertical(gutter.right() - 1.0, gutter.y_range(), 1.0, palette.border());
    ground.horizontal(gutter.x_range(), timeline.parts.strip.top() - 1.0, 1.0, palette.border());
    ground.paint(&painter);
    let rows = Rect::from_min_max(pos2(gutter.left(), timeline.parts.strip.top()), gutter.max);
    let painter = ui.painter_at(rows);
    for row in &picture.rows {
        let rect = Rect::from_min_size(pos2(gutter.left(), row.top), vec2(gutter.width() - 1.0, row.height));
        match row.of {
            RowOf::Group(group) => heading(timeline, ui, &painter, group, rect, rows, commands),
            RowOf::Lane(lane) => name(timeline, ui, &painter, picture, row, lane, rect, rows),
        }
    }
}

fn heading(
    timeline: &Timeline<'_>,
    ui: &mut Ui,
    painter: &Painter,
    group: usize,
    rect: Rect,
    rows: Rect,
    commands: &mut Vec<Command>,
) {
    let Some(what) = timeline.loaded.scene.groups.get(group) else { return };
    let palette = timeline.palette;
    let is_open = !timeline.state.collapsed.contains(&group);
    let response = ui.interact(rect.intersect(rows), ui.scope_id().with(("group", group)), Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, is_open, format!("group {}", what.label)));
    let mut canvas = Canvas::new(painter);
    canvas.rect(rect, if response.hovered() { palette.hovered() } else { palette.raised() });
    let middle = pos2(rect.left() + 12.0, rect.center().y);
    let corners = if is_open {
        [vec2(-4.0, -2.0), vec2(4.0, -2.0), vec2(0.0, 3.0)]
    } else {
        [vec2(-2.0, -4.0), vec2(3.0, 0.0), vec2(-2.0, 4.0)]
    };
    canvas.polygon(&corners.map(|corner| middle + corner), palette.text_weak());
    canvas.paint(painter);
    let room = Rect::from_min_max(pos2(rect.left() + 22.0, rect.top()), rect.max);
    text(painter, room, &what.label, 13.0, palette.text_strong());
    focus(painter, &response, rect, palette.accent());
    if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
        commands.push(Command::ToggleGroup(group));
    }
}

#[expect(clippy::too_many_arguments, reason = "the name of a lane is drawn from all of them")]
fn name(
    timeline: &Timeline<'_>,
    ui: &mut Ui,
    painter: &Painter,
    picture: &Picture,
    row: &Row,
    lane: usize,
    rect: Rect,
    rows: Rect,
) {
    let Some(what) = timeline.loaded.scene.lanes.get(lane) else { return };
    let palette = timeline.palette;
    let response = ui.interact(rect.intersect(rows), ui.scope_id().with(("lane", what.subject)), Sense::hover());
    let shown = picture.blocks.iter().filter(|block| block.lane as usize == lane).count();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("lane {}, {shown} blocks", what.label)));
    let mut canvas = Canvas::new(painter);
    if response.hovered() {
        canvas.rect(rect, palette.hovered());
    }
    canvas.horizontal(rect.x_range(), row.top + row.height - 1.0, 1.0, palette.separator());
    canvas.paint(painter);
    let room = Rect::from_min_max(pos2(rect.left() + 22.0, rect.top()), rect.max);
    let color = if matches!(what.subject, Subject::Role(_)) { palette.text() } else { palette.text_weak() };
    text(painter, room, &what.label, 12.0, color);
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(clipped(what.label.clone()));
        ui.label(clipped(what.about.clone()));
    });
}

/// Writes into `room`, in one line, as much as fits.
fn text(painter: &Painter, room: Rect, text: &str, size: f32, color: Color32) {
    let format = TextFormat::simple(FontId::proportional(size), color);
    let mut job = LayoutJob::single_section(clipped(text.to_owned()), format);
    job.wrap = TextWrapping::truncate_at_width((room.width() - 4.0).max(1.0));
    let galley = painter.layout_job(job);
    let at = pos2(room.left(), room.center().y - galley.size().y / 2.0);
    painter.galley(at.round(), galley, color);
}

fn focus(painter: &Painter, response: &Response, rect: Rect, color: Color32) {
    if response.has_focus() {
        painter.rect_stroke(rect.shrink(1.0), 2.0, Stroke::new(1.0, color), eframe::egui::StrokeKind::Inside);
    }
}
