//! All timing of the lab in one place, so that a run is quick and no constant hides in the code.

use super::mistake::Mistake;
use std::ops::Range;
use std::time::Duration;

/// Who decides that an election is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timers {
    /// Each peer's ticker does, by the clock.
    Automatic,
    /// The scenario does. There is no ticker, hence no heartbeat either but the one that follows an election or a
    /// command.
    Manual,
}

/// How a peer and its network are set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who fires the election timers.
    pub timers: Timers,
    /// How often a ticker looks whether its timer is due.
    pub tick: Duration,
    /// How long a leader lets its followers wait for a sign of life.
    pub heartbeat: Duration,
    /// A follower that hears nothing for a random time within this range starts an election.
    pub election: Range<Duration>,
    /// When a caller gives up a call. `None`: it waits for as long as an answer is possible.
    pub rpc_timeout: Option<Duration>,
    /// The mistake that all peers make.
    pub mistake: Mistake,
}

impl Config {
    /// Peers that run by the clock. The election timeout is several heartbeats, so that one late thread on a busy
    /// machine does not cost the leader its office.
    pub fn automatic(mistake: Mistake) -> Config {
        Config {
            timers: Timers::Automatic,
            tick: Duration::from_millis(10),
            heartbeat: Duration::from_millis(20),
            election: Duration::from_millis(60)..Duration::from_millis(150),
            rpc_timeout: Some(Duration::from_millis(100)),
            mistake,
        }
    }

    /// Peers that do nothing unless the scenario fires their timer, and calls that never time out: what happens
    /// depends on the scenario's gates alone, not on the machine's load.
    pub fn manual(mistake: Mistake) -> Config {
        Config { timers: Timers::Manual, rpc_timeout: None, ..Config::automatic(mistake) }
    }
}
