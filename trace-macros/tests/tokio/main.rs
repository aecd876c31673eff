//! What a program on tokio leaves behind: as in `tests/scenarios`, each scenario plays in a process of its own. They run on one
//! thread, where the order of polls is tokio's and always the same; time is tokio's own and does not pass by itself.

#![cfg(all(feature = "record", feature = "tracing", unix))]

// The scenarios of the other test binary use the rest.
#[allow(dead_code, unused_imports)]
#[path = "../common/mod.rs"]
mod common;

mod channels;
mod mutex;
mod rw_lock;
mod sync;
mod tasks;
mod time;

use peerscope::tokio::runtime::Builder;

use crate::common::Trace;

/// In a scenario: runs `future` on this thread.
fn run<F: Future>(future: F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(future)
}

/// The task's own events in the trace, without the scheduling.
fn deeds(trace: &Trace, task: u64) -> Vec<String> {
    let scheduling = ["task.poll", "task.pend", "task.wake"];
    let events = trace.events().into_iter().filter(|event| event.task() == task);
    events.filter(|event| !scheduling.contains(&event.kind().name())).map(|event| event.says()).collect()
}
