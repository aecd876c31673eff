//! One line, streamed by the parser into buffers that are used again: no allocation an event, and no tree of values.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::value::{FromValue, Id, MAX_DEPTH, ValueRef, put_text};
use crate::varint::{put_u64, zigzag};

/// The type of a value as JSON shows it, fine enough that the wire's encoding of a field follows from this, the kind
/// and the field's name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Raw {
    Null = 1,
    Bool,
    U64,
    /// A number beyond the largest `i64`.
    BigU64,
    I64,
    F64,
    Text,
    /// A text that is an id >= 0.
    NumberText,
    /// A text that is an id < 0.
    NegativeText,
    List,
    Map,
}

impl Raw {
    /// All of them; their numbers count from 1.
    const ALL: [Raw; 11] = {
        use Raw::{BigU64, Bool, F64, I64, List, Map, NegativeText, Null, NumberText, Text, U64};
        [Null, Bool, U64, BigU64, I64, F64, Text, NumberText, NegativeText, List, Map]
    };
}

/// The places of a context's values, in the order of the wire.
const CONTEXT: [&str; 5] = ["test", "cluster", "peer", "inc", "task"];
const INCARNATION: usize = 3;

/// A scanned event.
#[derive(Default)]
pub(super) struct Line {
    /// When.
    pub(super) ts: Option<u64>,
    /// The peer's current term.
    pub(super) term: Option<u64>,
    kind: Option<Range<usize>>,
    context: [Range<usize>; 5],
    head: Vec<u8>,
    signature: Vec<u8>,
    values: Vec<u8>,
    ends: Vec<usize>,
}

impl Line {
    /// Scans `text`, which must be one object.
    pub(super) fn scan(&mut self, text: &str) -> Result<(), serde_json::Error> {
        (self.ts, self.term, self.kind) = (None, None, None);
        self.context = Default::default();
        self.head.clear();
        self.signature.clear();
        self.values.clear();
        self.ends.clear();
        let mut parser = serde_json::Deserializer::from_str(text);
        parser.deserialize_map(Event(self))?;
        parser.end()?;
        if let Some(kind) = self.kind.clone() {
            self.signature.push(0);
            self.signature.extend_from_slice(&self.head[kind]);
        }
        Ok(())
    }

    /// The kind's name.
    pub(super) fn kind(&self) -> Option<&str> {
        std::str::from_utf8(&self.head[self.kind.clone()?]).ok()
    }

    /// All that the shape of the event depends on: names and types of its fields, and its kind.
    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The names and types of the fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, Raw)> {
        let mut cursor = crate::varint::Cursor::new(&self.signature);
        std::iter::from_fn(move || {
            let raw = *Raw::ALL.get(usize::from(cursor.byte().ok()?).checked_sub(1)?)?;
            Some((cursor.text().ok()?, raw))
        })
    }

    /// The values of all fields as the wire has them, and where each ends.
    pub(super) fn values(&self) -> (&[u8], &[usize]) {
        (&self.values, &self.ends)
    }

    /// Writes test, cluster, peer, incarnation and task as the wire has them; null = unknown.
    pub(super) fn context(&self, out: &mut Vec<u8>) {
        out.clear();
        for range in &self.context {
            match self.head.get(range.clone()) {
                Some([]) | None => out.push(0),
                Some(bytes) => out.extend_from_slice(bytes),
            }
        }
    }

    fn key(&mut self, name: &str) -> Key {
        match name {
            "ts" => Key::Ts,
            "kind" => Key::Kind,
            "term" => Key::Term,
            "test" => Key::Context(0),
            "cluster" => Key::Context(1),
            "peer" => Key::Context(2),
            "inc" => Key::Context(INCARNATION),
            "task" => Key::Context(4),
            _ => Key::Field(self.name(name)),
        }
    }

    /// Begins a field; where its type must be written is returned.
    fn name(&mut self, name: &str) -> usize {
        let at = self.signature.len();
        self.signature.push(0);
        put_text(&mut self.signature, name);
        at
    }

    /// Where the type of the field must be written; a head field of the wrong type becomes an ordinary one.
    fn field(&mut self, key: Key) -> usize {
        match key {
            Key::Field(at) => at,
            Key::Ts => self.name("ts"),
            Key::Term => self.name("term"),
            Key::Kind => self.name("kind"),
            Key::Context(place) => self.name(CONTEXT[place]),
        }
    }

    fn end(&mut self, at: usize, raw: Raw) {
        self.signature[at] = raw as u8;
        self.ends.push(self.values.len());
    }

    /// Takes `value` into the event's head, if it belongs there.
    fn take_head(&mut self, key: Key, value: ValueRef<'_>) -> bool {
        match key {
            Key::Field(_) => return false,
            Key::Ts => self.ts = u64::from_value(value),
            // The last number has no place in the wire's head.
            Key::Term => self.term = u64::from_value(value).filter(|term| *term < u64::MAX),
            Key::Kind => {
                self.kind = <&str>::from_value(value).map(|kind| {
                    let start = self.head.len();
                    self.head.extend_from_slice(kind.as_bytes());
                    start..self.head.len()
                });
            }
            Key::Context(place) => {
                let start = self.head.len();
                match Id::from_value(value) {
                    Some(Id::Text(_) | Id::Negative(_)) if place == INCARNATION => {}
                    Some(id) => put_id(&mut self.head, id),
                    None => {}
                }
                self.context[place] = start..self.head.len();
            }
        }
        let taken = match key {
            Key::Field(_) => false,
            Key::Ts => self.ts.is_some(),
            Key::Term => self.term.is_some(),
            Key::Kind => self.kind.is_some(),
            Key::Context(place) => !self.context[place].is_empty(),
        };
        taken || matches!(value, ValueRef::Null)
    }

    /// Takes in a value that is no list and no map.
    #[inline]
    fn scalar(&mut self, key: Key, value: ValueRef<'_>) {
        if self.take_head(key, value) {
            return;
        }
        let at = self.field(key);
        let raw = match value {
            ValueRef::Bool(value) => {
                self.values.push(u8::from(value));
                Raw::Bool
            }
            ValueRef::U64(value) => {
                put_u64(&mut self.values, value);
                if value > i64::MAX as u64 { Raw::BigU64 } else { Raw::U64 }
            }
            ValueRef::I64(value) => {
                put_u64(&mut self.values, zigzag(value));
                Raw::I64
            }
            ValueRef::F64(value) => {
                self.values.extend_from_slice(&value.to_bits().to_le_bytes());
                Raw::F64
            }
            ValueRef::Text(text) => {
                put_text(&mut self.values, text);
                match Id::parse(text) {
                    Id::Number(_) => Raw::NumberText,
                    Id::Negative(_) => Raw::NegativeText,
                    Id::Text(_) => Raw::Text,
                }
            }
            ValueRef::Null | ValueRef::List(_) | ValueRef::Map(_) => Raw::Null,
        };
        self.end(at, raw);
    }
}

