//! The lane of events that name no task: a peer that writes none, or what belongs to nobody at all.

use peerscope_analyzer::vocabulary::Kind;

use super::material::Material;
use super::tasks::{Strips, point_look};
use super::{Whose, push_track};
use crate::lane::{Block, Lane, Look, Place, Subject};

/// The lane of the peer's, or nobody's, events that name no task, if there are any.
pub(super) fn lanes(material: &Material<'_, '_>, whose: Whose, lanes: &mut Vec<Lane>) {
    if whose == Whose::Tests {
        return;
    }
    let events = material.untasked(whose.peer());
    if events.is_empty() {
        return;
    }
    let mut tracks = Vec::new();
    let mut strips = Strips::default();
    material.untasked_holds(whose.peer()).for_each(|(hold, contended)| strips.add(material, hold, contended));
    strips.finish(material, &mut tracks);
    let look = |kind: Option<Kind>| match kind {
        // Holds stand for these.
        Some(Kind::LockAcquire | Kind::LockRelease) => None,
        // No block stands for anything else: without a task there is none that lives or waits.
        other => Some(point_look(other).unwrap_or(Look::Other)),
    };
    let point = |id| Some(Block::point(id, look(material.trace.event(id).kind())?));
    let mut points: Vec<Block> = events.iter().filter_map(|id| point(*id)).collect();
    push_track(&mut tracks, Place::Points, material.times, &mut points);
    lanes.push(Lane {
        subject: Subject::Untasked(whose.peer()),
        label: "no task".to_owned(),
        about: "Events that name no task.".to_owned(),
        tracks,
    });
}
