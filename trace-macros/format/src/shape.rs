//! Shapes: what all records of one call site have in common is written once, and each record carries only what differs.
//!
//! A [`Shape`] names the kind and lists the fields; a field's [`Encoding`] says how its bytes look in each record, or
//! carries the value itself if it never changes there ([`Encoding::Const`]: source line, topic, DPrintf template).
//! Hence no record spends a byte on absent fields, and a reader can walk records of kinds that it has never heard of.

use crate::value::{FieldType, FromValue, Value, ValueRef};
use crate::varint::Cursor;
use crate::vocabulary::{Body, Common, Kind};
use crate::wire::{Corrupt, Strings};

/// How the records of one call site look.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The kind's name; one that the vocabulary does not know is kept.
    pub kind: Box<str>,
    /// The fields in the order in which their values stand in a record.
    pub fields: Box<[Field]>,
}

/// One field of a [`Shape`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The field's name, as in JSON Lines.
    pub name: Box<str>,
    /// How its value is written.
    pub encoding: Encoding,
}

/// How the value of a field is written in each record.
///
/// The tag in the comment is its number on the wire (see the grammar in [`crate::wire`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// 0: not in the record; always this value, in the self-describing form of [`crate::value`].
    Const(Box<[u8]>),
    /// 1: varint.
    U64,
    /// 2: zigzag varint.
    I64,
    /// 3: one byte, 0 or 1.
    Bool,
    /// 4: eight bytes, little end first.
    F64,
    /// 5: length and UTF-8.
    Text,
    /// 6: varint, an id in the string table.
    TextRef,
    /// 7: self-describing.
    Any,
    /// 8: a map whose names stand here and whose values stand in the record, one after the other.
    Map(Box<[Field]>),
}

impl Encoding {
    /// The constant `value`.
    pub fn constant(value: &Value) -> Self {
        Encoding::Const(value.to_bytes())
    }
}

/// A shape whose names have been looked up in the vocabulary, so that reading a record compares no strings.
#[derive(Clone, Debug)]
pub struct ResolvedShape {
    /// The shape as it was written.
    pub shape: Shape,
    /// Its kind, where the vocabulary knows it.
    pub kind: Option<Kind>,
    slots: Box<[Slot]>,
}

/// What a field of a shape is to the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The kind's own field with this number, see [`Kind::fields`].
    Own(u8),
    /// A field that every event may have.
    Common(Common),
    /// A field that the vocabulary does not know at this kind.
    Extra,
}

impl ResolvedShape {
    /// Looks up the names of `shape`.
    pub fn new(shape: Shape) -> Self {
        let kind = Kind::from_name(&shape.kind);
        let slots = shape
            .fields
            .iter()
            .map(|field| {
                let own = kind.and_then(|kind| kind.fields().iter().position(|info| info.name == &*field.name));
                match (own, Common::from_name(&field.name)) {
                    (Some(place), _) => Slot::Own(place as u8),
                    (None, Some(common)) => Slot::Common(common),
                    (None, None) => Slot::Extra,
                }
            })
            .collect();
        ResolvedShape { shape, kind, slots }
    }

    /// Moves `cursor` over one record's values, checking that they are whole.
    #[inline]
    pub fn skip(&self, cursor: &mut Cursor<'_>, strings: &Strings) -> Result<(), Corrupt> {
        for field in &self.shape.fields {
            match &field.encoding {
                Encoding::Const(_) => {}
                Encoding::U64 | Encoding::I64 => drop(cursor.u64()?),
                Encoding::TextRef => drop(strings.get(cursor.u64()?)?),
                other => drop(skip_decode(other, cursor, strings)?),
            }
        }
        Ok(())
    }
}

/// `decode` ties the lifetimes of bytes and strings together; a skip borrows nothing for longer than the call.
fn skip_decode(encoding: &Encoding, cursor: &mut Cursor<'_>, strings: &Strings) -> Result<(), Corrupt> {
    let mut probe = *cursor;
    encoding.decode(&mut probe, strings)?;
    cursor.take(probe.position() - cursor.position())?;
    Ok(())
}

