//! What it costs to instrument a Raft: the lines in which `raft.rs` differs from its uninstrumented twin, `use` lines not
//! counted. The network and the tester, which a course hands out, are not counted either.

use similar::{ChangeTag, TextDiff};

const TWIN: &str = include_str!("twin/raft.rs");
const INSTRUMENTED: &str = include_str!("../src/lab/raft.rs");

/// What the design allows.
const MOST_CHANGED_LINES: usize = 25;

/// Added and removed lines, all but `use` lines; blank ones do not count.
fn changed_lines() -> Vec<String> {
    let diff = TextDiff::from_lines(TWIN, INSTRUMENTED);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    let lines = changes.map(|change| format!("{}{}", change.tag(), change.value().trim_end()));
    lines.filter(|line| line.len() > 1 && !line[1..].starts_with("use ")).collect()
}

#[test]
fn a_raft_is_instrumented_in_at_most_25_changed_lines() {
    let changed = changed_lines();
    println!("{} changed lines beyond `use`:\n{}", changed.len(), changed.join("\n"));
    assert!(changed.len() <= MOST_CHANGED_LINES, "{} lines", changed.len());
}

/// The diff counts for something only if the twin is the same program: without any trace of us, and built as it stands.
#[test]
fn the_twin_knows_nothing_of_us() {
    assert!(!TWIN.contains("peerscope"));
}

#[path = "../src/lab"]
#[allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "the twin in the place of the instrumented file; nobody runs it"
)]
mod twin {
    #[path = "applied.rs"]
    pub mod applied;
    #[path = "config.rs"]
    pub mod config;
    #[path = "log.rs"]
    pub mod log;
    #[path = "message.rs"]
    pub mod message;
    #[path = "mistake.rs"]
    pub mod mistake;
    #[path = "network.rs"]
    pub mod network;
    #[path = "persister.rs"]
    pub mod persister;
    #[path = "../../tests/twin/raft.rs"]
    pub mod raft;
    #[path = "random.rs"]
    pub mod random;
    #[path = "record.rs"]
    mod record;
    #[path = "rpc.rs"]
    pub mod rpc;
    #[path = "weather.rs"]
    pub mod weather;
}
