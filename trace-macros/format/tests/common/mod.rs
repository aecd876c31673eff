//! What the tests of this crate share: events as plain data, how to make arbitrary ones, how to read them back.

// Each test binary uses its own part of this module.
#![allow(dead_code)]

use peerscope_format::shape::{Encoding, Field, Record, Shape};
use peerscope_format::value::{FieldType, Id, Term, Value, put_text};
use peerscope_format::varint::{put_u64, zigzag};
use peerscope_format::vocabulary::{Common, Kind};
use peerscope_format::wire::{Context, Corrupt, EventHead, Image, ImageBuilder};
use proptest::prelude::*;
use proptest::{collection, option};

/// An event as plain data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) head: EventHead,
    pub(crate) kind: String,
    pub(crate) fields: Vec<(String, Value)>,
}

/// All events of `image`; the error is why the reading of a chunk ended early.
pub(crate) fn events(image: &Image) -> (Vec<Event>, Vec<Corrupt>) {
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    let clock = image.clock();
    for chunk in &image.chunks {
        for record in image.records(chunk) {
            let raw = match record {
                Ok(raw) => raw,
                Err(error) => {
                    errors.push(error);
                    break;
                }
            };
            let shape = image.tables.shapes.get(raw.shape.into()).expect("a record's shape is in its table");
            let context = raw.context.and_then(|id| image.tables.contexts.get(id.into()));
            let record = Record::new(shape, &chunk.payload[raw.values.clone()], &image.tables.strings);
            let fields: Vec<_> = record.fields().map(|(name, _, value)| (name.to_owned(), value.to_value())).collect();
            assert_eq!(fields.len(), shape.shape.fields.len(), "a skipped record can be decoded");
            std::hint::black_box(record.body());
            let head =
                EventHead { ts: clock.ns(raw.ticks), context: context.cloned().unwrap_or_default(), term: raw.term };
            events.push(Event { head, kind: record.kind_name().to_owned(), fields });
        }
    }
    (events, errors)
}

/// The events of `image` in JSON Lines.
#[cfg(feature = "json")]
pub(crate) fn to_json(image: &Image) -> String {
    let mut writer = peerscope_format::json::LineWriter::new(Vec::new());
    writer.header(&image.header).expect("memory takes all");
    for chunk in &image.chunks {
        for raw in image.records(chunk) {
            let Ok(raw) = raw else { break };
            let shape = image.tables.shapes.get(raw.shape.into()).expect("a record's shape is in its table");
            let context = raw.context.and_then(|id| image.tables.contexts.get(id.into())).cloned().unwrap_or_default();
            let record = Record::new(shape, &chunk.payload[raw.values.clone()], &image.tables.strings);
            writer
                .event(image.clock().ns(raw.ticks), raw.simulated, &context, raw.term, &record)
                .expect("memory takes all");
        }
    }
    String::from_utf8(writer.into_inner()).expect("JSON is UTF-8")
}

/// Builds a trace in which each value is written in its self-describing form.
pub(crate) fn build(events: &[Event]) -> Image {
    let mut builder = ImageBuilder::new(Default::default());
    for event in events {
        let fields: Vec<_> = event.fields.iter().map(|(name, value)| (&name[..], value.clone())).collect();
        builder.event(&event.head, &event.kind, &fields).expect("the events of tests are small");
    }
    builder.finish()
}

/// Builds a trace in which the encoding of each value is chosen by one of `choices`.
pub(crate) fn build_encoded(events: &[Event], choices: &[u8]) -> Image {
    let mut builder = ImageBuilder::new(Default::default());
    let mut choices = choices.iter().copied().cycle();
    for event in events {
        let (mut fields, mut values) = (Vec::new(), Vec::new());
        for (name, value) in &event.fields {
            let encoding = encode(value, choices.next().unwrap_or(0), &mut builder, &mut values);
            fields.push(Field { name: name[..].into(), encoding });
        }
        let shape = builder.shape(&Shape { kind: event.kind[..].into(), fields: fields.into() });
        let context = builder.context(&event.head.context);
        builder.push(event.head.ts, context, event.head.term, shape, &values).expect("the events of tests are small");
    }
    builder.finish()
}