/// One record's fields: its shape and the bytes that differ.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    shape: &'a ResolvedShape,
    payload: &'a [u8],
    strings: &'a Strings,
}

impl<'a> Record<'a> {
    /// A record whose `payload` has been walked by [`ResolvedShape::skip`].
    pub fn new(shape: &'a ResolvedShape, payload: &'a [u8], strings: &'a Strings) -> Self {
        Record { shape, payload, strings }
    }

    /// The kind, where the vocabulary knows it.
    pub fn kind(&self) -> Option<Kind> {
        self.shape.kind
    }

    /// The kind's name, known or not.
    pub fn kind_name(&self) -> &'a str {
        &self.shape.shape.kind
    }

    /// All fields in the order in which they were written.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Slot, ValueRef<'a>)> + use<'a> {
        let Record { shape, payload, strings } = *self;
        let mut cursor = Cursor::new(payload);
        shape.shape.fields.iter().zip(&shape.slots).map_while(move |(field, slot)| {
            let value = field.encoding.decode(&mut cursor, strings).ok()?;
            Some((&*field.name, *slot, value))
        })
    }

    /// The typed form of this record; [`Body::Unknown`] if the vocabulary does not know its kind.
    #[inline]
    pub fn body(&self) -> Body<'a> {
        let Some(kind) = self.shape.kind else { return Body::Unknown };
        Body::read(
            kind,
            self.selected(|slot| match slot {
                Slot::Own(place) => Some(place),
                _ => None,
            }),
        )
    }

    /// A field that every event may have.
    pub fn common<T: FromValue<'a>>(&self, common: Common) -> Option<T> {
        if !self.shape.slots.contains(&Slot::Common(common)) {
            return None;
        }
        // A field that is there twice: the last one counts, as in a typed body.
        self.selected(|slot| (slot == Slot::Common(common)).then_some(()))
            .last()
            .and_then(|((), value)| T::from_value(value))
    }

    /// The fields that `select` chooses, in the order in which they were written. The others are passed over: a constant
    /// (source line, topic, template) costs nothing, a number only its bytes.
    #[inline]
    fn selected<T>(&self, select: impl Fn(Slot) -> Option<T>) -> impl Iterator<Item = (T, ValueRef<'a>)> {
        let Record { shape, payload, strings } = *self;
        let mut cursor = Cursor::new(payload);
        let mut fields = shape.shape.fields.iter().zip(&shape.slots);
        std::iter::from_fn(move || {
            loop {
                let (field, slot) = fields.next()?;
                match (select(*slot), &field.encoding) {
                    // Most fields are numbers: worth a way of their own, without a call.
                    (Some(chosen), Encoding::U64) => return Some((chosen, ValueRef::U64(cursor.u64().ok()?))),
                    (Some(chosen), encoding) => return Some((chosen, encoding.decode(&mut cursor, strings).ok()?)),
                    (None, Encoding::Const(_)) => {}
                    (None, Encoding::U64 | Encoding::I64 | Encoding::TextRef) => drop(cursor.u64().ok()?),
                    (None, encoding) => drop(encoding.decode(&mut cursor, strings).ok()?),
                }
            }
        })
    }
}

/// Whether `value` can be read as `expected`, null being an absent value: what a reader says about a field of the wrong
/// type.
pub fn fits(value: ValueRef<'_>, expected: FieldType) -> bool {
    use crate::value::{Entries, Id, IdSets, Ids, MapRef};
    if matches!(value, ValueRef::Null) {
        return true;
    }
    match expected {
        FieldType::Id => Id::from_value(value).is_some(),
        FieldType::Text => <&str>::from_value(value).is_some(),
        FieldType::Flag => bool::from_value(value).is_some(),
        FieldType::Count | FieldType::Term | FieldType::Index | FieldType::Nanos => u64::from_value(value).is_some(),
        FieldType::Signed => i64::from_value(value).is_some(),
        FieldType::Any => true,
        FieldType::Ids => Ids::from_value(value).is_some(),
        FieldType::IdSets => IdSets::from_value(value).is_some(),
        FieldType::Entries => Entries::from_value(value).is_some(),
        FieldType::Map => MapRef::from_value(value).is_some(),
    }
}
