//! What a program that links `peerscope` leaves behind: each scenario plays in a process of its own, and the test reads
//! the file that it recorded.

#![cfg(all(feature = "record", feature = "tracing", unix))]

#[path = "../common/mod.rs"]
mod common;

mod condvar;
mod dprintf;
mod files;
mod filters;
mod foreign;
mod groups;
mod identity;
mod mpsc;
mod mutex;
mod once;
mod once_each;
mod ring;
mod rw_lock;
mod shared;
mod simulated;
mod size;
mod slots;
mod survival;
mod switching;
mod threads;
mod vocabulary;
mod waiting;
mod watchdog;
