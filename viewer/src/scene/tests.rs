//! Stories of scenes: traces by hand, and the lanes that they come to.

mod hostile;
mod lanes;
mod messages;
mod missing;
mod roles;

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{Dense, EventId, Trace};
use peerscope_analyzer::report::{Options, check_facts};
use peerscope_analyzer::testing::{trace_and_problems, trace_from_jsonl};

use super::render::{render, render_lane};
use super::*;

/// The scene that a story comes to must read so.
fn check(story: &str, expected: &str) {
    let trace = trace_from_jsonl(story);
    let facts = Facts::new(&trace, &[]);
    let text = render(&facts, &Scene::new(&facts));
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let (found, expected): (Vec<String>, Vec<String>) = (lines(&text), lines(expected));
    assert_eq!(found, expected, "the scene is\n{text}");
}

/// The first lane with this label.
fn lane<'s>(scene: &'s Scene, label: &str) -> (usize, &'s Lane) {
    let found = scene.lanes.iter().enumerate().find(|(_, lane)| lane.label == label);
    found.unwrap_or_else(|| {
        panic!("no lane {label}: {:?}", scene.lanes.iter().map(|lane| &lane.label).collect::<Vec<_>>())
    })
}

#[test]
fn two_leaders_of_one_term() {
    check(
        r#"
        {"ts":1,"peer":0,"kind":"peer.start","how":"fresh","members":[0,1]}
        {"ts":2,"peer":0,"term":0,"kind":"term"}
        {"ts":3,"peer":0,"term":1,"kind":"term"}
        {"ts":4,"peer":0,"term":1,"kind":"role","role":"candidate"}
        {"ts":5,"peer":1,"term":1,"kind":"role","role":"leader"}
        {"ts":6,"peer":0,"term":1,"kind":"vote","for":0}
        {"ts":7,"peer":0,"term":1,"kind":"role","role":"leader"}
        {"ts":8,"peer":0,"term":2,"kind":"term"}
        {"ts":9,"peer":0,"term":2,"kind":"role","role":"Follower"}
        "#,
        "== peer 0
        role
        main: OtherRole 0-1 | OtherRole t0 1-2 | OtherRole t1 2-3 | Candidate t1 3-6 | Leader t1 6-7 | OtherRole t2 7-8 | Follower t2 8..
        points: Term t0 1 | Term t1 2 | Vote t1 5 | Term t2 7
        == peer 1
        role
        main: Leader t1 4..",
    );
}

#[test]
fn a_follower_of_a_higher_term_is_still_a_follower() {
    check(
        r#"
        {"ts":1,"peer":0,"term":1,"kind":"role","role":"follower"}
        {"ts":2,"peer":0,"term":2,"kind":"vote","for":1}
        {"ts":3,"peer":0,"term":1,"kind":"persist","durable_term":1}
        {"ts":4,"peer":0,"term":1,"kind":"term"}
        "#,
        "== peer 0
        role
        main: Follower t1 0-1 | Follower t2 1-3 | Follower t1 3..
        points: Vote t2 1 | Term t1 2 | Term t1 3",
    );
}

#[test]
fn a_peer_is_down_until_it_starts_again() {
    check(
        r#"
        {"ts":1,"peer":0,"term":3,"kind":"role","role":"leader"}
        {"ts":2,"peer":0,"inc":0,"term":3,"kind":"peer.stop","how":"crashed"}
        {"ts":3,"peer":0,"inc":0,"term":4,"kind":"vote","for":1}
        {"ts":4,"peer":0,"inc":1,"term":3,"kind":"peer.start","how":"restarted"}
        {"ts":5,"peer":0,"inc":0,"term":9,"kind":"role","role":"leader"}
        {"ts":6,"peer":0,"inc":1,"term":3,"kind":"role","role":"follower"}
        "#,
        "== peer 0
        role
        main: Leader t3 0-1 | Down 1-3 | OtherRole t3 3-5 | Follower t3 5..
        points: Vote t4 2",
    );
}

