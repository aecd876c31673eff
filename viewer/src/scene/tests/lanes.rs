//! Which tasks share a lane and whose it is, what a lock's lane says, and which faults last.

use super::*;

/// The labels of all groups and lanes, in their order.
fn labels(story: &str) -> Vec<String> {
    let trace = trace_from_jsonl(story);
    let scene = Scene::new(&Facts::new(&trace, &[]));
    let of_group = |group: &Group| {
        let lanes = scene.lanes[group.lanes.clone()].iter().map(|lane| lane.label.clone());
        std::iter::once(group.label.clone()).chain(lanes).collect::<Vec<_>>()
    };
    scene.groups.iter().flat_map(of_group).collect()
}

#[test]
fn a_task_whose_hold_or_wait_goes_on_leaves_its_lane_to_no_other() {
    let first = |held: &str| {
        labels(&format!(
            r#"
            {{"ts":1,"peer":0,"task":1,"kind":"task.begin","name":"w"}}
            {held}
            {{"ts":3,"peer":0,"task":1,"kind":"task.end"}}
            {{"ts":5,"peer":0,"task":2,"kind":"task.begin","name":"w"}}
            {{"ts":6,"peer":0,"task":2,"kind":"task.end"}}
            "#
        ))
    };
    assert_eq!(first(""), ["peer 0", "w ×2"]);
    let holds = r#"{"ts":2,"peer":0,"task":1,"kind":"lock.acquire","lock":"mu"}"#;
    assert_eq!(first(holds), ["peer 0", "w (1)", "w (2)", "mu"]);
    let wait = |ts: u32| format!("{{\"ts\":{ts},\"peer\":0,\"task\":{ts},\"kind\":\"lock.wait\",\"lock\":\"mu\"}}\n");
    assert_eq!(labels(&(wait(1) + &wait(2))), ["peer 0", "task 1", "task 2", "outside the peers", "mu"]);
}

#[test]
fn a_task_belongs_to_the_one_peer_for_which_it_mostly_works() {
    let owner = |peers: &[&str]| {
        let line = |(ts, peer): (usize, &&str)| {
            let peer = if peer.is_empty() { String::new() } else { format!("\"peer\":{peer},") };
            format!("{{\"ts\":{ts},{peer}\"task\":\"t\",\"kind\":\"log\",\"msg\":\"\"}}\n")
        };
        let begin = "{\"ts\":0,\"task\":\"t\",\"kind\":\"task.begin\"}\n".to_owned();
        labels(&(begin + &peers.iter().enumerate().map(line).collect::<String>()))
    };
    assert_eq!(owner(&["0"]), ["peer 0", "t"], "that it begins outside of the peer says nothing");
    assert_eq!(owner(&["0", ""]), ["peer 0", "t"]);
    assert_eq!(owner(&["0", "", ""]), ["outside the peers", "t"]);
    assert_eq!(owner(&["0", "1"]), ["outside the peers", "t"]);
}

