//! The table of events, in step with the timeline.
//!
//! The table is virtual: it keeps the number of its first row and lays out only the rows that fit, so that ten million
//! events cost what twenty do. (A scroll area would be 180 million points high, and its f32 would jump by 16 points.)
//! It follows the moment that was asked for, else the selected event, else the selected finding's first witness, and where neither can be seen, the beginning
//! of the visible time; the wheel and the bar at the right move it freely until one of these changes.

mod columns;
#[cfg(test)]
mod tests;

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align2, CornerRadius, FontId, Id, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::{EventId, Trace};

use self::columns::{Column, columns};
use crate::colors::Palette;
use crate::command::Command;
use crate::lane::Times;
use crate::state::{Loaded, State};
use crate::timescale::Span;

/// The height of a row, in points.
const ROW: f32 = 18.0;
/// The width of the bar at the right, in points.
const BAR: f32 = 10.0;

/// What the table follows: a moment that was asked for, the selected event, the selected finding, the visible time.
type Followed = (Option<i64>, Option<EventId>, Option<usize>, Span);

/// Where the table is; kept from frame to frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    /// Its first row.
    first: usize,
    /// What the wheel has turned beyond whole rows, in points.
    rest: f32,
    /// What it last followed.
    followed: Option<Followed>,
}

/// Shows it in `ui`.
pub fn show(ui: &mut Ui, state: &State, loaded: &Loaded, commands: &mut Vec<Command>) {
    let trace = loaded.run.trace();
    let id = Id::unique("table of events");
    let rect = ui.available_rect_before_wrap();
    ui.allocate_rect(rect, Sense::hover());
    if trace.is_empty() {
        let font = FontId::proportional(12.0);
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            "the trace has no events",
            font,
            ui.visuals().weak_text_color(),
        );
        return;
    }
    let table = Rect::from_min_max(rect.min, pos2(rect.right() - BAR - 2.0, rect.bottom()));
    let rows = ((rect.height() - ROW) / ROW).floor().max(1.0) as usize;
    let mut place = ui.data(|data| data.get_temp::<Place>(id)).unwrap_or_default();
    place.follow(loaded, state, rows);
    if ui.rect_contains_pointer(rect) {
        place.turn(ui.input(|input| input.smooth_scroll_delta().y), trace.len(), rows);
    }
    let bar = Rect::from_min_max(pos2(rect.right() - BAR, rect.top() + ROW), rect.max);
    place.drag(ui, id.with("bar"), bar, trace.len(), rows);
    place.first = place.first.min(trace.len().saturating_sub(rows));
    ui.data_mut(|data| data.insert_temp(id, place));
    let columns = columns(trace, table.left(), table.width());
    heading(ui, table, &columns);
    // One more than fits: its upper part fills what is left below.
    let last = (place.first + rows + 1).min(trace.len());
    let clip = ui.clip_rect().intersect(rect);
    ui.set_clip_rect(clip);
    loaded.run.facts(|facts| {
        for (line, row) in (place.first..last).enumerate() {
            let top = table.top() + ROW * (line + 1) as f32;
            let area = Rect::from_min_size(pos2(table.left(), top), vec2(table.width(), ROW));
            let event = EventId(row as u32);
            let response = Shown { facts, state, loaded, event }.show(ui, id.with(row), area, &columns);
            // The second click of two quick ones may be on another row than the first.
            if response.clicked() {
                commands.push(Command::Select(event));
            }
            if response.double_clicked() {
                commands.push(Command::FitSelection);
            }
        }
    });
}