/// Appends an id in its self-describing form.
pub(super) fn put_id(out: &mut Vec<u8>, id: Id<'_>) {
    match id {
        Id::Number(number) => {
            out.push(3);
            put_u64(out, number);
        }
        Id::Negative(number) => {
            out.push(4);
            put_u64(out, zigzag(number));
        }
        Id::Text(text) => {
            out.push(6);
            put_text(out, text);
        }
    }
}

/// Scans any JSON value into its self-describing form.
pub(super) fn scan_any(text: &str, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_str(text);
    Any { out, depth: 0 }.deserialize(&mut parser)?;
    parser.end()
}

/// What a key of an event is.
#[derive(Clone, Copy)]
enum Key {
    Ts,
    Kind,
    Term,
    /// One of [`CONTEXT`].
    Context(usize),
    /// A field of the record, whose type must be written at this place of the signature.
    Field(usize),
}

struct Event<'l>(&'l mut Line);

impl<'de> Visitor<'de> for Event<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key_seed(KeySeed(self.0))? {
            map.next_value_seed(FieldSeed { line: self.0, key })?;
        }
        Ok(())
    }
}

struct KeySeed<'l>(&'l mut Line);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Key, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    #[inline]
    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        Ok(self.0.key(name))
    }
}

/// A value at the top level of an event.
struct FieldSeed<'l> {
    line: &'l mut Line,
    key: Key,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.line.scalar(self.key, ValueRef::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.line.scalar(self.key, ValueRef::Bool(value));
        Ok(())
    }

    #[inline]
    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.line.scalar(self.key, ValueRef::U64(value));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.line.scalar(self.key, ValueRef::I64(value));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.line.scalar(self.key, ValueRef::F64(value));
        Ok(())
    }

    #[inline]
    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.line.scalar(self.key, ValueRef::Text(value));
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<(), S::Error> {
        let at = self.line.field(self.key);
        Any { out: &mut self.line.values, depth: 0 }.visit_seq(list)?;
        self.line.end(at, Raw::List);
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<(), M::Error> {
        let at = self.line.field(self.key);
        Any { out: &mut self.line.values, depth: 0 }.visit_map(map)?;
        self.line.end(at, Raw::Map);
        Ok(())
    }
}

/// A value in its self-describing form.
struct Any<'o> {
    out: &'o mut Vec<u8>,
    depth: usize,
}

impl Any<'_> {
    fn inner(&mut self) -> Any<'_> {
        Any { out: self.out, depth: self.depth + 1 }
    }

    /// Writes `count` where one byte was left for it. More than one byte is rarely needed, so moving the rest is cheap.
    fn put_count(&mut self, at: usize, count: u64) {
        let mut bytes = Vec::new();
        match count {
            0..0x80 => self.out[at] = count as u8,
            _ => {
                put_u64(&mut bytes, count);
                self.out.splice(at..=at, bytes);
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(D::Error::custom(format_args!("lists and maps are nested more than {MAX_DEPTH} deep")));
        }
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.out.push(0);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.out.push(1 + u8::from(value));
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        put_id(self.out, Id::Number(value));
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        put_id(self.out, Id::Negative(value));
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.out.push(5);
        self.out.extend_from_slice(&value.to_bits().to_le_bytes());
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        put_id(self.out, Id::Text(value));
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut list: S) -> Result<(), S::Error> {
        self.out.extend([8, 0]);
        let (at, mut count) = (self.out.len() - 1, 0);
        while list.next_element_seed(self.inner())?.is_some() {
            count += 1;
        }
        self.put_count(at, count);
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        self.out.extend([9, 0]);
        let (at, mut count) = (self.out.len() - 1, 0);
        while map.next_key_seed(Name(self.out))?.is_some() {
            map.next_value_seed(self.inner())?;
            count += 1;
        }
        self.put_count(at, count);
        Ok(())
    }
}

/// A key of a nested map.
struct Name<'o>(&'o mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        put_text(self.0, name);
        Ok(())
    }
}
