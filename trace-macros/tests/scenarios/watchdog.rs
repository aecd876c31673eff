//! The watchdog: what hangs is told on stderr while the program goes on, and what merely waits is not.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use peerscope::sync::Mutex;
use peerscope::{Peer, thread};

use crate::common::{Stage, eventually, marked};

#[test]
fn a_deadlock_is_told_with_names_and_places() {
    let stage = Stage::new(|| {
        let watchdog = peerscope::watchdog(Duration::from_millis(20));
        let locks = Arc::new((Mutex::named("one", ()), Mutex::named("other", ())));
        let both_hold = Arc::new(Barrier::new(2));
        for number in [0, 1_u64] {
            let (locks, both_hold) = (Arc::clone(&locks), Arc::clone(&both_hold));
            let take = move || {
                let _in = Peer::new(number).enter();
                let (first, second) = if number == 0 { (&locks.0, &locks.1) } else { (&locks.1, &locks.0) };
                let _first = first.lock().expect("nobody panics"); // line: first
                both_hold.wait();
                drop(second.lock().expect("nobody panics")); // line: second
            };
            thread::Builder::new().name(format!("taker-{number}")).spawn(take).expect("a thread");
        }
        eventually("both wait, and that is told", || (watchdog.reports() > 0).then_some(()));
    });
    let ended = stage.run();
    assert!(ended.status.success(), "{}", ended.stderr);
    let told = &ended.stderr;
    assert!(told.contains("waited for 20ms, and nothing moves ---\n"), "{told}");
    assert!(told.contains("  task `taker-0` (2) of peer 0 waits for lock `other`"), "{told}");
    assert!(told.contains(", held by task `taker-1` (3) of peer 1\n"), "{told}");
    for mark in ["first", "second"] {
        assert!(told.contains(&format!(" at {}\n", marked(file!(), mark))), "{told}");
    }
}

#[test]
fn one_that_is_dropped_or_has_no_trace_says_nothing() {
    let stage = Stage::new(|| {
        let lock = Arc::new(Mutex::new(()));
        let held = lock.lock().expect("nobody panics");
        let watchdog = peerscope::watchdog(Duration::from_millis(1));
        drop(watchdog);
        let waits = Arc::clone(&lock);
        let waiter = thread::spawn(move || drop(waits.lock().expect("nobody panics")));
        drop(held);
        waiter.join().expect("it ends");
    });
    assert_eq!(stage.run().stderr, "");
    let stage = Stage::new(|| {
        let watchdog = peerscope::watchdog(Duration::from_millis(1));
        assert_eq!(watchdog.reports(), 0);
    });
    assert_eq!(stage.untraced().run().stderr, "");
}
