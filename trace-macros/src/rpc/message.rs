//! One-way messages, and what a simulated network does to any.

use std::panic::Location;
use std::time::Duration;

use super::Id;
use crate::__event;
use crate::peer::{Called, InScope, PeerId};

/// A one-way message leaves; the id that this gives must ride in it.
#[track_caller]
pub fn send(peer: impl InScope, to: impl Into<PeerId>, method: &str) -> Id {
    let (id, to) = (Id::new(), to.into());
    let peer = Called::new(&peer, Location::caller());
    __event!((peer) MsgSend "debug" DEBUG "msg" (id) "method" (method) "to" (to.as_id()));
    id
}

/// The message with this id arrives.
#[track_caller]
pub fn arrived(peer: impl InScope, id: impl Into<Id>, from: impl Into<PeerId>, method: &str) {
    let (id, from) = (id.into(), from.into());
    let peer = Called::new(&peer, Location::caller());
    __event!((peer) MsgRecv "debug" DEBUG "msg" (id) "method" (method) "from" (from.as_id()));
}

/// The network loses the one-way message with this id; `why` in a word or two (`partition`, `full queue`).
#[track_caller]
pub fn lost(network: impl InScope, id: impl Into<Id>, from: impl Into<PeerId>, to: impl Into<PeerId>, why: &str) {
    let (id, from, to) = (id.into(), from.into(), to.into());
    let network = Called::new(&network, Location::caller());
    __event!((network) MsgDrop "debug" DEBUG "msg" (id) "from" (from.as_id()) "to" (to.as_id()) "why" (why));
}

/// A simulated network drops the request or the reply of the RPC with this id. Its caller, who cannot know, says itself what
/// becomes of the call.
#[track_caller]
pub fn dropped(network: impl InScope, id: impl Into<Id>, from: impl Into<PeerId>, to: impl Into<PeerId>) {
    let (id, from, to) = (id.into(), from.into(), to.into());
    let network = Called::new(&network, Location::caller());
    __event!((network) Fault "info" INFO "what" ("drop") "peers" ([from.as_id(), to.as_id()]) "detail" (id));
}

/// A simulated network holds the message with this id up for this long.
#[track_caller]
pub fn delayed(
    network: impl InScope,
    id: impl Into<Id>,
    from: impl Into<PeerId>,
    to: impl Into<PeerId>,
    time: Duration,
) {
    let (id, from, to): (Id, PeerId, PeerId) = (id.into(), from.into(), to.into());
    let detail = format!("{id} by {time:?}");
    let network = Called::new(&network, Location::caller());
    __event!((network) Fault "info" INFO "what" ("delay") "peers" ([from.as_id(), to.as_id()]) "detail" (detail));
}
