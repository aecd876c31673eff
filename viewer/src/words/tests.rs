//! Stories and the words for them.

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{Dense, EventId, LockId, PeerId, RpcId, TaskId, Trace};
use peerscope_analyzer::read::{Problem, ProblemKind};
use peerscope_analyzer::testing::trace_from_jsonl;

use super::*;
use crate::lane::{Block, Lane, Look, Subject, Times};
use crate::scene::{Fate, Leg, Message, fate};

/// Task 1 of peer 0 asks peer 1, which never answers, and holds `Mutex<State>` meanwhile; task 2 waits for that for ever.
/// Task 3 waited for `log` and had it.
const STUCK: &str = r#"
    {"ts":1000,"peer":0,"task":1,"term":2,"kind":"task.begin","name":"ticker"}
    {"ts":2000,"peer":0,"task":1,"term":2,"kind":"lock.new","lock":8,"name":"Mutex<State>"}
    {"ts":2500,"peer":0,"task":1,"term":2,"kind":"lock.new","lock":9,"name":"log"}
    {"ts":3000,"peer":0,"task":1,"term":2,"kind":"lock.acquire","lock":8,"seq":1,"src":"raft.rs:40"}
    {"ts":4000,"peer":0,"task":1,"term":2,"kind":"lock.acquire","lock":9,"seq":1,"src":"raft.rs:41"}
    {"ts":5000,"peer":0,"task":3,"term":2,"kind":"lock.wait","lock":9}
    {"ts":9000,"peer":0,"task":1,"term":2,"kind":"lock.release","lock":9,"seq":1,"src":"raft.rs:44"}
    {"ts":9500,"peer":0,"task":3,"term":2,"kind":"lock.acquire","lock":9,"seq":2}
    {"ts":9600,"peer":0,"task":3,"term":2,"kind":"lock.release","lock":9,"seq":2}
    {"ts":10000,"peer":0,"task":2,"term":2,"kind":"lock.wait","lock":8,"src":"raft.rs:90"}
    {"ts":20000,"peer":0,"task":1,"term":2,"kind":"rpc.send","rpc":"7","method":"RequestVote","to":1,"msg_term":2}
    {"ts":1020000,"peer":1,"task":5,"kind":"rpc.recv","rpc":"7","method":"RequestVote","from":0}
    {"ts":1030000,"peer":1,"task":5,"kind":"sleep","for":5000000}
"#;

