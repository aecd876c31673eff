//! Definitions: the strings, shapes and contexts that records refer to by number; writer, reader and tables.

use super::{Corrupt, FIRST_SHAPE, Strings};
use crate::shape::{Encoding, Field, ResolvedShape, Shape};
use crate::value::{MAX_DEPTH, Value, ValueRef, put_text};
use crate::varint::{Cursor, put_u64};

/// Whose events follow: a task of a peer's incarnation, in a test and cluster; each may be unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// The test's id.
    pub test: Option<Value>,
    /// The consensus group's id.
    pub cluster: Option<Value>,
    /// The peer's id.
    pub peer: Option<Value>,
    /// The peer's incarnation, from 0.
    pub incarnation: Option<Value>,
    /// The task's id.
    pub task: Option<Value>,
}

/// One definition.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    /// A string and its id.
    Text(u32, Box<str>),
    /// A shape and its id, which is at least [`FIRST_SHAPE`].
    Shape(u32, Shape),
    /// A context and its id.
    Context(u32, Context),
    /// A free key/value of the run.
    Meta(String, Value),
    /// The clock was read: ticks, and ns since the trace's start.
    Clock(u64, u64),
    /// A record that stays whatever happens to the chunks of events: its ticks, and itself behind a control record.
    Record(u64, Box<[u8]>),
}

impl Definition {
    /// No definition takes fewer bytes.
    pub const MIN_LEN: usize = 10;

    /// Appends the definition with its length and sum.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([0; 8]);
        match self {
            Definition::Text(id, text) => {
                out.push(1);
                put_u64(out, u64::from(*id));
                put_text(out, text);
            }
            Definition::Shape(id, shape) => {
                out.push(2);
                put_u64(out, u64::from(*id));
                put_text(out, &shape.kind);
                shape.fields.iter().for_each(|field| encode_field(field, out));
            }
            Definition::Context(id, context) => {
                out.push(3);
                put_u64(out, u64::from(*id));
                let Context { test, cluster, peer, incarnation, task } = context;
                for value in [test, cluster, peer, incarnation, task] {
                    value.as_ref().unwrap_or(&Value::Null).encode(out);
                }
            }
            Definition::Meta(key, value) => {
                out.push(4);
                put_text(out, key);
                value.encode(out);
            }
            Definition::Clock(ticks, ns) => {
                out.push(5);
                put_u64(out, *ticks);
                put_u64(out, *ns);
            }
            Definition::Record(ticks, record) => {
                out.push(6);
                put_u64(out, *ticks);
                out.extend_from_slice(record);
            }
        }
        let body = &out[start + 8..];
        let (length, crc) = (body.len() as u32, crc32fast::hash(body));
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    }

    /// Reads one definition: the outer error is where the walk must end, the inner one costs this definition alone.
    pub fn decode(cursor: &mut Cursor<'_>) -> Result<Result<Definition, Corrupt>, Corrupt> {
        let mut head = [0; 8];
        head.copy_from_slice(cursor.take(8)?);
        let [a, b, c, d, e, f, g, h] = head;
        let body = cursor.take(u32::from_le_bytes([a, b, c, d]) as usize)?;
        if crc32fast::hash(body) != u32::from_le_bytes([e, f, g, h]) {
            return Ok(Err(Corrupt("a definition does not match its sum")));
        }
        Ok(Self::decode_body(body))
    }

    fn decode_body(body: &[u8]) -> Result<Definition, Corrupt> {
        let strings = Strings::default();
        let mut cursor = Cursor::new(body);
        let tag = cursor.byte()?;
        Ok(match tag {
            1 => Definition::Text(id(&mut cursor)?, cursor.text()?.into()),
            2 => {
                let id = id(&mut cursor)?;
                if id < FIRST_SHAPE {
                    return Err(Corrupt("a shape has the id of a control record"));
                }
                let kind = cursor.text()?.into();
                let mut fields = Vec::new();
                while !cursor.is_at_end() {
                    fields.push(decode_field(&mut cursor, &strings, 0)?);
                }
                Definition::Shape(id, Shape { kind, fields: fields.into() })
            }
            3 => {
                let id = id(&mut cursor)?;
                let mut value = || {
                    let value = ValueRef::decode(&mut cursor, &strings)?.to_value();
                    Ok(if value == Value::Null { None } else { Some(value) })
                };
                let (test, cluster, peer, incarnation, task) = (value()?, value()?, value()?, value()?, value()?);
                Definition::Context(id, Context { test, cluster, peer, incarnation, task })
            }
            4 => Definition::Meta(cursor.text()?.into(), ValueRef::decode(&mut cursor, &strings)?.to_value()),
            5 => Definition::Clock(cursor.u64()?, cursor.u64()?),
            6 => Definition::Record(cursor.u64()?, body[cursor.position()..].into()),
            _ => return Err(Corrupt("a definition has an unknown type")),
        })
    }
}

fn id(cursor: &mut Cursor<'_>) -> Result<u32, Corrupt> {
    u32::try_from(cursor.u64()?).map_err(|_| Corrupt("an id is longer than 32 bits"))
}

