//! The mapped file: room for chunks, handed out whole; in a ring, the chunk of events that was closed first again and again.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use memmap2::{MmapOptions, MmapRaw};
use peerscope_format::wire::{
    CHUNK_HEAD, CHUNKS_OFFSET, ChunkHead, ChunkRole, FILE_HEAD, FileHead, LOST_EVENTS_OFFSET, NEWEST_OFFSET,
    OVERWRITTEN_OFFSET, chunk_offset,
};

use super::{os, protocol};

/// Bytes a chunk: some 3,000 events, and little enough that many threads that each say one thing do not waste much.
pub(crate) const CHUNK_SIZE: usize = 32 << 10;
/// Chunks in the first stretch of the file; each further stretch doubles, up to `LAST_STRETCH`.
const FIRST_STRETCH: u32 = 32;
const LAST_STRETCH: u32 = 2048;

/// The file of a recorder. Its mappings live as long as the process: a thread may write until the very end.
pub(crate) struct TraceFile {
    path: PathBuf,
    /// Of the first stretch, which also holds the file's head.
    head: *mut u8,
    file: File,
    growing: Mutex<Growing>,
    /// No chunk is to be had any more: whoever asks need not wait for the lock to learn it.
    full: AtomicBool,
    /// Chunks that were taken and have no head yet.
    headless: AtomicU32,
}

struct Growing {
    stretches: Vec<MmapRaw>,
    /// Where the next chunk goes, and how many are left in the last stretch.
    next: *mut u8,
    left: u32,
    used: u32,
    limit: u32,
    /// Chunks taken so far, those that were taken again included.
    taken: u64,
    /// The newest chunk that carries no events.
    newest: Option<u32>,
    ring: Option<Ring>,
    closed: bool,
}

/// The chunks of events of a trace that keeps its latest events only.
struct Ring {
    /// How many chunks there may be, as long as some of them are closed.
    limit: usize,
    chunks: usize,
    /// Those that are closed, in this order.
    closed: VecDeque<Closed>,
}

/// A chunk of events that nobody writes into any more.
struct Closed {
    chunk: Chunk,
    contents: Contents,
}

/// What a chunk of events holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contents {
    pub(crate) records: u32,
    /// The time of the last one.
    pub(crate) last_ticks: u64,
}

impl Ring {
    fn new(chunks: u64) -> Self {
        // With fewer, two threads would overwrite each other's last words.
        let limit = usize::try_from(chunks).unwrap_or(usize::MAX).max(4);
        // So that closing one later does not allocate, as a rule.
        Ring { limit, chunks: 0, closed: VecDeque::with_capacity(limit.min(1 << 16)) }
    }

    /// The oldest chunk, if there are as many as there may be.
    fn oldest(&mut self) -> Option<Closed> {
        if self.chunks < self.limit { None } else { self.closed.pop_front() }
    }
}

// SAFETY: the pointers lead into shared mappings that are never unmapped; chunks are handed out under the lock, each once,
// and the head's counters are only touched as atomics.
unsafe impl Send for TraceFile {}
// SAFETY: as above.
unsafe impl Sync for TraceFile {}

impl TraceFile {
    /// Creates the file with room for at most `size_limit` bytes, of which events take about `ring` where that is given.
    pub(crate) fn create(
        path: &Path,
        head: &FileHead,
        size_limit: u64,
        ring: Option<u64>,
        shared: bool,
    ) -> io::Result<TraceFile> {
        // Beyond its limit for files the kernel kills the process; the last words want two chunks more.
        let longest = os::longest_file();
        if longest < (FILE_HEAD + 4 * CHUNK_SIZE) as u64 {
            return Err(io::Error::other("this process may not write files of that length (ulimit -f)"));
        }
        let size_limit = size_limit.min(longest - 2 * CHUNK_SIZE as u64);
        let (file, path) = claim(path, shared)?;
        let limit = u32::try_from(size_limit.saturating_sub(FILE_HEAD as u64) / CHUNK_SIZE as u64).unwrap_or(u32::MAX);
        let growing = Growing {
            // So that growing later does not allocate.
            stretches: Vec::with_capacity((limit / LAST_STRETCH) as usize + 8),
            next: std::ptr::null_mut(),
            left: 0,
            used: 0,
            limit: limit.max(2),
            taken: 0,
            newest: None,
            ring: ring.map(|bytes| Ring::new(bytes / CHUNK_SIZE as u64)),
            closed: false,
        };
        let mut trace = TraceFile {
            path,
            head: std::ptr::null_mut(),
            file,
            growing: Mutex::new(growing),
            full: AtomicBool::new(false),
            headless: AtomicU32::new(0),
        };
        let growing = trace.growing.get_mut().unwrap_or_else(PoisonError::into_inner);
        growing.grow(&trace.file)?;
        let start = growing.stretches[0].as_mut_ptr();
        // SAFETY: the first stretch is longer than the head, nobody else knows it yet, and bytes do not overlap.
        unsafe { std::ptr::copy_nonoverlapping(head.encode().as_ptr(), start, FILE_HEAD) };
        trace.head = start;
        Ok(trace)
    }

