//! The tracked condition variable: who waits with which lock, who is told, who came for nothing.

use std::sync::Arc;
use std::time::Duration;

use peerscope::sync::{Condvar, Mutex};
use peerscope::thread;
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, Stage, Trace, marked, recorded, until_recorded, until_recorded_times};

const BOTH: [&str; 2] = ["lock", "cond"];

/// A queue and its condition.
type Queue = Arc<(Mutex<Vec<u32>>, Condvar)>;

fn queue() -> Queue {
    Arc::new((Mutex::named("queue", Vec::new()), Condvar::named("not empty")))
}

#[test]
fn a_wait_gives_the_lock_up_and_the_notify_that_ends_it_is_named() {
    let trace = recorded(|| {
        let shared = queue();
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut items = shared.0.lock().expect("nobody panics"); // line: locks
                while items.is_empty() {
                    items = shared.1.wait(items).expect("nobody panics"); // line: waits
                }
                items.pop()
            })
        };
        until_recorded(Kind::CondWait);
        shared.0.lock().expect("nobody panics").push(7);
        shared.1.notify_one(); // line: notifies
        assert_eq!(waiter.join().expect("it ends well"), Some(7));
    });
    let locks = marked(file!(), "locks");
    let waits = marked(file!(), "waits");
    let told = trace.story(trace.children()[0], &BOTH).into_iter().filter(|(line, _)| !line.contains(".new"));
    let expected = [
        ("lock.acquire lock=1 seq=1", &locks),
        ("cond.wait cond=1 lock=1", &waits),
        ("lock.release lock=1 seq=1", &locks),
        ("cond.wake cond=1 lock=1 seq=1", &waits),
        ("lock.acquire lock=1 seq=3", &waits),
        ("lock.release lock=1 seq=3", &waits),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected.map(|(line, src)| (line.to_owned(), src.clone())));
    let notify = trace.the(Kind::CondNotify);
    assert_eq!(notify.says(), "cond.notify cond=1 all=false waiters=1 seq=1");
    assert_eq!(notify.src(), marked(file!(), "notifies"));
    assert_eq!(trace.the(Kind::CondNew).says(), "cond.new cond=1 name=not empty");
    assert!(notify.ticks <= trace.the(Kind::CondWake).ticks, "it is recorded before it is made");
}

#[test]
fn all_waiters_name_the_one_notify_that_woke_them() {
    let trace = recorded(|| {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let waiters: Vec<_> = (0..3)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let open = shared.0.lock().expect("nobody panics");
                    drop(shared.1.wait_while(open, |open| !*open).expect("nobody panics"));
                })
            })
            .collect();
        until_recorded_times(Kind::CondWait, 3);
        *shared.0.lock().expect("nobody panics") = true;
        shared.1.notify_all();
        waiters.into_iter().for_each(|waiter| waiter.join().expect("it ends well"));
    });
    assert_eq!(trace.the(Kind::CondNotify).says(), "cond.notify cond=1 all=true waiters=3 seq=1");
    let wakes: Vec<_> = trace.lines_of("cond").into_iter().filter(|line| line.starts_with("cond.wake")).collect();
    assert_eq!(wakes, ["cond.wake cond=1 lock=1 seq=1"; 3]);
    assert_eq!(trace.the(Kind::CondNew).says(), "cond.new cond=1 name=Condvar");
}

#[test]
fn which_of_two_notifies_woke_it_nobody_knows() {
    let trace = recorded(|| {
        let shared = queue();
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                let items = shared.0.lock().expect("nobody panics");
                drop(shared.1.wait_while(items, |items| items.is_empty()));
            })
        };
        until_recorded(Kind::CondWait);
        let mut items = shared.0.lock().expect("nobody panics");
        items.push(7);
        // The waiter cannot come back between the two.
        shared.1.notify_one();
        shared.1.notify_all();
        drop(items);
        waiter.join().expect("it ends well");
    });
    assert_eq!(trace.the(Kind::CondWake).says(), "cond.wake cond=1 lock=1");
    let notifies: Vec<_> = trace.lines_of("cond").into_iter().filter(|line| line.contains("notify")).collect();
    let expected = ["cond.notify cond=1 all=false waiters=1 seq=1", "cond.notify cond=1 all=true waiters=1 seq=2"];
    assert_eq!(notifies, expected);
}

#[test]
fn a_notify_that_nobody_waits_for_is_lost_and_says_so() {
    let trace = recorded(|| {
        let (lock, condition) = (Mutex::new(()), Condvar::new());
        condition.notify_one();
        let guard = lock.lock().expect("nobody panics");
        let (guard, result) = condition.wait_timeout(guard, Duration::from_millis(1)).expect("nobody panics");
        assert!(result.timed_out());
        drop(guard);
        condition.notify_all();
    });
    assert_eq!(
        trace.lines(),
        [
            "cond.new cond=1 name=Condvar",
            "cond.notify cond=1 all=false waiters=0 seq=1",
            "lock.new lock=1 name=Mutex<()>",
            "lock.acquire lock=1 seq=1",
            "cond.wait cond=1 lock=1",
            "lock.release lock=1 seq=1",
            "cond.wake cond=1 lock=1 outcome=timeout",
            "lock.acquire lock=1 seq=2",
            "lock.release lock=1 seq=2",
            "cond.notify cond=1 all=true waiters=0 seq=2",
        ]
    );
}