fn encode(value: &Value, choice: u8, builder: &mut ImageBuilder, out: &mut Vec<u8>) -> Encoding {
    match (choice % 4, value) {
        (0, _) => {
            value.encode(out);
            Encoding::Any
        }
        (1, _) => Encoding::constant(value),
        (2, Value::Text(text)) => {
            put_u64(out, builder.text(text).into());
            Encoding::TextRef
        }
        (2, Value::U64(number)) if let Ok(number) = i64::try_from(*number) => {
            put_u64(out, zigzag(number));
            Encoding::I64
        }
        (_, Value::Bool(flag)) => {
            out.push(u8::from(*flag));
            Encoding::Bool
        }
        (_, Value::U64(number)) => {
            put_u64(out, *number);
            Encoding::U64
        }
        (_, Value::I64(number)) => {
            put_u64(out, zigzag(*number));
            Encoding::I64
        }
        (_, Value::F64(number)) => {
            out.extend(number.to_bits().to_le_bytes());
            Encoding::F64
        }
        (_, Value::Text(text)) => {
            put_text(out, text);
            Encoding::Text
        }
        (_, Value::Map(entries)) => {
            let field = |(name, value): &(String, Value)| {
                let encoding = encode(value, choice / 4, builder, out);
                Field { name: name[..].into(), encoding }
            };
            Encoding::Map(entries.iter().map(field).collect())
        }
        (_, Value::Null | Value::List(_)) => {
            value.encode(out);
            Encoding::Any
        }
    }
}

/// Time, term, context, kind and fields of an event in one form.
pub(crate) type Meaning = (u64, Option<Term>, Vec<Option<Vec<u8>>>, String, Vec<(String, Vec<u8>)>);

/// What two events have in common if they say the same: ids are ids whether text or number, the order of fields is
/// free, floats are compared by their bits.
pub(crate) fn meaning(event: &Event) -> Meaning {
    let Context { test, cluster, peer, incarnation, task } = &event.head.context;
    let id = |part: &Option<Value>| part.clone().map(|value| canonical(value, FieldType::Id).to_bytes().into_vec());
    let context = [test, cluster, peer, incarnation, task].map(id).to_vec();
    let kind = Kind::from_name(&event.kind);
    let field = |(name, value): &(String, Value)| {
        let infos = kind.map_or(&[][..], |kind| kind.fields()).iter().chain(Common::ALL.iter().map(|(_, info)| info));
        let ty = infos.into_iter().find(|info| info.name == name).map_or(FieldType::Any, |info| info.ty);
        (name.clone(), canonical(value.clone(), ty).to_bytes().into_vec())
    };
    let mut fields: Vec<_> = event.fields.iter().map(field).collect();
    fields.sort();
    (event.head.ts, event.head.term, context, event.kind.clone(), fields)
}

fn canonical(value: Value, ty: FieldType) -> Value {
    match (value, ty) {
        (Value::Text(text), FieldType::Id) => Value::from(Id::parse(&text)),
        (Value::List(list), FieldType::Ids) => {
            Value::List(list.into_iter().map(|value| canonical(value, FieldType::Id)).collect())
        }
        (Value::List(list), FieldType::IdSets) => {
            Value::List(list.into_iter().map(|value| canonical(value, FieldType::Ids)).collect())
        }
        (Value::List(list), FieldType::Entries) => {
            Value::List(list.into_iter().map(|value| canonical(value, FieldType::Entries)).collect())
        }
        (Value::Map(map), FieldType::Entries) => {
            let ty = |name: &str| if name == "digest" { FieldType::Id } else { FieldType::Any };
            Value::Map(map.into_iter().map(|(name, value)| (name.clone(), canonical(value, ty(&name)))).collect())
        }
        (other, _) => other,
    }
}

/// One event of every kind, and some of kinds that nobody knows, with arbitrary subsets of fields.
pub(crate) fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let known: Vec<_> = Kind::ALL.iter().map(|kind| any_event(Some(*kind))).collect();
    (known, collection::vec(any_event(None), 4)).prop_map(|(mut events, unknown)| {
        events.extend(unknown);
        // Times never run backwards in a file, so what was arbitrary becomes the distance to the event before.
        let mut now = 0;
        for event in &mut events {
            now += event.head.ts;
            event.head.ts = now;
        }
        events
    })
}

