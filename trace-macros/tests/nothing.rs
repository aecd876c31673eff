//! What a build without the feature `record` leaves of macros and helpers: nothing. One function says everything that there is
//! to say, another nothing; they must be the same machine code, and no word of the first may stand in the program. With the
//! feature both are otherwise, so that the test is known to see a difference.

use std::cell::Cell;

use peerscope::{
    Current, LogEntry, Peer, apply, commit, dprintf, event, fault, log_append, log_truncate, persist, phase,
    reply_used, restored, role, rpc_recv, rpc_reply, rpc_return, rpc_send, term, vote,
};

/// Some work, and much talk about it.
#[inline(never)]
fn talks(peer: &Peer, state: &mut u64) {
    dprintf!(peer, vote, "unmistakable-template {state}", other = *state + 1);
    dprintf!("unmistakable-template of nobody");
    term!(peer, *state);
    role!(peer, "unmistakable-role", *state);
    vote!(peer, 2);
    log_append!(peer, 1, [LogEntry { term: 1, digest: *state }]);
    log_truncate!(peer, 3);
    commit!(peer, *state);
    apply!(peer, 1, 1, "unmistakable-digest");
    persist!(peer, 1, Some(2), 3);
    restored!(peer, 1, Some(2), [LogEntry { term: 1, digest: 7 }]);
    rpc_send!(peer, 7, "unmistakable-method", 2, "msg_term": 1);
    rpc_recv!(peer, 7, "unmistakable-method", 1);
    rpc_reply!(peer, 7, "granted": true);
    rpc_return!(peer, 7, "ok");
    reply_used!(peer, "unmistakable-purpose");
    phase!(Current, "unmistakable-phase {state}");
    fault!(Current, "drop", [1, 2]);
    event!(peer, Progress { "of": 2, "next": *state });
    *state = state.wrapping_mul(3).wrapping_add(1);
}

/// The same work.
#[inline(never)]
fn is_silent(_peer: &Peer, state: &mut u64) {
    *state = state.wrapping_mul(3).wrapping_add(1);
}

type Work = fn(&Peer, &mut u64);

/// The code of a function up to its first return.
#[cfg(target_arch = "x86_64")]
fn code(work: Work) -> Vec<u8> {
    const RETURN: u8 = 0xc3;
    let start = work as *const u8;
    // SAFETY: code is readable, and is read no further than to the end of the function.
    (0..)
        .map(|at| unsafe { *start.add(at) })
        .scan(false, |ended, byte| (!std::mem::replace(ended, byte == RETURN)).then_some(byte))
        .collect()
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_function_that_talks_is_the_function_that_does_not() {
    let same = code(talks) == code(is_silent);
    assert_eq!(
        same,
        cfg!(not(any(feature = "record", feature = "tracing"))),
        "{:x?}\n{:x?}",
        code(talks),
        code(is_silent)
    );
}

#[test]
fn no_word_of_it_stands_in_the_program() {
    let (peer, mut state) = (Peer::new(1), 1);
    talks(&peer, &mut state);
    is_silent(&peer, &mut state);
    let program = std::fs::read(std::env::current_exe().expect("its path")).expect("it can be read");
    // Put together here, lest it be the search that is found.
    let needle = ["unmistak", "able-"].map(std::hint::black_box).concat();
    let found = program.windows(needle.len()).filter(|window| *window == needle.as_bytes()).count();
    assert_eq!(found > 0, cfg!(any(feature = "record", feature = "tracing")), "found {found} times");
}

#[test]
fn nothing_is_evaluated_while_nobody_records() {
    let (peer, evaluated) = (Peer::new(1), Cell::new(0));
    let count = || evaluated.replace(evaluated.get() + 1);
    dprintf!(peer, log, "{}", count());
    vote!(peer, count());
    rpc_send!(peer, count(), "Ping", count());
    log_append!(peer, 1, [LogEntry { term: 1, digest: count() }]);
    assert_eq!(evaluated.get(), 0);
}
