//! The mutex that is awaited: who waits, who holds, who gave up.

use std::sync::Arc;
use std::time::Duration;

use peerscope::tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};
use peerscope::tokio::{self, select, task};
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, marked, recorded};
use crate::{deeds, run};

#[test]
fn a_free_lock_is_acquired_without_a_wait() {
    let trace = recorded(|| {
        run(async {
            let lock = Mutex::new(1); // line: made
            *lock.lock().await += 1; // line: locked
            *lock.try_lock().expect("it is free") += 1; // line: tried
            assert_eq!(lock.into_inner(), 3);
        });
    });
    let lines: Vec<_> = trace.of_topic("lock").iter().map(|event| (event.says(), event.src().to_owned())).collect();
    let expected = [
        ("lock.new lock=1 name=Mutex<i32>", "made"),
        ("lock.acquire lock=1 seq=1", "locked"),
        ("lock.release lock=1 seq=1", "locked"),
        ("lock.acquire lock=1 seq=2", "tried"),
        ("lock.release lock=1 seq=2", "tried"),
    ];
    assert_eq!(lines, expected.map(|(line, mark)| (line.to_owned(), marked(file!(), mark))));
}

#[test]
fn a_wait_begins_when_the_lock_is_found_taken_and_ends_when_it_is_got() {
    let trace = recorded(|| {
        run(async {
            let lock = Arc::new(Mutex::named("state", 0));
            let held = lock.lock().await;
            let waiter = tokio::spawn({
                let lock = lock.clone();
                async move {
                    *lock.lock().await += 1; // line: waited
                }
            });
            task::yield_now().await;
            drop(held);
            waiter.await.expect("it ends well");
        });
    });
    let waiter: Vec<_> = trace.events().into_iter().filter(|event| event.task() == 2).collect();
    assert_eq!(
        waiter.iter().map(Event::says).collect::<Vec<_>>(),
        [
            "task.begin",
            "task.poll by=1 seq=1",
            "lock.wait lock=1",
            "task.pend",
            "task.wake by=1",
            "task.poll by=1 seq=2",
            "lock.acquire lock=1 seq=2",
            "lock.release lock=1 seq=2",
            "task.end how=ok",
        ]
    );
    let waited = marked(file!(), "waited");
    assert!(waiter.iter().filter(|event| event.kind().topic() == "lock").all(|event| event.src() == waited));
}

#[test]
fn who_loses_a_select_gives_up_its_place() {
    let trace = recorded(|| {
        run(async {
            let lock = Mutex::new(());
            let held = lock.lock().await;
            select! {
                biased;
                _ = lock.lock() => unreachable!("it is held"), // line: lost
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            // The one that gave up is not in the queue any more.
            drop(held);
            drop(lock.try_lock().expect("it is free"));
            // One that was never polled did not wait.
            drop(lock.lock());
        });
    });
    assert_eq!(
        trace.lines_of("lock"),
        [
            "lock.new lock=1 name=Mutex<()>",
            "lock.acquire lock=1 seq=1",
            "lock.wait lock=1",
            "lock.acquire lock=1 outcome=cancelled",
            "lock.release lock=1 seq=1",
            "lock.acquire lock=1 seq=2",
            "lock.release lock=1 seq=2",
        ]
    );
    let cancelled = trace.of_topic("lock")[3].src().to_owned();
    assert_eq!(cancelled, marked(file!(), "lost"));
}

#[test]
fn an_abort_ends_wait_and_hold_in_the_name_of_the_aborted() {
    let trace = recorded(|| {
        run(async {
            let (one, other) = (Arc::new(Mutex::named("one", ())), Arc::new(Mutex::named("other", ())));
            let held = other.lock().await;
            let child = tokio::spawn({
                let (one, other) = (one.clone(), other.clone());
                async move {
                    let _one = one.lock().await;
                    let _other = other.lock().await;
                }
            });
            task::yield_now().await;
            child.abort();
            child.await.expect_err("it was aborted");
            drop(held);
            drop(one.try_lock().expect("it is free"));
        });
    });
    assert_eq!(
        deeds(&trace, 2),
        [
            "task.begin",
            "lock.new lock=2 name=one",
            "lock.acquire lock=2 seq=1",
            "lock.wait lock=1",
            "lock.acquire lock=1 outcome=cancelled",
            "lock.release lock=2 seq=1",
            "task.end how=cancelled",
        ]
    );
}

#[test]
fn guards_are_owned_mapped_and_dropped_by_others() {
    let trace = recorded(|| {
        run(async {
            let lock = Arc::new(Mutex::new((1, String::from("text"))));
            let owned = lock.clone().lock_owned().await; // line: owned
            assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&owned), &lock));
            lock.clone().try_lock_owned().expect_err("it is held");
            let mapped = OwnedMutexGuard::map(owned, |pair| &mut pair.1);
            let other = tokio::spawn(async move { mapped.len() });
            assert_eq!(other.await.expect("it ends well"), 4);
            let guard = lock.lock().await;
            let guard = MutexGuard::try_map(guard, |_| None::<&mut i32>).expect_err("it maps to nothing");
            *MutexGuard::map(guard, |pair| &mut pair.0) += 1;
            assert_eq!(lock.try_lock().expect("it is free").0, 2);
        });
    });
    let lines: Vec<_> = trace.of_topic("lock").iter().map(|event| (event.task(), event.says())).collect();
    let expected = [
        (1, "lock.new lock=1 name=Mutex<(i32, String)>"),
        (1, "lock.acquire lock=1 seq=1"),
        (1, "lock.acquire lock=1 outcome=busy"),
        (2, "lock.release lock=1 seq=1"),
        (1, "lock.acquire lock=1 seq=2"),
        (1, "lock.release lock=1 seq=2"),
        (1, "lock.acquire lock=1 seq=3"),
        (1, "lock.release lock=1 seq=3"),
    ];
    assert_eq!(lines, expected.map(|(task, line)| (task, line.to_owned())));
    let release = trace.of_topic("lock").into_iter().find(|event| event.kind() == Kind::LockRelease);
    assert_eq!(release.expect("a release").src(), marked(file!(), "owned"));
}

