//! `peerscope` beside programs that run: `run`, and what follows a trace that grows. The programs are parts of this test
//! binary, each played in a process of its own.
#![cfg(unix)]

mod common;
mod follow;
mod programs;
mod run;
mod terminal;
