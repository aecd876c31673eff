//! The caller's end.

use std::borrow::Cow;
use std::panic::Location;

use super::Id;
use crate::peer::{Called, InScope, PeerId};
use crate::{__event, rpc_return, rpc_send};

/// A call that has been sent and has not returned. If it is let go of, it has returned as `cancelled`, or in a panic as
/// `error`.
#[derive(Debug)]
#[must_use = "a call that is dropped is recorded as cancelled"]
pub struct Call<P: InScope> {
    peer: P,
    id: Id,
    /// Whom and what an unmarked call asked, for its return to say it again.
    unmarked: Option<(PeerId, Cow<'static, str>)>,
    caller: &'static Location<'static>,
    open: bool,
}

/// The caller sends a request; to be said before it goes out.
#[track_caller]
pub fn call<P: InScope>(peer: P, to: impl Into<PeerId>, method: &str) -> Call<P> {
    let to = to.into();
    let caller = Location::caller();
    begin(peer, caller, None, |peer, id| rpc_send!(peer, id, method, to.as_id()))
}

/// As [`call`], for a request with content: `send` says it, as `|peer, id| rpc_send!(peer, id, "AppendEntries", to, "count": 3)`.
#[track_caller]
pub fn call_with<P: InScope>(peer: P, send: impl FnOnce(&Called<'_, P>, Id)) -> Call<P> {
    begin(peer, Location::caller(), None, send)
}

/// As [`call`], where the message has no room for an id: a reader matches the two ends by link and content, if it can.
#[track_caller]
pub fn call_unmarked<P: InScope>(peer: P, to: impl Into<PeerId>, method: impl Into<Cow<'static, str>>) -> Call<P> {
    let (to, method) = (to.into(), method.into());
    let unmarked = Some((to.clone(), method.clone()));
    begin(peer, Location::caller(), unmarked, |peer, _| {
        __event!((*peer) RpcSend "debug" DEBUG "method" (&*method) "to" (to.as_id()));
    })
}

fn begin<P: InScope>(
    peer: P,
    caller: &'static Location<'static>,
    unmarked: Option<(PeerId, Cow<'static, str>)>,
    send: impl FnOnce(&Called<'_, P>, Id),
) -> Call<P> {
    let call = Call { peer, id: Id::new(), unmarked, caller, open: true };
    send(&Called::new(&call.peer, caller), call.id);
    call
}

impl<P: InScope> Call<P> {
    /// What must ride in the message, unless the call is unmarked.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The caller has the answer.
    pub fn returned(self) {
        self.end("ok");
    }

    /// As [`Call::returned`], for an answer with content: `end` says it, as `|peer, id| rpc_return!(peer, id, "ok", "granted": true)`.
    pub fn returned_with(mut self, end: impl FnOnce(&Called<'_, P>, Id)) {
        self.open = false;
        end(&Called::new(&self.peer, self.caller), self.id);
    }

    /// The caller has waited long enough.
    pub fn timed_out(self) {
        self.end("timeout");
    }

    /// The caller knows that there will be no answer: the network says so.
    pub fn dropped(self) {
        self.end("dropped");
    }

    /// The call failed, at this end or the other.
    pub fn failed(self) {
        self.end("error");
    }

    /// Runs the transport's own call with the id, and records what became of it.
    ///
    /// # Errors
    /// Those of the transport.
    pub fn run<T, E>(self, transport: impl FnOnce(Id) -> Result<T, E>) -> Result<T, E> {
        let result = transport(self.id);
        self.end(if result.is_ok() { "ok" } else { "error" });
        result
    }

    /// Waits for the transport's own future, and records what became of it; `cancelled` if this is dropped first.
    ///
    /// # Errors
    /// Those of the transport.
    pub async fn answered<T, E>(self, transport: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let result = transport.await;
        self.end(if result.is_ok() { "ok" } else { "error" });
        result
    }

    fn end(mut self, outcome: &str) {
        self.record_end(outcome);
    }

    fn record_end(&mut self, outcome: &str) {
        self.open = false;
        let peer = Called::new(&self.peer, self.caller);
        match &self.unmarked {
            None => rpc_return!(peer, self.id, outcome),
            Some((to, method)) => {
                __event!((peer) RpcReturn "debug" DEBUG "method" (&**method) "from" (to.as_id()) "outcome" (outcome));
            }
        }
    }
}

impl<P: InScope> Drop for Call<P> {
    fn drop(&mut self) {
        if self.open {
            self.record_end(if std::thread::panicking() { "error" } else { "cancelled" });
        }
    }
}
