//! What is missing: whose, where, or that nobody knows where.

use peerscope_analyzer::model::SourceId;
use peerscope_analyzer::read::{Problem, ProblemKind};

use super::*;

/// The label of the lane that a gap is of, if it is of one; its peer, its span, and whether its place is known.
type Gap = (Option<String>, Option<u32>, (i64, i64), bool);

/// The scene of `story`, of which reading said that it has `problems`.
fn scene(story: &str, problems: &[ProblemKind]) -> Scene {
    let trace = trace_from_jsonl(story);
    let problem =
        |kind: &ProblemKind| Problem { source: Some(SourceId(0)), kind: *kind, offset: None, detail: String::new() };
    let problems: Vec<Problem> = problems.iter().map(problem).collect();
    Scene::new(&Facts::new(&trace, &problems))
}

fn gaps(story: &str, problems: &[ProblemKind]) -> Vec<Gap> {
    let scene = scene(story, problems);
    let gap = |gap: &Missing| {
        let lane = gap.lane.map(|lane| scene.lanes[lane].label.clone());
        (lane, gap.peer.map(|peer| peer.0), (gap.span.begin, gap.span.end), gap.is_placed)
    };
    scene.missing.iter().map(gap).collect()
}

#[test]
fn what_was_lost_before_the_first_event_is_missing_since_the_beginning() {
    let story = r#"
        {"ts":10,"peer":0,"task":1,"kind":"log","msg":"a"}
        {"ts":30,"peer":1,"task":2,"kind":"lost","events":3}
        {"ts":50,"peer":1,"task":2,"kind":"log","msg":"x"}
    "#;
    assert_eq!(gaps(story, &[]), [(None, Some(1), (10, 30), true)]);
}

#[test]
fn what_a_task_of_no_peer_lost_concerns_its_lane_alone() {
    let story = r#"
        {"ts":5,"task":"one","kind":"log","msg":"a"}
        {"ts":30,"task":"two","kind":"log","msg":"b"}
        {"ts":50,"task":"two","kind":"lost","events":5}
        {"ts":80,"peer":0,"task":"three","kind":"log","msg":"p0"}
    "#;
    assert_eq!(gaps(story, &[]), [(Some("two".to_owned()), None, (30, 50), true)]);
}

#[test]
fn what_a_damaged_file_lacks_may_be_missing_anywhere() {
    let story = r#"
        {"ts":10,"peer":0,"task":1,"kind":"log","msg":"a"}
        {"ts":110,"peer":0,"task":1,"kind":"log","msg":"b"}
    "#;
    assert_eq!(gaps(story, &[ProblemKind::Corrupt]), [(None, None, (10, 110), false)]);
    let behind = (None, None, (110, 112), true);
    assert_eq!(gaps(story, &[ProblemKind::Truncated]), [(None, None, (10, 110), false), behind.clone()]);
    assert_eq!(gaps(story, &[ProblemKind::CutOff]), [behind]);
    assert_eq!(gaps(story, &[ProblemKind::Unexpected]), []);
}

#[test]
fn it_is_said_how_much_is_missing_and_why_each_thing_once() {
    let lost = |events: u32| format!("{{\"ts\":9,\"peer\":0,\"kind\":\"lost\",\"events\":{events}}}");
    let why = |story: &str, problems: &[ProblemKind]| -> Vec<String> {
        scene(story, problems).missing.into_iter().map(|gap| gap.why).collect()
    };
    assert_eq!(
        [0, 1, 2].map(|events| why(&lost(events), &[]).join("")),
        ["", "1 event is missing", "2 events are missing"]
    );
    let story = r#"{"ts":1,"kind":"log","msg":""}"#;
    let damaged = "a part of the file is damaged: events of any time may be missing";
    assert_eq!(why(story, &[ProblemKind::Corrupt; 3]), [damaged]);
    let cut = "the file ends too early, so that events of any time may be missing";
    assert_eq!(why(story, &[ProblemKind::Truncated]), [cut, "the file ends too early"]);
}

#[test]
fn what_names_neither_peer_nor_task_was_lost_since_the_files_event_before() {
    let story = r#"
        {"ts":10,"peer":0,"kind":"log","msg":"a"}
        {"ts":30,"peer":1,"kind":"log","msg":"b"}
        {"ts":50,"kind":"lost","events":5}
    "#;
    assert_eq!(gaps(story, &[]), [(None, None, (30, 50), true)]);
}
