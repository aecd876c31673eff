//! The timeline: names of lanes at the left, overview and axis above, the strip with blocks and arrows; and the mouse on it.

mod exits;
mod gutter;
mod hover;
mod mouse;
mod overview;
mod pointer;
mod scrollbar;
mod selection;

use eframe::egui::{Align2, FontId, Rect, Sense, Ui, pos2};
use peerscope_analyzer::facts::WaitOn;
use peerscope_analyzer::model::EventId;
use peerscope_analyzer::report::FindingNote;

use crate::colors::Palette;
use crate::command::Command;
use crate::lanes::known::stops_early;
use crate::paint;
use crate::picture::{Emphasis, Picture, Placed, Viewport};
use crate::state::{Loaded, State};
use crate::timescale::TimeScale;
use crate::words;

/// Heights of overview and axis, width of the scroll bar, in points.
const OVERVIEW: f32 = 36.0;
const AXIS: f32 = 22.0;
const SCROLL_BAR: f32 = 10.0;
/// Of a finding with more witnesses than this the others do not stand out. Of so many holders of a lock that somebody waits for it is shown where they took it.
const MOST_WITNESSES: usize = 500;
const MOST_HOLDERS: usize = 4;
/// The most letters that are looked at to find out what of a label fits.
const MOST_LETTERS: usize = 200;

/// Where the parts of the timeline lie.
#[derive(Clone, Copy, Debug)]
struct Parts {
    gutter: Rect,
    overview: Rect,
    axis: Rect,
    strip: Rect,
    /// Beside the strip, if the rows do not fit into it.
    scroll_bar: Option<Rect>,
}

impl Parts {
    fn new(all: Rect, gutter: f32, rows: f64) -> Parts {
        let left = all.left() + gutter.min(all.width() * 0.5);
        let top = all.top() + OVERVIEW + AXIS;
        let overflows = rows > f64::from((all.bottom() - top).max(0.0));
        let right = if overflows { all.right() - SCROLL_BAR } else { all.right() };
        let right = right.max(left + 1.0);
        let bottom = all.bottom().max(top + 1.0);
        Parts {
            gutter: Rect::from_min_max(pos2(all.left(), all.top()), pos2(left, bottom)),
            overview: Rect::from_min_max(pos2(left, all.top()), pos2(right, all.top() + OVERVIEW)),
            axis: Rect::from_min_max(pos2(left, all.top() + OVERVIEW), pos2(right, top)),
            strip: Rect::from_min_max(pos2(left, top), pos2(right, bottom)),
            scroll_bar: overflows.then(|| Rect::from_min_max(pos2(right, top), pos2(all.right(), bottom))),
        }
    }
}

/// What all parts of the timeline look at.
struct Timeline<'a> {
    state: &'a State,
    loaded: &'a Loaded,
    palette: Palette,
    parts: Parts,
    scale: TimeScale,
}

/// Shows the timeline in what is left of `ui`; what the mouse asks for goes into `commands`. Gives the size of the strip in
/// points.
pub fn show(ui: &mut Ui, state: &State, loaded: &Loaded, commands: &mut Vec<Command>) -> (f32, f32) {
    let all = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(all);
    let parts = Parts::new(all, gutter::width(ui, all), state.layout.height());
    let scale = TimeScale { visible: state.view, left: parts.strip.left(), width: parts.strip.width() };
    let timeline = Timeline { state, loaded, palette: Palette::of(ui.visuals()), parts, scale };
    let picture = timeline.picture();
    timeline.paint(ui, &picture);
    overview::show(&timeline, ui, commands);
    gutter::show(&timeline, ui, &picture, commands);
    if let Some(rect) = parts.scroll_bar {
        scrollbar::show(&timeline, ui, rect, commands);
    }
    let strip = ui.interact(parts.strip, ui.scope_id().with("strip"), Sense::click_and_drag());
    mouse::on_strip(&timeline, ui, &picture, &strip, commands);
    pointer::show(&timeline, ui, &picture, &strip);
    exits::show(&timeline, ui, &picture, commands);
    hover::show(&timeline, &picture, strip);
    (parts.strip.width(), parts.strip.height())
}

