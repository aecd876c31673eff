//! Records of events: writer and reader.

use std::ops::Range;

use super::{Corrupt, Tables};
use crate::value::Term;
use crate::varint::{Cursor, Sink, put_u64};

/// The control record that sets the simulated time.
pub const SIMULATED: u64 = 0;
/// The control record that sets context and term.
pub const CONTEXT: u64 = 1;
/// The control record that sets the term alone.
pub const TERM: u64 = 2;
/// The smallest id of a shape.
pub const FIRST_SHAPE: u32 = 3;

/// Appends a control record: from here on, records belong to `context` and carry `term`.
#[inline]
pub fn put_context(sink: &mut impl Sink, context: u32, term: Option<Term>) {
    put_u64(sink, CONTEXT);
    put_u64(sink, u64::from(context));
    put_u64(sink, encoded(term));
}

/// Appends a control record: from here on, records carry `term`.
#[inline]
pub fn put_term(sink: &mut impl Sink, term: Option<Term>) {
    put_u64(sink, TERM);
    put_u64(sink, encoded(term));
}

/// Appends a control record: from here on, records carry this simulated time in ns.
#[inline]
pub fn put_simulated(sink: &mut impl Sink, simulated: Option<u64>) {
    put_u64(sink, SIMULATED);
    // Never a second zero: a stretch of zeros is damage, and must not pass for records.
    put_u64(sink, simulated.map_or(1, |ns| ns.saturating_add(2)));
}

/// Appends a record's head; the values of the shape's fields must follow.
#[inline]
pub fn put_head(sink: &mut impl Sink, shape: u32, delta: u64) {
    put_u64(sink, u64::from(shape));
    put_u64(sink, delta);
}

/// The last possible term is indistinguishable from unknown; no system counts that far.
#[inline]
fn encoded(term: Option<Term>) -> u64 {
    term.map_or(0, |term| term.0.saturating_add(1))
}

/// A record as it stands in its chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// When, in the file's ticks.
    pub ticks: u64,
    /// Whose, an id in [`Tables::contexts`]; unknown before the chunk's first control record.
    pub context: Option<u32>,
    /// The peer's current term.
    pub term: Option<Term>,
    /// The simulated time in ns, under a simulator.
    pub simulated: Option<u64>,
    /// The id of its shape in [`Tables::shapes`].
    pub shape: u32,
    /// Where its values stand in the chunk's payload.
    pub values: Range<usize>,
}

/// The records of one chunk's payload, in order. After an error it ends.
pub struct Records<'a> {
    tables: &'a Tables,
    cursor: Cursor<'a>,
    ticks: u64,
    context: Option<u32>,
    term: Option<Term>,
    simulated: Option<u64>,
    failed: bool,
}

impl<'a> Records<'a> {
    /// Reads `payload`, whose times count from `base_ticks`.
    pub fn new(payload: &'a [u8], base_ticks: u64, tables: &'a Tables) -> Self {
        let cursor = Cursor::new(payload);
        Records { tables, cursor, ticks: base_ticks, context: None, term: None, simulated: None, failed: false }
    }

    /// How many bytes of the payload have been read.
    pub fn position(&self) -> usize {
        self.cursor.position()
    }

    /// Whether all of the payload has been read.
    pub fn is_at_end(&self) -> bool {
        self.cursor.is_at_end()
    }

    fn read(&mut self) -> Result<Option<RawRecord>, Corrupt> {
        while !self.cursor.is_at_end() {
            match self.cursor.u64()? {
                SIMULATED => match self.cursor.u64()? {
                    0 => return Err(Corrupt("a record has no shape")),
                    simulated => self.simulated = simulated.checked_sub(2),
                },
                CONTEXT => {
                    let id = self.cursor.u64()?;
                    self.tables.contexts.get(id).ok_or(Corrupt("a context is not in its table"))?;
                    self.context = Some(id as u32);
                    self.term = self.cursor.u64()?.checked_sub(1).map(Term);
                }
                TERM => self.term = self.cursor.u64()?.checked_sub(1).map(Term),
                id => {
                    let shape = self.tables.shapes.get(id).ok_or(Corrupt("a shape is not in its table"))?;
                    self.ticks =
                        self.ticks.checked_add(self.cursor.u64()?).ok_or(Corrupt("a time is beyond all clocks"))?;
                    let start = self.cursor.position();
                    shape.skip(&mut self.cursor, &self.tables.strings)?;
                    return Ok(Some(RawRecord {
                        ticks: self.ticks,
                        context: self.context,
                        term: self.term,
                        simulated: self.simulated,
                        shape: id as u32,
                        values: start..self.cursor.position(),
                    }));
                }
            }
        }
        Ok(None)
    }
}

impl Iterator for Records<'_> {
    type Item = Result<RawRecord, Corrupt>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let record = self.read().transpose();
        self.failed = matches!(record, Some(Err(_)));
        record
    }
}
