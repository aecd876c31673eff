//! Scanned lines become records: ids are given out, times kept from running backwards.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use super::lines::Place;
use super::plan::{Plan, Step, element_type};
use super::scan::{Line, put_id};
use super::trouble::Troubles;
use crate::header::TraceHeader;
use crate::value::{FieldType, FromValue, Id, Term, Value, ValueRef, put_text};
use crate::varint::{Cursor, put_u64, zigzag};
use crate::wire::{Context, Image, ImageBuilder, ProblemKind, Strings};

/// The string table takes no more texts than this: an emitter that formats its messages would fill it with texts that
/// never come again.
const MAX_TEXTS: usize = 1 << 16;
/// Longer texts are unlikely to repeat.
const MAX_TEXT: usize = 256;

/// Builds the image. What repeats from line to line (shapes, contexts, texts) costs one look-up.
pub(super) struct Assembler {
    builder: ImageBuilder,
    plans: Vec<Plan>,
    plan_of: HashMap<Box<[u8]>, u32, Folding>,
    contexts: HashMap<Box<[u8]>, u32, Folding>,
    context: (Vec<u8>, u32),
    texts: Texts,
    key: Vec<u8>,
    values: Vec<u8>,
    now: u64,
}

impl Assembler {
    pub(super) fn new(header: TraceHeader) -> Self {
        let folding = Folding::default();
        Assembler {
            builder: ImageBuilder::new(header),
            plans: Vec::new(),
            plan_of: HashMap::with_hasher(folding),
            contexts: HashMap::with_hasher(folding),
            context: (Vec::new(), 0),
            texts: Texts(HashMap::with_hasher(folding)),
            key: Vec::new(),
            values: Vec::new(),
            now: 0,
        }
    }

    /// Appends the event of `line`, which has a kind.
    pub(super) fn event(&mut self, line: &Line, place: Place, troubles: &mut Troubles) {
        let plan = self.plan(line, troubles);
        let plan = &self.plans[plan as usize];
        plan.unexpected.iter().for_each(|number| troubles.met_unexpected(*number, place));
        let (shape, values) = match &plan.steps {
            None => (plan.shape, line.values().0),
            Some(steps) => {
                let inline = !convert(steps, line, &mut self.texts, &mut self.builder, &mut self.values, false);
                if inline {
                    convert(steps, line, &mut self.texts, &mut self.builder, &mut self.values, true);
                }
                let shape = if inline { plan.inline_shape } else { None };
                (shape.unwrap_or(plan.shape), &self.values[..])
            }
        };
        line.context(&mut self.key);
        if self.context.0 != self.key || self.contexts.is_empty() {
            let id = match self.contexts.get(&self.key[..]) {
                Some(id) => *id,
                None => {
                    let id = self.builder.context(&decode_context(&self.key));
                    self.contexts.insert(self.key[..].into(), id);
                    id
                }
            };
            self.context.0.clone_from(&self.key);
            self.context.1 = id;
        }
        let ts = line.ts.unwrap_or_else(|| {
            troubles.without_ts(place);
            self.now
        });
        match self.builder.push(ts, self.context.1, line.term.map(Term), shape, values) {
            Ok(backwards) => {
                if backwards {
                    troubles.backwards(place);
                }
                self.now = self.now.max(ts);
            }
            Err(error) => troubles.line(ProblemKind::Corrupt, place, format!("cannot be kept: {error}")),
        }
    }

    pub(super) fn finish(self) -> Image {
        self.builder.finish()
    }

    fn plan(&mut self, line: &Line, troubles: &mut Troubles) -> u32 {
        if let Some(plan) = self.plan_of.get(line.signature()) {
            return *plan;
        }
        let number = self.plans.len() as u32;
        self.plans.push(Plan::new(line, &mut self.builder, troubles));
        self.plan_of.insert(line.signature().into(), number);
        number
    }
}

/// Writes the values as `steps` say. With `inline`, texts that are not in the string table are written out; without, a
/// text that it has no room for ends the attempt.
fn convert(
    steps: &[Step],
    line: &Line,
    texts: &mut Texts,
    builder: &mut ImageBuilder,
    out: &mut Vec<u8>,
    inline: bool,
) -> bool {
    out.clear();
    let (values, ends) = line.values();
    let mut start = 0;
    for (step, end) in steps.iter().zip(ends) {
        let value = &values[start..*end];
        start = *end;
        match step {
            Step::Skip => {}
            Step::Copy => out.extend_from_slice(value),
            Step::Intern => match (texts.id(value, builder), inline) {
                (Some(id), false) => put_u64(out, u64::from(id)),
                (None, false) => return false,
                (Some(id), true) => {
                    out.push(7);
                    put_u64(out, u64::from(id));
                }
                (None, true) => {
                    out.push(6);
                    out.extend_from_slice(value);
                }
            },
            Step::Number | Step::Negative => match Id::parse(text_of(value)) {
                Id::Number(number) => put_u64(out, number),
                Id::Negative(number) => put_u64(out, zigzag(number)),
                Id::Text(_) => put_u64(out, 0),
            },
            Step::Ids(ty) => put_ids(value, *ty, out),
        }
    }
    true
}

