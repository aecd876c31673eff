//! Channels and wait groups of `crossbeam`: what a program with them leaves behind (as in `tests/scenarios`, each scenario plays in a
//! process of its own), and the proof of "change the `use` lines".

#[cfg(all(feature = "record", feature = "tracing", unix))]
mod channels;
#[cfg(all(feature = "record", feature = "tracing", unix))]
#[allow(dead_code, unused_imports, reason = "the scenarios of the other test binary use the rest")]
#[path = "../common/mod.rs"]
mod common;
mod originals;
#[cfg(all(feature = "record", feature = "tracing", unix))]
mod selects;
#[cfg(all(feature = "record", feature = "tracing", unix))]
mod wait_groups;
