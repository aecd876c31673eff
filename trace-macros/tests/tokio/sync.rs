//! Semaphores, notifies and barriers.

use std::sync::Arc;

use peerscope::tokio::sync::{Barrier, Notify, Semaphore};
use peerscope::tokio::{self, select, task};

use crate::common::{marked, recorded};
use crate::{deeds, run};

#[test]
fn permits_are_taken_waited_for_and_given_back() {
    let trace = recorded(|| {
        run(async {
            let semaphore = Arc::new(Semaphore::named("slots", 3)); // line: made
            let two = semaphore.acquire_many(2).await.expect("it is open"); // line: two
            semaphore.try_acquire_many(2).expect_err("one is left");
            let other = tokio::spawn(semaphore.clone().acquire_many_owned(3));
            task::yield_now().await;
            drop(two);
            let mut owned = other.await.expect("it ends well").expect("it is open");
            let one = owned.split(1).expect("it has three");
            assert_eq!((one.num_permits(), owned.num_permits()), (1, 2));
            owned.forget();
            drop(one);
            semaphore.add_permits(1);
            let waits = tokio::spawn({
                let semaphore = semaphore.clone();
                async move { semaphore.acquire_many(3).await.is_err() }
            });
            task::yield_now().await;
            semaphore.close();
            assert!(waits.await.expect("it ends well"));
        });
    });
    let sem = |task: u64| deeds(&trace, task).into_iter().filter(|line| line.starts_with("sem.")).collect::<Vec<_>>();
    assert_eq!(
        sem(1),
        [
            "sem.new sem=1 name=slots permits=3",
            "sem.acquire sem=1 n=2",
            "sem.acquire sem=1 n=2 outcome=busy",
            "sem.release sem=1 n=2",
            "sem.release sem=1 n=1",
            "sem.release sem=1 n=1",
        ]
    );
    assert_eq!(sem(2), ["sem.wait sem=1 n=3", "sem.acquire sem=1 n=3"]);
    assert_eq!(sem(3), ["sem.wait sem=1 n=3", "sem.acquire sem=1 n=3 outcome=closed"]);
    let places: Vec<_> = trace.of_topic("sem").iter().map(|event| event.src().to_owned()).collect();
    assert_eq!(places[..2], ["made", "two"].map(|mark| marked(file!(), mark)));
}

#[test]
fn a_notify_that_comes_too_early_is_kept_and_one_to_all_is_not() {
    let trace = recorded(|| {
        run(async {
            let notify = Arc::new(Notify::named("changed"));
            notify.notify_one();
            notify.notified().await;
            // To all, but nobody waits: whoever comes now has missed it.
            notify.notify_waiters();
            let late = tokio::spawn({
                let notify = notify.clone();
                async move { notify.notified().await }
            });
            task::yield_now().await;
            select! {
                biased;
                () = notify.notified() => unreachable!("nobody notifies"),
                () = std::future::ready(()) => {}
            }
            notify.notify_waiters();
            late.await.expect("it ends well");
        });
    });
    let sem = |task: u64| deeds(&trace, task).into_iter().filter(|line| line.starts_with("sem.")).collect::<Vec<_>>();
    assert_eq!(
        sem(1),
        [
            "sem.new sem=1 name=changed permits=0",
            "sem.release sem=1 n=1",
            "sem.acquire sem=1 n=1",
            "sem.release sem=1 n=0",
            "sem.wait sem=1 n=1",
            "sem.acquire sem=1 n=1 outcome=cancelled",
            "sem.release sem=1 n=1",
        ]
    );
    assert_eq!(sem(2), ["sem.wait sem=1 n=1", "sem.acquire sem=1 n=1"]);
}

#[test]
fn a_barrier_counts_who_is_missing() {
    let trace = recorded(|| {
        run(async {
            let barrier = Arc::new(Barrier::named("round", 2));
            let other = tokio::spawn({
                let barrier = barrier.clone();
                async move { barrier.wait().await.is_leader() }
            });
            task::yield_now().await;
            let leads = barrier.wait().await.is_leader();
            assert!(leads ^ other.await.expect("it ends well"));
            let gone = tokio::spawn({
                let barrier = barrier.clone();
                async move { barrier.wait().await.is_leader() }
            });
            task::yield_now().await;
            gone.abort();
            gone.await.expect_err("it was aborted");
        });
    });
    let group =
        |task: u64| deeds(&trace, task).into_iter().filter(|line| line.starts_with("group.")).collect::<Vec<_>>();
    assert_eq!(
        group(2),
        [
            "group.new group=1 name=round n=2",
            "group.done group=1 now=1",
            "group.wait group=1 now=1",
            "group.pass group=1"
        ]
    );
    assert_eq!(group(1), ["group.done group=1 now=0", "group.add group=1 n=2 now=2", "group.pass group=1"]);
    assert_eq!(
        group(3),
        ["group.done group=1 now=1", "group.wait group=1 now=1", "group.pass group=1 outcome=cancelled"]
    );
}
