//! A file that grows: what its writer has committed since it was last looked at.
//!
//! A chunk's `committed` says how much of it counts. So a look reads the heads of the chunks that are not sealed yet, and of
//! them only the bytes that are new; sealed ones are never touched again. What is handed on is an [`Image`] of these bytes
//! alone: each chunk begins with a control record that says whose events follow, so that it can be read by itself.
//!
//! A thread stamps an event, and commits it a moment later. What others wrote meanwhile is later and may be seen earlier. So
//! events are held back until they are a little old, and then come in one order; what is later still is handed on late.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use peerscope_format::header::TraceHeader;
use peerscope_format::value::Term;
use peerscope_format::varint::Cursor;
use peerscope_format::wire::{
    CHUNK_HEAD, ChunkHead, ChunkRole, Clock, Definition, EventChunk, FILE_HEAD, FileHead, Image, ReadError, Records,
    Tables, Tick, put_context, put_head, put_simulated,
};

/// So many unused chunks on end mean that the rest is unused too. Chunks are handed out one by one, but a thread may be
/// held up before it says that it has one.
const UNUSED: u32 = 64;

/// A native file that is followed.
pub(super) struct Tail {
    file: File,
    head: FileHead,
    tables: Tables,
    /// The chunks from 0 on that have been met.
    chunks: Vec<Known>,
    /// All chunks before it are sealed and read.
    first_open: usize,
    /// Records among the definitions that have not been handed on: their ticks, and themselves behind a control record.
    kept: Vec<(u64, Box<[u8]>)>,
    /// A ring has overwritten what had not been read.
    has_missed: bool,
}

/// A chunk that has been met.
#[derive(Default)]
struct Known {
    generation: Option<u64>,
    /// Bytes of its payload that have been read.
    read: usize,
    /// It is sealed and read, or cannot be read on. (A ring may still give it to somebody else.)
    is_done: bool,
    /// Events that have been read and not been handed on.
    held: Vec<u8>,
    /// When the event before these was, in ticks.
    ticks: u64,
    /// Whose it was, and in which term.
    context: Option<u32>,
    term: Option<Term>,
    /// Under a simulator, when that was, in ns of its time.
    simulated: Option<u64>,
}

impl Tail {
    /// Begins with a file whose writer may have begun just now.
    ///
    /// # Errors
    /// If it cannot be read, or has no whole head (yet).
    pub(super) fn open(mut file: File) -> Result<Tail, ReadError> {
        let head = read_head(&mut file)?;
        Ok(Tail {
            file,
            head,
            tables: Tables::default(),
            chunks: Vec::new(),
            first_open: 0,
            kept: Vec::new(),
            has_missed: false,
        })
    }

    /// Whether the writer lives.
    pub(super) fn is_being_written(&self) -> bool {
        super::files::is_locked(&self.file)
    }

    /// Whether events were overwritten, in a trace that keeps its latest only, before they could be read.
    pub(super) fn has_missed(&self) -> bool {
        self.has_missed
    }

    /// Where the trace comes from, as far as that has been read.
    pub(super) fn header(&self) -> TraceHeader {
        TraceHeader { meta: self.tables.meta.clone(), ..self.head.header.clone() }
    }

    /// How ticks become nanoseconds, as far as is known.
    pub(super) fn clock(&self) -> Clock {
        match self.head.tick {
            Tick::Nanosecond => Clock::NANOSECONDS,
            Tick::Counter => Clock::from_pairs(&self.tables.clock),
        }
    }