#[test]
fn the_label_of_a_lock_says_who_made_it_and_how_often_it_was_taken() {
    let about = |story: &str| {
        let trace = trace_from_jsonl(story);
        let scene = Scene::new(&Facts::new(&trace, &[]));
        lane(&scene, "mu").1.about.clone()
    };
    let taken = about(
        r#"
        {"ts":0,"peer":0,"task":"a","kind":"log","msg":"","src":"a.rs:1"}
        {"ts":1,"peer":0,"task":"a","kind":"lock.new","lock":"mu","src":"a.rs:2"}
        {"ts":2,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu","seq":1,"src":"a.rs:3"}
        {"ts":3,"peer":0,"task":"b","kind":"lock.wait","lock":"mu"}
        "#,
    );
    assert_eq!(taken, "Lock mu, made at a.rs:2: taken once, first by a of peer 0 at a.rs:3; waited for once.");
    let wait = |ts: u32| format!("{{\"ts\":{ts},\"peer\":0,\"task\":{ts},\"kind\":\"lock.wait\",\"lock\":\"mu\"}}\n");
    assert_eq!(about(&(wait(1) + &wait(2))), "Lock mu: never taken; waited for 2 times.");
}

#[test]
fn readers_that_overlap_are_contended_together_and_unknown_once_events_are_lost() {
    let readers = |end: &str| {
        let trace = trace_from_jsonl(&format!(
            r#"
            {{"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"mu","mode":"shared","seq":1}}
            {{"ts":2,"peer":0,"task":"b","kind":"lock.acquire","lock":"mu","mode":"shared","seq":2}}
            {end}
            "#
        ));
        let scene = Scene::new(&Facts::new(&trace, &[]));
        render_lane(&trace, lane(&scene, "mu").1)
    };
    assert_eq!(readers(""), "mu\n  main: HeldShared 0-1 | HeldShared x2 1..\n");
    let lost = r#"{"ts":3,"peer":0,"kind":"lost","events":2}"#;
    assert_eq!(readers(lost), "mu\n  main: HeldShared 0-1 | HeldShared x2 1-2 | Missing 2..\n");
    let waits = r#"{"ts":3,"peer":0,"task":"c","kind":"lock.wait","lock":"mu"}"#;
    let contended = "mu\n  main: HeldContended 0-1 | HeldContended x2 1..\n  strip 0: Queue 2..\n";
    assert_eq!(readers(waits), contended);
}

/// What the lane of a test shows of these faults; a `test.end` follows if it `ends`.
fn faults(faults: &[&str], ends: bool) -> String {
    let line = |(ts, fault): (usize, &&str)| {
        let (what, peers) = fault.split_once(' ').unwrap_or((fault, ""));
        format!("{{\"ts\":{ts},\"test\":\"t\",\"kind\":\"fault\",\"what\":\"{what}\",\"peers\":[{peers}]}}\n")
    };
    let mut story: String = faults.iter().enumerate().map(line).collect();
    if ends {
        story.push_str("{\"ts\":99,\"test\":\"t\",\"kind\":\"test.end\"}\n");
    }
    let trace = trace_from_jsonl(&story);
    let scene = Scene::new(&Facts::new(&trace, &[]));
    render_lane(&trace, &scene.lanes[0]).lines().skip(1).map(str::trim).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_fault_lasts_until_it_is_taken_back() {
    assert_eq!(faults(&["crash 0", "restart 0"], false), "strip 0: Fault 0-1");
    assert_eq!(faults(&["crash 0", "restart 1"], false), "strip 0: Fault 0..; points: Fault 1");
    assert_eq!(faults(&["crash", "restart 0"], false), "strip 0: Fault 0-1", "a crash that names nobody");
    assert_eq!(faults(&["partition 0", "partition 1"], false), "strip 0: Fault 0-1 | Fault 1..");
    assert_eq!(faults(&["partition 0", "crash 0"], true), "strip 0: Fault 0-2; strip 1: Fault 1-2");
    assert_eq!(faults(&["delay 0"], false), "points: Fault 0", "nobody took it back: it may have been a moment");
    assert_eq!(faults(&["delay 0", "heal"], false), "strip 0: Fault 0-1");
    let most = vec!["crash 0"; 65];
    let told = faults(&most, false);
    assert!(told.ends_with("points: Fault 64"), "more than 64 at once do not last: {told}");
}

#[test]
fn a_test_failed_however_that_is_written() {
    let look = |verdict: &str| {
        let story = format!(
            "{{\"ts\":0,\"test\":\"t\",\"kind\":\"test.begin\",\"name\":\"t\"}}\n\
             {{\"ts\":1,\"test\":\"t\",\"kind\":\"test.end\",\"verdict\":\"{verdict}\"}}"
        );
        let trace = trace_from_jsonl(&story);
        Scene::new(&Facts::new(&trace, &[])).lanes[0].tracks[0].block(0).look
    };
    use crate::lane::Look::{Failed, Phase};
    assert_eq!(["fail", "FAIL", "Failed", "pass", ""].map(look), [Failed, Failed, Failed, Phase, Phase]);
}
