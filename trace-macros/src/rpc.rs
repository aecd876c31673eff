//! RPCs and messages over any transport: a few lines at both ends.
//!
//! The id of a request rides in its message; both ends must know it. It is unique in the whole run, also among the processes
//! of one.
//!
//! ```
//! use peerscope::{Peer, reply_used, rpc, rpc_reply, rpc_return};
//! # let (caller, callee) = (Peer::new(0), Peer::new(1));
//! # fn transport(message: (u64, &str)) -> Result<(u64, &str), ()> { Ok(message) }
//! // The caller:
//! let call = rpc::call(&caller, 1, "RequestVote");           // before the request goes out
//! let answer = transport((call.id().into(), "vote for me"));
//! # let request = answer.unwrap();
//! # let granted = true;
//! // The handler:
//! let handling = rpc::handle(&callee, request.0, 0, "RequestVote"); // before it takes its lock
//! handling.reply_with(|peer, id| rpc_reply!(peer, id, "granted": granted));
//! // The caller again; a call that is let go of was `cancelled`, or in a panic an `error`:
//! match answer {
//!     Ok(_) => call.returned_with(|peer, id| rpc_return!(peer, id, "ok", "granted": granted)),
//!     Err(_) => call.timed_out(),
//! }
//! reply_used!(caller, "count the vote");
//! ```
//!
//! [`Call::run`] and [`Call::answered`] do the caller's part around a function or a future. Where the message has no room for an
//! id, [`call_unmarked`] and [`handle_unmarked`] record what is known; a reader can then only guess which belong together, and
//! says so.
//!
//! All of it may also be said by macros alone: [`rpc_send!`](crate::rpc_send), [`rpc_recv!`](crate::rpc_recv),
//! [`rpc_reply!`](crate::rpc_reply), [`rpc_return!`](crate::rpc_return), whose further fields are the content of Raft's messages.

mod call;
mod handling;
mod id;
mod message;

pub use self::call::{Call, call, call_unmarked, call_with};
pub use self::handling::{Handling, handle, handle_unmarked};
pub use self::id::Id;
pub use self::message::{arrived, delayed, dropped, lost, send};