    /// Reads what was committed since.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub(super) fn look(&mut self) -> Result<(), ReadError> {
        self.head = read_head(&mut self.file)?;
        // In a ring every chunk may be somebody else's by now.
        let is_ring = self.head.overwritten.events > 0;
        let (mut number, mut unused) = (if is_ring { 0 } else { self.first_open }, 0);
        let mut definitions = Vec::new();
        while unused < UNUSED {
            if number == self.chunks.len() {
                self.chunks.push(Known::default());
            }
            if is_ring || !self.chunks[number].is_done {
                match self.chunk(number)? {
                    None => break,
                    Some(None) => unused += 1,
                    Some(Some(head)) => {
                        unused = 0;
                        if head.role == ChunkRole::Definitions {
                            definitions.push((number, head));
                        }
                    }
                }
            }
            number += 1;
        }
        // Definitions last: a record that was read above may refer to one that was committed since.
        for (number, head) in definitions {
            self.definitions(number, &head)?;
        }
        self.tables.clock.sort_unstable();
        while self.chunks.get(self.first_open).is_some_and(|chunk| chunk.is_done) {
            self.first_open += 1;
        }
        Ok(())
    }

    fn offset(&self, number: usize) -> u64 {
        FILE_HEAD as u64 + number as u64 * u64::from(self.head.chunk_size)
    }

    /// Reads what is new in a chunk of events; of others, the head alone. The outer `None`: the file has no such chunk; the
    /// inner: it is not in use.
    fn chunk(&mut self, number: usize) -> Result<Option<Option<ChunkHead>>, ReadError> {
        let offset = self.offset(number);
        let Some(head) = self.chunk_head(offset)? else { return Ok(None) };
        let Some(head) = head else { return Ok(Some(None)) };
        let known = &mut self.chunks[number];
        if known.generation != Some(head.generation) {
            if !known.held.is_empty() {
                // A ring has given it to somebody else; what was there before is handed on first.
                return Ok(Some(Some(head)));
            }
            self.has_missed |= known.generation.is_some() && !known.is_done;
            *known = Known { generation: Some(head.generation), ticks: head.base_ticks, ..Known::default() };
            if head.role == ChunkRole::Events {
                self.tables.clock.push((head.base_ticks, head.base_ns));
            }
        }
        match head.role {
            ChunkRole::Definitions => {}
            // What they hold has been said by events.
            ChunkRole::Tasks => {}
            ChunkRole::Events => self.events(number, &head)?,
        }
        Ok(Some(Some(head)))
    }

    fn events(&mut self, number: usize, head: &ChunkHead) -> Result<(), ReadError> {
        let offset = self.offset(number);
        let bytes = self.payload(offset, self.chunks[number].read, head.committed)?;
        // A ring may have given it to somebody else meanwhile.
        if !bytes.is_empty() && self.chunk_head(offset)?.flatten().map(|now| now.generation) != Some(head.generation) {
            return Ok(());
        }
        let known = &mut self.chunks[number];
        known.read += bytes.len();
        known.held.extend_from_slice(&bytes);
        known.is_done = head.sealed.is_some() && known.read >= head.committed as usize;
        Ok(())
    }

    fn chunk_head(&mut self, offset: u64) -> Result<Option<Option<ChunkHead>>, ReadError> {
        let mut bytes = [0; CHUNK_HEAD];
        self.file.seek(SeekFrom::Start(offset))?;
        match self.file.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        // One that is damaged is none; whoever reads the trace as a whole says so.
        Ok(Some(ChunkHead::decode(&bytes, self.head.chunk_size).unwrap_or(None)))
    }

    fn payload(&mut self, chunk: u64, from: usize, committed: u32) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if let Some(new) = (committed as usize).checked_sub(from).filter(|new| *new > 0) {
            self.file.seek(SeekFrom::Start(chunk + (CHUNK_HEAD + from) as u64))?;
            self.file.by_ref().take(new as u64).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn definitions(&mut self, number: usize, head: &ChunkHead) -> Result<(), ReadError> {
        let (offset, from) = (self.offset(number), self.chunks[number].read);
        let bytes = self.payload(offset, from, head.committed)?;
        let limit = usize::try_from(self.file.seek(SeekFrom::End(0))?).unwrap_or(usize::MAX) / Definition::MIN_LEN;
        let mut cursor = Cursor::new(&bytes);
        while !cursor.is_at_end() {
            match Definition::decode(&mut cursor) {
                Ok(Ok(Definition::Record(ticks, record))) => self.kept.push((ticks, record)),
                // One that is damaged costs the records that refer to it, which are then said to be unreadable.
                Ok(Ok(definition)) => drop(self.tables.define(definition, limit)),
                Ok(Err(_)) => {}
                Err(_) => break,
            }
        }
        let known = &mut self.chunks[number];
        known.read += bytes.len();
        known.is_done = head.sealed.is_some() && known.read >= head.committed as usize;
        Ok(())
    }

    /// The events that have been read, up to the time `until` in ns since the trace's start.
    pub(super) fn take(&mut self, until: u64) -> Image {
        let clock = self.clock();
        let mut chunks: Vec<_> = self.take_kept(|ticks| clock.ns(ticks) <= until).into_iter().collect();
        for (number, known) in self.chunks.iter_mut().enumerate() {
            let base_ticks = known.ticks;
            if let Some(payload) = known.take(&self.tables, |ticks| clock.ns(ticks) <= until) {
                let offset = FILE_HEAD as u64 + number as u64 * u64::from(self.head.chunk_size);
                chunks.push(EventChunk { offset, base_ticks, payload: payload.into() });
            }
        }
        Image {
            header: self.header(),
            tick: self.head.tick,
            tables: self.tables.clone(),
            chunks,
            lost_events: self.head.lost_events,
            lost_bytes: self.head.lost_bytes,
        }
    }
}

