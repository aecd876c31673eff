//! What is selected: events along a lane, from lane to lane and along the trace; findings and their witnesses.

use std::cmp::Reverse;
use std::ops::Range;

use peerscope_analyzer::model::{Dense, EventId, Trace};

use super::navigation::Step;
use super::{Loaded, State};
use crate::command::Command;
use crate::lane::{Lane, Times, Track};
use crate::layout::{RowOf, RowPlace};
use crate::timescale::Span;

/// Witnesses are framed with at least so much time (ns), so that one sees what was around them.
const MIN_FRAME: i64 = 20_000;
/// So much of the frame lies before the first and behind the last witness.
const FRAME_MARGIN: f64 = 0.15;
/// A cause is framed with all that it led to, unless that makes the frame more than so many times as long.
const CHAIN_FRAME: i64 = 20;
/// Behind a last witness whose block never ends there is more room: the block is to be seen going on.
const ENDLESS_MARGIN: f64 = 0.5;
/// So many blocks before a place in a track are asked for their ends; only queues and readers overlap at all.
const NEAR: usize = 8;

impl State {
    /// Carries out a command that selects.
    pub(super) fn select_by(&mut self, command: &Command, loaded: &Loaded) {
        match command {
            Command::Select(event) => self.select(loaded, *event, None),
            Command::Click { event, lane } => self.click(loaded, *event, *lane),
            Command::NextOnLane => self.step_on_lane(loaded, true),
            Command::PreviousOnLane => self.step_on_lane(loaded, false),
            Command::NextEvent => self.step_in_trace(loaded, true),
            Command::PreviousEvent => self.step_in_trace(loaded, false),
            Command::LaneBelow => self.step_to_lane(loaded, true),
            Command::LaneAbove => self.step_to_lane(loaded, false),
            Command::SelectFinding(finding) => self.frame_finding(loaded, *finding),
            Command::NextFinding => self.step_to_finding(loaded, true),
            Command::PreviousFinding => self.step_to_finding(loaded, false),
            Command::NextWitness => self.step_to_witness(loaded, true),
            Command::PreviousWitness => self.step_to_witness(loaded, false),
            Command::FitSelection => self.frame_selection(loaded),
            Command::ClearSelection => {
                if self.event.is_none() {
                    self.finding = None;
                }
                (self.event, self.lane) = (None, None);
            }
            // The rest is carried out elsewhere, and selects nothing.
            _ => {}
        }
    }

    /// Selects a finding and frames its witnesses; the way back leads to what was visible before.
    pub(super) fn select_finding(&mut self, loaded: &Loaded, finding: usize) {
        let before = self.place();
        self.frame_finding(loaded, finding);
        self.remember(before, Step::Large);
    }

    /// Selects `event`, reached on `lane` if that is known, and moves the view only if the event is out of sight.
    fn select(&mut self, loaded: &Loaded, event: EventId, lane: Option<usize>) {
        let trace = loaded.run.trace();
        if event.index() >= trace.len() {
            return;
        }
        let lane = lane.or_else(|| loaded.scene.lane_of(trace, event));
        (self.event, self.lane) = (Some(event), lane);
        let at = loaded.scene.times(trace).at(event);
        if !self.view.contains(at) {
            self.center(loaded, at);
        }
        if let Some(lane) = lane {
            self.reveal_lane(loaded, lane);
        }
    }

    /// Selects what was clicked. The user sees it, so nothing moves.
    fn click(&mut self, loaded: &Loaded, event: Option<EventId>, lane: Option<usize>) {
        let trace = loaded.run.trace();
        match event {
            None => (self.event, self.lane) = (None, None),
            Some(event) if event.index() < trace.len() => {
                let lane = lane.filter(|lane| *lane < loaded.scene.lanes.len());
                (self.event, self.lane) = (Some(event), lane.or_else(|| loaded.scene.lane_of(trace, event)));
            }
            Some(_) => {}
        }
    }

