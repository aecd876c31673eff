//! The columns of events: 20 bytes an event, 8 more under a simulator, and the bytes of their own fields.

use super::EventId;

/// How many bits of a place say where the values stand: 1 TiB of values, 16 M shapes.
const OFFSET_BITS: u32 = 40;
/// The most shapes that places can tell apart.
pub(crate) const MAX_SHAPES: usize = 1 << (64 - OFFSET_BITS);

/// One entry an event in each column.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// ns since its file's start.
    pub(super) ts: Vec<u64>,
    /// Simulated time in ns, plus one; 0 = unknown. Shorter than the others where nothing after it has one.
    simulated: Vec<u64>,
    /// Row in [`super::Trace::scopes`].
    pub(super) scope: Vec<u32>,
    /// Row in [`super::Trace::shapes`], and where in `values` the encoded fields begin.
    place: Vec<u64>,
    values: Vec<u8>,
}

impl Columns {
    /// Appends all events of `part` but their scopes.
    pub(super) fn append(&mut self, part: &Part) {
        if !part.simulated.is_empty() {
            self.simulated.resize(self.ts.len(), 0);
            self.simulated.extend_from_slice(&part.simulated);
        }
        self.ts.extend_from_slice(&part.ts);
        // What stands in the low bits of a place counts from the first byte of its own values.
        let base = self.values.len() as u64;
        self.place.extend(part.place.iter().map(|place| place + base));
        self.values.extend_from_slice(&part.values);
    }

    #[inline]
    pub(super) fn shape_of(&self, id: EventId) -> u32 {
        (self.place[id.0 as usize] >> OFFSET_BITS) as u32
    }

    /// The event's values and all that follow them: a record knows its own end.
    #[inline]
    pub(super) fn values_of(&self, id: EventId) -> &[u8] {
        &self.values[(self.place[id.0 as usize] & ((1 << OFFSET_BITS) - 1)) as usize..]
    }

    /// The simulated time in ns that stands at the event's head.
    #[inline]
    pub(super) fn simulated(&self, id: EventId) -> Option<u64> {
        self.simulated.get(id.0 as usize)?.checked_sub(1)
    }

    /// Puts the events into `order`, which names each once. One column at a time, so that only one is held twice.
    pub(super) fn permute(&mut self, order: &[u32]) {
        self.ts = gather(&self.ts, order);
        if !self.simulated.is_empty() {
            self.simulated.resize(self.ts.len(), 0);
            self.simulated = gather(&self.simulated, order);
        }
        self.scope = gather(&self.scope, order);
        self.place = gather(&self.place, order);
    }

    pub(super) fn shrink(&mut self) {
        self.ts.shrink_to_fit();
        self.simulated.shrink_to_fit();
        self.scope.shrink_to_fit();
        self.place.shrink_to_fit();
        self.values.shrink_to_fit();
    }
}

/// Events that follow one another in a file, apart from their scopes: what threads can decode side by side.
#[derive(Debug, Default)]
pub(crate) struct Part {
    ts: Vec<u64>,
    /// As [`Columns::simulated`].
    simulated: Vec<u64>,
    place: Vec<u64>,
    values: Vec<u8>,
}

impl Part {
    /// A part with room for the events of a chunk of `bytes`.
    pub(crate) fn with_room(bytes: usize) -> Part {
        // Hardly a record is shorter than 8 bytes.
        let events = bytes / 8;
        Part {
            ts: Vec::with_capacity(events),
            simulated: Vec::new(),
            place: Vec::with_capacity(events),
            values: Vec::with_capacity(bytes),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ts.len()
    }

    /// Takes in an event whose `values` have been walked once; `shape` is a row of the draft.
    #[inline]
    pub(crate) fn push(&mut self, ts: u64, simulated: Option<u64>, shape: u32, values: &[u8]) {
        if let Some(simulated) = simulated {
            self.simulated.resize(self.ts.len(), 0);
            self.simulated.push(simulated.saturating_add(1));
        }
        self.ts.push(ts);
        self.place.push(u64::from(shape) << OFFSET_BITS | self.values.len() as u64);
        self.values.extend_from_slice(values);
    }

    /// Leaves out all but the first `len` events.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.ts.truncate(len);
        self.simulated.truncate(len);
        self.place.truncate(len);
    }
}

fn gather<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|place| column[*place as usize]).collect()
}
