//! The witnesses of all findings, and those of a row by time, so that a frame looks at no more of them than it shows.

use std::collections::BTreeMap;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::EventId;

use super::Group;
use crate::lane::Times;

/// Where an event of a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The event.
    pub event: EventId,
    /// Its lane, as a place in [`super::Scene::lanes`].
    pub lane: u32,
    /// The worst severity of the findings to which it bears witness.
    pub severity: Severity,
}

/// Marks of one row and one severity: when each is, in ns, and of which event; sorted.
type Line = Vec<(i64, EventId)>;

/// All marks.
#[derive(Debug, Default)]
pub struct Marks {
    all: Vec<Mark>,
    lanes: BTreeMap<(usize, Severity), Line>,
    groups: BTreeMap<(usize, Severity), Line>,
}

impl Marks {
    /// Those of `all`, which name each event once, of lanes that stand in `groups`.
    pub fn new(mut all: Vec<Mark>, groups: &[Group], times: Times<'_>) -> Marks {
        all.sort_unstable_by_key(|mark| mark.event);
        let mut marks = Marks::default();
        for mark in &all {
            let (lane, entry) = (mark.lane as usize, (times.at(mark.event), mark.event));
            marks.lanes.entry((lane, mark.severity)).or_default().push(entry);
            let group = groups.partition_point(|group| group.lanes.end <= lane);
            marks.groups.entry((group, mark.severity)).or_default().push(entry);
        }
        // The trace's order is nearly that of times, but clocks disagree.
        marks.lanes.values_mut().chain(marks.groups.values_mut()).for_each(|line| line.sort_unstable());
        Marks { all, ..marks }
    }

    /// All, in the trace's order.
    pub fn all(&self) -> &[Mark] {
        &self.all
    }

    /// The mark of `event`.
    pub fn of(&self, event: EventId) -> Option<Mark> {
        let place = self.all.binary_search_by_key(&event, |mark| mark.event).ok()?;
        Some(self.all[place])
    }

    /// Those on a lane: when each is, in ns, and of which event; in the order of time.
    pub fn on_lane(&self, lane: usize, severity: Severity) -> &[(i64, EventId)] {
        self.lanes.get(&(lane, severity)).map_or(&[], Vec::as_slice)
    }

    /// Those on the lanes of a group, likewise.
    pub fn in_group(&self, group: usize, severity: Severity) -> &[(i64, EventId)] {
        self.groups.get(&(group, severity)).map_or(&[], Vec::as_slice)
    }
}
