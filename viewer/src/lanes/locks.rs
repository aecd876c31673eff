//! The lanes of locks: who held one, and how many waited for it.

use peerscope_analyzer::facts::{Hold, Mode};
use peerscope_analyzer::model::{EventId, LockId, Trace};

use super::known::release_behind;
use super::material::{Material, NEVER};
use super::{Whose, push_track, shown};
use crate::lane::{Block, Lane, Look, Place, Subject};
use crate::words::names;

/// The lanes of the locks that belong to the peer, or to nobody.
pub(super) fn lanes(material: &Material<'_, '_>, whose: Whose, lanes: &mut Vec<Lane>) {
    if whose == Whose::Tests {
        return;
    }
    let (mut blocks, mut steps) = (Vec::new(), Vec::new());
    for lock in material.locks(whose.peer()) {
        let mut tracks = Vec::new();
        holds(material, *lock, &mut steps, &mut blocks);
        push_track(&mut tracks, Place::Main, material.times, &mut blocks);
        queue(material, *lock, &mut steps, &mut blocks);
        push_track(&mut tracks, Place::Strip(0), material.times, &mut blocks);
        let (label, about) = words(material, *lock);
        lanes.push(Lane { subject: Subject::Lock(*lock), label, about, tracks });
    }
}

fn words(material: &Material<'_, '_>, lock: LockId) -> (String, String) {
    let trace = material.trace;
    let label = names::lock(material.facts, lock);
    let taken = material.holds_of_lock(lock).count();
    let waited = material.waits_for_lock(lock).count();
    let times = |count: usize| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let src = |event: EventId| trace.event(event).src().map(shown);
    let made = material.made(lock).and_then(src).map(|src| format!(", made at {src}"));
    let first = material.holds_of_lock(lock).next().map(|(hold, _)| hold.acquire);
    let first = first.map(|first| {
        let at = src(first).map_or_else(String::new, |src| format!(" at {src}"));
        format!(", first by {}{at}", names::author(trace, first))
    });
    let (made, first) = (made.unwrap_or_default(), first.unwrap_or_default());
    let name = names::full_lock(trace, lock);
    let about = match taken {
        0 => format!("Lock {name}{made}: never taken; waited for {}.", times(waited)),
        _ => format!("Lock {name}{made}: taken {}{first}; waited for {}.", times(taken), times(waited)),
    };
    (label, about)
}

/// How a hold looks.
pub(super) fn hold_look(hold: &Hold, contended: bool) -> Look {
    match hold.mode {
        _ if contended => Look::HeldContended,
        Mode::Shared => Look::HeldShared,
        Mode::Exclusive | Mode::Upgradable => Look::Held,
    }
}

/// A hold's own blocks: as long as it is known to go on, as long as it may have, and as long as another had the lock too.
/// Gives what ended it.
pub(super) fn hold_blocks(trace: &Trace, hold: &Hold, contended: bool, blocks: &mut Vec<Block>) -> Option<EventId> {
    blocks.push(Block::new(hold.acquire, hold.lost.or(hold.release), hold_look(hold, contended)));
    if let Some(lost) = hold.lost {
        blocks.push(Block::new(lost, hold.release, Look::Missing));
    }
    let behind = release_behind(trace, hold);
    if let (Some(grant), Some(release)) = (hold.release, behind) {
        blocks.push(Block::new(grant, Some(release), Look::HeldByTwo));
    }
    behind.or(hold.release)
}

/// What changes at an event.
struct Step {
    at: EventId,
    /// Of holds or waits that are known to go on.
    known: i32,
    /// Of those that are contended.
    contended: i32,
    /// Of those that are shared.
    shared: i32,
    /// Of those that go on though a grant should have excluded them.
    behind: i32,
    /// Of those of which it is not known whether they still go on.
    unknown: i32,
}

impl Step {
    /// At which nothing changes.
    fn none(at: EventId) -> Step {
        Step { at, known: 0, contended: 0, shared: 0, behind: 0, unknown: 0 }
    }
}

/// Who holds the lock: each hold by itself, unless they overlap.
fn holds(material: &Material<'_, '_>, lock: LockId, steps: &mut Vec<Step>, blocks: &mut Vec<Block>) {
    let mut last_end = EventId(0);
    let mut overlap = false;
    for (hold, contended) in material.holds_of_lock(lock) {
        overlap |= hold.acquire < last_end;
        last_end = last_end.max(hold_blocks(material.trace, hold, contended, blocks).unwrap_or(NEVER));
    }
    if !overlap {
        return;
    }
    blocks.clear();
    steps.clear();
    for (hold, contended) in material.holds_of_lock(lock) {
        let (contended, shared) = (i32::from(contended), i32::from(hold.mode == Mode::Shared));
        span(steps, hold.acquire, hold.lost.or(hold.release), |at, sign| Step {
            at,
            known: sign,
            contended: sign * contended,
            shared: sign * shared,
            ..Step::none(at)
        });
        if let (Some(grant), Some(release)) = (hold.release, release_behind(material.trace, hold)) {
            span(steps, grant, Some(release), |at, sign| Step { known: sign, behind: sign, ..Step::none(at) });
        }
        if let Some(lost) = hold.lost {
            span(steps, lost, hold.release, unknown);
        }
    }
    sweep(steps, blocks, |now| match now {
        Step { known: 0, .. } => Look::Missing,
        Step { known: 2.., behind: 1.., .. } => Look::HeldByTwo,
        Step { contended: 1.., .. } => Look::HeldContended,
        Step { known, shared, .. } if shared == known => Look::HeldShared,
        _ => Look::Held,
    });
}

/// How many wait for the lock.
fn queue(material: &Material<'_, '_>, lock: LockId, steps: &mut Vec<Step>, blocks: &mut Vec<Block>) {
    steps.clear();
    for wait in material.waits_for_lock(lock) {
        let known = |at, sign| Step { known: sign, ..Step::none(at) };
        span(steps, wait.begin, wait.lost.or(wait.end), known);
        if let Some(lost) = wait.lost {
            span(steps, lost, wait.end, unknown);
        }
    }
    sweep(steps, blocks, |now| if now.known > 0 { Look::Queue } else { Look::Missing });
}

fn unknown(at: EventId, sign: i32) -> Step {
    Step { unknown: sign, ..Step::none(at) }
}

fn span(steps: &mut Vec<Step>, begin: EventId, end: Option<EventId>, step: impl Fn(EventId, i32) -> Step) {
    steps.push(step(begin, 1));
    steps.extend(end.map(|end| step(end, -1)));
}

/// The blocks between the steps at which anything goes on; `look` tells how one looks from what goes on then.
fn sweep(steps: &mut [Step], blocks: &mut Vec<Block>, look: impl Fn(&Step) -> Look) {
    steps.sort_unstable_by_key(|step| step.at);
    let mut now = Step::none(EventId(0));
    let first = blocks.len();
    for at in steps.chunk_by(|one, other| one.at == other.at) {
        now.at = at[0].at;
        for step in at {
            now.known += step.known;
            now.contended += step.contended;
            now.shared += step.shared;
            now.behind += step.behind;
            now.unknown += step.unknown;
        }
        if let Some(last) = blocks[first..].last_mut() {
            last.end.get_or_insert(now.at);
        }
        if now.known > 0 || now.unknown > 0 {
            let depth = now.known.clamp(1, 255) as u8;
            blocks.push(Block { depth, ..Block::new(now.at, None, look(&now)) });
        }
    }
}
