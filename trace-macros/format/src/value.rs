//! The values of fields: owned ([`Value`]) where one is built, borrowed from encoded bytes ([`ValueRef`]) where one is
//! read; and the typed ids of the vocabulary.
//!
//! A value on the wire says its own type (the `any` of the grammar in [`crate::wire`]):
//!
//! ```text
//! any := 0 | 1 | 2                 null, false, true
//!      | 3 varint                  unsigned integer
//!      | 4 varint                  negative integer, zigzag
//!      | 5 byte{8}                 64-bit float, little end first
//!      | 6 text                    text := length:varint utf8{length}
//!      | 7 varint                  text by its id in the string table
//!      | 8 count:varint any{count}
//!      | 9 count:varint (name:text any){count}
//! ```

use std::fmt;

use crate::shape::{Encoding, Field};
use crate::varint::{Cursor, Sink, put_u64, unzigzag, zigzag};
use crate::wire::{Corrupt, Strings};

/// Nested lists and maps deeper than this are refused: the reader recurses, and a hostile file must not end its stack.
pub const MAX_DEPTH: usize = 32;

/// An owned value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, said explicitly: `result: null` is not an absent result.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number >= 0.
    U64(u64),
    /// A number < 0.
    I64(i64),
    /// A number with a fraction.
    F64(f64),
    /// Text.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Named values in the order in which they were written.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// Appends this value in its self-describing form.
    pub fn encode(&self, sink: &mut impl Sink) {
        match self {
            Value::Null => sink.put(0),
            Value::Bool(value) => sink.put(1 + u8::from(*value)),
            Value::U64(value) => {
                sink.put(3);
                put_u64(sink, *value);
            }
            Value::I64(value) => {
                sink.put(4);
                put_u64(sink, zigzag(*value));
            }
            Value::F64(value) => {
                sink.put(5);
                sink.put_slice(&value.to_bits().to_le_bytes());
            }
            Value::Text(value) => {
                sink.put(6);
                put_text(sink, value);
            }
            Value::List(values) => {
                sink.put(8);
                put_u64(sink, values.len() as u64);
                values.iter().for_each(|value| value.encode(sink));
            }
            Value::Map(entries) => {
                sink.put(9);
                put_u64(sink, entries.len() as u64);
                for (name, value) in entries {
                    put_text(sink, name);
                    value.encode(sink);
                }
            }
        }
    }

    /// How many lists and maps lie within each other.
    pub fn depth(&self) -> usize {
        match self {
            Value::List(values) => 1 + values.iter().map(Value::depth).max().unwrap_or(0),
            Value::Map(entries) => 1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The self-describing form as bytes of its own.
    pub fn to_bytes(&self) -> Box<[u8]> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes.into()
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Value::U64(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        if value < 0 { Value::I64(value) } else { Value::U64(value as u64) }
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}
impl From<Id<'_>> for Value {
    fn from(id: Id<'_>) -> Self {
        match id {
            Id::Number(number) => Value::U64(number),
            Id::Negative(number) => Value::I64(number),
            Id::Text(text) => Value::from(text),
        }
    }
}

/// Appends a length-prefixed text.
pub fn put_text(sink: &mut impl Sink, text: &str) {
    put_u64(sink, text.len() as u64);
    sink.put_slice(text.as_bytes());
}

/// A value that is still in the bytes of its record.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// Nothing, said explicitly.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number >= 0.
    U64(u64),
    /// A number < 0.
    I64(i64),
    /// A number with a fraction.
    F64(f64),
    /// Text.
    Text(&'a str),
    /// Values in order.
    List(ListRef<'a>),
    /// Named values in the order in which they were written.
    Map(MapRef<'a>),
}

impl<'a> ValueRef<'a> {
    /// Reads one self-describing value.
    pub fn decode(cursor: &mut Cursor<'a>, strings: &'a Strings) -> Result<Self, Corrupt> {
        Self::decode_at(cursor, strings, 0)
    }

    fn decode_at(cursor: &mut Cursor<'a>, strings: &'a Strings, depth: usize) -> Result<Self, Corrupt> {
        if depth > MAX_DEPTH {
            return Err(Corrupt("values are nested too deeply"));
        }
        Ok(match cursor.byte()? {
            0 => ValueRef::Null,
            1 => ValueRef::Bool(false),
            2 => ValueRef::Bool(true),
            3 => ValueRef::U64(cursor.u64()?),
            4 => signed(unzigzag(cursor.u64()?)),
            5 => ValueRef::F64(decode_f64(cursor)?),
            6 => ValueRef::Text(cursor.text()?),
            7 => ValueRef::Text(strings.get(cursor.u64()?)?),
            8 => {
                let count = cursor.u64()?;
                let mut probe = *cursor;
                for _ in 0..count {
                    Self::decode_at(&mut probe, strings, depth + 1)?;
                }
                let bytes = cursor.take(probe.position() - cursor.position())?;
                ValueRef::List(ListRef { count, bytes, strings })
            }
            9 => {
                let count = cursor.u64()?;
                let mut probe = *cursor;
                for _ in 0..count {
                    probe.text()?;
                    Self::decode_at(&mut probe, strings, depth + 1)?;
                }
                let bytes = cursor.take(probe.position() - cursor.position())?;
                ValueRef::Map(MapRef(MapForm::Inline(bytes, strings)))
            }
            _ => return Err(Corrupt("a value has an unknown type")),
        })
    }

    /// A copy that outlives the record.
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(value) => Value::Bool(value),
            ValueRef::U64(value) => Value::U64(value),
            ValueRef::I64(value) => Value::I64(value),
            ValueRef::F64(value) => Value::F64(value),
            ValueRef::Text(value) => Value::Text(value.to_owned()),
            ValueRef::List(list) => Value::List(list.iter().map(ValueRef::to_value).collect()),
            ValueRef::Map(map) => {
                Value::Map(map.iter().map(|(name, value)| (name.to_owned(), value.to_value())).collect())
            }
        }
    }
}

impl fmt::Display for ValueRef<'_> {
    /// A person's form: text bare at the top level, quoted inside lists and maps.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nested = |value: ValueRef<'_>, out: &mut fmt::Formatter<'_>| match value {
            ValueRef::Text(text) => write!(out, "{text:?}"),
            other => write!(out, "{other}"),
        };
        match self {
            ValueRef::Null => out.write_str("null"),
            ValueRef::Bool(value) => write!(out, "{value}"),
            ValueRef::U64(value) => write!(out, "{value}"),
            ValueRef::I64(value) => write!(out, "{value}"),
            ValueRef::F64(value) => write!(out, "{value}"),
            ValueRef::Text(value) => out.write_str(value),
            ValueRef::List(list) => {
                out.write_str("[")?;
                for (place, value) in list.iter().enumerate() {
                    out.write_str(if place == 0 { "" } else { ", " })?;
                    nested(value, out)?;
                }
                out.write_str("]")
            }
            ValueRef::Map(map) => {
                out.write_str("{")?;
                for (place, (name, value)) in map.iter().enumerate() {
                    write!(out, "{}{name}: ", if place == 0 { "" } else { ", " })?;
                    nested(value, out)?;
                }
                out.write_str("}")
            }
        }
    }
}

