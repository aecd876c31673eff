//! The tracked mutex: who waits, who holds, since which line.

use std::collections::BTreeMap;
use std::sync::Arc;

use peerscope::sync::Mutex;
use peerscope::{Peer, dprintf, thread};
use peerscope_format::vocabulary::{Body, Kind};

use crate::common::{Event, Stage, Trace, eventually, marked, recorded, until_recorded};

#[test]
fn a_free_lock_is_acquired_without_a_wait() {
    let trace = recorded(|| {
        let lock = Mutex::new(1); // line: made
        *lock.lock().expect("nobody panics") += 1; // line: first
        {
            let mut guard = lock.lock().expect("nobody panics"); // line: second
            *guard += 1;
            dprintf!("holding {}", *guard);
        }
        let tried = lock.try_lock().expect("it is free"); // line: tried
        drop(tried);
        assert_eq!(lock.into_inner().expect("nobody panicked"), 3);
    });
    let lines: Vec<_> = trace.lines();
    assert_eq!(
        lines,
        [
            "lock.new lock=1 name=Mutex<i32>",
            "lock.acquire lock=1 seq=1",
            "lock.release lock=1 seq=1",
            "lock.acquire lock=1 seq=2",
            "log msg=holding {0} args={0: 3}",
            "lock.release lock=1 seq=2",
            "lock.acquire lock=1 seq=3",
            "lock.release lock=1 seq=3",
        ]
    );
    let places: Vec<_> = trace.of_topic("lock").iter().map(Event::src).collect();
    let expected = ["made", "first", "first", "second", "second", "tried", "tried"];
    assert_eq!(places, expected.map(|mark| marked(file!(), mark)), "the release carries the line of its acquire");
}

#[test]
fn a_wait_is_recorded_before_it_blocks() {
    let trace = recorded(|| {
        let lock = Arc::new(Mutex::named("state", 0));
        let held = lock.lock().expect("nobody panics"); // line: held
        let waiter = {
            let lock = lock.clone();
            thread::spawn(move || *lock.lock().expect("nobody panics") += 1) // line: waited
        };
        // The lock is only let go once the wait can be read: were it recorded afterwards, this would never end.
        until_recorded(Kind::LockWait);
        drop(held);
        waiter.join().expect("it ends well");
    });
    let waiter = trace.the(Kind::LockWait).task();
    let mine = |event: &&Event<'_>| event.task() == waiter;
    let of_waiter: Vec<_> =
        trace.of_topic("lock").iter().filter(mine).map(|event| (event.says(), event.src())).collect();
    let waited = marked(file!(), "waited");
    let expected = ["lock.wait lock=1", "lock.acquire lock=1 seq=2", "lock.release lock=1 seq=2"];
    assert_eq!(of_waiter, expected.map(|line| (line.to_owned(), &waited[..])));
    let of_holder: Vec<_> =
        trace.of_topic("lock").into_iter().filter(|event| event.task() != waiter).map(|event| event.says()).collect();
    assert_eq!(of_holder, ["lock.new lock=1 name=state", "lock.acquire lock=1 seq=1", "lock.release lock=1 seq=1"]);
    // The wait lies within the hold: the release came when it could be read.
    let release = trace.of_topic("lock").into_iter().find(|event| event.kind() == Kind::LockRelease);
    assert!(release.is_some_and(|release| release.ticks >= trace.the(Kind::LockWait).ticks));
}

#[test]
fn acquisitions_are_counted_from_one_whoever_acquires() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 250;
    let trace = recorded(|| {
        let lock = Arc::new(Mutex::new(0));
        let work = |lock: Arc<Mutex<u64>>| {
            move || {
                for _ in 0..ROUNDS {
                    *lock.lock().expect("nobody panics") += 1;
                }
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|_| thread::spawn(work(lock.clone()))).collect();
        threads.into_iter().for_each(|thread| thread.join().expect("it ends well"));
        assert_eq!(*lock.lock().expect("nobody panics"), THREADS * ROUNDS);
    });
    let mut holders = BTreeMap::new();
    for event in trace.of_topic("lock") {
        match event.body() {
            Body::LockAcquire(acquire) => {
                let seq = acquire.seq.expect("an acquisition has its number");
                assert_eq!(holders.insert(seq, (event.task(), false)), None, "acquisition {seq} happened once");
            }
            Body::LockRelease(release) => {
                let seq = release.seq.expect("a release has its number");
                let holder = holders.insert(seq, (event.task(), true));
                assert_eq!(holder, Some((event.task(), false)), "who releases {seq} has acquired it");
            }
            _ => {}
        }
    }
    let numbers: Vec<_> = holders.keys().copied().collect();
    assert_eq!(numbers, (1..=THREADS * ROUNDS + 1).collect::<Vec<_>>());
    assert!(holders.values().all(|(_, released)| *released));
    assert_eq!(trace.count(Kind::LockNew), 1, "whoever came first announced it, once");
}

