//! Structured debug logging for distributed, concurrent programs.
//!
//! A program that links this crate says what it does in typed events: who leads which term, who gave its vote to whom, who
//! waits for which lock. The events go into a file that survives a deadlock, a panic and `kill -9`; `peerscope check`
//! reads it and names what went wrong.
//!
//! ```
//! use peerscope::sync::Mutex;                  // instead of std::sync::Mutex
//! use peerscope::thread;                       // instead of std::thread
//! use peerscope::{Peer, dprintf, role, term};
//!
//! let peer = Peer::new(0);                     // whose events these are
//! let _in = peer.enter();                      // this thread, and those that it spawns, work for it
//! let state = Mutex::new(0_u64);               // waits and holds are recorded, with their lines
//! let mut current_term = state.lock().unwrap();
//! *current_term += 1;
//! term!(peer, *current_term);
//! role!(peer, "candidate");
//! dprintf!(peer, vote, "ask {count} peers", count = 2);
//! ```
//!
//! Nothing is recorded, at about a nanosecond per call site, unless the environment variable `PEERSCOPE_TRACE` names a
//! file (`%p` in it becomes the process id, `%n` the program's name) or [`Builder::start`] is called. `PEERSCOPE` says
//! which events, by topic, level and peer: `PEERSCOPE=vote,log=debug,lock=off,peer.2=trace`; see [`Builder::filter`].
//!
//! With the feature `tokio` the module `tokio` stands in for that crate: its tasks are tasks of the trace, and what they
//! wait for is recorded as for threads. [`Peer::instrument`] has any future work in a peer's name.
//!
//! # One way through the crate
//! A macro expands to a static `Site` and one call of `emit`; the site gets its shape once
//! (`recorder::definitions`) and each event is encoded straight into the thread's chunk of the mapped file
//! (`recorder::writer`). Tracked primitives ([`sync`], [`thread`]) take the same way. `tracing` is both neighbour and
//! mirror: [`layer`] takes in foreign events, and our own are mirrored as `tracing` events (`peerscope::topic`) to
//! whoever listens.

// Without a recorder nobody asks for shapes, numbers and names; the compiler leaves them out of the program.
#![cfg_attr(not(feature = "record"), allow(dead_code))]

#[doc(hidden)]
pub mod arg;
#[cfg(any(feature = "log", feature = "slog"))]
mod bridge;
#[cfg(feature = "record")]
mod channel;
#[cfg(not(feature = "record"))]
#[path = "channel_off.rs"]
mod channel;
#[cfg(feature = "record")]
pub mod clock;
#[cfg(not(feature = "record"))]
#[path = "clock_off.rs"]
pub mod clock;
#[cfg(feature = "record")]
mod condition;
#[cfg(not(feature = "record"))]
#[path = "condition_off.rs"]
mod condition;
#[cfg(feature = "crossbeam")]
pub mod crossbeam;
mod emit;
#[cfg(feature = "record")]
mod group;
#[cfg(not(feature = "record"))]
#[path = "group_off.rs"]
mod group;
#[cfg(feature = "record")]
mod identity;
#[cfg(not(feature = "record"))]
#[path = "identity_off.rs"]
mod identity;
mod in_peer;
#[cfg(feature = "tracing")]
mod layer;
#[cfg(feature = "record")]
mod lock;
#[cfg(not(feature = "record"))]
#[path = "lock_off.rs"]
mod lock;
mod macros;
mod mirror;
#[cfg(feature = "record")]
mod once;
#[cfg(not(feature = "record"))]
#[path = "once_off.rs"]
mod once;
#[cfg(feature = "parking_lot")]
pub mod parking_lot;
mod peer;
#[cfg(feature = "record")]
mod recorder;
#[cfg(not(feature = "record"))]
#[path = "recorder_off.rs"]
mod recorder;
pub mod rpc;
mod scope;
mod seen;
mod site;
pub mod sync;
mod task;
mod test_scope;
pub mod thread;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "record")]
mod watchdog;
#[cfg(not(feature = "record"))]
#[path = "watchdog_off.rs"]
mod watchdog;

pub use crate::arg::LogEntry;
#[cfg(feature = "log")]
pub use crate::bridge::LogBridge;
#[cfg(feature = "slog")]
pub use crate::bridge::SlogDrain;
pub use crate::in_peer::InPeer;
#[cfg(feature = "tracing")]
pub use crate::layer::{ForeignEvents, LayerBuilder, PeerscopeLayer, layer, layer_up_to};
pub use crate::peer::{Called, Current, InScope, Peer, PeerBuilder, PeerId};
pub use crate::recorder::{
    Builder, DEFAULT_SIZE_LIMIT, FILTER_VARIABLE, LIMIT_VARIABLE, RING_VARIABLE, TRACE_VARIABLE, is_recording, meta,
    trace_path,
};
pub use crate::scope::Entered;
pub use crate::test_scope::Test;
pub use crate::watchdog::{Watchdog, watchdog};

/// Sets up the usual: the recorder, if the environment asks for it, and a global `tracing` subscriber that takes in foreign
/// events. Programs with a subscriber of their own add [`layer`] to it instead.
///
/// # Errors
/// If a global subscriber is set already; the recorder works all the same.
#[cfg(feature = "tracing")]
pub fn init() -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    use tracing_subscriber::layer::SubscriberExt as _;
    is_recording();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer()))
}

/// The last word of a process that ends by itself, with its exit status where it is known.
#[cfg(feature = "record")]
pub(crate) fn process_end(status: Option<i32>) {
    use peerscope_format::vocabulary::Kind;
    static SITE: site::Site = site::Site::primitive(Kind::ProcessEnd, &["how"]);
    let how = status.map_or("exit".to_owned(), |status| format!("exit {status}"));
    task::become_task(task::NOBODY);
    emit::emit(&SITE, &peer::Current, (how,));
}

/// For the macros' expansions only.
#[doc(hidden)]
pub mod __private {
    pub use peerscope_dprintf::dprintf;
    pub use peerscope_format::vocabulary::Kind;
    #[cfg(feature = "tracing")]
    pub use tracing;

    pub use crate::arg::{Formatted, FormattedArg, Named, TypedArg, in_pieces};
    pub use crate::emit::{emit, last_reply, records, remember_reply, set_term};
    pub use crate::mirror::Label;
    pub use crate::peer::{Current, InScope};
    pub use crate::site::Site;
}
