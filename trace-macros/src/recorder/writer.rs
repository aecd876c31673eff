//! Each thread's own writer: where its next record goes, and in whose name.
//!
//! # Memory ordering
//! A chunk has one writer at a time. [`Writer::append`] stores a record's bytes and then publishes `committed`
//! ([`protocol`]): whoever loads that with *acquire* sees whole records only. A chunk that a thread gives back is passed on
//! under the pool's lock, so that the next owner sees all of it. An id that a record refers to was looked up under the
//! lock of the definitions, where its definition was published before: who reads records first and definitions
//! then finds it. Nothing else is shared.

use std::cell::{Cell, UnsafeCell};
use std::panic::Location;
use std::sync::atomic::AtomicU32;

use peerscope_format::value::Term;
use peerscope_format::varint::{Sink, put_u64};
use peerscope_format::wire::{ChunkRole, put_context, put_head, put_simulated, put_term};

use super::file::{Chunk, Contents, TraceFile};
use super::slots::{Pin, Written};
use super::{Recorder, protocol, recorder};
use crate::clock;
use crate::scope::Scope;
use crate::site::Pinning;
use crate::task::{self, Task};

/// The most bytes that a record takes beside its arguments: control record, shape, time, source line.
const HEAD_ROOM: usize = 64;
/// A chunk that is given back with less room than this is sealed instead.
const WORTH_KEEPING: usize = 2048;
/// Distinct source lines that a thread remembers; a collision costs a look-up under the lock.
const LINES: usize = 64;

/// A chunk that its thread has left, to be continued by another.
#[derive(Debug)]
pub(crate) struct Continued {
    chunk: Chunk,
    written: usize,
    contents: Contents,
    simulated: u64,
}

struct Writer {
    chunk: Option<Chunk>,
    /// The thread is being torn down and nobody will give its chunk back later.
    orphan: bool,
    /// The next byte and the number of bytes left in the chunk.
    next: *mut u8,
    left: usize,
    /// The ticks of the chunk's last record; no record of this thread may be earlier.
    last_ticks: u64,
    /// Records in the chunk.
    records: u32,
    /// What the chunk's last control record said.
    context: u32,
    term: u64,
    /// The simulated time in ns, plus one; 0 = none.
    simulated: u64,
    /// The scope and task for which `context_id` was looked up.
    scope: u64,
    task: u64,
    context_id: u32,
    lines: [(*const Location<'static>, u32); LINES],
}

/// A thread's writer, and whether it is at work.
struct Guarded {
    busy: Cell<bool>,
    writer: UnsafeCell<Writer>,
}

thread_local! {
    // No destructor, so that it can be used until the thread's very last moment.
    static WRITER: Guarded = const {
        Guarded {
            busy: Cell::new(false),
            writer: UnsafeCell::new(Writer {
            chunk: None,
            orphan: false,
            next: std::ptr::null_mut(),
            left: 0,
            last_ticks: 0,
            records: 0,
            context: u32::MAX,
            term: 0,
            simulated: 0,
            scope: u64::MAX,
            task: 0,
            context_id: 0,
            lines: [(std::ptr::null(), 0); LINES],
            }),
        }
    };
    static GIVE_BACK: GiveBack = const { GiveBack(Cell::new(false)) };
}

/// Gives the thread's chunk back when the thread ends.
struct GiveBack(Cell<bool>);

impl Drop for GiveBack {
    fn drop(&mut self) {
        let Some(recorder) = recorder() else { return };
        if task::ends_unseen() {
            crate::thread::end_untracked();
        }
        with_writer(|writer| {
            if let Some(continued) = writer.leave(&recorder.file) {
                recorder.give_back(continued);
            }
        });
        task::retire();
    }
}

/// The thread's writer; `None` if it is at work already, which takes an event from within an allocator or a signal handler
/// (the user's Display and Debug have been run by then, see `crate::arg`).
#[inline(always)]
fn with_writer<R>(run: impl FnOnce(&mut Writer) -> R) -> Option<R> {
    // Only the address is asked for within `with`, which the compiler then reduces to the address itself.
    let guarded = WRITER.with(std::ptr::from_ref);
    // SAFETY: the value is this thread's own and has no destructor: it lives as long as the thread.
    let guarded = unsafe { &*guarded };
    if guarded.busy.replace(true) {
        return None;
    }
    // SAFETY: `busy` keeps a second borrow out until this one has ended; should `run` unwind, `busy` stays set and nobody
    // sees what it left behind.
    let result = run(unsafe { &mut *guarded.writer.get() });
    guarded.busy.set(false);
    Some(result)
}

/// Runs `run` under one of the recorder's locks: what an allocator or a signal handler says meanwhile on this thread must
/// not come to the same lock. `None` if the thread is there already.
pub(crate) fn busy<R>(run: impl FnOnce() -> R) -> Option<R> {
    with_writer(|_| run())
}

/// Mapped memory that is known to be large enough.
pub(crate) struct Reserved {
    next: *mut u8,
}

impl Reserved {
    /// Appends what `put` writes, at most `max_len` bytes, to a buffer of the program.
    #[inline]
    pub(crate) fn append_to(buffer: &mut Vec<u8>, max_len: usize, put: impl FnOnce(&mut Reserved)) {
        buffer.reserve(max_len);
        // SAFETY: there is room for `max_len` more bytes behind the buffer's length.
        let start = unsafe { buffer.as_mut_ptr().add(buffer.len()) };
        let mut out = Reserved { next: start };
        put(&mut out);
        let written = out.next as usize - start as usize;
        // SAFETY: `put` has initialised these bytes, and keeps to what it announced.
        unsafe { buffer.set_len(buffer.len() + written) };
    }
}

impl Sink for Reserved {
    #[inline]
    fn put(&mut self, byte: u8) {
        // SAFETY: `Writer::append` made sure of room for all that `Args::max_len` announced; a test holds every
        // implementation of `Arg` to its announcement.
        unsafe {
            self.next.write(byte);
            self.next = self.next.add(1);
        }
    }

    #[inline]
    fn put_slice(&mut self, bytes: &[u8]) {
        // SAFETY: as above; program memory and the mapping do not overlap.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.next, bytes.len());
            self.next = self.next.add(bytes.len());
        }
    }
}

/// What is to be recorded: the id of its shape, and what it means for what is kept of the task.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) shape: u32,
    pub(crate) pinning: Pinning,
}

