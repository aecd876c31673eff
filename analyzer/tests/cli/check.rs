//! `peerscope check`: verdicts, forms, exit statuses.

use std::fs;

use serde_json::Value;

use super::common::{CLEAN, Folder, TWO_LEADERS, json, peerscope};

#[test]
fn a_report_leads_with_the_first_cause() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", TWO_LEADERS);
    let run = peerscope(&["check", &trace]);
    assert_eq!(run.status, 1, "{}", run.out);
    let cause = run.out.find("[stale-reply-acted-on/1]").expect("the cause is told");
    let consequence = run.out.find("[two-leaders-in-term/1]").expect("the consequence is told");
    assert!(cause < consequence && run.out[cause..consequence].contains("which led to:"), "{}", run.out);
    assert!(run.out.contains("phase \"first election\""), "{}", run.out);
    assert!(!run.out.contains('\x1b'), "no colours where nobody looks");
    assert_eq!(run.err, "");
}

#[test]
fn the_json_report_has_the_fixed_shape() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", TWO_LEADERS);
    let run = peerscope(&["check", "--format", "json", &trace]);
    let report = json(&run.out);
    assert_eq!(report["version"], 1);
    assert_eq!(report["suppressed"], 0);
    let file = &report["traces"][0];
    assert_eq!((&file["path"], &file["events"], &file["peers"]), (&Value::from(&trace[..]), &17.into(), &3.into()));
    assert_eq!(file["problems"], Value::Array(Vec::new()));
    let findings = report["findings"].as_array().expect("a list");
    let of = |name: &str| findings.iter().find(|finding| finding["detector"] == name).expect(name);
    let leaders = of("two-leaders-in-term");
    assert_eq!(leaders["id"], "two-leaders-in-term/1");
    assert_eq!((&leaders["class"], &leaders["severity"]), (&"happened".into(), &"error".into()));
    assert_eq!((&leaders["test"], &leaders["cluster"]), (&"re-election".into(), &Value::Null));
    assert_eq!(leaders["peers"], json(r#"["0","1"]"#));
    assert_eq!((&leaders["term"], &leaders["count"], &leaders["ts"]), (&2.into(), &1.into(), &8000.into()));
    assert_eq!(leaders["phase"], "first election");
    assert_eq!(leaders["caused_by"], json(r#"["stale-reply-acted-on/1"]"#));
    let witness = &leaders["witnesses"][0];
    assert_eq!((&witness["trace"], &witness["ts"], &witness["kind"]), (&0.into(), &2000.into(), &"role".into()));
    assert_eq!((&witness["peer"], &witness["task"]), (&"0".into(), &"1".into()));
    assert_eq!(witness["src"], "src/raft.rs:2");
    assert!(witness["event"].is_u64() && witness["text"].is_string() && leaders["fix"].is_string());
    let clean: Vec<_> = report["clean"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(clean.contains(&"self-deadlock") && !clean.contains(&"two-leaders-in-term"), "{clean:?}");
}

#[test]
fn exit_statuses_say_what_was_found() {
    let folder = Folder::new();
    let bad = folder.file("bad.jsonl", TWO_LEADERS);
    let clean = folder.file("clean.jsonl", CLEAN);
    let cut = folder.file("cut.jsonl", CLEAN.replace(r#"{"ts":40,"kind":"process.end","how":"exit 0"}"#, ""));
    let warned = folder.file(
        "warned.jsonl",
        r#"{"peerscope":1,"unit":"ns"}
{"ts":10,"peer":0,"task":1,"term":1,"kind":"role","role":"leader"}
{"ts":10,"peer":0,"task":1,"term":1,"kind":"lock.acquire","lock":"raft","seq":1}
{"ts":20,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1}
{"ts":30,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":1,"outcome":"timeout"}
{"ts":40,"peer":0,"task":1,"term":1,"kind":"lock.release","lock":"raft","seq":1}
{"ts":50,"kind":"process.end","how":"exit 0"}
"#,
    );
    for (args, status) in [
        (&["check", &bad][..], 1),
        (&["check", &clean], 0),
        (&["check", &clean, "--strict"], 0),
        (&["check", &clean, "--strict", "--predict"], 3),
        (&["check", &cut], 0),
        (&["check", &cut, "--strict"], 3),
        (&["check", &bad, "--strict"], 1),
        (&["check", &bad, "--only", "self-deadlock,term-regression"], 0),
        (&["check", &bad, "--skip", "two-leaders-in-term,stale-reply-acted-on"], 0),
        (&["check", &warned], 0),
        (&["check", &warned, "--deny", "warning"], 1),
        (&["check", "--each", &clean, &bad], 1),
        (&["stuck", &clean], 0),
    ] {
        let run = peerscope(args);
        assert_eq!(run.status, status, "{args:?}: {}{}", run.out, run.err);
    }
}

#[test]
fn each_trace_by_itself_or_all_as_one_run() {
    let folder = Folder::new();
    let one = folder.file("one.jsonl", TWO_LEADERS);
    let other = folder.file("other.jsonl", TWO_LEADERS);
    let report = json(&peerscope(&["check", "--each", "--format", "json", &one, &other]).out);
    let ids: Vec<_> = report["findings"].as_array().expect("a list").iter().map(|finding| &finding["id"]).collect();
    assert!(
        ids.contains(&&"two-leaders-in-term/1".into()) && ids.contains(&&"two-leaders-in-term/2".into()),
        "{ids:?}"
    );
    let last = report["findings"].as_array().and_then(|findings| findings.last()).expect("a finding");
    assert_eq!(last["witnesses"][0]["trace"], 1);
    assert_eq!(last["caused_by"], json(r#"["stale-reply-acted-on/2"]"#));
}

#[test]
fn source_lines_are_quoted_only_from_below_the_root() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", TWO_LEADERS.replace("src/raft.rs:3", "../secret.rs:1"));
    fs::create_dir_all(folder.path("root/src")).expect("a folder");
    folder.file("root/src/raft.rs", "// one\nself.role = Role::Candidate;\n");
    folder.file("secret.rs", "hunter2\n");
    let run = peerscope(&["check", &trace, "--source-root", &folder.path("root")]);
    assert!(run.out.contains("| self.role = Role::Candidate;"), "{}", run.out);
    assert!(!run.out.contains("hunter2"), "{}", run.out);
}
