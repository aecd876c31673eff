//! The tracked read-write lock: who shares it, who has it alone, who waits for whom.

use std::sync::Arc;

use peerscope::sync::{RwLock, RwLockWriteGuard};
use peerscope::thread;
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, Stage, Trace, marked, recorded, until_recorded, until_recorded_times};

#[test]
fn readers_share_it_and_a_writer_has_it_alone() {
    let trace = recorded(|| {
        let lock = RwLock::named("state", 1); // line: made
        {
            let one = lock.read().expect("nobody panics"); // line: one
            let other = lock.read().expect("nobody panics"); // line: other
            assert!(lock.try_write().is_err()); // line: refused
            drop(one);
            drop(other);
        }
        *lock.write().expect("nobody panics") += 1; // line: write
        {
            let _alone = lock.try_write().expect("it is free"); // line: alone
            assert!(lock.try_read().is_err()); // line: read refused
        }
        assert_eq!(*lock.try_read().expect("it is free"), 2); // line: try read
    });
    let policy = if cfg!(target_os = "linux") { "writer-first" } else { "unknown" };
    let lines: Vec<_> = trace.of_topic("lock").iter().map(|event| (event.says(), event.src().to_owned())).collect();
    let expected = [
        (format!("lock.new lock=1 name=state rw=true policy={policy}"), "made"),
        ("lock.acquire lock=1 seq=1 mode=shared".into(), "one"),
        ("lock.acquire lock=1 seq=2 mode=shared".into(), "other"),
        ("lock.acquire lock=1 outcome=busy".into(), "refused"),
        ("lock.release lock=1 seq=1 mode=shared".into(), "one"),
        ("lock.release lock=1 seq=2 mode=shared".into(), "other"),
        ("lock.acquire lock=1 seq=3".into(), "write"),
        ("lock.release lock=1 seq=3".into(), "write"),
        ("lock.acquire lock=1 seq=4".into(), "alone"),
        ("lock.acquire lock=1 outcome=busy mode=shared".into(), "read refused"),
        ("lock.release lock=1 seq=4".into(), "alone"),
        ("lock.acquire lock=1 seq=5 mode=shared".into(), "try read"),
        ("lock.release lock=1 seq=5 mode=shared".into(), "try read"),
    ];
    assert_eq!(lines, expected.map(|(line, mark)| (line, marked(file!(), mark))));
}

#[test]
fn a_writer_waits_for_readers_and_a_reader_for_the_writer() {
    let trace = recorded(|| {
        let lock = Arc::new(RwLock::new(0));
        let reads = lock.read().expect("nobody panics");
        let writer = {
            let lock = lock.clone();
            thread::spawn(move || {
                let mut writes = lock.write().expect("nobody panics");
                let reader = {
                    let lock = lock.clone();
                    thread::spawn(move || *lock.read().expect("nobody panics"))
                };
                // Two waits are recorded before either lock is let go.
                until_recorded_times(Kind::LockWait, 2);
                *writes = 7;
                drop(writes);
                reader.join().expect("it ends well")
            })
        };
        until_recorded(Kind::LockWait);
        drop(reads);
        assert_eq!(writer.join().expect("it ends well"), 7);
    });
    let of = |task: u64| -> Vec<_> {
        trace.of_topic("lock").iter().filter(|event| event.task() == task).map(Event::says).collect()
    };
    assert_eq!(of(trace.children()[0]), ["lock.wait lock=1", "lock.acquire lock=1 seq=2", "lock.release lock=1 seq=2"]);
    let reader = ["lock.wait lock=1", "lock.acquire lock=1 seq=3", "lock.release lock=1 seq=3"];
    assert_eq!(of(trace.children()[1]), reader.map(|line| format!("{line} mode=shared")));
}

#[test]
fn a_writer_that_downgrades_goes_on_as_a_reader() {
    let trace = recorded(|| {
        let lock = RwLock::new(1);
        let mut writes = lock.write().expect("nobody panics"); // line: writes
        *writes = 2;
        let reads = RwLockWriteGuard::downgrade(writes); // line: downgrades
        let other = lock.read().expect("a reader shares it now"); // line: joins
        assert_eq!((*reads, *other), (2, 2));
        drop(reads);
        drop(other);
        drop(lock.write());
    });
    let lines: Vec<_> = trace.of_topic("lock").iter().map(|event| (event.says(), event.src().to_owned())).collect();
    let expected = [
        ("lock.acquire lock=1 seq=1", "writes"),
        ("lock.downgrade lock=1 seq=2 mode=shared", "downgrades"),
        ("lock.acquire lock=1 seq=3 mode=shared", "joins"),
        ("lock.release lock=1 seq=2 mode=shared", "downgrades"),
        ("lock.release lock=1 seq=3 mode=shared", "joins"),
    ];
    assert_eq!(lines[1..6], expected.map(|(line, mark)| (line.to_owned(), marked(file!(), mark))));
    assert_eq!(lines[6].0, "lock.acquire lock=1 seq=4", "the downgrade has a number, its release is the last");
}

#[test]
fn a_writer_that_panics_poisons_it_and_a_reader_does_not() {
    let trace = recorded(|| {
        let lock = Arc::new(RwLock::new(7));
        let panics = |lock: Arc<RwLock<i32>>, writes: bool| {
            let result = thread::spawn(move || {
                let _writes = writes.then(|| lock.write().expect("nobody has panicked yet"));
                let _reads = (!writes).then(|| lock.read().expect("nobody has panicked yet"));
                panic!("while holding");
            });
            assert!(result.join().is_err());
        };
        panics(lock.clone(), false);
        assert!(!lock.is_poisoned());
        panics(lock.clone(), true);
        assert_eq!(*lock.read().expect_err("it is poisoned").into_inner(), 7);
        assert_eq!(*lock.write().expect_err("it is poisoned").into_inner(), 7);
        assert!(lock.try_read().is_err() && lock.try_write().is_err());
        lock.clear_poison();
        drop(lock.read().expect("it is healed"));
    });
    assert_eq!(
        trace.lines_of("lock")[1..],
        [
            "lock.acquire lock=1 seq=1 mode=shared",
            "lock.release lock=1 seq=1 mode=shared",
            "lock.acquire lock=1 seq=2",
            "lock.release lock=1 seq=2",
            "lock.acquire lock=1 seq=3 outcome=poisoned mode=shared",
            "lock.release lock=1 seq=3 mode=shared",
            "lock.acquire lock=1 seq=4 outcome=poisoned",
            "lock.release lock=1 seq=4",
            "lock.acquire lock=1 seq=5 outcome=poisoned mode=shared",
            "lock.release lock=1 seq=5 mode=shared",
            "lock.acquire lock=1 seq=6 outcome=poisoned",
            "lock.release lock=1 seq=6",
            "lock.acquire lock=1 seq=7 mode=shared",
            "lock.release lock=1 seq=7 mode=shared",
        ]
    );
}

#[test]
fn what_was_held_before_the_recording_is_neither_downgraded_nor_released() {
    let stage = Stage::new(|| {
        let lock = RwLock::new(());
        let before = lock.write().expect("nobody panics");
        peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
        drop(RwLockWriteGuard::downgrade(before));
        drop(lock.read());
    })
    .untraced();
    assert!(stage.run().status.success());
    assert_eq!(
        Trace::of(&stage.trace_file()).lines_of("lock")[1..],
        ["lock.acquire lock=1 seq=3 mode=shared", "lock.release lock=1 seq=3 mode=shared"]
    );
}
