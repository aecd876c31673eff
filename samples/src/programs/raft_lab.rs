//! The whole lab (lecture 72:42 to 80:53): five peers that run by the clock, and a tester that is unkind to them.
//!
//! The peers elect a leader and agree on commands. The leader's cable is pulled and plugged in again, a follower
//! crashes, everybody crashes, the network loses and reorders messages, and the old leader is cut off with a minority.
//! Through all of this a term must have one leader at most, and no two peers may apply different commands at one index.
//! Each phase has a name, so that a failure says what the tester was doing at that time.

use crate::lab::mistake::Mistake;
use crate::lab::tester::Tester;

/// Runs all phases. With [`Mistake::Relock`] or [`Mistake::LockAcrossRpc`] it may hang for ever, as it did in the
/// lecture; the scenarios about those mistakes do not.
pub fn run(mistake: Mistake, seed: u64) -> Result<(), String> {
    Tester::new(5, mistake, seed).run()
}
