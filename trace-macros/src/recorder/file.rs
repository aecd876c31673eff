//! The mapped file: room for chunks, handed out whole.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use memmap2::{MmapOptions, MmapRaw};
use peerscope_format::wire::{
    CHUNK_HEAD, CHUNKS_OFFSET, ChunkHead, ChunkRole, FILE_HEAD, FileHead, LOST_EVENTS_OFFSET, NEWEST_OFFSET,
    chunk_offset,
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
}

struct Growing {
    stretches: Vec<MmapRaw>,
    /// Where the next chunk goes, and how many are left in the last stretch.
    next: *mut u8,
    left: u32,
    used: u32,
    limit: u32,
    /// The newest chunk that carries no events.
    newest: Option<u32>,
    closed: bool,
}

// SAFETY: the pointers lead into shared mappings that are never unmapped; chunks are handed out under the lock, each once,
// and the head's counters are only touched as atomics.
unsafe impl Send for TraceFile {}
// SAFETY: as above.
unsafe impl Sync for TraceFile {}

impl TraceFile {
    /// Creates the file with room for at most `size_limit` bytes.
    pub(crate) fn create(path: &Path, head: &FileHead, size_limit: u64, shared: bool) -> io::Result<TraceFile> {
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
            newest: None,
            closed: false,
        };
        let mut trace = TraceFile {
            path,
            head: std::ptr::null_mut(),
            file,
            growing: Mutex::new(growing),
            full: AtomicBool::new(false),
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
            generation: u64::from(number),
            base_ticks,
            base_ns,
            previous: None,
            committed: 0,
            sealed: None,
        };
        if role == ChunkRole::Events {
            // What follows takes long, and other threads shall get their chunks meanwhile.
            drop(growing);
            return Some(self.begin_chunk(start, &head));
        }
        // The chain must not lead to a chunk without a head, wherever a kill interrupts this.
        head.previous = growing.newest.replace(number);
        let chunk = self.begin_chunk(start, &head);
        protocol::publish(self.u32_at(NEWEST_OFFSET), number + 1);
        Some(chunk)
    }

    fn begin_chunk(&self, start: *mut u8, head: &ChunkHead) -> Chunk {
        os::populate(&self.file, offset_of(head.number), start, CHUNK_SIZE);
        let head = head.encode();
        // The mark comes last: without it, a head that a kill left unfinished is an unused chunk and not a damaged one.
        // SAFETY: the chunk lies whole within a stretch and is handed out here for the first time.
        unsafe { std::ptr::copy_nonoverlapping(head[4..].as_ptr(), start.add(4), CHUNK_HEAD - 4) };
        let chunk = Chunk { start };
        protocol::publish(chunk.u32_at(0), u32::from_ne_bytes([head[0], head[1], head[2], head[3]]));
        chunk
    }

    /// A number of the file's head.
    fn u32_at(&self, offset: usize) -> &AtomicU32 {
        debug_assert!(offset.is_multiple_of(4) && offset + 4 <= FILE_HEAD);
        // SAFETY: the head is mapped for the life of the process; the offset is a multiple of 4 within it.
        unsafe { AtomicU32::from_ptr(self.head.add(offset).cast()) }
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
        for (offset, count) in [(LOST_EVENTS_OFFSET, 1), (LOST_EVENTS_OFFSET + 8, bytes)] {
            // SAFETY: the head is mapped for the life of the process; the offset is a multiple of 8 within it.
            let counter = unsafe { AtomicU64::from_ptr(self.head.add(offset).cast()) };
            counter.fetch_add(count, Ordering::Relaxed);
        }
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

impl Growing {
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
