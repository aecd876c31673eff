//! The lines of the time axis, and what stands at them.

use super::TimeScale;
use crate::picture::Tick;

/// The least distance between two labels, in points.
const DISTANCE: f64 = 90.0;
/// How wide a character of a label is at most, in points, and the room between labels.
const CHARACTER: f64 = 7.5;
const ROOM: f64 = 14.0;

impl TimeScale {
    /// The lines of the axis, labelled with the time on the trace's clock, as logs and findings say it, and lesser lines
    /// between them without a label. Labels do not overlap.
    pub fn ticks(&self) -> Vec<Tick> {
        let begin = i128::from(self.visible.begin);
        let end = i128::from(self.visible.end) - 1;
        let points_per_ns = 1.0 / self.ns_per_point();
        let fits = |step: &Step| {
            let widest = label(begin, *step).chars().count().max(label(end, *step).chars().count());
            step.ns as f64 * points_per_ns >= DISTANCE.max(widest as f64 * CHARACTER + ROOM)
        };
        let Some(step) = steps().find(fits) else { return Vec::new() };
        let lesser = step.lesser();
        let first = begin.div_euclid(lesser) + i128::from(begin.rem_euclid(lesser) != 0);
        let lines = (first..).map(|number| number * lesser).take_while(|at| *at <= end);
        let tick = |at: i128| {
            let moment = i64::try_from(at).ok()?;
            let label = if at % step.ns == 0 { label(at, step) } else { String::new() };
            Some(Tick { x: self.x(moment), label })
        };
        // A span longer than a length can be has no more lines than its strip is wide.
        let right = self.left + self.width;
        lines.map_while(tick).take_while(|tick| tick.x <= right).collect()
    }
}

/// The distance of two labels: 1, 2 or 5 times a power of ten ns.
#[derive(Clone, Copy)]
struct Step {
    ns: i128,
    /// 1, 2, or 5.
    times: i128,
    power: u32,
}

impl Step {
    /// The distance of the lesser lines: a fifth, or a quarter where that is rounder; at least a ns.
    fn lesser(self) -> i128 {
        let parts = if self.times == 2 { 4 } else { 5 };
        if self.ns % parts == 0 { self.ns / parts } else { self.ns }
    }
}

fn steps() -> impl Iterator<Item = Step> {
    (0..20).flat_map(|power| [1, 2, 5].map(|times| Step { ns: times * 10_i128.pow(power), times, power }))
}

/// The time with as many decimals as the step needs. In ms, as reports, the table and the details say it, so that the same
/// number is found everywhere; in whole seconds where a step is one or more.
fn label(ns: i128, step: Step) -> String {
    let (power, name) = if step.power >= 9 { (9, "s") } else { (6, "ms") };
    let per_unit = 10_i128.pow(power);
    let decimals = power.saturating_sub(step.power) as usize;
    let sign = if ns < 0 { "-" } else { "" };
    let (whole, rest) = (ns.abs() / per_unit, ns.abs() % per_unit);
    if decimals == 0 {
        return format!("{sign}{whole} {name}");
    }
    let digits = format!("{rest:0width$}", width = power as usize);
    format!("{sign}{whole}.{} {name}", &digits[..decimals])
}
