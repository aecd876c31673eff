//! The clocks that are kept, all in one place: an allocation for each would cost more than a short clock itself.

/// Kept clocks, in the order in which they were kept.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// The entries of all clocks, one clock after the other.
    entries: Vec<u32>,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Clocks {
    /// Keeps a copy of `clock`; `None` if there is no more room.
    pub(super) fn keep(&mut self, clock: &[u32]) -> Option<u32> {
        let end = u32::try_from(self.entries.len() + clock.len()).ok()?;
        self.entries.extend_from_slice(clock);
        self.ends.push(end);
        Some(self.ends.len() as u32 - 1)
    }

    /// The clock that [`Clocks::keep`] gave this number.
    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&[u32]> {
        let end = *self.ends.get(number as usize)?;
        let start = (number as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        self.entries.get(start as usize..end as usize)
    }

    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}
