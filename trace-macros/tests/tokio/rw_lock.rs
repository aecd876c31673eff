//! The read-write lock that is awaited: who shares it, who excludes whom.

use std::sync::Arc;

use peerscope::tokio::sync::{OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use peerscope::tokio::{self, task};

use crate::common::recorded;
use crate::{deeds, run};

#[test]
fn readers_share_and_a_writer_waits_for_them() {
    let trace = recorded(|| {
        run(async {
            let lock = Arc::new(RwLock::named("table", 0));
            let one = lock.read().await;
            let other = lock.clone().read_owned().await;
            lock.try_write().expect_err("it is read");
            let writer = tokio::spawn({
                let lock = lock.clone();
                async move {
                    *lock.write().await += 1;
                }
            });
            task::yield_now().await;
            lock.try_read().expect_err("a writer waits, and is first");
            drop((one, other));
            writer.await.expect("it ends well");
            assert_eq!(*lock.read().await, 1);
        });
    });
    let main: Vec<_> = deeds(&trace, 1).into_iter().filter(|line| line.starts_with("lock.")).collect();
    assert_eq!(
        main,
        [
            "lock.new lock=1 name=table rw=true policy=fair",
            "lock.acquire lock=1 seq=1 mode=shared",
            "lock.acquire lock=1 seq=2 mode=shared",
            "lock.acquire lock=1 outcome=busy",
            "lock.acquire lock=1 outcome=busy mode=shared",
            "lock.release lock=1 seq=1 mode=shared",
            "lock.release lock=1 seq=2 mode=shared",
            "lock.acquire lock=1 seq=4 mode=shared",
            "lock.release lock=1 seq=4 mode=shared",
        ]
    );
    assert_eq!(
        deeds(&trace, 2),
        ["task.begin", "lock.wait lock=1", "lock.acquire lock=1 seq=3", "lock.release lock=1 seq=3", "task.end how=ok"]
    );
}

#[test]
fn guards_are_downgraded_and_mapped() {
    let trace = recorded(|| {
        run(async {
            let lock = Arc::new(RwLock::new((1, 2)));
            let write = lock.write().await;
            let read = RwLockReadGuard::map(write.downgrade(), |pair| &pair.0);
            assert_eq!(*read, 1);
            assert_eq!(lock.try_read().expect("it is shared now").1, 2);
            drop(read);
            let mut mapped = RwLockWriteGuard::map(lock.write().await, |pair| &mut pair.1);
            *mapped += 1;
            drop(mapped);
            let owned = lock.clone().try_write_owned().expect("it is free");
            let owned = OwnedRwLockWriteGuard::try_map(owned, |_| None::<&mut i32>).expect_err("it maps to nothing");
            assert_eq!(*owned.downgrade(), (1, 3));
        });
    });
    let kinds: Vec<_> = trace.of_topic("lock").iter().map(|event| event.says()).collect();
    assert_eq!(
        kinds,
        [
            "lock.new lock=1 name=RwLock<(i32, i32)> rw=true policy=fair",
            "lock.acquire lock=1 seq=1",
            "lock.downgrade lock=1 seq=2 mode=shared",
            "lock.acquire lock=1 seq=3 mode=shared",
            "lock.release lock=1 seq=3 mode=shared",
            "lock.release lock=1 seq=2 mode=shared",
            "lock.acquire lock=1 seq=4",
            "lock.release lock=1 seq=4",
            "lock.acquire lock=1 seq=5",
            "lock.downgrade lock=1 seq=6 mode=shared",
            "lock.release lock=1 seq=6 mode=shared",
        ]
    );
}