#[test]
fn who_need_not_wait_records_no_wait() {
    let trace = recorded(|| {
        let (lock, condition) = (Mutex::new(7), Condvar::new());
        let guard = lock.lock().expect("nobody panics");
        let guard = condition.wait_while(guard, |value| *value != 7).expect("nobody panics");
        let forever = Duration::from_secs(1 << 30);
        let (guard, result) = condition.wait_timeout_while(guard, forever, |value| *value != 7).expect("in time");
        assert!(!result.timed_out());
        let (_guard, result) = condition.wait_timeout_while(guard, Duration::ZERO, |_| true).expect("nobody panics");
        assert!(result.timed_out());
    });
    assert_eq!(trace.count(Kind::LockAcquire), 1);
    assert_eq!(trace.count(Kind::CondWake), trace.count(Kind::CondWait));
}

#[test]
fn a_wait_with_a_limit_ends_by_the_condition_or_by_the_clock() {
    let trace = recorded(|| {
        let shared = queue();
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                let items = shared.0.lock().expect("nobody panics");
                let forever = Duration::from_secs(1 << 30);
                let result = shared.1.wait_timeout_while(items, forever, |items| items.is_empty()); // line: until
                assert!(!result.expect("nobody panics").1.timed_out());
                let items = shared.0.lock().expect("nobody panics");
                let soon = Duration::from_millis(1);
                let result = shared.1.wait_timeout_while(items, soon, |items| !items.is_empty());
                assert!(result.expect("nobody panics").1.timed_out());
            })
        };
        until_recorded(Kind::CondWait);
        shared.0.lock().expect("nobody panics").push(7);
        shared.1.notify_one();
        waiter.join().expect("it ends well");
    });
    let told = trace.story(trace.children()[0], &["cond"]);
    let wakes: Vec<_> = told.iter().filter(|(line, _)| line.starts_with("cond.wake")).collect();
    assert_eq!(wakes[0], &("cond.wake cond=1 lock=1 seq=1".to_owned(), marked(file!(), "until")));
    assert!(wakes[1..].iter().all(|(line, _)| line == "cond.wake cond=1 lock=1 outcome=timeout"), "{wakes:?}");
}

#[test]
fn a_lock_that_was_poisoned_meanwhile_is_held_all_the_same() {
    let trace = recorded(|| {
        let shared = queue();
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                let items = shared.0.lock().expect("nobody has panicked yet");
                let items = shared.1.wait(items).expect_err("it is poisoned").into_inner();
                let soon = Duration::from_millis(1);
                let (items, result) = shared.1.wait_timeout(items, soon).expect_err("it still is").into_inner();
                assert!(result.timed_out() && items.is_empty());
            })
        };
        until_recorded(Kind::CondWait);
        let panics = thread::spawn(move || {
            let _items = shared.0.lock().expect("nobody has panicked yet");
            shared.1.notify_one();
            panic!("while holding");
        });
        assert!(panics.join().is_err());
        waiter.join().expect("it ends well");
    });
    let told: Vec<_> = trace.story(trace.children()[0], &BOTH).into_iter().map(|(line, _)| line).collect();
    assert_eq!(
        told[told.len() - 7..],
        [
            "cond.wake cond=1 lock=1 seq=1",
            "lock.acquire lock=1 seq=3 outcome=poisoned",
            "cond.wait cond=1 lock=1",
            "lock.release lock=1 seq=3",
            "cond.wake cond=1 lock=1 outcome=timeout",
            "lock.acquire lock=1 seq=4 outcome=poisoned",
            "lock.release lock=1 seq=4",
        ]
    );
}

#[test]
fn who_waited_before_the_recording_counts_as_a_waiter() {
    let stage = Stage::new(|| {
        let shared = Arc::new((Mutex::new((false, false)), Condvar::new()));
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut state = shared.0.lock().expect("nobody panics");
                state.0 = true;
                drop(shared.1.wait_while(state, |state| !state.1).expect("nobody panics"));
            })
        };
        // Once this can be seen under the lock, the other has given it up: it waits.
        while !shared.0.lock().expect("nobody panics").0 {
            std::thread::yield_now();
        }
        peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
        shared.0.lock().expect("nobody panics").1 = true;
        shared.1.notify_one();
        waiter.join().expect("it ends well");
    })
    .untraced();
    assert!(stage.run().status.success());
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(
        trace.lines_of("cond"),
        ["cond.new cond=1 name=Condvar", "cond.notify cond=1 all=false waiters=1 seq=1"]
    );
    assert!(trace.of_topic("lock").iter().all(|event| event.task() == trace.the(Kind::CondNotify).task()));
    assert_eq!(trace.of_topic("cond").iter().map(Event::whose).collect::<Vec<_>>(), ["//", "//"]);
}
