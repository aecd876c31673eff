//! Where what has a lane of its own is shown, by its id.

use peerscope_analyzer::model::{Dense, EventId, LockId, PeerId, TaskId, TestId, Trace};
use peerscope_analyzer::vocabulary::Body;

use crate::lane::{Lane, Subject};

const NONE: u32 = u32::MAX;

/// By id: a place in the scene's lanes.
#[derive(Debug)]
pub(super) struct Index {
    tasks: Vec<u32>,
    locks: Vec<u32>,
    roles: Vec<u32>,
    /// First that of nobody, then those of peers.
    untasked: Vec<u32>,
    /// First that of events that name no test.
    tests: Vec<u32>,
}

impl Index {
    pub(super) fn new(trace: &Trace, lanes: &[Lane]) -> Index {
        let none = |count: usize| vec![NONE; count];
        let mut index = Index {
            tasks: none(trace.tasks().len()),
            locks: none(trace.locks().len()),
            roles: none(trace.peers().len()),
            untasked: none(trace.peers().len() + 1),
            tests: none(trace.tests().len() + 1),
        };
        for (place, lane) in (0_u32..).zip(lanes) {
            match lane.subject {
                Subject::Test(test) => index.tests[test.map_or(0, |test| test.index() + 1)] = place,
                Subject::Role(peer) => index.roles[peer.index()] = place,
                Subject::Untasked(peer) => index.untasked[peer.map_or(0, |peer| peer.index() + 1)] = place,
                Subject::Lock(lock) => index.locks[lock.index()] = place,
                Subject::Tasks(_) => {
                    // The first track has a block for each task that shares the lane, which its first event begins.
                    let lives =
                        lane.tracks.first().into_iter().flat_map(|track| (0..track.len()).map(|at| track.block(at)));
                    for task in lives.filter_map(|life| trace.event(life.begin).task()) {
                        index.tasks[task.index()] = place;
                    }
                }
            }
        }
        index
    }

    pub(super) fn task(&self, task: TaskId) -> Option<usize> {
        get(&self.tasks, task.index())
    }

    pub(super) fn lock(&self, lock: LockId) -> Option<usize> {
        get(&self.locks, lock.index())
    }

    pub(super) fn role(&self, peer: PeerId) -> Option<usize> {
        get(&self.roles, peer.index())
    }

    pub(super) fn untasked(&self, peer: Option<PeerId>) -> Option<usize> {
        get(&self.untasked, peer.map_or(0, |peer| peer.index() + 1))
    }

    pub(super) fn test(&self, test: Option<TestId>) -> Option<usize> {
        get(&self.tests, test.map_or(0, |test| test.index() + 1))
    }
}

fn get(places: &[u32], at: usize) -> Option<usize> {
    places.get(at).filter(|place| **place != NONE).map(|place| *place as usize)
}

/// The lock that an event is about, if it is one of a lock's.
pub(super) fn lock_of(trace: &Trace, event: EventId) -> Option<LockId> {
    let event = trace.event(event);
    let lock = match event.body() {
        Body::LockWait(body) => body.lock,
        Body::LockAcquire(body) => body.lock,
        Body::LockRelease(body) => body.lock,
        Body::LockUpgrade(body) => body.lock,
        Body::LockDowngrade(body) => body.lock,
        _ => None,
    };
    trace.lock_of(event, lock?)
}
