//! Which groups are folded. A run that is higher than the strip opens with its peers folded: their headings show their
//! roles, so that all of them are seen at once. What is selected unfolds its groups, and what it unfolded folds again when
//! something else is selected. What the user folds or unfolds by hand stays so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::selection::lanes_of_witnesses;
use super::{Loaded, State};
use crate::layout::{Layout, RowOf, RowPlace};
use crate::scene::Scene;

/// Groups of which only the heading is shown. Shared, since the way back keeps many of them.
pub type Folded = Arc<BTreeSet<usize>>;

/// Who folded what, and why.
#[derive(Clone, Debug, Default)]
pub(super) struct Folding {
    /// Whether the rows of a run that was just opened wait for the strip to be measured.
    undecided: bool,
    /// The groups that are folded unless something in them is selected.
    at_rest: BTreeSet<usize>,
    /// What the user did by hand: whether the group is folded.
    by_hand: BTreeMap<usize, bool>,
}

impl Folding {
    /// That of a run that was just opened.
    pub(super) fn undecided() -> Folding {
        Folding { undecided: true, ..Folding::default() }
    }

    /// The same for a run in which groups have other places; `now` gives them, and none for those that are gone.
    pub(super) fn moved(&self, now: &dyn Fn(usize) -> Option<usize>) -> Folding {
        let at_rest = self.at_rest.iter().filter_map(|group| now(*group)).collect();
        let by_hand = self.by_hand.iter().filter_map(|(group, is_folded)| Some((now(*group)?, *is_folded))).collect();
        Folding { undecided: self.undecided, at_rest, by_hand }
    }

    /// `folded`, but for what the user wants otherwise.
    fn with_hand(&self, mut folded: BTreeSet<usize>) -> BTreeSet<usize> {
        for (group, is_folded) in &self.by_hand {
            if *is_folded {
                folded.insert(*group);
            } else {
                folded.remove(group);
            }
        }
        folded
    }

    /// What is folded while something in `wanted` is selected.
    fn around(&self, wanted: &BTreeSet<usize>) -> BTreeSet<usize> {
        self.with_hand(self.at_rest.difference(wanted).copied().collect())
    }
}

impl State {
    /// Folds the peers of a run that was just opened if its rows are higher than the strip; gives whether it did.
    pub(super) fn fold_what_is_high(&mut self, loaded: &Loaded) -> bool {
        if self.strip.1 <= 0.0 || !std::mem::take(&mut self.folding.undecided) {
            return false;
        }
        if self.layout.height() <= f64::from(self.strip.1) {
            return false;
        }
        self.folding.at_rest =
            (0..).zip(&loaded.scene.groups).filter(|(_, of)| of.peer.is_some()).map(|it| it.0).collect();
        self.fold(loaded, self.folding.around(&BTreeSet::new()));
        !self.folding.at_rest.is_empty()
    }

    /// Shows only the headings of `folded`.
    fn fold(&mut self, loaded: &Loaded, folded: BTreeSet<usize>) {
        if *self.collapsed != folded {
            self.layout = Layout::new(&loaded.scene, &folded);
            self.collapsed = Arc::new(folded);
        }
        self.set_scroll(self.scroll);
    }

    /// Folds what was folded at some time before; what the user did by hand since then stays.
    pub(super) fn fold_as_before(&mut self, loaded: &Loaded, folded: &Folded) {
        self.fold(loaded, self.folding.with_hand(folded.as_ref().clone()));
    }

    /// Folds or unfolds a group by hand.
    pub(super) fn toggle_group(&mut self, group: usize, loaded: &Loaded) {
        if group >= loaded.scene.groups.len() {
            return;
        }
        self.folding.by_hand.insert(group, !self.collapsed.contains(&group));
        self.fold(loaded, self.folding.with_hand(self.collapsed.as_ref().clone()));
    }

    /// Folds all peers, or unfolds all groups if all peers are folded; what was uppermost stays so.
    pub(super) fn toggle_all_groups(&mut self, loaded: &Loaded) {
        let groups = &loaded.scene.groups;
        let of_peers: BTreeSet<usize> = (0..groups.len()).filter(|group| groups[*group].peer.is_some()).collect();
        let all = if of_peers.is_empty() { (0..groups.len()).collect() } else { of_peers };
        let first = self.layout.visible(self.scroll, self.scroll + 1.0).first().and_then(|row| match row.of {
            RowOf::Group(group) => Some(group),
            RowOf::Lane(lane) => group_of(&loaded.scene, lane),
        });
        let is_folded = all.is_subset(&self.collapsed);
        self.folding = Folding { at_rest: if is_folded { BTreeSet::new() } else { all }, ..Folding::default() };
        self.fold(loaded, self.folding.around(&BTreeSet::new()));
        let heading = self.layout.rows().iter().find(|row| first.is_some_and(|first| row.of == RowOf::Group(first)));
        self.set_scroll(heading.map_or(0.0, |row| row.top));
    }

