//! One-time initialisation: who does it, who waits for it, who finds it done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use peerscope::sync::{LazyLock, Once, OnceLock};
use peerscope::{dprintf, thread};
use peerscope_format::vocabulary::Kind;

use crate::common::{Stage, Trace, eventually, marked, recorded, until_recorded};

#[test]
fn the_first_does_it_and_the_others_find_it_done() {
    let trace = recorded(|| {
        let once = Once::named("setup"); // line: made
        once.call_once(|| dprintf!("setting up")); // line: does
        once.call_once(|| unreachable!("it is done")); // line: finds
        once.call_once(|| unreachable!("it is done"));
        assert!(once.is_completed());
        thread::spawn(move || once.wait()).join().expect("it ends well");
    });
    let main = trace.the(Kind::OnceBegin).task();
    let lines = [
        ("lock.new lock=1 name=setup", "made"),
        ("lock.acquire lock=1 seq=1", "does"),
        ("once.begin once=1", "does"),
        ("log msg=setting up", "does"),
        ("once.end once=1", "does"),
        ("lock.release lock=1 seq=1", "does"),
        ("once.pass once=1", "finds"),
    ];
    assert_eq!(
        trace.story(main, &["lock", "log", "once"]),
        lines.map(|(line, mark)| (line.to_owned(), marked(file!(), mark))),
        "that it is done is said once a task"
    );
    assert_eq!(trace.lines_of("once")[3..], ["once.pass once=1"], "and of each task");
}

#[test]
fn who_comes_meanwhile_waits_for_whoever_does_it() {
    static CONFIG: OnceLock<String> = OnceLock::new(); // line: config
    let trace = recorded(|| {
        let first = thread::spawn(|| {
            let init = || {
                until_recorded(Kind::LockWait);
                "ready".into()
            };
            CONFIG.get_or_init(init); // line: initialises
        });
        until_recorded(Kind::OnceBegin);
        assert_eq!(CONFIG.get_or_init(|| unreachable!("another does it")), "ready"); // line: waits
        first.join().expect("it ends well");
    });
    let initialises = [
        ("lock.new lock=1 name=OnceLock<String>", "config"),
        ("lock.acquire lock=1 seq=1", "initialises"),
        ("once.begin once=1", "initialises"),
        ("once.end once=1", "initialises"),
        ("lock.release lock=1 seq=1", "initialises"),
    ];
    let expected = |lines: &[(&str, &str)]| -> Vec<_> {
        lines.iter().map(|(line, mark)| ((*line).to_owned(), marked(file!(), mark))).collect()
    };
    assert_eq!(trace.story(trace.children()[0], &["lock", "once"]), expected(&initialises));
    let waits = [("lock.wait lock=1", "waits"), ("once.pass once=1", "waits")];
    assert_eq!(trace.story(trace.the(Kind::OncePass).task(), &["lock", "once"]), expected(&waits));
}

#[test]
fn an_initialiser_that_panics_leaves_a_once_poisoned_and_a_cell_empty() {
    let trace = recorded(|| {
        let once = Once::new();
        assert!(catch_unwind(|| once.call_once(|| panic!("no luck"))).is_err());
        assert!(catch_unwind(|| once.call_once(|| ())).is_err(), "it is poisoned");
        once.call_once_force(|state| assert!(state.is_poisoned()));
        let cell = OnceLock::named("cell");
        assert!(catch_unwind(AssertUnwindSafe(|| *cell.get_or_init(|| panic!("no luck")))).is_err());
        assert_eq!(cell.get(), None);
        assert_eq!(cell.set(7), Ok(()));
        assert_eq!(cell.set(8), Err(8));
        let lazy = LazyLock::<u32>::new(|| panic!("no luck"));
        for _ in 0..3 {
            assert!(catch_unwind(AssertUnwindSafe(|| *lazy)).is_err(), "it stays poisoned");
        }
    });
    assert_eq!(
        trace.lines_of("once"),
        [
            "once.begin once=1",
            "once.end once=1 outcome=poisoned",
            "once.begin once=1",
            "once.end once=1",
            "once.begin once=2",
            "once.end once=2 outcome=cancelled",
            "once.begin once=2",
            "once.end once=2",
            "once.pass once=2",
            "once.begin once=3",
            "once.end once=3 outcome=poisoned",
        ]
    );
    assert_eq!(trace.count(Kind::LockWait), 0, "nobody had to wait");
    assert_eq!(trace.count(Kind::LockAcquire), trace.count(Kind::LockRelease));
}

#[test]
fn a_lazy_value_is_made_where_it_is_first_used() {
    static TABLE: LazyLock<Vec<u32>> = LazyLock::named("table", || vec![1, 2, 3]);
    let trace = recorded(|| {
        assert_eq!(LazyLock::get(&TABLE), None);
        let sum = TABLE.iter().sum::<u32>(); // line: first use
        assert_eq!(sum + TABLE[0], 7); // line: second use
    });
    let places: Vec<_> = trace.of_topic("once").iter().map(|event| (event.says(), event.src().to_owned())).collect();
    let expected =
        [("once.begin once=1", "first use"), ("once.end once=1", "first use"), ("once.pass once=1", "second use")];
    assert_eq!(places, expected.map(|(line, mark)| (line.to_owned(), marked(file!(), mark))));
}

#[test]
fn an_initialiser_that_needs_itself_is_seen_to_wait_for_itself() {
    static CELL: OnceLock<u32> = OnceLock::named("cell");
    let stage = Stage::new(|| {
        CELL.get_or_init(|| *CELL.get_or_init(|| 7));
    });
    let actor = stage.start();
    let path = stage.trace_file();
    eventually("the wait", || (Trace::try_of(&path).ok()?.count(Kind::LockWait) > 0).then_some(()));
    actor.kill();
    assert_eq!(
        Trace::of(&path).lines(),
        ["lock.new lock=1 name=cell", "lock.acquire lock=1 seq=1", "once.begin once=1", "lock.wait lock=1"]
    );
}

#[test]
fn what_is_awaited_before_anybody_does_it_is_a_wait_as_well() {
    let trace = recorded(|| {
        let cell = Arc::new(OnceLock::new());
        let waiter = {
            let cell = cell.clone();
            thread::spawn(move || *cell.wait())
        };
        until_recorded(Kind::LockWait);
        assert_eq!(cell.set(7), Ok(()));
        assert_eq!(waiter.join().expect("it ends well"), 7);
    });
    let told: Vec<_> = trace.story(trace.children()[0], &["lock", "once"]).into_iter().map(|(line, _)| line).collect();
    assert_eq!(told, ["lock.new lock=1 name=OnceLock<i32>", "lock.wait lock=1", "once.pass once=1"]);
}

#[test]
fn what_was_done_before_the_recording_is_found_done() {
    let stage = Stage::new(|| {
        let lazy = LazyLock::new(|| 7);
        assert_eq!(*lazy, 7);
        peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
        assert_eq!(*lazy, 7);
    })
    .untraced();
    assert!(stage.run().status.success());
    assert_eq!(Trace::of(&stage.trace_file()).lines(), ["lock.new lock=1 name=LazyLock<i32>", "once.pass once=1"]);
}
