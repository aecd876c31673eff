//! What the tests start: small programs that record, hang and end in all ways.

use std::io::Read;
use std::process::exit;
use std::sync::{Arc, Barrier};

use peerscope::sync::Mutex;
use peerscope::{Peer, dprintf, rpc_recv, rpc_return, rpc_send, thread};

/// The variable that says which program this process plays.
pub(crate) const PLAYS: &str = "PEERSCOPE_TEST_PLAYS";

/// Not a test of its own: where a process that plays a program begins.
#[test]
fn plays() {
    match std::env::var(PLAYS).as_deref() {
        Ok("deadlock") => deadlock(),
        Ok("call under a lock") => call_under_a_lock(),
        Ok("ends") => {
            dprintf!(log, "ends at once");
            exit(7);
        }
        Ok("ends when its input does") => {
            dprintf!(log, "waits for input");
            println!("> ready");
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            exit(0);
        }
        Ok("silent") => exit(0),
        Ok(other) => panic!("there is no program {other}"),
        Err(_) => {}
    }
}

/// Two accounts, and two threads that move money between them, each from its own to the other's.
fn deadlock() {
    let accounts = Arc::new((Mutex::new(1), Mutex::new(2)));
    let both_have_one = Arc::new(Barrier::new(2));
    let movers = [0, 1].map(|me| {
        let (accounts, both_have_one) = (Arc::clone(&accounts), Arc::clone(&both_have_one));
        let peer = Peer::builder(me).members(0..2).start();
        let _in = peer.enter();
        let moves = move || {
            let (own, other) = if me == 0 { (&accounts.0, &accounts.1) } else { (&accounts.1, &accounts.0) };
            let _own = own.lock().unwrap(); // line: own
            both_have_one.wait();
            let _other = other.lock().unwrap(); // line: other
        };
        thread::Builder::new().name(format!("mover {me}")).spawn(moves).unwrap()
    });
    for mover in movers {
        mover.join().unwrap(); // line: join
    }
}

/// Peer 0 asks peer 1 while it has a lock, which peer 1 wants before it answers.
fn call_under_a_lock() {
    let state = Arc::new(Mutex::named("state", ()));
    let (ask, asked) = std::sync::mpsc::channel::<()>();
    let (answer, answered) = std::sync::mpsc::channel::<()>();
    let wanted = Arc::clone(&state);
    let (caller, callee) = (Peer::builder(0).members(0..2).start(), Peer::builder(1).members(0..2).start());
    let peer = callee.clone();
    let handle = move || {
        let _in = peer.enter();
        asked.recv().unwrap();
        rpc_recv!(peer, 7, "Ask", 0);
        drop(wanted.lock().unwrap()); // line: handler
        answer.send(()).unwrap();
    };
    thread::Builder::new().name("handler".into()).spawn(handle).unwrap();
    let _in = caller.enter();
    let _state = state.lock().unwrap();
    rpc_send!(caller, 7, "Ask", 1);
    ask.send(()).unwrap();
    answered.recv().unwrap();
    rpc_return!(caller, 7, "ok");
}