    /// Where the trace is being written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes a new chunk; `None` if the file is full or closed, or cannot grow.
    pub(crate) fn take_chunk(&self, role: ChunkRole, (base_ticks, base_ns): (u64, u64)) -> Option<Chunk> {
        let mut growing = self.lock();
        let is_event = role == ChunkRole::Events;
        if is_event
            && !growing.closed
            && let Some(oldest) = growing.ring.as_mut().and_then(Ring::oldest)
        {
            let generation = growing.count();
            // The file's head is changed under the lock, so that its numbers never fall.
            return Some(self.take_again(oldest, generation, (base_ticks, base_ns)));
        }
        self.full.store(growing.closed || growing.used >= growing.limit, Ordering::Relaxed);
        if self.is_full() || (growing.left == 0 && growing.grow(&self.file).is_err()) {
            return None;
        }
        let (start, number) = (growing.next, growing.used);
        growing.left -= 1;
        growing.used += 1;
        growing.next = start.wrapping_add(CHUNK_SIZE);
        let mut head = ChunkHead {
            role,
            number,
            generation: growing.count(),
            base_ticks,
            base_ns,
            previous: None,
            committed: 0,
            sealed: None,
        };
        if is_event {
            if let Some(ring) = &mut growing.ring {
                ring.chunks += 1;
            }
            // What follows takes long, and other threads shall get their chunks meanwhile.
            self.headless.fetch_add(1, Ordering::Relaxed);
            drop(growing);
            os::populate(&self.file, offset_of(number), start, CHUNK_SIZE);
            let chunk = begin_chunk(start, &head);
            self.headless.fetch_sub(1, Ordering::Release);
            return Some(chunk);
        }
        // The chain must not lead to a chunk without a head, wherever a kill interrupts this.
        head.previous = growing.newest.replace(number);
        os::populate(&self.file, offset_of(number), start, CHUNK_SIZE);
        let chunk = begin_chunk(start, &head);
        protocol::publish(self.u32_at(NEWEST_OFFSET), number + 1);
        Some(chunk)
    }

    /// Overwrites a chunk, once it has been said what that costs.
    fn take_again(&self, oldest: Closed, generation: u64, (base_ticks, base_ns): (u64, u64)) -> Chunk {
        let Closed { chunk, contents } = oldest;
        let overwritten = |place: usize| self.u64_at(OVERWRITTEN_OFFSET + 8 * place);
        // First of all: from here on a reader leaves out all that is not later, wherever it stands.
        overwritten(2).fetch_max(contents.last_ticks, Ordering::Release);
        overwritten(1).fetch_add(u64::from(chunk.committed().load(Ordering::Relaxed)), Ordering::Relaxed);
        overwritten(0).fetch_add(u64::from(contents.records), Ordering::Release);
        let number = chunk.u32_at(chunk_offset::NUMBER).load(Ordering::Relaxed);
        chunk.u32_at(0).store(0, Ordering::Relaxed);
        // What follows must not be seen under the old head.
        fence(Ordering::Release);
        let role = ChunkRole::Events;
        let (committed, sealed, previous) = (0, None, None);
        begin_chunk(
            chunk.start,
            &ChunkHead { role, number, generation, base_ticks, base_ns, previous, committed, sealed },
        )
    }

