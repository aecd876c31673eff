//! What a peer keeps on its disk: it survives a crash of the peer.

use super::rpc::Entry;
use std::sync::Mutex;

/// The state that the paper's Figure 2 calls persistent.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    /// The latest term that the peer has seen.
    pub current_term: u64,
    /// The candidate that got the peer's vote in that term.
    pub voted_for: Option<usize>,
    /// The log without its sentinel: the first element is the entry of index 1.
    pub entries: Vec<Entry>,
}

/// One peer's disk. The cluster keeps it while the peer is down.
#[derive(Debug, Default)]
pub struct Persister {
    disk: Mutex<Durable>,
}

impl Persister {
    /// Replaces what is on the disk.
    pub fn save(&self, durable: Durable) {
        *self.disk.lock().unwrap() = durable;
    }

    /// What is on the disk; that of a new peer is empty.
    pub fn load(&self) -> Durable {
        self.disk.lock().unwrap().clone()
    }
}
