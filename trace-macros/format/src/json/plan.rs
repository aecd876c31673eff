//! Plans: how the values of a scanned line become those of a record, worked out once for all lines that look alike.

use std::collections::HashSet;

use super::scan::{Line, Raw};
use super::trouble::Troubles;
use crate::shape::{Encoding, Field, Shape, fits};
use crate::value::{FieldType, ValueRef};
use crate::varint::Cursor;
use crate::vocabulary::{Common, Kind};
use crate::wire::{ImageBuilder, Strings};

/// What to do with all lines of one signature.
pub(super) struct Plan {
    /// The shape of their records.
    pub(super) shape: u32,
    /// The shape of a record with texts that the string table has no room for.
    pub(super) inline_shape: Option<u32>,
    /// What to do with each field; `None` if their values are taken as they are.
    pub(super) steps: Option<Box<[Step]>>,
    /// What [`Troubles`] is to be told at each line.
    pub(super) unexpected: Box<[u32]>,
}

/// What to do with the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Leave it out: the key stands again, further on.
    Skip,
    /// Take it as it is.
    Copy,
    /// Put the text into the string table.
    Intern,
    /// Take the number that the text writes.
    Number,
    /// Take the negative number that the text writes.
    Negative,
    /// Take the numbers that the texts in this list of ids, id sets or entries write.
    Ids(FieldType),
}

impl Plan {
    /// Makes the plan for lines like `line`.
    pub(super) fn new(line: &Line, builder: &mut ImageBuilder, troubles: &mut Troubles) -> Plan {
        let kind_name = line.kind().unwrap_or_default();
        let kind = Kind::from_name(kind_name);
        let raw: Vec<(&str, Raw)> = line.fields().collect();
        let mut seen = HashSet::new();
        let mut last: Vec<bool> = raw.iter().rev().map(|(name, _)| seen.insert(*name)).collect();
        last.reverse();

        let (mut fields, mut inline_fields) = (Vec::new(), Vec::new());
        let (mut steps, mut unexpected) = (Vec::new(), Vec::new());
        for (&(name, raw), last) in raw.iter().zip(last) {
            if !last {
                steps.push(Step::Skip);
                continue;
            }
            let (owner, ty) = expected(kind, name);
            let step = step(raw, ty.unwrap_or(FieldType::Any));
            if ty.is_none_or(|ty| !sample_fits(raw, step, ty)) {
                unexpected.push(troubles.unexpected(owner, name));
            }
            let encoding = encoding(raw, step);
            let inline = if step == Step::Intern { Encoding::Any } else { encoding.clone() };
            fields.push(Field { name: name.into(), encoding });
            inline_fields.push(Field { name: name.into(), encoding: inline });
            steps.push(step);
        }
        let mut define = |fields: Vec<Field>| builder.shape(&Shape { kind: kind_name.into(), fields: fields.into() });
        let inline_shape = steps.contains(&Step::Intern).then(|| define(inline_fields));
        let shape = define(fields);
        let steps = steps.iter().any(|step| *step != Step::Copy).then(|| steps.into());
        Plan { shape, inline_shape, steps, unexpected: unexpected.into() }
    }
}

/// The type of what stands in a list (`name` is `None`) or map of type `ty`.
pub(super) fn element_type(ty: FieldType, name: Option<&str>) -> FieldType {
    match (ty, name) {
        (FieldType::Ids, None) => FieldType::Id,
        (FieldType::IdSets, None) => FieldType::Ids,
        // An entry is a map; its type has no name of its own.
        (FieldType::Entries, None) => FieldType::Entries,
        (FieldType::Entries, Some("digest")) => FieldType::Id,
        (FieldType::Entries, Some("term")) => FieldType::Term,
        _ => FieldType::Any,
    }
}

/// Whose field `name` is and what type it should have; `None` if no value of it fits.
fn expected(kind: Option<Kind>, name: &str) -> (&'static str, Option<FieldType>) {
    let own = kind.and_then(|kind| Some((kind.name(), kind.fields().iter().find(|info| info.name == name)?)));
    let common = || Common::ALL.iter().find(|(_, info)| info.name == name);
    if let Some((kind, info)) = own {
        (kind, Some(info.ty))
    } else if let Some((_, info)) = common() {
        (EVENTS, Some(info.ty))
    } else if matches!(name, "ts" | "test" | "cluster" | "peer" | "inc" | "term" | "task") {
        // The head could not take it, else it would not stand among the fields.
        (EVENTS, None)
    } else {
        (EVENTS, Some(FieldType::Any))
    }
}

/// Who has a field that an event of any kind may have.
const EVENTS: &str = "the events";

fn step(raw: Raw, ty: FieldType) -> Step {
    use FieldType::{Count, Entries, Id, IdSets, Ids, Index, Nanos, Term, Text};
    match (raw, ty) {
        (Raw::NumberText, Id | Count | Term | Index | Nanos) => Step::Number,
        (Raw::NegativeText, Id) => Step::Negative,
        (Raw::Text | Raw::NumberText | Raw::NegativeText, Text) => Step::Intern,
        (Raw::List, Ids | IdSets | Entries) => Step::Ids(ty),
        _ => Step::Copy,
    }
}

fn encoding(raw: Raw, step: Step) -> Encoding {
    match (step, raw) {
        (Step::Intern, _) => Encoding::TextRef,
        (Step::Number, _) | (_, Raw::U64 | Raw::BigU64) => Encoding::U64,
        (Step::Negative, _) | (_, Raw::I64) => Encoding::I64,
        (_, Raw::Null) => Encoding::Const([0].into()),
        (_, Raw::Bool) => Encoding::Bool,
        (_, Raw::F64) => Encoding::F64,
        (_, Raw::Text | Raw::NumberText | Raw::NegativeText) => Encoding::Text,
        (_, Raw::List | Raw::Map) => Encoding::Any,
    }
}

/// Whether a value like this fits, as [`fits`] says of an example.
fn sample_fits(raw: Raw, step: Step, ty: FieldType) -> bool {
    let strings = Strings::default();
    let list = |tag: &'static [u8; 2]| ValueRef::decode(&mut Cursor::new(tag), &strings).unwrap_or(ValueRef::Null);
    let sample = match (step, raw) {
        (Step::Number, _) | (_, Raw::U64) => ValueRef::U64(0),
        (_, Raw::BigU64) => ValueRef::U64(u64::MAX),
        (Step::Negative, _) | (_, Raw::I64) => ValueRef::I64(-1),
        (_, Raw::Null) => ValueRef::Null,
        (_, Raw::Bool) => ValueRef::Bool(false),
        (_, Raw::F64) => ValueRef::F64(0.5),
        (_, Raw::Text) => ValueRef::Text("a"),
        (_, Raw::NumberText) => ValueRef::Text("0"),
        (_, Raw::NegativeText) => ValueRef::Text("-1"),
        (_, Raw::List) => list(&[8, 0]),
        (_, Raw::Map) => list(&[9, 0]),
    };
    fits(sample, ty)
}
