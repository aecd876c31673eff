//! Reading a file into an [`Image`].

use std::io::{self, Read, Seek, SeekFrom};

use super::definition::Kept;
use super::file::{CHUNKS_OFFSET, NEWEST_OFFSET};
use super::put_back::{cut, put_back};
use super::slot::{Found, checked};
use super::{
    CHUNK_HEAD, ChunkHead, ChunkRole, Definition, EventChunk, FILE_HEAD, FileHead, Image, Problem, ProblemKind,
    ReadError, Tables,
};
use crate::header::TraceHeader;
use crate::varint::Cursor;

impl Image {
    /// Reads a file as far as it goes; it may be growing meanwhile, or overwrite its oldest events.
    ///
    /// # Errors
    /// If the file cannot be read at all, or is not a trace.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<(Image, Vec<Problem>), ReadError> {
        let mut reader = Reader::new(file)?;
        let (mut events, others) = reader.all_chunks()?;
        // What has been overwritten by now is left out wherever else it may still stand, so that the rest is whole from
        // there on; whatever is overwritten from now on was read before.
        reader.head.overwritten = read_head(reader.file)?.overwritten;
        let overwritten = reader.head.overwritten;
        let is_ring = overwritten.events > 0;
        let found = if is_ring {
            reader.drop_reused(&mut events)?;
            reader.slots(&others.tasks)?
        } else {
            Found::default()
        };
        // Definitions last: a record that was read above may refer to one that was committed since.
        others.definitions.iter().try_for_each(|number| reader.definitions(*number))?;
        let (kept, mut pins) = (reader.kept(), reader.pins(found));
        events.sort_by_key(|(generation, chunk)| (*generation, chunk.offset));
        let mut chunks: Vec<_> = events.into_iter().map(|(_, chunk)| chunk).collect();
        if is_ring {
            let lost = cut(&mut chunks, overwritten, &reader.tables, &mut reader.problems);
            pins.retain(|pin| pin.ticks <= overwritten.until);
            chunks.splice(0..0, put_back(&mut reader.tables, kept, pins, Some(lost)));
        } else {
            chunks.splice(0..0, put_back(&mut reader.tables, kept, pins, None));
        }
        Ok(reader.finish(chunks))
    }

    /// Reads what the program's tasks hold and wait for, and what is needed to understand that, but no other event: as fast
    /// for a long trace as for a short one, and while the program runs.
    ///
    /// # Errors
    /// As [`Image::read`].
    pub fn read_slots(file: &mut (impl Read + Seek)) -> Result<(Image, Vec<Problem>), ReadError> {
        let mut reader = Reader::new(file)?;
        let others = reader.other_chunks()?;
        let found = reader.slots(&others.tasks)?;
        others.definitions.iter().try_for_each(|number| reader.definitions(*number))?;
        let (mut kept, mut pins) = (reader.kept(), reader.pins(found));
        kept.append(&mut pins);
        let chunks = put_back(&mut reader.tables, kept, Vec::new(), None);
        Ok(reader.finish(chunks))
    }
}

fn read_head(file: &mut (impl Read + Seek)) -> Result<FileHead, ReadError> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(FILE_HEAD as u64).read_to_end(&mut head)?;
    FileHead::decode(&head).map_err(ReadError::Corrupt)
}

/// The numbers of the chunks that carry no events.
#[derive(Default)]
struct Others {
    definitions: Vec<u32>,
    tasks: Vec<u32>,
}

/// A chunk's head and its committed bytes.
type Committed = (ChunkHead, Vec<u8>);

enum Next {
    End,
    Unused,
    Events(u64, EventChunk),
    Definitions,
    Tasks,
}

struct Reader<'f, F> {
    file: &'f mut F,
    head: FileHead,
    problems: Vec<Problem>,
    tables: Tables,
    /// Where chunks of events stand, and the generation that each had when it was met.
    met: Vec<(u64, u64)>,
    /// No more definitions than this can stand in the file.
    definition_limit: usize,
}

