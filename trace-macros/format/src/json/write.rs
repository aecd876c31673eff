//! Writing the canonical form.

use std::collections::HashMap;
use std::io::{self, Write};

use super::header::VERSION;
use super::plan::element_type;
use crate::header::TraceHeader;
use crate::shape::{Record, Slot};
use crate::value::{FieldType, FromValue, Id, MAX_DEPTH, Term, Value, ValueRef};
use crate::varint::Cursor;
use crate::vocabulary::Common;
use crate::wire::{Context, Strings};

/// Writes a trace in JSON Lines, in [the canonical form](super).
pub struct LineWriter<W: Write> {
    out: W,
    line: Vec<u8>,
}

/// Common fields that stand behind the kind's own, in their order; `sim` stands before the kind.
const COMMON: [Common; 4] = [Common::Src, Common::Level, Common::Topic, Common::Restored];

impl<W: Write> LineWriter<W> {
    /// Writes to `out`, one `write_all` a line; a file wants a `BufWriter` around it.
    pub fn new(out: W) -> Self {
        LineWriter { out, line: Vec::new() }
    }

    /// Writes the first line.
    ///
    /// # Errors
    /// If the output refuses.
    pub fn header(&mut self, header: &TraceHeader) -> io::Result<()> {
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        self.begin();
        self.pair("peerscope", |line| number(line, VERSION))?;
        let fields = [
            ("start", text(&header.start)),
            ("unit", Some(Value::from("ns"))),
            ("host", text(&header.host)),
            ("boot", text(&header.boot)),
            ("pid", header.pid.map(Value::U64)),
            ("clock", text(&header.clock)),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                self.pair(name, |line| owned(line, &value, 0))?;
            }
        }
        let last: HashMap<&str, usize> =
            header.meta.iter().enumerate().map(|(at, (name, _))| (&name[..], at)).collect();
        let meta: Vec<_> = header.meta.iter().enumerate().filter(|(at, (name, _))| last[&name[..]] == *at).collect();
        if !meta.is_empty() {
            self.pair("meta", |line| {
                line.push(b'{');
                for (place, (_, (name, value))) in meta.into_iter().enumerate() {
                    key(line, place == 0, name)?;
                    // It stands in the map of the key `meta` in the map that is the header.
                    owned(line, value, 2)?;
                }
                line.push(b'}');
                Ok(())
            })?;
        }
        self.end()
    }

    /// Writes an event; `ts` is in ns since the trace's start. A `simulated` time in ns stands in it unless the record
    /// itself says one.
    ///
    /// # Errors
    /// If the output refuses.
    pub fn event(
        &mut self,
        ts: u64,
        simulated: Option<u64>,
        context: &Context,
        term: Option<Term>,
        record: &Record<'_>,
    ) -> io::Result<()> {
        let fields: Vec<FieldRef<'_>> = record.fields().collect();
        let common = |wanted| fields.iter().rfind(|(_, slot, _)| *slot == Slot::Common(wanted));
        self.begin();
        self.pair("ts", |line| number(line, ts))?;
        if let Some((name, _, sim)) = common(Common::Sim) {
            self.pair(name, |line| value(line, *sim, FieldType::Nanos, 0))?;
        } else if let Some(ns) = simulated {
            self.pair("sim", |line| number(line, ns))?;
        }
        let head = Head::new(context, term, &fields);
        // The task stands behind the term, all other parts of the context before it.
        for (name, part) in &head.context[..4] {
            self.part(name, part)?;
        }
        if let Some(term) = head.term {
            self.pair("term", |line| number(line, term))?;
        }
        self.part(head.context[4].0, &head.context[4].1)?;
        self.pair("kind", |line| text(line, record.kind_name()))?;
        let infos = record.kind().map_or(&[][..], |kind| kind.fields());
        for (place, info) in infos.iter().enumerate() {
            let own = fields.iter().rfind(|(_, slot, _)| *slot == Slot::Own(place as u8));
            // A typed field that is null says nothing.
            let said = |value: &ValueRef<'_>| info.ty == FieldType::Any || !matches!(value, ValueRef::Null);
            if let Some((.., own)) = own.filter(|(.., own)| said(own)) {
                self.pair(info.name, |line| value(line, *own, info.ty, 0))?;
            }
        }
        for wanted in COMMON {
            if let Some((name, _, common)) = common(wanted) {
                self.pair(name, |line| value(line, *common, FieldType::Text, 0))?;
            }
        }
        self.extras(&fields, &head)?;
        self.end()
    }

    /// Ends writing and gives back the output.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Writes the fields that the vocabulary does not know.
    fn extras(&mut self, fields: &[FieldRef<'_>], head: &Head<'_>) -> io::Result<()> {
        if fields.iter().all(|(_, slot, _)| *slot != Slot::Extra) {
            return Ok(());
        }
        let last: HashMap<&str, usize> = fields.iter().enumerate().map(|(at, (name, ..))| (*name, at)).collect();
        for (at, (name, slot, extra)) in fields.iter().enumerate() {
            if *slot == Slot::Extra && last[name] == at && !head.has(name) {
                self.pair(name, |line| value(line, *extra, FieldType::Any, 0))?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) {
        self.line.clear();
        self.line.push(b'{');
    }

    fn pair(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        let first = self.line.len() == 1;
        key(&mut self.line, first, name)?;
        value(&mut self.line)
    }

    /// Writes a part of the context; an incarnation is a number, all others are ids.
    fn part(&mut self, name: &str, part: &Option<Part<'_>>) -> io::Result<()> {
        match part {
            None => Ok(()),
            Some(Part::Id(Id::Number(count))) if name == INCARNATION => self.pair(name, |line| number(line, *count)),
            Some(Part::Id(id)) => self.pair(name, |line| put_id(line, *id)),
            Some(Part::Other(other)) => self.pair(name, |line| owned(line, other, 0)),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.line.extend_from_slice(b"}\n");
        self.out.write_all(&self.line)
    }
}

/// A field of a record.
type FieldRef<'a> = (&'a str, Slot, ValueRef<'a>);

const INCARNATION: &str = "inc";

/// The head of a line.
struct Head<'a> {
    context: [(&'static str, Option<Part<'a>>); 5],
    term: Option<u64>,
}

/// A part of a context.
enum Part<'a> {
    Id(Id<'a>),
    /// What should not stand there, and is written as it is.
    Other(&'a Value),
}

impl<'a> Head<'a> {
    /// What a reader will take for the head: where `context` and `term` have nothing, that may be a field that is called
    /// like one of the head.
    fn new(context: &'a Context, term: Option<Term>, fields: &[FieldRef<'a>]) -> Self {
        let Context { test, cluster, peer, incarnation, task } = context;
        let extra = |name| fields.iter().rfind(|(other, slot, _)| *slot == Slot::Extra && *other == name);
        let part = |name, part: &'a Option<Value>| {
            let part = match part {
                None | Some(Value::Null) => match extra(name).and_then(|(.., value)| Id::from_value(*value)) {
                    Some(Id::Negative(_) | Id::Text(_)) if name == INCARNATION => None,
                    id => id.map(Part::Id),
                },
                Some(Value::U64(number)) => Some(Part::Id(Id::Number(*number))),
                Some(Value::I64(number)) => Some(Part::Id(Id::Negative(*number))),
                Some(Value::Text(text)) => Some(Part::Id(Id::parse(text))),
                Some(other) => Some(Part::Other(other)),
            };
            (name, part)
        };
        let context = [
            part("test", test),
            part("cluster", cluster),
            part("peer", peer),
            part(INCARNATION, incarnation),
            part("task", task),
        ];
        let extra_term =
            || extra("term").and_then(|(.., value)| u64::from_value(*value)).filter(|term| *term < u64::MAX);
        Head { context, term: term.map(|term| term.0).or_else(extra_term) }
    }

    /// Whether a line with this head has no room for another field called `name`.
    fn has(&self, name: &str) -> bool {
        match name {
            "ts" | "kind" => true,
            "term" => self.term.is_some(),
            _ => self.context.iter().any(|(other, part)| *other == name && part.is_some()),
        }
    }
}

fn key(line: &mut Vec<u8>, first: bool, name: &str) -> io::Result<()> {
    if !first {
        line.push(b',');
    }
    text(line, name)?;
    line.push(b':');
    Ok(())
}

fn number(line: &mut Vec<u8>, number: u64) -> io::Result<()> {
    write!(line, "{number}")
}

fn text(line: &mut Vec<u8>, text: &str) -> io::Result<()> {
    serde_json::to_writer(line, text).map_err(io::Error::from)
}

fn put_id(line: &mut Vec<u8>, id: Id<'_>) -> io::Result<()> {
    match id {
        Id::Text(id) => text(line, id),
        number => write!(line, "\"{number}\""),
    }
}

fn owned(line: &mut Vec<u8>, owned: &Value, depth: usize) -> io::Result<()> {
    let (bytes, strings) = (owned.to_bytes(), Strings::default());
    // A value beyond the depth that readers accept cannot be read back here either.
    match ValueRef::decode(&mut Cursor::new(&bytes), &strings) {
        Ok(borrowed) => value(line, borrowed, FieldType::Any, depth),
        Err(_) => text(line, TOO_DEEP),
    }
}

/// What stands for a value that is nested more deeply than readers accept.
const TOO_DEEP: &str = "...";

/// Writes a value of a field of type `ty`, `depth` lists and maps deep.
fn value(line: &mut Vec<u8>, borrowed: ValueRef<'_>, ty: FieldType, depth: usize) -> io::Result<()> {
    match (borrowed, ty) {
        (ValueRef::List(list), _) if depth >= MAX_DEPTH && !list.is_empty() => text(line, TOO_DEEP),
        (ValueRef::Map(map), _) if depth >= MAX_DEPTH && map.iter().next().is_some() => text(line, TOO_DEEP),
        (ValueRef::U64(_) | ValueRef::I64(_) | ValueRef::Text(_), FieldType::Id) => match Id::from_value(borrowed) {
            Some(id) => put_id(line, id),
            None => null(line),
        },
        (ValueRef::Null, _) => null(line),
        (ValueRef::Bool(value), _) => write!(line, "{value}"),
        (ValueRef::U64(value), _) => write!(line, "{value}"),
        (ValueRef::I64(value), _) => write!(line, "{value}"),
        // The shortest digits that are read back as the same bits, and always with a mark of a float.
        (ValueRef::F64(value), _) if value.is_finite() => write!(line, "{value:?}"),
        (ValueRef::F64(value), _) => write!(line, "\"{value}\""),
        // Counts that came as text are read as numbers, so that is what is written.
        (ValueRef::Text(_), FieldType::Count | FieldType::Term | FieldType::Index | FieldType::Nanos)
            if let Some(count) = u64::from_value(borrowed) =>
        {
            number(line, count)
        }
        (ValueRef::Text(value), _) => text(line, value),
        (ValueRef::List(list), _) => {
            line.push(b'[');
            for (place, item) in list.iter().enumerate() {
                if place > 0 {
                    line.push(b',');
                }
                value(line, item, element_type(ty, None), depth + 1)?;
            }
            line.push(b']');
            Ok(())
        }
        (ValueRef::Map(map), _) => {
            line.push(b'{');
            for (place, (name, item)) in map.iter().enumerate() {
                key(line, place == 0, name)?;
                value(line, item, element_type(ty, Some(name)), depth + 1)?;
            }
            line.push(b'}');
            Ok(())
        }
    }
}

fn null(line: &mut Vec<u8>) -> io::Result<()> {
    line.extend_from_slice(b"null");
    Ok(())
}
