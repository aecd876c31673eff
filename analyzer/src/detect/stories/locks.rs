//! Tasks that wait for themselves and for each other, and those of whom it only looks so.

use crate::testing::verdict::check;

const END: &str = r#"{"ts":99,"kind":"process.end","how":"exit 0"}"#;

#[test]
fn a_lock_that_another_task_released_is_no_longer_ones_own() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"kind":"lock.acquire","lock":"A","seq":1,"src":"a:1"}}
        {{"ts":2,"peer":0,"task":1,"kind":"lock.wait","lock":"A","src":"a:2"}}
        {{"ts":3,"peer":0,"task":2,"kind":"lock.release","lock":"A","seq":1}}
        {{"ts":4,"peer":0,"task":3,"kind":"lock.acquire","lock":"A","seq":2,"src":"a:1"}}
        {END}

        info stuck-task: task 1 of peer 0 still waited when the program ended: it waits for lock `A`, held by task 3 of peer 0, which waits for nothing itself
          a:2 task 1 of peer 0 waits for lock `A`
          a:1 task 3 of peer 0 takes lock `A`
        clean self-deadlock
        "#
    ));
}

#[test]
fn where_others_release_such_locks_it_is_a_suspicion() {
    check(&format!(
        r#"
        {{"ts":1,"task":1,"kind":"lock.acquire","lock":"L","seq":1}}
        {{"ts":2,"task":2,"kind":"lock.release","lock":"L","seq":1}}
        {{"ts":3,"task":1,"kind":"lock.acquire","lock":"L","seq":2,"src":"a:1"}}
        {{"ts":4,"task":1,"kind":"lock.wait","lock":"L","src":"a:2"}}
        {END}

        info self-deadlock: task 1 waits for lock `L`, which it holds itself (perhaps not for ever: other tasks release such locks in this trace)
          a:1 task 1 takes lock `L`
          a:2 task 1 asks for lock `L` again, and waits
        told elsewhere stuck-task
        "#
    ));
}

#[test]
fn reading_again_behind_a_waiting_writer_waits_for_oneself() {
    let story = |policy: &str, verdict: &str| {
        check(&format!(
            r#"
            {{"ts":1,"task":1,"kind":"lock.new","lock":"L","rw":true,"policy":"{policy}"}}
            {{"ts":1,"task":1,"kind":"lock.acquire","lock":"L","mode":"shared","src":"a:1"}}
            {{"ts":2,"task":2,"kind":"lock.wait","lock":"L","mode":"exclusive","src":"a:2"}}
            {{"ts":3,"task":1,"kind":"lock.wait","lock":"L","mode":"shared","src":"a:3"}}
            {END}

            {verdict}
            "#
        ));
    };
    story(
        "writer-first",
        "error self-deadlock: task 1 waits for lock `L`, which it holds itself, behind task 2, which waits to write
          a:1 task 1 takes lock `L` for reading
          a:2 task 2 waits for lock `L`
          a:3 task 1 asks for lock `L` again, and waits for ever",
    );
    story(
        "unknown",
        "info self-deadlock: task 1 waits for lock `L`, which it holds itself, behind task 2, which waits to write (perhaps not for ever: whether readers wait behind a waiting writer is up to the lock's policy, which is unknown)
          a:1 task 1 takes lock `L` for reading
          a:2 task 2 waits for lock `L`
          a:3 task 1 asks for lock `L` again, and waits",
    );
}

/// Peers 0 and 1 of a cluster each, in a circle.
const CIRCLE: &str = r#"
    {"ts":1,"peer":0,"cluster":"x","task":"a1","kind":"lock.acquire","lock":"La","src":"a:1"}
    {"ts":1,"peer":0,"cluster":"y","task":"b1","kind":"lock.acquire","lock":"Lb","src":"a:1"}
    {"ts":2,"peer":0,"cluster":"x","task":"a1","kind":"rpc.send","rpc":"r1","method":"RV","to":0,"src":"a:2"}
    {"ts":2,"peer":0,"cluster":"y","task":"b1","kind":"rpc.send","rpc":"r2","method":"RV","to":0,"src":"a:2"}
    {"ts":3,"peer":0,"cluster":"y","task":"b2","kind":"rpc.recv","rpc":"r1","from":0,"src":"a:3"}
    {"ts":3,"peer":0,"cluster":"x","task":"a2","kind":"rpc.recv","rpc":"r2","from":0,"src":"a:3"}
    {"ts":4,"peer":0,"cluster":"y","task":"b2","kind":"lock.wait","lock":"Lb","src":"a:4"}
    {"ts":4,"peer":0,"cluster":"x","task":"a2","kind":"lock.wait","lock":"La","src":"a:4"}"#;

fn title(story: &str) -> (String, &'static str) {
    let trace = crate::testing::trace_from_jsonl(story);
    let cut = crate::read::Problem {
        source: None,
        kind: crate::read::ProblemKind::CutOff,
        offset: None,
        detail: "no end".into(),
    };
    let problems = if story.contains("process.end") { Vec::new() } else { vec![cut] };
    let facts = crate::facts::Facts::new(&trace, &problems);
    let said = crate::detect::run(&facts, &crate::detect::registry::Thresholds::default(), |_| true);
    let found = said.findings.into_iter().find(|found| found.detector == "distributed-deadlock").expect("a deadlock");
    let severity = found.finding.severity().name();
    (found.finding.title, severity)
}

#[test]
fn peers_of_one_name_are_told_apart_by_their_clusters() {
    let (title, severity) = title(&format!("{CIRCLE}\n{END}"));
    assert!(title.starts_with("peers 0 of cluster `x` and 0 of cluster `y` wait for each other"), "{title}");
    assert_eq!(severity, "error");
}

#[test]
fn a_circle_of_calls_that_time_out_may_dissolve_after_the_cut() {
    let timed_out = r#"
        {"ts":0,"peer":0,"cluster":"x","task":"a0","kind":"rpc.send","rpc":"r0","method":"RV","to":0,"src":"a:2"}
        {"ts":1,"peer":0,"cluster":"x","task":"a0","kind":"rpc.return","rpc":"r0","outcome":"timeout"}"#;
    let (sentence, severity) = title(&format!("{timed_out}{CIRCLE}"));
    assert!(sentence.ends_with("(perhaps not for ever: such calls have timed out before, and the trace is cut off)"));
    assert_eq!(severity, "info");
    assert_eq!(title(&format!("{timed_out}{CIRCLE}\n{END}")).1, "error", "the program ended by itself in it");
}
