//! Ids that no other RPC or message of the run has.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use peerscope_format::varint::Sink;

use crate::arg::{Arg, Layout, RpcId};

/// The id of an RPC or a message: a number that rides in it.
///
/// Its last nine decimal digits count those of this process from 1; those before are the process's own, drawn at
/// random, since several processes may make one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u64);

/// Ids of one process; after that many they run into another's.
const OF_A_PROCESS: u64 = 1_000_000_000;
/// Processes draw a number below this, and above 0.
const PROCESSES: u64 = 1_000_000;

impl Id {
    /// A new id.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        static PROCESS: OnceLock<u64> = OnceLock::new();
        let process = *PROCESS.get_or_init(|| 1 + RandomState::new().build_hasher().finish() % (PROCESSES - 1));
        Id(process * OF_A_PROCESS + NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// As it came in a message.
impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Id(number)
    }
}

impl From<Id> for u64 {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl From<Id> for RpcId {
    fn from(id: Id) -> Self {
        RpcId::Number(id.0)
    }
}

impl From<&Id> for RpcId {
    fn from(id: &Id) -> Self {
        RpcId::Number(id.0)
    }
}

impl crate::arg::Sealed for Id {}

impl Arg for Id {
    const LAYOUT: Layout = Layout::U64;
    fn max_len(&self) -> usize {
        self.0.max_len()
    }
    fn put(&self, sink: &mut impl Sink) {
        self.0.put(sink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_up_within_a_process_and_bear_its_mark() {
        let (one, other) = (u64::from(Id::new()), u64::from(Id::new()));
        assert!(one < other && one / OF_A_PROCESS == other / OF_A_PROCESS);
        assert!((1..PROCESSES).contains(&(one / OF_A_PROCESS)));
    }
}