/// Peer 0 asks in term 1 and has the answer in term 2.
const STALE: &str = r#"
    {"ts":1000,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate","src":"raft.rs:7"}
    {"ts":2000,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":"7","method":"RequestVote","to":1,"msg_term":1}
    {"ts":3000,"peer":1,"task":2,"term":1,"kind":"rpc.recv","rpc":"7","method":"RequestVote","from":0}
    {"ts":4000,"peer":1,"task":2,"term":1,"kind":"vote","for":0}
    {"ts":5000,"peer":1,"task":2,"term":1,"kind":"rpc.reply","rpc":"7","granted":true}
    {"ts":6000,"peer":0,"task":3,"term":2,"kind":"role","role":"follower"}
    {"ts":9000,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":"7","granted":true}
    {"ts":9500,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":"7","purpose":"count the vote"}
"#;

fn lane(subject: Subject) -> Lane {
    Lane { subject, label: String::new(), about: String::new(), tracks: Vec::new() }
}

fn block(begin: u32, end: Option<u32>, look: Look) -> Block {
    Block::new(EventId(begin), end.map(EventId), look)
}

/// The labels of a block, one a line.
fn labels(trace: &Trace, subject: Subject, block: Block) -> String {
    block_labels(&Facts::new(trace, &[]), &lane(subject), block).join("\n")
}

fn times(trace: &Trace) -> Times<'_> {
    let end = trace.events().map(|event| event.ts()).max().unwrap_or(0);
    Times::new(trace, i64::try_from(end).unwrap_or(i64::MAX))
}

fn story(trace: &Trace, subject: Subject, block: Block) -> String {
    block_story(&Facts::new(trace, &[]), times(trace), &lane(subject), block).join("\n")
}

const PEER: Subject = Subject::Role(PeerId(0));

#[test]
fn a_role_says_its_name_at_every_length() {
    let trace = trace_from_jsonl(STALE);
    assert_eq!(
        labels(&trace, PEER, block(0, Some(5), Look::Candidate)),
        "candidate · term 1\ncandidate 1\ncandidate\nC"
    );
    assert_eq!(
        story(&trace, PEER, block(0, Some(5), Look::Candidate)),
        "peer 0 is candidate in term 1\nlasted 5 µs\nbegan: becomes candidate in term 1\n\
         ended: becomes follower in term 2\nwritten at raft.rs:7"
    );
    assert!(story(&trace, PEER, block(5, None, Look::Follower)).contains("never ended"));
}

#[test]
fn a_wait_says_for_what_and_who_holds_it_and_why_it_never_ends() {
    let trace = trace_from_jsonl(STUCK);
    let own = Subject::Tasks(TaskId::from_index(2));
    assert_eq!(
        labels(&trace, own, block(9, None, Look::WaitsForLock)),
        "waits for Mutex<State>, held by ticker (1)\nwaits for Mutex<State>\nwaits: Mutex<State>\nwaits"
    );
    assert_eq!(
        story(&trace, own, block(9, None, Look::WaitsForLock)),
        "task 2 of peer 0 waits for Mutex<State>\n\
         never ended: it goes on where the trace ends, 1.02 ms later\n\
         held then by ticker (1) of peer 0, for 7 µs already\n\
         waits for Mutex<State>, held by ticker (1) of peer 0, which waits for the reply of peer 1 to RequestVote, \
         handled by task 5 of peer 1, which sleeps 5 ms; task 5 only waits for time to pass\n\
         begun at raft.rs:90"
    );
    assert_eq!(
        labels(&trace, own, block(10, None, Look::WaitsForReply)),
        "waits for RequestVote → peer 1\nwaits for RequestVote\nwaits: RequestVote\nwaits"
    );
    assert_eq!(labels(&trace, own, block(12, None, Look::Sleeps)), "sleeps 5 ms\nsleeps");
}

#[test]
fn a_hold_is_called_after_its_holder_on_the_locks_lane_and_after_the_lock_on_the_tasks() {
    let trace = trace_from_jsonl(STUCK);
    let held = block(4, Some(6), Look::HeldContended);
    assert_eq!(labels(&trace, Subject::Lock(LockId(1)), held), "ticker (1)\nticker");
    assert_eq!(labels(&trace, Subject::Tasks(TaskId(0)), held), "log");
    // A part of a hold, from where somebody began to wait, is still that hold.
    let part = block(5, Some(6), Look::HeldContended);
    assert_eq!(labels(&trace, Subject::Lock(LockId(1)), part), "ticker (1)\nticker");
    let whole = "log held by ticker (1) of peer 0\nlasted 5 µs\nmeanwhile it is waited for by task 3\n\
                 taken at raft.rs:41\nreleased at raft.rs:44";
    assert_eq!(story(&trace, Subject::Lock(LockId(1)), held), whole);
    assert_eq!(story(&trace, Subject::Lock(LockId(1)), part), whole);
    let queue = Block { depth: 2, ..block(9, None, Look::Queue) };
    assert_eq!(labels(&trace, Subject::Lock(LockId(0)), queue), "2 wait\n2");
    assert!(story(&trace, Subject::Lock(LockId(0)), queue).contains("to the trace's end: task 2"));
    let open = story(&trace, Subject::Lock(LockId(0)), block(3, None, Look::HeldContended));
    assert!(open.contains("never ended") && open.contains("its holder waits for the reply of peer 1"), "{open}");
}

#[test]
fn locks_of_one_name_are_told_apart_by_their_ids() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"peer":0,"task":1,"kind":"lock.new","lock":1,"name":"Mutex<State>"}
        {"ts":2,"peer":0,"task":1,"kind":"lock.new","lock":2,"name":"Mutex<State>"}
        {"ts":3,"peer":0,"task":1,"kind":"lock.acquire","lock":1}
        {"ts":4,"peer":0,"task":1,"kind":"lock.acquire","lock":2}
        {"ts":5,"peer":0,"task":1,"kind":"lock.wait","lock":1}
        "#,
    );
    assert_eq!(
        labels(&trace, Subject::Tasks(TaskId(0)), block(4, None, Look::WaitsForLock)),
        "waits for Mutex<State> (1), which it holds itself\nwaits for Mutex<State> (1)\nwaits: Mutex<State> (1)\nwaits"
    );
}

