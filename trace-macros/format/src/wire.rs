//! The native file, `.pscope`: what the recorder leaves behind, whole up to the last committed record however the
//! process ended.
//!
//! # Grammar
//!
//! Integers of a fixed width have their little end first; `varint` is [`crate::varint`]'s, `any` and `text` are
//! [`crate::value`]'s.
//!
//! ```text
//! file       := head chunk*                        head: 4096 bytes; every chunk: `chunk_size` bytes
//! head       := magic:byte{8} version:u32 chunk_size:u32 body_len:u32 crc:u32
//!               lost_events:u64 lost_bytes:u64 chunks:u32 newest:u32 overwritten:u64{3} zero{56} body:any zero*
//!               crc = CRC-32 of version, chunk_size, body_len and body; the counters behind it may change while the
//!               program runs; chunks = 0 while the file is open, then the number of its chunks + 1; newest = the number
//!               of the newest chunk of role 2 or 3, + 1; overwritten = events, bytes, and the ticks of the latest of them;
//!               body = a map of `tick` ("ns" or "counter"), `start host boot pid clock one_writer`.
//!               In version 1, body stands in the place of newest and what follows it is zero
//! chunk      := magic:u32 role:u32 number:u32 crc:u32 generation:u64 base_ticks:u64 base_ns:u64 previous:u32 zero{4}
//!               committed:u32 sealed:u32 payload_crc:u32 zero{4} payload
//!               crc = CRC-32 of all before `committed` but itself; number = place in the file, from 0;
//!               generation = the order in which chunks were taken; a chunk whose magic is zero is unused;
//!               previous = of role 2 or 3: the number of the chunk of role 2 or 3 before it, + 1
//! payload    := record* (role 1) | definition* (role 2) | slot* (role 3); its first `committed` bytes count.
//!               sealed = 1: nobody writes here any more, and payload_crc = CRC-32 of those bytes
//! record     := shape:varint delta:varint value*   shape >= 3; the time is `delta` ticks after the one before it in
//!                                                  the chunk (the first: after base_ticks); values by the shape
//!             | 1 context:varint term              from here on, records belong to this context and term
//!             | 2 term                             from here on, records carry this term
//!             | 0 simulated                        from here on, records carry this simulated time
//! term       := varint                             0 = unknown, otherwise the term + 1
//! simulated  := varint                             1 = unknown, otherwise ns + 2; never 0, so that zeros are no records
//! definition := length:u32 crc:u32 body            crc = CRC-32 of body, which has `length` bytes
//! slot       := more:u32 zero{60} pin{13}          1,216 bytes; more = holds beyond the pins that there are. Pins: the task's
//!                                                  first record, four for waits (128 bytes each), eight for holds (64 bytes)
//! pin        := state:u64 ticks:u64 term:u64 context:u32 shape:u32 values
//!               state = 0: empty; else the low half of ticks (high half), 0xa5, length of the values ([`slot::pin_state`])
//! body       := 1 id:varint text                   a string
//!             | 2 id:varint kind:text field*       a shape (fields up to the end of the body)
//!             | 3 id:varint any{5}                 a context: test, cluster, peer, incarnation, task; null = unknown
//!             | 4 key:text any                     a free key/value of the run
//!             | 5 ticks:varint ns:varint           the clock was read: both at the same moment
//!             | 6 ticks:varint 1 context term shape 0 value*   a record that stays, whatever a ring overwrites
//! field      := name:text tag:byte [any | count:varint field{count}]    any after tag 0, fields after tag 8
//! ```
//!
//! # Why it survives
//!
//! The file is mapped shared, so every store is in the kernel's page cache the moment it retires; only a loss of power
//! takes it away. A chunk has one writer at a time. The writer stores a record's bytes and then, with *release*, the new
//! `committed`; a reader that loads `committed` with *acquire* (or by a `read` of the file, later than that store)
//! therefore sees whole records only. A definition is committed before the first record that uses it, so a reader that
//! reads definitions *after* records finds them all. The length of a chunk whose writer died is its `committed`.
//!
//! # What a ring keeps
//!
//! A trace that keeps its latest events only gives the chunk of events that was sealed first to whoever needs one. Before it
//! does so it counts what the chunk holds as overwritten, raises the time of the latest of these records, and takes the
//! chunk's magic away; the new owner's generation is a higher one. Definitions and slots are never overwritten: with them a
//! reader knows what the objects are called that the rest is about, and what each live task holds and waits for since
//! when (see `put_back` for how it is put together).
//!
//! # What a damaged file costs
//!
//! A sealed chunk whose sum is wrong is left out whole. In a chunk that is not sealed (those in use when a
//! process was killed, or that threads still held when it ended) there is no sum: damage there shows where it breaks the grammar, and the rest of that chunk is left out.
//! Each definition has a sum of its own. [`Image::read`] says what was left out, with offsets.

mod builder;
mod chunk;
mod definition;
mod file;
mod image;
mod put_back;
mod reader;
mod record;
pub mod slot;

use std::fmt;

pub use builder::{EventHead, ImageBuilder};
pub use chunk::{CHUNK_HEAD, ChunkHead, ChunkRole, offset as chunk_offset};
pub use definition::{Context, Definition, Sparse, Tables};
pub use file::{
    CHUNKS_OFFSET, FILE_HEAD, FileHead, LOST_EVENTS_OFFSET, NEWEST_OFFSET, OVERWRITTEN_OFFSET, Overwritten, Tick,
};
pub use image::{Clock, EventChunk, Image, Problem, ProblemKind, ReadError};
pub use record::{
    CONTEXT, FIRST_SHAPE, RawRecord, Records, SIMULATED, TERM, put_context, put_head, put_simulated, put_term,
};

/// Why bytes could not be read; the caller knows where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt(pub &'static str);

impl fmt::Display for Corrupt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for Corrupt {}

/// The string table of a trace.
#[derive(Clone, Debug, Default)]
pub struct Strings(definition::Sparse<Box<str>>);

impl Strings {
    /// The text with this id.
    #[inline]
    pub fn get(&self, id: u64) -> Result<&str, Corrupt> {
        self.0.get(id).map(|text| &**text).ok_or(Corrupt("a text is not in the string table"))
    }

    /// How many ids there are, unused ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}