#[test]
fn two_who_have_an_exclusive_lock_at_once_are_seen_to() {
    check(
        r#"
        {"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu"}
        {"ts":2,"peer":0,"task":"b","kind":"lock.acquire","lock":"mu"}
        {"ts":3,"peer":0,"task":"a","kind":"lock.release","lock":"mu"}
        {"ts":4,"peer":0,"task":"b","kind":"lock.release","lock":"mu"}
        {"ts":5,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu"}
        {"ts":6,"peer":0,"task":"b","kind":"lock.acquire","lock":"mu"}
        {"ts":7,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu"}
        {"ts":8,"peer":0,"task":"a","kind":"lock.release","lock":"mu"}
        "#,
        "== peer 0
        a
        main: Alive 0-7
        strip 0: Held 0-1 | HeldByTwo 1-2 | Held 4-5 | Held 6-7
        b
        main: Alive 1-5
        strip 0: Held 1-3 | Held 5-6
        mu
        main: Held 0-1 | HeldByTwo x2 1-2 | Held 2-3 | Held 4-5 | Held 5-6 | Held 6-7",
    );
}

#[test]
fn a_lock_is_held_and_others_queue_for_it() {
    check(
        r#"
        {"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu","seq":1}
        {"ts":2,"peer":0,"task":"b","kind":"lock.wait","lock":"mu"}
        {"ts":3,"peer":0,"task":"c","kind":"lock.wait","lock":"mu"}
        {"ts":4,"peer":0,"task":"a","kind":"lock.release","lock":"mu","seq":1}
        {"ts":5,"peer":0,"task":"b","kind":"lock.acquire","lock":"mu","seq":2}
        {"ts":6,"peer":0,"task":"b","kind":"lock.release","lock":"mu","seq":2}
        {"ts":7,"peer":0,"task":"c","kind":"lock.acquire","lock":"mu","seq":3}
        {"ts":8,"peer":0,"task":"c","kind":"lock.release","lock":"mu","seq":3}
        "#,
        "== peer 0
        a
        main: Alive 0-3
        strip 0: HeldContended 0-3
        b
        main: Alive 1-5
        main: WaitsForLock 1-4
        strip 0: HeldContended 4-5
        c
        main: Alive 2-7
        main: WaitsForLock 2-6
        strip 0: Held 6-7
        mu
        main: HeldContended 0-3 | HeldContended 4-5 | Held 6-7
        strip 0: Queue 1-2 | Queue x2 2-4 | Queue 4-6",
    );
}

#[test]
fn who_waits_for_his_own_lock_waits_for_ever() {
    check(
        r#"
        {"ts":1,"peer":0,"task":1,"kind":"task.begin","name":"election timer"}
        {"ts":2,"peer":0,"task":1,"kind":"lock.acquire","lock":1}
        {"ts":3,"peer":0,"task":1,"kind":"log","msg":"once more"}
        {"ts":4,"peer":0,"task":1,"kind":"lock.wait","lock":1}
        {"ts":9,"kind":"process.end"}
        "#,
        "== peer 0
        election timer (1)
        main: Alive 0..
        main: WaitsForLock 3..
        strip 0: HeldContended 1..
        points: Line 2
        lock 1
        main: HeldContended 1..
        strip 0: Queue 3..",
    );
}

#[test]
fn readers_share_a_lock() {
    check(
        r#"
        {"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"rw","mode":"shared","seq":1}
        {"ts":2,"peer":0,"task":"b","kind":"lock.acquire","lock":"rw","mode":"shared","seq":2}
        {"ts":3,"peer":0,"task":"a","kind":"lock.release","lock":"rw","seq":1}
        {"ts":4,"peer":0,"task":"b","kind":"lock.release","lock":"rw","seq":2}
        {"ts":5,"peer":0,"task":"c","kind":"lock.acquire","lock":"rw","seq":3}
        "#,
        "== peer 0
        a
        main: Alive 0-2
        strip 0: HeldShared 0-2
        b
        main: Alive 1-3
        strip 0: HeldShared 1-3
        c
        main: Alive 4
        strip 0: Held 4..
        rw
        main: HeldShared 0-1 | HeldShared x2 1-2 | HeldShared 2-3 | Held 4..",
    );
}

#[test]
fn nested_holds_lie_below_each_other() {
    check(
        r#"
        {"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"x","seq":1}
        {"ts":2,"peer":0,"task":"a","kind":"lock.acquire","lock":"y","seq":1}
        {"ts":3,"peer":0,"task":"a","kind":"lock.release","lock":"x","seq":1}
        {"ts":4,"peer":0,"task":"a","kind":"lock.acquire","lock":"x","seq":2}
        {"ts":5,"peer":0,"task":"a","kind":"lock.release","lock":"x","seq":2}
        {"ts":6,"peer":0,"task":"a","kind":"lock.release","lock":"y","seq":1}
        "#,
        "== peer 0
        a
        main: Alive 0-5
        strip 0: Held 0-2 | Held 3-4
        strip 1: Held 1-5
        x
        main: Held 0-2 | Held 3-4
        y
        main: Held 1-5",
    );
}

#[test]
fn tasks_of_one_name_that_follow_each_other_share_a_lane() {
    let begin_and_end = |ts: u32, task: u32, name: &str, length: u32| {
        format!(
            "{{\"ts\":{ts},\"peer\":0,\"task\":{task},\"kind\":\"task.begin\",\"name\":\"{name}\"}}\n\
             {{\"ts\":{},\"peer\":0,\"task\":{task},\"kind\":\"task.end\"}}\n",
            ts + length
        )
    };
    let story = [
        begin_and_end(0, 1, "vote", 3),
        begin_and_end(1, 2, "vote", 4),
        begin_and_end(4, 3, "vote", 1),
        begin_and_end(6, 4, "append", 1),
        begin_and_end(10, 5, "tick", 90),
        begin_and_end(100, 6, "tick", 1),
    ];
    let mut lines: Vec<String> = story.concat().lines().map(str::to_owned).collect();
    lines.sort_by_key(|line| line[6..].split(',').next().and_then(|ts| ts.parse::<u32>().ok()));
    let trace = trace_from_jsonl(&lines.join("\n"));
    let facts = Facts::new(&trace, &[]);
    let scene = Scene::new(&facts);
    let labels: Vec<&str> = scene.lanes.iter().map(|lane| lane.label.as_str()).collect();
    assert_eq!(labels, ["vote ×2", "vote (2)", "append (4)", "tick ×2"]);
    let lives = render_lane(&trace, &scene.lanes[0]);
    assert_eq!(lives, "vote ×2\n  main: Alive 0-2 | Alive 3-5\n");
    let lanes: Vec<Option<usize>> = trace.tasks().ids().map(|task| scene.lane_of_task(task)).collect();
    assert_eq!(lanes, [Some(0), Some(1), Some(0), Some(2), Some(3), Some(3)]);
}

#[test]
fn names_that_differ_in_numbers_alone_share_lanes() {
    let labels = |count: u32| {
        let line = |at: u32| {
            let kind = if at.is_multiple_of(2) { "task.begin" } else { "task.end" };
            format!("{{\"ts\":{at},\"peer\":0,\"task\":{0},\"kind\":\"{kind}\",\"name\":\"request {0}\"}}\n", at / 2)
        };
        let trace = trace_from_jsonl(&(0..count * 2).map(line).collect::<String>());
        let facts = Facts::new(&trace, &[]);
        Scene::new(&facts).lanes.into_iter().map(|lane| lane.label).collect::<Vec<_>>()
    };
    assert_eq!(labels(1), ["request 0 (0)"]);
    assert_eq!(labels(5000), ["request ×5000"]);
}

#[test]
fn phases_and_faults_of_a_test() {
    check(
        r#"
        {"ts":0,"test":"t","kind":"test.begin","name":"re-election"}
        {"ts":1,"test":"t","kind":"test.phase","name":"one"}
        {"ts":2,"test":"t","kind":"fault","what":"partition","peers":[0,1]}
        {"ts":3,"test":"t","kind":"fault","what":"disconnect","peers":[2,3]}
        {"ts":4,"test":"t","kind":"fault","what":"drop","peers":[0],"detail":7}
        {"ts":5,"test":"t","kind":"fault","what":"connect","peers":[2]}
        {"ts":6,"test":"t","kind":"fault","what":"heal"}
        {"ts":7,"test":"t","kind":"test.phase","name":"two"}
        {"ts":8,"test":"t","kind":"fault","what":"delay","peers":[0]}
        {"ts":9,"test":"t","kind":"test.end","verdict":"pass"}
        {"ts":10,"kind":"process.end","how":"exit 0"}
        "#,
        "== tests
        test re-election
        main: Phase 0-1 | Phase 1-7 | Phase 7-9
        strip 0: Fault 2-6
        strip 1: Fault 3-9
        points: Fault 4 | Fault 8 | Other 10",
    );
}

#[test]
fn a_failed_test_is_marked_with_why() {
    let story = |verdict: &str| {
        format!(
            r#"
        {{"ts":0,"test":"t","kind":"test.begin","name":"agree"}}
        {{"ts":1,"test":"t","kind":"test.phase","name":"one"}}
        {{"ts":2,"test":"t","kind":"test.phase","name":"two"}}
        {{"ts":3,"test":"t","kind":"test.end","verdict":"{verdict}","why":"no agreement"}}
        {{"ts":4,"kind":"process.end","how":"exit 1"}}
        "#
        )
    };
    let lane = |verdict: &str| format!("== tests\ntest agree\nmain: Phase 0-1 | Phase 1-2 | {verdict}");
    check(&story("pass"), &lane("Phase 2-3\npoints: Other 4"));
    check(&story("fail"), &lane("Failed 2-3\npoints: Failed 3 | Other 4"));
    let trace = trace_from_jsonl(&story("fail"));
    let facts = Facts::new(&trace, &[]);
    let scene = Scene::new(&facts);
    let words = |track: usize, at: usize| {
        let lane = &scene.lanes[0];
        crate::words::block_labels(&facts, lane, lane.tracks[track].block(at))
    };
    assert_eq!(words(0, 2), ["two · failed: no agreement", "failed: no agreement", "two · failed", "failed"]);
    assert_eq!(words(1, 0), ["failed: no agreement", "failed"]);
}

#[test]
fn a_select_waits_for_any_of_its_cases() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"task":1,"kind":"chan.recv","chan":"a","select":1}
        {"ts":1,"task":1,"kind":"chan.recv","chan":"b","select":1}
        {"ts":6,"task":1,"kind":"chan.received","chan":"b","select":1}
        {"ts":7,"task":1,"kind":"chan.recv","chan":"c"}
        "#,
    );
    let facts = Facts::new(&trace, &[]);
    let scene = Scene::new(&facts);
    let waits = &scene.lanes[0].tracks[1];
    let words = |at: usize| crate::words::block_labels(&facts, &scene.lanes[0], waits.block(at))[0].clone();
    assert_eq!(waits.len(), 2);
    assert_eq!([words(0), words(1)], ["waits to receive from a, or to receive from b", "waits to receive from c"]);
}

#[test]
fn a_run_without_tasks_has_lanes_of_its_peers() {
    check(
        r#"
        {"ts":1,"peer":0,"kind":"log","msg":"hello"}
        {"ts":2,"peer":0,"kind":"lock.acquire","lock":"mu"}
        {"ts":3,"peer":0,"kind":"lock.release","lock":"mu"}
        {"ts":4,"kind":"of.no.peer"}
        "#,
        "== peer 0
        no task
        strip 0: Held 1-2
        points: Line 0
        mu
        main: Held 1-2
        == outside the peers
        no task
        points: Other 3",
    );
}

#[test]
fn where_events_were_lost_nothing_is_claimed() {
    let (trace, problems) = trace_and_problems(&[r#"
        {"ts":10,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu"}
        {"ts":20,"peer":0,"task":"b","kind":"lock.wait","lock":"mu"}
        {"ts":40,"peer":0,"kind":"lost","events":12,"why":"full"}
        {"ts":110,"peer":1,"task":"c","kind":"log","msg":"last"}
    "#]);
    let facts = Facts::new(&trace, &problems);
    let scene = Scene::new(&facts);
    let tracks = |label| render_lane(&trace, lane(&scene, label).1);
    assert_eq!(tracks("mu"), "mu\n  main: HeldContended 0-2 | Missing 2..\n  strip 0: Queue 1-2 | Missing 2..\n");
    assert_eq!(tracks("b"), "b\n  main: Alive 1\n  main: WaitsForLock 1-2 | Missing 2..\n");
    let missing: Vec<_> =
        scene.missing.iter().map(|gap| (gap.peer.map(|peer| peer.0), gap.span, gap.why.as_str())).collect();
    let expected = [
        (Some(0), Span::new(20, 40), "12 events are missing: full"),
        (None, Span::new(110, 112), "the program was cut off, or is still running"),
    ];
    assert_eq!(missing, expected);
}

#[test]
fn an_empty_trace_has_a_scene() {
    let trace = trace_from_jsonl("");
    let facts = Facts::new(&trace, &[]);
    let scene = Scene::new(&facts);
    assert!(scene.groups.is_empty() && scene.lanes.is_empty() && scene.routes.is_empty());
    assert_eq!((scene.span, scene.activity.iter().sum::<u32>()), (Span::new(0, 1), 0));
}

#[test]
fn peers_of_several_tests_are_told_apart() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"test":"b","cluster":"x","peer":1,"kind":"log","msg":"1"}
        {"ts":2,"test":"a","cluster":"x","peer":0,"kind":"log","msg":"2"}
        {"ts":3,"test":"b","cluster":"y","peer":0,"kind":"log","msg":"3"}
        {"ts":3,"test":"b","cluster":"x","peer":0,"kind":"log","msg":"3"}
        "#,
    );
    let facts = Facts::new(&trace, &[]);
    let labels: Vec<String> = Scene::new(&facts).groups.into_iter().map(|group| group.label).collect();
    let expected = [
        "peer 0 · test \"b\" · cluster x",
        "peer 1 · test \"b\" · cluster x",
        "peer 0 · test \"b\" · cluster y",
        "peer 0 · test \"a\" · cluster x",
    ];
    assert_eq!(labels, expected);
}

#[test]
fn what_there_is_one_of_needs_no_name() {
    check(
        r#"{"ts":1,"test":"a","cluster":"x","peer":1,"task":1,"kind":"log","msg":""}"#,
        "== peer 1\ntask 1\nmain: Alive 0\npoints: Line 0",
    );
    check(
        r#"{"ts":1,"task":1,"kind":"log","msg":"nobody is a peer"}"#,
        "== tasks and locks\ntask 1\nmain: Alive 0\npoints: Line 0",
    );
}

#[test]
fn activity_is_counted_in_the_column_of_its_time() {
    let last = ACTIVITY_COLUMNS - 1;
    let line = |ts: usize| format!("{{\"ts\":{ts},\"kind\":\"log\",\"msg\":\"\"}}\n");
    let trace = trace_from_jsonl(&[0, 5, 5, last, ACTIVITY_COLUMNS].map(line).concat());
    let activity = Scene::new(&Facts::new(&trace, &[])).activity;
    let busy: Vec<_> = activity.iter().enumerate().filter(|(_, count)| **count > 0).collect();
    assert_eq!(busy, [(0, &1), (5, &2), (last, &2)]);
}

#[test]
fn every_deed_of_a_lock_is_seen_on_its_lane_and_on_the_tasks() {
    let deeds = ["wait", "acquire", "upgrade", "downgrade", "release"];
    let line = |(ts, deed): (usize, &str)| {
        format!("{{\"ts\":{ts},\"peer\":0,\"task\":\"a\",\"kind\":\"lock.{deed}\",\"lock\":\"mu\"}}\n")
    };
    let trace = trace_from_jsonl(&deeds.into_iter().enumerate().map(line).collect::<String>());
    let scene = Scene::new(&Facts::new(&trace, &[]));
    let both = [lane(&scene, "a").0, lane(&scene, "mu").0];
    for (event, deed) in (0..).map(EventId).zip(deeds) {
        assert_eq!(scene.lanes_of(&trace, event), both, "{deed}");
    }
}

#[test]
fn hostile_names_reach_no_label() {
    let long = "x".repeat(100_000);
    let story = format!(
        "{{\"ts\":1,\"peer\":\"\\u001b[31m\",\"task\":1,\"kind\":\"task.begin\",\"name\":\"a\\nb\\u202e\"}}\n\
         {{\"ts\":2,\"peer\":\"\\u001b[31m\",\"task\":1,\"kind\":\"lock.acquire\",\"lock\":\"{long}\"}}\n"
    );
    let trace = trace_from_jsonl(&story);
    let facts = Facts::new(&trace, &[]);
    let scene = Scene::new(&facts);
    assert_eq!(scene.groups[0].label, "peer \\u{1b}[31m");
    assert_eq!(scene.lanes[0].label, "a\\nb\\u{202e} (1)");
    assert!(scene.lanes[1].label.chars().count() <= 64);
}

#[test]
fn witnesses_are_marked_where_they_stand() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu"}
        {"ts":2,"peer":0,"task":"a","kind":"lock.wait","lock":"mu"}
        {"ts":3,"peer":0,"task":"b","kind":"log","msg":"later"}
        "#,
    );
    let facts = Facts::new(&trace, &[]);
    let mut scene = Scene::new(&facts);
    let report = check_facts(&facts, &Options::default());
    assert_eq!(report.findings.iter().map(|finding| finding.detector).collect::<Vec<_>>(), ["self-deadlock"]);
    scene.mark(&trace, &report);
    let (task, lock) = (lane(&scene, "a").0, lane(&scene, "mu").0);
    let marks: Vec<_> =
        scene.marks.all().iter().map(|mark| (mark.event.0, mark.lane as usize, mark.severity)).collect();
    assert_eq!(marks, [(0, task, Severity::Error), (1, task, Severity::Error)]);
    let worst = |lane: usize| {
        let worst = |track: &crate::lane::Track| (0..track.len()).filter_map(|at| track.fold().severity(at)).min();
        scene.lanes[lane].tracks.iter().map(worst).collect::<Vec<_>>()
    };
    let error = Some(Severity::Error);
    assert_eq!(worst(task), [error, error, error], "life, wait and hold");
    assert_eq!(worst(lock), [error, error], "hold and queue");
    assert_eq!(worst(lane(&scene, "b").0), [None, None]);
    // A hint that rests on the same events, and stands before the error, makes it no less of one.
    let mut hint = report.findings[0].clone();
    hint.severity = Severity::Info;
    let mut scene = Scene::new(&facts);
    scene.mark(&trace, &Report { findings: vec![hint, report.findings[0].clone()], ..Report::default() });
    let again: Vec<_> = scene.marks.all().iter().map(|mark| (mark.event.0, mark.severity)).collect();
    assert_eq!(again, [(0, Severity::Error), (1, Severity::Error)]);
}

#[test]
fn marks_of_a_row_stand_with_their_own_group() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":5,"peer":0,"term":1,"kind":"vote","for":0}
        {"ts":7,"peer":1,"term":1,"kind":"vote","for":0}
        {"ts":9,"peer":1,"term":1,"kind":"vote","for":1}
        "#,
    );
    let scene = Scene::new(&Facts::new(&trace, &[]));
    let mark = |event: u32, lane: u32| Mark { event: EventId(event), lane, severity: Severity::Error };
    let marks = Marks::new(vec![mark(0, 0), mark(1, 1), mark(2, 1)], &scene.groups, scene.times(&trace));
    let times = |line: &[(i64, EventId)]| line.iter().map(|(at, _)| *at).collect::<Vec<_>>();
    assert_eq!([0, 1].map(|lane| times(marks.on_lane(lane, Severity::Error))), [vec![5], vec![7, 9]]);
    assert_eq!([0, 1].map(|group| times(marks.in_group(group, Severity::Error))), [vec![5], vec![7, 9]]);
}
