//! Threads as tasks: who started whom, who waited for whose end, how each ended.

use std::collections::{BTreeMap, BTreeSet};

use peerscope::{Peer, Test, dprintf, term, thread};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::{Body, Kind};

use crate::common::{Event, Trace, marked, recorded};

/// What task `task` says.
fn task_lines(trace: &Trace, task: u64) -> Vec<String> {
    trace.events().iter().filter(|event| event.task() == task).map(Event::says).collect()
}

#[test]
fn a_thread_is_announced_begins_ends_and_is_joined() {
    let trace = recorded(|| {
        dprintf!("main");
        let builder = thread::Builder::new().name("ticker".into()).stack_size(1 << 20);
        let named = builder.spawn(|| dprintf!("tick")).expect("a thread"); // line: named
        named.join().expect("it ends well"); // line: joined
        let unnamed = thread::spawn(|| 7); // line: unnamed
        assert_eq!(unnamed.join().expect("it ends well"), 7);
    });
    let main = trace.of_topic("task")[0].task();
    let main_lines = task_lines(&trace, main);
    assert_eq!(
        main_lines[1..],
        [
            "log msg=main",
            "task.spawn child=2 name=ticker",
            "task.join child=2",
            "task.joined child=2",
            "task.spawn child=3",
            "task.join child=3",
            "task.joined child=3",
            "task.end",
        ]
    );
    assert_eq!(task_lines(&trace, 2), ["task.begin name=ticker", "log msg=tick", "task.end how=ok"]);
    assert_eq!(task_lines(&trace, 3), ["task.begin", "task.end how=ok"]);

    // The edges are edges of time as well: announced before it begins, joined after it ended.
    let when = |kind: Kind, task: u64| {
        let all = trace.events();
        let found = all
            .iter()
            .find(|event| event.kind() == kind && (event.task() == task || event.field("child") == Some(task)));
        found.unwrap_or_else(|| panic!("{} of {task}", kind.name())).ticks
    };
    assert!(when(Kind::TaskSpawn, 2) <= when(Kind::TaskBegin, 2));
    assert!(when(Kind::TaskEnd, 2) <= when(Kind::TaskJoined, 2));

    let place = |kind: Kind, child: u64| {
        let all = trace.events();
        all.iter()
            .find(|event| event.kind() == kind && (event.field("child") == Some(child) || event.task() == child))
            .map(Event::src)
    };
    assert_eq!(place(Kind::TaskSpawn, 2), Some(&*marked(file!(), "named")));
    assert_eq!(place(Kind::TaskSpawn, 3), Some(&*marked(file!(), "unnamed")));
    assert_eq!(place(Kind::TaskJoin, 2), Some(&*marked(file!(), "joined")));
    assert_eq!(place(Kind::TaskJoined, 2), Some(&*marked(file!(), "joined")));
    assert_eq!(place(Kind::TaskBegin, 3), Some(&*marked(file!(), "unnamed")), "a task begins where it was spawned");
    assert_eq!(place(Kind::TaskEnd, 3), Some(&*marked(file!(), "unnamed")));
}

#[test]
fn a_panic_is_the_end_of_its_task_and_passed_on() {
    let trace = recorded(|| {
        let texts: [fn(); 4] = [
            || panic!("a plain text"),
            || panic!("number {}", 7),
            || std::panic::panic_any(7),
            || std::panic::resume_unwind(Box::new("resumed")),
        ];
        for panics in texts {
            let payload = thread::spawn(panics).join().expect_err("it panicked");
            assert!(
                payload.is::<&str>() || payload.is::<String>() || payload.is::<i32>(),
                "the payload is the original"
            );
        }
    });
    let ends: Vec<_> = trace.lines_of("task").into_iter().filter(|line| line.starts_with("task.end how")).collect();
    assert_eq!(
        ends,
        [
            "task.end how=panic: a plain text",
            "task.end how=panic: number 7",
            "task.end how=panic: (no message)",
            "task.end how=panic: resumed"
        ]
    );
    assert_eq!(trace.count(Kind::TaskJoined), 4);
}

#[test]
fn a_thread_inherits_test_peer_and_term() {
    let trace = recorded(|| {
        let test = Test::begin("inherit");
        let peer = Peer::new(5);
        term!(peer, 3);
        {
            let _in = peer.enter();
            let child = thread::spawn(|| {
                dprintf!("child");
                thread::spawn(|| dprintf!("grandchild")).join().expect("it ends well");
            });
            child.join().expect("it ends well");
            term!(peer, 4);
            // It inherits the peer, not a copy: the current term is the peer's.
            thread::spawn(|| dprintf!("later")).join().expect("it ends well");
        }
        thread::spawn(|| dprintf!("of the test alone")).join().expect("it ends well");
        test.end(Ok(()));
    });
    let heads: Vec<_> = trace.of_topic("log").iter().map(|event| (event.says(), event.whose(), event.term)).collect();
    let expected = [
        ("log msg=child", "inherit//5.0", Some(3)),
        ("log msg=grandchild", "inherit//5.0", Some(3)),
        ("log msg=later", "inherit//5.0", Some(4)),
        ("log msg=of the test alone", "inherit//", None),
    ];
    assert_eq!(heads, expected.map(|(line, whose, term)| (line.to_owned(), whose.to_owned(), term)));
    let ends: Vec<_> = trace
        .events()
        .iter()
        .filter(|event| event.kind() == Kind::TaskEnd && !event.is_frame())
        .map(Event::whose)
        .collect();
    assert_eq!(ends.len(), 4);
    assert!(ends.iter().all(|whose| whose.starts_with("inherit//")), "{ends:?}");
}

