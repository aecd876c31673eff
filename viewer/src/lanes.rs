//! The lanes of a scene: one file for each sort, one row in [`BUILDERS`].

pub mod known;
pub mod locks;
pub mod material;
pub mod phases;
pub mod roles;
pub mod shelf;
pub mod tasks;
pub mod untasked;

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use peerscope_analyzer::model::PeerId;
use peerscope_analyzer::report::escape::{clip, escape};

use self::material::Material;
use crate::lane::{Block, Lane, Place, Times, Track};

/// Whose lanes a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whose {
    /// The tests'.
    Tests,
    /// A peer's.
    Peer(PeerId),
    /// Those of tasks and locks that belong to no peer.
    Nobody,
}

impl Whose {
    /// The peer, if it is one's; `None` beyond the tests' group stands for nobody.
    pub fn peer(self) -> Option<PeerId> {
        match self {
            Whose::Peer(peer) => Some(peer),
            Whose::Tests | Whose::Nobody => None,
        }
    }
}

/// Appends the lanes of one sort that the group has.
pub type Builder = fn(&Material<'_, '_>, Whose, &mut Vec<Lane>);

/// All sorts, in the order in which they stand in a group.
pub const BUILDERS: &[Builder] = &[phases::lanes, roles::lanes, tasks::lanes, untasked::lanes, locks::lanes];

/// The lanes of all groups, group by group: each is built on whichever of `threads` threads is free.
pub(crate) fn build(material: &Material<'_, '_>, groups: &[Whose], threads: usize) -> Vec<Vec<Lane>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((place, whose)) = groups.iter().copied().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let mut lanes = Vec::new();
            BUILDERS.iter().for_each(|build| build(material, whose, &mut lanes));
            // There may be as many lanes as tasks: what they were grown in has room for several more tracks each.
            for lane in &mut lanes {
                lane.tracks.shrink_to_fit();
                lane.label.shrink_to_fit();
                lane.about.shrink_to_fit();
            }
            done.push((place, lanes));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.min(groups.len())).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, lanes)| lanes).collect()
}

/// Appends a track of `blocks`, unless there are none; brings them into the order of their begins and leaves none.
fn push_track(tracks: &mut Vec<Track>, place: Place, times: Times<'_>, blocks: &mut Vec<Block>) {
    if blocks.is_empty() {
        return;
    }
    if !blocks.is_sorted_by_key(|block| block.begin) {
        blocks.sort_by_key(|block| block.begin);
    }
    tracks.push(Track::new(place, times, blocks));
    blocks.clear();
}

/// A name of a trace, fit for a label.
pub(crate) fn shown(name: &str) -> String {
    // What is cut away need not be escaped first, and a hostile name may be megabytes long.
    clip(&escape(&clip(name, 64)), 64).into_owned()
}
