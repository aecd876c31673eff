//! The columns of events: 20 bytes an event, and the bytes of their own fields.

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
    /// Row in [`super::Trace::scopes`].
    pub(super) scope: Vec<u32>,
    /// Row in [`super::Trace::shapes`], and where in `values` the encoded fields begin.
    place: Vec<u64>,
    values: Vec<u8>,
}

impl Columns {
    pub(super) fn push(&mut self, ts: u64, scope: u32, shape: u32, values: &[u8]) {
        self.ts.push(ts);
        self.scope.push(scope);
        self.place.push(u64::from(shape) << OFFSET_BITS | self.values.len() as u64);
        self.values.extend_from_slice(values);
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

    /// Puts the events into `order`, which names each once. One column at a time, so that only one is held twice.
    pub(super) fn permute(&mut self, order: &[u32]) {
        self.ts = gather(&self.ts, order);
        self.scope = gather(&self.scope, order);
        self.place = gather(&self.place, order);
    }

    pub(super) fn shrink(&mut self) {
        self.ts.shrink_to_fit();
        self.scope.shrink_to_fit();
        self.place.shrink_to_fit();
        self.values.shrink_to_fit();
    }
}

fn gather<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|place| column[*place as usize]).collect()
}
