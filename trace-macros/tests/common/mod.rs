//! What all scenarios stand on: [`stage`] plays one in a process of its own, [`trace`] reads what it left behind.

pub(crate) mod stage;
pub(crate) mod trace;

pub(crate) use stage::{Stage, recorded};
pub(crate) use trace::{Event, Trace};

use std::path::Path;
use std::time::{Duration, Instant};

use peerscope_format::vocabulary::Kind;

/// The place `file:line` of the one line of `file` that ends with the comment `// line: MARK`, as the recorder writes it.
pub(crate) fn marked(file: &str, mark: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let source = std::fs::read_to_string(root.join(file)).expect("the test's own source can be read");
    let end = format!("// line: {mark}");
    let mut lines = source.lines().enumerate().filter(|(_, line)| line.ends_with(&end));
    let (place, _) = lines.next().unwrap_or_else(|| panic!("{file} marks no line as {mark}"));
    assert!(lines.next().is_none(), "{file} marks two lines as {mark}");
    format!("{file}:{}", place + 1)
}

/// Asks again and again until there is an answer. Only a test that hangs ever meets the deadline.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "this never came: {what}");
        std::thread::yield_now();
    }
}

/// In a scenario: returns when an event of this kind stands in the trace that this process is writing.
pub(crate) fn until_recorded(kind: Kind) {
    until_recorded_times(kind, 1);
}

/// In a scenario: returns when so many events of this kind stand in the trace that this process is writing.
pub(crate) fn until_recorded_times(kind: Kind, times: usize) {
    let path = peerscope::trace_path().expect("the scenario is recorded");
    eventually(kind.name(), || (Trace::of(&path).count(kind) >= times).then_some(()));
}
