//! A whole trace file in memory: reader and writer, and the clock that turns ticks into nanoseconds.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::file::{CHUNKS_OFFSET, MAX_CHUNK};
use super::{CHUNK_HEAD, ChunkHead, ChunkRole, Corrupt, Definition, FILE_HEAD, FileHead, Records, Tables, Tick};
use crate::header::TraceHeader;
use crate::varint::Cursor;

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
    /// Reads a file as far as it goes; it may be growing meanwhile.
    ///
    /// # Errors
    /// If the file cannot be read at all, or is not a trace.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<(Image, Vec<Problem>), ReadError> {
        let mut head = Vec::new();
        file.by_ref().take(FILE_HEAD as u64).read_to_end(&mut head)?;
        let head = FileHead::decode(&head).map_err(ReadError::Corrupt)?;
        let mut reader =
            Reader { file, head: &head, problems: Vec::new(), tables: Tables::default(), definition_limit: 0 };

        let mut events: Vec<(u64, EventChunk)> = Vec::new();
        let mut definitions = Vec::new();
        let mut found = 0;
        while let next = reader.chunk(found)?
            && !matches!(next, Next::End)
        {
            match next {
                Next::End | Next::Unused => {}
                Next::Events(generation, chunk) => events.push((generation, chunk)),
                Next::Definitions => definitions.push(found),
            }
            found += 1;
        }
        reader.check_length(found)?;
        // Definitions last: a record that was read above may refer to one that was committed since.
        for number in definitions {
            reader.definitions(number)?;
        }
        let Reader { mut problems, mut tables, .. } = reader;
        events.sort_by_key(|(generation, chunk)| (*generation, chunk.offset));
        if head.lost_events > 0 {
            let detail =
                format!("the recorder had no room for {} events ({} bytes)", head.lost_events, head.lost_bytes);
            problems.push(Problem { kind: ProblemKind::Lost, offset: super::LOST_EVENTS_OFFSET as u64, detail });
        }
        tables.clock.sort_unstable();
        let header = TraceHeader { meta: tables.meta.clone(), ..head.header };
        let chunks = events.into_iter().map(|(_, chunk)| chunk).collect();
        let (tick, lost_events, lost_bytes) = (head.tick, head.lost_events, head.lost_bytes);
        Ok((Image { header, tick, tables, chunks, lost_events, lost_bytes }, problems))
    }

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

/// A chunk's head and its committed bytes.
type Committed = (ChunkHead, Vec<u8>);

enum Next {
    End,
    Unused,
    Events(u64, EventChunk),
    Definitions,
}

struct Reader<'f, F> {
    file: &'f mut F,
    head: &'f FileHead,
    problems: Vec<Problem>,
    tables: Tables,
    /// No more definitions than this can stand in the file.
    definition_limit: usize,
}