    /// Unfolds the group of `lane`, and scrolls no further than needed for the lane to be seen whole. The groups of the
    /// selected finding's witnesses stay as they are.
    pub(super) fn reveal_lane(&mut self, loaded: &Loaded, lane: usize) {
        let Some(group) = group_of(&loaded.scene, lane) else { return };
        if self.collapsed.contains(&group) {
            let before = self.layout.row_of_lane(lane).map_or(0.0, |row| row.top - self.scroll);
            let mut wanted = self.groups_of_witnesses(loaded);
            wanted.insert(group);
            self.fold(loaded, self.folding.around(&wanted));
            // What folds above it must not move it away from where the user looks.
            if let Some(row) = self.layout.row_of_lane(lane) {
                self.set_scroll(row.top - before);
            }
        }
        if let Some(row) = self.layout.row_of_lane(lane) {
            self.reveal_row(row);
        }
    }

    /// The groups that the witnesses of the selected finding have unfolded.
    fn groups_of_witnesses(&self, loaded: &Loaded) -> BTreeSet<usize> {
        let lanes = self.finding.map(|finding| lanes_of_witnesses(loaded, finding)).unwrap_or_default();
        let groups = lanes.iter().filter_map(|lane| group_of(&loaded.scene, *lane));
        groups.filter(|group| !self.collapsed.contains(group)).collect()
    }

    fn reveal_row(&mut self, row: RowPlace) {
        let (top, bottom) = edges(row);
        if top < self.scroll {
            self.set_scroll(top);
        } else if bottom > self.scroll + f64::from(self.strip.1) {
            self.set_scroll(bottom - f64::from(self.strip.1));
        }
    }

    /// Unfolds the groups of `lanes` and folds those that were unfolded for what was selected before; then scrolls so that
    /// as many of `lanes` as possible are seen, all of them in the middle if they fit. Where they do not fit, groups of
    /// which only the role is wanted stay folded, since their headings show it.
    pub(super) fn reveal_lanes(&mut self, loaded: &Loaded, lanes: &[usize]) {
        let groups = |lane: &usize| Some((group_of(&loaded.scene, *lane)?, *lane));
        let wanted: BTreeSet<usize> = lanes.iter().filter_map(groups).map(|(group, _)| group).collect();
        let is_deep = |(group, lane): &(usize, usize)| loaded.scene.groups[*group].lanes.start != *lane;
        let deep: BTreeSet<usize> = lanes.iter().filter_map(groups).filter(is_deep).map(|(group, _)| group).collect();
        self.fold(loaded, self.folding.around(&wanted));
        let mut best = self.best_place(lanes);
        if deep != wanted && best.is_some_and(|best| best.seen < best.all) {
            self.fold(loaded, self.folding.around(&deep));
            let folded = self.best_place(lanes);
            if folded.map(|place| place.all - place.seen) < best.map(|place| place.all - place.seen) {
                best = folded;
            } else {
                self.fold(loaded, self.folding.around(&wanted));
            }
        }
        let Some(best) = best else { return };
        let height = f64::from(self.strip.1);
        // Nobody likes to be moved without need.
        if best.top < self.scroll || best.bottom > self.scroll + height {
            self.set_scroll(best.top - ((height - (best.bottom - best.top)) / 2.0).max(0.0));
        }
    }

    /// The place in which most rows of `lanes` are seen; the first lane's decides between places that show equally many.
    fn best_place(&self, lanes: &[usize]) -> Option<Seen> {
        let mut rows: Vec<(f64, f64)> =
            lanes.iter().filter_map(|lane| self.layout.row_of_lane(*lane)).map(edges).collect();
        let first = *rows.first()?;
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        rows.dedup();
        let height = f64::from(self.strip.1);
        // The rows that are seen from a row on stand side by side in the sorted list.
        let place = |(from, row): (usize, &(f64, f64))| {
            let seen = rows[from..].partition_point(|other| other.1 <= row.0 + height);
            let bottom = rows[from..from + seen].last().map_or(row.0, |last| last.1);
            Seen { top: row.0, bottom, seen, all: rows.len() }
        };
        let has_first = |place: &Seen| place.top <= first.0 && first.1 <= place.bottom;
        let places = rows.iter().enumerate().map(place);
        places.max_by(|one, other| {
            (one.seen, has_first(one)).cmp(&(other.seen, has_first(other))).then(other.top.total_cmp(&one.top))
        })
    }
}

/// What is seen from some place on.
#[derive(Clone, Copy)]
struct Seen {
    /// Upper edge of the first row that is seen, and lower edge of the last.
    top: f64,
    bottom: f64,
    /// How many rows that is, and how many there are.
    seen: usize,
    all: usize,
}

fn edges(row: RowPlace) -> (f64, f64) {
    (row.top, row.top + f64::from(row.height))
}

/// The group that has `lane`.
pub(super) fn group_of(scene: &Scene, lane: usize) -> Option<usize> {
    let group = scene.groups.partition_point(|group| group.lanes.end <= lane);
    scene.groups.get(group).filter(|found| found.lanes.contains(&lane)).map(|_| group)
}