/// The first event at `at` ns or later. Times are nearly sorted in the trace's order, not strictly: what runs side by side
/// may stand in either order. For placing a table that is near enough, and it costs a few looks instead of a scan.
fn first_at(trace: &Trace, at: i64) -> usize {
    let times = Times::new(trace, 0);
    let (mut low, mut high) = (0, trace.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if times.at(EventId(middle as u32)) < at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl Place {
    /// Goes where the selection or the visible time has gone since the last frame.
    fn follow(&mut self, loaded: &Loaded, state: &State, rows: usize) {
        let now = (state.moment, state.event, state.finding, state.view);
        if self.followed.replace(now) != Some(now) {
            self.settle(loaded, state, rows);
        }
    }

    /// Shows what comes next after the moment that was asked for, else the selected event if the timeline shows it; else the first witness of the selected finding; else the
    /// beginning of the visible time.
    fn settle(&mut self, loaded: &Loaded, state: &State, rows: usize) {
        let trace = loaded.run.trace();
        let seen = |event: &EventId| {
            (event.0 as usize) < trace.len() && state.view.contains(loaded.scene.times(trace).at(*event))
        };
        let witness = || {
            let finding = loaded.report.as_ref()?.findings.get(state.finding?)?;
            finding.witnesses.first().map(|witness| EventId(witness.event))
        };
        match state.event.or_else(witness).filter(seen).filter(|_| state.moment.is_none()) {
            Some(event) => {
                let row = event.0 as usize;
                if row < self.first || row >= self.first + rows {
                    self.first = row.saturating_sub(rows / 2);
                }
            }
            None => self.first = first_at(trace, state.moment.unwrap_or(state.view.begin)),
        }
        self.rest = 0.0;
    }

    /// Moves by so many points of the wheel; more than 0 is up.
    fn turn(&mut self, points: f32, len: usize, rows: usize) {
        if points == 0.0 {
            return;
        }
        self.rest -= points;
        let whole = (self.rest / ROW).trunc();
        self.rest -= whole * ROW;
        let most = len.saturating_sub(rows);
        self.first = self.first.saturating_add_signed(whole as isize).min(most);
    }

    /// The bar at the right: shows where the table is, and takes it where it is dragged.
    fn drag(&mut self, ui: &Ui, id: Id, bar: Rect, len: usize, rows: usize) {
        let most = len.saturating_sub(rows);
        if most == 0 {
            return;
        }
        let response = ui.interact(bar, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::ScrollBar, true, "scroll the events"));
        let handle = (bar.height() * rows as f32 / len as f32).clamp(24.0_f32.min(bar.height()), bar.height());
        let room = (bar.height() - handle).max(1.0);
        if let Some(at) = response.interact_pointer_pos() {
            let share = f64::from(((at.y - bar.top() - handle / 2.0) / room).clamp(0.0, 1.0));
            self.first = (share * most as f64).round() as usize;
            self.rest = 0.0;
        }
        let top = bar.top() + room * (self.first.min(most) as f64 / most as f64) as f32;
        let handle = Rect::from_min_size(pos2(bar.left() + 2.0, top), vec2(bar.width() - 4.0, handle));
        let visuals = ui.style().interact(&response);
        ui.painter().rect_filled(handle, CornerRadius::same(3), visuals.bg_fill);
    }
}

fn heading(ui: &Ui, table: Rect, columns: &[Column]) {
    let font = FontId::proportional(11.0);
    let color = ui.visuals().weak_text_color();
    for column in columns {
        let cell = Rect::from_min_size(pos2(column.left, table.top()), vec2(column.width, ROW));
        let painter = ui.painter().with_clip_rect(cell.intersect(ui.clip_rect()));
        painter.text(cell.left_center(), Align2::LEFT_CENTER, column.title, font.clone(), color);
    }
    let y = table.top() + ROW - 0.5;
    ui.painter().hline(table.x_range(), y, ui.visuals().widgets.noninteractive.bg_stroke);
}

/// One event as a row.
struct Shown<'s, 'f, 't> {
    facts: &'f peerscope_analyzer::facts::Facts<'t>,
    state: &'s State,
    loaded: &'s Loaded,
    event: EventId,
}

impl Shown<'_, '_, '_> {
    fn show(&self, ui: &Ui, id: Id, area: Rect, columns: &[Column]) -> Response {
        let trace = self.facts.trace();
        let selected = self.state.event == Some(self.event);
        let response = ui.interact(area, id, Sense::click());
        let label = self.label();
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, &label));
        let at = self.loaded.scene.times(trace).at(self.event);
        let visuals = ui.visuals();
        let fill = if selected {
            Some(visuals.selection.bg_fill)
        } else if response.hovered() {
            Some(visuals.widgets.hovered.weak_bg_fill)
        } else {
            self.state.view.contains(at).then_some(visuals.faint_bg_color)
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(area, CornerRadius::ZERO, fill);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(area, CornerRadius::ZERO, visuals.selection.stroke, StrokeKind::Inside);
        }
        self.mark(ui, area);
        let strong = if selected { visuals.strong_text_color() } else { visuals.text_color() };
        let mut whole: Vec<String> = Vec::new();
        for column in columns {
            let color = if column.is_weak { visuals.weak_text_color() } else { strong };
            let font = if column.is_monospace { FontId::monospace(11.5) } else { FontId::proportional(12.0) };
            let text = (column.text)(self.facts, self.event);
            let mut job = LayoutJob::simple_singleline(text.clone(), font, color);
            job.wrap = TextWrapping::truncate_at_width(column.width);
            let galley = ui.painter().layout_job(job);
            whole.extend(galley.elided.then_some(text));
            let top = area.center().y - galley.size().y / 2.0;
            ui.painter().galley(pos2(column.left, top), galley, color);
        }
        // What had no room is shown whole to whoever points at the row.
        if response.hovered() && !whole.is_empty() {
            response.show_tooltip_text(whole.join("\n"));
        }
        response
    }

    /// What the row is called for those who hear it: `#812 vote peer 0`.
    fn label(&self) -> String {
        use crate::words::names::{name, peer};
        let event = self.facts.trace().event(self.event);
        let of = event.peer().map_or_else(String::new, |of| format!(" {}", peer(event.trace(), of)));
        format!("#{} {}{of}", self.event.0, name(event.kind_name()))
    }

    /// The mark of a witness: its number in the selected finding's proof, or a bar in the colour of another's.
    fn mark(&self, ui: &Ui, area: Rect) {
        let finding = self.state.finding.and_then(|place| self.loaded.report.as_ref()?.findings.get(place));
        let number = finding.and_then(|finding| {
            let place = finding.witnesses.iter().position(|witness| witness.event == self.event.0)?;
            Some((place + 1, finding.severity))
        });
        // The same colour as in the proof and on the timeline: that of the finding that is told.
        let Some(severity) = number.map(|(_, severity)| severity).or_else(|| self.severity()) else { return };
        let color = Palette::of(ui.visuals()).severity(severity);
        let bar = Rect::from_min_size(area.min, vec2(3.0, area.height()));
        ui.painter().rect_filled(bar, CornerRadius::ZERO, color);
        if let Some((number, _)) = number {
            let center = pos2(area.left() + 12.0, area.center().y);
            ui.painter().circle(center, 7.0, ui.visuals().panel_fill, Stroke::new(1.5, color));
            ui.painter().text(center, Align2::CENTER_CENTER, number, FontId::proportional(10.0), color);
        }
    }

    fn severity(&self) -> Option<Severity> {
        self.loaded.scene.marks.of(self.event).map(|mark| mark.severity)
    }
}
