//! The head of a file: writer and reader.

use super::{Corrupt, Strings};
use crate::header::TraceHeader;
use crate::value::{FromValue, MapRef, Value, ValueRef};
use crate::varint::Cursor;

/// Bytes before the first chunk.
pub const FILE_HEAD: usize = 4096;
/// Where `lost_events:u64` stands; `lost_bytes:u64` follows it.
pub const LOST_EVENTS_OFFSET: usize = 24;

/// Where `chunks:u32` stands.
pub const CHUNKS_OFFSET: usize = 40;
/// Where `newest:u32` stands: 1 + the number of the newest chunk that carries no events.
pub const NEWEST_OFFSET: usize = 44;
/// Where `overwritten_events:u64` stands; `overwritten_bytes:u64` and `overwritten_until:u64` follow it.
pub const OVERWRITTEN_OFFSET: usize = 48;
/// The largest chunk, in bytes.
pub(super) const MAX_CHUNK: usize = 16 << 20;

const MAGIC: [u8; 8] = *b"\x89PScope\n";
const VERSION: u32 = 2;
const BODY: usize = 128;
/// What version 1 did not have: slots, records among the definitions, and the ring.
const VERSION_WITHOUT_SLOTS: u32 = 1;
const BODY_WITHOUT_SLOTS: usize = 64;
const CHUNK_SIZES: std::ops::RangeInclusive<u32> = 4096..=MAX_CHUNK as u32;

/// What a tick of `delta` and `base_ticks` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// A nanosecond since the trace's start.
    Nanosecond,
    /// A tick of a processor's counter; pairs of (ticks, ns) in the file say how long one is.
    Counter,
}

/// What a ring has overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overwritten {
    /// Records of events.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The time of the latest of them, in ticks: all later events are there.
    pub until: u64,
}

/// The head of a file, all but the free key/values.
#[derive(Clone, Debug, PartialEq)]
pub struct FileHead {
    /// Bytes a chunk.
    pub chunk_size: u32,
    /// The unit of times.
    pub tick: Tick,
    /// Where the trace comes from; its `meta` is written as definitions, not here.
    pub header: TraceHeader,
    /// Events that could not be recorded.
    pub lost_events: u64,
    /// Bytes of those events, where known.
    pub lost_bytes: u64,
    /// How many chunks there are, if the file was closed; one that was not has as many as are found.
    pub chunks: Option<u32>,
    /// The number of the newest chunk that carries no events; each names the one before it.
    pub newest: Option<u32>,
    /// Whether it is so: from version 2 of the format on, which is what is written.
    pub is_chained: bool,
    /// What the ring has overwritten, in a trace that keeps its latest events only.
    pub overwritten: Overwritten,
}

impl FileHead {
    /// The head as bytes. Texts are cut so that it fits.
    pub fn encode(&self) -> [u8; FILE_HEAD] {
        let header = &self.header;
        let text = |value: &Option<String>| value.as_ref().map(|text| Value::from(cut(text, 512)));
        let tick = match self.tick {
            Tick::Nanosecond => "ns",
            Tick::Counter => "counter",
        };
        let body = [
            ("tick", Some(Value::from(tick))),
            ("start", text(&header.start)),
            ("host", text(&header.host)),
            ("boot", text(&header.boot)),
            ("pid", header.pid.map(Value::U64)),
            ("clock", text(&header.clock)),
            ("one_writer", header.one_writer.then_some(Value::Bool(true))),
        ];
        let body = body.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let body = Value::Map(body).to_bytes();

        let mut bytes = [0; FILE_HEAD];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.chunk_size.to_le_bytes());
        bytes[16..20].copy_from_slice(&(body.len() as u32).to_le_bytes());
        bytes[BODY..BODY + body.len()].copy_from_slice(&body);
        let crc = head_crc(&bytes, BODY, body.len());
        bytes[20..24].copy_from_slice(&crc.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.lost_events.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.lost_bytes.to_le_bytes());
        let plus_one = |number: Option<u32>| number.map_or(0, |number| number.saturating_add(1)).to_le_bytes();
        bytes[CHUNKS_OFFSET..][..4].copy_from_slice(&plus_one(self.chunks));
        bytes[NEWEST_OFFSET..][..4].copy_from_slice(&plus_one(self.newest));
        let Overwritten { events, bytes: lost, until } = self.overwritten;
        for (place, number) in [events, lost, until].into_iter().enumerate() {
            bytes[OVERWRITTEN_OFFSET + 8 * place..][..8].copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Whether a file that begins so is a trace.
    pub fn is_begin(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// Reads a head. Nothing in a file without one can be trusted, so its damage is an error and not a problem.
    pub fn decode(bytes: &[u8]) -> Result<Self, Corrupt> {
        if !Self::is_begin(bytes) {
            return Err(Corrupt("this is not a Peerscope trace: it does not begin with its mark"));
        }
        if bytes.len() < FILE_HEAD {
            return Err(Corrupt("the trace ends within its head"));
        }
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        let start = match u32_at(8) {
            VERSION => BODY,
            VERSION_WITHOUT_SLOTS => BODY_WITHOUT_SLOTS,
            _ => {
                let other = "the trace is of another version of the format; record it again, or update Peerscope";
                return Err(Corrupt(other));
            }
        };
        let body_len = u32_at(16) as usize;
        if body_len > FILE_HEAD - start || u32_at(20) != head_crc(bytes, start, body_len) {
            return Err(Corrupt("the head of the trace does not match its sum"));
        }
        let chunk_size = u32_at(12);
        if !CHUNK_SIZES.contains(&chunk_size) {
            return Err(Corrupt("the trace has an impossible chunk size"));
        }
        let strings = Strings::default();
        let body = ValueRef::decode(&mut Cursor::new(&bytes[start..start + body_len]), &strings)?;
        let body = MapRef::from_value(body).ok_or(Corrupt("the head of the trace is no map"))?;
        let text = |name: &str| body.get(name).and_then(<&str>::from_value).map(str::to_owned);
        let tick = match body.get("tick").and_then(<&str>::from_value) {
            Some("ns") => Tick::Nanosecond,
            Some("counter") => Tick::Counter,
            _ => return Err(Corrupt("the trace has an unknown unit of time")),
        };
        let has_slots = start == BODY;
        let counter = |place: usize| u64_at(OVERWRITTEN_OFFSET + 8 * place);
        let overwritten = Overwritten { events: counter(0), bytes: counter(1), until: counter(2) };
        Ok(FileHead {
            chunk_size,
            tick,
            header: TraceHeader {
                start: text("start"),
                host: text("host"),
                boot: text("boot"),
                pid: body.get("pid").and_then(u64::from_value),
                clock: text("clock"),
                one_writer: body.get("one_writer").and_then(bool::from_value).unwrap_or(false),
                meta: Vec::new(),
            },
            lost_events: u64_at(24),
            lost_bytes: u64_at(32),
            chunks: u32_at(CHUNKS_OFFSET).checked_sub(1),
            newest: has_slots.then(|| u32_at(NEWEST_OFFSET)).and_then(|newest| newest.checked_sub(1)),
            is_chained: has_slots,
            overwritten: if has_slots { overwritten } else { Overwritten::default() },
        })
    }
}

fn head_crc(bytes: &[u8], body: usize, body_len: usize) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[8..20]);
    hasher.update(&bytes[body..body + body_len]);
    hasher.finalize()
}

/// The longest beginning of `text` that has at most `limit` bytes.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}
