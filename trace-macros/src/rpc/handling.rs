//! The handler's end.

use std::borrow::Cow;
use std::panic::Location;

use super::Id;
use crate::peer::{Called, InScope, PeerId};
use crate::{__event, rpc_recv, rpc_reply};

/// A request that is being handled. If it is let go of, there was no answer.
#[derive(Debug)]
#[must_use = "a request that is not replied to has no answer"]
pub struct Handling<P: InScope> {
    peer: P,
    id: Id,
    /// Who and what an unmarked request asked, for its answer to say it again.
    unmarked: Option<(PeerId, Cow<'static, str>)>,
    caller: &'static Location<'static>,
}

/// The handler starts on the request with the id that came in its message; to be said before it takes its lock.
#[track_caller]
pub fn handle<P: InScope>(peer: P, id: impl Into<Id>, from: impl Into<PeerId>, method: &str) -> Handling<P> {
    let (id, from, caller) = (id.into(), from.into(), Location::caller());
    rpc_recv!(Called::new(&peer, caller), id, method, from.as_id());
    Handling { peer, id, unmarked: None, caller }
}

/// As [`handle`], where the message has no room for an id.
#[track_caller]
pub fn handle_unmarked<P: InScope>(
    peer: P,
    from: impl Into<PeerId>,
    method: impl Into<Cow<'static, str>>,
) -> Handling<P> {
    let (from, method, caller) = (from.into(), method.into(), Location::caller());
    __event!((Called::new(&peer, caller)) RpcRecv "debug" DEBUG "method" (&*method) "from" (from.as_id()));
    Handling { peer, id: Id::from(0), unmarked: Some((from, method)), caller }
}

impl<P: InScope> Handling<P> {
    /// The handler answers; to be said before the answer goes out.
    pub fn reply(self) {
        let peer = Called::new(&self.peer, self.caller);
        match &self.unmarked {
            None => rpc_reply!(peer, self.id),
            Some((from, method)) => {
                __event!((peer) RpcReply "debug" DEBUG "method" (&**method) "to" (from.as_id()));
            }
        }
    }

    /// As [`Handling::reply`], for an answer with content: `reply` says it, as `|peer, id| rpc_reply!(peer, id, "granted": true)`.
    pub fn reply_with(self, reply: impl FnOnce(&Called<'_, P>, Id)) {
        reply(&Called::new(&self.peer, self.caller), self.id);
    }
}