/// A number >= 0 has one form, however it was written.
fn signed(value: i64) -> ValueRef<'static> {
    if value < 0 { ValueRef::I64(value) } else { ValueRef::U64(value as u64) }
}

/// Reads the eight bytes of a float.
pub(crate) fn decode_f64(cursor: &mut Cursor<'_>) -> Result<f64, Corrupt> {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(cursor.take(8)?);
    Ok(f64::from_bits(u64::from_le_bytes(bytes)))
}

/// A list that is still encoded; it was walked once, so its values are known to be whole.
#[derive(Clone, Copy, Debug)]
pub struct ListRef<'a> {
    count: u64,
    bytes: &'a [u8],
    strings: &'a Strings,
}

impl<'a> ListRef<'a> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = ValueRef<'a>> + use<'a> {
        let (mut cursor, strings) = (Cursor::new(self.bytes), self.strings);
        std::iter::from_fn(move || ValueRef::decode(&mut cursor, strings).ok())
    }
}

/// A map that is still encoded; it was walked once, so its values are known to be whole.
#[derive(Clone, Copy, Debug)]
pub struct MapRef<'a>(MapForm<'a>);

#[derive(Clone, Copy, Debug)]
enum MapForm<'a> {
    /// Names stand beside the values.
    Inline(&'a [u8], &'a Strings),
    /// Names stand in the shape; a DPrintf call site's named values.
    Shaped(&'a [Field], &'a [u8], &'a Strings),
}

