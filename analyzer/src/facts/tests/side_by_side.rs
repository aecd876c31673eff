//! Async tasks, whose futures wait side by side.

use super::{check, task};
use crate::facts::{Facts, Root};
use crate::testing::trace_from_jsonl;

/// Begins and ends of all waits, as places in the story.
fn waits(story: &str) -> Vec<(u32, Option<u32>)> {
    let trace = trace_from_jsonl(story);
    let facts = Facts::new(&trace, &[]);
    facts.waits().all().iter().map(|wait| (wait.begin.0, wait.end.map(|id| id.0))).collect()
}

#[test]
fn what_one_future_does_ends_no_wait_of_another() {
    let story = r#"
        {"ts":0,"task":"a","kind":"task.poll","seq":1}
        {"ts":1,"task":"a","kind":"lock.wait","lock":1}
        {"ts":2,"task":"a","kind":"chan.recv","chan":1}
        {"ts":3,"task":"a","kind":"log","msg":"a third future speaks"}
        {"ts":4,"task":"a","kind":"lock.acquire","lock":1,"outcome":"busy"}
        {"ts":5,"task":"a","kind":"task.pend"}
        {"ts":6,"task":"a","kind":"task.poll","seq":2}
        {"ts":7,"task":"a","kind":"chan.received","chan":1,"seq":1}
        {"ts":8,"task":"a","kind":"lock.acquire","lock":1,"outcome":"cancelled"}
    "#;
    assert_eq!(waits(story), [(1, Some(8)), (2, Some(7))]);
    // As a thread's, which has no polls, the same events are one wait after the other.
    let of_a_thread: String =
        story.lines().filter(|line| !line.contains("task.po")).map(|line| format!("{line}\n")).collect();
    assert_eq!(waits(&of_a_thread), [(0, Some(1)), (1, Some(2))]);
}

#[test]
fn each_kind_of_wait_has_its_own_end() {
    for (begin, other, end) in [
        (r#""lock.wait","lock":1"#, r#""lock.acquire","lock":2"#, r#""lock.acquire","lock":1"#),
        (r#""sem.wait","sem":1,"n":2"#, r#""sem.acquire","sem":1,"outcome":"busy""#, r#""sem.acquire","sem":1,"n":2"#),
        (r#""cond.wait","cond":1"#, r#""cond.notify","cond":1"#, r#""cond.wake","cond":1"#),
        (r#""group.wait","group":1"#, r#""group.done","group":1"#, r#""group.pass","group":1"#),
        (r#""chan.send","chan":1"#, r#""chan.received","chan":1"#, r#""chan.sent","chan":1"#),
        (r#""chan.recv","chan":1"#, r#""chan.received","chan":1,"outcome":"empty""#, r#""chan.received","chan":1"#),
        (r#""sleep","for":5"#, r#""timer.fire","timer":1"#, r#""sleep.end""#),
        (r#""timer.set","timer":1,"select":1"#, r#""timer.fire","timer":2"#, r#""timer.fire","timer":1"#),
        (r#""timer.set","timer":1,"select":1"#, r#""timer.stop","timer":2"#, r#""timer.stop","timer":1"#),
        (r#""task.join","child":"b""#, r#""task.joined","child":"c""#, r#""task.joined","child":"b""#),
        (r#""task.join","child":"b""#, r#""task.spawn","child":"c""#, r#""task.poll""#),
        (r#""lock.wait","lock":1"#, r#""task.poll""#, r#""task.end""#),
    ] {
        let kinds = [r#""task.poll""#, begin, other, end];
        let story: String = kinds.iter().map(|kind| format!("{{\"ts\":1,\"task\":\"a\",\"kind\":{kind}}}\n")).collect();
        assert_eq!(waits(&story), [(1, Some(3))], "{begin}");
    }
}

#[test]
fn a_call_may_wait_for_its_answer_on_a_channel() {
    let call = |between: &str| {
        waits(&format!(
            r#"
            {{"ts":0,"task":"a","kind":"task.poll","seq":1}}
            {{"ts":1,"task":"a","kind":"rpc.send","rpc":1,"to":1}}
            {between}
            {{"ts":9,"task":"a","kind":"rpc.return","rpc":1}}
            "#
        ))
    };
    let on_a_channel = r#"
        {"ts":2,"task":"a","kind":"chan.recv","chan":1}
        {"ts":3,"task":"a","kind":"task.pend"}
        {"ts":4,"task":"a","kind":"chan.received","chan":1}"#;
    assert_eq!(call(on_a_channel), [(1, Some(5)), (2, Some(4))]);
    assert_eq!(call(r#"{"ts":2,"task":"a","kind":"lock.acquire","lock":1}"#), [], "it did something else");
    // Cut short, the wait on the channel is certain, and for what the channel was is not.
    let cut = r#"
        {"ts":0,"task":"a","kind":"task.poll","seq":1}
        {"ts":1,"task":"a","kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"task":"a","kind":"chan.recv","chan":1}
    "#;
    assert_eq!(waits(cut), [(2, None)]);
}

/// Tasks `a` and `b` hold one lock each and wait for the other's; beside that, `a` does what `beside` says.
fn crossed(beside: &str) -> String {
    format!(
        r#"
        {{"ts":0,"task":"a","kind":"task.poll","seq":1}}
        {{"ts":1,"task":"a","kind":"lock.acquire","lock":1,"seq":1}}
        {{"ts":2,"task":"b","kind":"task.poll","seq":1}}
        {{"ts":3,"task":"b","kind":"lock.acquire","lock":2,"seq":1}}
        {{"ts":4,"task":"b","kind":"lock.wait","lock":1}}
        {{"ts":5,"task":"b","kind":"task.pend"}}
        {{"ts":6,"task":"a","kind":"lock.wait","lock":2}}
        {beside}
        {{"ts":9,"task":"a","kind":"task.pend"}}
        "#
    )
}

#[test]
fn who_waits_for_something_else_beside_is_stuck_only_if_that_is() {
    check(&crossed(""), |facts| {
        assert_eq!(facts.wait_graph().cycles().len(), 1);
    });
    for beside in [
        r#"{"ts":7,"task":"a","kind":"chan.recv","chan":1}"#,
        r#"{"ts":7,"task":"a","kind":"sleep","for":1000}"#,
        r#"{"ts":7,"task":"a","kind":"timer.set","timer":1,"select":1}"#,
        // Somebody who runs holds the third lock.
        r#"{"ts":7,"task":"c","kind":"lock.acquire","lock":3,"seq":1}
           {"ts":8,"task":"a","kind":"lock.wait","lock":3}"#,
    ] {
        check(&crossed(beside), |facts| {
            assert_eq!(facts.wait_graph().cycles().len(), 0, "{beside}");
            let of_b = facts.wait_graph().of(task(facts, "b")).expect("it waits");
            assert!(!matches!(of_b.root, Root::Cycle(_)), "{beside}");
        });
    }
    // Two ways out, both of which lead into the circle.
    let both = r#"{"ts":7,"task":"a","kind":"task.join","child":"b"}"#;
    check(&crossed(both), |facts| assert_eq!(facts.wait_graph().cycles().len(), 1));
}