    /// The lane of the selection.
    fn current(&self, loaded: &Loaded) -> Option<(EventId, usize)> {
        let event = self.event?;
        let lane = self.lane.or_else(|| loaded.scene.lane_of(loaded.run.trace(), event))?;
        (lane < loaded.scene.lanes.len()).then_some((event, lane))
    }

    fn step_on_lane(&mut self, loaded: &Loaded, forward: bool) {
        let Some((event, lane)) = self.current(loaded) else { return self.select_first_visible(loaded) };
        let next = if forward {
            around(&loaded.scene.lanes[lane], event).filter(|other| *other > event).min()
        } else {
            around(&loaded.scene.lanes[lane], event).filter(|other| *other < event).max()
        };
        if let Some(next) = next {
            self.select(loaded, next, Some(lane));
        }
    }

    fn step_in_trace(&mut self, loaded: &Loaded, forward: bool) {
        let trace = loaded.run.trace();
        let next = match self.event {
            None => Some(first_since(trace, loaded.scene.times(trace), self.view.begin)),
            Some(event) if forward => event.0.checked_add(1).map(EventId),
            Some(event) => event.0.checked_sub(1).map(EventId),
        };
        if let Some(next) = next {
            self.select(loaded, next, None);
        }
    }

    fn step_to_lane(&mut self, loaded: &Loaded, below: bool) {
        let Some((event, lane)) = self.current(loaded) else { return self.select_first_visible(loaded) };
        let rows = self.layout.rows();
        let Some(row) = self.layout.row_of_lane(lane) else { return };
        let place = rows.partition_point(|other| other.top < row.top);
        let times = loaded.scene.times(loaded.run.trace());
        let at = times.at(event);
        let nearest = |row: &RowPlace| {
            self.lanes_of_row(loaded, row).filter(|other| *other != lane).find_map(|other| {
                // Of two that are equally near, the earlier one.
                let near =
                    around(&loaded.scene.lanes[other], event).min_by_key(|near| (times.at(*near).abs_diff(at), *near));
                near.map(|near| (near, other))
            })
        };
        let found = if below {
            rows.get(place + 1..).unwrap_or(&[]).iter().find_map(nearest)
        } else {
            rows[..place.min(rows.len())].iter().rev().find_map(nearest)
        };
        if let Some((event, lane)) = found {
            self.select(loaded, event, Some(lane));
        }
    }

    /// Where keys begin: the earliest visible event of the uppermost visible lane that has one.
    fn select_first_visible(&mut self, loaded: &Loaded) {
        let trace = loaded.run.trace();
        let times = loaded.scene.times(trace);
        let rows = self.layout.visible(self.scroll, self.scroll + f64::from(self.strip.1.max(1.0)));
        let first = |lane: usize| {
            let tracks = loaded.scene.lanes[lane].tracks.iter();
            let first = tracks.filter_map(|track| first_of(track, times, self.view)).min();
            first.map(|event| (event, lane))
        };
        let found = rows.iter().find_map(|row| self.lanes_of_row(loaded, row).find_map(first));
        if let Some((event, lane)) = found {
            self.select(loaded, event, Some(lane));
        }
    }

    /// The lanes for which a row stands: one, or those of a group of which only the heading is shown.
    fn lanes_of_row(&self, loaded: &Loaded, row: &RowPlace) -> Range<usize> {
        let lanes = match row.of {
            RowOf::Lane(lane) => lane..lane + 1,
            RowOf::Group(group) if self.collapsed.contains(&group) => loaded.scene.groups[group].lanes.clone(),
            RowOf::Group(_) => 0..0,
        };
        lanes.start..lanes.end.min(loaded.scene.lanes.len())
    }

