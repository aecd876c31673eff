//! The tables of a trace while it is written: who needs an id for a text, a shape or a context gets it here, and the
//! definition is committed before the id is handed out.
//!
//! All of this is off the hot path: each call site, task and source line comes here once.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use peerscope_format::shape::Shape;
use peerscope_format::value::Value;
use peerscope_format::wire::{ChunkRole, Context, Definition, FIRST_SHAPE};

use super::file::{Chunk, TraceFile};
use super::os::RecorderClock;
use super::protocol;

/// The writer of definitions.
#[derive(Default)]
pub(crate) struct Definitions(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    texts: HashMap<String, u32>,
    locations: HashMap<*const Location<'static>, u32>,
    /// By the address of the call site (0: none) and the encodings of its arguments.
    shapes: HashMap<(usize, u64), u32>,
    shape_count: u32,
    /// By the scope's number and the task.
    contexts: HashMap<(u64, u64), u32>,
    out: Option<Chunk>,
    buffer: Vec<u8>,
    next_clock_ns: u64,
}

// SAFETY: the pointers are only compared; `Location`s live for ever.
unsafe impl Send for Tables {}

/// Where definitions go.
pub(crate) struct Target<'r> {
    pub(crate) file: &'r TraceFile,
    pub(crate) clock: &'r RecorderClock,
}

impl Definitions {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of a source line, as text `file:line`.
    pub(crate) fn location(&self, target: &Target<'_>, location: &'static Location<'static>) -> Option<u32> {
        let mut tables = self.lock();
        let key = std::ptr::from_ref(location);
        if let Some(&id) = tables.locations.get(&key) {
            return Some(id);
        }
        let id = tables.text(target, &format!("{}:{}", location.file(), location.line()))?;
        tables.locations.insert(key, id);
        Some(id)
    }

    /// The id of the shape of a call site's records with arguments of these encodings.
    pub(crate) fn shape(
        &self,
        target: &Target<'_>,
        site: usize,
        encodings: u64,
        make: impl FnOnce() -> Shape,
    ) -> Option<u32> {
        let mut tables = self.lock();
        if let Some(&id) = tables.shapes.get(&(site, encodings)) {
            return Some(id);
        }
        let id = FIRST_SHAPE + tables.shape_count;
        tables.define(target, &Definition::Shape(id, make()))?;
        tables.shape_count += 1;
        tables.shapes.insert((site, encodings), id);
        Some(id)
    }

    /// The id of the context of a task in a scope.
    pub(crate) fn context(
        &self,
        target: &Target<'_>,
        scope: u64,
        task: u64,
        make: impl FnOnce() -> Context,
    ) -> Option<u32> {
        let mut tables = self.lock();
        if let Some(&id) = tables.contexts.get(&(scope, task)) {
            return Some(id);
        }
        let id = tables.contexts.len() as u32;
        tables.define(target, &Definition::Context(id, make()))?;
        tables.contexts.insert((scope, task), id);
        Some(id)
    }

    /// Adds a free key/value of the run.
    pub(crate) fn meta(&self, target: &Target<'_>, key: &str, value: Value) {
        if self.lock().define(target, &Definition::Meta(key.to_owned(), value)).is_none() {
            target.file.lose(0);
        }
    }

    /// Keeps a record that stays whatever happens to the chunks of events: `bytes` are a control record and itself.
    pub(crate) fn keep(&self, target: &Target<'_>, ticks: u64, bytes: Vec<u8>) -> Option<()> {
        self.lock().define(target, &Definition::Record(ticks, bytes.into()))
    }

    /// Closes the chunk of definitions; later ones get another, if there is one to be had.
    pub(crate) fn seal(&self) {
        if let Some(chunk) = self.lock().out.take() {
            chunk.seal();
        }
    }

    /// Notes the time, so that a reader can tell the length of a tick.
    pub(crate) fn clock_pair(&self, target: &Target<'_>) {
        let (ticks, ns) = target.clock.pair();
        self.lock().define(target, &Definition::Clock(ticks, ns));
    }
}

impl Tables {
    fn text(&mut self, target: &Target<'_>, text: &str) -> Option<u32> {
        if let Some(&id) = self.texts.get(text) {
            return Some(id);
        }
        let id = self.texts.len() as u32;
        self.define(target, &Definition::Text(id, text.into()))?;
        self.texts.insert(text.to_owned(), id);
        Some(id)
    }

    /// Commits a definition; `None` if there is no room for it.
    fn define(&mut self, target: &Target<'_>, definition: &Definition) -> Option<()> {
        let (ticks, ns) = target.clock.pair();
        self.buffer.clear();
        if ns >= self.next_clock_ns {
            // Ever longer bases for the length of a tick, and few of them.
            self.next_clock_ns = ns.saturating_mul(2).max(1_000_000);
            Definition::Clock(ticks, ns).encode(&mut self.buffer);
        }
        definition.encode(&mut self.buffer);
        let len = self.buffer.len();
        let full = |chunk: &Chunk| chunk.committed().load(Ordering::Relaxed) as usize + len > Chunk::ROOM;
        if self.out.as_ref().is_none_or(full) {
            if let Some(chunk) = self.out.take() {
                chunk.seal();
            }
            if len > Chunk::ROOM {
                return None;
            }
            self.out = Some(target.file.take_chunk(ChunkRole::Definitions, (ticks, ns))?);
        }
        let chunk = self.out.as_ref()?;
        let committed = chunk.committed().load(Ordering::Relaxed) as usize;
        // SAFETY: `committed + len` bytes fit into the payload, and this lock makes us its only writer.
        unsafe { std::ptr::copy_nonoverlapping(self.buffer.as_ptr(), chunk.payload().add(committed), len) };
        protocol::publish(chunk.committed(), (committed + len) as u32);
        Some(())
    }
}
