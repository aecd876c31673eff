//! JSON Lines (`.jsonl`): the form of a trace that any language can write; reader and writer.
//!
//! # The rules
//!
//! - The first line is the header; of its keys only `peerscope` (the version, 1) and `unit` (`ns`) are required. Keys
//!   that it does not know are kept among the free ones. Then follows one event a line, of at most [`MAX_LINE`] bytes.
//!   Blank lines, `\r\n` and a UTF-8 byte order mark are accepted.
//! - `ts peer test cluster inc term task` are always the event's head, wherever they stand in the line; `null` there
//!   means unknown. A head field of the wrong type is kept as an ordinary field of that name.
//! - Kinds and fields that the vocabulary does not know are kept as they are, lists and maps and `null` included, up to
//!   a depth of [`crate::value::MAX_DEPTH`]. Of a key that stands twice in one event, the last counts.
//! - Ids are strings or numbers; `4` and `"4"` are the same id and are stored as the number. Counts, terms and indexes
//!   may be strings as well. Integers are exact from `i64::MIN` to `u64::MAX`, all other numbers are 64-bit floats.
//! - What is wrong with a line costs that line alone, and is said: not JSON, no `kind`, too long, torn. A missing `ts`
//!   or one that runs backwards becomes the previous event's.
//!
//! # The canonical form
//!
//! [`LineWriter`] writes ids always as strings, and the keys of an event in one order: `ts sim test cluster peer inc
//! term task kind`, the kind's own fields as the vocabulary lists them, `src level topic restored`, the unknown fields
//! as they came. Reading what it wrote and writing that again gives the same bytes. What JSON cannot say becomes text:
//! a float that is no number (`"NaN"`, `"inf"`, `"-inf"`), and whatever is nested more deeply than a reader accepts
//! (`"..."`). Where the head lacks something, a record's field of that name stands in its place; where it does not, the
//! field is left out.

mod assemble;
mod header;
mod lines;
mod plan;
mod read;
mod scan;
mod trouble;
mod write;

pub use read::{MAX_LINE, read};
pub use write::LineWriter;
