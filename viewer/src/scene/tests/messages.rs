//! What becomes of messages.

use super::*;

/// An RPC by its events: only the routes matter, and peers that name no task have one lane each.
fn check_routes(story: &str, expected: &str) {
    let trace = trace_from_jsonl(story);
    let facts = Facts::new(&trace, &[]);
    let text = crate::scene::render::render_routes(&trace, &Scene::new(&facts));
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let (found, expected): (Vec<String>, Vec<String>) = (lines(&text), lines(expected));
    assert_eq!(found, expected);
}

#[test]
fn a_call_that_is_never_answered() {
    check(
        r#"
        {"ts":1,"peer":0,"task":"caller","kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"peer":0,"task":"caller","kind":"rpc.send","rpc":2,"to":1}
        {"ts":3,"peer":1,"task":"handler","kind":"rpc.recv","rpc":2,"from":0}
        {"ts":4,"peer":1,"task":"handler","kind":"log","msg":"thinking"}
        "#,
        "== peer 0
        caller
        main: Alive 0..
        main: WaitsForReply 1..
        == peer 1
        handler
        main: Alive 2-3
        points: Line 3
        0 -> 1: 0>? Unanswered | 1>2 Unanswered",
    );
}

#[test]
fn duplicates_arrive_twice_and_one_answer_is_taken() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":3,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":4,"peer":1,"kind":"rpc.reply","rpc":1}
        {"ts":5,"peer":0,"kind":"rpc.return","rpc":1}
        {"ts":6,"peer":1,"kind":"rpc.reply","rpc":1}
        "#,
        "0 -> 1: 0>1 | 0>2
        1 -> 0: reply 3>4 | reply 5>? NotTaken",
    );
}

#[test]
fn dropped_there_and_dropped_back() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"peer":0,"kind":"rpc.return","rpc":1,"outcome":"dropped"}
        {"ts":3,"peer":0,"kind":"rpc.send","rpc":2,"to":1}
        {"ts":4,"peer":1,"kind":"rpc.recv","rpc":2,"from":0}
        {"ts":5,"peer":1,"kind":"rpc.reply","rpc":2}
        {"ts":6,"peer":0,"kind":"rpc.return","rpc":2,"outcome":"dropped"}
        "#,
        "0 -> 1: 0>? Dropped | 2>3
        1 -> 0: reply 4>? Dropped",
    );
}

#[test]
fn late_and_stale_replies() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"term":1,"kind":"rpc.send","rpc":1,"to":1,"msg_term":1}
        {"ts":2,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":3,"peer":0,"term":1,"kind":"rpc.return","rpc":1,"outcome":"timeout"}
        {"ts":4,"peer":1,"kind":"rpc.reply","rpc":1}
        {"ts":5,"peer":0,"term":1,"kind":"rpc.send","rpc":2,"to":1,"msg_term":1}
        {"ts":6,"peer":1,"kind":"rpc.recv","rpc":2,"from":0}
        {"ts":7,"peer":1,"kind":"rpc.reply","rpc":2}
        {"ts":8,"peer":0,"term":2,"kind":"rpc.return","rpc":2}
        "#,
        "0 -> 1: 0>1 | 4>5
        1 -> 0: reply 3>? Late | reply 6>7 StaleTerm",
    );
}

#[test]
fn what_has_no_beginning_in_the_trace_has_none_on_the_screen() {
    check_routes(
        r#"
        {"ts":1,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":2,"peer":1,"kind":"rpc.reply","rpc":1}
        {"ts":3,"peer":0,"kind":"rpc.send","rpc":2,"to":2}
        {"ts":4,"peer":0,"kind":"rpc.return","rpc":2}
        "#,
        "1 -> 0: reply 1>? Unanswered
        0 -> 1: 0>0
        0 -> 2: 2>?
        2 -> 0: reply 3>3",
    );
}

#[test]
fn one_way_messages() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"msg.send","msg":"a","to":1}
        {"ts":2,"peer":1,"kind":"msg.recv","msg":"a","from":0}
        {"ts":3,"peer":0,"kind":"msg.send","msg":"b","to":1}
        {"ts":4,"kind":"msg.drop","msg":"b","from":0,"to":1}
        {"ts":5,"peer":1,"kind":"msg.send","msg":"c","to":0}
        {"ts":6,"peer":1,"kind":"msg.recv","msg":"d"}
        "#,
        "? -> 1: 5>5
        0 -> 1: 0>1 | 2>? Dropped
        1 -> 0: 4>? Unanswered",
    );
}

