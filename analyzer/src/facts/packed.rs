//! Optional ids and texts in 4 bytes, for the rows of facts: there is one for each hold, wait and RPC.

use std::marker::PhantomData;

use rustc_hash::FxHashMap;

use crate::model::Dense;

/// An id that may be missing: an `Option` would take twice the memory. No table has a row of the last number.
#[derive(Debug)]
pub(super) struct OrNone<I>(u32, PhantomData<I>);

impl<I> Clone for OrNone<I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for OrNone<I> {}

impl<I> Default for OrNone<I> {
    fn default() -> Self {
        OrNone(u32::MAX, PhantomData)
    }
}

impl<I: Dense> From<Option<I>> for OrNone<I> {
    #[inline]
    fn from(id: Option<I>) -> Self {
        id.map_or_else(OrNone::default, |id| OrNone(id.index() as u32, PhantomData))
    }
}

impl<I: Dense> OrNone<I> {
    #[inline]
    pub(super) fn get(self) -> Option<I> {
        (self.0 != u32::MAX).then(|| I::from_index(self.0 as usize))
    }

    /// Sets it unless it is there already.
    #[inline]
    pub(super) fn fill(&mut self, id: Option<I>) {
        if self.0 == u32::MAX {
            *self = id.into();
        }
    }
}

/// A place in [`Texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TextId(u32);

impl Dense for TextId {
    fn from_index(index: usize) -> Self {
        TextId(index as u32)
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// Texts of a trace that many rows share.
#[derive(Debug, Default)]
pub(super) struct Texts<'t> {
    all: Vec<&'t str>,
    places: FxHashMap<&'t str, TextId>,
}

impl<'t> Texts<'t> {
    pub(super) fn intern(&mut self, text: &'t str) -> TextId {
        *self.places.entry(text).or_insert_with(|| {
            self.all.push(text);
            TextId::from_index(self.all.len() - 1)
        })
    }

    pub(super) fn get(&self, id: OrNone<TextId>) -> Option<&'t str> {
        id.get().map(|id| self.all[id.index()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventId;

    #[test]
    fn what_is_packed_comes_out_again_and_the_first_to_fill_it_stays() {
        let mut packed = OrNone::default();
        assert_eq!(packed.get(), None::<EventId>);
        packed.fill(None);
        packed.fill(Some(EventId(0)));
        packed.fill(Some(EventId(1)));
        assert_eq!(packed.get(), Some(EventId(0)));
        assert_eq!(OrNone::from(Some(EventId(u32::MAX - 1))).get(), Some(EventId(u32::MAX - 1)));
        assert_eq!(size_of::<OrNone<EventId>>(), 4);
    }

    #[test]
    fn equal_texts_have_one_place() {
        let mut texts = Texts::default();
        let ids = ["a", "b", "a"].map(|text| texts.intern(text));
        assert_eq!(ids.map(Dense::index), [0, 1, 0]);
        assert_eq!(texts.get(Some(ids[1]).into()), Some("b"));
        assert_eq!(texts.get(OrNone::default()), None);
    }
}
