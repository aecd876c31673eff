//! One sweep over the edges in the trace's order, which finds the news and keeps some of the clocks.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::clocks::Clocks;
use super::{Clock, Givers, NO_CLOCK, News, Order};
use crate::model::{Dense, Edge, EventId, Grouped, Trace};

/// How far clocks may grow; beyond it no more are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Clock entries held at once.
    pub(super) live: usize,
    /// Clock entries joined in all: a part for each edge, and one whatever their number.
    pub(super) work_per_edge: usize,
    pub(super) work: usize,
}

impl Bounds {
    /// 64 MiB, and the time that joining 256 entries an edge takes.
    pub(super) const USUAL: Bounds = Bounds { live: 16 << 20, work_per_edge: 256, work: 1 << 20 };
}

pub(super) struct Sweep<'t> {
    trace: &'t Trace,
    edges: &'t [Edge],
    singles: FxHashMap<EventId, u32>,
    lines: Vec<Line>,
    /// By chain: the last giver of its last line.
    chains: Vec<EventId>,
    /// What givers knew whose takers are still to come, and how many those are.
    given: FxHashMap<EventId, Given>,
    /// How many lines and givers have a clock at the moment.
    live: usize,
    work: usize,
    bounds: Bounds,
    /// Whether clocks are still kept.
    keeping: bool,
    news: Vec<(u32, News)>,
    clocks: Clocks,
}

#[derive(Clone, Default)]
struct Line {
    givers: Option<Givers>,
    /// The last event of the line that any edge touches.
    last_touched: EventId,
    clock: Option<Rc<Clock>>,
    /// News since the last kept clock.
    unkept: usize,
}

struct Given {
    clock: Option<Rc<Clock>>,
    takers: u32,
}

impl<'t> Sweep<'t> {
    pub(super) fn new(trace: &'t Trace, bounds: Bounds) -> Self {
        let edges = trace.edges().all();
        let mut sweep = Sweep {
            trace,
            edges,
            singles: FxHashMap::default(),
            lines: vec![Line::default(); trace.line_count()],
            chains: Vec::new(),
            given: FxHashMap::default(),
            live: 0,
            work: 0,
            bounds,
            keeping: true,
            news: Vec::new(),
            clocks: Clocks::default(),
        };
        for edge in edges {
            for event in [edge.giver, edge.taker] {
                let line = sweep.line(event);
                let line = &mut sweep.lines[line as usize];
                line.last_touched = line.last_touched.max(event);
            }
            let line = sweep.line(edge.giver);
            let givers = &mut sweep.lines[line as usize].givers;
            let known = givers.get_or_insert(Givers { first: edge.giver, last: edge.giver, chain: None });
            known.first = known.first.min(edge.giver);
            known.last = known.last.max(edge.giver);
        }
        sweep
    }

    /// The event's line; one of its own if it has none.
    fn line(&mut self, event: EventId) -> u32 {
        match self.trace.event(event).line() {
            Some(line) => line.index() as u32,
            None => *self.singles.entry(event).or_insert_with(|| {
                self.lines.push(Line::default());
                self.lines.len() as u32 - 1
            }),
        }
    }