impl<'f, F: Read + Seek> Reader<'f, F> {
    fn new(file: &'f mut F) -> Result<Self, ReadError> {
        let head = read_head(file)?;
        let definition_limit =
            usize::try_from(file.seek(SeekFrom::End(0))?).unwrap_or(usize::MAX) / Definition::MIN_LEN;
        Ok(Reader { file, head, problems: Vec::new(), tables: Tables::default(), met: Vec::new(), definition_limit })
    }

    /// The chunks of events and their generations, and the numbers of all others.
    ///
    /// The newest are read first: a program that writes meanwhile then leaves no hole, since whoever had begun a chunk has
    /// closed the one before it.
    fn all_chunks(&mut self) -> io::Result<(Vec<(u64, EventChunk)>, Others)> {
        let mut numbers = Vec::new();
        while let Some(generation) = self.generation(numbers.len() as u32)? {
            numbers.push((generation, numbers.len() as u32));
        }
        let found = numbers.len() as u32;
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        let (mut events, mut others) = (Vec::new(), Others::default());
        for (generation, number) in numbers {
            match self.chunk(number)? {
                Next::End | Next::Unused => {}
                // One that was taken again since is one of those that are newer than this look at the file.
                Next::Events(now, chunk) if generation.is_none_or(|met| met == now) => events.push((now, chunk)),
                Next::Events(..) => {}
                Next::Definitions => others.definitions.push(number),
                Next::Tasks => others.tasks.push(number),
            }
        }
        others.definitions.sort_unstable();
        others.tasks.sort_unstable();
        self.problems.sort_by_key(|problem| problem.offset);
        self.check_length(found)?;
        let newest = others.definitions.last().max(others.tasks.last()).copied();
        if self.head.chunks.is_some() && self.head.is_chained && self.head.newest != newest {
            let detail = "the file names another chunk as its newest than it has".into();
            self.problem(ProblemKind::Corrupt, NEWEST_OFFSET as u64, detail);
        }
        Ok((events, others))
    }