impl<'a> MapRef<'a> {
    pub(crate) fn shaped(fields: &'a [Field], bytes: &'a [u8], strings: &'a Strings) -> Self {
        MapRef(MapForm::Shaped(fields, bytes, strings))
    }

    /// The names and values in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> + use<'a> {
        let form = self.0;
        let mut cursor = Cursor::new(match form {
            MapForm::Inline(bytes, _) | MapForm::Shaped(_, bytes, _) => bytes,
        });
        let mut shaped = match form {
            MapForm::Inline(..) => [].iter(),
            MapForm::Shaped(fields, ..) => fields.iter(),
        };
        std::iter::from_fn(move || match form {
            MapForm::Inline(_, strings) => {
                let name = cursor.text().ok()?;
                Some((name, ValueRef::decode(&mut cursor, strings).ok()?))
            }
            MapForm::Shaped(_, _, strings) => {
                let field = shaped.next()?;
                Some((&*field.name, field.encoding.decode(&mut cursor, strings).ok()?))
            }
        })
    }

    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<ValueRef<'a>> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }
}

impl Encoding {
    /// Reads one value of this encoding.
    #[inline]
    pub fn decode<'a>(&'a self, cursor: &mut Cursor<'a>, strings: &'a Strings) -> Result<ValueRef<'a>, Corrupt> {
        Ok(match self {
            Encoding::Const(bytes) => ValueRef::decode(&mut Cursor::new(bytes), strings)?,
            Encoding::U64 => ValueRef::U64(cursor.u64()?),
            Encoding::I64 => signed(unzigzag(cursor.u64()?)),
            Encoding::Bool => match cursor.byte()? {
                0 => ValueRef::Bool(false),
                1 => ValueRef::Bool(true),
                _ => return Err(Corrupt("a truth value is neither 0 nor 1")),
            },
            Encoding::F64 => ValueRef::F64(decode_f64(cursor)?),
            Encoding::Text => ValueRef::Text(cursor.text()?),
            Encoding::TextRef => ValueRef::Text(strings.get(cursor.u64()?)?),
            Encoding::Any => ValueRef::decode(cursor, strings)?,
            Encoding::Map(fields) => {
                let mut probe = *cursor;
                for field in fields {
                    field.encoding.decode(&mut probe, strings)?;
                }
                let bytes = cursor.take(probe.position() - cursor.position())?;
                ValueRef::Map(MapRef::shaped(fields, bytes, strings))
            }
        })
    }
}

/// An id: a number or a short text. 4 and "4" are the same id, so a text of plain digits becomes the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id<'a> {
    /// A number >= 0.
    Number(u64),
    /// A number < 0, as `-1` for "nobody".
    Negative(i64),
    /// Any other text.
    Text(&'a str),
}

impl<'a> Id<'a> {
    /// The id that `text` writes.
    pub fn parse(text: &'a str) -> Self {
        let canonical = !text.is_empty()
            && text.len() <= 20
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        if canonical && let Ok(number) = text.parse() {
            return Id::Number(number);
        }
        if let Some(digits) = text.strip_prefix('-')
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = text.parse()
        {
            return Id::Negative(number);
        }
        Id::Text(text)
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Number(number) => write!(out, "{number}"),
            Id::Negative(number) => write!(out, "{number}"),
            Id::Text(text) => out.write_str(text),
        }
    }
}

/// A Raft term (epoch, view, ballot).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(pub u64);

/// The place of an entry in a replicated log, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogIndex(pub u64);

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
impl fmt::Display for LogIndex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A list of ids (members, voters, partitioned peers).
#[derive(Clone, Copy, Debug)]
pub struct Ids<'a>(ListRef<'a>);

impl<'a> Ids<'a> {
    /// The ids in order; what is no id is left out.
    pub fn iter(&self) -> impl Iterator<Item = Id<'a>> + use<'a> {
        self.0.iter().filter_map(Id::from_value)
    }
}

/// A list of lists of ids (the voter sets of a joint configuration).
#[derive(Clone, Copy, Debug)]
pub struct IdSets<'a>(ListRef<'a>);

impl<'a> IdSets<'a> {
    /// The sets in order.
    pub fn iter(&self) -> impl Iterator<Item = Ids<'a>> + use<'a> {
        self.0.iter().filter_map(Ids::from_value)
    }
}

