//! What the macros call: one way from a call site to the recorder.

use std::cell::Cell;

use crate::arg::Args;
use crate::peer::{InScope, TermArg};
use crate::recorder::recorder;
use crate::site::Site;

/// Records an event of `site` in the name of `peer`.
#[inline]
pub fn emit<A: Args>(site: &'static Site, peer: &impl InScope, args: A) {
    if let Some(recorder) = recorder() {
        peer.with_scope(|scope| match peer.caller() {
            None => site.record(recorder, scope.scope(), &args),
            Some(caller) => site.record_at(recorder, scope.scope(), &args, caller),
        });
    }
}

/// Sets the peer's current term.
#[inline]
pub fn set_term(peer: &impl InScope, term: impl TermArg) {
    peer.with_scope(|scope| scope.scope().set_term(term.number()));
}

thread_local! {
    static LAST_REPLY: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The thread has just got the reply of this RPC, which is handed back.
#[inline]
pub fn remember_reply<T: TermArg>(rpc: T) -> T {
    LAST_REPLY.set(Some(rpc.number()));
    rpc
}

/// The RPC whose reply the thread got last, if any.
#[inline]
pub fn last_reply() -> Option<u64> {
    LAST_REPLY.get()
}
