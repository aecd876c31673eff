//! A whole trace file in memory: reader and writer, and the clock that turns ticks into nanoseconds.

use std::fmt;
use std::io::{self, Write};

use super::file::MAX_CHUNK;
use super::{CHUNK_HEAD, ChunkHead, ChunkRole, Corrupt, FileHead, Overwritten, Records, Tables, Tick};
use crate::header::TraceHeader;

/// What a file carries, with the parts that could not be read left out.
#[derive(Clone, Debug)]
pub struct Image {
    /// Where the trace comes from, `meta` included.
    pub header: TraceHeader,
    /// The unit of times.
    pub tick: Tick,
    /// What records refer to.
    pub tables: Tables,
    /// The chunks with events, in the order in which they were taken.
    pub chunks: Vec<EventChunk>,
    /// Events that the recorder could not write.
    pub lost_events: u64,
    /// Bytes of those events, where known.
    pub lost_bytes: u64,
}

/// One chunk's committed records.
#[derive(Clone, Debug)]
pub struct EventChunk {
    /// Where `payload` stands in the file.
    pub offset: u64,
    /// The time before the first record, in ticks.
    pub base_ticks: u64,
    /// The records.
    pub payload: Box<[u8]>,
}

/// Something about a trace that keeps it from being whole; data, not a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What sort it is.
    pub kind: ProblemKind,
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// What exactly, and what it costs.
    pub detail: String,
}

/// The sorts of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The file ends too early.
    Truncated,
    /// Bytes contradict their sum or the grammar.
    Corrupt,
    /// The recorder itself counted what it could not keep.
    Lost,
    /// A value is not what the vocabulary says; it was kept as it is.
    Unexpected,
    /// The program did not end by itself, or is still running.
    CutOff,
}

impl ProblemKind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            ProblemKind::Truncated => "truncated",
            ProblemKind::Corrupt => "corrupt",
            ProblemKind::Lost => "lost",
            ProblemKind::Unexpected => "unexpected",
            ProblemKind::CutOff => "cut-off",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} at byte {}: {}", self.kind.name(), self.offset, self.detail)
    }
}

/// Why no part of a file can be used.
#[derive(Debug)]
pub enum ReadError {
    /// The file could not be read.
    Io(io::Error),
    /// It is not a trace, or its head is damaged.
    Corrupt(Corrupt),
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io(error) => error.fmt(out),
            ReadError::Corrupt(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError::Io(error)
    }
}

impl Image {
    /// The records of `chunk`.
    pub fn records<'a>(&'a self, chunk: &'a EventChunk) -> Records<'a> {
        Records::new(&chunk.payload, chunk.base_ticks, &self.tables)
    }

    /// How ticks become nanoseconds.
    pub fn clock(&self) -> Clock {
        match self.tick {
            Tick::Nanosecond => Clock::NANOSECONDS,
            Tick::Counter => Clock::from_pairs(&self.tables.clock),
        }
    }

    /// Writes the trace as a file, every chunk sealed.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut definitions = Vec::new();
        let mut entry = Vec::new();
        let longest = self.chunks.iter().map(|chunk| chunk.payload.len()).max().unwrap_or(0);
        let mut payloads = Vec::new();
        let room = |len: usize| (len + CHUNK_HEAD).next_power_of_two().clamp(4096, MAX_CHUNK);
        let mut chunk_size = room(longest);
        for definition in self.tables.definitions() {
            entry.clear();
            definition.encode(&mut entry);
            if entry.len() + CHUNK_HEAD > MAX_CHUNK {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a text of this trace is longer than a chunk can be",
                ));
            }
            chunk_size = chunk_size.max(room(entry.len()));
            if !definitions.is_empty() && definitions.len() + entry.len() + CHUNK_HEAD > chunk_size {
                payloads.push((ChunkRole::Definitions, 0, std::mem::take(&mut definitions)));
            }
            definitions.extend_from_slice(&entry);
        }
        payloads.push((ChunkRole::Definitions, 0, definitions));

        let chunks = (payloads.len() + self.chunks.len()) as u32;
        let head = FileHead {
            chunk_size: chunk_size as u32,
            tick: self.tick,
            header: self.header.clone(),
            lost_events: self.lost_events,
            lost_bytes: self.lost_bytes,
            chunks: Some(chunks),
            newest: payloads.len().checked_sub(1).map(|number| number as u32),
            is_chained: true,
            overwritten: Overwritten::default(),
        };
        out.write_all(&head.encode())?;
        let clock = self.clock();
        let padding = vec![0; chunk_size];
        let events = self.chunks.iter().map(|chunk| (ChunkRole::Events, chunk.base_ticks, &*chunk.payload));
        let definitions = payloads.iter().map(|(role, base, payload)| (*role, *base, &payload[..]));
        for (number, (role, base_ticks, payload)) in definitions.chain(events).enumerate() {
            let head = ChunkHead {
                role,
                number: number as u32,
                generation: number as u64,
                base_ticks,
                base_ns: clock.ns(base_ticks),
                previous: (role != ChunkRole::Events)
                    .then(|| number.checked_sub(1))
                    .flatten()
                    .map(|number| number as u32),
                committed: payload.len() as u32,
                sealed: Some(crc32fast::hash(payload)),
            };
            out.write_all(&head.encode())?;
            out.write_all(payload)?;
            out.write_all(&padding[..chunk_size - CHUNK_HEAD - payload.len()])?;
        }
        out.flush()
    }
}

/// Turns ticks into nanoseconds since the trace's start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base_ticks: u64,
    base_ns: u64,
    /// Nanoseconds a tick, times 2^32.
    rate: u64,
}

impl Clock {
    /// Ticks that are nanoseconds.
    pub const NANOSECONDS: Clock = Clock { base_ticks: 0, base_ns: 0, rate: 1 << 32 };

    /// Fits a line through the first and the last of `pairs` (ticks, ns): the longest base gives the best rate.
    pub fn from_pairs(pairs: &[(u64, u64)]) -> Clock {
        let (Some(&first), Some(&last)) = (pairs.iter().min(), pairs.iter().max()) else {
            return Clock::NANOSECONDS;
        };
        let (ticks, ns) = (last.0 - first.0, last.1.saturating_sub(first.1));
        let rate = if ticks == 0 { 1 << 32 } else { (u128::from(ns) << 32) / u128::from(ticks) };
        Clock { base_ticks: first.0, base_ns: first.1, rate: u64::try_from(rate).unwrap_or(u64::MAX) }
    }

    /// The time at `ticks`, in ns since the trace's start.
    #[inline]
    pub fn ns(&self, ticks: u64) -> u64 {
        if ticks >= self.base_ticks {
            let ns = (u128::from(ticks - self.base_ticks) * u128::from(self.rate)) >> 32;
            self.base_ns.saturating_add(u64::try_from(ns).unwrap_or(u64::MAX))
        } else {
            let ns = (u128::from(self.base_ticks - ticks) * u128::from(self.rate)) >> 32;
            self.base_ns.saturating_sub(u64::try_from(ns).unwrap_or(u64::MAX))
        }
    }
}
