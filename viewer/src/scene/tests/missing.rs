//! What is missing: whose, where, or that nobody knows where; and what of the rest is not known for that reason.

use peerscope_analyzer::model::SourceId;
use peerscope_analyzer::read::{Problem, ProblemKind};

use super::*;
use crate::words::event_stories;

fn problem(kind: ProblemKind) -> Problem {
    Problem { source: Some(SourceId(0)), kind, offset: None, detail: String::new() }
}

/// The label of the lane that a gap is of, if it is of one; its peer, its span, and whether its place is known.
type Gap = (Option<String>, Option<u32>, (i64, i64), bool);

/// The scene of `story`, of which reading said that it has `problems`.
fn scene(story: &str, problems: &[ProblemKind]) -> Scene {
    let trace = trace_from_jsonl(story);
    let problems: Vec<Problem> = problems.iter().copied().map(problem).collect();
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

/// The story's lanes and what is said of one of its events, if its file is damaged.
fn torn(story: &str, event: u32) -> (String, String) {
    let (trace, problems) = (trace_from_jsonl(story), [problem(ProblemKind::Corrupt)]);
    let facts = Facts::new(&trace, &problems);
    let scene = Scene::new(&facts);
    let lines = |text: String| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let told = event_stories(&facts, scene.times(&trace), EventId(event)).concat();
    (lines(render(&facts, &scene)), told.join("; "))
}

#[test]
fn of_a_damaged_file_a_role_is_known_up_to_the_last_word_of_its_peer() {
    let (lanes, told) = torn(
        r#"
        {"ts":0,"peer":0,"kind":"role","role":"follower","term":3}
        {"ts":100000,"peer":0,"kind":"role","role":"candidate","term":4}
        {"ts":150000,"peer":0,"kind":"log","msg":"asks","term":4}
        {"ts":200000,"peer":1,"kind":"role","role":"leader","term":4}
        {"ts":900000,"peer":0,"kind":"role","role":"follower","term":6}
        {"ts":910000,"peer":0,"kind":"commit","index":1,"term":7}
        {"ts":950000,"peer":1,"kind":"log","msg":"the end"}
        "#,
        1,
    );
    assert_eq!(
        lanes,
        "== peer 0\nrole\n\
         main: Follower t3 0 | OtherRole 0-1 | Candidate t4 1-2 | OtherRole 2-4 | Follower t6 4 | OtherRole 4-5 | \
         OtherRole t7 5 | OtherRole 5..\n\
         points: Log t7 5\nno task\npoints: Line 2\n\
         == peer 1\nrole\nmain: Leader t4 3-6 | OtherRole 6..\nno task\npoints: Line 6"
    );
    assert_eq!(
        told,
        "peer 0 is candidate in term 4; known for 50 µs; then events are missing; began: becomes candidate in term 4; \
         last known: asks"
    );
}

#[test]
fn of_a_damaged_file_it_is_known_that_a_peer_was_down_if_no_life_of_it_is_missing() {
    let story = |next: u32| {
        let story = format!(
            r#"
            {{"ts":1,"peer":0,"inc":0,"kind":"peer.stop","how":"crashed"}}
            {{"ts":5,"peer":0,"inc":{next},"kind":"peer.start","how":"restarted"}}
            "#
        );
        torn(&story, 0).0
    };
    assert_eq!(story(1), "== peer 0\nrole\nmain: Down 0-1 | OtherRole 1..");
    assert_eq!(story(2), "== peer 0\nrole\nmain: Down 0 | OtherRole 0-1 | OtherRole 1..");
}

#[test]
fn of_a_damaged_file_holds_and_waits_are_known_if_they_were_seen_to_end() {
    let (lanes, told) = torn(
        r#"
        {"ts":0,"peer":0,"task":"a","kind":"lock.acquire","lock":"seen","seq":1}
        {"ts":1000,"peer":0,"task":"b","kind":"lock.acquire","lock":"unseen","seq":1}
        {"ts":2000,"peer":0,"task":"b","kind":"log","msg":"still here"}
        {"ts":3000,"peer":0,"task":"a","kind":"lock.release","lock":"seen","seq":1}
        {"ts":4000,"peer":0,"task":"a","kind":"lock.wait","lock":"unseen"}
        {"ts":5000,"peer":0,"task":"b","kind":"sleep"}
        {"ts":6000,"peer":0,"task":"a","kind":"lock.acquire","lock":"unseen","seq":7}
        {"ts":7000,"peer":0,"task":"c","kind":"task.begin"}
        {"ts":8000,"peer":0,"task":"a","kind":"lock.release","lock":"unseen","seq":7}
        {"ts":9000,"peer":0,"task":"c","kind":"lock.wait","lock":"unseen"}
        {"ts":9500,"peer":0,"task":"c","kind":"log","msg":"its grant is missing"}
        "#,
        1,
    );
    assert_eq!(
        lanes,
        "== peer 0\n\
         a\nmain: Alive 0-8\nmain: WaitsForLock 4-6\nstrip 0: Held 0-3 | Held 6-8\n\
         b\nmain: Alive 1-5\nmain: Sleeps 5 | Missing 5..\nstrip 0: HeldContended 1-5 | Missing 5-6\npoints: Line 2\n\
         c\nmain: Alive 7-10\nmain: WaitsForLock 9 | Missing 9-10\npoints: Line 10\n\
         seen\nmain: Held 0-3\n\
         unseen\nmain: HeldContended 1-5 | Missing 5-6 | Held 6-8\nstrip 0: Queue 4-6 | Missing 9-10"
    );
    assert_eq!(
        told,
        "unseen held by b of peer 0; known for 4 µs; then events are missing; meanwhile it is waited for by a; \
         over at the latest when a of peer 0 took the lock"
    );
}

#[test]
fn what_one_file_lacks_makes_nothing_unknown_in_another() {
    let story = |peer| format!("{{\"ts\":1,\"peer\":{peer},\"kind\":\"role\",\"role\":\"leader\",\"term\":2}}\n");
    let (trace, mut problems) = trace_and_problems(&[&story(0), &story(1)]);
    problems.push(problem(ProblemKind::Truncated));
    let facts = Facts::new(&trace, &problems);
    let bands: Vec<_> = Scene::new(&facts).lanes.iter().map(|lane| render_lane(&trace, lane)).collect();
    assert_eq!(bands, ["role\n  main: Leader t2 0 | OtherRole 0..\n", "role\n  main: Leader t2 1..\n"]);
}
