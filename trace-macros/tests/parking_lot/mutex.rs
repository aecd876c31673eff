//! Mutexes: who waits, who holds, since which line; also where `lock_api` takes the lock by itself.

use std::sync::Arc;
use std::time::Duration;

use peerscope::parking_lot::{FairMutex, MappedMutexGuard, Mutex, MutexGuard, ReentrantMutex};
use peerscope::{dprintf, thread};
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, marked, recorded, until_recorded};

#[test]
fn a_free_lock_is_acquired_without_a_wait() {
    let trace = recorded(|| {
        let lock = Mutex::new(1_u64); // line: made
        *lock.lock() += 1; // line: first
        let guard = lock.lock(); // line: second
        dprintf!("holding {}", *guard);
        drop(guard);
        assert!(lock.try_lock().is_some()); // line: tried
        assert!(lock.try_lock_for(Duration::MAX).is_some()); // line: in time
    });
    assert_eq!(
        trace.lines(),
        [
            "lock.new lock=1 name=Mutex<u64>",
            "lock.acquire lock=1 seq=1",
            "lock.release lock=1 seq=1",
            "lock.acquire lock=1 seq=2",
            "log msg=holding {0} args={0: 2}",
            "lock.release lock=1 seq=2",
            "lock.acquire lock=1 seq=3",
            "lock.release lock=1 seq=3",
            "lock.acquire lock=1 seq=4",
            "lock.release lock=1 seq=4",
        ]
    );
    let places: Vec<_> = trace.of_topic("lock").iter().map(Event::src).collect();
    let expected = ["made", "first", "first", "second", "second", "tried", "tried", "in time", "in time"];
    assert_eq!(places, expected.map(|mark| marked(file!(), mark)), "the release carries the line of its acquire");
}

#[test]
fn a_wait_is_recorded_before_it_blocks() {
    let trace = recorded(|| {
        let lock = Arc::new(FairMutex::named("state", 0));
        let held = lock.lock();
        let waiter = {
            let lock = lock.clone();
            thread::spawn(move || *lock.lock() += 1) // line: waited
        };
        // The lock is only let go once the wait can be read: were it recorded afterwards, this would never end.
        until_recorded(Kind::LockWait);
        drop(held);
        waiter.join().expect("it ends well");
    });
    let waited = marked(file!(), "waited");
    let expected = ["lock.wait lock=1", "lock.acquire lock=1 seq=2", "lock.release lock=1 seq=2"];
    let story = trace.story(trace.children()[0], &["lock"]);
    assert_eq!(story, expected.map(|line| (line.to_owned(), waited.clone())));
}

#[test]
fn who_gives_up_says_so() {
    let trace = recorded(|| {
        let lock = Mutex::named("state", ());
        let _held = lock.lock();
        assert!(lock.try_lock().is_none());
        assert!(lock.try_lock_for(Duration::from_millis(1)).is_none());
    });
    assert_eq!(
        trace.lines_of("lock")[2..],
        [
            "lock.acquire lock=1 outcome=busy",
            "lock.wait lock=1",
            "lock.acquire lock=1 outcome=timeout",
            "lock.release lock=1 seq=1",
        ]
    );
}

#[test]
fn a_guard_that_is_mapped_holds_until_its_end() {
    let trace = recorded(|| {
        let lock = Mutex::named("pair", (1, 2));
        let mapped = MutexGuard::map(lock.lock(), |pair| &mut pair.1);
        let mapped = MappedMutexGuard::map(mapped, |number| number);
        dprintf!("{}", *mapped);
        MappedMutexGuard::unlock_fair(mapped);
        dprintf!("{}", lock.is_locked());
    });
    assert_eq!(
        trace.lines()[1..],
        [
            "lock.acquire lock=1 seq=1",
            "log msg={0} args={0: 2}",
            "lock.release lock=1 seq=1",
            "log msg={0} args={0: false}",
        ]
    );
}

#[test]
fn what_is_let_go_for_a_while_is_taken_again_by_the_same_line() {
    let trace = recorded(|| {
        let (lock, other) = (Mutex::named("state", ()), Mutex::named("other", ()));
        let mut guard = lock.lock(); // line: taken
        MutexGuard::unlocked(&mut guard, || drop(other.lock()));
        MutexGuard::bump(&mut guard); // line: bumped
        drop(guard);
    });
    let (taken, bumped) = (marked(file!(), "taken"), marked(file!(), "bumped"));
    let of_state = trace.of_topic("lock").into_iter().filter(|event| event.field::<u64>("lock") == Some(1));
    let told: Vec<_> = of_state.skip(1).map(|event| (event.says(), event.src())).collect();
    assert_eq!(
        told,
        [
            ("lock.acquire lock=1 seq=1".to_owned(), &taken[..]),
            ("lock.release lock=1 seq=1".to_owned(), &taken[..]),
            ("lock.acquire lock=1 seq=2".to_owned(), &taken[..]),
            ("lock.release lock=1 seq=2".to_owned(), &taken[..]),
            ("lock.acquire lock=1 seq=3".to_owned(), &bumped[..]),
            ("lock.release lock=1 seq=3".to_owned(), &bumped[..]),
        ]
    );
}

#[test]
fn a_re_entrant_mutex_is_held_from_the_first_line_to_the_last() {
    let trace = recorded(|| {
        let lock = ReentrantMutex::new(7); // line: re-entrant
        let first = lock.lock(); // line: outer
        let second = lock.lock();
        drop(first);
        dprintf!("{}", *second);
    });
    let told: Vec<_> = trace.of_topic("lock").iter().map(|event| (event.says(), event.src())).collect();
    let (made, outer) = (marked(file!(), "re-entrant"), marked(file!(), "outer"));
    assert_eq!(
        told,
        [
            ("lock.new lock=1 name=ReentrantMutex<i32>".to_owned(), &made[..]),
            ("lock.acquire lock=1 seq=1".to_owned(), &outer[..]),
            ("lock.release lock=1 seq=1".to_owned(), &outer[..]),
        ]
    );
    assert!(trace.lines().last().is_some_and(|line| line.starts_with("lock.release")), "held while it said its word");
}
