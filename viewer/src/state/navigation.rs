//! Where the view goes: zoom, pan, scroll, fit, and the way back.

use std::collections::VecDeque;

use peerscope_analyzer::model::EventId;

use super::{Folded, Loaded, State};
use crate::command::Command;
use crate::scene::Scene;
use crate::timescale::Span;

/// How many times as much time a step of zooming out shows.
const ZOOM_STEP: f64 = 1.5;
/// Which share of the visible time, or of the strip's height, a step of panning or scrolling goes.
const STEP: f64 = 0.25;
/// How many places one can go back to.
const HISTORY: usize = 200;

/// What was visible and selected.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    view: Span,
    scroll: f64,
    folded: Folded,
    event: Option<EventId>,
    lane: Option<usize>,
    finding: Option<usize>,
}

/// The way that led here.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    past: VecDeque<Place>,
    future: Vec<Place>,
    /// The last step: the next small one of its kind joins it, so that one goes back to where a drag began.
    last: Step,
}

/// What a step on the way was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    /// One that is gone back on its own.
    #[default]
    Large,
    /// A small one through time or over the lanes.
    Drift,
    /// From an event to one beside it.
    Walk,
}

impl Step {
    fn of(command: &Command) -> Step {
        match command {
            Command::ZoomIn
            | Command::ZoomOut
            | Command::ZoomAt { .. }
            | Command::PanLeft
            | Command::PanRight
            | Command::PanBy(_)
            | Command::ScrollBy(_)
            | Command::ScrollUp
            | Command::ScrollDown => Step::Drift,
            Command::NextOnLane
            | Command::PreviousOnLane
            | Command::NextEvent
            | Command::PreviousEvent
            | Command::LaneBelow
            | Command::LaneAbove => Step::Walk,
            _ => Step::Large,
        }
    }
}

impl State {
    /// Carries out a command that needs a run.
    pub(super) fn navigate(&mut self, command: &Command, loaded: &Loaded) {
        let before = self.place();
        match command {
            Command::Back => return self.travel(loaded, true),
            Command::Forward => return self.travel(loaded, false),
            Command::ToggleGroup(group) => return self.toggle_group(*group, loaded),
            Command::ToggleAllGroups => return self.toggle_all_groups(loaded),
            Command::ZoomIn => self.zoom(loaded, self.anchor(loaded), 1.0 / ZOOM_STEP),
            Command::ZoomOut => self.zoom(loaded, self.anchor(loaded), ZOOM_STEP),
            Command::ZoomAt { at, factor } => self.zoom(loaded, *at, *factor),
            Command::Show(span) => self.set_view(loaded, *span),
            Command::PanLeft => self.pan(loaded, -self.step()),
            Command::PanRight => self.pan(loaded, self.step()),
            Command::PanBy(by) => self.pan(loaded, *by),
            Command::ScrollBy(by) => self.set_scroll(self.scroll + by),
            Command::ScrollUp => self.set_scroll(self.scroll - self.page()),
            Command::ScrollDown => self.set_scroll(self.scroll + self.page()),
            Command::Fit => self.set_view(loaded, whole(&loaded.scene)),
            Command::GoTo(at) => self.center(loaded, *at),
            Command::Mark(at) => {
                self.moment = Some(*at);
                self.center(loaded, *at);
            }
            selecting => {
                self.moment = None;
                self.select_by(selecting, loaded);
            }
        }
        self.remember(before, Step::of(command));
    }

    /// What is visible and selected.
    pub(super) fn place(&self) -> Place {
        let (event, lane, finding) = (self.event, self.lane, self.finding);
        Place { view: self.view, scroll: self.scroll, folded: self.collapsed.clone(), event, lane, finding }
    }

    /// Enters `before` into the history, if all is not as it was; `step` is what led away from it.
    pub(super) fn remember(&mut self, before: Place, step: Step) {
        if before == self.place() {
            return;
        }
        let history = &mut self.history;
        if step == Step::Large || step != history.last {
            if history.past.len() == HISTORY {
                history.past.pop_front();
            }
            history.past.push_back(before);
        }
        history.last = step;
        history.future.clear();
    }

    fn travel(&mut self, loaded: &Loaded, back: bool) {
        let here = self.place();
        let history = &mut self.history;
        let there = if back { history.past.pop_back() } else { history.future.pop() };
        let Some(there) = there else { return };
        if back {
            history.future.push(here);
        } else {
            history.past.push_back(here);
        }
        history.last = Step::Large;
        self.set_view(loaded, there.view);
        self.fold_as_before(loaded, &there.folded);
        self.set_scroll(there.scroll);
        (self.event, self.lane, self.finding) = (there.event, there.lane, there.finding);
    }

    fn zoom(&mut self, loaded: &Loaded, at: i64, factor: f64) {
        // What a broken mouse says is no reason to lose the view.
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        // A step that would lead beyond a limit leads to it, around the same moment: the view does not drift.
        let zoomed = self.view.zoomed(at, factor);
        let possible = valid(&loaded.scene, zoomed).length() as f64;
        if possible == zoomed.length() as f64 {
            self.set_view(loaded, zoomed);
        } else if possible != self.view.length() as f64 {
            self.set_view(loaded, self.view.zoomed(at, possible / self.view.length() as f64));
        }
    }

    /// What zooming by keys keeps in its place: the selected event if it is visible, else the middle.
    fn anchor(&self, loaded: &Loaded) -> i64 {
        let selected = self.event.map(|event| loaded.scene.times(loaded.run.trace()).at(event));
        selected.filter(|at| self.view.contains(*at)).unwrap_or_else(|| middle(self.view))
    }

    fn pan(&mut self, loaded: &Loaded, by: i64) {
        self.set_view(loaded, self.view.panned(by));
    }

    fn step(&self) -> i64 {
        ((self.view.length() as f64 * STEP) as i64).max(1)
    }

    fn page(&self) -> f64 {
        (f64::from(self.strip.1) * STEP * 2.0).max(24.0)
    }

    /// Shows `at` in the middle.
    pub(super) fn center(&mut self, loaded: &Loaded, at: i64) {
        self.set_view(loaded, self.view.centered(at));
    }

    /// Shows `span`, or what of it can be shown.
    pub(super) fn set_view(&mut self, loaded: &Loaded, span: Span) {
        self.view = valid(&loaded.scene, span);
    }

    /// Scrolls to `scroll`, or as far as there are rows.
    pub(super) fn set_scroll(&mut self, scroll: f64) {
        let last = (self.layout.height() - f64::from(self.strip.1)).max(0.0);
        if scroll.is_finite() {
            self.scroll = scroll.clamp(0.0, last);
        } else {
            self.scroll = self.scroll.clamp(0.0, last);
        }
    }
}

/// The whole trace, with a little room around it.
pub(super) fn whole(scene: &Scene) -> Span {
    scene.span.fit()
}

/// The moment in the middle of `span`.
pub(super) fn middle(span: Span) -> i64 {
    span.begin.saturating_add(span.length() / 2)
}

/// What of `span` can be shown: neither too short nor too long, and with some of the trace in sight.
pub(super) fn valid(scene: &Scene, span: Span) -> Span {
    span.clamped(scene.span)
}
