//! Votes that come too late (lecture 53:41, and 57:32 for the half-hearted repair).
//!
//! Peer 0 starts the election of term 1. Peers 1 and 2 grant their votes, but these are long on their way.
//! Meanwhile peer 1's timer fires: peers 0 and 2 vote for it, and it becomes the leader of term 2.
//! Now the votes of term 1 arrive. Peer 0 counts two of three, and makes itself a leader: of term 2, for that is its
//! current term by now. The repaired peer 0 sees that it is neither a candidate nor in term 1 any more.
//!
//! To ask only for the role is not enough. In the second story peer 0 has started another election when the votes of
//! the first one arrive, so it is a candidate again, but in another term.

use crate::lab::cluster::Cluster;
use crate::lab::config::Config;
use crate::lab::message::{Leg, Message, Stage};
use crate::lab::mistake::Mistake;
use crate::lab::rpc::Method;
use peerscope::{Current, phase};

/// The lecture's story, with three peers that make this mistake.
pub fn run(mistake: Mistake, seed: u64) -> Result<(), String> {
    in_a_cluster(mistake, seed, |cluster| {
        let network = cluster.network().clone();
        let late_votes = network.hold(votes_for_0_in_term_1);
        start_first_election(cluster)?;

        phase!(Current, "peer 1 elects itself in term 2, while the votes for peer 0 are on their way");
        cluster.fire_election_timer(1);
        cluster.settle(1);
        expect_leader(cluster, 1, 2)?;

        phase!(Current, "the votes of term 1 arrive at peer 0");
        late_votes.open();
        cluster.settle(0);
        cluster.check_leaders(&[0, 1, 2]).map(|_| ())
    })
}

/// The story of the candidate that is one again: its election of term 2 reaches nobody, while peer 1 wins that term.
pub fn run_with_second_election(mistake: Mistake, seed: u64) -> Result<(), String> {
    in_a_cluster(mistake, seed, |cluster| {
        let network = cluster.network().clone();
        let late_votes = network.hold(votes_for_0_in_term_1);
        let second_election =
            network.hold(|message| is(message, Method::RequestVote, 0, 2) && message.leg == Leg::Request);
        let news_for_0 = network.hold(|message| is(message, Method::AppendEntries, 1, 2) && message.callee == 0);
        start_first_election(cluster)?;

        phase!(Current, "peer 0 starts another election, which reaches nobody; peer 1 wins that term");
        cluster.fire_election_timer(0);
        for voter in [1, 2] {
            network
                .wait_until(Stage::Held, |message| is(message, Method::RequestVote, 0, 2) && message.callee == voter)?;
        }
        cluster.fire_election_timer(1);
        network.wait_until(Stage::Held, |message| is(message, Method::AppendEntries, 1, 2))?;
        expect_leader(cluster, 1, 2)?;

        phase!(Current, "the votes of term 1 arrive at peer 0");
        // Peer 0 deals with the late votes before it learns that its term has a leader already.
        late_votes.open();
        second_election.open();
        cluster.settle(0);
        news_for_0.open();
        cluster.settle(1);
        cluster.check_leaders(&[0, 1, 2]).map(|_| ())
    })
}

fn in_a_cluster(
    mistake: Mistake,
    seed: u64,
    story: impl FnOnce(&mut Cluster) -> Result<(), String>,
) -> Result<(), String> {
    let mut cluster = Cluster::new(3, Config::manual(mistake), seed);
    let verdict = story(&mut cluster);
    cluster.shut_down();
    verdict
}

/// Peers 1 and 2 grant their votes of term 1 to peer 0, which does not get to know it yet.
fn start_first_election(cluster: &Cluster) -> Result<(), String> {
    phase!(Current, "peer 0 starts the election of term 1; the votes for it are held up");
    cluster.fire_election_timer(0);
    for voter in [1, 2] {
        cluster
            .network()
            .wait_until(Stage::Held, |message| votes_for_0_in_term_1(message) && message.callee == voter)?;
    }
    Ok(())
}

fn expect_leader(cluster: &Cluster, peer: usize, term: u64) -> Result<(), String> {
    match cluster.state_of(peer) == (term, true) {
        true => Ok(()),
        false => Err(format!("peer {peer} does not lead term {term}")),
    }
}

fn votes_for_0_in_term_1(message: &Message) -> bool {
    is(message, Method::RequestVote, 0, 1) && message.leg == Leg::Reply
}

fn is(message: &Message, method: Method, caller: usize, term: u64) -> bool {
    (message.method, message.caller, message.term) == (method, caller, term)
}