    /// Closes a chunk of events for good.
    pub(crate) fn close_chunk(&self, chunk: Chunk, contents: Contents) {
        let again = Chunk { start: chunk.start };
        chunk.seal();
        let mut growing = self.lock();
        if let Some(ring) = &mut growing.ring {
            ring.closed.push_back(Closed { chunk: again, contents });
            self.look_again();
        }
    }

    /// A number of the file's head.
    fn u32_at(&self, offset: usize) -> &AtomicU32 {
        debug_assert!(offset.is_multiple_of(4) && offset + 4 <= FILE_HEAD);
        // SAFETY: the head is mapped for the life of the process; the offset is a multiple of 4 within it.
        unsafe { AtomicU32::from_ptr(self.head.add(offset).cast()) }
    }

    fn u64_at(&self, offset: usize) -> &AtomicU64 {
        debug_assert!(offset.is_multiple_of(8) && offset + 8 <= FILE_HEAD);
        // SAFETY: as above, with a multiple of 8.
        unsafe { AtomicU64::from_ptr(self.head.add(offset).cast()) }
    }

    /// There may be room again.
    pub(crate) fn look_again(&self) {
        self.full.store(false, Ordering::Relaxed);
    }

    /// Whether no chunk is to be had.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Counts an event that found no room; `bytes` as far as known.
    pub(crate) fn lose(&self, bytes: u64) {
        self.u64_at(LOST_EVENTS_OFFSET).fetch_add(1, Ordering::Relaxed);
        self.u64_at(LOST_EVENTS_OFFSET + 8).fetch_add(bytes, Ordering::Relaxed);
    }

    /// A trace that is full must still say that the process ended by itself: one chunk for that, one for what it refers to.
    pub(crate) fn make_room_for_last_words(&self) {
        let mut growing = self.lock();
        growing.limit = growing.limit.saturating_add(2);
        self.full.store(false, Ordering::Relaxed);
    }

