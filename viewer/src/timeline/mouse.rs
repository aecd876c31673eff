//! The mouse on the strip. As in other viewers of traces: the wheel scrolls lanes (and zooms where all of them are visible),
//! with Ctrl it zooms at the pointer, with Shift it goes through time; dragging moves everything; dragging with Shift chooses
//! a time to be shown.

use eframe::egui::{Pos2, Rect, Response, Ui, pos2};
use peerscope_analyzer::model::EventId;

use super::Timeline;
use super::hover::worst;
use crate::command::Command;
use crate::paint::Canvas;
use crate::picture::Picture;
use crate::timescale::Span;

/// How near to an arrow, a marker, a narrow block counts as on it, in points.
pub(super) const NEAR_ARROW: f32 = 3.5;
pub(super) const NEAR_MARKER: f32 = 9.0;
/// So many points of the wheel double the visible time.
const WHEEL_TO_DOUBLE: f32 = 120.0;

/// Takes in what the mouse does on the strip.
pub(super) fn on_strip(
    timeline: &Timeline<'_>,
    ui: &Ui,
    picture: &Picture,
    strip: &Response,
    commands: &mut Vec<Command>,
) {
    wheel(timeline, ui, strip, commands);
    drag(timeline, ui, strip, commands);
    let Some(at) = strip.interact_pointer_pos() else { return };
    if strip.double_clicked() {
        if let Some((event, lane)) = event_at(timeline, picture, at) {
            commands.push(Command::Click { event: Some(event), lane });
            commands.push(Command::FitSelection);
        }
    } else if strip.clicked() {
        let (event, lane) = event_at(timeline, picture, at).unzip();
        commands.push(Command::Click { event, lane: lane.flatten() });
    }
}

/// The event that a click there selects, and the lane if it stands on one.
fn event_at(timeline: &Timeline<'_>, picture: &Picture, at: Pos2) -> Option<(EventId, Option<usize>)> {
    if let Some(marker) = picture.marker_at(at.x, at.y, NEAR_MARKER) {
        return Some((marker.event, None));
    }
    if let Some(arrow) = picture.arrow_at(at.x, at.y, NEAR_ARROW) {
        let route = timeline.loaded.scene.routes.get(arrow.route as usize)?;
        return worst(route, arrow).map(|leg| (leg.from, None));
    }
    let block = picture.block_at(at.x, at.y)?;
    let lane = timeline.loaded.scene.lanes.get(block.lane as usize)?;
    let track = lane.tracks.get(usize::from(block.track))?;
    Some((track.block(block.piece.longest as usize).begin, Some(block.lane as usize)))
}

fn wheel(timeline: &Timeline<'_>, ui: &Ui, strip: &Response, commands: &mut Vec<Command>) {
    let Some(pointer) = strip.hover_pos() else { return };
    let (zoom, scroll, shift) =
        ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta(), input.modifiers.shift));
    let at = timeline.scale.at(pointer.x);
    if zoom != 1.0 && zoom > 0.0 {
        commands.push(Command::ZoomAt { at, factor: f64::from(1.0 / zoom) });
        return;
    }
    let (mut along, mut down) = (scroll.x, scroll.y);
    if shift && along == 0.0 {
        (along, down) = (down, 0.0);
    }
    if along != 0.0 {
        commands.push(Command::PanBy(timeline.scale.distance(-along)));
    }
    if down != 0.0 && timeline.parts.scroll_bar.is_some() {
        commands.push(Command::ScrollBy(f64::from(-down)));
    } else if down != 0.0 {
        commands.push(Command::ZoomAt { at, factor: f64::from(-down / WHEEL_TO_DOUBLE).exp2() });
    }
}

fn drag(timeline: &Timeline<'_>, ui: &Ui, strip: &Response, commands: &mut Vec<Command>) {
    let id = strip.id.with("chosen from");
    if strip.drag_started() {
        let origin = ui.input(|input| input.modifiers.shift.then(|| input.pointer.press_origin()).flatten());
        ui.data_mut(|data| data.insert_temp::<Option<Pos2>>(id, origin));
    }
    let origin = ui.data(|data| data.get_temp::<Option<Pos2>>(id)).flatten();
    let (Some(from), Some(to)) = (origin, strip.interact_pointer_pos()) else {
        if strip.dragged() {
            let by = strip.drag_delta();
            if by.x != 0.0 {
                commands.push(Command::PanBy(timeline.scale.distance(-by.x)));
            }
            if by.y != 0.0 && timeline.parts.scroll_bar.is_some() {
                commands.push(Command::ScrollBy(f64::from(-by.y)));
            }
        }
        return;
    };
    let (left, right) = (from.x.min(to.x), from.x.max(to.x));
    if strip.drag_stopped() {
        ui.data_mut(|data| data.insert_temp::<Option<Pos2>>(id, None));
        if right - left >= 3.0 {
            commands.push(Command::Show(Span::new(timeline.scale.at(left), timeline.scale.at(right))));
        }
    } else {
        let painter = ui.painter_at(timeline.parts.strip);
        let mut canvas = Canvas::new(&painter);
        let rect =
            Rect::from_min_max(pos2(left, timeline.parts.strip.top()), pos2(right, timeline.parts.strip.bottom()));
        canvas.rect(rect, timeline.palette.range());
        canvas.vertical(left, rect.y_range(), 1.0, timeline.palette.accent());
        canvas.vertical(right, rect.y_range(), 1.0, timeline.palette.accent());
        canvas.paint(&painter);
    }
}
