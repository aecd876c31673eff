//! The lanes of tests: their phases, and the faults that they inject.
//!
//! A fault lasts if a later one takes it back: `partition` until `heal` or the next partition, `disconnect` until `connect`,
//! `crash` until `restart`, each of its peers; what is done to all messages (`delay`, `drop`, `reorder`, `pause`) until a
//! `heal`. A test's end ends them all. What is done to one message, which has a `detail`, or is never taken back, does not
//! last.

use peerscope_analyzer::model::{Event, EventId, TestId};
use peerscope_analyzer::value::Id;
use peerscope_analyzer::vocabulary::{Body, Kind};

use super::material::{Material, NEVER};
use super::{Whose, push_track, shown};
use crate::lane::{Block, Lane, Look, Place, Subject};

/// The lanes of all tests.
pub(super) fn lanes(material: &Material<'_, '_>, whose: Whose, lanes: &mut Vec<Lane>) {
    if whose != Whose::Tests {
        return;
    }
    // That the program ended is told by where the trace ends; it alone is not worth a lane.
    let ends = |event: &EventId| material.trace.event(*event).kind() == Some(Kind::ProcessEnd);
    for (test, events) in material.tests().filter(|(test, events)| test.is_some() || !events.iter().all(ends)) {
        let mut walk = Walk::default();
        events.iter().for_each(|event| walk.event(material.trace.event(*event)));
        walk.open.iter().for_each(|fault| walk.done.push((fault.begin, fault.lasts.then_some(NEVER))));
        let mut tracks = Vec::new();
        push_track(&mut tracks, Place::Main, material.times, &mut walk.phases);
        for (place, mut strip) in (0_u8..).zip(strips(&mut walk.done)) {
            push_track(&mut tracks, Place::Strip(place), material.times, &mut strip);
        }
        let brief = walk.done.iter().filter(|(_, end)| end.is_none());
        walk.points.extend(brief.map(|(begin, _)| Block::point(*begin, Look::Fault)));
        push_track(&mut tracks, Place::Points, material.times, &mut walk.points);
        let (label, about) = words(material, test);
        lanes.push(Lane { subject: Subject::Test(test), label, about, tracks });
    }
}

fn words(material: &Material<'_, '_>, test: Option<TestId>) -> (String, String) {
    let Some(test) = test else { return ("run".to_owned(), "What was done to the run, and names no test.".to_owned()) };
    let name = shown(&material.trace.tests().name(test));
    let about = format!("Phases of test “{name}”, and the faults that it injects.");
    (format!("test {name}"), about)
}

/// More faults than these at once do not last for the eye: hostile files must not make a quadratic matter of them.
const OPEN_FAULTS: usize = 64;

/// How many strips of faults a test has at most.
const STRIPS: usize = 4;

/// A fault that goes on.
struct Open<'t> {
    begin: EventId,
    what: &'t str,
    /// Those of whom it is not taken back yet.
    peers: Vec<Id<'t>>,
    /// Whether it goes on even if nothing takes it back.
    lasts: bool,
}

/// Whether that verdict is one of a failed test.
fn is_failure(verdict: Option<&str>) -> bool {
    verdict.is_some_and(|verdict| verdict.eq_ignore_ascii_case("fail") || verdict.eq_ignore_ascii_case("failed"))
}

/// Grows the blocks of one test.
#[derive(Default)]
struct Walk<'t> {
    phases: Vec<Block>,
    points: Vec<Block>,
    open: Vec<Open<'t>>,
    /// Faults that began at the first event and ended at the second, [`NEVER`] = never; `None` = they did not last.
    done: Vec<(EventId, Option<EventId>)>,
}

impl<'t> Walk<'t> {
    fn event(&mut self, event: Event<'t>) {
        match event.kind() {
            Some(Kind::TestBegin | Kind::TestPhase) => {
                self.end_phase(event.id());
                self.phases.push(Block::new(event.id(), None, Look::Phase));
            }
            Some(Kind::TestEnd) => {
                let failed = matches!(event.body(), Body::TestEnd(body) if is_failure(body.verdict));
                if failed {
                    self.points.push(Block::point(event.id(), Look::Failed));
                    // It is open: this event ends it.
                    let phase = self.phases.last_mut().filter(|phase| phase.end.is_none());
                    phase.into_iter().for_each(|phase| phase.look = Look::Failed);
                }
                self.end_phase(event.id());
                for fault in self.open.drain(..) {
                    self.done.push((fault.begin, fault.lasts.then_some(event.id())));
                }
            }
            Some(Kind::ProcessEnd) => self.points.push(Block::point(event.id(), Look::Other)),
            _ => self.fault(event),
        }
    }

    fn end_phase(&mut self, at: EventId) {
        if let Some(last) = self.phases.last_mut() {
            last.end.get_or_insert(at);
        }
    }

    fn fault(&mut self, event: Event<'t>) {
        let Body::Fault(body) = event.body() else { return self.points.push(Block::point(event.id(), Look::Fault)) };
        let what = body.what.unwrap_or_default();
        let peers: Vec<Id<'t>> = body.peers.iter().flat_map(|peers| peers.iter()).collect();
        let ends: &[&str] = match what {
            "heal" => &["partition", "delay", "drop", "reorder", "pause"],
            "connect" => &["disconnect"],
            "restart" => &["crash"],
            "partition" => &["partition"],
            _ => &[],
        };
        let took_back = self.take_back(ends, &peers, what == "partition", event.id());
        let lasts = matches!(what, "partition" | "disconnect" | "crash");
        let may_last = lasts || (matches!(what, "delay" | "drop" | "reorder" | "pause") && body.detail.is_none());
        if may_last && self.open.len() < OPEN_FAULTS {
            self.open.push(Open { begin: event.id(), what, peers, lasts });
        } else if !took_back {
            self.points.push(Block::point(event.id(), Look::Fault));
        }
    }

    /// Ends the faults called one of `ends` of these peers (of all, if none is named or `all`); whether there was any.
    fn take_back(&mut self, ends: &[&str], peers: &[Id<'t>], all: bool, at: EventId) -> bool {
        let mut any = false;
        let done = &mut self.done;
        self.open.retain_mut(|fault| {
            if !ends.contains(&fault.what) {
                return true;
            }
            let before = fault.peers.len();
            let everybody = all || peers.is_empty() || fault.peers.is_empty();
            if everybody {
                fault.peers.clear();
            } else {
                fault.peers.retain(|peer| !peers.contains(peer));
            }
            any |= everybody || fault.peers.len() < before;
            if fault.peers.is_empty() {
                done.push((fault.begin, Some(at)));
            }
            !fault.peers.is_empty()
        });
        any
    }
}

/// The blocks of faults that lasted, those that overlap below each other.
fn strips(done: &mut [(EventId, Option<EventId>)]) -> Vec<Vec<Block>> {
    done.sort_unstable();
    let mut strips: Vec<(Vec<Block>, EventId)> = Vec::new();
    for (begin, end) in done.iter().filter_map(|(begin, end)| Some((*begin, (*end)?))) {
        let free = strips.iter().position(|(_, last)| *last <= begin);
        let place = free.unwrap_or(strips.len()).min(STRIPS - 1);
        if place == strips.len() {
            strips.push((Vec::new(), begin));
        }
        let (blocks, last) = &mut strips[place];
        blocks.push(Block::new(begin, (end != NEVER).then_some(end), Look::Fault));
        *last = (*last).max(end);
    }
    strips.into_iter().map(|(blocks, _)| blocks).collect()
}