    fn step_to_finding(&mut self, loaded: &Loaded, forward: bool) {
        let list = loaded.told();
        let here = self.finding.and_then(|finding| list.iter().position(|told| told.finding == finding));
        let next = match here {
            None if forward => list.first(),
            None => list.last(),
            // Behind the last comes the first again, so that the key always shows something.
            Some(place) if forward => list.get(place + 1).or(list.first()),
            Some(place) => place.checked_sub(1).and_then(|place| list.get(place)).or(list.last()),
        };
        let next = next.map(|told| told.finding).or(self.finding);
        if let Some(finding) = next {
            self.frame_finding(loaded, finding);
        }
    }

    fn step_to_witness(&mut self, loaded: &Loaded, forward: bool) {
        if self.finding.is_none() {
            self.step_to_finding(loaded, true);
        }
        let Some(finding) = self.finding else { return };
        let witnesses = witnesses(loaded, finding);
        let here = self.event.and_then(|event| witnesses.iter().position(|witness| *witness == event));
        let next = match here {
            None if forward => witnesses.first(),
            None => witnesses.last(),
            Some(place) if forward => witnesses.get(place + 1),
            Some(place) => place.checked_sub(1).and_then(|place| witnesses.get(place)),
        };
        if let Some(&event) = next {
            self.select(loaded, event, None);
        }
    }

    fn frame_finding(&mut self, loaded: &Loaded, finding: usize) {
        let known = loaded.report.as_ref().is_some_and(|report| finding < report.findings.len());
        if !known {
            return;
        }
        self.finding = Some(finding);
        (self.event, self.lane) = (None, None);
        let trace = loaded.run.trace();
        let times = loaded.scene.times(trace);
        let witnesses = witnesses(loaded, finding);
        let Some(own) = spanned(times, &witnesses) else { return };
        let span = with_effects(loaded, finding, own);
        let lanes: Vec<Option<usize>> = witnesses.iter().map(|witness| loaded.scene.lane_of(trace, *witness)).collect();
        let endless = witnesses
            .iter()
            .zip(&lanes)
            .filter_map(|(witness, lane)| block_of(loaded.scene.lanes.get((*lane)?)?, *witness))
            .any(|(_, end)| end.is_none());
        let behind = if endless { ENDLESS_MARGIN } else { FRAME_MARGIN };
        self.set_view(loaded, widened(span, FRAME_MARGIN, behind, MIN_FRAME));
        let lanes: Vec<usize> = lanes.into_iter().flatten().collect();
        self.reveal_lanes(loaded, &lanes);
    }

    fn frame_selection(&mut self, loaded: &Loaded) {
        let Some((event, lane)) = self.current(loaded) else {
            if let Some(finding) = self.finding {
                self.frame_finding(loaded, finding);
            }
            return;
        };
        let times = loaded.scene.times(loaded.run.trace());
        let block = block_of(&loaded.scene.lanes[lane], event).filter(|(begin, end)| Some(*begin) != *end);
        match block {
            Some((begin, end)) => {
                let span = Span::new(times.at(begin), times.end(end));
                self.set_view(loaded, widened(span, FRAME_MARGIN, FRAME_MARGIN, 0));
            }
            // A mere event has no length that could be framed.
            None => self.center(loaded, times.at(event)),
        }
        self.reveal_lane(loaded, lane);
    }
}

/// The witnesses of a finding that the trace has.
fn witnesses(loaded: &Loaded, finding: usize) -> Vec<EventId> {
    let known = loaded.run.trace().len();
    let note = loaded.report.as_ref().and_then(|report| report.findings.get(finding));
    let events = note.into_iter().flat_map(|note| &note.witnesses).map(|witness| EventId(witness.event));
    events.filter(|event| event.index() < known).collect()
}

/// From the first of `events` to the last.
fn spanned(times: Times<'_>, events: &[EventId]) -> Option<Span> {
    let moments = events.iter().map(|event| times.at(*event));
    Some(Span::new(moments.clone().min()?, moments.max()?))
}

