//! Reads Peerscope traces, names every violated invariant and stuck task, and proves each with the events that show it.
//!
//! ```text
//! files --read--> Trace (model) --> Facts (each computed once) --> detectors --> findings --> report
//! ```
//!
//! - [`read`]: from files to one [`model::Trace`]; the only part that knows files. Damage is data ([`read::Problem`]).
//! - [`model`]: the events of a run in one order, with tables of peers, tasks, locks; knows neither files nor screens.
//! - [`order`](mod@order): happens-before.
//! - [`facts`]: what several detectors ask for: holds, waits, roles, RPCs, what the trace covers.
//! - [`detect`]: findings, the registry of detectors, the linker of causes.
//! - [`report`]: findings as text and JSON.
//! - [`testing`]: fixtures for tests of traces and detectors.

pub mod detect;
pub mod facts;
pub mod model;
pub mod order;
pub mod read;
pub mod report;
pub mod testing;
