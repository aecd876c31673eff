//! Stories written by hand to mislead: each looks like something that it is not, or hides what it is.

use super::*;

/// By acquire: the event that ended the hold, and from where on it is unknown.
fn holds(facts: &Facts<'_>) -> Vec<(u32, Option<u32>, Option<u32>)> {
    let number = |event: Option<EventId>| event.map(|event| event.0);
    facts.holds().all().iter().map(|hold| (hold.acquire.0, number(hold.release), number(hold.lost))).collect()
}

fn root(facts: &Facts<'_>, name: &str) -> Option<Root> {
    facts.wait_graph().of(task(facts, name)).map(|stuck| stuck.root)
}

#[test]
fn a_later_grant_proves_that_a_hold_is_over() {
    // Releases were never written. Then task a waits for b, not for itself.
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":"L","seq":1}
        {"ts":2,"task":"b","kind":"lock.acquire","lock":"L","seq":2}
        {"ts":3,"task":"a","kind":"lock.acquire","lock":"L","seq":3}
        {"ts":4,"task":"b","kind":"lock.acquire","lock":"L","seq":4}
        {"ts":5,"task":"a","kind":"lock.wait","lock":"L"}
    "#;
    check(story, |facts| {
        assert_eq!(holds(facts), [(0, Some(1), None), (1, Some(2), None), (2, Some(3), None), (3, None, None)]);
        assert_eq!(root(facts, "a"), Some(Root::Running(task(facts, "b"))));
    });
    // The holder ended, but somebody else had the lock afterwards.
    let story = r#"
        {"ts":1,"task":"gone","kind":"lock.acquire","lock":"L","seq":1}
        {"ts":2,"task":"gone","kind":"task.end","how":"ok"}
        {"ts":3,"task":"b","kind":"lock.acquire","lock":"L","seq":2}
        {"ts":4,"task":"c","kind":"lock.wait","lock":"L"}
    "#;
    check(story, |facts| assert_eq!(root(facts, "c"), Some(Root::Running(task(facts, "b")))));
}

#[test]
fn readers_do_not_end_each_other_and_a_writer_ends_them_all() {
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":"L","mode":"shared","seq":1}
        {"ts":2,"task":"b","kind":"lock.acquire","lock":"L","mode":"upgradable","seq":2}
        {"ts":3,"task":"c","kind":"lock.acquire","lock":"L","mode":"shared","seq":3}
        {"ts":4,"task":"b","kind":"lock.upgrade","lock":"L","mode":"exclusive","seq":4}
        {"ts":5,"task":"d","kind":"lock.acquire","lock":"L","mode":"shared","seq":5}
    "#;
    check(story, |facts| {
        assert_eq!(holds(facts), [(0, Some(3), None), (1, Some(4), None), (2, Some(3), None), (4, None, None)]);
    });
}

#[test]
fn a_lock_that_its_holder_takes_twice_is_held_until_the_outer_release() {
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":"L","seq":1}
        {"ts":2,"task":"a","kind":"lock.acquire","lock":"L","seq":2}
        {"ts":3,"task":"a","kind":"lock.release","lock":"L","seq":2}
        {"ts":4,"task":"a","kind":"log"}
        {"ts":5,"task":"a","kind":"lock.release","lock":"L","seq":1}
    "#;
    check(story, |facts| assert_eq!(holds(facts), [(0, Some(4), None), (1, Some(2), None)]));
}

#[test]
fn a_release_ends_the_hold_that_it_names() {
    // By a third task: the hold of the reader who ended, not that of the one who still reads.
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":"L","mode":"shared","seq":1}
        {"ts":2,"task":"b","kind":"lock.acquire","lock":"L","mode":"shared","seq":2}
        {"ts":3,"task":"b","kind":"task.end","how":"ok"}
        {"ts":4,"task":"c","kind":"lock.release","lock":"L","seq":2}
        {"ts":5,"task":"d","kind":"lock.wait","lock":"L","mode":"exclusive"}
    "#;
    check(story, |facts| {
        assert_eq!(holds(facts), [(0, None, None), (1, Some(3), None)]);
        assert_eq!(root(facts, "d"), Some(Root::Running(task(facts, "a"))));
        assert!(facts.holds().released_by_others(LockId(0)));
    });
    // By a reader of another's hold: it waits for its own.
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":"L","mode":"shared","seq":1}
        {"ts":2,"task":"b","kind":"lock.acquire","lock":"L","mode":"shared","seq":2}
        {"ts":3,"task":"b","kind":"lock.release","lock":"L","seq":1}
        {"ts":4,"task":"b","kind":"lock.wait","lock":"L","mode":"exclusive"}
    "#;
    check(story, |facts| {
        assert_eq!(holds(facts), [(0, Some(2), None), (1, None, None)]);
        assert_eq!(root(facts, "b"), Some(Root::Cycle(0)));
    });
}

