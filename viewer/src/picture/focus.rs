//! What stands out while a finding is selected, and what steps back.

use std::collections::{BTreeMap, BTreeSet};

use peerscope_analyzer::model::EventId;

use super::{Arrow, Emphasis, Placed, View};

/// Of so many witnesses it is known what stands out; of a finding with more it is too much to be told apart.
pub(super) const MOST: usize = 500;
/// Of a bundle of more messages it is not known which of them witnesses received: nobody could tell them apart.
const MOST_RECEIVED: usize = 64;

/// What stands out while a finding is selected; of everything else it is known that it steps back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Focus {
    /// The lanes of the finding and of what follows from it, as places in [`crate::scene::Scene::lanes`]. None: no lane
    /// steps back.
    pub lanes: BTreeSet<u32>,
    /// What witnesses began: places in [`super::Picture::blocks`].
    pub blocks: BTreeSet<usize>,
    /// What witnesses sent or received: places in [`super::Picture::arrows`].
    pub arrows: BTreeSet<usize>,
    /// From witnesses that wait to what they wait for.
    pub links: Vec<Link>,
}

/// A witness waits for what another event began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The event that waits.
    pub from: EventId,
    /// The event that began what is waited for.
    pub to: EventId,
    /// Where `from` stands, in points; what is above or below the strip, at its edge.
    pub from_at: (f32, f32),
    /// Where `to` stands.
    pub to_at: (f32, f32),
}

impl Focus {
    /// What of a picture stands out.
    pub(super) fn new(view: &View<'_>, emphasis: Emphasis<'_>, blocks: &[Placed], arrows: &[Arrow]) -> Focus {
        if emphasis.witnesses.is_empty() {
            return Focus::default();
        }
        let witnesses: BTreeSet<EventId> = emphasis.witnesses.iter().take(MOST).copied().collect();
        Focus {
            lanes: lanes(view, emphasis),
            blocks: (0..blocks.len()).filter(|place| is_begun(view, &blocks[*place], &witnesses)).collect(),
            arrows: messages(view, arrows, &witnesses),
            links: emphasis.links.iter().filter_map(|(from, to)| link(view, *from, *to)).collect(),
        }
    }

    /// Whether the blocks of a lane step back.
    pub fn steps_back(&self, lane: u32) -> bool {
        !self.lanes.is_empty() && !self.lanes.contains(&lane)
    }
}

/// The lanes of the witnesses; of a collapsed group the one that its heading shows.
fn lanes(view: &View<'_>, emphasis: Emphasis<'_>) -> BTreeSet<u32> {
    let events = emphasis.witnesses.iter().take(MOST).chain(emphasis.related.iter().take(MOST));
    let mut lanes: BTreeSet<u32> = BTreeSet::new();
    for lane in events.flat_map(|event| view.scene.lanes_of(view.trace, *event)) {
        lanes.insert(lane as u32);
        if view.layout.is_collapsed(lane) {
            let group = view.scene.groups.partition_point(|group| group.lanes.end <= lane);
            lanes.extend(view.scene.groups.get(group).map(|group| group.lanes.start as u32));
        }
    }
    lanes
}

fn is_begun(view: &View<'_>, block: &Placed, witnesses: &BTreeSet<EventId>) -> bool {
    let track = || view.scene.lanes.get(block.lane as usize)?.tracks.get(usize::from(block.track));
    // Only what bears witness is marked, and of a folded run nobody could tell which one it is.
    block.piece.worst.is_some()
        && block.piece.count == 1
        && block.piece.begin < block.piece.end
        && track().is_some_and(|track| witnesses.contains(&track.block(block.piece.longest as usize).begin))
}

/// The messages that witnesses sent or received. It goes from the witnesses, not from the messages: a bundle may have a
/// hundred thousand.
fn messages(view: &View<'_>, arrows: &[Arrow], witnesses: &BTreeSet<EventId>) -> BTreeSet<usize> {
    let mut sent: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut is_theirs = |arrow: &Arrow| {
        let legs = view.scene.routes.get(arrow.route as usize).map(|route| &route.legs);
        let Some(legs) = legs.filter(|_| arrow.piece.worst.is_some()) else { return false };
        let sent = sent
            .entry(arrow.route)
            .or_insert_with(|| witnesses.iter().flat_map(|witness| legs.sent_by(*witness)).collect());
        let (first, count) = (arrow.piece.first as usize, arrow.piece.count as usize);
        let next = sent.get(sent.partition_point(|leg| *leg < first));
        next.is_some_and(|leg| *leg < first + count)
            || count <= MOST_RECEIVED
                && legs.within(first..first + count).any(|leg| leg.to.is_some_and(|to| witnesses.contains(&to)))
    };
    (0..arrows.len()).filter(|place| is_theirs(&arrows[*place])).collect()
}

fn link(view: &View<'_>, from: EventId, to: EventId) -> Option<Link> {
    let (top, bottom) = view.strip();
    let at = |event: EventId| {
        let x = view.viewport.scale.x(view.scene.times(view.trace).at(event));
        Some((x, view.middle_of(view.scene.lane_of(view.trace, event)?)?))
    };
    let ((from_x, from_y), (to_x, to_y)) = (at(from)?, at(to)?);
    let is_seen = from_y.max(to_y) >= top && from_y.min(to_y) <= bottom;
    is_seen.then(|| Link {
        from,
        to,
        from_at: (from_x, from_y.clamp(top, bottom)),
        to_at: (to_x, to_y.clamp(top, bottom)),
    })
}
