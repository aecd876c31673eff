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
        let last: HashMap<&str, usize> = header.meta.iter().enumerate().map(|(at, (name, _))| (&name[..], at)).collect();
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

    /// Writes an event; `ts` is in ns since the trace's start.
    ///
    /// # Errors
    /// If the output refuses.
    pub fn event(&mut self, ts: u64, context: &Context, term: Option<Term>, record: &Record<'_>) -> io::Result<()> {
        let fields: Vec<(&str, Slot, ValueRef<'_>)> = record.fields().collect();
        let common = |wanted| fields.iter().rfind(|(_, slot, _)| *slot == Slot::Common(wanted));
        self.begin();
        self.pair("ts", |line| number(line, ts))?;
        if let Some((name, _, sim)) = common(Common::Sim) {
            self.pair(name, |line| value(line, *sim, FieldType::Nanos, 0))?;
        }
        let Context { test, cluster, peer, incarnation, task } = context;
        self.context("test", test)?;
        self.context("cluster", cluster)?;
        self.context("peer", peer)?;
        self.context("inc", incarnation)?;
        if let Some(term) = term {
            self.pair("term", |line| number(line, term.0))?;
        }
        self.context("task", task)?;
        self.pair("kind", |line| text(line, record.kind_name()))?;
        let infos = record.kind().map_or(&[][..], |kind| kind.fields());
        for (place, info) in infos.iter().enumerate() {
            if let Some((.., own)) = fields.iter().rfind(|(_, slot, _)| *slot == Slot::Own(place as u8)) {
                self.pair(info.name, |line| value(line, *own, info.ty, 0))?;
            }
        }
        for wanted in COMMON {
            if let Some((name, _, common)) = common(wanted) {
                self.pair(name, |line| value(line, *common, FieldType::Text, 0))?;
            }
        }
        self.extras(&fields, context, term)?;
        self.end()
    }

    /// Ends writing and gives back the output.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Writes the fields that the vocabulary does not know.
    fn extras(
        &mut self, fields: &[(&str, Slot, ValueRef<'_>)], context: &Context, term: Option<Term>,
    ) -> io::Result<()> {
        if fields.iter().all(|(_, slot, _)| *slot != Slot::Extra) {
            return Ok(());
        }
        let last: HashMap<&str, usize> = fields.iter().enumerate().map(|(at, (name, ..))| (*name, at)).collect();
        for (at, (name, slot, extra)) in fields.iter().enumerate() {
            let taken = match *name {
                "ts" | "kind" => true,
                "term" => term.is_some(),
                "test" => is_known(&context.test),
                "cluster" => is_known(&context.cluster),
                "peer" => is_known(&context.peer),
                "inc" => is_known(&context.incarnation),
                "task" => is_known(&context.task),
                _ => false,
            };
            if *slot == Slot::Extra && !taken && last[name] == at {
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
    fn context(&mut self, name: &str, part: &Option<Value>) -> io::Result<()> {
        let Some(part) = part.as_ref().filter(|part| **part != Value::Null) else { return Ok(()) };
        let id = match part {
            Value::U64(number) => Some(Id::Number(*number)),
            Value::I64(number) => Some(Id::Negative(*number)),
            Value::Text(text) => Some(Id::parse(text)),
            _ => None,
        };
        self.pair(name, |line| match id {
            Some(Id::Number(count)) if name == "inc" => number(line, count),
            Some(id) => put_id(line, id),
            None => owned(line, part, 0),
        })
    }

    fn end(&mut self) -> io::Result<()> {
        self.line.extend_from_slice(b"}\n");
        self.out.write_all(&self.line)
    }
}

fn is_known(part: &Option<Value>) -> bool {
    part.as_ref().is_some_and(|part| *part != Value::Null)
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
        _ if depth > MAX_DEPTH => text(line, TOO_DEEP),
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