/// Appends a record of `form` in the name of `scope` and the current task; `put` writes at most `max_len` bytes.
#[inline]
pub(crate) fn append(recorder: &Recorder, scope: &Scope, form: Form, max_len: usize, put: impl FnOnce(&mut Reserved)) {
    // The program's own code, so before the writer is at work.
    let simulated = clock::now();
    let done = task::with_current(|task| {
        with_writer(|writer| {
            if writer.prepare(recorder, scope, task, max_len) {
                writer.append(recorder, scope.encoded_term(), simulated, form.shape, put, |record| {
                    note(recorder, task, form, record);
                });
            }
        })
    });
    if done.is_none() {
        recorder.file.lose(max_len as u64);
    }
}

/// As [`append`], with `line` as the record's last value.
#[inline]
pub(crate) fn append_at(
    recorder: &Recorder,
    scope: &Scope,
    form: Form,
    line: &'static Location<'static>,
    max_len: usize,
    put: impl FnOnce(&mut Reserved),
) {
    append_pinned(recorder, scope, form.shape, line, max_len, put, |task, record| {
        note(recorder, task, form, record);
    });
}

/// As [`append_at`], for a record by which the task begins to hold something; the pin is to be taken away when it ends.
#[inline]
pub(crate) fn append_hold(
    recorder: &Recorder,
    scope: &Scope,
    shape: u32,
    line: &'static Location<'static>,
    max_len: usize,
    put: impl FnOnce(&mut Reserved),
) -> Pin {
    let mut pin = Pin::NONE;
    append_pinned(recorder, scope, shape, line, max_len, put, |task, record| {
        if task.slot().waits() {
            task.slot().note(recorder, Pinning::Ends, &record);
        }
        pin = task.slot().hold(recorder, &record);
    });
    pin
}