/// `own`, the time of a finding's witnesses, and that of all that it led to, if that is not so much longer that the cause
/// could no longer be seen.
fn with_effects(loaded: &Loaded, finding: usize, own: Span) -> Span {
    let times = loaded.scene.times(loaded.run.trace());
    let effects = loaded.chains().descendants(finding).into_iter();
    let spans = effects.filter_map(|effect| spanned(times, &witnesses(loaded, effect)));
    let chain = spans.fold(own, |all, one| Span::new(all.begin.min(one.begin), all.end.max(one.end)));
    let most = own.length().max(MIN_FRAME).saturating_mul(CHAIN_FRAME);
    if chain.length() <= most { chain } else { own }
}

/// The lanes on which the witnesses of a finding stand.
pub(super) fn lanes_of_witnesses(loaded: &Loaded, finding: usize) -> Vec<usize> {
    let trace = loaded.run.trace();
    witnesses(loaded, finding).into_iter().filter_map(|witness| loaded.scene.lane_of(trace, witness)).collect()
}

/// The events of the lane's blocks that are nearest to `event` in the trace's order, some before it and some behind it;
/// costs a search per track, however many blocks there are.
fn around(lane: &Lane, event: EventId) -> impl Iterator<Item = EventId> {
    lane.tracks.iter().flat_map(move |track| {
        let place = first_block(track, |begin| begin < event);
        let behind = first_block(track, |begin| begin <= event);
        (place.saturating_sub(NEAR)..(behind + 1).min(track.len())).flat_map(|index| {
            let block = track.block(index);
            [Some(block.begin), block.end].into_iter().flatten()
        })
    })
}

/// The first block of `track` whose begin is not `before`.
fn first_block(track: &Track, before: impl Fn(EventId) -> bool) -> usize {
    let (mut low, mut high) = (0, track.len());
    while low < high {
        let half = low + (high - low) / 2;
        if before(track.block(half).begin) {
            low = half + 1;
        } else {
            high = half;
        }
    }
    low
}

fn first_of(track: &Track, times: Times<'_>, view: Span) -> Option<EventId> {
    let place = first_block(track, |begin| times.at(begin) < view.begin);
    let event = (place < track.len()).then(|| track.block(place).begin)?;
    view.contains(times.at(event)).then_some(event)
}

/// The event from which on the trace is not before `at`: where its clocks agree, the first such event.
fn first_since(trace: &Trace, times: Times<'_>, at: i64) -> EventId {
    let (mut low, mut high) = (0, trace.len() as u32);
    while low < high {
        let half = low + (high - low) / 2;
        if times.at(EventId(half)) < at {
            low = half + 1;
        } else {
            high = half;
        }
    }
    EventId(low)
}

/// The longest block of `lane` that `event` began or ended: its two events.
fn block_of(lane: &Lane, event: EventId) -> Option<(EventId, Option<EventId>)> {
    let near = lane.tracks.iter().flat_map(|track| {
        let place = first_block(track, |begin| begin < event);
        let last = (place + NEAR).min(track.len());
        (place.saturating_sub(NEAR)..last).map(|index| track.block(index))
    });
    let own = near.filter(|block| block.begin == event || block.end == Some(event));
    own.map(|block| (block.begin, block.end)).max_by_key(|(begin, end)| match end {
        None => (u32::MAX, Reverse(*begin)),
        Some(end) => (end.0.saturating_sub(begin.0), Reverse(*begin)),
    })
}

/// `span` with so many of its lengths before and behind it, and at least so many ns in all.
fn widened(span: Span, before: f64, behind: f64, at_least: i64) -> Span {
    let share = |share: f64| (span.length() as f64 * share) as i64;
    let (begin, end) = (span.begin.saturating_sub(share(before)), span.end.saturating_add(share(behind)));
    let short = at_least.saturating_sub(end.saturating_sub(begin)).max(0);
    Span::new(begin.saturating_sub(short / 2), end.saturating_add(short - short / 2))
}