/// A list of log entries.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'a>(ListRef<'a>);

/// One entry of [`Entries`]: what is absent is unknown and matches anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The term in which a leader took the entry in.
    pub term: Option<Term>,
    /// What identifies its content.
    pub digest: Option<Id<'a>>,
}

impl<'a> Entries<'a> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.0.iter().map(|value| match value {
            ValueRef::Map(map) => Entry {
                term: map.get("term").and_then(Term::from_value),
                digest: map.get("digest").and_then(Id::from_value),
            },
            _ => Entry { term: None, digest: None },
        })
    }
}

/// The type of a field in the vocabulary, as its documentation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A short text or a number, see [`Id`].
    Id,
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// An integer >= 0.
    Count,
    /// An integer.
    Signed,
    /// A [`Term`].
    Term,
    /// A [`LogIndex`].
    Index,
    /// Nanoseconds.
    Nanos,
    /// Any value.
    Any,
    /// A list of ids.
    Ids,
    /// A list of lists of ids.
    IdSets,
    /// A list of `{term, digest}`.
    Entries,
    /// Named values.
    Map,
}

/// A typed reading of a value; `None` where the value is of another type, or null: a typed field that is null is absent.
pub trait FromValue<'a>: Sized {
    /// Reads `value` as `Self`.
    fn from_value(value: ValueRef<'a>) -> Option<Self>;
}

impl<'a> FromValue<'a> for Id<'a> {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        match value {
            ValueRef::U64(number) => Some(Id::Number(number)),
            ValueRef::I64(number) => Some(Id::Negative(number)),
            ValueRef::Text(text) => Some(Id::parse(text)),
            _ => None,
        }
    }
}
impl<'a> FromValue<'a> for &'a str {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        if let ValueRef::Text(text) = value { Some(text) } else { None }
    }
}
impl<'a> FromValue<'a> for bool {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        if let ValueRef::Bool(flag) = value { Some(flag) } else { None }
    }
}
impl<'a> FromValue<'a> for u64 {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        match value {
            ValueRef::U64(number) => Some(number),
            // From emitters that write numbers as strings.
            ValueRef::Text(text) => match Id::parse(text) {
                Id::Number(number) => Some(number),
                _ => None,
            },
            _ => None,
        }
    }
}
impl<'a> FromValue<'a> for i64 {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        match value {
            ValueRef::U64(number) => i64::try_from(number).ok(),
            ValueRef::I64(number) => Some(number),
            ValueRef::Text(text) => match Id::parse(text) {
                Id::Number(number) => i64::try_from(number).ok(),
                Id::Negative(number) => Some(number),
                Id::Text(_) => None,
            },
            _ => None,
        }
    }
}
impl<'a> FromValue<'a> for Term {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        u64::from_value(value).map(Term)
    }
}
impl<'a> FromValue<'a> for LogIndex {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        u64::from_value(value).map(LogIndex)
    }
}
impl<'a> FromValue<'a> for ValueRef<'a> {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        Some(value)
    }
}
impl<'a> FromValue<'a> for MapRef<'a> {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        if let ValueRef::Map(map) = value { Some(map) } else { None }
    }
}
impl<'a> FromValue<'a> for Ids<'a> {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        if let ValueRef::List(list) = value { Some(Ids(list)) } else { None }
    }
}
impl<'a> FromValue<'a> for IdSets<'a> {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        if let ValueRef::List(list) = value { Some(IdSets(list)) } else { None }
    }
}
impl<'a> FromValue<'a> for Entries<'a> {
    fn from_value(value: ValueRef<'a>) -> Option<Self> {
        if let ValueRef::List(list) = value { Some(Entries(list)) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_numbers_are_one_id() {
        assert_eq!(Id::parse("4"), Id::Number(4));
        assert_eq!(Id::parse("-4"), Id::Negative(-4));
        for text in ["04", "", "4 ", "+4", "-0", "-", "99999999999999999999"] {
            assert_eq!(Id::parse(text), Id::Text(text), "{text:?}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let mut bytes = Vec::new();
        for _ in 0..100_000 {
            bytes.extend([8, 1]);
        }
        bytes.push(0);
        let strings = Strings::default();
        assert!(ValueRef::decode(&mut Cursor::new(&bytes), &strings).is_err());
    }
}