impl<F: Read + Seek> Reader<'_, F> {
    fn offset(&self, number: u32) -> u64 {
        FILE_HEAD as u64 + u64::from(number) * u64::from(self.head.chunk_size)
    }

    fn problem(&mut self, kind: ProblemKind, offset: u64, detail: String) {
        self.problems.push(Problem { kind, offset, detail });
    }

    /// What ends too early loses whole chunks, of which nothing else would tell.
    fn check_length(&mut self, found: u32) -> io::Result<()> {
        let length = self.file.seek(SeekFrom::End(0))?;
        let whole = self.offset(found);
        self.definition_limit = usize::try_from(length).unwrap_or(usize::MAX) / Definition::MIN_LEN;
        match self.head.chunks {
            Some(chunks) if chunks > found => {
                let detail = format!("the file was closed with {chunks} chunks, and {} are missing", chunks - found);
                self.problem(ProblemKind::Truncated, length, detail);
            }
            Some(chunks) if chunks < found => {
                let detail =
                    format!("the file was closed with {chunks} chunks, and {} more were found", found - chunks);
                self.problem(ProblemKind::Corrupt, CHUNKS_OFFSET as u64, detail);
            }
            _ if length < whole => {
                let missing = whole - length;
                let detail =
                    format!("the file ends within a chunk; {missing} bytes are missing, and perhaps whole chunks");
                self.problem(ProblemKind::Truncated, length, detail);
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads the chunk's head and its committed bytes; `None` after a problem or where there is nothing.
    fn committed(&mut self, number: u32) -> io::Result<Result<Option<Committed>, Next>> {
        let offset = self.offset(number);
        self.file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(CHUNK_HEAD);
        self.file.by_ref().take(CHUNK_HEAD as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(Err(Next::End));
        }
        let Ok(bytes) = <[u8; CHUNK_HEAD]>::try_from(bytes) else {
            self.problem(ProblemKind::Truncated, offset, "the file ends within the head of a chunk".into());
            return Ok(Err(Next::End));
        };
        let head = match ChunkHead::decode(&bytes, self.head.chunk_size) {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(Ok(None)),
            Err(error) => {
                let size = self.head.chunk_size;
                self.problem(ProblemKind::Corrupt, offset, format!("{error}; its {size} bytes are left out"));
                return Ok(Ok(None));
            }
        };
        let mut payload = Vec::with_capacity((head.committed as usize).min(1 << 17));
        self.file.by_ref().take(u64::from(head.committed)).read_to_end(&mut payload)?;
        let offset = offset + CHUNK_HEAD as u64;
        if payload.len() < head.committed as usize {
            let lost = head.committed as usize - payload.len();
            let detail = format!("the file ends within a chunk; its last {lost} bytes are missing");
            self.problem(ProblemKind::Truncated, offset + payload.len() as u64, detail);
        } else if head.sealed.is_some_and(|crc| crc != crc32fast::hash(&payload)) {
            let detail = format!("a chunk does not match its sum; its {} bytes of events are left out", payload.len());
            self.problem(ProblemKind::Corrupt, offset, detail);
            return Ok(Ok(None));
        }
        Ok(Ok(Some((head, payload))))
    }

    fn chunk(&mut self, number: u32) -> io::Result<Next> {
        let (head, payload) = match self.committed(number)? {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(Next::Unused),
            Err(end) => return Ok(end),
        };
        if head.number != number {
            let offset = self.offset(number);
            let detail = format!("chunk {} stands in the place of chunk {number}; it is left out", head.number);
            self.problem(ProblemKind::Corrupt, offset, detail);
            return Ok(Next::Unused);
        }
        match head.role {
            ChunkRole::Definitions => Ok(Next::Definitions),
            ChunkRole::Events => {
                self.tables.clock.push((head.base_ticks, head.base_ns));
                let offset = self.offset(number) + CHUNK_HEAD as u64;
                let chunk = EventChunk { offset, base_ticks: head.base_ticks, payload: payload.into() };
                Ok(Next::Events(head.generation, chunk))
            }
        }
    }

    fn definitions(&mut self, number: u32) -> io::Result<()> {
        // What was wrong with this chunk was said when it was met first.
        let said = self.problems.len();
        let chunk = self.committed(number)?;
        self.problems.truncate(said);
        let Ok(Some((_, payload))) = chunk else { return Ok(()) };
        let offset = self.offset(number) + CHUNK_HEAD as u64;
        let mut cursor = Cursor::new(&payload);
        while !cursor.is_at_end() {
            let at = offset + cursor.position() as u64;
            match Definition::decode(&mut cursor) {
                Ok(Ok(definition)) => {
                    if let Err(error) = self.tables.define(definition, self.definition_limit) {
                        self.problem(ProblemKind::Corrupt, at, error.to_string());
                    }
                }
                Ok(Err(error)) => {
                    let detail = format!("{error}; records that refer to it cannot be read");
                    self.problem(ProblemKind::Corrupt, at, detail);
                }
                Err(_) => {
                    let detail = "the definitions end here; records that refer to later ones cannot be read".into();
                    self.problem(ProblemKind::Truncated, at, detail);
                    break;
                }
            }
        }
        Ok(())
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
