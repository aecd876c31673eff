//! What the peers' state machines were told to do, and whether they agree.

use std::sync::{Arc, Mutex};

/// Where a peer sends the commands that are committed.
pub trait StateMachine: Send {
    /// Does the command of this index. A peer calls it once per index, in order, with its lock held.
    fn apply(&mut self, index: u64, command: &str);
}

/// The applied commands of all peers; each clone is a handle to the same record.
#[derive(Clone)]
pub struct Applied {
    record: Arc<Mutex<Record>>,
}

struct Record {
    /// The command of each index as the first peer applied it; index 1 is the first element.
    chosen: Vec<String>,
    /// How far each peer has got since it was last started.
    up_to: Vec<u64>,
    /// The first thing that went wrong, if any did.
    disagreement: Option<String>,
}

impl Applied {
    /// A record for so many peers, none of which has applied anything.
    pub fn new(peers: usize) -> Applied {
        let record = Record { chosen: Vec::new(), up_to: vec![0; peers], disagreement: None };
        Applied { record: Arc::new(Mutex::new(record)) }
    }

    /// A new, empty state machine for a peer that starts.
    pub fn state_machine(&self, peer: usize) -> Box<dyn StateMachine> {
        self.record.lock().unwrap().up_to[peer] = 0;
        Box::new(CheckedStateMachine { peer, record: Arc::clone(&self.record) })
    }

    /// Whether the peer has applied this command at this index.
    pub fn has(&self, peer: usize, index: u64, command: &str) -> bool {
        let record = self.record.lock().unwrap();
        let chosen = record.chosen.get(index as usize - 1);
        record.up_to[peer] >= index && chosen.is_some_and(|chosen| chosen == command)
    }

    /// Whether any peer has applied this command at any index.
    pub fn contains(&self, command: &str) -> bool {
        let record = self.record.lock().unwrap();
        record.chosen.iter().any(|chosen| chosen == command)
    }

    /// An error if two peers ever applied different commands at one index, or one of them left an index out.
    pub fn check(&self) -> Result<(), String> {
        match &self.record.lock().unwrap().disagreement {
            Some(disagreement) => Err(disagreement.clone()),
            None => Ok(()),
        }
    }
}

/// A state machine that does nothing but compare.
struct CheckedStateMachine {
    peer: usize,
    record: Arc<Mutex<Record>>,
}

impl StateMachine for CheckedStateMachine {
    fn apply(&mut self, index: u64, command: &str) {
        let mut record = self.record.lock().unwrap();
        let peer = self.peer;
        let expected = record.up_to[peer] + 1;
        if index != expected {
            let what = format!("peer {peer} applied index {index} instead of {expected}");
            record.disagreement.get_or_insert(what);
            return;
        }
        record.up_to[peer] = index;
        match record.chosen.get(index as usize - 1) {
            None => record.chosen.push(command.to_owned()),
            Some(chosen) if chosen != command => {
                let what = format!("peer {peer} applied {command:?} at index {index}, another one {chosen:?}");
                record.disagreement.get_or_insert(what);
            }
            Some(_) => {}
        }
    }
}
