//! The whole trace in one strip: how much happens when, where findings are, what of it is visible.

use std::sync::Arc;

use eframe::egui::{CursorIcon, FontId, Id, Painter, Rangef, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use peerscope_analyzer::model::EventId;
use peerscope_analyzer::report::FindingNote;

use super::{Timeline, clipped};
use crate::colors::Palette;
use crate::command::Command;
use crate::paint::Canvas;
use crate::picture::Overview;
use crate::timescale::{Span, TimeScale};
use crate::words::{self, names};

/// How wide a column is, in points.
const COLUMN: f32 = 2.0;
/// Free at both ends, so that the frame hides nothing of the trace.
const MARGIN: f32 = 7.0;

/// Narrower stretches without events are not spoken of, in points.
const ROOM: f32 = 60.0;

/// So near to the pointer, in points, findings are told; and so many of them.
const NEAR: f32 = 4.0;
const MOST_TITLES: usize = 4;

/// What an overview was made from: it is made again if that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    run: usize,
    marks: usize,
    columns: usize,
}

/// Shows it; whoever clicks or drags goes there.
pub(super) fn show(timeline: &Timeline<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let rect = timeline.parts.overview;
    let response = ui.interact(rect, ui.scope_id().with("overview"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "overview of the whole trace"));
    let inner = inner(rect);
    let scale = scale(timeline);
    let moment = |x: f32| scale.at(x.clamp(inner.left(), inner.right()));
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.clicked() || response.dragged()) {
        commands.push(Command::GoTo(moment(at.x)));
    }
    let overview = made(timeline, ui, ui.scope_id().with("overview data"));
    let pointed = response.hover_pos().filter(|_| !response.dragged());
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    if let Some(at) = pointed {
        let columns = overview.counts.len() as f32;
        let column =
            |x: f32| ((x - inner.left()) / inner.width() * columns).clamp(0.0, (columns - 1.0).max(0.0)) as usize;
        let counts = overview.counts.get(column(at.x - NEAR)..=column(at.x + NEAR)).unwrap_or_default();
        let count: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let near = Span::new(moment(at.x - NEAR), moment(at.x + NEAR));
        response.on_hover_ui_at_pointer(|ui| {
            let count = names::count(count as usize, "event");
            ui.strong(format!("{count} around {}", words::moment(moment(at.x), scale.ns_per_point())));
            findings(timeline, near).into_iter().for_each(|title| {
                ui.label(title);
            });
        });
    }
    paint(timeline, ui, &overview);
}

/// The titles of findings that have a witness then; how many more there are.
fn findings(timeline: &Timeline<'_>, then: Span) -> Vec<String> {
    let trace = timeline.loaded.run.trace();
    let times = timeline.loaded.scene.times(trace);
    let is_then = |event: u32| (event as usize) < trace.len() && then.contains(times.at(EventId(event)));
    let all = timeline.loaded.report.iter().flat_map(|report| &report.findings);
    let mut found = all.filter(|finding| finding.witnesses.iter().any(|witness| is_then(witness.event)));
    let title = |finding: &FindingNote| clipped(format!("{}: {}", finding.severity.name(), finding.title));
    let mut titles: Vec<String> = found.by_ref().take(MOST_TITLES).map(title).collect();
    let more = found.count();
    if more > 0 {
        titles.push(format!("and {}", names::count(more, "other finding")));
    }
    titles
}

/// Where the trace lies in the overview.
fn inner(rect: Rect) -> Rect {
    rect.shrink2(vec2(MARGIN.min(rect.width() / 4.0), 0.0))
}

/// The whole trace, there.
fn scale(timeline: &Timeline<'_>) -> TimeScale {
    let inner = inner(timeline.parts.overview);
    TimeScale { visible: timeline.loaded.scene.span, left: inner.left(), width: inner.width().max(1.0) }
}