#[test]
fn the_stale_reply_of_a_finding_is_marked() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"peer":0,"term":1,"task":"a","kind":"rpc.send","rpc":1,"method":"RequestVote","to":1,"msg_term":1}
        {"ts":2,"peer":1,"term":1,"task":"b","kind":"rpc.recv","rpc":1,"from":0}
        {"ts":3,"peer":1,"term":1,"task":"b","kind":"rpc.reply","rpc":1,"msg_term":1,"granted":true}
        {"ts":4,"peer":0,"term":2,"task":"c","kind":"term"}
        {"ts":5,"peer":0,"term":2,"task":"a","kind":"rpc.return","rpc":1}
        {"ts":6,"peer":0,"term":2,"task":"a","kind":"reply.used","rpc":1,"purpose":"count the vote"}
        {"ts":7,"peer":1,"term":1,"task":"d","kind":"rpc.recv","rpc":2,"from":0}
        "#,
    );
    let facts = Facts::new(&trace, &[]);
    let mut scene = Scene::new(&facts);
    let report = check_facts(&facts, &Options::default());
    assert_eq!(report.findings.iter().map(|finding| finding.detector).collect::<Vec<_>>(), ["stale-reply-acted-on"]);
    scene.mark(&trace, &report);
    let marked = |route: &Route| (0..route.legs.len()).map(|at| route.fold.severity(at)).collect::<Vec<_>>();
    let error = Some(Severity::Error);
    assert_eq!(scene.routes.iter().map(marked).collect::<Vec<_>>(), [vec![error, None], vec![error]]);
}

#[test]
fn a_stale_reply_is_one_whether_or_not_the_request_carries_its_term() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"term":1,"kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"peer":1,"term":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":3,"peer":1,"term":1,"kind":"rpc.reply","rpc":1}
        {"ts":4,"peer":0,"term":3,"kind":"rpc.return","rpc":1,"outcome":"ok"}
        "#,
        "0 -> 1: 0>1
        1 -> 0: reply 2>3 StaleTerm",
    );
}

#[test]
fn late_is_only_what_was_sent_too_late() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":3,"peer":1,"kind":"rpc.reply","rpc":1}
        {"ts":6,"peer":0,"kind":"rpc.return","rpc":1,"outcome":"timeout"}
        {"ts":7,"peer":1,"kind":"rpc.reply","rpc":1}
        "#,
        "0 -> 1: 0>1
        1 -> 0: reply 2>? NotTaken | reply 4>? Late",
    );
}

#[test]
fn an_error_is_an_answer() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":3,"peer":1,"kind":"rpc.reply","rpc":1}
        {"ts":4,"peer":0,"kind":"rpc.return","rpc":1,"outcome":"error"}
        {"ts":5,"peer":0,"kind":"rpc.send","rpc":2,"to":1}
        {"ts":6,"peer":0,"kind":"rpc.return","rpc":2,"outcome":"error"}
        "#,
        "0 -> 1: 0>1 | 4>?
        1 -> 0: reply 2>3",
    );
}

#[test]
fn calls_that_share_an_id_are_not_paired() {
    let call = |ts: u32| {
        format!(
            r#"{{"ts":{ts},"peer":0,"kind":"rpc.send","rpc":7,"to":1}}
            {{"ts":{},"peer":1,"kind":"rpc.recv","rpc":7,"from":0}}
            {{"ts":{},"peer":1,"kind":"rpc.reply","rpc":7}}
            {{"ts":{},"peer":0,"kind":"rpc.return","rpc":7}}
            "#,
            ts + 1,
            ts + 2,
            ts + 3
        )
    };
    check_routes(
        &format!("{}{}", call(0), call(10)),
        "0 -> 1: 0>? Unknown | 1>1 Unknown | 5>5 Unknown
        1 -> 0: reply 2>? Unknown | reply 6>? Unknown",
    );
}

