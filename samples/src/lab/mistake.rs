//! The mistakes of the lecture, each of which is one small switch in [`raft`](super::raft).

/// What the student got wrong. `raft.rs` reads each mistake at exactly one place, marked "the mistake:".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Nothing: this peer follows the paper.
    None,
    /// 53:41. A vote is counted without asking whether the election it belongs to is still going on.
    StaleVotes,
    /// 57:32. The vote counter asks whether the peer is still a candidate, but not whether it is so in the same term.
    StaleVotesStateOnly,
    /// 46:24. The peer's lock is taken before a RequestVote call and held until the answer is there.
    LockAcrossRpc,
    /// 59:34. The election calls a function that takes the lock which the election already holds.
    Relock,
}