#[inline(always)]
fn append_pinned(
    recorder: &Recorder,
    scope: &Scope,
    shape: u32,
    line: &'static Location<'static>,
    max_len: usize,
    put: impl FnOnce(&mut Reserved),
    pin: impl FnOnce(&Task, Written),
) {
    let simulated = clock::now();
    let done = task::with_current(|task| {
        with_writer(|writer| {
            if !writer.prepare(recorder, scope, task, max_len) {
                return;
            }
            let Some(line) = writer.line_id(recorder, line) else { return recorder.file.lose(max_len as u64) };
            let put = |out: &mut Reserved| {
                put(out);
                put_u64(out, u64::from(line));
            };
            writer.append(recorder, scope.encoded_term(), simulated, shape, put, |record| pin(task, record));
        })
    });
    if done.is_none() {
        recorder.file.lose(max_len as u64);
    }
}

/// Keeps what is kept of the task as the record says.
#[inline(always)]
fn note(recorder: &Recorder, task: &Task, form: Form, record: Written) {
    if form.pinning.always() || task.slot().waits() {
        task.slot().note(recorder, form.pinning, &record);
    }
}

/// Keeps a record where it stays whatever happens to the chunks of events: among the definitions.
#[cold]
pub(crate) fn keep(
    recorder: &Recorder,
    scope: &Scope,
    shape: u32,
    line: Option<&'static Location<'static>>,
    max_len: usize,
    put: impl FnOnce(&mut Reserved),
) {
    let simulated = clock::now();
    let kept = task::with_current(|task| {
        with_writer(|writer| {
            if !writer.prepare(recorder, scope, task, 0) {
                // It was counted.
                return Some(());
            }
            let line = match line {
                Some(line) => Some(writer.line_id(recorder, line)?),
                None => None,
            };
            let term = decoded(scope.encoded_term());
            let mut record = Vec::new();
            Reserved::append_to(&mut record, max_len.checked_add(HEAD_ROOM)?, |out| {
                put_context(out, writer.context_id, term);
                if simulated != 0 {
                    put_simulated(out, simulated.checked_sub(1));
                }
                put_head(out, shape, 0);
                put(out);
                if let Some(line) = line {
                    put_u64(out, u64::from(line));
                }
            });
            // Within a task, time alone tells the order of records that stand in different places.
            let ticks = recorder.clock.ticks_after(writer.last_ticks);
            recorder.definitions.keep(&recorder.target(), ticks, record)?;
            recorder.clock.ticks_after(ticks);
            Some(())
        })
    });
    if kept.flatten().is_none() {
        recorder.file.lose(max_len as u64);
    }
}

impl Writer {
    /// Makes sure of room, and of the right context; counts the event as lost where that cannot be.
    #[inline(always)]
    fn prepare(&mut self, recorder: &Recorder, scope: &Scope, task: &Task, max_len: usize) -> bool {
        if self.left < max_len.saturating_add(HEAD_ROOM) && !self.refill(recorder, max_len) {
            return false;
        }
        (self.scope == scope.number() && self.task == task.id()) || self.look_up(recorder, scope, task, max_len)
    }

    /// The id of a source line.
    #[inline(always)]
    fn line_id(&mut self, recorder: &Recorder, line: &'static Location<'static>) -> Option<u32> {
        let key = std::ptr::from_ref(line);
        let known = &self.lines[(key as usize >> 3) % LINES];
        if known.0 == key { Some(known.1) } else { self.new_line_id(recorder, line) }
    }

    #[cold]
    #[inline(never)]
    fn new_line_id(&mut self, recorder: &Recorder, line: &'static Location<'static>) -> Option<u32> {
        let key = std::ptr::from_ref(line);
        let id = recorder.definitions.location(&recorder.target(), line)?;
        self.lines[(key as usize >> 3) % LINES] = (key, id);
        Some(id)
    }

    #[inline(always)]
    fn append(
        &mut self,
        recorder: &Recorder,
        term: u64,
        simulated: u64,
        shape: u32,
        put: impl FnOnce(&mut Reserved),
        pin: impl FnOnce(Written),
    ) {
        let Some(chunk) = &self.chunk else { return };
        let mut out = Reserved { next: self.next };
        if self.context != self.context_id {
            put_context(&mut out, self.context_id, decoded(term));
            (self.context, self.term) = (self.context_id, term);
        } else if self.term != term {
            put_term(&mut out, decoded(term));
            self.term = term;
        }
        if self.simulated != simulated {
            put_simulated(&mut out, simulated.checked_sub(1));
            self.simulated = simulated;
        }
        let ticks = recorder.clock.ticks().max(self.last_ticks);
        put_head(&mut out, shape, ticks - self.last_ticks);
        let values = out.next;
        put(&mut out);
        self.last_ticks = ticks;
        self.records = self.records.wrapping_add(1);
        self.left -= out.next as usize - self.next as usize;
        self.next = out.next;
        let written = self.next as usize - chunk.payload() as usize;
        protocol::publish(chunk.committed(), written as u32);
        let (context, len) = (self.context_id, self.next as usize - values as usize);
        pin(Written { ticks, term, context, shape, values, len });
        if self.orphan
            && let Some(continued) = self.leave(&recorder.file)
        {
            recorder.give_back(continued);
        }
    }

