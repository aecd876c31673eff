//! Traces by hand, and what is said of the tasks that are stuck in them.

use super::*;
use crate::testing::trace_from_jsonl;

const HUNG: &str = r#"
    {"ts":0,"peer":0,"task":1,"kind":"lock.new","lock":1,"name":"raft"}
    {"ts":1000000,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"raft.rs:40"}
    {"ts":2000000,"peer":0,"task":2,"kind":"lock.wait","lock":1,"src":"raft.rs:90"}
    {"ts":3000000,"peer":0,"task":3,"kind":"task.begin"}
    {"ts":4000000,"peer":0,"task":3,"kind":"task.end","how":"ok"}
    {"ts":5000000,"peer":0,"task":1,"kind":"lock.wait","lock":1,"src":"raft.rs:77"}
"#;

fn text(at: Option<EventId>) -> String {
    let trace = trace_from_jsonl(HUNG);
    let mut out = Vec::new();
    StuckReport::new(&trace, &[], at).write_text(&mut out, Style::Plain, WIDTH).expect("a vector takes all");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn every_waiting_task_says_where_since_when_and_for_whom() {
    let expected = "\
2 tasks wait, 0 not, at 5.000 ms (event 5)

circle: 1 task of peer 0 waits for itself
  task 1 of peer 0 waits for lock `raft`, which it holds itself, since 5.000 ms at raft.rs:77
      holds lock `raft` since 1.000 ms at raft.rs:40
behind the circle
  task 2 of peer 0 waits for lock `raft`, held by task 1 of peer 0, since 2.000 ms at raft.rs:90
";
    assert_eq!(text(None), expected);
}

#[test]
fn a_circle_is_told_once_and_each_hop_has_its_line() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1000000,"peer":0,"task":1,"kind":"lock.acquire","lock":"a","seq":1,"src":"bank.rs:1"}
        {"ts":2000000,"peer":1,"task":2,"kind":"lock.acquire","lock":"b","seq":1,"src":"bank.rs:5"}
        {"ts":3000000,"peer":0,"task":1,"kind":"lock.wait","lock":"b","src":"bank.rs:2"}
        {"ts":4000000,"peer":1,"task":2,"kind":"lock.wait","lock":"a","src":"bank.rs:6"}
        {"ts":5000000,"peer":1,"task":3,"kind":"lock.wait","lock":"a","src":"bank.rs:9"}
        {"ts":6000000,"peer":1,"task":4,"kind":"rpc.send","rpc":1,"method":"Audit","to":0,"src":"bank.rs:20"}
        {"ts":6000000,"peer":1,"task":4,"kind":"log","msg":"sent"}
        {"ts":7000000,"peer":1,"task":5,"kind":"sleep","for":9,"src":"bank.rs:30"}
        "#,
    );
    let mut out = Vec::new();
    StuckReport::new(&trace, &[], None).write_text(&mut out, Style::Plain, WIDTH).expect("a vector takes all");
    let expected = "\
5 tasks wait, 0 not, at 7.000 ms (event 7)

circle: 2 tasks of peers 0 and 1 wait for each other, each for the next
  task 1 of peer 0 waits for lock `b` of peer 1, held by task 2, since 3.000 ms at bank.rs:2
      holds lock `a` since 1.000 ms at bank.rs:1
  task 2 of peer 1 waits for lock `a` of peer 0, held by task 1, since 4.000 ms at bank.rs:6
      holds lock `b` since 2.000 ms at bank.rs:5
behind the circle
  task 3 of peer 1 waits for lock `a` of peer 0, held by task 1 of peer 0, since 5.000 ms at bank.rs:9

waiting for answers to requests that nobody has received
  task 4 of peer 1 waits for the reply of Audit to peer 0, since 6.000 ms at bank.rs:20

sleeping, or behind somebody who sleeps
  task 5 of peer 1 waits for time to pass, since 7.000 ms at bank.rs:30
";
    assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
}

#[test]
fn at_an_earlier_moment_less_had_happened() {
    let text = text(Some(EventId(2)));
    assert!(text.starts_with("1 task waits, 1 not, at 2.000 ms (event 2)\n"), "{text}");
    assert!(text.contains("behind task 1 of peer 0, which waits for nothing itself"), "{text}");
    assert!(text.contains("task 1 of peer 0, holds lock `raft`, last seen at 1.000 ms at raft.rs:40"), "{text}");
}

#[test]
fn of_many_tasks_that_do_not_wait_the_first_are_told_within_the_width() {
    let name = "a task with a long name, in a file ".repeat(3);
    let mut story = String::new();
    for task in 0..24 {
        let (begin, src) = ("task.begin", "samples/src/some/where/deep/below/raft.rs:40");
        story.push_str(&format!(
            "{{\"ts\":{task},\"peer\":0,\"task\":{task},\"kind\":\"{begin}\",\"name\":\"{name}\",\"src\":\"{src}\"}}\n"
        ));
    }
    story.push_str(r#"{"ts":90,"peer":0,"task":23,"kind":"lock.acquire","lock":"mu"}"#);
    let trace = trace_from_jsonl(&story);
    let mut out = Vec::new();
    StuckReport::new(&trace, &[], None).write_text(&mut out, Style::Plain, WIDTH).expect("a vector takes all");
    let text = String::from_utf8(out).expect("UTF-8");
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    assert!(text.ends_with("  and 14 more, see --format json\n"), "{text}");
    let told: Vec<_> = text.lines().filter(|line| line.starts_with("  task ")).collect();
    assert_eq!(told.len(), MAX_RUNNING, "{text}");
    assert!(told[0].contains("` (23)"), "who holds a lock stands first: {text}");
}
