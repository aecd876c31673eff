//! Scopes, sleep and park: who waits for whose end, for time, or for nothing in particular.

use std::panic::catch_unwind;
use std::time::Duration;

use peerscope::{Peer, dprintf, thread};
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, Stage, Trace, eventually, marked, recorded, until_recorded, until_recorded_times};

#[test]
fn the_end_of_a_scope_waits_for_who_has_not_ended() {
    let trace = recorded(|| {
        dprintf!("main");
        let peer = Peer::new(3);
        let _in = peer.enter();
        let slow = thread::Builder::new().name("slow".into());
        thread::scope(|scope| spawn_two(scope, slow)); // line: scope
    });
    let [joined, slow] = trace.children()[..] else { panic!("there are two children") };
    let main = trace.the(Kind::Log).task();
    let told: Vec<_> = trace.story(main, &["task"]).into_iter().filter(|(_, src)| !src.is_empty()).collect();
    let expected = [
        (format!("task.spawn child={joined}"), "spawned"),
        (format!("task.join child={joined}"), "joined"),
        (format!("task.joined child={joined}"), "joined"),
        (format!("task.spawn child={slow} name=slow"), "spawned by name"),
        (format!("task.join child={slow}"), "scope"),
        (format!("task.joined child={slow}"), "scope"),
    ];
    let expected = expected.map(|(line, mark)| (line, marked(file!(), mark)));
    assert_eq!(told, expected);
    let of_slow: Vec<_> = trace.story(slow, &["task"]).into_iter().map(|(line, _)| line).collect();
    assert_eq!(of_slow, ["task.begin name=slow", "task.end how=ok"]);
    let whose: Vec<_> = trace.events().iter().filter(|event| event.task() == slow).map(Event::whose).collect();
    assert_eq!(whose, ["//3.0"; 2], "it inherits the peer");
}

/// One thread that is joined, and one that ends only when the wait for it can be read.
fn spawn_two<'scope>(scope: &'scope thread::Scope<'scope, '_>, builder: thread::Builder) {
    let joined = scope.spawn(|| ()); // line: spawned
    joined.join().expect("it ends well"); // line: joined
    let wait = || until_recorded_times(Kind::TaskJoin, 2);
    builder.spawn_scoped(scope, wait).expect("a thread"); // line: spawned by name
}

#[test]
fn a_scope_joins_those_that_its_children_spawn_and_those_that_have_ended() {
    let trace = recorded(|| {
        thread::scope(|scope| {
            scope.spawn(|| {
                scope.spawn(|| dprintf!("grandchild"));
            });
            until_recorded_times(Kind::TaskEnd, 2);
        });
        dprintf!("behind");
    });
    let children = trace.children();
    assert_eq!(trace.count(Kind::TaskJoined), 2);
    assert_eq!(trace.count(Kind::TaskJoin), 0, "who has ended need not be waited for");
    let behind = trace.events().into_iter().rfind(|event| event.kind() == Kind::Log).expect("a line");
    for joined in trace.events().into_iter().filter(|event| event.kind() == Kind::TaskJoined) {
        assert!(children.contains(&joined.field("child").expect("a child")));
        assert!(joined.ticks <= behind.ticks && joined.task() == behind.task());
    }
}

#[test]
fn a_scope_that_panics_waits_all_the_same() {
    let trace = recorded(|| {
        let result = catch_unwind(|| {
            thread::scope(|scope| {
                scope.spawn(|| until_recorded(Kind::TaskJoin));
                panic!("in the scope");
            })
        });
        let payload: Box<dyn std::any::Any + Send> = result.map(|(): ()| ()).expect_err("it panicked");
        assert_eq!(payload.downcast_ref(), Some(&"in the scope"));
        let result = catch_unwind(|| {
            thread::scope(|scope| {
                scope.spawn(|| panic!("in a child"));
            });
        });
        assert_eq!(result.expect_err("its child panicked").downcast_ref(), Some(&"a scoped thread panicked"));
    });
    let ends: Vec<_> = trace.lines_of("task").into_iter().filter(|line| line.starts_with("task.end how")).collect();
    assert_eq!(ends, ["task.end how=ok", "task.end how=panic: in a child"]);
    assert_eq!(trace.count(Kind::TaskJoined), 2);
}

#[test]
fn a_recorder_that_starts_within_a_scope_knows_the_later_children_only() {
    let stage = Stage::new(|| {
        thread::scope(|scope| {
            scope.spawn(|| ()).join().expect("it ends well");
            scope.spawn(|| ());
            peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
            scope.spawn(|| ());
        });
    })
    .untraced();
    assert!(stage.run().status.success());
    let trace = Trace::of(&stage.trace_file());
    assert_eq!((trace.count(Kind::TaskSpawn), trace.count(Kind::TaskJoined)), (1, 1));
}

#[test]
fn a_sleeper_says_how_long() {
    let trace = recorded(|| {
        thread::sleep(Duration::from_micros(1500)); // line: sleeps
    });
    let sleeps = marked(file!(), "sleeps");
    let expected = [("sleep for=1500000".to_owned(), sleeps.clone()), ("sleep.end".to_owned(), sleeps)];
    assert_eq!(trace.story(trace.the(Kind::Sleep).task(), &["sleep"]), expected);
    let (begin, end) = (trace.the(Kind::Sleep), trace.the(Kind::SleepEnd));
    assert!(begin.ticks < end.ticks, "the end is recorded behind it");
}

#[test]
fn who_parks_waits_for_a_permit_of_its_own() {
    let trace = recorded(|| {
        let builder = thread::Builder::new().name("worker".into());
        let worker = builder.spawn(|| {
            thread::park(); // line: parks
            thread::park_timeout(Duration::from_millis(1)); // line: parks for a while
        });
        let worker = worker.expect("a thread");
        until_recorded(Kind::SemWait);
        worker.thread().unpark();
        worker.join().expect("it ends well");
        thread::current().unpark();
        thread::park();
    });
    let parks = |line: &str, mark: &str| (line.to_owned(), marked(file!(), mark));
    let expected = [
        parks("sem.new sem=1 name=park of worker permits=0", "parks"),
        parks("sem.wait sem=1 n=1", "parks"),
        parks("sem.acquire sem=1 n=1", "parks"),
        parks("sem.wait sem=1 n=1", "parks for a while"),
        parks("sem.acquire sem=1 n=1 outcome=timeout", "parks for a while"),
    ];
    assert_eq!(trace.story(trace.children()[0], &["sem"]), expected);
    let of_main: Vec<_> = trace.lines_of("sem").into_iter().filter(|line| line.contains("sem=2")).collect();
    let test = "park of waiting::who_parks_waits_for_a_permit_of_its_own";
    let main = of_main[0].replace(test, "park of main");
    assert_eq!(main, "sem.new sem=2 name=park of main permits=0");
    assert_eq!(of_main[1..], ["sem.wait sem=2 n=1", "sem.acquire sem=2 n=1"], "the permit was there");
}

#[test]
fn who_is_parked_for_ever_is_seen_to_wait() {
    let stage = Stage::new(|| {
        thread::park();
    });
    let actor = stage.start();
    let path = stage.trace_file();
    eventually("the wait", || (Trace::try_of(&path).ok()?.count(Kind::SemWait) > 0).then_some(()));
    actor.kill();
    let trace = Trace::of(&path);
    assert_eq!(trace.events().last().map(Event::says).as_deref(), Some("sem.wait sem=1 n=1"));
}
