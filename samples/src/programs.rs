//! The programs of the Raft part of the lecture, each of them right and wrong.

pub mod raft_lab;
pub mod raft_lock_across_rpc;
pub mod raft_relock;
pub mod raft_stale_votes;
