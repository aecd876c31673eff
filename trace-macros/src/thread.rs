//! Threads that are tasks of the trace: as in [`std::thread`], but who started whom, who waits for whose end, and how each
//! ended is recorded, and a thread inherits the peer and test of the one that started it.
//!
//! What has nothing to wait for is re-exported from [`std::thread`] as it is.

mod builder;
#[cfg(feature = "record")]
mod child;
#[cfg(not(feature = "record"))]
#[path = "thread/child_off.rs"]
mod child;
mod children;
mod handle;
mod rest;
mod scope;

pub use std::thread::{
    AccessError, LocalKey, Result, Thread, ThreadId, available_parallelism, current, panicking, yield_now,
};

use peerscope_format::vocabulary::Kind;

pub use self::builder::Builder;
pub use self::handle::{JoinHandle, ScopedJoinHandle};
#[allow(deprecated, reason = "whoever still uses them can")]
pub use self::rest::{park, park_timeout, park_timeout_ms, sleep, sleep_ms};
pub use self::scope::{Scope, scope};
use crate::recorder::recorder;
use crate::scope as scopes;
use crate::site::Site;

/// As [`std::thread::spawn`]; the new thread works in the name of this one's peer and test.
#[track_caller]
pub fn spawn<F, T>(run: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match Builder::new().spawn(run) {
        Ok(handle) => handle,
        Err(error) => panic!("failed to spawn thread: {error}"),
    }
}

/// The first word of a thread that was not spawned here: `main`, or a library's.
pub(crate) fn begin_untracked(name: Option<&str>) {
    static BEGIN: Site = Site::primitive(Kind::TaskBegin, &["name"]);
    let Some(recorder) = recorder() else { return };
    scopes::with_current(|scope| BEGIN.record(recorder, scope, &(name,)));
}

/// The last word of such a thread; how it ended it cannot know.
#[cfg(feature = "record")]
pub(crate) fn end_untracked() {
    static END: Site = Site::primitive(Kind::TaskEnd, &[]);
    let Some(recorder) = recorder() else { return };
    scopes::with_current(|scope| END.record(recorder, scope, &()));
}
