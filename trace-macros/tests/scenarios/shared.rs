//! The instrumented variable: who reads which write, and what gets lost.

use std::fmt;
use std::sync::Arc;

use peerscope::sync::Shared;
use peerscope::{dprintf, thread};
use peerscope_format::value::{Value, ValueRef};
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, Stage, Trace, marked, recorded, until_recorded};

#[test]
fn a_read_names_the_write_that_it_saw() {
    let trace = recorded(|| {
        let votes = Shared::named("votes", 0_i32);
        assert_eq!(votes.get(), 0); // line: get
        votes.set(7); // line: set
        votes.update(|votes| votes - 8); // line: update
        assert!(votes.with(|votes| *votes == -1)); // line: with
    });
    let told: Vec<_> = trace.of_topic("var").iter().map(|event| (event.says(), event.src().to_owned())).collect();
    let expected = [
        ("var.read var=1 name=votes value=0 version=0", "get"),
        ("var.write var=1 value=7 version=1", "set"),
        ("var.read var=1 value=7 version=1", "update"),
        ("var.write var=1 value=-1 version=2", "update"),
        ("var.read var=1 value=-1 version=2", "with"),
    ];
    assert_eq!(told, expected.map(|(line, mark)| (line.to_owned(), marked(file!(), mark))));
    assert!(matches!(trace.of_topic("var")[1].field("value"), Some(ValueRef::U64(7))), "a number is a number");
}

#[test]
fn a_lost_update_shows_two_writes_after_one_read() {
    let trace = recorded(|| {
        let count = Arc::new(Shared::new(0_u64));
        let slow = {
            let count = count.clone();
            thread::spawn(move || {
                count.update(|seen| {
                    until_recorded(Kind::VarWrite);
                    seen + 1
                });
            })
        };
        until_recorded(Kind::VarRead);
        count.update(|seen| seen + 1);
        slow.join().expect("it ends well");
        assert_eq!(count.get(), 1, "one of two is lost");
    });
    let of_slow: Vec<_> = trace.story(trace.children()[0], &["var"]).into_iter().map(|(line, _)| line).collect();
    assert_eq!(
        of_slow,
        ["var.read var=1 name=Shared<u64> value=0 version=0", "var.write var=1 value=1 version=2"],
        "it writes over version 1, which it has not read"
    );
}

#[test]
fn every_write_has_a_version_of_its_own() {
    const THREADS: u64 = 4;
    const WRITES: u64 = 250;
    let trace = recorded(|| {
        static LAST: Shared<u64> = Shared::named("last", 0);
        let threads: Vec<_> = (0..THREADS)
            .map(|writer| thread::spawn(move || (0..WRITES).for_each(|round| LAST.set(writer * WRITES + round))))
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("it ends well"));
        LAST.get();
    });
    let mut writes: Vec<(u64, u64)> = trace
        .events()
        .iter()
        .filter(|event| event.kind() == Kind::VarWrite)
        .map(|event| (event.field("version").expect("a version"), event.field("value").expect("a number")))
        .collect();
    writes.sort_unstable();
    assert!(writes.iter().map(|(version, _)| *version).eq(1..=THREADS * WRITES));
    let read = trace.the(Kind::VarRead);
    let last = writes.last().expect("a write");
    assert_eq!((read.field("version"), read.field("value")), (Some(last.0), Some(last.1)));
}

#[test]
fn a_value_that_itself_logs_or_looks_is_heard_and_hangs_nothing() {
    static NUMBER: Shared<u32> = Shared::named("number", 1);
    #[derive(Clone)]
    struct Chatty(Arc<Shared<u32>>);
    impl fmt::Debug for Chatty {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            dprintf!("shown while it is {}", self.0.get());
            out.write_str("Chatty")
        }
    }
    impl Drop for Chatty {
        fn drop(&mut self) {
            NUMBER.set(self.0.get());
        }
    }
    let trace = recorded(|| {
        let inner = Arc::new(Shared::named("inner", 1));
        let outer = Shared::named("outer", Chatty(inner.clone()));
        drop(outer.get());
        outer.set(Chatty(inner));
        assert_eq!(format!("{outer:?}"), "Shared(Chatty)");
    });
    let of_outer: Vec<_> = trace.lines_of("var").into_iter().filter(|line| line.contains("Chatty")).collect();
    assert_eq!(of_outer.len(), 2, "{of_outer:?}");
    assert!(of_outer[0].ends_with("value=Chatty version=0") && of_outer[1].ends_with("value=Chatty version=1"));
}

#[test]
fn truth_values_and_texts_are_what_they_look_like() {
    let trace = recorded(|| {
        Shared::new(true).get();
        Shared::new("4").get();
        Shared::new(Some(4)).get();
        Shared::<u8>::default().get();
    });
    let values: Vec<_> = trace
        .of_topic("var")
        .iter()
        .map(|event| event.field::<ValueRef<'_>>("value").map(ValueRef::to_value))
        .collect();
    let expected = [Value::Bool(true), Value::Text("\"4\"".into()), Value::Text("Some(4)".into()), Value::U64(0)];
    assert_eq!(values, expected.map(Some));
}

#[test]
fn what_was_written_before_the_recording_counts_as_versions() {
    let stage = Stage::new(|| {
        let value = Shared::new(1_u8);
        value.set(2);
        value.set(3);
        peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
        value.get();
    })
    .untraced();
    assert!(stage.run().status.success());
    let trace = Trace::of(&stage.trace_file());
    let lines: Vec<_> = trace.of_topic("var").iter().map(Event::says).collect();
    assert_eq!(lines, ["var.read var=1 name=Shared<u8> value=3 version=2"]);
}