    /// Gets a chunk with room for `max_len` bytes of values. Counts the event as lost if there is none.
    #[cold]
    #[inline(never)]
    fn refill(&mut self, recorder: &Recorder, max_len: usize) -> bool {
        if max_len > Chunk::ROOM - HEAD_ROOM {
            recorder.file.lose(max_len as u64);
            return false;
        }
        if self.chunk.is_none() && recorder.file.is_full() {
            recorder.file.lose(max_len as u64);
            return false;
        }
        let floor = self.last_ticks;
        if let Some(full) = self.chunk.take() {
            recorder.file.close_chunk(full, self.contents());
        }
        self.left = 0;
        let continued = recorder.pool().take(max_len + HEAD_ROOM);
        let continued = continued.or_else(|| {
            let pair = recorder.clock.pair();
            let chunk = recorder.file.take_chunk(ChunkRole::Events, pair)?;
            let contents = Contents { records: 0, last_ticks: pair.0 };
            Some(Continued { chunk, written: 0, contents, simulated: 0 })
        });
        let Some(Continued { chunk, written, contents, simulated }) = continued else {
            recorder.file.lose(max_len as u64);
            return false;
        };
        self.next = chunk.payload().wrapping_add(written);
        self.left = Chunk::ROOM - written;
        self.chunk = Some(chunk);
        // Within a task, time alone tells the order of records in different chunks, so it must not stand still here.
        recorder.clock.ticks_after(floor);
        (self.records, self.last_ticks) = (contents.records, contents.last_ticks);
        (self.context, self.term, self.simulated) = (u32::MAX, 0, simulated);
        // Fails only while the thread is being torn down; the chunk then stays with the thread and ends with it.
        self.orphan = GIVE_BACK.try_with(|give_back| give_back.0.set(true)).is_err();
        true
    }

    #[cold]
    #[inline(never)]
    fn look_up(&mut self, recorder: &Recorder, scope: &Scope, task: &Task, max_len: usize) -> bool {
        let id = task.context(scope.number(), || {
            let make = || scope.context(task.id());
            recorder.definitions.context(&recorder.target(), scope.number(), task.id(), make)
        });
        match id {
            Some(id) => {
                (self.scope, self.task, self.context_id) = (scope.number(), task.id(), id);
                true
            }
            None => {
                recorder.file.lose(max_len as u64);
                false
            }
        }
    }

    fn leave(&mut self, file: &TraceFile) -> Option<Continued> {
        let chunk = self.chunk.take()?;
        let written = Chunk::ROOM - self.left;
        self.left = 0;
        if Chunk::ROOM - written < WORTH_KEEPING {
            file.close_chunk(chunk, self.contents());
            return None;
        }
        Some(Continued { chunk, written, contents: self.contents(), simulated: self.simulated })
    }

    fn contents(&self) -> Contents {
        Contents { records: self.records, last_ticks: self.last_ticks }
    }
}

fn decoded(term: u64) -> Option<Term> {
    term.checked_sub(1).map(Term)
}

/// Chunks that were given back.
#[derive(Debug, Default)]
pub(crate) struct Pool(Vec<Continued>);

impl Pool {
    pub(super) fn push(&mut self, continued: Continued) {
        self.0.push(continued);
    }

    /// Closes the chunks that nobody has continued.
    pub(super) fn seal(&mut self) {
        self.0.drain(..).for_each(|continued| continued.chunk.seal());
    }

    fn take(&mut self, room: usize) -> Option<Continued> {
        let place = self.0.iter().rposition(|continued| Chunk::ROOM - continued.written >= room)?;
        Some(self.0.swap_remove(place))
    }
}

// The commit protocol needs a lock-free 32-bit store.
const _: () = assert!(cfg!(target_has_atomic = "32") && size_of::<AtomicU32>() == 4);