impl Tail {
    /// The records among the definitions that are due, as a chunk: others refer to what they introduce.
    fn take_kept(&mut self, is_due: impl Fn(u64) -> bool) -> Option<EventChunk> {
        self.kept.sort_by_key(|(ticks, _)| *ticks);
        let due = self.kept.partition_point(|(ticks, _)| is_due(*ticks));
        let base_ticks = self.kept.get(..due)?.first()?.0;
        let (mut payload, mut before) = (Vec::new(), base_ticks);
        for (ticks, bytes) in self.kept.drain(..due) {
            let mut records = Records::new(&bytes, ticks, &self.tables);
            // One that is damaged introduces nothing.
            let Some(Ok(record)) = records.next() else { continue };
            if let Some(context) = record.context {
                put_context(&mut payload, context, record.term);
            }
            put_simulated(&mut payload, record.simulated);
            put_head(&mut payload, record.shape, ticks - before);
            payload.extend_from_slice(&bytes[record.values]);
            before = ticks;
        }
        Some(EventChunk { offset: 0, base_ticks, payload: payload.into() })
    }
}

impl Known {
    /// Takes the records of which `is_due` says so, from the first on, as the payload of a chunk.
    fn take(&mut self, tables: &Tables, is_due: impl Fn(u64) -> bool) -> Option<Vec<u8>> {
        if self.held.is_empty() {
            return None;
        }
        let mut payload = Vec::with_capacity(self.held.len() + 48);
        if let Some(context) = self.context {
            put_context(&mut payload, context, self.term);
        }
        if self.simulated.is_some() {
            put_simulated(&mut payload, self.simulated);
        }
        let own = payload.len();
        payload.extend_from_slice(&self.held);
        let mut records = Records::new(&payload, self.ticks, tables);
        let mut end = own;
        loop {
            match records.next() {
                Some(Ok(record)) if is_due(record.ticks) => {
                    // Control records behind it stay, for those that follow.
                    end = records.position();
                    (self.ticks, self.simulated) = (record.ticks, record.simulated);
                    (self.context, self.term) = (record.context, record.term);
                }
                Some(Ok(_)) | None => break,
                Some(Err(_)) => {
                    // Whoever reads it says why it is the last.
                    end = payload.len();
                    self.is_done = true;
                    break;
                }
            }
        }
        self.held.drain(..end - own);
        payload.truncate(end);
        (end > own).then_some(payload)
    }
}

fn read_head(file: &mut File) -> Result<FileHead, ReadError> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(FILE_HEAD as u64).read_to_end(&mut head)?;
    FileHead::decode(&head).map_err(ReadError::Corrupt)
}
