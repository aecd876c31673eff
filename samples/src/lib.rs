//! Known-bug programs, each with its fixed twin: what the lecture showed, recorded and judged.
//!
//! - [`lab`]: a Raft lab as students know it; `raft.rs` is the file that they write.
//! - [`programs`]: one file a program: its story, and how it is made to happen.
//! - [`registry`]: all programs with their variants and what must be found in each.

pub mod lab;
pub mod programs;
pub mod registry;