#[test]
fn an_attempt_on_a_held_lock_is_busy() {
    let trace = recorded(|| {
        let lock = Mutex::new(());
        let _held = lock.lock().expect("nobody panics");
        assert!(lock.try_lock().is_err()); // line: busy
    });
    let attempt = trace.of_topic("lock")[2];
    assert_eq!(attempt.says(), "lock.acquire lock=1 outcome=busy");
    assert_eq!(attempt.src(), marked(file!(), "busy"));
    assert_eq!(trace.of_topic("lock")[3].says(), "lock.release lock=1 seq=1");
    assert_eq!(trace.of_topic("lock").len(), 4, "what was not acquired is not released");
}

#[test]
fn a_poisoned_lock_is_held_all_the_same() {
    let trace = recorded(|| {
        let lock = Arc::new(Mutex::new(7));
        let held = lock.clone();
        let result = thread::spawn(move || {
            let _guard = held.lock().expect("nobody has panicked yet");
            panic!("while holding");
        })
        .join();
        assert!(result.is_err() && lock.is_poisoned());
        assert_eq!(*lock.lock().expect_err("it is poisoned").into_inner(), 7);
        assert!(matches!(lock.try_lock(), Err(std::sync::TryLockError::Poisoned(_))));
        lock.clear_poison();
        drop(lock.lock().expect("it is healed"));
    });
    assert_eq!(
        trace.lines_of("lock"),
        [
            "lock.new lock=1 name=Mutex<i32>",
            "lock.acquire lock=1 seq=1",
            "lock.release lock=1 seq=1",
            "lock.acquire lock=1 seq=2 outcome=poisoned",
            "lock.release lock=1 seq=2",
            "lock.acquire lock=1 seq=3 outcome=poisoned",
            "lock.release lock=1 seq=3",
            "lock.acquire lock=1 seq=4",
            "lock.release lock=1 seq=4",
        ]
    );
}

#[test]
fn a_lock_taken_twice_by_one_thread_shows_hold_and_wait() {
    let stage = Stage::new(|| {
        let lock = Mutex::new(()); // line: new
        let _first = lock.lock().expect("nobody panics"); // line: hold
        let _second = lock.lock(); // line: relock
    });
    let actor = stage.start();
    let path = stage.trace_file();
    // It waits for ever; so we look on while it does, and then kill it.
    eventually("the wait", || {
        let trace = Trace::try_of(&path).ok()?;
        (trace.count(Kind::LockWait) > 0).then_some(())
    });
    actor.kill();
    let trace = Trace::of(&path);
    let lines: Vec<_> = trace.of_topic("lock").iter().map(|event| (event.says(), event.src())).collect();
    let places = ["new", "hold", "relock"].map(|mark| marked(file!(), mark));
    let says = ["lock.new lock=1 name=Mutex<()>", "lock.acquire lock=1 seq=1", "lock.wait lock=1"];
    let expected: Vec<_> = says.map(str::to_owned).into_iter().zip(places.iter().map(String::as_str)).collect();
    assert_eq!(lines, expected);
    assert_eq!(trace.count(Kind::ProcessEnd), 0, "it did not end by itself");
}

#[test]
fn a_lock_belongs_to_whom_the_thread_works_for() {
    static SHARED: Mutex<()> = Mutex::named("shared", ());
    let trace = recorded(|| {
        drop(SHARED.lock());
        let peer = Peer::new(2);
        let _in = peer.enter();
        drop(SHARED.lock());
    });
    let whose: Vec<_> = trace.of_topic("lock").iter().map(Event::whose).collect();
    assert_eq!(whose, ["//", "//", "//", "//2.0", "//2.0"]);
}

#[test]
fn what_was_held_before_the_recording_leaves_a_gap_in_the_numbers() {
    let stage = Stage::new(|| {
        let lock = Mutex::new(());
        let before = lock.lock().expect("nobody panics");
        peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
        drop(before);
        drop(lock.lock());
    })
    .untraced();
    assert!(stage.run().status.success());
    assert_eq!(
        Trace::of(&stage.trace_file()).lines(),
        ["lock.new lock=1 name=Mutex<()>", "lock.acquire lock=1 seq=2", "lock.release lock=1 seq=2"]
    );
}
