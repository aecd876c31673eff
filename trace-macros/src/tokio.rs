//! tokio, tracked: as the crate [`tokio`](::tokio), but its tasks are tasks of the trace, and who waits for which lock,
//! channel, permit or time is recorded with its line.
//!
//! ```
//! use std::sync::Arc;
//!
//! use peerscope::tokio;                        // instead of the crate tokio, in each file that names it
//! use peerscope::tokio::sync::Mutex;           // instead of tokio::sync::Mutex
//!
//! # fn main() {
//! let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! runtime.block_on(async {
//!     let peer = peerscope::Peer::new(0);
//!     let state = Arc::new(Mutex::new(0_u64));
//!     let serve = {
//!         let state = state.clone();
//!         async move { *state.lock().await += 1 }
//!     };
//!     // In the peer's name, and so is all that it spawns.
//!     tokio::spawn(peer.instrument(serve)).await.unwrap();
//!     assert_eq!(*state.lock().await, 1);
//! });
//! # }
//! ```
//!
//! What is not tracked is re-exported from the original as it is, so that one `use` line can be changed as a whole.
//!
//! # What a task leaves behind
//! A spawned task is a task of the trace with its own id, peer and current term, whatever threads poll it: `task.spawn`
//! (by its parent), `task.begin`, `task.end` with `how` = `ok`, `panic: MESSAGE` or `cancelled`. Each of its polls is a
//! `task.poll` (by which thread, and which in number) and a `task.pend`, each waker that is called in vain a
//! `task.wake` (by whom). What a future records when it is dropped (a guard that it held, a wait that it gave up) it
//! records in the name of the task that it belonged to, whoever aborts it.
//!
//! A wait is recorded when a future is first found pending, its end when it is ready, or, with the outcome `cancelled`,
//! when it is dropped before: by a `select!` that goes another way, by a timeout, by an abort.
//!
//! # Differences from the originals
//! - What [`Handle::spawn`](runtime::Handle::spawn) and [`Runtime::spawn`](runtime::Runtime::spawn) start is not tracked, unless
//!   it is [`task::tracked`]. The future of a `block_on` works as the thread that calls it.
//! - Waits that one task makes at once (`join!`, `select!`) are all known of a spawned task; of the future of a
//!   `block_on`, which has no polls in the trace, only the latest.
//! - Futures that the originals name (`Notified`, `Sleep`, `Timeout`) are types of their own here.
//! - `watch`, `broadcast`, `OnceCell`, `SetOnce`, files, sockets, processes and signals are the originals: who waits for
//!   them only pends. What else is missing, or told less well, stands with each type.

pub use ::tokio::*;

mod owned;
mod run;
pub mod sync;
pub mod task;
pub mod time;
mod wait;
mod wake;

pub use task::spawn;
