//! What the macros call: one way from a call site to the recorder.

use std::cell::Cell;

use peerscope_format::vocabulary::Kind;

use crate::arg::Args;
use crate::peer::{InScope, TermArg};
use crate::recorder::recorder;
use crate::site::Site;

/// Records an event of `site` in the name of `peer`.
#[inline]
pub fn emit<A: Args>(site: &'static Site, peer: &impl InScope, args: A) {
    if let Some(recorder) = recorder() {
        peer.with_scope(|scope| site.record(recorder, scope.scope(), &args));
    }
}

/// Sets the peer's current term.
#[inline]
pub fn set_term(peer: &impl InScope, term: impl TermArg) {
    peer.with_scope(|scope| scope.scope().set_term(term.number()));
}

thread_local! {
    static LAST_REPLY: Cell<u64> = const { Cell::new(0) };
}

/// The thread has just got the reply of this RPC.
#[inline]
pub fn remember_reply(rpc: impl TermArg) {
    LAST_REPLY.set(rpc.number());
}

/// The RPC whose reply the thread got last.
#[inline]
pub fn last_reply() -> u64 {
    LAST_REPLY.get()
}

/// The `tracing` target of mirrored events: `peerscope::` and the kind's topic.
pub const fn target(kind: Kind) -> &'static str {
    macro_rules! targets {
        ($($topic:literal)*) => { &[$(($topic, concat!("peerscope::", $topic))),*] };
    }
    const TARGETS: &[(&str, &str)] = targets!(
        "log" "test" "fault" "peer" "role" "term" "vote" "commit" "apply" "progress" "persist" "snapshot" "config"
        "timer" "rpc" "msg" "reply" "task" "lock" "sem" "cond" "chan" "group" "once" "sleep" "var" "invariant" "op"
        "span" "process" "lost"
    );
    let name = kind.name().as_bytes();
    let mut place = 0;
    while place < TARGETS.len() {
        let topic = TARGETS[place].0.as_bytes();
        let ends = name.len() == topic.len() || (name.len() > topic.len() && name[topic.len()] == b'.');
        if ends && starts_with(name, topic) {
            return TARGETS[place].1;
        }
        place += 1;
    }
    panic!("a kind's topic is missing in this list")
}

const fn starts_with(text: &[u8], start: &[u8]) -> bool {
    let mut place = 0;
    while place < start.len() {
        if text[place] != start[place] {
            return false;
        }
        place += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_target() {
        for kind in Kind::ALL {
            assert_eq!(target(*kind), format!("peerscope::{}", kind.topic()));
        }
    }
}
