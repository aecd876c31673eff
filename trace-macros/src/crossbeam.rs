//! Channels and wait groups of `crossbeam` that are seen: who waits for what, and which value came from whom. The modules are
//! called as those of the umbrella crate: change `crossbeam::channel` (or `crossbeam_channel`) into
//! `peerscope::crossbeam::channel`.
//!
//! Without the feature `record` the modules are the originals.
//!
//! Differences from the original:
//! - [`channel::select!`] knows `recv`, `send`, `default` and `default(timeout)`, each followed by `=>`. Its cases are in the
//!   trace as [`channel::Select`] has them. Expressions of several cases that need each other's locals are not supported.
//! - A channel has several receivers, and nobody knows in which order they received: receives have an `item`, which names the
//!   send, and no `seq`.
//! - What waits for [`channel::after`], [`channel::at`] and [`channel::tick`] alone is recorded as a sleep; as a case of a
//!   select, as a timer.
//! - [`channel::Select::ready`] and its kin record the wait; its end is the task's next event.
//! - `thread::scope`, which its authors advise against since [`std::thread::scope`] is there, is not among them: use
//!   [`crate::thread::scope`].
//!
//! ```
//! use peerscope::crossbeam::channel::{select, unbounded};       // instead of crossbeam::channel::{...}
//!
//! let (votes, ballot_box) = unbounded::<u32>();
//! let (_stop, stopped) = unbounded::<()>();
//! votes.send(7).unwrap();
//! select! {
//!     recv(ballot_box) -> vote => assert_eq!(vote, Ok(7)),
//!     recv(stopped) -> _ => unreachable!(),
//! }
//! ```

#[cfg(feature = "record")]
pub mod channel;
#[cfg(not(feature = "record"))]
#[path = "crossbeam/channel_off.rs"]
pub mod channel;
#[cfg(feature = "record")]
pub mod sync;
/// As `crossbeam::sync`, as far as there is something to wait for.
#[cfg(not(feature = "record"))]
pub mod sync {
    pub use crossbeam_utils::sync::WaitGroup;
}