fn encode_field(field: &Field, out: &mut Vec<u8>) {
    put_text(out, &field.name);
    out.push(match field.encoding {
        Encoding::Const(_) => 0,
        Encoding::U64 => 1,
        Encoding::I64 => 2,
        Encoding::Bool => 3,
        Encoding::F64 => 4,
        Encoding::Text => 5,
        Encoding::TextRef => 6,
        Encoding::Any => 7,
        Encoding::Map(_) => 8,
    });
    match &field.encoding {
        Encoding::Const(bytes) => out.extend_from_slice(bytes),
        Encoding::Map(fields) => {
            put_u64(out, fields.len() as u64);
            fields.iter().for_each(|field| encode_field(field, out));
        }
        _ => {}
    }
}

fn decode_field(cursor: &mut Cursor<'_>, strings: &Strings, depth: usize) -> Result<Field, Corrupt> {
    if depth > MAX_DEPTH {
        return Err(Corrupt("fields are nested too deeply"));
    }
    let name = cursor.text()?.into();
    let encoding = match cursor.byte()? {
        0 => {
            let mut probe = *cursor;
            ValueRef::decode(&mut probe, strings)?;
            Encoding::Const(cursor.take(probe.position() - cursor.position())?.into())
        }
        1 => Encoding::U64,
        2 => Encoding::I64,
        3 => Encoding::Bool,
        4 => Encoding::F64,
        5 => Encoding::Text,
        6 => Encoding::TextRef,
        7 => Encoding::Any,
        8 => {
            let count = cursor.u64()?;
            let fields: Result<Vec<_>, _> = (0..count).map(|_| decode_field(cursor, strings, depth + 1)).collect();
            Encoding::Map(fields?.into())
        }
        _ => return Err(Corrupt("a field has an unknown encoding")),
    };
    Ok(Field { name, encoding })
}

/// A table whose ids may have holes where a definition was damaged. Boxed, so that a hole is small: a hostile file can make
/// one for every few of its bytes.
#[derive(Clone, Debug)]
pub struct Sparse<T>(Vec<Option<Box<T>>>);

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Sparse(Vec::new())
    }
}

impl<T> Sparse<T> {
    /// What stands under `id`.
    #[inline]
    pub fn get(&self, id: u64) -> Option<&T> {
        self.0.get(usize::try_from(id).ok()?)?.as_deref()
    }

    /// How many ids there are, unused ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ids in use and what stands under them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.0.iter().enumerate().filter_map(|(id, value)| Some((id as u32, value.as_deref()?)))
    }

    /// Sets `id`, unless it lies beyond `limit`: an honest writer counts up, a hostile one would claim memory.
    fn set(&mut self, id: u32, value: T, limit: usize) -> Result<(), Corrupt> {
        let id = id as usize;
        if id > limit {
            return Err(Corrupt("an id is larger than the number of definitions allows"));
        }
        if id >= self.0.len() {
            self.0.resize_with(id + 1, || None);
        }
        self.0[id] = Some(Box::new(value));
        Ok(())
    }
}

/// All that records refer to.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Texts by id.
    pub strings: Strings,
    /// Shapes by id, the smallest being [`FIRST_SHAPE`].
    pub shapes: Sparse<ResolvedShape>,
    /// Contexts by id.
    pub contexts: Sparse<Context>,
    /// Free key/values of the run.
    pub meta: Vec<(String, Value)>,
    /// Moments at which the clock was read: ticks, ns since the trace's start.
    pub clock: Vec<(u64, u64)>,
    /// Records that stay: each one's ticks and, behind a control record, itself. A reader makes events of them.
    pub(super) kept: Vec<Kept>,
}

/// A record that stands outside the chunks of events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kept {
    /// When, in the file's ticks.
    pub(super) ticks: u64,
    /// A control record and the record, whose `delta` is 0.
    pub(super) bytes: Box<[u8]>,
}

impl Tables {
    /// Takes in one definition; `limit` bounds the ids (any bound on the number of definitions will do, see
    /// [`Definition::MIN_LEN`]).
    pub fn define(&mut self, definition: Definition, limit: usize) -> Result<(), Corrupt> {
        let limit = limit.saturating_add(FIRST_SHAPE as usize);
        match definition {
            Definition::Text(id, text) => self.strings.0.set(id, text, limit),
            Definition::Shape(id, shape) => self.shapes.set(id, ResolvedShape::new(shape), limit),
            Definition::Context(id, context) => self.contexts.set(id, context, limit),
            Definition::Meta(key, value) => {
                self.meta.push((key, value));
                Ok(())
            }
            Definition::Clock(ticks, ns) => {
                self.clock.push((ticks, ns));
                Ok(())
            }
            Definition::Record(ticks, bytes) => {
                self.kept.push(Kept { ticks, bytes });
                Ok(())
            }
        }
    }

    /// The definitions that make these tables, in an order that a reader can take in; records that stayed are events by now.
    pub fn definitions(&self) -> impl Iterator<Item = Definition> + '_ {
        let strings = self.strings.0.iter().map(|(id, text)| Definition::Text(id, text.clone()));
        let shapes = self.shapes.iter().map(|(id, shape)| Definition::Shape(id, shape.shape.clone()));
        let contexts = self.contexts.iter().map(|(id, context)| Definition::Context(id, context.clone()));
        let meta = self.meta.iter().map(|(key, value)| Definition::Meta(key.clone(), value.clone()));
        let clock = self.clock.iter().map(|&(ticks, ns)| Definition::Clock(ticks, ns));
        strings.chain(shapes).chain(contexts).chain(meta).chain(clock)
    }
}
