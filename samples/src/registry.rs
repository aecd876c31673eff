//! All programs with their variants, and what must be found in each: the one list that the command line and the tests
//! read.

use crate::lab::mistake::Mistake;
use crate::programs::{raft_lab, raft_lock_across_rpc, raft_relock, raft_stale_votes};

/// A program of the lecture.
#[derive(Debug)]
pub struct Sample {
    /// Its name on the command line.
    pub name: &'static str,
    /// When the lecture shows it, minutes and seconds.
    pub lecture: &'static str,
    /// What it is about, in one line.
    pub summary: &'static str,
    /// Its variants; the first one is the default.
    pub variants: &'static [Variant],
}

/// One way to run a [`Sample`].
#[derive(Debug)]
pub struct Variant {
    /// `buggy`, `fixed`, or what else there is.
    pub name: &'static str,
    /// The program. An error is the verdict of its own tester; after one that begins with "hung: ", threads are stuck.
    pub run: fn(u64) -> Result<(), String>,
    /// The detectors whose findings must come, of severity error or warning, and that no other finding causes: exactly these.
    pub expect: &'static [&'static str],
    /// Those that must come as consequences; further consequences may.
    pub also: &'static [&'static str],
}

impl Sample {
    /// The variant called `name`.
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }
}

/// The sample called `name`.
pub fn find(name: &str) -> Option<&'static Sample> {
    SAMPLES.iter().find(|sample| sample.name == name)
}

/// All samples, by name.
pub const SAMPLES: &[Sample] = &[
    Sample {
        name: "raft-lab",
        lecture: "72:42",
        summary: "the whole Raft lab: elections, agreement, crashes, an unreliable network, partitions",
        variants: &[Variant { name: "fixed", run: |seed| raft_lab::run(Mistake::None, seed), expect: &[], also: &[] }],
    },
    Sample {
        name: "raft-lock-across-rpc",
        lecture: "46:24",
        summary: "two candidates hold their own locks while they ask each other for a vote",
        variants: &[
            Variant {
                name: "buggy",
                run: |seed| raft_lock_across_rpc::run(Mistake::LockAcrossRpc, seed),
                expect: &["lock-held-across-rpc"],
                also: &["distributed-deadlock"],
            },
            Variant {
                name: "fixed",
                run: |seed| raft_lock_across_rpc::run(Mistake::None, seed),
                expect: &[],
                also: &[],
            },
        ],
    },
    Sample {
        name: "raft-relock",
        lecture: "59:34",
        summary: "an election takes the peer's lock and calls a function that takes it again",
        variants: &[
            Variant {
                name: "buggy",
                run: |seed| raft_relock::run(Mistake::Relock, seed),
                expect: &["self-deadlock"],
                also: &[],
            },
            Variant { name: "fixed", run: |seed| raft_relock::run(Mistake::None, seed), expect: &[], also: &[] },
        ],
    },
    Sample {
        name: "raft-stale-votes",
        lecture: "53:41",
        summary: "votes of term 1 are counted when the term is already 2: two leaders",
        variants: &[
            Variant {
                name: "buggy",
                run: |seed| raft_stale_votes::run(Mistake::StaleVotes, seed),
                expect: &["stale-reply-acted-on"],
                also: &["two-leaders-in-term"],
            },
            Variant { name: "fixed", run: |seed| raft_stale_votes::run(Mistake::None, seed), expect: &[], also: &[] },
            Variant {
                name: "state-only",
                run: |seed| raft_stale_votes::run_with_second_election(Mistake::StaleVotesStateOnly, seed),
                expect: &["stale-reply-acted-on"],
                also: &["two-leaders-in-term"],
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_in_order_and_each_has_a_variant() {
        assert!(SAMPLES.is_sorted_by_key(|sample| sample.name));
        assert!(SAMPLES.iter().all(|sample| !sample.variants.is_empty()));
    }
}
