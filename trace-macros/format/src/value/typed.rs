//! What the vocabulary's fields hold, typed: ids, terms, log indexes, lists of them; and how each is read from a value.

use std::fmt;

use super::{ListRef, MapRef, ValueRef};

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
}
