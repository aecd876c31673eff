//! The watchdog of a build without the feature `record`: it has nothing to look at.

use std::time::Duration;

/// Does nothing in this build.
pub fn watchdog(_after: Duration) -> Watchdog {
    Watchdog(())
}

/// What [`watchdog`] returns.
#[derive(Debug)]
#[must_use = "it stops when it is dropped"]
pub struct Watchdog(());

impl Watchdog {
    /// How many reports it has written: none.
    pub fn reports(&self) -> u64 {
        0
    }
}
