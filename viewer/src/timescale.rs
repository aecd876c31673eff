//! Time to pixels and back; nothing else in the viewer does that.

#[cfg(test)]
mod tests;
mod ticks;

/// The shortest time that is shown, in ns.
pub const SHORTEST_VIEW: i64 = 10;

/// A range of time in ns on the trace's clock, `begin < end`. It may reach beyond the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First ns.
    pub begin: i64,
    /// One past the last ns.
    pub end: i64,
}

impl Span {
    /// The range from `begin` to `end`, at least one ns long.
    pub fn new(begin: i64, end: i64) -> Span {
        let begin = begin.min(i64::MAX - 1);
        Span { begin, end: end.max(begin + 1) }
    }

    /// Its length in ns, at least 1.
    pub fn length(self) -> i64 {
        self.end.saturating_sub(self.begin).max(1)
    }

    /// Whether `at` lies in it.
    pub fn contains(self, at: i64) -> bool {
        self.begin <= at && at < self.end
    }

    /// `factor` times as long, with the moment `at` in the same place on the screen.
    pub fn zoomed(self, at: i64, factor: f64) -> Span {
        let factor = if factor.is_finite() { factor.clamp(1e-6, 1e6) } else { 1.0 };
        // The distance is scaled, not the moment: a float does not hold a moment to the ns.
        let scaled = |edge: i64| at.saturating_add(nearest((i128::from(edge) - i128::from(at)) as f64 * factor));
        Span::new(scaled(self.begin), scaled(self.end))
    }

    /// Later by so many ns (earlier, if less than 0), as long as before.
    pub fn panned(self, by: i64) -> Span {
        let latest = i128::from(i64::MAX) - i128::from(self.length());
        let begin = (i128::from(self.begin) + i128::from(by)).clamp(i128::from(i64::MIN), latest) as i64;
        Span::new(begin, begin.saturating_add(self.length()))
    }

    /// A view that is sane for a trace that lasts `whole`: at least 10 ns long, and beyond either end of the trace by a tenth of
    /// itself at most. A view too long or too short is changed around its middle; of a trace that is too short for that,
    /// the middle is shown.
    pub fn clamped(self, whole: Span) -> Span {
        let longest = whole.length().saturating_add(whole.length() / 4);
        let length = self.length().clamp(SHORTEST_VIEW, longest.max(SHORTEST_VIEW));
        let middle = |span: Span| i128::from(span.begin) + (i128::from(span.end) - i128::from(span.begin)) / 2;
        let half = i128::from(length / 2);
        let begin = if length == self.length() { i128::from(self.begin) } else { middle(self) - half };
        let beyond = i128::from(length / 10);
        let earliest = i128::from(whole.begin) - beyond;
        let latest = i128::from(whole.end) + beyond - i128::from(length);
        let begin = if earliest <= latest { begin.clamp(earliest, latest) } else { middle(whole) - half };
        let begin = begin.clamp(i128::from(i64::MIN), i128::from(i64::MAX) - i128::from(length)) as i64;
        Span::new(begin, begin.saturating_add(length))
    }

    /// It with `share` of its length more at either side, at least [`SHORTEST_VIEW`] in all.
    pub fn with_margin(self, share: f64) -> Span {
        let margin = nearest(self.length() as f64 * share.clamp(0.0, 10.0));
        let lacking = (SHORTEST_VIEW - self.length()).max(0);
        let margin = margin.max(lacking / 2 + lacking % 2);
        Span::new(self.begin.saturating_sub(margin), self.end.saturating_add(margin))
    }

    /// The view that shows a whole trace, with a little room beside it.
    pub fn fit(self) -> Span {
        self.with_margin(0.02)
    }

    /// The view that frames a part of a trace, with its surroundings in sight.
    pub fn framed(self) -> Span {
        self.with_margin(0.25)
    }

    /// The view of the same length that has `at` in its middle.
    pub fn centered(self, at: i64) -> Span {
        let begin = at.saturating_sub(self.length() / 2).min(i64::MAX - self.length());
        Span::new(begin, begin + self.length())
    }
}

/// The time that a strip of the screen shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeScale {
    /// What it shows.
    pub visible: Span,
    /// The strip's left edge, in points.
    pub left: f32,
    /// The strip's width, in points, more than 0.
    pub width: f32,
}

impl TimeScale {
    /// Where `at` is, in points. What is far outside the strip is somewhere outside: two widths off at most.
    pub fn x(&self, at: i64) -> f32 {
        let distance = i128::from(at) - i128::from(self.visible.begin);
        let share = distance as f64 / self.visible.length() as f64;
        self.left + (share.clamp(-2.0, 3.0) * f64::from(self.width)) as f32
    }

    /// When it is at `x`, in ns.
    pub fn at(&self, x: f32) -> i64 {
        let share = f64::from(x - self.left) / f64::from(self.width);
        self.visible.begin.saturating_add((share * self.visible.length() as f64).round() as i64)
    }

    /// How many ns a point is wide.
    pub fn ns_per_point(&self) -> f64 {
        self.visible.length() as f64 / f64::from(self.width)
    }

    /// How many ns so many points are wide, at least 1.
    pub fn ns(&self, points: f32) -> i64 {
        nearest((f64::from(points) * self.ns_per_point()).ceil()).max(1)
    }

    /// How many ns lie between two places so many points apart: less than 0 if the second is left of the first. Never 0,
    /// unless `points` is: what moves by less than a ns still moves.
    pub fn distance(&self, points: f32) -> i64 {
        let ns = f64::from(points) * self.ns_per_point();
        if points > 0.0 {
            nearest(ns).max(1)
        } else if points < 0.0 {
            nearest(ns).min(-1)
        } else {
            0
        }
    }

    /// Its left and right edge, in points.
    pub fn edges(&self) -> (f32, f32) {
        (self.left, self.left + self.width)
    }
}

/// The nearest ns; far beyond what fits, the last that does.
fn nearest(ns: f64) -> i64 {
    // `as` saturates, and makes 0 of what is no number.
    ns.round() as i64
}
