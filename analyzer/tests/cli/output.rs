//! What `log`, `stuck` and `info` print, and what no command does.

use std::process::{Command, Stdio};

use super::common::{CLEAN, Folder, READERS, TWO_LEADERS, json, peerscope};

#[test]
fn a_hostile_trace_never_reaches_the_terminal_raw() {
    let folder = Folder::new();
    let evil = "\\u001b]0;owned\\u0007\\u009b2J\\u202e\\r\\n";
    let trace = format!(
        r#"{{"peerscope":1,"unit":"ns","host":"{evil}","meta":{{"{evil}":"{evil}"}}}}
{{"ts":1,"test":"{evil}","peer":"{evil}","task":"{evil}","kind":"lock.new","lock":1,"name":"{evil}"}}
{{"ts":2,"test":"{evil}","peer":"{evil}","task":"{evil}","kind":"lock.acquire","lock":1,"seq":1,"src":"{evil}:1"}}
{{"ts":3,"test":"{evil}","peer":"{evil}","task":"{evil}","kind":"log","msg":"{evil} {{x}}","args":{{"x":"{evil}"}},"topic":"{evil}"}}
{{"ts":4,"test":"{evil}","kind":"test.phase","name":"{evil}"}}
{{"ts":5,"test":"{evil}","peer":"{evil}","task":"{evil}","kind":"{evil}","{evil}":"{evil}"}}
{{"ts":6,"test":"{evil}","peer":"{evil}","task":"{evil}","kind":"lock.wait","lock":1,"src":"{evil}:2"}}
"#
    );
    let trace = folder.file("evil.jsonl", trace);
    for command in READERS {
        let mut args = command.to_vec();
        args.push(&trace);
        let run = peerscope(&args);
        let raw = |text: &str| text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!((raw(&run.out), raw(&run.err)), (None, None), "{args:?}: {}{}", run.out, run.err);
        assert!(run.out.contains("owned"), "{args:?} shows it all the same: {}", run.out);
    }
}

#[test]
fn the_same_trace_gives_the_same_bytes() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", TWO_LEADERS);
    for command in READERS {
        let mut args = command.to_vec();
        args.push(&trace);
        assert_eq!(peerscope(&args).out, peerscope(&args).out, "{args:?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let folder = Folder::new();
    let mut trace = String::from(CLEAN);
    for ts in 100..20_000 {
        trace.push_str(&format!("{{\"ts\":{ts},\"task\":1,\"kind\":\"log\",\"msg\":\"a line among many\"}}\n"));
    }
    let trace = folder.file("long.jsonl", trace);
    let mut child = Command::new(env!("CARGO_BIN_EXE_peerscope"))
        .args(["log", &trace])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn the_log_renders_templates_and_filters() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", CLEAN);
    let run = peerscope(&["log", &trace, "--topic", "bank"]);
    assert_eq!(run.out.lines().count(), 2, "a line, and one that says what its columns are: {}", run.out);
    assert!(run.out.contains("moves   5 coins"), "{}", run.out);
    let leaders = folder.file("leaders.jsonl", TWO_LEADERS);
    let run = peerscope(&["log", &leaders, "--columns", "--peer", "0,1", "--term", "2"]);
    assert!(
        run.out.lines().next().is_some_and(|head| head.contains("peer 0") && head.contains("peer 1")),
        "{}",
        run.out
    );
    assert!(!run.out.contains("peer 2"), "{}", run.out);
}

#[test]
fn stuck_says_who_waits_for_whom() {
    let folder = Folder::new();
    let trace = folder.file(
        "hung.jsonl",
        r#"{"peerscope":1,"unit":"ns"}
{"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":"raft","seq":1,"src":"raft.rs:40"}
{"ts":20,"peer":0,"task":1,"kind":"lock.wait","lock":"raft","src":"raft.rs:77"}
"#,
    );
    let run = peerscope(&["stuck", &trace]);
    assert_eq!(run.status, 1);
    assert!(run.out.contains("waits for lock `raft`") && run.out.contains("raft.rs:77"), "{}", run.out);
    let report = json(&peerscope(&["stuck", "--format", "json", &trace]).out);
    assert_eq!(report["waiting"][0]["root"], "circle");
    assert_eq!(report["waiting"][0]["holds"][0]["src"], "raft.rs:40");
    assert_eq!(peerscope(&["stuck", &trace, "--at", "event:0"]).status, 0);
    assert_eq!(peerscope(&["stuck", &trace, "--at", "time:10ns"]).status, 0);
}

#[test]
fn the_log_numbers_events_as_reports_do() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", TWO_LEADERS);
    let report = json(&peerscope(&["check", "--format", "json", &trace]).out);
    let witness = &report["findings"][0]["witnesses"][0];
    let (event, kind) = (witness["event"].to_string(), witness["kind"].as_str().expect("a kind"));
    let log = peerscope(&["log", &trace]).out;
    let title: Vec<&str> = log.lines().next().expect("a title").split_whitespace().collect();
    assert_eq!(title, ["event", "time", "peer", "term", "task", "what"]);
    let line = log.lines().find(|line| line.trim_start().starts_with(&format!("#{event} "))).expect("its line");
    assert!(line.contains(kind), "{line}");
    assert!(log.contains("task 21") && !log.contains("#21 "), "a task is called one: {log}");
    assert!(log.lines().any(|line| line.contains(" term 1")), "a `term` event shows its term: {log}");
    assert!(peerscope(&["log", "--columns", &trace]).out.contains("#16 "));
}

