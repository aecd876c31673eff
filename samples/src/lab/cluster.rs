//! Several peers on one network, and what a test may do to them.

use super::applied::Applied;
use super::config::Config;
use super::network::Network;
use super::persister::Persister;
use super::raft::Raft;
use super::weather::Weather;
use peerscope::{Current, Peer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a condition may take to come true. No working peer needs a hundredth of it; a verdict must not depend on a
/// slow machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(2);

/// The peers, their disks and their network.
pub struct Cluster {
    config: Config,
    seed: u64,
    network: Arc<Network>,
    persisters: Vec<Arc<Persister>>,
    /// The running incarnation of each peer; `None` while the peer is down.
    peers: Vec<Option<Arc<Raft>>>,
    connected: Vec<bool>,
    applied: Applied,
    /// Who was seen to lead each term.
    leaders: BTreeMap<u64, usize>,
    starts: u64,
    last_fault: Option<String>,
}

impl Cluster {
    /// Starts so many peers.
    pub fn new(size: usize, config: Config, seed: u64) -> Cluster {
        let mut cluster = Cluster {
            network: Network::new(size, seed, config.rpc_timeout),
            config,
            seed,
            persisters: (0..size).map(|_| Arc::default()).collect(),
            peers: vec![None; size],
            connected: vec![true; size],
            applied: Applied::new(size),
            leaders: BTreeMap::new(),
            starts: 0,
            last_fault: None,
        };
        for peer in cluster.all() {
            cluster.boot(peer);
        }
        cluster
    }

    /// The numbers of all peers.
    pub fn all(&self) -> Vec<usize> {
        (0..self.peers.len()).collect()
    }

    /// The numbers of all peers but some.
    pub fn all_but(&self, some: &[usize]) -> Vec<usize> {
        let mut peers = self.all();
        peers.retain(|peer| !some.contains(peer));
        peers
    }

    /// The network, for its gates.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// What the peers have applied.
    pub fn applied(&self) -> &Applied {
        &self.applied
    }

    /// The last thing that was done to the peers or their network, for error messages.
    pub fn last_fault(&self) -> Option<&str> {
        self.last_fault.as_deref()
    }

    /// Stops a peer at once. Its disk remains.
    pub fn crash(&mut self, peer: usize) {
        self.fault("crash", &[peer]);
        self.stop(peer, "crashed");
    }

    /// Starts a peer again with what its disk holds.
    pub fn restart(&mut self, peer: usize) {
        self.fault("restart", &[peer]);
        self.boot(peer);
    }

    /// Pulls a peer's cable.
    pub fn disconnect(&mut self, peer: usize) {
        self.fault("disconnect", &[peer]);
        self.connected[peer] = false;
        self.network.set_connected(peer, false);
    }

    /// Plugs a peer's cable in again.
    pub fn connect(&mut self, peer: usize) {
        self.fault("connect", &[peer]);
        self.connected[peer] = true;
        self.network.set_connected(peer, true);
    }

    /// Cuts some peers off from the others. They still reach each other.
    pub fn partition(&mut self, some: &[usize]) {
        self.fault("partition", some);
        self.network.set_parts(|peer| usize::from(some.contains(&peer)));
    }

    /// Makes the network whole again.
    pub fn heal(&mut self) {
        self.fault("heal", &self.all());
        self.network.set_parts(|_| 0);
    }

    /// Makes the network lose, delay and reorder messages; the losses are recorded one by one.
    pub fn make_unreliable(&mut self) {
        self.fault("delay", &self.all());
        self.network.set_weather(Weather::STORMY);
    }

    /// Ends what [`Cluster::make_unreliable`] began.
    pub fn make_reliable(&mut self) {
        self.fault("heal", &self.all());
        self.network.set_weather(Weather::FAIR);
    }

    /// Starts an election at a peer, whether its own timer is due or not. Does not wait for it.
    pub fn fire_election_timer(&self, peer: usize) {
        self.peer(peer).fire_election_timer();
    }

    /// With manual timers: waits until all threads of a peer have ended, so that all answers it got are dealt with.
    pub fn settle(&self, peer: usize) {
        self.peer(peer).join();
    }

    /// Gives a command to a peer, as [`Raft::start`] does.
    pub fn start(&self, peer: usize, command: &str) -> Option<(u64, u64)> {
        self.peers[peer].as_ref()?.start(command)
    }

    /// The term of a running peer, and whether it believes that it is the leader.
    pub fn state_of(&self, peer: usize) -> (u64, bool) {
        self.peer(peer).get_state()
    }

    /// Asks some peers who leads. An error if a term has two leaders; else the leader of the latest term that any of
    /// them knows of, if there is one.
    pub fn check_leaders(&mut self, among: &[usize]) -> Result<Option<usize>, String> {
        let mut latest_term = 0;
        let mut latest_leader = None;
        for &peer in among {
            let Some(raft) = &self.peers[peer] else {
                continue;
            };
            let (term, is_leader) = raft.get_state();
            if is_leader {
                let first = *self.leaders.entry(term).or_insert(peer);
                if first != peer {
                    return Err(format!("term {term} has two leaders: {first} and {peer}"));
                }
            }
            if term > latest_term {
                latest_term = term;
                latest_leader = None;
            }
            if is_leader && term == latest_term {
                latest_leader = Some(peer);
            }
        }
        Ok(latest_leader)
    }

    /// Waits until some peers have a leader.
    pub fn wait_for_leader(&mut self, among: &[usize]) -> Result<usize, String> {
        let what = format!("peers {among:?} elect a leader");
        self.eventually(&what, |cluster| cluster.check_leaders(among))
    }

    /// Waits until some peers, all of them, have applied a command, and returns its index. Gives the command to each
    /// new leader among them, so that it can be in the log more than once.
    pub fn agree(&mut self, command: &str, among: &[usize]) -> Result<u64, String> {
        let what = format!("peers {among:?} agree on {command:?}");
        let mut accepted: Option<(usize, u64, u64)> = None;
        self.eventually(&what, |cluster| {
            cluster.applied.check()?;
            let Some((leader, index, term)) = accepted else {
                let leader = cluster.check_leaders(among)?;
                accepted = leader.and_then(|leader| {
                    let (index, term) = cluster.start(leader, command)?;
                    Some((leader, index, term))
                });
                return Ok(None);
            };
            let mut peers = among.iter();
            if peers.all(|peer| cluster.applied.has(*peer, index, command)) {
                return Ok(Some(index));
            }
            // The command may be lost with its leader. Even if it is not, a new leader commits it only together with a
            // command of its own term.
            if cluster.state_of(leader) != (term, true) {
                accepted = None;
            }
            Ok(None)
        })
    }

    /// Stops all peers, and waits until all of their threads have ended.
    pub fn shut_down(mut self) {
        for peer in self.all() {
            self.stop(peer, "killed");
        }
    }

    /// Looks again and again until there is an answer. `what` is the end of the sentence "it did not happen that ...".
    fn eventually<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Cluster) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = look(self)? {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                return Err(format!("it did not happen that {what}"));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Everything that is done to the peers or their network passes here.
    fn fault(&mut self, what: &str, peers: &[usize]) {
        self.last_fault = Some(format!("{what} {peers:?}"));
        peerscope::fault!(Current, what, peers);
    }

    fn boot(&mut self, peer: usize) {
        // Two incarnations of a peer must not wait for the same random times, nor must two peers.
        self.starts += 1;
        let raft = Raft::make(
            self.network.client(peer),
            self.peers.len(),
            self.config.clone(),
            self.seed.wrapping_mul(1_000_003).wrapping_add(self.starts),
            Arc::clone(&self.persisters[peer]),
            self.applied.state_machine(peer),
        );
        self.network.serve(peer, raft.clone());
        self.peers[peer] = Some(raft);
    }

    fn stop(&mut self, peer: usize, how: &str) {
        if let Some(raft) = self.peers[peer].take() {
            let traced = Peer::running(peer);
            raft.kill();
            self.network.remove(peer);
            raft.join();
            if let Some(traced) = traced {
                traced.stop(how);
            }
        }
    }

    fn peer(&self, peer: usize) -> &Arc<Raft> {
        self.peers[peer].as_ref().expect("the scenario has crashed this peer")
    }
}