#[test]
fn a_lost_copy_is_lost_though_others_arrive() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"msg.send","msg":1,"to":1}
        {"ts":2,"peer":1,"kind":"msg.recv","msg":1,"from":0}
        {"ts":3,"kind":"msg.drop","msg":1,"from":0,"to":1}
        {"ts":4,"peer":1,"kind":"msg.recv","msg":1,"from":0}
        "#,
        "0 -> 1: 0>? Dropped | 0>1 | 0>3",
    );
}

#[test]
fn what_a_request_says_of_its_term_counts_and_no_answer_is_stale_by_an_earlier_one() {
    let answered = |says: u32, now: u32, expected: &str| {
        let story = format!(
            r#"
            {{"ts":1,"peer":0,"term":2,"kind":"rpc.send","rpc":1,"to":1,"msg_term":{says}}}
            {{"ts":2,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}}
            {{"ts":3,"peer":1,"kind":"rpc.reply","rpc":1}}
            {{"ts":4,"peer":0,"term":{now},"kind":"rpc.return","rpc":1,"outcome":"ok"}}
            "#
        );
        check_routes(&story, &format!("0 -> 1: 0>1\n1 -> 0: reply 2>3{expected}"));
    };
    answered(1, 2, " StaleTerm");
    answered(2, 2, "");
    answered(3, 2, "");
}

#[test]
fn what_was_received_was_not_lost_on_the_way_and_what_was_not_sent_yet_not_taken() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"rpc.send","rpc":1,"to":1}
        {"ts":2,"peer":1,"kind":"rpc.recv","rpc":1,"from":0}
        {"ts":3,"peer":0,"kind":"rpc.return","rpc":1,"outcome":"dropped"}
        {"ts":4,"peer":0,"kind":"rpc.send","rpc":2,"to":1}
        {"ts":5,"peer":1,"kind":"rpc.recv","rpc":2,"from":0}
        {"ts":6,"peer":0,"kind":"rpc.return","rpc":2,"outcome":"ok"}
        {"ts":7,"peer":1,"kind":"rpc.reply","rpc":2}
        "#,
        "0 -> 1: 0>1 Unanswered | 3>4
        1 -> 0: reply 6>? NotTaken",
    );
}

#[test]
fn calls_that_share_an_id_have_no_answer_of_their_own() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"rpc.send","rpc":7,"to":1}
        {"ts":2,"peer":0,"kind":"rpc.return","rpc":7,"outcome":"ok"}
        {"ts":3,"peer":0,"kind":"rpc.send","rpc":7,"to":1}
        {"ts":4,"peer":0,"kind":"rpc.return","rpc":7,"outcome":"ok"}
        "#,
        "0 -> 1: 0>? Unknown",
    );
}

#[test]
fn what_one_end_does_not_say_the_other_does() {
    check_routes(
        r#"
        {"ts":1,"peer":0,"kind":"msg.send","msg":"a","to":1}
        {"ts":2,"peer":0,"kind":"msg.send","msg":"b","to":1}
        {"ts":3,"peer":1,"kind":"msg.recv","msg":"a"}
        {"ts":4,"kind":"msg.drop","msg":"b"}
        "#,
        "0 -> 1: 0>2 | 1>? Dropped",
    );
}

#[test]
fn a_leg_is_marked_by_who_received_it_and_by_what_names_no_peer() {
    let story = r#"
        {"ts":1,"kind":"msg.send","msg":"a","from":0,"to":1}
        {"ts":2,"peer":1,"kind":"msg.recv","msg":"a","from":0}
        {"ts":3,"peer":0,"kind":"msg.send","msg":"b","to":1}
        {"ts":4,"peer":1,"kind":"log","msg":"so peer 1 is known"}
    "#;
    let trace = trace_from_jsonl(story);
    for (witness, expected) in [(0, [true, false]), (1, [true, false]), (2, [false, true]), (3, [false, false])] {
        let mut scene = Scene::new(&Facts::new(&trace, &[]));
        routes::mark(&trace, &mut scene.routes, &[(EventId(witness), Severity::Error)]);
        let legs = scene.routes.iter().flat_map(|route| (0..route.legs.len()).map(move |at| (route, at)));
        let marked: Vec<bool> = legs.map(|(route, at)| route.fold.severity(at).is_some()).collect();
        assert_eq!(marked, expected, "event {witness}");
    }
}
