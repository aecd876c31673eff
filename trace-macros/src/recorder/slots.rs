//! The tasks' slots: what each live task holds and waits for, beside its events. What stands in a slot, and how it is read while
//! it changes, says [`peerscope_format::wire::slot`].
//!
//! # Memory ordering
//! A task's waits and its first word are pinned by the thread that runs it, which is one at a time. A hold is pinned by that
//! thread too, but whoever ends it takes it away: by one store of the state that says "empty", which only the task itself
//! turns into another one. Slots change their owners under the lock. In which order a pin is stored says `super::protocol`.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use peerscope_format::wire::ChunkRole;
use peerscope_format::wire::slot::{
    HOLDS, LONG_PIN, PIN_HEAD, SHORT_PIN, SLOT, WAITS, pin_state, slot_offset as offset,
};

use super::file::Chunk;
use super::{Recorder, busy, protocol, recorder};
use crate::site::Pinning;

/// A record that was just committed.
pub(super) struct Written {
    pub(super) ticks: u64,
    /// The term + 1; 0 = unknown.
    pub(super) term: u64,
    pub(super) context: u32,
    pub(super) shape: u32,
    /// Its values.
    pub(super) values: *const u8,
    pub(super) len: usize,
}

/// The slot of a task, which it gets when it needs one, and what stands in it.
#[derive(Debug)]
pub(crate) struct TaskSlot {
    /// Null if it has none.
    start: Cell<*mut u8>,
    /// How many waits are pinned.
    waits: Cell<u8>,
    /// What pinned them.
    waits_by: Cell<Pinning>,
    /// The pin of the request that it handles: the last one that it received.
    handles: Cell<Pin>,
    /// It gets no slot any more.
    retired: Cell<bool>,
}

// SAFETY: the pointer leads into a shared mapping that is never unmapped.
unsafe impl Send for TaskSlot {}

impl TaskSlot {
    pub(crate) const fn new() -> Self {
        TaskSlot {
            start: Cell::new(std::ptr::null_mut()),
            waits: Cell::new(0),
            waits_by: Cell::new(Pinning::Ends),
            handles: Cell::new(Pin::NONE),
            retired: Cell::new(false),
        }
    }

    /// Of what stands for a task and is not it: it gets none.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code, reason = "only async tasks are stood in for"))]
    pub(crate) const fn none() -> Self {
        let slot = TaskSlot::new();
        TaskSlot { retired: Cell::new(true), ..slot }
    }

    /// Whether the task waits for something that it may have stopped waiting for by its next event.
    #[inline(always)]
    pub(super) fn waits(&self) -> bool {
        self.waits.get() != 0
    }

    /// The task has written a record, which pins itself or ends what it waited for.
    #[cold]
    #[inline(never)]
    pub(super) fn note(&self, recorder: &Recorder, pinning: Pinning, record: &Written) {
        match pinning {
            Pinning::Keeps => {}
            Pinning::Talks if self.waits_by.get() == Pinning::Call => {}
            Pinning::Releases if self.waits_by.get() == Pinning::Condition => self.waits_by.set(Pinning::Wait),
            Pinning::Case if self.waits() && self.waits_by.get() == Pinning::Case => {
                self.pin_wait(recorder, self.waits.get(), pinning, record);
            }
            Pinning::Wait | Pinning::Call | Pinning::Case | Pinning::Condition => {
                self.end_waits();
                self.pin_wait(recorder, 0, pinning, record);
            }
            Pinning::Begins => {
                if let Some(slot) = self.slot(recorder) {
                    slot.pin(offset::BEGIN, LONG_PIN, record);
                }
            }
            Pinning::Handles => {
                self.end_waits();
                self.handles.replace(Pin::NONE).take_away();
                self.handles.set(self.hold(recorder, record));
            }
            Pinning::Answers => {
                self.end_waits();
                self.handles.replace(Pin::NONE).take_away();
            }
            Pinning::EndsTask => {
                self.end_waits();
                self.handles.replace(Pin::NONE).take_away();
                // What it still holds it holds for ever, unless another task ends that.
                if let Some(slot) = self.known().filter(Slot::holds_something) {
                    slot.pin(offset::WAITS, LONG_PIN, record);
                }
            }
            Pinning::Talks | Pinning::Releases | Pinning::Ends | Pinning::Introduces => self.end_waits(),
        }
    }

