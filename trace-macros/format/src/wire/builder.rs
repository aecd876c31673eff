//! Building a trace event by event, for importers, converters and tests: one writer, all its events in the order of its
//! calls.

use std::collections::HashMap;

use super::{
    Context, Corrupt, Definition, EventChunk, FIRST_SHAPE, Image, Tables, Tick, put_context, put_head, put_simulated,
};
use crate::header::TraceHeader;
use crate::shape::{Encoding, Field, Shape};
use crate::value::{MAX_DEPTH, Term, Value};

/// A chunk is closed once it holds this much.
const CHUNK_PAYLOAD: usize = 1 << 20;
/// A record beyond this cannot be written into any chunk.
const MAX_RECORD: usize = 8 << 20;

/// What stands at the head of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventHead {
    /// When, in ns since the trace's start.
    pub ts: u64,
    /// Whose.
    pub context: Context,
    /// The peer's current term.
    pub term: Option<Term>,
}

/// Builds an [`Image`] whose ticks are nanoseconds.
pub struct ImageBuilder {
    image: Image,
    texts: HashMap<Box<str>, u32>,
    shapes: HashMap<Shape, u32>,
    contexts: HashMap<Box<[u8]>, u32>,
    payload: Vec<u8>,
    base_ticks: u64,
    now: u64,
    current: Option<(u32, Option<Term>)>,
    simulated: Option<u64>,
    /// What the chunk's records carry so far.
    written_simulated: Option<u64>,
}

impl ImageBuilder {
    /// Begins a trace.
    pub fn new(header: TraceHeader) -> Self {
        let mut tables = Tables::default();
        tables.meta.clone_from(&header.meta);
        ImageBuilder {
            image: Image { header, tick: Tick::Nanosecond, tables, chunks: Vec::new(), lost_events: 0, lost_bytes: 0 },
            texts: HashMap::new(),
            shapes: HashMap::new(),
            contexts: HashMap::new(),
            payload: Vec::new(),
            base_ticks: 0,
            now: 0,
            current: None,
            simulated: None,
            written_simulated: None,
        }
    }

    /// The id of `text` in the string table.
    pub fn text(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.texts.get(text) {
            return id;
        }
        let id = self.texts.len() as u32;
        self.texts.insert(text.into(), id);
        self.define(Definition::Text(id, text.into()));
        id
    }

    /// The id of `shape`.
    pub fn shape(&mut self, shape: &Shape) -> u32 {
        if let Some(&id) = self.shapes.get(shape) {
            return id;
        }
        let id = self.shapes.len() as u32 + FIRST_SHAPE;
        self.shapes.insert(shape.clone(), id);
        self.define(Definition::Shape(id, shape.clone()));
        id
    }

    /// The id of `context`.
    pub fn context(&mut self, context: &Context) -> u32 {
        let mut key = Vec::new();
        let Context { test, cluster, peer, incarnation, task } = context;
        for value in [test, cluster, peer, incarnation, task] {
            value.as_ref().unwrap_or(&Value::Null).encode(&mut key);
        }
        if let Some(&id) = self.contexts.get(&key[..]) {
            return id;
        }
        let id = self.contexts.len() as u32;
        self.contexts.insert(key.into(), id);
        self.define(Definition::Context(id, context.clone()));
        id
    }

    /// The events to come carry this simulated time, in ns.
    pub fn simulated(&mut self, simulated: Option<u64>) {
        self.simulated = simulated;
    }

    fn define(&mut self, definition: Definition) {
        let defined = self.image.tables.define(definition, usize::MAX);
        debug_assert_eq!(defined, Ok(()), "ids count up from the first");
    }

    /// Appends an event whose `values` are already encoded as `shape` says. A `ts` before the last event's becomes
    /// the last event's (times never run backwards in a file); whether that happened is returned.
    ///
    /// # Errors
    /// If the event is too large for any chunk.
    pub fn push(
        &mut self,
        ts: u64,
        context: u32,
        term: Option<Term>,
        shape: u32,
        values: &[u8],
    ) -> Result<bool, Corrupt> {
        if values.len() > MAX_RECORD {
            return Err(Corrupt("an event is larger than 8 MiB"));
        }
        if self.payload.len() + values.len() > CHUNK_PAYLOAD {
            self.close_chunk();
        }
        if self.current != Some((context, term)) {
            put_context(&mut self.payload, context, term);
            self.current = Some((context, term));
        }
        if self.written_simulated != self.simulated {
            put_simulated(&mut self.payload, self.simulated);
            self.written_simulated = self.simulated;
        }
        let backwards = ts < self.now;
        put_head(&mut self.payload, shape, ts.saturating_sub(self.now));
        self.payload.extend_from_slice(values);
        self.now = self.now.max(ts);
        Ok(backwards)
    }

    /// Appends an event with the given fields, each written with its own type.
    ///
    /// # Errors
    /// If the event is too large for any chunk, or nested more deeply than a reader would follow.
    pub fn event(&mut self, head: &EventHead, kind: &str, fields: &[(&str, Value)]) -> Result<bool, Corrupt> {
        if fields.iter().any(|(_, value)| value.depth() > MAX_DEPTH) {
            return Err(Corrupt("values are nested too deeply"));
        }
        let mut values = Vec::new();
        fields.iter().for_each(|(_, value)| value.encode(&mut values));
        let fields = fields.iter().map(|(name, _)| Field { name: (*name).into(), encoding: Encoding::Any }).collect();
        let shape = self.shape(&Shape { kind: kind.into(), fields });
        let context = self.context(&head.context);
        self.push(head.ts, context, head.term, shape, &values)
    }

    fn close_chunk(&mut self) {
        if !self.payload.is_empty() {
            let payload = std::mem::take(&mut self.payload).into();
            self.image.chunks.push(EventChunk { offset: 0, base_ticks: self.base_ticks, payload });
        }
        self.base_ticks = self.now;
        self.current = None;
        self.written_simulated = None;
    }

    /// Ends the trace.
    pub fn finish(mut self) -> Image {
        self.close_chunk();
        self.image
    }
}