fn any_event(kind: Option<Kind>) -> BoxedStrategy<Event> {
    let name = match kind {
        Some(kind) => Just(kind.name().to_owned()).boxed(),
        None => any_text().prop_map(|text| format!("x.{text}")).boxed(),
    };
    let infos = kind.map_or(&[][..], |kind| kind.fields()).iter().chain(Common::ALL.iter().map(|(_, info)| info));
    let known: Vec<_> = infos.map(|info| (Just(info.name.to_owned()), option::of(any_value(info.ty)))).collect();
    let unknown = collection::vec((any_text().prop_map(|text| format!("x{text}")), option::of(any_json())), 0..3);
    (any_head(), name, known, unknown)
        .prop_map(|(head, kind, known, unknown)| {
            let mut fields: Vec<(String, Value)> = Vec::new();
            for (name, value) in known.into_iter().chain(unknown) {
                if let (Some(value), true) = (value, fields.iter().all(|(other, _)| *other != name)) {
                    fields.push((name, value));
                }
            }
            Event { head, kind, fields }
        })
        .boxed()
}

fn any_head() -> impl Strategy<Value = EventHead> {
    let id = || option::of(any_value(FieldType::Id));
    let inc = option::of(any::<u64>().prop_map(Value::U64));
    // The last number is no term: the wire writes a term + 1.
    let term = option::of((0..u64::MAX).prop_map(Term));
    (0..1_u64 << 40, id(), id(), id(), inc, id(), term).prop_map(
        |(ts, test, cluster, peer, incarnation, task, term)| EventHead {
            ts,
            context: Context { test, cluster, peer, incarnation, task },
            term,
        },
    )
}

/// A value of the given type.
fn any_value(ty: FieldType) -> BoxedStrategy<Value> {
    let list_of = |ty| collection::vec(any_value(ty), 0..4).prop_map(Value::List).boxed();
    match ty {
        FieldType::Id => prop_oneof![any_number(), any_text().prop_map(Value::Text)].boxed(),
        FieldType::Text => any_text().prop_map(Value::Text).boxed(),
        FieldType::Flag => any::<bool>().prop_map(Value::Bool).boxed(),
        FieldType::Count | FieldType::Term | FieldType::Index | FieldType::Nanos => {
            prop_oneof![0..300_u64, any::<u64>()].prop_map(Value::U64).boxed()
        }
        FieldType::Signed => any::<i64>().prop_map(Value::from).boxed(),
        FieldType::Any => any_json(),
        FieldType::Ids => list_of(FieldType::Id),
        FieldType::IdSets => list_of(FieldType::Ids),
        FieldType::Entries => {
            let entry = (option::of(any_value(FieldType::Term)), option::of(any_value(FieldType::Id)));
            let entry = entry.prop_map(|(term, digest)| {
                let parts = [("term", term), ("digest", digest)];
                Value::Map(parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
            });
            collection::vec(entry, 0..4).prop_map(Value::List).boxed()
        }
        FieldType::Map => collection::vec((any_text(), any_json()), 0..4).prop_map(Value::Map).boxed(),
    }
}

fn any_number() -> BoxedStrategy<Value> {
    prop_oneof![0..300_u64, any::<u64>()]
        .prop_map(Value::U64)
        .boxed()
        .prop_union(any::<i64>().prop_map(Value::from).boxed())
        .boxed()
}

fn any_json() -> BoxedStrategy<Value> {
    let finite = any::<f64>()
        .prop_filter_map("JSON has finite floats only", |float| float.is_finite().then_some(Value::F64(float)));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any_number(),
        finite,
        any_text().prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 12, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            collection::vec((any_text(), inner), 0..4).prop_map(Value::Map),
        ]
    })
    .boxed()
}

fn any_text() -> BoxedStrategy<String> {
    prop_oneof![
        collection::vec(any::<char>(), 0..8).prop_map(|chars| chars.into_iter().collect::<String>()),
        (-20..2000_i64).prop_map(|number| number.to_string()),
        Just("007".to_owned()),
        Just("\"\\\u{0}\n\u{2028}".to_owned()),
    ]
    .boxed()
}
