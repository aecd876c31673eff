//! Merging: the events of all files and tasks in one order that happens-before does not contradict.
//!
//! Events pass by in the order of their times. One that must follow an event which has not come yet (clocks of two tasks
//! disagree) waits for it, and its line behind it. Time is therefore only what decides between events that nothing else
//! orders. A wait ends with the placing of one event and is never begun for that event again, so the cost is linear but for a heap over the
//! chunks that overlap in time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::model::{Edge, EventId, Trace};

/// Merges `runs`, which are ranges of `draft`'s events with times that never run backwards, and together all of them.
/// Between equal times the earlier run comes first.
/// The result names the events by their places in the draft.
/// `goes_on` is told now and then how many are placed, and ends it (`None`) where it says no.
pub(super) fn merge(draft: &Trace, runs: &[Range<u32>], goes_on: &mut dyn FnMut(usize) -> bool) -> Option<Vec<u32>> {
    let mut merge = Merge::new(draft);
    let ts = |at: u32| draft.event(EventId(at)).ts();
    let mut rest: Vec<Range<u32>> = runs.to_vec();
    let heads = rest.iter().enumerate().filter(|(_, run)| run.start < run.end);
    let mut heads: BinaryHeap<_> = heads.map(|(number, run)| Reverse((ts(run.start), number))).collect();
    let mut come = 0_usize;
    while let Some(mut head) = heads.peek_mut() {
        if come.is_multiple_of(BETWEEN_WORDS) && !goes_on(come) {
            return None;
        }
        come += 1;
        let run = &mut rest[head.0.1];
        merge.arrive(run.start);
        run.start += 1;
        if run.start == run.end {
            std::collections::binary_heap::PeekMut::pop(head);
        } else {
            head.0.0 = ts(run.start);
        }
    }
    Some(merge.finish())
}

/// How many events pass by between two words on the progress.
const BETWEEN_WORDS: usize = 1 << 16;

struct Merge<'t> {
    draft: &'t Trace,
    edges: &'t [Edge],
    /// Events that edges lead to.
    takers: Bits,
    /// Which queue the events of each scope stand in.
    queue_of: Vec<u32>,
    queues: Vec<Queue>,
    /// By event that has not come: the queues that wait for it.
    waiting: FxHashMap<u32, Vec<u32>>,
    /// Queues whose first event may be able to go.
    woken: Vec<u32>,
    /// Once all events have come: those that are first in their queue and wait, by time.
    stuck: Option<BinaryHeap<Reverse<(u64, u32)>>>,
    placed: Bits,
    order: Vec<u32>,
}

/// Events of one line that wait, or stand behind one that does.
#[derive(Clone, Default)]
struct Queue {
    events: VecDeque<u32>,
    waits_for: Option<u32>,
}

impl<'t> Merge<'t> {
    fn new(draft: &'t Trace) -> Self {
        // One queue a line, then one a file: for all events of one writer, else for those without a line.
        let lines = draft.scopes().iter().filter_map(|scope| scope.line).max().map_or(0, |line| line.0 + 1);
        let queue_of = draft.scopes().iter().map(|scope| match scope.line {
            Some(line) if !draft.source(scope.source).header.one_writer => line.0,
            _ => lines + scope.source.0,
        });
        let edges = draft.edges().all();
        let mut takers = Bits::new(draft.len());
        edges.iter().for_each(|edge| takers.set(edge.taker.0));
        Merge {
            draft,
            edges,
            takers,
            queue_of: queue_of.collect(),
            queues: vec![Queue::default(); lines as usize + draft.sources().len()],
            waiting: FxHashMap::default(),
            woken: Vec::new(),
            stuck: None,
            placed: Bits::new(draft.len()),
            order: Vec::with_capacity(draft.len()),
        }
    }

    fn queue(&self, event: u32) -> u32 {
        self.queue_of[self.draft.scope_row(EventId(event)) as usize]
    }

    /// Takes the next event in the order of time.
    fn arrive(&mut self, event: u32) {
        let queue = self.queue(event);
        if !self.queues[queue as usize].events.is_empty() {
            self.queues[queue as usize].events.push_back(event);
            return;
        }
        match self.blocker(event, queue) {
            None => {
                self.place(event);
                self.wake();
            }
            Some(giver) => {
                self.queues[queue as usize].events.push_back(event);
                self.park(queue, event, giver);
            }
        }
    }

    /// An event that `event` must follow, that has not been placed, and that can be before `event` is.
    fn blocker(&self, event: u32, queue: u32) -> Option<u32> {
        if !self.takers.get(event) {
            return None;
        }
        let taker = EventId(event);
        let first = self.edges.partition_point(|edge| edge.taker < taker);
        let givers = self.edges[first..].iter().take_while(|edge| edge.taker == taker).map(|edge| edge.giver.0);
        // What is not placed and stands in the same queue stands behind this event.
        givers.into_iter().find(|giver| !self.placed.get(*giver) && self.queue(*giver) != queue)
    }

    fn park(&mut self, queue: u32, first: u32, giver: u32) {
        self.queues[queue as usize].waits_for = Some(giver);
        self.waiting.entry(giver).or_default().push(queue);
        if let Some(stuck) = &mut self.stuck {
            stuck.push(Reverse((self.draft.event(EventId(first)).ts(), first)));
        }
    }

    fn place(&mut self, event: u32) {
        self.placed.set(event);
        self.order.push(event);
        if !self.waiting.is_empty()
            && let Some(queues) = self.waiting.remove(&event)
        {
            let queues = queues.into_iter().filter(|queue| self.queues[*queue as usize].waits_for == Some(event));
            // The last in is the first out: the queue that has waited longest goes first.
            self.woken.extend(queues.rev());
        }
    }

    /// Places all that can go by now.
    fn wake(&mut self) {
        while let Some(queue) = self.woken.pop() {
            self.queues[queue as usize].waits_for = None;
            while let Some(&first) = self.queues[queue as usize].events.front() {
                if let Some(giver) = self.blocker(first, queue) {
                    self.park(queue, first, giver);
                    break;
                }
                self.queues[queue as usize].events.pop_front();
                self.place(first);
            }
        }
    }

    /// All events have come. Those that still wait do so in circles: the earliest that is first in line goes
    /// regardless, until all are placed.
    fn finish(mut self) -> Vec<u32> {
        let firsts = self.queues.iter().filter_map(|queue| queue.events.front().copied());
        self.stuck = Some(firsts.map(|event| Reverse((self.draft.event(EventId(event)).ts(), event))).collect());
        while let Some(Reverse((_, event))) = self.stuck.as_mut().and_then(BinaryHeap::pop) {
            let queue = self.queue(event);
            if self.queues[queue as usize].events.front() == Some(&event) {
                self.queues[queue as usize].events.pop_front();
                self.place(event);
                self.woken.insert(0, queue);
                self.wake();
            }
        }
        self.order
    }
}

/// One bit an event.
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Self {
        Bits(vec![0; len.div_ceil(64)])
    }

    #[inline]
    fn get(&self, at: u32) -> bool {
        self.0[at as usize / 64] >> (at % 64) & 1 == 1
    }

    #[inline]
    fn set(&mut self, at: u32) {
        self.0[at as usize / 64] |= 1 << (at % 64);
    }
}