#[test]
fn who_still_holds_a_lock_is_asked_at_the_end() {
    // Task a waits for its own lock, which b releases and c takes.
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":"L","seq":1}
        {"ts":2,"task":"a","kind":"lock.wait","lock":"L"}
        {"ts":3,"task":"b","kind":"lock.release","lock":"L","seq":1}
        {"ts":4,"task":"c","kind":"lock.acquire","lock":"L","seq":2}
    "#;
    check(story, |facts| {
        let still: Vec<_> = facts.holds().still_held(LockId(0)).map(|hold| hold.task).collect();
        assert_eq!(still, [Some(task(facts, "c"))]);
        assert_eq!(root(facts, "a"), Some(Root::Running(task(facts, "c"))));
    });
}

#[test]
fn behind_a_loss_nothing_is_known_to_go_on() {
    let story = |lost: &str| {
        format!(
            r#"
            {{"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"L","seq":1}}
            {{"ts":2,"peer":0,"task":"c","kind":"lock.wait","lock":"L"}}
            {{"ts":3,{lost},"kind":"lost"}}
            {{"ts":4,"peer":0,"task":"a","kind":"lock.wait","lock":"L"}}
            "#
        )
    };
    // The task's own loss, its peer's, and nobody's.
    for lost in [r#""peer":0,"task":"a""#, r#""peer":0"#, r#""level":"warn""#] {
        check(&story(lost), |facts| {
            assert_eq!(holds(facts), [(0, None, Some(2))], "{lost}");
            let waiting: Vec<_> = facts.waits().unfinished().map(|wait| wait.begin.0).collect();
            assert_eq!(waiting, [3], "{lost}");
            assert_eq!(root(facts, "a"), Some(Root::Unknown), "{lost}");
        });
    }
    // Another peer's, another task's, and none.
    for lost in [r#""peer":1"#, r#""task":"z""#, r#""events":0"#] {
        check(&story(lost), |facts| assert_eq!(root(facts, "a"), Some(Root::Cycle(0)), "{lost}"));
    }
}

#[test]
fn a_release_that_names_its_hold_shows_that_it_went_on_through_a_loss() {
    let release = |seq: &str| {
        format!(
            r#"
            {{"ts":1,"task":"a","kind":"lock.acquire","lock":"L","seq":1}}
            {{"ts":2,"task":"a","kind":"lost","events":5}}
            {{"ts":3,"task":"a","kind":"lock.release","lock":"L"{seq}}}
            "#
        )
    };
    check(&release(r#","seq":1"#), |facts| assert_eq!(holds(facts), [(0, Some(2), None)]));
    check(&release(""), |facts| assert_eq!(holds(facts), [(0, Some(2), Some(1))]));
}

#[test]
fn what_is_open_at_the_end_of_a_damaged_file_is_unknown() {
    use crate::model::SourceId;
    use crate::read::{Problem, ProblemKind};
    let trace = trace_from_jsonl(r#"{"ts":1,"task":"a","kind":"lock.acquire","lock":"L","seq":1}"#);
    let damage = |kind| Problem { source: Some(SourceId(0)), kind, offset: None, detail: String::new() };
    let known = |problems: &[Problem]| Facts::new(&trace, problems).holds().all()[0].is_open();
    assert!(known(&[]) && known(&[damage(ProblemKind::CutOff)]));
    assert!(!known(&[damage(ProblemKind::Truncated)]) && !known(&[damage(ProblemKind::Corrupt)]));
}

#[test]
fn one_call_that_was_not_waited_for_hides_no_deadlock() {
    // The first task sends and goes on; two others are stuck in the same call, each under its lock.
    let story = format!(
        r#"
        {{"ts":0,"peer":0,"task":"hasty","kind":"rpc.send","rpc":"r0","to":1}}
        {{"ts":0,"peer":0,"task":"hasty","kind":"lock.acquire","lock":"other"}}
        {LOCK_ACROSS_RPC}"#
    );
    check(&story, |facts| {
        assert_eq!(facts.wait_graph().cycles().len(), 1);
        let stuck = facts.wait_graph().of(task(facts, "elect-0")).expect("it waits");
        assert_eq!(facts.waits().certainty(&stuck.wait), Certainty::Doubtful, "by its place alone");
        assert_eq!(facts.certainty(&stuck.wait), Certainty::Certain, "for it is in a circle");
    });
}

#[test]
fn any_handler_may_answer_and_all_holders_must_let_go() {
    // The request was delivered twice: one handler is stuck, the other runs.
    let twice = |second: &str| {
        format!(
            r#"
            {{"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"L","seq":1}}
            {{"ts":2,"peer":0,"task":"a","kind":"rpc.send","rpc":"r1","to":1}}
            {{"ts":3,"peer":1,"task":"b","kind":"rpc.recv","rpc":"r1","from":0}}
            {{"ts":3,"peer":1,"task":"c","kind":"rpc.recv","rpc":"r1","from":0}}
            {{"ts":4,"peer":1,"task":"b","kind":"lock.wait","lock":"L"}}
            {{"ts":5,"peer":1,"task":"c","kind":{second}}}
            "#
        )
    };
    check(&twice(r#""log","msg":"about to answer""#), |facts| {
        assert_eq!(facts.wait_graph().cycles(), []);
        assert_eq!([root(facts, "a"), root(facts, "b")], [Some(Root::Running(task(facts, "c"))); 2]);
        assert_eq!(facts.wait_graph().chain(task(facts, "b")).len(), 2, "the chain goes to the one who can help");
    });
    check(&twice(r#""lock.wait","lock":"L""#), |facts| {
        assert_eq!(facts.wait_graph().cycles().len(), 1, "neither can answer");
        assert_eq!(root(facts, "c"), Some(Root::Cycle(0)));
    });
    // One reader runs, the other has ended with the lock: the writer waits for ever.
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":"L","mode":"shared","seq":1}
        {"ts":2,"task":"b","kind":"lock.acquire","lock":"L","mode":"shared","seq":2}
        {"ts":3,"task":"b","kind":"task.end","how":"ok"}
        {"ts":4,"task":"c","kind":"lock.wait","lock":"L","mode":"exclusive"}
        {"ts":5,"task":"a","kind":"log","msg":"reading"}
    "#;
    check(story, |facts| {
        let ended = Root::HolderEnded { task: task(facts, "b"), acquire: EventId(1) };
        assert_eq!(root(facts, "c"), Some(ended));
    });
}

#[test]
fn a_worker_that_took_the_next_request_no_longer_handles_the_first() {
    let story = r#"
        {"ts":1,"peer":0,"task":"a","kind":"lock.acquire","lock":"L"}
        {"ts":2,"peer":0,"task":"a","kind":"rpc.send","rpc":"r1","to":1}
        {"ts":3,"peer":1,"task":"w","kind":"rpc.recv","rpc":"r1","from":0}
        {"ts":4,"peer":1,"task":"w","kind":"rpc.recv","rpc":"r9","from":2}
        {"ts":5,"peer":1,"task":"w","kind":"rpc.send","rpc":"r2","to":0}
        {"ts":6,"peer":0,"task":"b","kind":"rpc.recv","rpc":"r2","from":1}
        {"ts":7,"peer":0,"task":"b","kind":"lock.wait","lock":"L"}
    "#;
    check(story, |facts| {
        assert_eq!(facts.wait_graph().cycles(), []);
        assert_eq!(root(facts, "a"), Some(Root::Unknown));
    });
    check(&story.replace("r9", "r1"), |facts| {
        assert_eq!(facts.wait_graph().cycles().len(), 1, "the same request again is still that request");
    });
}

#[test]
fn a_request_that_was_sent_twice_under_one_id_is_nobodys() {
    let story = r#"
        {"ts":1,"peer":0,"task":"a","kind":"rpc.send","rpc":1,"to":2}
        {"ts":2,"peer":1,"task":"b","kind":"rpc.send","rpc":1,"to":2}
        {"ts":3,"peer":2,"task":"c","kind":"rpc.recv","rpc":1}
        {"ts":4,"peer":2,"task":"c","kind":"rpc.reply","rpc":1}
        {"ts":5,"peer":1,"task":"b","kind":"rpc.return","rpc":1}
    "#;
    check(story, |facts| {
        assert_eq!(facts.rpcs().ambiguous().count(), 1);
        assert_eq!(facts.waits().all(), []);
        let order = facts.order();
        assert!(!order.before(EventId(0), EventId(2)) && !order.before(EventId(3), EventId(4)));
    });
}

#[test]
fn events_without_a_task_are_told_apart() {
    use peerscope_format::vocabulary::Kind;
    let story = r#"
        {"ts":1,"peer":0,"kind":"lock.acquire","lock":"L"}
        {"ts":2,"peer":1,"task":"t","kind":"lock.acquire","lock":"M"}
        {"ts":3,"peer":0,"kind":"rpc.send","rpc":1,"to":1}
    "#;
    check(story, |facts| {
        let peers: Vec<_> = facts.trace().peers().ids().map(|peer| facts.coverage().peer(peer)).collect();
        assert!(peers[0].writes_without_task(Kind::LockAcquire) && peers[0].writes_without_task(Kind::RpcSend));
        assert!(!peers[1].writes_without_task(Kind::LockAcquire));
        assert!(facts.coverage().writes_without_task(Kind::LockAcquire));
        let line = facts.trace().event(EventId(2)).line().expect("its peer's");
        assert_eq!(facts.holds().held_by_line_at(line, EventId(2)).count(), 1);
    });
}

#[test]
fn a_loss_is_one_with_or_without_a_count_and_somebodys_or_everybodys() {
    let of = |lines: &str| {
        let trace = trace_from_jsonl(&format!("{{\"ts\":1,\"peer\":0,\"kind\":\"log\"}}\n{lines}"));
        let facts = Facts::new(&trace, &[]);
        let coverage = facts.coverage();
        let own = coverage.peer(crate::model::PeerId(0)).lost;
        (coverage.lost, coverage.lost_for_all, own, coverage.lost_events, coverage.is_whole())
    };
    assert_eq!(of(r#"{"ts":2,"peer":0,"kind":"lost","bytes":9}"#), (true, false, true, 0, false));
    assert_eq!(of(r#"{"ts":2,"kind":"lost","events":10}"#), (true, true, false, 10, false));
    assert_eq!(of(r#"{"ts":2,"kind":"lost","events":0}"#), (false, false, false, 0, true));
}

#[test]
fn a_peer_that_the_trace_joined_in_mid_life_says_so() {
    let story = r#"
        {"ts":1,"peer":0,"kind":"peer.start","how":"attached"}
        {"ts":2,"peer":1,"kind":"peer.start","how":"fresh"}
        {"ts":3,"peer":2,"kind":"log"}
    "#;
    check(story, |facts| {
        let peers = facts.trace().peers().ids().map(|peer| facts.coverage().peer(peer));
        let said: Vec<_> = peers.map(|peer| (peer.attached, peer.joined_in_mid_life)).collect();
        assert_eq!(said, [(true, true), (false, false), (false, true)]);
    });
}

#[test]
fn the_name_of_a_method_claims_nothing() {
    for deed in [
        r#""rpc.send","rpc":"x","method":"ShardKV.PutAppend","to":1"#,
        r#""msg.send","msg":"x","method":"AppendEntriesAck","to":1,"msg_term":2,"index":7"#,
        r#""rpc.send","rpc":"x","method":"FetchSnapshot","to":1"#,
        r#""msg.send","msg":"x","method":"HeartbeatAck","to":1"#,
        r#""msg.send","msg":"x","method":"AppendEntriesReply","to":1,"prev_index":3,"success":true"#,
    ] {
        let story = format!(
            r#"{{"ts":1,"peer":0,"term":1,"kind":"role","role":"leader"}}
            {{"ts":2,"peer":0,"term":2,"kind":"term"}}
            {{"ts":3,"peer":0,"term":2,"kind":{deed}}}"#
        );
        check(&story, |facts| assert_eq!(facts.roles().claims().len(), 1, "{deed}"));
    }
}

#[test]
fn roles_are_known_in_any_case_and_other_words_are_named() {
    let story = r#"
        {"ts":1,"peer":0,"term":1,"kind":"role","role":"LEADER"}
        {"ts":2,"peer":1,"term":1,"kind":"role","role":"Chief"}
        {"ts":3,"peer":1,"term":2,"kind":"role","role":"Chief"}
    "#;
    check(story, |facts| {
        let roles: Vec<_> = facts.roles().all().iter().map(|role| &*role.role).collect();
        assert_eq!((roles, facts.roles().claims().len()), (vec!["leader", "Chief", "Chief"], 1));
        let [(peer, word, event)] = facts.roles().unknown_words() else { panic!("one word, once") };
        assert_eq!((facts.trace().peers().name(*peer).as_ref(), &**word, event.0), ("1", "Chief", 1));
    });
}

#[test]
fn a_restored_claim_hides_no_real_one() {
    let story = r#"
        {"ts":1,"peer":0,"term":3,"kind":"role","role":"leader","restored":true}
        {"ts":2,"peer":0,"term":3,"kind":"role","role":"leader"}
        {"ts":3,"peer":0,"term":3,"kind":"role","role":"leader"}
    "#;
    check(story, |facts| {
        let claims: Vec<_> = facts.roles().claims().iter().map(|claim| claim.event.0).collect();
        assert_eq!(claims, [0, 1]);
    });
}