#[test]
fn the_last_owner_may_be_the_guard() {
    let trace = recorded(|| {
        run(async {
            let guard = Arc::new(Mutex::new(String::from("text"))).lock_owned().await;
            drop(guard);
            // A future that is dropped while it waits, when all other owners are gone.
            let lock = Arc::new(Mutex::new(String::from("text")));
            let held = lock.clone().lock_owned().await;
            let mut waits = Box::pin(lock.lock_owned());
            select! {
                biased;
                _ = &mut waits => unreachable!("it is held"),
                () = std::future::ready(()) => {}
            }
            drop(held);
            drop(waits);
        });
    });
    assert_eq!(trace.count(Kind::LockAcquire), 3);
    assert_eq!(trace.count(Kind::LockRelease), 2);
}

#[test]
fn a_thread_may_block_on_it_but_no_task() {
    let trace = recorded(|| {
        let lock = Arc::new(Mutex::new(0));
        *lock.blocking_lock() += 1;
        *lock.clone().blocking_lock_owned() += 1;
        let block_in_a_task = std::panic::AssertUnwindSafe(|| run(async { drop(lock.blocking_lock()) }));
        let in_a_task = std::panic::catch_unwind(block_in_a_task);
        assert!(in_a_task.is_err(), "as the original, it panics even where the lock is free");
        let held = lock.try_lock().expect("it is free");
        let waiter = peerscope::thread::spawn({
            let lock = lock.clone();
            move || *lock.blocking_lock()
        });
        crate::common::until_recorded(Kind::LockWait);
        drop(held);
        assert_eq!(waiter.join().expect("it ends well"), 2);
    });
    let waiter = trace.the(Kind::LockWait).task();
    assert_eq!(
        deeds(&trace, waiter)[1..4],
        ["lock.wait lock=1", "lock.acquire lock=1 seq=4", "lock.release lock=1 seq=4"]
    );
}

#[test]
fn who_only_gives_others_their_turn_waits_for_nothing() {
    let trace = recorded(|| {
        run(async {
            let work = tokio::spawn(async {
                let lock = Mutex::new(0);
                for _ in 0..1000 {
                    *lock.lock().await += 1;
                }
            });
            work.await.expect("it ends well");
        });
    });
    assert_eq!((trace.count(Kind::LockAcquire), trace.count(Kind::LockWait)), (1000, 0));
    assert!(trace.count(Kind::TaskPend) > 0, "tokio lets no task take so many locks at once");
}
