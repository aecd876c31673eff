//! Moments of a trace, as people name them: `event:12`, `time:3.5ms`.

use std::str::FromStr;

use crate::model::{EventId, Trace};

/// A moment of a trace, as `--at` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Right after the event with this number, which is that of reports.
    Event(u32),
    /// So many ns after the trace's start.
    Time(u64),
}

impl FromStr for Moment {
    type Err = String;

    /// Reads `event:N`, or `time:T` with T a number and perhaps a unit: `12500`, `12500ns`, `12.5us`, `3ms`, `1.5s`.
    ///
    /// # Errors
    /// If it is neither: one line that says what would be one.
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("`{text}` is no moment; give event:N or time:T (time:12.5ms)");
        match text.split_once(':') {
            Some(("event", number)) => number.parse().map(Moment::Event).map_err(|_| unknown()),
            Some(("time", time)) => nanoseconds(time).map(Moment::Time).ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }
}

/// A time with its unit, in ns; one without a unit is in ns already.
fn nanoseconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let scale = match unit {
        "" | "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some((number * scale).round() as u64)
}

impl Moment {
    /// The last event of `trace` that has happened at this moment.
    ///
    /// # Errors
    /// If there is none: one line that says why.
    pub fn event(self, trace: &Trace) -> Result<EventId, String> {
        match self {
            Moment::Event(number) if (number as usize) < trace.len() => Ok(EventId(number)),
            Moment::Event(number) => {
                Err(format!("there is no event {number}; the trace has {}, from 0 on", trace.len()))
            }
            Moment::Time(time) => {
                let before = trace.events().rev().find(|event| event.ts() <= time);
                before.map(|event| event.id()).ok_or_else(|| "the trace begins after that time".into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trace_from_jsonl;

    #[test]
    fn a_time_without_a_unit_is_in_ns() {
        let read = |text: &str| text.parse::<Moment>();
        assert_eq!(read("time:12500"), Ok(Moment::Time(12_500)));
        assert_eq!(read("time:12.5us"), read("time:12500ns"));
        assert_eq!(read("time:3ms"), Ok(Moment::Time(3_000_000)));
        assert_eq!(read("time:1.5s"), Ok(Moment::Time(1_500_000_000)));
        assert_eq!(read("event:7"), Ok(Moment::Event(7)));
        for wrong in ["", "7", "event:", "event:-1", "event:4294967296", "time:", "time:1h", "time:1.2.3s", "time:-5"] {
            assert!(read(wrong).is_err_and(|why| why.contains("is no moment")), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_the_last_event_that_has_happened() {
        let trace = trace_from_jsonl(
            r#"
            {"ts":100,"task":1,"kind":"log","msg":"one"}
            {"ts":200,"task":1,"kind":"log","msg":"two"}
            "#,
        );
        let at = |moment: Moment| moment.event(&trace).map(|event| event.0);
        assert_eq!(at(Moment::Time(199)), Ok(0));
        assert_eq!(at(Moment::Time(u64::MAX)), Ok(1));
        assert_eq!(at(Moment::Event(1)), Ok(1));
        assert_eq!(at(Moment::Time(99)), Err("the trace begins after that time".into()));
        assert_eq!(at(Moment::Event(2)), Err("there is no event 2; the trace has 2, from 0 on".into()));
    }
}
