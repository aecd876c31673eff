//! Stretches of a trace without any event, whoever's.

use crate::timescale::Span;

/// Shorter stretches than this part of the trace are not kept: no view is so narrow that one of them matters, and there are
/// no more stretches than this.
const PARTS: i64 = 1 << 16;

/// Finds the stretches without events; times come in nearly any order, since clocks differ.
#[derive(Debug)]
pub(super) struct Quiet {
    least: i64,
    latest: Option<i64>,
    /// In the order of time, none touches another.
    found: Vec<Span>,
}

impl Quiet {
    /// For a trace that lasts `whole`.
    pub(super) fn new(whole: Span) -> Quiet {
        Quiet { least: (whole.length() / PARTS).max(2), latest: None, found: Vec::new() }
    }

    /// Takes in that there is an event at `at` ns.
    #[inline]
    pub(super) fn event(&mut self, at: i64) {
        match self.latest {
            Some(latest) if at < latest => self.split(at),
            Some(latest) => self.keep(latest, at),
            None => {}
        }
        self.latest = self.latest.max(Some(at));
    }

    /// The stretches, from an event to the next.
    pub(super) fn finish(self) -> Vec<Span> {
        self.found
    }

    #[inline]
    fn keep(&mut self, from: i64, to: i64) {
        if to.saturating_sub(from) >= self.least {
            self.found.push(Span::new(from, to));
        }
    }

    /// An event that comes late in the order, but lies earlier: a stretch around it is two.
    fn split(&mut self, at: i64) {
        let place = self.found.partition_point(|quiet| quiet.end <= at);
        let Some(around) = self.found.get(place).copied().filter(|quiet| quiet.begin < at) else { return };
        let parts = [Span::new(around.begin, at), Span::new(at, around.end)];
        let long = parts.into_iter().filter(|part| part.length() >= self.least);
        self.found.splice(place..=place, long);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(whole: i64, times: &[i64]) -> Vec<(i64, i64)> {
        let mut quiet = Quiet::new(Span::new(0, whole));
        times.iter().for_each(|at| quiet.event(*at));
        quiet.finish().iter().map(|span| (span.begin, span.end)).collect()
    }

    #[test]
    fn what_lies_between_two_events_is_quiet() {
        assert_eq!(quiet(100, &[0, 1, 40, 40, 100]), [(1, 40), (40, 100)]);
        assert_eq!(quiet(100, &[]), []);
        assert_eq!(quiet(1 << 20, &[0, 15, 40, 1 << 20]), [(15, 40), (40, 1 << 20)], "a 65,536th part is 16");
    }

    #[test]
    fn an_event_that_the_order_puts_later_breaks_the_quiet_all_the_same() {
        assert_eq!(quiet(100, &[0, 100, 60, 30, 61]), [(0, 30), (30, 60), (61, 100)]);
        assert_eq!(quiet(100, &[50, 100, 20, 10]), [(50, 100)], "before the first nothing is known to be quiet");
    }
}