#[test]
fn a_thread_that_is_not_ours_is_a_task_when_it_first_speaks() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        let builder = std::thread::Builder::new().name("library".into());
        let thread = builder.spawn(move || {
            dprintf!("first word");
            let _in = peer.enter();
            dprintf!("second word");
        });
        thread.expect("a thread").join().expect("it ends well");
        std::thread::spawn(|| ()).join().expect("it ends well");
        std::thread::scope(|scope| {
            scope.spawn(|| dprintf!("scoped"));
        });
    });
    let logs = trace.of_topic("log");
    let (library, scoped) = (logs[0].task(), logs[2].task());
    assert_eq!(
        task_lines(&trace, library),
        ["task.begin name=library", "log msg=first word", "log msg=second word", "task.end"]
    );
    // A scope does not wait for the very last moments of its threads, so the end may be missing.
    assert_eq!(task_lines(&trace, scoped)[..2], ["task.begin", "log msg=scoped"]);
    assert_eq!(trace.count(Kind::TaskBegin), 3, "who says nothing is no task");
}

#[test]
fn the_last_words_of_a_thread_are_heard() {
    struct LastWords(u64);
    impl Drop for LastWords {
        fn drop(&mut self) {
            dprintf!("last words {}", self.0);
        }
    }
    thread_local! {
        static LAST: std::cell::RefCell<Option<LastWords>> = const { std::cell::RefCell::new(None) };
    }
    let trace = recorded(|| {
        for number in 0..20 {
            let speak = move || {
                // Before and after the recorder's own thread-locals: destructors run in an order that is not ours.
                if number % 2 == 0 {
                    dprintf!("first words");
                }
                LAST.set(Some(LastWords(number)));
            };
            if number < 10 {
                thread::spawn(speak).join().expect("it ends well");
            } else {
                std::thread::spawn(speak).join().expect("it ends well");
            }
        }
    });
    let heard: Vec<_> = trace.of_topic("log").iter().filter_map(|event| event.arg("0")).collect();
    assert_eq!(heard, (0..20).map(Value::U64).collect::<Vec<_>>());
    assert_eq!(trace.image.lost_events, 0);
    assert!(trace.bytes.len() < 1 << 20, "no thread keeps a chunk for ever: {} bytes", trace.bytes.len());
}

#[test]
fn many_short_threads_share_the_chunks_of_the_dead() {
    const AT_ONCE: u64 = 8;
    const ROUNDS: u64 = 250;
    let trace = recorded(|| {
        let peer = Peer::new(1);
        let _in = peer.enter();
        for round in 0..ROUNDS {
            let threads: Vec<_> = (0..AT_ONCE)
                .map(|place| {
                    thread::spawn(move || (0..3).for_each(|line| dprintf!("{} says {line}", round * AT_ONCE + place)))
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().expect("it ends well"));
        }
    });
    // A chunk for each thread would be 128 MB.
    assert!(trace.bytes.len() < 2 << 20, "2,000 threads left {} bytes", trace.bytes.len());
    let mut lines: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    let mut spawned = BTreeSet::new();
    for event in trace.events() {
        match event.body() {
            Body::TaskSpawn(spawn) => assert!(spawned.insert(spawn.child), "each child has an id of its own"),
            Body::Log(_) => {
                let number = |name: &str| match event.arg(name) {
                    Some(Value::U64(number)) => number,
                    other => panic!("{name} is {other:?}"),
                };
                lines.entry(event.task()).or_default().push((number("0"), number("line")));
            }
            _ => {}
        }
    }
    assert_eq!((spawned.len(), lines.len()), (2_000, 2_000));
    let mut speakers = BTreeSet::new();
    for said in lines.values() {
        let speaker = said[0].0;
        assert!(speakers.insert(speaker), "one thread is one task");
        assert_eq!(*said, [(speaker, 0), (speaker, 1), (speaker, 2)], "in the order of the program");
    }
}

#[test]
fn time_never_falls_within_a_task() {
    const LINES: u64 = 20_000;
    let trace = recorded(|| {
        let talk = |lines: u64| move || (0..lines).for_each(|number| dprintf!("line {number}"));
        // Long-lived threads change chunks several times, also into those that short-lived ones leave behind.
        let long: Vec<_> = (0..3).map(|_| thread::spawn(talk(LINES))).collect();
        for _ in 0..50 {
            thread::spawn(talk(10)).join().expect("it ends well");
        }
        long.into_iter().for_each(|thread| thread.join().expect("it ends well"));
    });
    // `events` orders by time alone; so the program's order must come out of it, chunk by chunk or not.
    let mut next: BTreeMap<u64, u64> = BTreeMap::new();
    for event in trace.of_topic("log") {
        let expected = next.entry(event.task()).or_default();
        assert_eq!(event.arg("number"), Some(Value::U64(*expected)), "task {}", event.task());
        *expected += 1;
    }
    let long_lived = next.values().filter(|lines| **lines == LINES).count();
    assert_eq!((long_lived, next.len()), (3, 53));
    // As the file has it, each chunk on its own never falls either; deltas cannot be negative, so the sum must be below
    // the clock's last word.
    let last = trace.image.tables.clock.iter().map(|(ticks, _)| *ticks).max().expect("the clock was read");
    assert!(trace.events().iter().all(|event| event.ticks <= last));
}
