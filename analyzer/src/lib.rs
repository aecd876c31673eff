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
//! - [`vocabulary`], [`value`]: kinds of events, and what their fields hold, for those who show events.

pub mod detect;
pub mod facts;
pub mod model;
pub mod order;
pub mod read;
pub mod report;
pub mod testing;

// Kinds of events, and a typed body of each ([`model::Event::body`]): part of what the model says.
pub use peerscope_format::vocabulary;

/// What the fields of events hold, and the fields of any event one by one ([`model::Event::record`]).
pub mod value {
    pub use peerscope_format::shape::{Record, Slot};
    pub use peerscope_format::value::{
        Entries, Entry, FieldType, Id, IdSets, Ids, ListRef, LogIndex, MapRef, Term, Value, ValueRef,
    };
}