    fn pin_wait(&self, recorder: &Recorder, place: u8, pinning: Pinning, record: &Written) {
        let Some(slot) = self.slot(recorder).filter(|_| usize::from(place) < WAITS) else { return };
        if slot.pin(offset::WAITS + usize::from(place) * LONG_PIN, LONG_PIN, record) {
            self.waits.set(place + 1);
            self.waits_by.set(pinning);
        }
    }

    fn end_waits(&self) {
        let Some(slot) = self.known() else { return };
        for place in 0..self.waits.replace(0) {
            protocol::empty(slot.u64_at(offset::WAITS + usize::from(place) * LONG_PIN));
        }
    }

    /// The task has written the record by which it holds something.
    #[inline]
    pub(super) fn hold(&self, recorder: &Recorder, record: &Written) -> Pin {
        let Some(slot) = self.slot(recorder) else { return Pin::NONE };
        let end = offset::HOLDS + HOLDS * SHORT_PIN;
        let mut place = offset::HOLDS;
        while place < end && slot.u64_at(place).load(Ordering::Relaxed) != 0 {
            place += SHORT_PIN;
        }
        if place < end && slot.pin(place, SHORT_PIN, record) {
            return Pin(slot.0.wrapping_add(place));
        }
        slot.more().fetch_add(1, Ordering::Relaxed);
        Pin(slot.0.wrapping_add(offset::MORE + COUNTED))
    }

    #[inline]
    fn known(&self) -> Option<Slot> {
        let start = self.start.get();
        (!start.is_null()).then_some(Slot(start))
    }

    #[inline]
    fn slot(&self, recorder: &Recorder) -> Option<Slot> {
        self.known().or_else(|| self.take(recorder))
    }

    #[cold]
    #[inline(never)]
    fn take(&self, recorder: &Recorder) -> Option<Slot> {
        if self.retired.get() {
            return None;
        }
        let slot = recorder.slots.take(recorder)?;
        self.start.set(slot.0);
        Some(slot)
    }

    /// The task has ended, or speaks no more that matters: its slot goes to others, once it holds nothing any more.
    pub(crate) fn retire(&self) {
        self.retired.set(true);
        self.waits.set(0);
        self.handles.replace(Pin::NONE).take_away();
        let slot = self.known();
        self.start.set(std::ptr::null_mut());
        if let (Some(slot), Some(recorder)) = (slot, recorder()) {
            // From within the recorder itself (an allocator that ends a task) it would never come back; then the slot stays.
            busy(|| recorder.slots.give_back(slot));
        }
    }
}

/// The pin of a hold, or none: null, the state of a pin, or `COUNTED` bytes behind the number of holds that found no pin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin(*mut u8);

const COUNTED: usize = 1;

// SAFETY: the pointer leads to an atomic in a shared mapping that is never unmapped.
unsafe impl Send for Pin {}
// SAFETY: as above.
unsafe impl Sync for Pin {}

impl Pin {
    pub(crate) const NONE: Pin = Pin(std::ptr::null_mut());