    /// Hands out no more chunks and gives the unused rest of the file back. Chunks in use stay usable.
    pub(crate) fn close(&self) {
        let mut growing = self.lock();
        growing.closed = true;
        // Others may be amid taking a chunk; but one of them may also be this thread, interrupted by a signal that ends it.
        let begin = Instant::now();
        while self.headless.load(Ordering::Acquire) > 0 {
            if begin.elapsed() > Duration::from_millis(200) {
                // Then the file stays one that was not closed.
                return;
            }
            std::thread::yield_now();
        }
        let used = offset_of(growing.used);
        // A file that stays longer than needed is read all the same.
        if self.file.set_len(used).is_ok() {
            self.u32_at(CHUNKS_OFFSET).store(growing.used + 1, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Growing> {
        self.growing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the head of a chunk that is nobody's, and gives the chunk away.
fn begin_chunk(start: *mut u8, head: &ChunkHead) -> Chunk {
    let head = head.encode();
    // The mark comes last: without it, a head that a kill left unfinished is an unused chunk and not a damaged one.
    // SAFETY: the chunk lies whole within a stretch, and nobody else has it.
    unsafe { std::ptr::copy_nonoverlapping(head[4..].as_ptr(), start.add(4), CHUNK_HEAD - 4) };
    let chunk = Chunk { start };
    protocol::publish(chunk.u32_at(0), u32::from_ne_bytes([head[0], head[1], head[2], head[3]]));
    chunk
}

impl Growing {
    fn count(&mut self) -> u64 {
        self.taken += 1;
        self.taken - 1
    }

    fn grow(&mut self, file: &File) -> io::Result<()> {
        let chunks = (FIRST_STRETCH << self.stretches.len().min(16)).min(LAST_STRETCH).min(self.limit - self.used);
        let head = if self.stretches.is_empty() { FILE_HEAD } else { 0 };
        let len = head + chunks as usize * CHUNK_SIZE;
        let offset = match self.used {
            0 => 0,
            used => offset_of(used),
        };
        os::reserve(file, offset, offset + len as u64)?;
        let stretch = MmapOptions::new().offset(offset).len(len).map_raw(file)?;
        self.next = stretch.as_mut_ptr().wrapping_add(head);
        self.left = chunks;
        self.stretches.push(stretch);
        Ok(())
    }
}

/// Where a chunk begins in the file.
fn offset_of(number: u32) -> u64 {
    FILE_HEAD as u64 + u64::from(number) * CHUNK_SIZE as u64
}

/// Creates the file and locks it until the process ends, however it ends. A plain file that is there already is replaced,
/// but not one that another process records into at this moment: that process has it mapped, and cutting it short would
/// kill it. Ours then gets the process id into its name.
fn claim(path: &Path, shared: bool) -> io::Result<(File, PathBuf)> {
    let mut path = path.to_owned();
    loop {
        match os::create_private(&path, shared) {
            Ok(file) => {
                file.lock()?;
                // Until it was locked, a process that began at the same moment could take it for an old one.
                if os::is_at(&file, &path) {
                    return Ok((file, path));
                }
            }
            // What is no plain file (a device, a link, a folder) is not ours to replace, nor to open: a pipe would block.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match std::fs::symlink_metadata(&path) {
                Ok(found) if found.is_file() => match File::open(&path) {
                    Ok(other) if other.try_lock().is_err() => path.set_file_name(with_process_id(&path)),
                    // Removed under its lock, so that no two processes remove, and no new one is taken for it.
                    Ok(other) if os::is_at(&other, &path) && is_trace(&other)? => std::fs::remove_file(&path)?,
                    Ok(other) if os::is_at(&other, &path) => {
                        return Err(io::Error::other("there is another file, which is no trace; it is left alone"));
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                },
                Ok(found) if found.is_dir() => return Err(io::Error::other("is a folder; name a file in it")),
                Ok(_) => return Err(io::Error::other("is no plain file; it is left alone")),
                Err(_) => {}
            },
            Err(error) => return Err(error),
        }
    }
}

/// Whether an existing file is a trace, or nothing at all: what else it may be, somebody could miss it.
fn is_trace(mut file: &File) -> io::Result<bool> {
    let mut begin = [0; 8];
    let read = file.read(&mut begin)?;
    Ok(read == 0 || FileHead::is_begin(&begin[..read]))
}

/// `trace.pscope` becomes `trace.4711.pscope`.
fn with_process_id(path: &Path) -> OsString {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    name
}

/// A chunk of the mapped file. Whoever has it is its only writer.
#[derive(Debug)]
pub(crate) struct Chunk {
    start: *mut u8,
}

// SAFETY: a chunk is a region of a shared mapping that lives as long as the process; it is not cloned, so it has one
// owner at a time, and handing it over goes through a lock.
unsafe impl Send for Chunk {}

impl Chunk {
    /// Room for records.
    pub(crate) const ROOM: usize = CHUNK_SIZE - CHUNK_HEAD;

    /// Where records begin; [`Chunk::ROOM`] bytes are there.
    pub(crate) fn payload(&self) -> *mut u8 {
        self.start.wrapping_add(CHUNK_HEAD)
    }

    /// The number of bytes that count; storing it commits them.
    #[inline]
    pub(crate) fn committed(&self) -> &AtomicU32 {
        self.u32_at(chunk_offset::COMMITTED)
    }

    /// Closes a chunk for good, under the sum of what was committed.
    pub(crate) fn seal(self) {
        let committed = self.committed().load(Ordering::Relaxed) as usize;
        // SAFETY: `committed` bytes of the payload were written, by this owner or one that handed the chunk over.
        let payload = unsafe { std::slice::from_raw_parts(self.payload(), committed) };
        let (crc, sealed) = (self.u32_at(chunk_offset::PAYLOAD_CRC), self.u32_at(chunk_offset::SEALED));
        protocol::seal(crc, sealed, crc32fast::hash(payload));
    }

    #[inline]
    fn u32_at(&self, offset: usize) -> &AtomicU32 {
        // SAFETY: the chunk's head is mapped for the life of the process, and its fields are aligned to 4 bytes, since
        // stretches begin at pages and chunks are multiples of pages long.
        unsafe { AtomicU32::from_ptr(self.start.add(offset).cast()) }
    }
}