#[test]
fn a_stale_reply_says_so_wherever_it_is_told() {
    let trace = trace_from_jsonl(STALE);
    let facts = Facts::new(&trace, &[]);
    let leg = Leg {
        from: EventId(4),
        to: Some(EventId(6)),
        message: Message::Rpc(RpcId(0)),
        is_reply: true,
        fate: Fate::StaleTerm,
    };
    assert_eq!(
        leg_story(&facts, leg).join("\n"),
        "RequestVote · peer 1 → peer 0 (reply)\nsent by task 2 of peer 1\narrived after 4 µs, taken by task 1 of peer 0\n\
         arrived after its caller had moved on to term 2: a stale reply\noutcome at the caller: ok\nrpc 7"
    );
    assert_eq!(leg_exit(&facts, leg, EventId(6)), "→ task 1 of peer 0, 4 µs later");
    assert_eq!(leg_exit(&facts, leg, EventId(4)), "← task 2 of peer 1, 4 µs earlier");
    assert_eq!(
        rpc_fate(&facts, RpcId(0)),
        "asked in term 1, but the caller had moved on to term 2 when the reply came: stale, and was acted on"
    );
    let steps: Vec<_> = rpc_steps(&facts, RpcId(0)).into_iter().map(|(what, event)| (what, event.0)).collect();
    assert_eq!(steps, [("request", 1), ("handler", 2), ("reply", 4), ("return", 6), ("acted on", 7)]);
}

#[test]
fn two_holders_of_one_lock_are_no_hand_over() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":10000,"peer":0,"task":1,"kind":"lock.acquire","lock":"mu"}
        {"ts":20000,"peer":0,"task":2,"kind":"lock.acquire","lock":"mu"}
        {"ts":50000,"peer":0,"task":1,"kind":"lock.release","lock":"mu","src":"a.rs:9"}
        {"ts":70000,"peer":0,"task":2,"kind":"lock.release","lock":"mu","src":"a.rs:7"}
        "#,
    );
    assert_eq!(
        story(&trace, Subject::Lock(LockId(0)), block(0, Some(1), Look::Held)),
        "mu held by task 1 of peer 0\nlasted 10 µs\nover at the latest when task 2 of peer 0 took the lock\n\
         its own release is written later (#2 at a.rs:9): two had the lock at once"
    );
    let second = story(&trace, Subject::Lock(LockId(0)), block(1, Some(3), Look::Held));
    assert_eq!(second, "mu held by task 2 of peer 0\nlasted 50 µs\nreleased at a.rs:7");
    let both = Block { depth: 2, ..block(1, Some(2), Look::HeldByTwo) };
    assert_eq!(labels(&trace, Subject::Lock(LockId(0)), both), "2 have it\n2");
    assert_eq!(
        story(&trace, Subject::Lock(LockId(0)), both).lines().take(2).collect::<Vec<_>>(),
        ["mu is had by task 1 of peer 0 and task 2 of peer 0 at once", "lasted 30 µs"]
    );
}

/// Peer 0 asks peer 1; what the last line says comes of it.
fn asked(end: &str) -> Trace {
    trace_from_jsonl(&format!(
        r#"
        {{"ts":1000,"peer":0,"task":1,"kind":"rpc.send","rpc":"7","method":"Ping","to":1}}
        {{"ts":2000,"peer":1,"task":2,"kind":"rpc.recv","rpc":"7","from":0}}
        {{"ts":3000,"peer":1,"task":2,"kind":"rpc.reply","rpc":"7"}}
        {end}
        "#
    ))
}

