//! Read-write locks: shared, exclusive and upgradable holds, and how one becomes the other.

use std::sync::Arc;
use std::time::Duration;

use peerscope::parking_lot::{RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard};
use peerscope::thread;
use peerscope_format::vocabulary::Kind;

use crate::common::{marked, recorded, until_recorded};

const SOON: Duration = Duration::from_millis(1);

#[test]
fn shared_holds_end_each_by_its_own_number_and_line() {
    let trace = recorded(|| {
        let lock = RwLock::new(()); // line: made
        let one = lock.read(); // line: one
        let two = lock.read_recursive(); // line: two
        assert!(lock.try_write().is_none()); // line: write
        drop(one);
        drop(two);
        RwLockWriteGuard::unlock_fair(lock.write()); // line: writes
    });
    let told: Vec<_> = trace.of_topic("lock").iter().map(|event| (event.says(), event.src())).collect();
    let lines = ["made", "one", "two", "write", "two", "one", "writes", "writes"].map(|mark| marked(file!(), mark));
    let says = [
        "lock.new lock=1 name=RwLock<()> rw=true policy=fair",
        "lock.acquire lock=1 seq=1 mode=shared",
        "lock.acquire lock=1 seq=2 mode=shared",
        "lock.acquire lock=1 outcome=busy",
        // A raw lock is not told which of the holds of one thread ends: the youngest, as guards mostly do.
        "lock.release lock=1 seq=2 mode=shared",
        "lock.release lock=1 seq=1 mode=shared",
        "lock.acquire lock=1 seq=3",
        "lock.release lock=1 seq=3",
    ];
    let expected: Vec<_> = says.map(str::to_owned).into_iter().zip(lines.iter().map(String::as_str)).collect();
    assert_eq!(told, expected);
}

#[test]
fn readers_of_several_threads_are_told_apart() {
    let trace = recorded(|| {
        let lock = Arc::new(RwLock::named("state", ()));
        let held = lock.read();
        let other = {
            let lock = lock.clone();
            thread::spawn(move || drop(lock.read()))
        };
        other.join().expect("it ends well");
        drop(held);
    });
    let story: Vec<_> = trace.story(trace.children()[0], &["lock"]).into_iter().map(|(line, _)| line).collect();
    assert_eq!(story, ["lock.acquire lock=1 seq=2 mode=shared", "lock.release lock=1 seq=2 mode=shared"]);
    assert_eq!(trace.lines_of("lock").last().map(String::as_str), Some("lock.release lock=1 seq=1 mode=shared"));
}

#[test]
fn an_upgradable_hold_becomes_exclusive_and_comes_back() {
    let trace = recorded(|| {
        let lock = RwLock::named("state", 1);
        let mut upgradable = lock.upgradable_read();
        let reads = lock.read();
        assert!(upgradable.try_with_upgraded(|value| *value += 1).is_none());
        assert!(upgradable.try_with_upgraded_for(SOON, |value| *value += 1).is_none());
        assert!(lock.try_upgradable_read().is_none());
        drop(reads);
        let writes = RwLockUpgradableReadGuard::upgrade(upgradable); // line: upgrade
        let upgradable = RwLockWriteGuard::downgrade_to_upgradable(writes);
        RwLockReadGuard::unlock_fair(RwLockUpgradableReadGuard::downgrade(upgradable));
        drop(RwLockWriteGuard::downgrade(lock.write()));
    });
    assert_eq!(
        trace.lines_of("lock"),
        [
            "lock.new lock=1 name=state rw=true policy=fair",
            "lock.acquire lock=1 seq=1 mode=upgradable",
            "lock.acquire lock=1 seq=2 mode=shared",
            "lock.upgrade lock=1 outcome=busy",
            "lock.wait lock=1",
            "lock.upgrade lock=1 outcome=timeout",
            "lock.acquire lock=1 outcome=busy mode=upgradable",
            "lock.release lock=1 seq=2 mode=shared",
            "lock.upgrade lock=1 seq=3 mode=exclusive",
            "lock.downgrade lock=1 seq=4 mode=upgradable",
            "lock.downgrade lock=1 seq=5 mode=shared",
            "lock.release lock=1 seq=5 mode=shared",
            "lock.acquire lock=1 seq=6",
            "lock.downgrade lock=1 seq=7 mode=shared",
            "lock.release lock=1 seq=7 mode=shared",
        ]
    );
    let upgrade = trace.of_topic("lock")[8];
    assert_eq!(upgrade.src(), marked(file!(), "upgrade"));
}

#[test]
fn an_upgrade_waits_for_readers() {
    let trace = recorded(|| {
        let lock = Arc::new(RwLock::named("state", 1));
        let reads = lock.read();
        let upgrades = {
            let lock = lock.clone();
            thread::spawn(move || *RwLockUpgradableReadGuard::upgrade(lock.upgradable_read()) += 1) // line: upgrades
        };
        until_recorded(Kind::LockWait);
        drop(reads);
        upgrades.join().expect("it ends well");
    });
    let expected = [
        "lock.acquire lock=1 seq=2 mode=upgradable",
        "lock.wait lock=1",
        "lock.upgrade lock=1 seq=3 mode=exclusive",
        "lock.release lock=1 seq=3",
    ];
    let upgrades = marked(file!(), "upgrades");
    let story = trace.story(trace.children()[0], &["lock"]);
    assert_eq!(story, expected.map(|line| (line.to_owned(), upgrades.clone())));
}

#[test]
fn of_many_shared_holds_those_are_recorded_that_can_be_kept() {
    let trace = recorded(|| {
        let lock = RwLock::named("state", ());
        let many: Vec<_> = (0..100).map(|_| lock.read()).collect();
        drop(many);
        drop(lock.read());
    });
    assert_eq!((trace.count(Kind::LockAcquire), trace.count(Kind::LockRelease)), (33, 33));
    assert_eq!(trace.lines_of("lock").last().map(String::as_str), Some("lock.release lock=1 seq=101 mode=shared"));
}
