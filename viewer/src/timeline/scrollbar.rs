//! The bar beside the strip if the rows are higher than it.

use eframe::egui::{Rect, Role, Sense, Ui, WidgetInfo, pos2};

use super::Timeline;
use crate::command::Command;
use crate::paint::Canvas;

/// The least height of the handle, in points.
const LEAST: f32 = 24.0;

/// Shows it; whoever drags it scrolls.
pub(super) fn show(timeline: &Timeline<'_>, ui: &mut Ui, rect: Rect, commands: &mut Vec<Command>) {
    let response = ui.interact(rect, ui.scope_id().with("scroll bar"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "scroll the lanes"));
    let all = timeline.state.layout.height().max(1.0);
    let visible = f64::from(rect.height());
    let high = ((visible / all) as f32 * rect.height()).clamp(LEAST.min(rect.height()), rect.height());
    let way = f64::from(rect.height() - high).max(1.0);
    let hidden = (all - visible).max(0.0);
    let top = if hidden > 0.0 { (timeline.state.scroll / hidden * way) as f32 } else { 0.0 };
    if response.dragged() {
        commands.push(Command::ScrollBy(f64::from(response.drag_delta().y) / way * hidden));
    } else if let Some(at) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        let wanted = f64::from(at.y - rect.top() - high / 2.0) / way * hidden;
        commands.push(Command::ScrollBy(wanted - timeline.state.scroll));
    }
    let palette = timeline.palette;
    // With the corner above it, beside overview and axis.
    let column = Rect::from_min_max(pos2(rect.left(), timeline.parts.overview.top()), rect.max);
    let painter = ui.painter_at(column);
    let mut canvas = Canvas::new(&painter);
    canvas.rect(column, palette.panel());
    let handle = Rect::from_min_max(
        pos2(rect.left() + 2.0, rect.top() + top),
        pos2(rect.right() - 2.0, rect.top() + top + high),
    );
    canvas.rect(handle, if response.hovered() || response.dragged() { palette.text_weak() } else { palette.border() });
    canvas.paint(&painter);
}
