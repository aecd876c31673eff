//! The names of the lanes, at the left: each is a node for whoever cannot see it, and tells more to whoever points at it.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Color32, CursorIcon, FontId, Painter, Rect, Response, Role, Sense, Stroke, TextFormat, Ui, WidgetInfo, pos2, vec2,
};

use super::{Timeline, clipped};
use crate::command::Command;
use crate::lane::{Place, Subject};
use crate::layout::{HEADING, RowOf};
use crate::paint::Canvas;
use crate::picture::{Picture, Row};
use crate::words;

/// How wide it is at first, and the least, in points.
const WIDTH: f32 = 200.0;
/// Of a narrow timeline it takes no more than this share, unless it is dragged.
const SHARE: f32 = 0.28;
const LEAST: f32 = 80.0;
/// How strong the names of lanes remain with which the selected finding has nothing to do.
const BACK: f32 = 0.6;
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
    let sticky = sticky(timeline, picture, rows.top());
    for row in &picture.rows {
        let rect = Rect::from_min_size(pos2(gutter.left(), row.top), vec2(gutter.width() - 1.0, row.height));
        match row.of {
            // It stands at the top already.
            RowOf::Group(group) if sticky.is_some_and(|(of, _)| of == group) => {}
            RowOf::Group(group) => heading(timeline, ui, &painter, group, rect, rows, commands),
            RowOf::Lane(lane) => name(timeline, ui, &painter, picture, row, lane, rect, rows),
        }
    }
    if let Some((group, top)) = sticky {
        let rect = Rect::from_min_size(pos2(gutter.left(), top), vec2(gutter.width() - 1.0, HEADING));
        heading(timeline, ui, &painter, group, rect, rows, commands);
    }
}

/// The uppermost visible group if its heading is scrolled out of sight, at least in part, and where it stands instead: at
/// the top, unless the next heading pushes it out.
pub(super) fn sticky(timeline: &Timeline<'_>, picture: &Picture, top: f32) -> Option<(usize, f32)> {
    let first = picture.rows.first().filter(|row| row.top < top || matches!(row.of, RowOf::Lane(_)))?;
    let scene = &timeline.loaded.scene;
    let group = match first.of {
        RowOf::Group(group) if timeline.state.collapsed.contains(&group) => return None,
        RowOf::Group(group) => group,
        RowOf::Lane(lane) => scene.groups.partition_point(|group| group.lanes.end <= lane),
    };
    let next = picture.rows.iter().find(|row| matches!(row.of, RowOf::Group(of) if of != group));
    Some((group, next.map_or(top, |next| top.min(next.top - HEADING))))
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
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, said(timeline, picture, lane)));
    let mut canvas = Canvas::new(painter);
    if response.hovered() {
        canvas.rect(rect, palette.hovered());
    }
    canvas.horizontal(rect.x_range(), row.top + row.height - 1.0, 1.0, palette.separator());
    canvas.paint(painter);
    let room = Rect::from_min_max(pos2(rect.left() + 22.0, rect.top()), rect.max);
    let color = if matches!(what.subject, Subject::Role(_)) { palette.text() } else { palette.text_weak() };
    let is_back = picture.focus.steps_back(lane as u32) && !response.hovered();
    text(painter, room, &what.label, 12.0, if is_back { color.gamma_multiply(BACK) } else { color });
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(clipped(what.label.clone()));
        ui.label(clipped(what.about.clone()));
    });
}

/// What a lane is to whoever cannot see it: "lane role, peer 0, 3 blocks, at 0.8 ms: leader, term 2". It speaks of the moment
/// of the selected event, or else of the view's begin.
fn said(timeline: &Timeline<'_>, picture: &Picture, lane: usize) -> String {
    let (scene, run) = (&timeline.loaded.scene, &timeline.loaded.run);
    let Some(what) = scene.lanes.get(lane) else { return String::new() };
    let group = scene.groups.partition_point(|group| group.lanes.end <= lane);
    let group = scene.groups.get(group).map_or("", |group| &group.label);
    let visible = timeline.scale.visible;
    let selected = timeline.state.event.filter(|event| (event.0 as usize) < run.trace().len());
    let selected = selected.map(|event| scene.times(run.trace()).at(event)).filter(|at| visible.contains(*at));
    let at = selected.unwrap_or(visible.begin);
    let x = timeline.scale.x(at);
    let own = picture.blocks.iter().filter(|block| block.lane as usize == lane);
    let mut main = own.clone().filter(|block| {
        let track = what.tracks.get(usize::from(block.track));
        block.piece.count == 1 && track.is_some_and(|track| track.place == Place::Main)
    });
    let there = main.rfind(|block| block.left <= x && x < block.right).and_then(|block| {
        let block = what.tracks.get(usize::from(block.track))?.block(block.piece.longest as usize);
        run.facts(|facts| words::block_labels(facts, what, block)).into_iter().next()
    });
    let there = there.map_or_else(String::new, |words| {
        format!(", at {}: {}", words::moment(at, timeline.scale.ns_per_point()), words.replace(" · ", ", "))
    });
    format!("lane {}, {group}, {} blocks{there}", what.label, own.count())
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
