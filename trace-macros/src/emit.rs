//! What the macros call: one way from a call site to the recorder.

use std::cell::RefCell;

use peerscope_format::filter::Wanted;
use peerscope_format::vocabulary::Kind;

use crate::arg::{Args, RpcId};
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

/// Whether any event of this kind is recorded, for a macro that must work before it comes to its site.
#[inline]
pub fn records(kind: Kind) -> bool {
    recorder().is_some_and(|recorder| recorder.filter().wanted_kind(kind) != Wanted::Never)
}

/// Sets the peer's current term.
#[inline]
pub fn set_term(peer: &impl InScope, term: impl TermArg) {
    // Only records ask for it.
    if cfg!(feature = "record") {
        peer.with_scope(|scope| scope.scope().set_term(term.number()));
    }
}

thread_local! {
    static LAST_REPLY: RefCell<Option<RpcId>> = const { RefCell::new(None) };
}

/// The thread has just got the reply of this RPC, which is handed back.
#[inline]
pub fn remember_reply(rpc: impl Into<RpcId>) -> RpcId {
    let rpc = rpc.into();
    let _ = LAST_REPLY.try_with(|last| last.replace(Some(rpc.clone())));
    rpc
}

/// The RPC whose reply the thread got last, if any.
#[inline]
pub fn last_reply() -> Option<RpcId> {
    LAST_REPLY.try_with(|last| last.borrow().clone()).ok().flatten()
}