impl Timeline<'_> {
    fn picture(&self) -> Picture {
        let (witnesses, related) = (self.witnesses(), self.related());
        let links = self.links(&witnesses);
        let selected = self.state.finding.and_then(|place| self.loaded.report.as_ref()?.findings.get(place));
        let emphasis = Emphasis {
            witnesses: &witnesses,
            related: &related,
            links: &links,
            event: self.state.event,
            severity: selected.map(|finding| finding.severity),
            hides_messages: !self.state.settings.arrows,
            stops_early: stops_early(self.loaded.run.problems()),
        };
        let strip = self.parts.strip;
        let viewport =
            Viewport { scale: self.scale, top: strip.top(), height: strip.height(), scroll: self.state.scroll };
        let trace = self.loaded.run.trace();
        Picture::new(trace, &self.loaded.scene, &self.state.layout, viewport, emphasis)
    }

    /// The witnesses of the selected finding.
    fn witnesses(&self) -> Vec<EventId> {
        let finding = self.state.finding.and_then(|place| self.loaded.report.as_ref()?.findings.get(place));
        self.known(finding.into_iter())
    }

    /// The witnesses of what follows from the selected finding, and of what follows from that.
    fn related(&self) -> Vec<EventId> {
        let (Some(selected), Some(report)) = (self.state.finding, &self.loaded.report) else { return Vec::new() };
        let follows = self.loaded.chains().descendants(selected);
        self.known(follows.into_iter().filter_map(|place| report.findings.get(place)))
    }

    fn known<'a>(&self, findings: impl Iterator<Item = &'a FindingNote>) -> Vec<EventId> {
        let known = self.loaded.run.trace().len();
        let witnesses = findings.flat_map(|finding| &finding.witnesses).map(|witness| EventId(witness.event));
        witnesses.filter(|event| (event.0 as usize) < known).take(MOST_WITNESSES).collect()
    }

    /// From each witness that waits for a lock to those that held it then.
    fn links(&self, witnesses: &[EventId]) -> Vec<(EventId, EventId)> {
        self.loaded.run.facts(|facts| {
            let wait = |event: &EventId| facts.waits().began_at(*event).copied();
            let links = witnesses.iter().filter_map(wait).flat_map(|wait| {
                let WaitOn::Lock(lock) = wait.on else { return Vec::new() };
                let holds = facts.holds().holders_at(lock, wait.begin).take(MOST_HOLDERS);
                holds.map(|hold| (wait.begin, hold.acquire)).collect()
            });
            links.collect()
        })
    }

    fn paint(&self, ui: &Ui, picture: &Picture) {
        let painter = ui.painter_at(self.parts.strip);
        self.loaded.run.facts(|facts| {
            let scene = &self.loaded.scene;
            let labels = |placed: &Placed| -> Vec<String> {
                let Some(lane) = scene.lanes.get(placed.lane as usize) else { return Vec::new() };
                let Some(track) = lane.tracks.get(usize::from(placed.track)) else { return Vec::new() };
                let block = track.block(placed.piece.longest as usize);
                words::block_labels(facts, lane, block).into_iter().map(clipped).collect()
            };
            paint::picture(&painter, picture, self.palette, &labels);
        });
        if self.loaded.scene.lanes.is_empty() {
            let (text, font) = ("the trace has no events", FontId::proportional(13.0));
            painter.text(self.parts.strip.center(), Align2::CENTER_CENTER, text, font, self.palette.text_weak());
        }
        if let Some(quiet) = &picture.quiet {
            // At the bottom there is most often room.
            let bottom = self.parts.strip.bottom() - 3.0;
            overview::quiet(&painter, (quiet.left, quiet.right), bottom, quiet.length, self.palette);
        }
        selection::paint(self, &painter, picture);
        paint::axis(&ui.painter_at(self.parts.axis), self.parts.axis, &picture.ticks, self.palette);
    }
}

/// So much of a text as can matter on the screen.
fn clipped(text: String) -> String {
    shortened(text, MOST_LETTERS)
}

fn shortened(text: String, most: usize) -> String {
    if text.chars().nth(most).is_none() { text } else { text.chars().take(most).chain(['…']).collect() }
}

#[cfg(test)]
mod tests;
