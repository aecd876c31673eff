//! What a trace says about the run that it comes from: enough to find the machine, the process and the seed again.

use crate::value::Value;

/// The head of a trace. Only its presence is required; each field may be unknown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceHeader {
    /// When the trace began, RFC 3339 in UTC.
    pub start: Option<String>,
    /// The machine's name.
    pub host: Option<String>,
    /// The machine's boot id: two traces of one boot share a clock.
    pub boot: Option<String>,
    /// The process id.
    pub pid: Option<u64>,
    /// The clock of `ts`, `monotonic` or a simulator's.
    pub clock: Option<String>,
    /// Whether one writer wrote all events, so that their order in the file is the order in which it saw them. Where it is
    /// false, several threads wrote side by side, and only their edges and times tell the order between them.
    pub one_writer: bool,
    /// Free key/values: `program`, `args`, `seed`, `test`, ...
    pub meta: Vec<(String, Value)>,
}

/// The free value that says when the trace began by the machine's monotonic clock, in ns: what runs can be asked how long
/// it has run.
pub const MONOTONIC_START: &str = "monotonic_start";

impl TraceHeader {
    /// When the trace began, in ns by the monotonic clock of this boot of its machine, if that is known.
    pub fn monotonic_start(&self) -> Option<u64> {
        match self.meta(MONOTONIC_START) {
            Some(Value::U64(start)) => Some(*start),
            _ => None,
        }
    }

    /// How long ago the trace began, in ns, if that clock shows `now`.
    pub fn elapsed_ns(&self, now: u64) -> Option<u64> {
        now.checked_sub(self.monotonic_start()?)
    }

    /// The free value under `key`; the last one, if it was set again.
    pub fn meta(&self, key: &str) -> Option<&Value> {
        self.meta.iter().rev().find(|(other, _)| other == key).map(|(_, value)| value)
    }
}