    pub(super) fn run(mut self) -> Order<'t> {
        let mut givers: Vec<EventId> = self.edges.iter().map(|edge| edge.giver).collect();
        givers.sort_unstable();
        let mut givers = givers.chunk_by(|one, other| one == other).peekable();
        for edges in self.edges.chunk_by(|one, other| one.taker == other.taker) {
            let taker = edges[0].taker;
            // An event takes before it gives, so those before this one go first.
            while let Some(giver) = givers.next_if(|giver| giver[0] < taker) {
                self.give(giver[0], giver.len() as u32);
            }
            self.take(taker, edges);
        }
        let news = Grouped::new(self.lines.len(), || self.news.iter().map(|(line, news)| (*line as usize, *news)));
        self.clocks.shrink();
        Order {
            trace: self.trace,
            singles: self.singles,
            givers: self.lines.into_iter().map(|line| line.givers).collect(),
            news,
            clocks: self.clocks,
        }
    }

    /// Remembers what the line of `giver` knows, for its takers.
    fn give(&mut self, giver: EventId, takers: u32) {
        if !self.keeping {
            return;
        }
        let number = self.line(giver);
        let line = &mut self.lines[number as usize];
        if let Some(givers) = &mut line.givers
            && givers.chain.is_none()
        {
            // A chain whose end the line knows goes on with it.
            let known = line.clock.as_ref().map_or(&[][..], |clock| clock);
            let free = known.iter().zip(&self.chains).position(|(known, last)| *known > last.0);
            self.work += known.len();
            let chain = free.unwrap_or(self.chains.len());
            if chain == self.chains.len() {
                self.chains.push(givers.last);
            } else {
                self.chains[chain] = givers.last;
            }
            givers.chain = Some(chain as u32);
        }
        self.given.insert(giver, Given { clock: line.clock.clone(), takers });
        self.live += 1;
        self.drop_clock(number, giver);
        self.keeping = self.within_bounds();
    }

    /// Joins what the givers of `edges` knew into the clock of the taker's line.
    fn take(&mut self, taker: EventId, edges: &[Edge]) {
        let number = self.line(taker);
        let first = self.news.len();
        for edge in edges {
            if !self.keeping || self.learn(number, edge.giver) {
                self.news.push((number, News { taker, giver: edge.giver, clock: NO_CLOCK }));
            }
        }
        if self.keeping && self.news.len() > first {
            let line = &mut self.lines[number as usize];
            line.unkept += self.news.len() - first;
            if line.unkept * 2 >= self.chains.len()
                && let Some(clock) = &line.clock
                && let Some((_, news)) = self.news.last_mut()
            {
                line.unkept = 0;
                news.clock = self.clocks.keep(clock).unwrap_or(NO_CLOCK);
            }
        }
        if self.keeping {
            let gives_too = self.lines[number as usize].givers.is_some_and(|givers| givers.last == taker);
            if !gives_too {
                self.drop_clock(number, taker);
            }
            self.keeping = self.within_bounds();
        }
    }

    /// Whether `giver` told `line` anything new, which its clock then holds.
    fn learn(&mut self, line: u32, giver: EventId) -> bool {
        let giver_line = self.line(giver);
        let chain = self.lines[giver_line as usize].givers.and_then(|givers| givers.chain);
        let (Some(chain), Some(given)) = (chain, self.given.get_mut(&giver)) else { return true };
        given.takers -= 1;
        let done = given.takers == 0;
        let line = &mut self.lines[line as usize];
        let known = line.clock.as_ref().and_then(|clock| clock.get(chain as usize)).copied().unwrap_or(0);
        let is_news = known <= giver.0;
        if is_news {
            self.live += usize::from(line.clock.is_none());
            let clock = Rc::make_mut(line.clock.get_or_insert_default());
            if let Some(given) = &given.clock {
                self.work += given.len();
                clock.resize(clock.len().max(given.len()), 0);
                clock.iter_mut().zip(given.iter()).for_each(|(known, given)| *known = (*known).max(*given));
            }
            clock.resize(clock.len().max(chain as usize + 1), 0);
            clock[chain as usize] = giver.0 + 1;
        }
        if done {
            self.given.remove(&giver);
            self.live -= 1;
        }
        is_news
    }

    /// Lets go of the clock of a line that no later edge touches.
    fn drop_clock(&mut self, line: u32, event: EventId) {
        let line = &mut self.lines[line as usize];
        if line.last_touched == event && line.clock.take().is_some() {
            self.live -= 1;
        }
    }

    fn within_bounds(&self) -> bool {
        let work = self.bounds.work_per_edge.saturating_mul(self.edges.len()).saturating_add(self.bounds.work);
        self.live.saturating_mul(self.chains.len()) <= self.bounds.live && self.work <= work
    }
}
