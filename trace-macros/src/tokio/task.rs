//! Tasks, as in [`tokio::task`](::tokio::task), tracked.
//!
//! What is not listed here is re-exported from the original as it is.

mod join_handle;
mod join_set;
mod local;

use std::future::Future;
use std::panic::Location;

pub use ::tokio::task::*;

pub use super::run::Tracked;
pub use join_handle::JoinHandle;
pub use join_set::JoinSet;
pub use local::{LocalSet, spawn_local};

use super::run::{self, Blocking};

/// As [`tokio::spawn`](::tokio::spawn): the new task works in the name of the current one's peer and test.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (future, child) = announced(future);
    JoinHandle::new(::tokio::spawn(future), child)
}

/// As [`tokio::task::spawn_blocking`](::tokio::task::spawn_blocking): the closure is a task, whatever thread runs it.
#[track_caller]
pub fn spawn_blocking<F, R>(run: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (run, child) = announced_blocking(run);
    JoinHandle::new(::tokio::task::spawn_blocking(|| run.run()), child)
}

/// The same future as a task of the trace with a name for people, announced here and now: to be given to a spawn that is not
/// tracked, as that of a runtime's handle or of another executor.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let ticker = runtime.spawn(peerscope::tokio::task::tracked("ticker", async { 7 }));
/// assert_eq!(runtime.block_on(ticker).unwrap(), 7);
/// ```
#[track_caller]
pub fn tracked<F: Future>(name: &str, future: F) -> Tracked<F> {
    Tracked::new(future, run::announce(Some(name), Location::caller()))
}

/// A task that the caller spawns, and its id, 0 if nothing is recorded.
#[track_caller]
fn announced<F: Future>(future: F) -> (Tracked<F>, u64) {
    let life = run::announce(None, Location::caller());
    let child = life.id();
    (Tracked::new(future, life), child)
}

#[track_caller]
fn announced_blocking<F>(run: F) -> (Blocking<F>, u64) {
    let life = run::announce(None, Location::caller());
    let child = life.id();
    (Blocking::new(run, life), child)
}