#[test]
fn what_became_of_an_answer_is_told_by_what_was_known_then() {
    let reply =
        Leg { from: EventId(2), to: None, message: Message::Rpc(RpcId(0)), is_reply: true, fate: Fate::NotTaken };
    let cases = [
        ("timeout", "the caller had no answer (timeout); the handler had answered by then, but that was not taken"),
        ("error", "answered with an error"),
        ("ok", "answered in time"),
    ];
    for (outcome, expected) in cases {
        let end = format!(r#"{{"ts":9000,"peer":0,"task":1,"kind":"rpc.return","rpc":"7","outcome":"{outcome}"}}"#);
        let trace = asked(&end);
        let facts = Facts::new(&trace, &[]);
        assert_eq!(rpc_fate(&facts, RpcId(0)), expected);
        let (to, was) = fate::of_reply(&trace, &facts.rpcs().get(RpcId(0)), EventId(2));
        let told = leg_story(&facts, Leg { to, fate: was, ..reply }).join("\n");
        let taken = if outcome == "timeout" { "sent in time, but not taken" } else { "arrived in time" };
        assert!(told.contains(taken), "{told}");
    }
    let trace = trace_from_jsonl(
        r#"
        {"ts":1000,"peer":0,"task":1,"kind":"rpc.send","rpc":"7","method":"Ping","to":1}
        {"ts":2000,"peer":0,"task":1,"kind":"rpc.return","rpc":"7","outcome":"ok"}
        "#,
    );
    let facts = Facts::new(&trace, &[]);
    let was = fate::of_request(&facts.rpcs().get(RpcId(0)), None);
    let request = Leg { from: EventId(0), is_reply: false, fate: was, ..reply };
    let told = leg_story(&facts, request).join("\n");
    assert!(told.contains("its receipt is not in the trace, but it was answered"), "{told}");
}

#[test]
fn what_goes_on_where_a_trace_was_cut_off_is_not_said_to_never_end() {
    let trace = trace_from_jsonl(STUCK);
    let cut = Problem { source: None, kind: ProblemKind::CutOff, offset: None, detail: String::new() };
    let facts = Facts::new(&trace, std::slice::from_ref(&cut));
    let open = block(9, None, Look::WaitsForLock);
    let told = block_story(&facts, times(&trace), &lane(Subject::Tasks(TaskId(2))), open);
    assert_eq!(told[1], "not ended when the trace stops, 1.02 ms later; the trace is not whole");
}

#[test]
fn a_task_and_a_lock_have_one_name_each() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"peer":0,"task":1,"kind":"task.begin","name":"ticker 0"}
        {"ts":2,"peer":0,"task":1,"kind":"task.spawn","child":2,"src":"src/main.rs:12"}
        {"ts":3,"peer":0,"task":2,"kind":"log","msg":""}
        {"ts":4,"peer":0,"task":3,"kind":"log","msg":""}
        {"ts":5,"peer":0,"task":"main","kind":"lock.new","lock":4,"name":"raft"}
        "#,
    );
    let tasks: Vec<_> = trace.tasks().ids().map(|task| names::task(&trace, task)).collect();
    assert_eq!(tasks, ["ticker 0 (1)", "task 2 (main.rs:12)", "task 3", "main"]);
    assert_eq!(names::full_lock(&trace, LockId(0)), "raft (4)");
    assert_eq!(names::lock(&Facts::new(&trace, &[]), LockId(0)), "raft");
}

#[test]
fn events_are_told_in_plain_words() {
    let trace = trace_from_jsonl(STALE);
    let facts = Facts::new(&trace, &[]);
    let texts: Vec<_> = (0..8).map(|event| event_text(&facts, EventId(event))).collect();
    assert_eq!(
        texts,
        [
            "becomes candidate in term 1",
            "asks peer 1: RequestVote, term 1",
            "takes RequestVote of peer 0",
            "votes for peer 0 in term 1",
            "answers RequestVote of peer 0: granted",
            "becomes follower in term 2",
            "RequestVote to peer 1 returns: ok, granted",
            "acts on the reply of peer 1: count the vote",
        ]
    );
    let point = block(3, Some(3), Look::Vote);
    assert_eq!(labels(&trace, PEER, point), "votes for peer 0 in term 1\nvote → 0");
}

#[test]
fn what_has_no_name_is_not_called_by_a_bare_number() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"peer":0,"task":1,"kind":"lock.acquire","lock":3}
        {"ts":2,"peer":0,"task":1,"kind":"lock.release","lock":3}
        {"ts":3,"peer":0,"task":1,"kind":"chan.recv","chan":4}
        {"ts":4,"peer":0,"task":2,"kind":"lock.acquire","lock":"raft"}
        "#,
    );
    let facts = Facts::new(&trace, &[]);
    assert_eq!(event_text(&facts, EventId(0)), "takes lock 3");
    assert_eq!(event_text(&facts, EventId(3)), "takes raft");
    let task = Subject::Tasks(TaskId(0));
    assert_eq!(labels(&trace, task, block(2, None, Look::WaitsForOther)), "waits to receive from channel 4\nwaits");
}

#[test]
fn fields_are_named_typed_and_explained() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1,"peer":0,"task":1,"term":3,"kind":"lock.new","lock":1,"name":"raft"}
        {"ts":2,"peer":0,"task":1,"term":3,"inc":1,"kind":"log","msg":"got {n}","args":{"n":5,"who":"a b"},"src":"a.rs:1"}
        {"ts":3,"peer":0,"task":1,"term":3,"kind":"lock.acquire","lock":1,"seq":4}
        {"ts":4,"peer":0,"task":1,"kind":"my.kind","anything":null}
        {"ts":5,"peer":0,"task":1,"kind":"sleep","for":1500000}
        "#,
    );
    let facts = Facts::new(&trace, &[]);
    let fields = |event| {
        let fields = event_fields(&facts, EventId(event));
        fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" | ")
    };
    assert_eq!(
        fields(1),
        "peer=0 | incarnation=1 | task=task 1 | term=3 | msg=got {n} | args.n=5 | args.who=a b | src=a.rs:1"
    );
    assert_eq!(event_text(&facts, EventId(1)), "got 5");
    assert_eq!(fields(2), "peer=0 | task=task 1 | term=3 | lock=raft (1) | seq=4");
    assert_eq!(fields(3), "peer=0 | task=task 1 | anything=null");
    assert_eq!(fields(4), "peer=0 | task=task 1 | for=1500000  (1.5 ms)");
}