    /// The generation of a chunk, if it has a head that can be read; `None` behind the last chunk.
    fn generation(&mut self, number: u32) -> io::Result<Option<Option<u64>>> {
        let mut bytes = Vec::with_capacity(CHUNK_HEAD);
        self.file.seek(SeekFrom::Start(self.offset(number)))?;
        self.file.by_ref().take(CHUNK_HEAD as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let head = <[u8; CHUNK_HEAD]>::try_from(bytes).ok();
        let head = head.and_then(|bytes| ChunkHead::decode(&bytes, self.head.chunk_size).ok().flatten());
        Ok(Some(head.map(|head| head.generation)))
    }

    /// The numbers of the chunks without events, along their chain, or by a look at all chunks where it is broken.
    fn other_chunks(&mut self) -> io::Result<Others> {
        let mut others = Others::default();
        let mut next = self.head.newest;
        if !self.head.is_chained {
            return Ok(self.all_chunks()?.1);
        }
        while let Some(number) = next {
            let Ok(Some((head, _))) = self.committed(number)? else { return Ok(self.all_chunks()?.1) };
            match head.role {
                ChunkRole::Definitions => others.definitions.push(number),
                ChunkRole::Tasks => others.tasks.push(number),
                ChunkRole::Events => {}
            }
            // It leads backwards, or is damaged.
            next = head.previous.filter(|previous| *previous < number);
        }
        others.definitions.reverse();
        others.tasks.reverse();
        Ok(others)
    }

    /// What the slots of these chunks keep. Before the definitions are read, so that these have all that it refers to.
    fn slots(&mut self, numbers: &[u32]) -> io::Result<Found> {
        let mut found = Found::default();
        for &number in numbers {
            let said = self.problems.len();
            let chunk = self.committed(number)?;
            self.problems.truncate(said);
            let Ok(Some((_, payload))) = chunk else { continue };
            found.take_in(self.file, self.offset(number) + CHUNK_HEAD as u64, &payload)?;
        }
        Ok(found)
    }

    /// The records in `found` that are whole, and problems for those that are not.
    fn pins(&mut self, found: Found) -> Vec<Kept> {
        let mut pins = Vec::with_capacity(found.kept.len());
        let mut damaged = found.damaged;
        for (place, kept) in found.kept {
            match checked(kept, &self.tables) {
                Ok(kept) => pins.push(kept),
                Err(error) => damaged.push((place, error)),
            }
        }
        for (place, error) in damaged {
            let detail = format!("{error}; what a task held or waited for is not known");
            self.problem(ProblemKind::Corrupt, place, detail);
        }
        if found.more > 0 {
            let detail = format!("tasks hold {} locks more than could be kept for them", found.more);
            self.problem(ProblemKind::Lost, 0, detail);
        }
        pins
    }

    /// The records among the definitions that are whole, and a problem if some are not.
    fn kept(&mut self) -> Vec<Kept> {
        let all = std::mem::take(&mut self.tables.kept);
        let count = all.len();
        let whole: Vec<_> = all.into_iter().filter_map(|kept| checked(kept, &self.tables).ok()).collect();
        if whole.len() < count {
            let detail = format!("{} records among the definitions cannot be read", count - whole.len());
            self.problem(ProblemKind::Corrupt, 0, detail);
        }
        whole
    }

    /// Leaves out the chunks that the ring gave to others while they were read, and what was said about them.
    fn drop_reused(&mut self, events: &mut Vec<(u64, EventChunk)>) -> io::Result<()> {
        let size = u64::from(self.head.chunk_size);
        let mut reused = Vec::new();
        for &(start, generation) in &self.met {
            let mut bytes = Vec::with_capacity(CHUNK_HEAD);
            self.file.seek(SeekFrom::Start(start))?;
            self.file.by_ref().take(CHUNK_HEAD as u64).read_to_end(&mut bytes)?;
            let bytes = <[u8; CHUNK_HEAD]>::try_from(bytes).ok();
            let head = bytes.and_then(|bytes| ChunkHead::decode(&bytes, self.head.chunk_size).ok().flatten());
            if head.is_none_or(|head| head.generation != generation) {
                reused.push(start);
            }
        }
        let is_reused = |offset: u64| {
            let place = reused.partition_point(|start| *start <= offset);
            place > 0 && offset - reused[place - 1] < size
        };
        events.retain(|(_, chunk)| !is_reused(chunk.offset));
        self.problems.retain(|problem| !is_reused(problem.offset));
        Ok(())
    }

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
            Ok(None) => {
                // While a file grows, one who has taken a chunk may not have written its head yet; later none is without.
                if self.head.chunks.is_some_and(|chunks| number < chunks) {
                    let size = self.head.chunk_size;
                    let detail = format!("a chunk has no head; its {size} bytes are left out");
                    self.problem(ProblemKind::Corrupt, offset, detail);
                }
                return Ok(Ok(None));
            }
            Err(error) => {
                let size = self.head.chunk_size;
                self.problem(ProblemKind::Corrupt, offset, format!("{error}; its {size} bytes are left out"));
                return Ok(Ok(None));
            }
        };
        if head.role == ChunkRole::Events {
            self.met.push((offset, head.generation));
        }
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
            ChunkRole::Tasks => Ok(Next::Tasks),
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

    fn finish(self, chunks: Vec<EventChunk>) -> (Image, Vec<Problem>) {
        let Reader { mut problems, mut tables, head, .. } = self;
        if head.lost_events > 0 {
            let detail =
                format!("the recorder had no room for {} events ({} bytes)", head.lost_events, head.lost_bytes);
            problems.push(Problem { kind: ProblemKind::Lost, offset: super::LOST_EVENTS_OFFSET as u64, detail });
        }
        tables.clock.sort_unstable();
        let header = TraceHeader { meta: tables.meta.clone(), ..head.header };
        let (tick, lost_events, lost_bytes) = (head.tick, head.lost_events, head.lost_bytes);
        (Image { header, tick, tables, chunks, lost_events, lost_bytes }, problems)
    }
}
