//! What was wrong with the lines, told in few words however many lines there are.

use super::lines::Place;
use crate::wire::{Problem, ProblemKind};

/// So many lines that were left out are described one by one; the others are counted.
const DETAILED_LINES: usize = 20;

/// Collects what is to be said.
#[derive(Default)]
pub(super) struct Troubles {
    lines: Vec<Problem>,
    more_lines: Option<Tally>,
    without_ts: Option<Tally>,
    backwards: Option<Tally>,
    unexpected: Vec<(&'static str, String, Option<Tally>)>,
}

/// How often something was met, and where first.
#[derive(Clone, Copy)]
struct Tally {
    first: Place,
    count: u64,
}

impl Tally {
    fn add(tally: &mut Option<Tally>, place: Place) {
        tally.get_or_insert(Tally { first: place, count: 0 }).count += 1;
    }
}

impl Troubles {
    /// The line at `place` had to be left out.
    #[cold]
    pub(super) fn line(&mut self, kind: ProblemKind, place: Place, why: String) {
        // A torn last line is always told in full: it says that the file ends too early.
        if self.lines.len() >= DETAILED_LINES && kind != ProblemKind::Truncated {
            return Tally::add(&mut self.more_lines, place);
        }
        let detail = format!("line {} {why}; it is left out", place.number);
        self.lines.push(Problem { kind, offset: place.offset, detail });
    }

    /// The event at `place` has no time.
    pub(super) fn without_ts(&mut self, place: Place) {
        Tally::add(&mut self.without_ts, place);
    }

    /// The event at `place` has a time before its predecessor's.
    pub(super) fn backwards(&mut self, place: Place) {
        Tally::add(&mut self.backwards, place);
    }

    /// A number for "`field` of `whose` has the wrong type". Only fields that the vocabulary knows have one, so there
    /// are few.
    pub(super) fn unexpected(&mut self, whose: &'static str, field: &str) -> u32 {
        let known = self.unexpected.iter().position(|(a, b, _)| *a == whose && b == field);
        known.unwrap_or_else(|| {
            self.unexpected.push((whose, field.to_owned(), None));
            self.unexpected.len() - 1
        }) as u32
    }

    /// That was met at `place`.
    pub(super) fn met_unexpected(&mut self, number: u32, place: Place) {
        Tally::add(&mut self.unexpected[number as usize].2, place);
    }

    /// All that is to be said, in the order of places.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.lines;
        let mut say = |kind, tally: Option<Tally>, what: &dyn Fn(String) -> String| {
            if let Some(Tally { first, count }) = tally {
                let lines = match count {
                    1 => format!("line {}", first.number),
                    _ => format!("{count} lines (the first is line {})", first.number),
                };
                problems.push(Problem { kind, offset: first.offset, detail: what(lines) });
            }
        };
        say(ProblemKind::Corrupt, self.more_lines, &|lines| format!("{lines} had to be left out as well"));
        say(ProblemKind::Unexpected, self.without_ts, &|lines| {
            format!("no usable `ts` in {lines}, which got the time of the event before")
        });
        say(ProblemKind::Unexpected, self.backwards, &|lines| {
            format!("`ts` runs backwards in {lines}, which got the time of the event before")
        });
        for (whose, field, tally) in self.unexpected {
            say(ProblemKind::Unexpected, tally, &|lines| {
                format!("`{field}` of {whose} is not of its type in {lines}; it is kept as it is")
            });
        }
        problems.sort_by_key(|problem| problem.offset);
        problems
    }
}
