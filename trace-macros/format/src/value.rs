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

mod typed;

use std::fmt;

pub use self::typed::{Entries, Entry, FieldType, FromValue, Id, IdSets, Ids, LogIndex, Term};
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

#[cfg(test)]
mod tests {
    use super::*;

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
