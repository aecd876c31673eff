//! Happens-before: what one event can have known of another.
//!
//! `a` happened before `b` if a way leads from `a` to `b` along lines (program order) and cross edges (declared in
//! `model/edges.rs`). Every way runs forward in the trace's order.
//!
//! # How a question is answered
//!
//! A vector clock at every event would cost a number for each task at each event. Three things make it small:
//!
//! - Only events with an incoming edge learn anything, and most such edges bring nothing new (the lock that a task took
//!   again after a task that it has heard of since). Only *news* are kept.
//! - A number is needed not for each line but for each *chain*: lines one after the other, each of which knows the end
//!   of the one before. A thousand short handler tasks make as many chains as are ever alive at once.
//! - Only every nth news of a line keeps its clock, n being half the chains; a question walks back from `b` over
//!   the news between. So a kept clock costs about 8 bytes for each news however many tasks there are, and a question
//!   a walk over few edges.
//!
//! If clocks would grow beyond a bound nevertheless (many thousands of tasks that all talk to each other), no more are
//! kept, and questions walk further. The answer is the same.

mod clocks;
mod sweep;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use self::clocks::Clocks;
use self::sweep::{Bounds, Sweep};
use crate::model::{Dense, EventId, Grouped, Trace};

/// A clock: by chain, the number after the latest event of it that is known; 0 = none. Chains beyond its end: none.
type Clock = Vec<u32>;

/// The order of a trace's events.
#[derive(Debug)]
pub struct Order<'t> {
    trace: &'t Trace,
    /// Events without a line that edges touch: each is a line of its own, beyond the trace's.
    singles: FxHashMap<EventId, u32>,
    /// By line: what others can know of it; `None` if nothing.
    givers: Vec<Option<Givers>>,
    /// By line, in the order of takers.
    news: Grouped<News>,
    clocks: Clocks,
}

/// The events of a line from which edges lead away.
#[derive(Clone, Copy, Debug)]
struct Givers {
    first: EventId,
    last: EventId,
    /// The line's chain; `None` if it began to give when clocks were no longer kept.
    chain: Option<u32>,
}

/// An edge that told its taker something new.
#[derive(Clone, Copy, Debug)]
struct News {
    taker: EventId,
    giver: EventId,
    /// The clock right after the taker, a place in `clocks`; or [`NO_CLOCK`].
    clock: u32,
}

const NO_CLOCK: u32 = u32::MAX;

impl<'t> Order<'t> {
    /// Finds the order of `trace`.
    pub fn new(trace: &'t Trace) -> Self {
        Sweep::new(trace, Bounds::USUAL).run()
    }

    /// Whether `a` happened before `b`; an event does not happen before itself.
    pub fn before(&self, a: EventId, b: EventId) -> bool {
        // No way leads back in the trace's order; nor to or from an event of no line that no edge touches.
        let (true, Some(from), Some(to)) = (a < b, self.line(a), self.line(b)) else { return false };
        if from == to {
            return true;
        }
        match self.givers[from as usize] {
            Some(givers) if a <= givers.last => self.is_known(a, from, givers, b, to),
            _ => false,
        }
    }

    /// Whether neither happened before the other, and they are not the same.
    pub fn concurrent(&self, a: EventId, b: EventId) -> bool {
        a != b && !self.before(a, b) && !self.before(b, a)
    }

    /// Walks back from `b` in line `to` over the news since the last kept clocks.
    fn is_known(&self, a: EventId, from: u32, givers: Givers, b: EventId, to: u32) -> bool {
        // Before its line's first giver, an event is known as soon as that giver is.
        let wanted = a.max(givers.first);
        let mut walked: FxHashMap<u32, EventId> = FxHashMap::default();
        let mut to_walk = vec![(to, b)];
        while let Some((line, until)) = to_walk.pop() {
            let since = walked.get(&line).copied().unwrap_or(a).max(a);
            if until <= since {
                continue;
            }
            walked.insert(line, until);
            let news = self.news.of(line as usize);
            let end = news.partition_point(|news| news.taker <= until);
            for news in news[..end].iter().rev().take_while(|news| news.taker > since) {
                if let Some(clock) = self.clocks.get(news.clock) {
                    let known = givers.chain.and_then(|chain| clock.get(chain as usize));
                    if known.is_some_and(|known| *known > wanted.0) {
                        return true;
                    }
                    // The clock holds all that the line knew by then.
                    break;
                }
                if news.giver >= wanted
                    && let Some(giver_line) = self.line(news.giver)
                {
                    if giver_line == from {
                        return true;
                    }
                    to_walk.push((giver_line, news.giver));
                }
            }
        }
        false
    }

    fn line(&self, event: EventId) -> Option<u32> {
        match self.trace.event(event).line() {
            Some(line) => Some(line.index() as u32),
            None => self.singles.get(&event).copied(),
        }
    }
}
