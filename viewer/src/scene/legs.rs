//! The ways of messages, in columns: 13 bytes each.

use std::ops::Range;

use peerscope_analyzer::model::{EventId, MessageId, RpcId};

use super::{Fate, Leg, Message};
use crate::lane::Times;

/// In [`Legs::tos`]: it never came.
const NEVER: u32 = u32::MAX;

/// Of one route, sorted by the events that sent them.
#[derive(Debug, Default)]
pub struct Legs {
    froms: Vec<u32>,
    tos: Vec<u32>,
    /// The id of an RPC or of a one-way message.
    messages: Vec<u32>,
    sorts: Vec<Sort>,
}

/// What a leg is, besides its events and its id.
#[derive(Clone, Copy, Debug)]
struct Sort(u8);

impl Sort {
    const REPLY: u8 = 1;
    const ONE_WAY: u8 = 2;
    const FATE: u8 = 2;

    fn of(leg: &Leg) -> Sort {
        let reply = if leg.is_reply { Self::REPLY } else { 0 };
        let one_way = if matches!(leg.message, Message::OneWay(_)) { Self::ONE_WAY } else { 0 };
        Sort((leg.fate as u8) << Self::FATE | one_way | reply)
    }

    fn fate(self) -> Fate {
        Fate::of_grade(self.0 >> Self::FATE)
    }
}

impl Legs {
    /// Those of `legs`, sorted.
    pub(super) fn new(mut legs: Vec<Leg>) -> Legs {
        legs.sort_unstable_by_key(|leg| (leg.from, leg.to, leg.message, leg.is_reply));
        let id = |leg: &Leg| match leg.message {
            Message::Rpc(RpcId(id)) | Message::OneWay(MessageId(id)) => id,
        };
        Legs {
            froms: legs.iter().map(|leg| leg.from.0).collect(),
            tos: legs.iter().map(|leg| leg.to.map_or(NEVER, |to| to.0)).collect(),
            messages: legs.iter().map(id).collect(),
            sorts: legs.iter().map(Sort::of).collect(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.froms.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.froms.is_empty()
    }

    /// The leg at `index`, if there is one.
    pub fn get(&self, index: usize) -> Option<Leg> {
        let (id, sort) = (*self.messages.get(index)?, self.sorts[index]);
        let is_one_way = sort.0 & Sort::ONE_WAY != 0;
        Some(Leg {
            from: EventId(self.froms[index]),
            to: self.to(index),
            message: if is_one_way { Message::OneWay(MessageId(id)) } else { Message::Rpc(RpcId(id)) },
            is_reply: sort.0 & Sort::REPLY != 0,
            fate: sort.fate(),
        })
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Leg> {
        self.within(0..self.len())
    }

    /// Those in `range`, as far as there are any.
    pub fn within(&self, range: Range<usize>) -> impl DoubleEndedIterator<Item = Leg> {
        range.filter_map(|index| self.get(index))
    }

    /// Where those stand that `event` sent.
    pub fn sent_by(&self, event: EventId) -> Range<usize> {
        let first = self.froms.partition_point(|from| *from < event.0);
        first..first + self.froms[first..].partition_point(|from| *from == event.0)
    }

    /// From when to when the leg at `index` was on its way, in ns; one that never came for no time at all.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn times(&self, times: Times<'_>, index: usize) -> (i64, i64) {
        let from = times.at(EventId(self.froms[index]));
        (from, self.to(index).map_or(from, |to| times.at(to)).max(from))
    }

    fn to(&self, index: usize) -> Option<EventId> {
        Some(self.tos[index]).filter(|to| *to != NEVER).map(EventId)
    }
}
