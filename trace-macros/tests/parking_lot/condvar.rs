//! Condition variables and one-time calls, which share what they record with those of `std`.

use std::sync::Arc;
use std::time::Duration;

use peerscope::parking_lot::{Condvar, Mutex, Once};
use peerscope::thread;
use peerscope_format::vocabulary::Kind;

use crate::common::{marked, recorded, until_recorded};

#[test]
fn who_waits_gives_up_the_lock_and_has_it_again() {
    let trace = recorded(|| {
        let shared = Arc::new((Mutex::named("items", 0), Condvar::named("more")));
        let waiter = {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut items = shared.0.lock(); // line: locks
                shared.1.wait_while(&mut items, |items| *items == 0); // line: waits
            })
        };
        until_recorded(Kind::CondWait);
        *shared.0.lock() += 1;
        assert!(shared.1.notify_one());
        waiter.join().expect("it ends well");
        assert_eq!(shared.1.notify_all(), 0);
    });
    let (locks, waits) = (marked(file!(), "locks"), marked(file!(), "waits"));
    let expected = [
        ("lock.acquire lock=1 seq=1", &locks),
        ("cond.wait cond=1 lock=1", &waits),
        ("lock.release lock=1 seq=1", &locks),
        ("cond.wake cond=1 lock=1 seq=1", &waits),
        ("lock.acquire lock=1 seq=3", &waits),
        ("lock.release lock=1 seq=3", &waits),
    ];
    let story = trace.story(trace.children()[0], &["lock", "cond"]);
    let story: Vec<_> = story.into_iter().filter(|(line, _)| !line.contains(".new")).collect();
    assert_eq!(story, expected.map(|(line, place)| (line.to_owned(), place.clone())));
    let notifies: Vec<_> = trace.lines_of("cond").into_iter().filter(|line| line.contains("notify")).collect();
    let expected = ["cond.notify cond=1 all=false waiters=1 seq=1", "cond.notify cond=1 all=true waiters=0 seq=2"];
    assert_eq!(notifies, expected);
}

#[test]
fn a_wait_that_nobody_ends_times_out() {
    let trace = recorded(|| {
        let (lock, condition) = (Mutex::named("items", 0), Condvar::new());
        let mut items = lock.lock();
        assert!(condition.wait_while_for(&mut items, |items| *items == 0, Duration::from_millis(1)).timed_out());
    });
    assert_eq!(
        trace.lines(),
        [
            "lock.new lock=1 name=items",
            "lock.acquire lock=1 seq=1",
            "cond.new cond=1 name=Condvar",
            "cond.wait cond=1 lock=1",
            "lock.release lock=1 seq=1",
            "cond.wake cond=1 lock=1 outcome=timeout",
            "lock.acquire lock=1 seq=2",
            "lock.release lock=1 seq=2",
        ]
    );
}

#[test]
fn one_makes_the_call_and_others_find_it_made() {
    let trace = recorded(|| {
        let once = Once::named("setup");
        once.call_once(|| ());
        once.call_once_force(|_| unreachable!("it is done"));
    });
    assert_eq!(
        trace.lines(),
        [
            "lock.new lock=1 name=setup",
            "lock.acquire lock=1 seq=1",
            "once.begin once=1",
            "once.end once=1",
            "lock.release lock=1 seq=1",
            "once.pass once=1",
        ]
    );
}
