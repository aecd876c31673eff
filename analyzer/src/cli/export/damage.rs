//! What was wrong with the input, as `lost` events of the output: a converted file is as incomplete as what it was made
//! from, and must not look whole.
//!
//! They stand at the end and in nobody's name: where exactly something is missing is rarely known, and whatever is still
//! open behind it (a hold, a wait) may have ended in what is missing. What was kept but is in doubt (a time that ran
//! backwards) says that 0 events are missing.

use std::collections::BTreeSet;

use peerscope_analyzer::read::{Problem, ProblemKind};
use peerscope_format::shape::{Encoding, Field, Record, ResolvedShape, Shape};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::{Body, Kind};
use peerscope_format::wire::{self, Corrupt, Definition, EventChunk, FIRST_SHAPE, Image, put_head};

/// Something that is missing, or in doubt.
pub(super) struct Damage {
    events: Option<u64>,
    why: String,
}

impl Damage {
    /// Events that the recorder itself could not keep.
    pub(super) fn of_recorder(events: u64) -> Option<Damage> {
        (events > 0).then(|| Damage { events: Some(events), why: "the recorder could not keep them".into() })
    }

    /// What a problem costs. A file says itself that it has no end, and what its own `lost` events say is in it already.
    fn new(kind: ProblemKind, offset: Option<u64>, detail: &str) -> Option<Damage> {
        let events = match kind {
            ProblemKind::CutOff | ProblemKind::Lost => return None,
            ProblemKind::Unexpected | ProblemKind::Contradictory | ProblemKind::Unrelated => Some(0),
            ProblemKind::Truncated | ProblemKind::Corrupt | ProblemKind::Unreadable => None,
        };
        let at = offset.map_or_else(String::new, |offset| format!(" at byte {offset}"));
        Some(Damage { events, why: format!("{BEFORE}{}{at}: {detail}", kind.name()) })
    }

    fn fields(&self) -> [(&'static str, Value); 2] {
        [("events", self.events.map_or(Value::Null, Value::U64)), ("why", Value::from(&self.why[..]))]
    }
}

/// How the reason for a loss begins that an earlier conversion wrote.
const BEFORE: &str = "before conversion, ";

/// The damage behind the problems of reading a trace.
pub(super) fn of_trace(problems: &[Problem]) -> Vec<Damage> {
    let known: Vec<String> = problems.iter().map(|problem| problem.detail.clone()).collect();
    // What an earlier conversion put into doubt is an event of the trace already.
    let is_old = |problem: &Problem| problem.kind == ProblemKind::Unexpected && problem.detail.starts_with(BEFORE);
    let new = problems.iter().filter(|problem| !is_old(problem));
    new_ones(new.filter_map(|problem| Damage::new(problem.kind, problem.offset, &problem.detail)), &known)
}

/// The damage behind the problems of reading an image, without what its own events say already.
pub(super) fn of_image(image: &Image, problems: &[wire::Problem]) -> Vec<Damage> {
    let damage = |problem: &wire::Problem| Damage::new(problem.kind.into(), Some(problem.offset), &problem.detail);
    new_ones(problems.iter().filter_map(damage), &reasons(image))
}

/// Leaves out what an earlier conversion wrote already. Only what was kept can be met again: what is missing is gone.
fn new_ones(damage: impl Iterator<Item = Damage>, known: &[String]) -> Vec<Damage> {
    let known: BTreeSet<String> =
        known.iter().filter(|why| why.starts_with(BEFORE)).map(|why| without_places(why)).collect();
    damage.filter(|damage| damage.events != Some(0) || !known.contains(&without_places(&damage.why))).collect()
}

/// A reason without its numbers: places move with each conversion.
fn without_places(why: &str) -> String {
    why.chars().filter(|character| !character.is_ascii_digit()).collect()
}

/// The reasons that the `lost` events of `image` give.
fn reasons(image: &Image) -> Vec<String> {
    if image.tables.shapes.iter().all(|(_, shape)| shape.kind != Some(Kind::Lost)) {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    for chunk in &image.chunks {
        for raw in image.records(chunk).flatten() {
            let shape = image.tables.shapes.get(u64::from(raw.shape));
            let Some(shape) = shape.filter(|shape| shape.kind == Some(Kind::Lost)) else { continue };
            let record = Record::new(shape, &chunk.payload[raw.values], &image.tables.strings);
            if let Body::Lost(body) = record.body() {
                reasons.extend(body.why.map(str::to_owned));
            }
        }
    }
    reasons
}

/// The shape of the events that are written here.
fn shape() -> Shape {
    let field = |name: &str| Field { name: name.into(), encoding: Encoding::Any };
    Shape { kind: Kind::Lost.name().into(), fields: [field("events"), field("why")].into() }
}

/// Calls `write` with the record of each.
pub(super) fn records<E>(damage: &[Damage], mut write: impl FnMut(&Record<'_>) -> Result<(), E>) -> Result<(), E> {
    let (shape, strings) = (ResolvedShape::new(shape()), wire::Strings::default());
    damage.iter().try_for_each(|damage| {
        let mut values = Vec::new();
        damage.fields().iter().for_each(|(_, value)| value.encode(&mut values));
        write(&Record::new(&shape, &values, &strings))
    })
}

/// Puts it at the end of `image`.
pub(super) fn append(image: &mut Image, damage: &[Damage]) -> Result<(), Corrupt> {
    if damage.is_empty() {
        return Ok(());
    }
    let id = (image.tables.shapes.len() as u32).max(FIRST_SHAPE);
    image.tables.define(Definition::Shape(id, shape()), usize::MAX)?;
    let mut payload = Vec::new();
    for damage in damage {
        put_head(&mut payload, id, 0);
        damage.fields().iter().for_each(|(_, value)| value.encode(&mut payload));
    }
    let last = image.chunks.iter().map(|chunk| {
        let ticks = image.records(chunk).map_while(Result::ok).map(|record| record.ticks);
        ticks.max().unwrap_or(0).max(chunk.base_ticks)
    });
    let base_ticks = last.max().unwrap_or(0);
    image.chunks.push(EventChunk { offset: 0, base_ticks, payload: payload.into() });
    Ok(())
}
