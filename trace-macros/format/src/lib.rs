//! What Peerscope's emitters and its analyzer share, and nothing else: the vocabulary of events, and its two file
//! forms, each with writer and reader side by side.
//!
//! - [`vocabulary`]: every event kind, declared once: name, fields, types, meaning.
//! - [`value`]: the values that fields hold, owned and borrowed; ids, terms, log indexes.
//! - [`shape`]: how one call site's records look: constant fields once, the others by encoding.
//! - [`filter`]: which events a recorder was told to leave out.
//! - [`header`]: what a trace says about the run that it comes from.
//! - [`wire`]: the native file (`.pscope`); its grammar is that module's documentation.
//! - [`varint`]: integers on the wire.
//! - `json` (feature `json`): the same events as JSON Lines.
//!
//! Data flow: a recorder registers a [`shape::Shape`] per call site and appends records; a reader gets [`shape::Record`]s
//! back and turns one into a typed [`vocabulary::Body`] where it knows the kind.

pub mod filter;
pub mod header;
#[cfg(feature = "json")]
pub mod json;
pub mod shape;
pub mod value;
pub mod varint;
pub mod vocabulary;
pub mod wire;
