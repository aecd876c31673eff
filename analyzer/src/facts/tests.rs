//! Facts of short stories, each with the verdict beside it.

mod by_hand;
mod side_by_side;

use super::*;
use crate::model::{Dense, EventId, LockId, RpcId, TaskId};
use crate::testing::{trace_and_problems, trace_from_jsonl};

fn check(story: &str, check: impl Fn(&Facts<'_>)) {
    let trace = trace_from_jsonl(story);
    check(&Facts::new(&trace, &[]));
}

fn task(facts: &Facts<'_>, name: &str) -> TaskId {
    facts.trace().tasks().ids().find(|task| facts.trace().tasks().name(*task) == name).expect("the story names it")
}

#[test]
fn a_hold_lasts_from_acquire_to_release_by_anyone() {
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.new","lock":1,"name":"mu"}
        {"ts":2,"task":"a","kind":"lock.acquire","lock":1,"seq":1}
        {"ts":3,"task":"b","kind":"lock.wait","lock":1}
        {"ts":4,"task":"c","kind":"lock.release","lock":1}
        {"ts":5,"task":"b","kind":"lock.acquire","lock":1,"seq":2}
        {"ts":6,"task":"d","kind":"lock.acquire","lock":1,"outcome":"timeout"}
    "#;
    check(story, |facts| {
        let spans = |hold: &Hold| (hold.wait.map(|id| id.0), hold.acquire.0, hold.release.map(|id| id.0));
        let of_lock: Vec<_> = facts.holds().of_lock(LockId(0)).map(spans).collect();
        assert_eq!(of_lock, [(None, 1, Some(3)), (Some(2), 4, None)]);
        let held = |name, at| facts.holds().held_by_task_at(task(facts, name), EventId(at)).count();
        assert_eq!([held("a", 0), held("a", 1), held("a", 3), held("b", 5), held("d", 5)], [0, 1, 0, 1, 0]);
        assert_eq!(facts.trace().locks().name(LockId(0)), "mu");
    });
}

#[test]
fn a_tasks_next_event_ends_its_wait() {
    let story = r#"
        {"ts":1,"task":"a","kind":"sleep","for":50}
        {"ts":2,"task":"a","kind":"lock.wait","lock":1}
        {"ts":3,"task":"a","kind":"lock.acquire","lock":1}
        {"ts":4,"task":"a","kind":"rpc.send","rpc":"fire-and-forget","to":1}
        {"ts":5,"task":"a","kind":"rpc.send","rpc":"call","to":1}
        {"ts":6,"task":"a","kind":"rpc.return","rpc":"call"}
        {"ts":7,"task":"a","kind":"rpc.send","rpc":"never-answered","to":1}
    "#;
    check(story, |facts| {
        let waits: Vec<_> = facts.waits().all().iter().map(|wait| (wait.begin.0, wait.end.map(|id| id.0))).collect();
        assert_eq!(waits, [(0, Some(1)), (1, Some(2)), (4, Some(5)), (6, None)]);
        assert_eq!(facts.waits().all()[0].on, WaitOn::Sleep { for_ns: Some(50) });
    });
}

#[test]
fn a_call_is_waited_for_if_only_talk_stands_before_its_return() {
    let waits = |between: &str| {
        let trace = trace_from_jsonl(&format!(
            r#"
            {{"ts":1,"task":"a","kind":"rpc.send","rpc":1,"to":1}}
            {between}
            {{"ts":8,"task":"b","kind":"log","msg":"of another"}}
            {{"ts":9,"task":"a","kind":"rpc.return","rpc":1}}
            "#
        ));
        let facts = Facts::new(&trace, &[]);
        let ends: Vec<_> = facts.waits().all().iter().map(|wait| (wait.begin.0, wait.end.map(|id| id.0))).collect();
        let last = trace.len() as u32 - 1;
        ends.contains(&(0, Some(last)))
    };
    let talk = r#"
        {"ts":2,"task":"a","kind":"log","msg":"a line of the library"}
        {"ts":2,"task":"a","kind":"span.enter","span":1,"name":"request"}
        {"ts":2,"task":"a","kind":"task.spawn","child":"helper"}
        {"ts":2,"task":"a","kind":"timer.set","timer":"time-out"}
        {"ts":2,"task":"a","kind":"msg.send","msg":"packet","to":1}
        {"ts":2,"task":"a","kind":"fault","what":"delay"}
        {"ts":2,"task":"a","kind":"task.pend"}
        {"ts":3,"task":"a","kind":"task.poll"}
        {"ts":3,"task":"a","kind":"timer.stop","timer":"time-out"}
        {"ts":3,"task":"a","kind":"span.exit","span":1}"#;
    assert!(waits("") && waits(talk));
    for deed in [
        r#""lock.acquire","lock":1"#,
        r#""rpc.send","rpc":2,"to":2"#,
        r#""timer.set","timer":"one case","select":1"#,
        r#""timer.fire","timer":"heartbeat""#,
        r#""msg.recv","msg":"other""#,
        r#""lost","events":1"#,
        r#""of an unknown kind""#,
    ] {
        assert!(!waits(&format!(r#"{{"ts":2,"task":"a","kind":{deed}}}"#)), "{deed}");
    }
}

#[test]
fn how_sure_an_open_call_is_the_other_calls_from_its_place_say() {
    // Of the calls at `src`: whether they were waited for before; then one that the trace's end cuts short.
    let open = |before: &[bool]| {
        let mut story = String::new();
        for (rpc, waited) in before.iter().enumerate() {
            let deed = if *waited { "log" } else { "term" };
            story.push_str(&format!(
                "{{\"ts\":2,\"task\":\"a\",\"kind\":\"rpc.send\",\"rpc\":{rpc},\"src\":\"raft.rs:1\"}}\n\
                 {{\"ts\":2,\"task\":\"a\",\"kind\":\"{deed}\"}}\n\
                 {{\"ts\":2,\"task\":\"a\",\"kind\":\"rpc.return\",\"rpc\":{rpc}}}\n"
            ));
        }
        story.push_str(r#"{"ts":8,"task":"b","kind":"rpc.send","rpc":"open","src":"raft.rs:1"}"#);
        story.push_str("\n{\"ts\":9,\"task\":\"b\",\"kind\":\"log\",\"msg\":\"sent\"}");
        let trace = trace_from_jsonl(&story);
        let facts = Facts::new(&trace, &[]);
        facts.waits().unfinished().map(|wait| facts.certainty(wait)).collect::<Vec<_>>()
    };
    assert_eq!(open(&[]), [Certainty::Likely]);
    assert_eq!(open(&[true]), [Certainty::Certain]);
    assert_eq!(open(&[false, true]), [Certainty::Doubtful]);
    assert_eq!(open(&[false]), [Certainty::Doubtful], "what others did makes no wait vanish");
}

#[test]
fn a_hold_changes_its_mode() {
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":1,"mode":"upgradable","seq":1}
        {"ts":2,"task":"a","kind":"lock.upgrade","lock":1,"mode":"exclusive","outcome":"timeout"}
        {"ts":3,"task":"a","kind":"lock.upgrade","lock":1,"mode":"exclusive","seq":2}
        {"ts":4,"task":"a","kind":"lock.downgrade","lock":1,"seq":3}
        {"ts":5,"task":"a","kind":"lock.release","lock":1,"seq":3}
    "#;
    check(story, |facts| {
        let holds: Vec<_> = facts.holds().of_lock(LockId(0)).collect();
        assert_eq!(holds.iter().map(|hold| hold.release).collect::<Vec<_>>(), [Some(EventId(4))], "one hold");
        let modes = [0, 1, 2, 3].map(|event| facts.holds().mode_at(holds[0], EventId(event)));
        assert_eq!(modes, [Mode::Upgradable, Mode::Upgradable, Mode::Exclusive, Mode::Shared]);
    });
}

#[test]
fn a_lock_belongs_to_the_peer_that_takes_it_most() {
    let owner = |takers: &[Option<u32>]| {
        let lines = takers.iter().enumerate().map(|(ts, peer)| {
            let peer = peer.map_or_else(String::new, |peer| format!("\"peer\":{peer},"));
            format!("{{\"ts\":{ts},{peer}\"task\":1,\"kind\":\"lock.acquire\",\"lock\":\"mu\"}}\n")
        });
        let trace = trace_from_jsonl(&lines.collect::<String>());
        let facts = Facts::new(&trace, &[]);
        facts.holds().owner(LockId(0)).map(|peer| trace.peers().name(peer).into_owned())
    };
    assert_eq!(owner(&[None, Some(0), None, None]).as_deref(), Some("0"), "a test that looks on does not count");
    assert_eq!(owner(&[Some(1), Some(0), Some(1)]).as_deref(), Some("1"));
    assert_eq!(owner(&[Some(0), Some(0), Some(1), Some(2)]), None, "half is no majority");
    assert_eq!(owner(&[None]), None);
}

#[test]
fn locks_of_one_name_are_told_apart() {
    let story = r#"
        {"ts":1,"peer":0,"task":1,"kind":"lock.new","lock":1,"name":"state"}
        {"ts":1,"peer":1,"task":2,"kind":"lock.new","lock":2,"name":"state"}
        {"ts":1,"peer":1,"task":2,"kind":"lock.new","lock":3,"name":"state"}
        {"ts":2,"peer":0,"task":1,"kind":"lock.acquire","lock":1}
        {"ts":2,"peer":1,"task":2,"kind":"lock.acquire","lock":2}
        {"ts":3,"peer":1,"task":2,"kind":"lock.acquire","lock":3}
    "#;
    check(story, |facts| {
        let words = crate::detect::words::Words(facts.trace());
        let [zero, one] = [0, 1].map(|index| facts.holds().owner(LockId(index)));
        assert_eq!(words.lock(facts, LockId(0), zero), "lock `state`");
        assert_eq!(words.lock(facts, LockId(0), one), "lock `state` of peer 0");
        assert_eq!(words.lock(facts, LockId(2), None), "lock `state` (3) of peer 1");
    });
}

#[test]
fn a_condition_gives_up_its_lock_and_a_select_waits_for_all_its_cases() {
    let story = r#"
        {"ts":1,"task":"a","kind":"lock.acquire","lock":1}
        {"ts":2,"task":"a","kind":"cond.wait","cond":"c","lock":1}
        {"ts":3,"task":"a","kind":"lock.release","lock":1}
        {"ts":4,"task":"b","kind":"chan.recv","chan":1,"select":7}
        {"ts":5,"task":"b","kind":"chan.send","chan":2,"select":7}
        {"ts":6,"task":"b","kind":"task.pend"}
        {"ts":7,"task":"b","kind":"chan.received","chan":1,"select":7}
    "#;
    check(story, |facts| {
        let waits: Vec<_> = facts.waits().all().iter().map(|wait| (wait.begin.0, wait.end.map(|id| id.0))).collect();
        assert_eq!(waits, [(1, None), (3, Some(6)), (4, Some(6))]);
        assert_eq!(facts.wait_graph().stuck().len(), 1);
    });
}

#[test]
fn threads_may_share_facts() {
    fn shared(_: &(impl Send + Sync)) {}
    check("", |facts| {
        facts.compute();
        shared(facts);
    });
}

/// Two candidates, each of which holds its lock across `RequestVote`; each handler waits for its own peer's lock.
const LOCK_ACROSS_RPC: &str = r#"
    {"ts":1,"peer":0,"task":"elect-0","kind":"lock.acquire","lock":"mu-0","seq":1}
    {"ts":2,"peer":1,"task":"elect-1","kind":"lock.acquire","lock":"mu-1","seq":1}
    {"ts":3,"peer":0,"task":"elect-0","kind":"rpc.send","rpc":"a","to":1}
    {"ts":4,"peer":1,"task":"elect-1","kind":"rpc.send","rpc":"b","to":0}
    {"ts":5,"peer":1,"task":"vote-1","kind":"rpc.recv","rpc":"a","from":0}
    {"ts":6,"peer":0,"task":"vote-0","kind":"rpc.recv","rpc":"b","from":1}
    {"ts":7,"peer":1,"task":"vote-1","kind":"lock.wait","lock":"mu-1"}
    {"ts":8,"peer":0,"task":"vote-0","kind":"lock.wait","lock":"mu-0"}
    {"ts":9,"peer":0,"task":"tick","kind":"lock.wait","lock":"mu-0"}
"#;

#[test]
fn a_cycle_runs_through_locks_and_rpcs_of_both_peers() {
    check(LOCK_ACROSS_RPC, |facts| {
        let graph = facts.wait_graph();
        let [cycle] = graph.cycles() else { panic!("one cycle: {graph:?}") };
        let names: Vec<_> = cycle.steps.iter().map(|step| facts.trace().tasks().name(step.wait.task)).collect();
        assert_eq!(names, ["elect-0", "vote-1", "elect-1", "vote-0"]);
        let begins: Vec<_> = cycle.steps.iter().map(|step| step.wait.begin.0).collect();
        assert_eq!(begins, [2, 6, 3, 7]);
        assert_eq!(cycle.steps[1].blocker, Blocker::Holder { acquire: EventId(1), task: Some(task(facts, "elect-1")) });
        let tick = graph.of(task(facts, "tick")).expect("it waits");
        assert_eq!(tick.root, Root::Cycle(0));
        assert_eq!(graph.chain(task(facts, "tick")).len(), 5);
        // Before the handlers ask for their locks, nothing is in a circle.
        let before = WaitGraph::at(facts, EventId(5));
        assert_eq!(before.cycles(), []);
        assert_eq!(
            before.of(task(facts, "elect-0")).map(|stuck| stuck.root),
            Some(Root::Running(task(facts, "vote-1")))
        );
    });
}

#[test]
fn a_chain_ends_where_nobody_waits_any_more() {
    let story = r#"
        {"ts":1,"task":"gone","kind":"lock.acquire","lock":"left"}
        {"ts":2,"task":"gone","kind":"task.end","how":"panic: oops"}
        {"ts":3,"task":"one","kind":"lock.acquire","lock":"mu"}
        {"ts":4,"task":"one","kind":"lock.wait","lock":"left"}
        {"ts":5,"task":"two","kind":"lock.wait","lock":"mu"}
        {"ts":6,"task":"three","kind":"rpc.send","rpc":"lost","to":9}
        {"ts":7,"task":"self","kind":"lock.acquire","lock":"again"}
        {"ts":8,"task":"self","kind":"lock.wait","lock":"again"}
        {"ts":9,"task":"main","kind":"task.join","child":"sleeper"}
        {"ts":10,"task":"sleeper","kind":"sleep","for":5}
    "#;
    check(story, |facts| {
        let root = |name| facts.wait_graph().of(task(facts, name)).map(|stuck| stuck.root);
        let ended = Root::HolderEnded { task: task(facts, "gone"), acquire: EventId(0) };
        assert_eq!((root("one"), root("two")), (Some(ended), Some(ended)));
        assert_eq!(root("three"), Some(Root::NotHandled(RpcId::from_index(0))));
        assert_eq!(root("self"), Some(Root::Cycle(0)));
        assert_eq!(facts.wait_graph().cycles()[0].steps.len(), 1);
        assert_eq!(root("main"), Some(Root::Sleeping(task(facts, "sleeper"))));
        assert_eq!(root("gone"), None);
    });
}

#[test]
fn a_leader_whose_term_rises_leads_no_longer_and_may_claim_the_next() {
    let story = r#"
        {"ts":1,"peer":0,"term":1,"kind":"role","role":"leader"}
        {"ts":2,"peer":0,"term":2,"kind":"term"}
        {"ts":3,"peer":0,"term":2,"kind":"rpc.send","rpc":1,"method":"AppendEntries","to":1,"prev_index":4,"msg_term":1}
        {"ts":4,"peer":0,"term":2,"kind":"rpc.send","rpc":2,"method":"AppendEntries","to":1,"prev_index":4,"msg_term":2}
        {"ts":5,"peer":0,"term":2,"kind":"role","role":"follower"}
        {"ts":6,"peer":0,"term":3,"kind":"rpc.send","rpc":3,"method":"AppendEntries","to":1,"prev_index":4,"msg_term":3}
    "#;
    check(story, |facts| {
        let spans: Vec<_> = facts.roles().all().iter().map(|role| (&*role.role, role.begin.0, role.end)).collect();
        assert_eq!(spans, [("leader", 0, Some(EventId(1))), ("follower", 4, None)]);
        let claims: Vec<_> = facts.roles().claims().iter().map(|claim| (claim.term.0, claim.event.0)).collect();
        assert_eq!(claims, [(1, 0), (2, 3)]);
    });
}

#[test]
fn an_rpc_is_one_object_with_its_fate() {
    let story = r#"
        {"ts":1,"peer":0,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":1,"msg_term":4}
        {"ts":2,"peer":1,"kind":"rpc.recv","rpc":"a","from":0}
        {"ts":3,"peer":1,"kind":"rpc.recv","rpc":"a","from":0}
        {"ts":4,"peer":1,"kind":"rpc.reply","rpc":"a","to":0,"granted":true}
        {"ts":5,"peer":0,"kind":"rpc.return","rpc":"a","from":1}
        {"ts":6,"peer":0,"kind":"reply.used","rpc":"a","purpose":"count vote"}
        {"ts":7,"peer":2,"kind":"rpc.recv","rpc":"b","method":"Apply","from":1}
    "#;
    check(story, |facts| {
        let [a, b] = [0, 1].map(|index| facts.rpcs().get(RpcId(index)));
        let name = |peer| facts.trace().peers().name(peer).into_owned();
        assert_eq!((a.method, a.outcome, a.msg_term.map(|term| term.0)), (Some("RequestVote"), Some("ok"), Some(4)));
        assert_eq!((a.caller.map(name), a.callee.map(name)), (Some("0".into()), Some("1".into())));
        assert_eq!((a.send, a.return_), (Some(EventId(0)), Some(EventId(4))));
        assert_eq!((a.recvs, a.replies, a.used), (&[EventId(1), EventId(2)][..], &[EventId(3)][..], &[EventId(5)][..]));
        assert_eq!((b.send, b.caller.map(name), b.callee.map(name)), (None, Some("1".into()), Some("2".into())));
    });
}

#[test]
fn coverage_says_what_was_never_written() {
    let (trace, problems) = trace_and_problems(&[r#"
        {"ts":1,"peer":0,"kind":"peer.start","how":"fresh"}
        {"ts":2,"peer":0,"term":1,"kind":"vote","for":0}
        {"ts":3,"peer":1,"term":1,"kind":"role","role":"follower"}
        {"ts":4,"peer":1,"kind":"lost","events":12}
    "#]);
    let facts = Facts::new(&trace, &problems);
    let peer = |index| facts.coverage().peer(crate::model::PeerId(index));
    use peerscope_format::vocabulary::Kind;
    assert!(peer(0).writes(Kind::Vote) && !peer(0).joined_in_mid_life);
    assert!(!peer(1).writes(Kind::Vote) && peer(1).joined_in_mid_life);
    assert_eq!((peer(1).lost_events, facts.coverage().lost_events), (12, 12));
    assert!(facts.coverage().cut_off && !facts.coverage().damaged && !facts.coverage().is_whole());
}