    /// The hold has ended; to be called once, by whatever thread.
    #[inline]
    pub(crate) fn take_away(self) {
        let Pin(place) = self;
        if place.addr() & COUNTED == 0 && !place.is_null() {
            // SAFETY: the state is mapped for the life of the process, aligned, and only used as an atomic.
            protocol::empty(unsafe { AtomicU64::from_ptr(place.cast()) });
        } else if !place.is_null() {
            // SAFETY: as above.
            unsafe { AtomicU32::from_ptr(place.wrapping_sub(COUNTED).cast()) }.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A slot in the file.
struct Slot(*mut u8);

// SAFETY: as for `TaskSlot`.
unsafe impl Send for Slot {}

impl Slot {
    #[inline]
    fn u64_at(&self, offset: usize) -> &'static AtomicU64 {
        debug_assert!(offset.is_multiple_of(8) && offset + 8 <= SLOT);
        // SAFETY: the slot is mapped for the life of the process and aligned to 64 bytes; the offset is a multiple of 8 in it.
        unsafe { AtomicU64::from_ptr(self.0.add(offset).cast()) }
    }

    fn more(&self) -> &'static AtomicU32 {
        // SAFETY: as above.
        unsafe { AtomicU32::from_ptr(self.0.add(offset::MORE).cast()) }
    }

    /// Pins a record at `place`, which has `size` bytes; whether it fits.
    #[inline]
    fn pin(&self, place: usize, size: usize, record: &Written) -> bool {
        if record.len > size - PIN_HEAD {
            return false;
        }
        let state = pin_state(record.len as u8, record.ticks);
        protocol::fill(self.u64_at(place), state, || self.put(place, record));
        true
    }

    #[inline(always)]
    fn put(&self, place: usize, record: &Written) {
        self.u64_at(place + 8).store(record.ticks, Ordering::Relaxed);
        self.u64_at(place + 16).store(record.term, Ordering::Relaxed);
        self.u64_at(place + 24).store(u64::from(record.shape) << 32 | u64::from(record.context), Ordering::Relaxed);
        for number in 0..record.len {
            // Byte by byte, as they were written just now: the processor would wait for stores that a wider load covers.
            // SAFETY: the values have `len` bytes.
            let byte = unsafe { record.values.add(number).read() };
            // SAFETY: the pin has room for `len` bytes of values, and is only used as atomics.
            unsafe { AtomicU8::from_ptr(self.0.add(place + PIN_HEAD + number)) }.store(byte, Ordering::Relaxed);
        }
    }

    fn holds_something(&self) -> bool {
        let pinned = |number| self.u64_at(offset::HOLDS + number * SHORT_PIN).load(Ordering::Acquire) != 0;
        self.more().load(Ordering::Relaxed) != 0 || (0..HOLDS).any(pinned)
    }

    /// Takes away all but holds.
    fn clear(&self) {
        (0..=WAITS).for_each(|number| protocol::empty(self.u64_at(offset::BEGIN + number * LONG_PIN)));
    }
}

/// All slots that have been handed out, but for those that are in use.
#[derive(Default)]
pub(super) struct Slots(Mutex<Returned>);

#[derive(Default)]
struct Returned {
    slots: VecDeque<Slot>,
    chunks: Vec<Chunk>,
    handed_out: usize,
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, Returned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, recorder: &Recorder) -> Option<Slot> {
        // Of those that ended while they held something there may be many.
        const LOOKS: usize = 4;
        let mut returned = self.lock();
        for _ in 0..LOOKS {
            let Some(slot) = returned.slots.pop_front() else { break };
            if !slot.holds_something() {
                slot.clear();
                return Some(slot);
            }
            returned.slots.push_back(slot);
        }
        let used = |chunk: &Chunk| chunk.committed().load(Ordering::Relaxed) as usize;
        if returned.chunks.last().is_none_or(|chunk| used(chunk) + SLOT > Chunk::ROOM) {
            let chunk = recorder.file.take_chunk(ChunkRole::Tasks, recorder.clock.pair())?;
            returned.chunks.push(chunk);
        }
        let chunk = returned.chunks.last()?;
        let at = used(chunk);
        let slot = Slot(chunk.payload().wrapping_add(at));
        chunk.committed().store((at + SLOT) as u32, Ordering::Release);
        returned.handed_out += 1;
        Some(slot)
    }

    fn give_back(&self, slot: Slot) {
        if !slot.holds_something() {
            slot.clear();
        }
        self.lock().slots.push_back(slot);
    }

    /// Puts the slots under their sums, if nobody can change them any more.
    pub(super) fn seal(&self) {
        let mut returned = self.lock();
        let all_back = returned.slots.len() == returned.handed_out;
        if all_back && !returned.slots.iter().any(Slot::holds_something) {
            // Nobody gets one of them any more, either.
            returned.slots.clear();
            returned.chunks.drain(..).for_each(Chunk::seal);
        }
    }
}
