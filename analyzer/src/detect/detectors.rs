//! One file a detector; the list of them is [`super::registry::DETECTORS`].

pub mod distributed_deadlock;
pub mod lock_held_across_rpc;
pub mod self_deadlock;
pub mod stale_reply_acted_on;
pub mod stuck_task;
pub mod term_regression;
pub mod two_leaders_in_term;