/// The text that was scanned to `value`.
fn text_of(value: &[u8]) -> &str {
    Cursor::new(value).text().unwrap_or_default()
}

/// Writes a list of ids, id sets or entries with canonical ids.
fn put_ids(value: &[u8], ty: FieldType, out: &mut Vec<u8>) {
    let strings = Strings::default();
    match ValueRef::decode(&mut Cursor::new(value), &strings) {
        Ok(ValueRef::List(list)) => {
            out.push(8);
            put_u64(out, list.len() as u64);
            list.iter().for_each(|item| put_id_item(item, element_type(ty, None), out));
        }
        _ => out.extend_from_slice(value),
    }
}

fn put_id_item(item: ValueRef<'_>, ty: FieldType, out: &mut Vec<u8>) {
    match (item, ty) {
        (ValueRef::Text(text), FieldType::Id) => put_id(out, Id::parse(text)),
        (ValueRef::Text(text), FieldType::Term) if let Id::Number(term) = Id::parse(text) => {
            put_id(out, Id::Number(term))
        }
        (ValueRef::List(list), FieldType::Ids) => {
            out.push(8);
            put_u64(out, list.len() as u64);
            list.iter().for_each(|item| put_id_item(item, element_type(ty, None), out));
        }
        (ValueRef::Map(map), FieldType::Entries) => {
            out.push(9);
            put_u64(out, map.iter().count() as u64);
            for (name, value) in map.iter() {
                put_text(out, name);
                put_id_item(value, element_type(ty, Some(name)), out);
            }
        }
        (other, _) => other.to_value().encode(out),
    }
}

fn decode_context(key: &[u8]) -> Context {
    let strings = Strings::default();
    let mut cursor = Cursor::new(key);
    let mut value = || {
        let value = ValueRef::decode(&mut cursor, &strings).ok()?;
        Id::from_value(value).map(Value::from)
    };
    let (test, cluster, peer, incarnation, task) = (value(), value(), value(), value(), value());
    Context { test, cluster, peer, incarnation, task }
}

/// The ids of the texts that repeat, by their bytes on the wire: these need no check for UTF-8 at each look-up.
struct Texts(HashMap<Box<[u8]>, u32, Folding>);

impl Texts {
    /// The id of the text that was scanned to `value`, unless the table has no room for it.
    #[inline]
    fn id(&mut self, value: &[u8], builder: &mut ImageBuilder) -> Option<u32> {
        if let Some(id) = self.0.get(value) {
            return Some(*id);
        }
        if self.0.len() >= MAX_TEXTS || value.len() > MAX_TEXT {
            return None;
        }
        let id = builder.text(text_of(value));
        self.0.insert(value.into(), id);
        Some(id)
    }
}

/// A hash of two multiplications per 16 bytes: keys are short and looked up several times a line. Its keys are random,
/// so that no input can be made of colliding keys; nothing in the output depends on them.
#[derive(Clone, Copy)]
struct Folding([u64; 2]);

impl Default for Folding {
    fn default() -> Self {
        let random = RandomState::new();
        Folding([random.hash_one(1), random.hash_one(2)])
    }
}

impl BuildHasher for Folding {
    type Hasher = FoldingHasher;

    fn build_hasher(&self) -> FoldingHasher {
        FoldingHasher { state: self.0[0], key: self.0[1] }
    }
}

struct FoldingHasher {
    state: u64,
    key: u64,
}

impl FoldingHasher {
    #[inline]
    fn fold(&mut self, one: u64, other: u64) {
        let product = u128::from(one ^ self.state) * u128::from(other ^ self.key);
        self.state = (product as u64) ^ (product >> 64) as u64;
    }
}

impl Hasher for FoldingHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (pairs, rest) = bytes.as_chunks::<16>();
        for pair in pairs {
            let pair = u128::from_le_bytes(*pair);
            self.fold(pair as u64, (pair >> 64) as u64);
        }
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        let last = u128::from_le_bytes(last);
        self.fold(last as u64, (last >> 64) as u64 ^ ((bytes.len() as u64) << 56));
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.state ^= u64::from(byte);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.state = self.state.rotate_left(23) ^ number as u64;
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}
