//! Two candidates that hold their own locks while they ask each other (lecture 46:24).
//!
//! The timers of peers 0 and 1 fire at the same time, while peer 2 is not there. Each of the two takes its lock and
//! asks the other for its vote. Each handler wants the lock of its peer, which is held by a thread that waits for the
//! other handler: nobody ever moves again. The repaired peers ask without a lock: both are refused, and when peer 2 is
//! there, the next election has a winner.

use crate::lab::cluster::Cluster;
use crate::lab::config::Config;
use crate::lab::message::{Leg, Message, Stage};
use crate::lab::mistake::Mistake;
use crate::lab::rpc::Method;
use peerscope::{Current, phase};

/// Runs the story with three peers that make this mistake. After an error "hung: ..." the stuck threads are still
/// there, as they would be in any such program.
pub fn run(mistake: Mistake, seed: u64) -> Result<(), String> {
    let mut cluster = Cluster::new(3, Config::manual(mistake), seed);
    let network = cluster.network().clone();
    cluster.disconnect(2);

    phase!(Current, "peers 0 and 1 ask each other for their votes");
    // Both requests are under way, hence both locks taken if they are taken at all, before either can be handled.
    let requests = network.hold(is_request_between_0_and_1);
    cluster.fire_election_timer(0);
    cluster.fire_election_timer(1);
    for caller in [0, 1] {
        network.wait_until(Stage::Held, from(caller))?;
    }
    requests.open();
    for caller in [0, 1] {
        network.wait_until(Stage::Delivered, from(caller))?;
    }
    for caller in [0, 1] {
        if !network.happens(Stage::Answered, from(caller)) {
            let callee = 1 - caller;
            return Err(format!("hung: peer {callee} never answers the RequestVote of peer {caller}"));
        }
    }

    cluster.settle(0);
    cluster.settle(1);
    phase!(Current, "peer 2 is there again");
    cluster.connect(2);
    cluster.fire_election_timer(0);
    cluster.settle(0);
    let verdict = cluster.wait_for_leader(&[0, 1, 2]).map(|_| ());
    cluster.shut_down();
    verdict
}

fn is_request_between_0_and_1(message: &Message) -> bool {
    message.method == Method::RequestVote && message.leg == Leg::Request && message.caller + message.callee == 1
}

fn from(caller: usize) -> impl Fn(&Message) -> bool {
    move |message| message.method == Method::RequestVote && (message.caller, message.callee) == (caller, 1 - caller)
}
