//! A peer that waits for itself (lecture 59:34).
//!
//! The election timer of peer 0 fires. The election takes the peer's lock and calls a function that makes the peer a
//! candidate; that function takes the lock as well. A mutex does not know that it is the same thread that asks again,
//! so the thread waits for itself for ever, before it has sent a single request. In the repaired peer the function
//! expects that the lock is held, and peer 0 becomes the leader.

use crate::lab::cluster::Cluster;
use crate::lab::config::Config;
use crate::lab::message::Stage;
use crate::lab::mistake::Mistake;
use peerscope::{Current, phase};

/// Runs the story with three peers that make this mistake. After an error "hung: ..." the stuck thread is still there,
/// as it would be in any such program.
pub fn run(mistake: Mistake, seed: u64) -> Result<(), String> {
    let mut cluster = Cluster::new(3, Config::manual(mistake), seed);
    phase!(Current, "the election timer of peer 0 fires");
    cluster.fire_election_timer(0);
    let asks_for_votes = cluster.network().happens(Stage::Sent, |message| message.caller == 0);
    if !asks_for_votes {
        return Err("hung: peer 0 never asks for a vote in its own election".to_owned());
    }
    cluster.settle(0);
    let verdict = cluster.wait_for_leader(&[0, 1, 2]).map(|_| ());
    cluster.shut_down();
    verdict
}