#[test]
fn the_log_shows_what_is_around_an_event() {
    let folder = Folder::new();
    let mut trace = String::from("{\"peerscope\":1,\"unit\":\"ns\"}\n");
    (0..100).for_each(|ts| trace.push_str(&format!("{{\"ts\":{ts},\"task\":1,\"kind\":\"log\",\"msg\":\"x\"}}\n")));
    let trace = folder.file("long.jsonl", trace);
    let numbers = |around: &str| -> Vec<String> {
        let out = peerscope(&["log", &trace, "--around", around]).out;
        out.lines().skip(1).filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
    };
    let around = numbers("50");
    assert_eq!((around.len(), &around[0][..], &around[10][..], &around[20][..]), (21, "#40", ">#50", "#60"));
    assert_eq!(numbers("#3").len(), 14);
    assert_eq!(numbers("event:99").len(), 11);
    assert_eq!(peerscope(&["log", &trace, "--around", "100"]).status, 2);
}

#[test]
fn an_empty_log_says_what_there_is() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", TWO_LEADERS);
    for (args, says) in [
        (&["--peer", "7"][..], "there is no peer `7`; there are: 0, 1, 2"),
        (
            &["--topic", "vot"],
            "there is no event of topic `vot`; there are: lock, process, reply, role, rpc, term, test, vote",
        ),
        (&["--task", "4"], "there is no task `4`; there are: 1, 2, 3, 11, 21"),
        (&["--term", "9"], "there is no event of term `9`; there are: 1, 2"),
        (&["--peer", "2", "--term", "2"], "no event is all of that at once"),
        (&["--columns", "--peer", "7"], "there is no peer `7`"),
    ] {
        let mut all = vec!["log", &trace];
        all.extend(args);
        let run = peerscope(&all);
        assert_eq!((run.status, &run.out[..]), (0, ""), "{args:?}");
        assert!(run.err.contains(says), "{args:?}: {}", run.err);
    }
    let run = peerscope(&["log", &trace, "--task", "21"]);
    assert_eq!((run.out.lines().count(), &run.err[..]), (5, ""), "{}", run.out);
}

#[test]
fn info_counts_what_cannot_be_judged() {
    let folder = Folder::new();
    let trace = folder.file(
        "twice.jsonl",
        r#"{"peerscope":1,"unit":"ns"}
{"ts":1,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"A","to":1}
{"ts":2,"peer":1,"task":2,"kind":"rpc.send","rpc":1,"method":"A","to":0}
{"ts":3,"peer":1,"task":2,"kind":"rpc.send","rpc":2,"method":"A","to":0}
{"ts":4,"peer":1,"task":3,"kind":"task.begin"}
{"ts":5,"peer":1,"task":4,"kind":"lock.wait","lock":1}
{"ts":6,"peer":1,"task":5,"kind":"task.end"}
{"ts":7,"peer":1,"task":6,"kind":"process.end","how":"exit 0"}
"#,
    );
    let run = peerscope(&["info", &trace]);
    assert!(run.out.contains("1 RPC id sent more than once"), "{}", run.out);
    assert!(run.out.contains("neither ended nor wait for anything that is tracked"), "{}", run.out);
    let info = json(&peerscope(&["info", "--format", "json", &trace]).out);
    assert_eq!(info["rpcs_sent_twice"], 1);
    assert!(info["open_without_wait"].as_u64().is_some_and(|tasks| (1..=3).contains(&tasks)), "{info}");
}