#[test]
fn related_events_are_found_from_either_end() {
    let trace = trace_from_jsonl(STUCK);
    let facts = Facts::new(&trace, &[]);
    let related = |event| {
        let related = related(&facts, EventId(event));
        related.iter().map(|(what, event)| format!("{what} #{}", event.0)).collect::<Vec<_>>()
    };
    // The release that let somebody in.
    assert_eq!(
        related(6),
        ["its acquire #4", "who takes it next #7", "Mutex<State>, held here #3", "next, same task #10",]
    );
    // The grant after a wait.
    assert_eq!(related(7), ["its wait #5", "who held it before #4", "that one's release #6", "its release #8"]);
    // The wait that never ends.
    assert_eq!(related(9), ["the hold that it waits for #3"]);
    assert_eq!(related(10)[0], "its RPC: handler #11");
    let trace = trace_from_jsonl(STALE);
    let facts = Facts::new(&trace, &[]);
    let of_role: Vec<_> = super::related(&facts, EventId(5)).into_iter().collect();
    assert_eq!(of_role, [("the role that this ends".to_owned(), EventId(0))]);
}

#[test]
fn what_a_stranger_wrote_is_harmless_and_short() {
    let name = "x\u{1b}[31m\u{202e}".repeat(100);
    let line = json_string(&name);
    let trace = trace_from_jsonl(&format!(
        r#"
        {{"ts":1,"peer":{line},"task":{line},"kind":"lock.acquire","lock":{line},"src":{line}}}
        {{"ts":2,"peer":{line},"task":{line},"kind":"role","role":{line}}}
        {{"ts":3,"peer":{line},"task":{line},"kind":"log","msg":{line}}}
        {{"ts":4,"kind":"rpc.return"}}
        {{"ts":5,"kind":"lock.wait"}}
        {{"ts":6,"kind":"vote"}}
        {{"ts":7,"kind":"log.append","first":18446744073709551615,"entries":[{{}},{{}},{{}}]}}
        {{"ts":18446744073709551615,"peer":{line},"task":{line},"kind":"rpc.send","rpc":{line},"method":{line},"to":{line}}}
        "#
    ));
    let facts = Facts::new(&trace, &[]);
    let looks = [Look::Leader, Look::OtherRole, Look::Down, Look::Alive, Look::WaitsForLock, Look::WaitsForOther];
    let more =
        [Look::Held, Look::HeldShared, Look::Queue, Look::Phase, Look::Fault, Look::Missing, Look::Vote, Look::Line];
    let subjects =
        [PEER, Subject::Tasks(TaskId(0)), Subject::Lock(LockId(0)), Subject::Test(None), Subject::Untasked(None)];
    for event in (0..trace.len() as u32).map(EventId) {
        let mut said = vec![event_text(&facts, event)];
        said.extend(event_stories(&facts, times(&trace), event).into_iter().flatten());
        said.extend(related(&facts, event).into_iter().map(|(what, _)| what));
        said.extend(rpc_of_event(&facts, event).into_iter().flat_map(|rpc| rpc_lines(&facts, rpc)));
        for (look, subject) in looks.iter().chain(&more).flat_map(|look| subjects.map(|subject| (*look, subject))) {
            for end in [None, Some(event)] {
                let block = Block { begin: event, end, look, depth: 255 };
                said.extend(block_labels(&facts, &lane(subject), block));
                said.extend(block_story(&facts, times(&trace), &lane(subject), block));
            }
        }
        let fields = event_fields(&facts, event);
        for text in said.iter().chain(fields.iter().flat_map(|(name, value)| [name, value])) {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\n']), "{text:?}");
            assert!(text.chars().count() < 4200, "{text:?}");
        }
        assert!(said.iter().all(|text| text.chars().count() < 1000), "{said:?}");
    }
}

/// A JSON string.
fn json_string(text: &str) -> String {
    let escaped: String = text.chars().map(|character| format!("\\u{:04x}", character as u32)).collect();
    format!("\"{escaped}\"")
}