fn made(timeline: &Timeline<'_>, ui: &Ui, id: Id) -> Arc<Overview> {
    let columns = (inner(timeline.parts.overview).width() / COLUMN).floor().clamp(1.0, 8192.0) as usize;
    let scene = &timeline.loaded.scene;
    let key = Key { run: Arc::as_ptr(&timeline.loaded.run) as usize, marks: scene.marks.all().len(), columns };
    let kept: Option<(Key, Arc<Overview>)> = ui.data(|data| data.get_temp(id));
    if let Some((_, overview)) = kept.filter(|(made_from, _)| *made_from == key) {
        return overview;
    }
    let overview = Arc::new(Overview::new(timeline.loaded.run.trace(), scene, scene.span, columns));
    ui.data_mut(|data| data.insert_temp(id, (key, overview.clone())));
    overview
}

fn paint(timeline: &Timeline<'_>, ui: &Ui, overview: &Overview) {
    let (rect, palette) = (timeline.parts.overview, timeline.palette);
    let painter = ui.painter_at(rect);
    let mut canvas = Canvas::new(&painter);
    canvas.rect(rect, palette.background());
    let mut still = Vec::new();
    let most = f64::from(overview.counts.iter().copied().max().unwrap_or(0)).ln_1p().max(f64::MIN_POSITIVE);
    let columns = overview.counts.len().max(1) as f32;
    let inner = inner(rect);
    let x = |column: usize| inner.left() + column as f32 / columns * inner.width();
    let floor = rect.bottom() - 3.0;
    for (column, count) in overview.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // Logarithmic: a lonely event is still to be seen beside thousands.
        let share = (f64::from(*count).ln_1p() / most) as f32;
        let high = (share * (rect.height() - 12.0)).max(2.0);
        canvas.rect(Rect::from_min_max(pos2(x(column), floor - high), pos2(x(column + 1), floor)), palette.density());
    }
    for stretch in &timeline.loaded.scene.quiet {
        let (left, right) = (scale(timeline).x(stretch.begin), scale(timeline).x(stretch.end));
        if right - left >= ROOM {
            still.push((left, right, stretch.length()));
        }
    }
    let place = |at: i64| scale(timeline).x(at).clamp(inner.left(), inner.right());
    let (left, right) = (place(timeline.state.view.begin), place(timeline.state.view.end));
    let (left, right) = (left - 3.0, right.max(left + 1.0) + 3.0);
    canvas.rect(Rect::from_min_max(rect.min, pos2(left, rect.bottom())), palette.veil());
    canvas.rect(Rect::from_min_max(pos2(right, rect.top()), rect.max), palette.veil());
    for (column, worst) in overview.worst.iter().enumerate() {
        if let Some(severity) = worst {
            let color = palette.severity(*severity);
            let middle = x(column) + COLUMN / 2.0;
            canvas.vertical(middle - 1.0, Rangef::new(rect.top() + 3.0, rect.bottom() - 3.0), 2.0, color);
            canvas.polygon(
                &[pos2(middle - 4.0, rect.top()), pos2(middle + 4.0, rect.top()), pos2(middle, rect.top() + 6.0)],
                color,
            );
        }
    }
    canvas.frame(Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom())), 2.0, palette.accent());
    canvas.paint(&painter);
    for (left, right, length) in still {
        quiet(&painter, (left, right), rect.bottom() - 5.0, length, palette);
    }
}

/// Says in the middle of a stretch that nothing happens there, and for how long, if there is room.
pub(super) fn quiet(painter: &Painter, (left, right): (f32, f32), bottom: f32, length: i64, palette: Palette) {
    let whole = format!("{} without events", words::duration(length));
    for words in [whole, words::duration(length)] {
        let galley = painter.layout_no_wrap(words, FontId::proportional(11.0), palette.text_weak());
        if galley.size().x + 12.0 <= right - left {
            let at = pos2((left + right - galley.size().x) / 2.0, bottom - galley.size().y).round();
            let ground = Rect::from_min_size(at, galley.size()).expand2(vec2(4.0, 1.0));
            painter.rect_filled(ground, 3.0, palette.background().gamma_multiply(0.85));
            painter.galley(at, galley, palette.text_weak());
            return;
        }
    }
}
