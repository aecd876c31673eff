//! Records that stand outside the chunks of events become events again, and what a ring has left of the time that it
//! overwrote is left out.
//!
//! Whatever chunks a ring has overwritten, the reader keeps the events *after* the latest of those that are gone: from there
//! on the trace is whole. Of the time before it keeps what the writer has kept for that: the objects that were made, and
//! what live tasks hold and wait for. One `lost` event stands between the two: before all that is held, behind the
//! objects.

use super::definition::Kept;
use super::{
    Context, Definition, EventChunk, FIRST_SHAPE, Overwritten, Problem, ProblemKind, Records, Tables, put_context,
    put_head, put_simulated,
};
use crate::shape::{Encoding, Field, Shape};
use crate::value::Value;

/// A chunk that is put together here is closed once it holds this much.
const PAYLOAD: usize = 1 << 20;

/// The chunks that `kept` and `pins` make. `lost`: the ring's losses; `kept` then stands before them wherever it is older
/// than a pin, and pins behind them.
pub(super) fn put_back(
    tables: &mut Tables,
    mut kept: Vec<Kept>,
    mut pins: Vec<Kept>,
    lost: Option<Overwritten>,
) -> Vec<EventChunk> {
    if let Some(lost) = lost {
        let begin = pins.iter().map(|pin| pin.ticks).min().unwrap_or(lost.until).min(lost.until);
        kept.iter_mut().filter(|kept| kept.ticks <= lost.until).for_each(|kept| kept.ticks = kept.ticks.min(begin));
        kept.sort_by_key(|kept| kept.ticks);
        let behind = kept.partition_point(|kept| kept.ticks <= begin);
        pins.extend(kept.drain(behind..));
        kept.push(said(tables, begin, lost));
    } else {
        kept.sort_by_key(|kept| kept.ticks);
    }
    pins.sort_by_key(|pin| pin.ticks);
    let mut chunks: Vec<EventChunk> = Vec::new();
    let mut now = 0;
    let mut payload = Vec::new();
    let (mut base_ticks, mut simulated) = (0, None);
    for record in kept.into_iter().chain(pins) {
        if payload.is_empty() {
            (base_ticks, now, simulated) = (record.ticks, record.ticks, None);
        }
        append(&mut payload, &record, record.ticks - now, &mut simulated, tables);
        now = record.ticks;
        if payload.len() > PAYLOAD {
            chunks.push(EventChunk { offset: 0, base_ticks, payload: std::mem::take(&mut payload).into() });
        }
    }
    if !payload.is_empty() {
        chunks.push(EventChunk { offset: 0, base_ticks, payload: payload.into() });
    }
    chunks
}

/// Appends a record that was checked, `delta` ticks after the one before it; `simulated`: that one's simulated time.
fn append(payload: &mut Vec<u8>, kept: &Kept, delta: u64, simulated: &mut Option<u64>, tables: &Tables) {
    let mut records = Records::new(&kept.bytes, kept.ticks, tables);
    if let Some(Ok(record)) = records.next() {
        put_context(payload, record.context.unwrap_or(0), record.term);
        if *simulated != record.simulated {
            put_simulated(payload, record.simulated);
            *simulated = record.simulated;
        }
        put_head(payload, record.shape, delta);
        payload.extend_from_slice(&kept.bytes[record.values]);
    }
}

/// The event that says what a ring has lost.
fn said(tables: &mut Tables, ticks: u64, lost: Overwritten) -> Kept {
    let field = |name: &str, value: &Value| Field { name: name.into(), encoding: Encoding::constant(value) };
    let fields = vec![
        field("events", &Value::U64(lost.events)),
        field("bytes", &Value::U64(lost.bytes)),
        field("why", &Value::from("ring: only the latest events were kept")),
    ];
    let shape = (tables.shapes.len() as u32).max(FIRST_SHAPE);
    let context = tables.contexts.len() as u32;
    for definition in [
        Definition::Shape(shape, Shape { kind: "lost".into(), fields: fields.into() }),
        Definition::Context(context, Context::default()),
    ] {
        let defined = tables.define(definition, usize::MAX);
        debug_assert_eq!(defined, Ok(()), "both ids are the next ones");
    }
    let mut bytes = Vec::new();
    put_context(&mut bytes, context, None);
    put_head(&mut bytes, shape, 0);
    Kept { ticks, bytes: bytes.into() }
}

/// Leaves out of `chunks` what is not later than what was overwritten, and counts it with that.
pub(super) fn cut(
    chunks: &mut Vec<EventChunk>,
    overwritten: Overwritten,
    tables: &Tables,
    problems: &mut Vec<Problem>,
) -> Overwritten {
    let mut lost = overwritten;
    chunks.retain_mut(|chunk| {
        if chunk.base_ticks > overwritten.until {
            return true;
        }
        let mut records = Records::new(&chunk.payload, chunk.base_ticks, tables);
        let first = loop {
            let at = records.position();
            match records.next() {
                None => break None,
                Some(Ok(record)) if record.ticks > overwritten.until => break Some(record),
                Some(Ok(_)) => {
                    lost.events = lost.events.saturating_add(1);
                    lost.bytes = lost.bytes.saturating_add((records.position() - at) as u64);
                }
                Some(Err(error)) => {
                    let left = chunk.payload.len() - at;
                    let detail = format!("{error}; the last {left} bytes of a chunk of events are left out");
                    problems.push(Problem { kind: ProblemKind::Corrupt, offset: chunk.offset + at as u64, detail });
                    break None;
                }
            }
        };
        let Some(first) = first else { return false };
        let mut payload = Vec::new();
        if let Some(context) = first.context {
            put_context(&mut payload, context, first.term);
        }
        if first.simulated.is_some() {
            put_simulated(&mut payload, first.simulated);
        }
        put_head(&mut payload, first.shape, 0);
        let values = first.values.start;
        // So that a place in the rest of the payload is the same place in the file.
        let moved = values.saturating_sub(payload.len()) as u64;
        payload.extend_from_slice(&chunk.payload[values..]);
        *chunk = EventChunk { offset: chunk.offset + moved, base_ticks: first.ticks, payload: payload.into() };
        true
    });
    lost
}
