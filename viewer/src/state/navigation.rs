//! Where the view goes: zoom, pan, scroll, fit, and the way back.

use std::collections::VecDeque;

use super::{Loaded, State};
use crate::command::Command;
use crate::layout::{Layout, RowOf, RowPlace};
use crate::scene::Scene;
use crate::timescale::Span;

/// How many times as much time a step of zooming out shows.
const ZOOM_STEP: f64 = 1.5;
/// Which share of the visible time, or of the strip's height, a step of panning or scrolling goes.
const STEP: f64 = 0.25;
/// How many places one can go back to.
const HISTORY: usize = 200;

/// What was visible.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    view: Span,
    scroll: f64,
}

/// The way that led here.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    past: VecDeque<Place>,
    future: Vec<Place>,
    /// Whether the last step was a small one, which the next small one joins: one goes back to where a drag began.
    drifts: bool,
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
            selecting => self.select_by(selecting, loaded),
        }
        let drifts = matches!(
            command,
            Command::ZoomIn
                | Command::ZoomOut
                | Command::ZoomAt { .. }
                | Command::PanLeft
                | Command::PanRight
                | Command::PanBy(_)
                | Command::ScrollBy(_)
                | Command::ScrollUp
                | Command::ScrollDown
        );
        self.remember(before, drifts);
    }

    fn place(&self) -> Place {
        Place { view: self.view, scroll: self.scroll }
    }

    /// Enters into the history that the view was at `before`, if it is not still there.
    pub(super) fn remember_from(&mut self, view: Span, scroll: f64) {
        self.remember(Place { view, scroll }, false);
    }

    fn remember(&mut self, before: Place, drifts: bool) {
        if before == self.place() {
            return;
        }
        let history = &mut self.history;
        if !(drifts && history.drifts) {
            if history.past.len() == HISTORY {
                history.past.pop_front();
            }
            history.past.push_back(before);
        }
        history.drifts = drifts;
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
        history.drifts = false;
        self.set_view(loaded, there.view);
        self.set_scroll(there.scroll);
    }

    fn zoom(&mut self, loaded: &Loaded, at: i64, factor: f64) {
        // What a broken mouse says is no reason to lose the view.
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        // At the limits the view stands still instead of drifting away from the cursor.
        let zoomed = self.view.zoomed(at, factor);
        if valid(&loaded.scene, zoomed).length() == zoomed.length() {
            self.set_view(loaded, zoomed);
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

    fn toggle_group(&mut self, group: usize, loaded: &Loaded) {
        if group >= loaded.scene.groups.len() {
            return;
        }
        if !self.collapsed.remove(&group) {
            self.collapsed.insert(group);
        }
        self.layout = Layout::new(&loaded.scene, &self.collapsed);
        self.set_scroll(self.scroll);
    }

    /// Folds all groups, or unfolds them if all are folded; what was uppermost stays so.
    fn toggle_all_groups(&mut self, loaded: &Loaded) {
        let groups = loaded.scene.groups.len();
        let first = self.layout.visible(self.scroll, self.scroll + 1.0).first().map(|row| match row.of {
            RowOf::Group(group) => group,
            RowOf::Lane(lane) => group_of(&loaded.scene, lane).unwrap_or(0),
        });
        self.collapsed = if self.collapsed.len() == groups { Default::default() } else { (0..groups).collect() };
        self.layout = Layout::new(&loaded.scene, &self.collapsed);
        let heading = self.layout.rows().iter().find(|row| first.is_some_and(|first| row.of == RowOf::Group(first)));
        let top = heading.map_or(0.0, |row| row.top);
        self.set_scroll(top);
    }

    /// Unfolds the group of `lane` and scrolls no further than needed for the lane to be seen whole.
    pub(super) fn reveal_lane(&mut self, loaded: &Loaded, lane: usize) {
        if group_of(&loaded.scene, lane).is_some_and(|group| self.collapsed.remove(&group)) {
            self.layout = Layout::new(&loaded.scene, &self.collapsed);
        }
        if let Some(row) = self.layout.row_of_lane(lane) {
            self.reveal_row(row);
        }
    }

    fn reveal_row(&mut self, row: RowPlace) {
        let (top, bottom) = (row.top, row.top + f64::from(row.height));
        if top < self.scroll {
            self.set_scroll(top);
        } else if bottom > self.scroll + f64::from(self.strip.1) {
            self.set_scroll(bottom - f64::from(self.strip.1));
        }
    }

    /// Scrolls so that as many of `lanes` as possible are seen; all of them, in the middle, if they fit. The first one
    /// decides between places that show equally many.
    pub(super) fn reveal_lanes(&mut self, loaded: &Loaded, lanes: &[usize]) {
        let folded: Vec<usize> = lanes.iter().filter_map(|lane| group_of(&loaded.scene, *lane)).collect();
        let unfolded = folded.iter().filter(|group| self.collapsed.remove(group)).count();
        if unfolded > 0 {
            self.layout = Layout::new(&loaded.scene, &self.collapsed);
        }
        let mut rows: Vec<(f64, f64)> =
            lanes.iter().filter_map(|lane| self.layout.row_of_lane(*lane)).map(edges).collect();
        let Some(&first) = rows.first() else { return };
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        rows.dedup();
        let height = f64::from(self.strip.1);
        let seen = |top: f64| rows.iter().filter(|row| row.0 >= top && row.1 <= top + height).count();
        let best = rows.iter().map(|row| (seen(row.0), row.0 <= first.0 && first.1 <= row.0 + height, row.0));
        let best = best.max_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)).then(other.2.total_cmp(&one.2)));
        let top = best.map_or(first.0, |(_, _, top)| top);
        let bottom =
            rows.iter().filter(|row| row.0 >= top && row.1 <= top + height).map(|row| row.1).fold(top, f64::max);
        // Nobody likes to be moved without need.
        if top >= self.scroll && bottom <= self.scroll + height {
            return;
        }
        self.set_scroll(top - ((height - (bottom - top)) / 2.0).max(0.0));
    }
}

fn edges(row: RowPlace) -> (f64, f64) {
    (row.top, row.top + f64::from(row.height))
}

/// The group that has `lane`.
pub(super) fn group_of(scene: &Scene, lane: usize) -> Option<usize> {
    let group = scene.groups.partition_point(|group| group.lanes.end <= lane);
    scene.groups.get(group).filter(|found| found.lanes.contains(&lane)).map(|_| group)
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
