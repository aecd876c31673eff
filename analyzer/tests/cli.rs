//! The program from the outside: what it prints, where, and with which exit status.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Votes of term 1 are counted in term 2, under the peers' locks.
const TWO_LEADERS: &str = r#"{"peerscope":1,"unit":"ns","meta":{"program":"lab"}}
{"ts":1000,"kind":"test.phase","name":"first election","test":"re-election"}
{"ts":2000,"test":"re-election","peer":0,"task":1,"term":1,"kind":"role","role":"candidate","src":"src/raft.rs:2"}
{"ts":2100,"test":"re-election","peer":2,"task":21,"term":1,"kind":"term"}
{"ts":3000,"test":"re-election","peer":0,"task":2,"term":1,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":2,"src":"src/raft.rs:3"}
{"ts":4000,"test":"re-election","peer":2,"task":21,"term":1,"kind":"rpc.recv","rpc":"a","method":"RequestVote","from":0}
{"ts":4100,"test":"re-election","peer":2,"task":21,"term":1,"kind":"vote","for":0}
{"ts":4200,"test":"re-election","peer":2,"task":21,"term":1,"kind":"rpc.reply","rpc":"a","granted":true}
{"ts":5000,"test":"re-election","peer":1,"task":11,"term":2,"kind":"role","role":"candidate"}
{"ts":6000,"test":"re-election","peer":0,"task":3,"term":2,"kind":"role","role":"follower"}
{"ts":6100,"test":"re-election","peer":0,"task":3,"term":2,"kind":"vote","for":1}
{"ts":7000,"test":"re-election","peer":0,"task":2,"term":2,"kind":"rpc.return","rpc":"a","from":2}
{"ts":7100,"test":"re-election","peer":0,"task":2,"term":2,"kind":"lock.acquire","lock":"raft","seq":1}
{"ts":7200,"test":"re-election","peer":0,"task":2,"term":2,"kind":"reply.used","rpc":"a","purpose":"count the vote"}
{"ts":7300,"test":"re-election","peer":0,"task":2,"term":2,"kind":"role","role":"leader"}
{"ts":7400,"test":"re-election","peer":0,"task":2,"term":2,"kind":"lock.release","lock":"raft","seq":1}
{"ts":8000,"test":"re-election","peer":1,"task":11,"term":2,"kind":"role","role":"leader"}
{"ts":9000,"kind":"process.end","how":"exit 0"}
"#;

/// Nothing is wrong, and everything can be looked at.
const CLEAN: &str = r#"{"peerscope":1,"unit":"ns"}
{"ts":10,"task":1,"kind":"lock.acquire","lock":"bank","seq":1,"src":"bank.rs:7"}
{"ts":20,"task":1,"kind":"log","msg":"moves {n:>3} coins","args":{"n":5},"topic":"bank"}
{"ts":30,"task":1,"kind":"lock.release","lock":"bank","seq":1}
{"ts":40,"kind":"process.end","how":"exit 0"}
"#;

struct Run {
    status: i32,
    out: String,
    err: String,
}

fn peerscope(args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_peerscope")).args(args).output().expect("the program runs");
    let run = Run {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    };
    assert!(!run.err.contains("panicked"), "{args:?}: {}", run.err);
    run
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.0.path().join(name), content).expect("a file");
        self.path(name)
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The commands that read one trace.
const READERS: &[&[&str]] = &[
    &["check"],
    &["check", "--format", "json"],
    &["check", "--each", "--predict", "--strict"],
    &["stuck"],
    &["stuck", "--format", "json"],
    &["log"],
    &["log", "--columns"],
    &["log", "--format", "json"],
    &["info"],
    &["info", "--format", "json"],
];

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
fn unusable_arguments_are_told_on_stderr_with_a_hint() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", CLEAN);
    for (args, says) in [
        (&[][..], "a command is missing"),
        (&["frobnicate"], "there is no command `frobnicate`"),
        (&["check"], "a trace is missing"),
        (&["check", &trace, "--frobnicate"], "--frobnicate"),
        (&["check", &trace, "--format", "xml"], "there is no format `xml`"),
        (&["check", &trace, "--only", "no-such"], "there is no detector `no-such`"),
        (&["check", &trace, "--deny", "info"], "--deny warning"),
        (&["check", &trace, "--format"], "missing argument"),
        (&["explain", "no-such"], "there is no detector `no-such`"),
        (&["stuck", &trace, "--at", "noon"], "`noon` is no moment"),
        (&["stuck", &trace, "--at", "event:99"], "there is no event 99"),
        (&["stuck", &trace, &trace], "more than one trace"),
        (&["stuck", "--follow", &trace], "not yet"),
        (&["log", "--follow", &trace], "not yet"),
        (&["log", &trace, "--term", "x"], "`x` is no term"),
        (&["convert", &trace], "two paths are needed"),
        (&["convert", &trace, "out.xml"], ".jsonl, .pscope"),
        (&["run", "--", "true"], "not yet"),
        (&["view", &trace], "not yet"),
        (&["soak"], "not yet"),
        (&["\x1b[2J"], "\\u{1b}[2J"),
    ] {
        let run = peerscope(args);
        assert_eq!(run.status, 2, "{args:?}");
        assert_eq!(run.out, "", "{args:?}: stdout is data");
        assert!(run.err.contains(says) && run.err.contains("--help"), "{args:?}: {}", run.err);
    }
}

#[test]
fn help_and_version_are_data() {
    let all = peerscope(&["--help"]);
    assert_eq!(all.status, 0);
    for later in ["run ", "soak", "view", "--follow"] {
        assert!(!all.out.contains(&format!("peerscope {later}")), "{later} is not there yet");
    }
    for command in ["check", "stuck", "log", "info", "explain", "convert"] {
        assert!(all.out.contains(&format!("peerscope {command}")), "{command}: {}", all.out);
        let one = peerscope(&[command, "--help"]);
        assert_eq!(one.status, 0, "{command}");
        assert!(one.out.contains(&format!("usage: peerscope {command}")), "{}", one.out);
    }
    let version = peerscope(&["--version"]);
    assert_eq!((version.status, version.out), (0, format!("peerscope {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn explain_tells_all_and_each() {
    let all = peerscope(&["explain"]);
    assert_eq!(all.status, 0);
    for line in all.out.lines() {
        let name = line.split(' ').next().expect("a name");
        let one = peerscope(&["explain", name]);
        assert_eq!(one.status, 0);
        for heading in ["What it is", "Why it matters", "Example", "How to fix"] {
            assert!(one.out.contains(heading), "{name}: {heading}");
        }
        assert_eq!(peerscope(&["explain", &format!("{name}/3")]).out, one.out);
    }
}

#[test]
fn what_cannot_be_read_is_told_and_not_guessed() {
    let folder = Folder::new();
    let empty = folder.file("empty.pscope", "");
    let foreign = folder.file("foreign.jsonl", "hello, this is no trace\n");
    let binary = folder.file("foreign.pscope", [0_u8, 255, 3, 7].repeat(2000));
    let other_json = folder.file("other.jsonl", "{\"name\":\"not ours\"}\n");
    let nothing = folder.path("nothing.pscope");
    fs::create_dir(folder.path("hollow")).expect("a folder");
    let hollow = folder.path("hollow");
    for path in [&empty, &foreign, &binary, &other_json, &nothing, &hollow] {
        for command in READERS {
            let mut args = command.to_vec();
            args.push(path);
            let run = peerscope(&args);
            assert_eq!(run.status, 2, "{args:?}: {}{}", run.out, run.err);
            assert_eq!(run.out, "", "{args:?}");
            assert!(run.err.contains(&path[..]), "{args:?} names the path: {}", run.err);
        }
        let out = folder.path("out.jsonl");
        assert_eq!(peerscope(&["convert", path, &out]).status, 2, "{path}");
        assert!(!Path::new(&out).exists(), "nothing half is left behind");
    }
    let left: Vec<PathBuf> =
        fs::read_dir(folder.0.path()).expect("a folder").map(|entry| entry.expect("one").path()).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn damage_is_reported_and_never_fatal() {
    let folder = Folder::new();
    let jsonl = folder.file("run.jsonl", TWO_LEADERS);
    let pscope = folder.path("run.pscope");
    assert_eq!(peerscope(&["convert", &jsonl, &pscope]).status, 0);
    let whole = fs::read(&pscope).expect("the native file");

    let torn = folder.file("torn.pscope", &whole[..whole.len() / 2]);
    let report = json(&peerscope(&["check", "--format", "json", &torn]).out);
    assert_ne!(report["traces"][0]["problems"], Value::Array(Vec::new()), "{report}");
    assert_eq!(report["clean"], Value::Array(Vec::new()), "what is missing keeps everything from being clean");

    let line = folder.file("torn.jsonl", &TWO_LEADERS[..TWO_LEADERS.len() * 2 / 3]);
    let report = json(&peerscope(&["check", "--format", "json", &line]).out);
    assert_ne!(report["traces"][0]["problems"], Value::Array(Vec::new()), "{report}");

    // Bits all over the parts of the file that are in use.
    let used: Vec<usize> = (0..whole.len()).filter(|place| whole[*place] != 0).collect();
    for place in used.iter().step_by(used.len() / 40 + 1) {
        let mut bytes = whole.clone();
        bytes[*place] ^= 0x10;
        let flipped = folder.file("flipped.pscope", bytes);
        for command in [&["check", "--format", "json"][..], &["stuck"], &["log"], &["info"]] {
            let mut args = command.to_vec();
            args.push(&flipped);
            let run = peerscope(&args);
            assert!((0..=2).contains(&run.status), "byte {place}, {args:?}: {}", run.err);
        }
    }
}

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
fn converting_there_and_back_loses_nothing() {
    let folder = Folder::new();
    let jsonl = folder.file("run.jsonl", TWO_LEADERS);
    let (pscope, once, twice) = (folder.path("a.pscope"), folder.path("b.jsonl"), folder.path("c.jsonl"));
    for (from, to) in [(&jsonl, &pscope), (&pscope, &once), (&once, &twice)] {
        let run = peerscope(&["convert", from, to]);
        assert_eq!((run.status, &run.out[..]), (0, ""), "{from} {to}: {}", run.err);
    }
    assert_eq!(fs::read(&once).expect("a file"), fs::read(&twice).expect("a file"));
    let lines = |path: &str| -> Vec<Value> { fs::read_to_string(path).expect("a file").lines().map(json).collect() };
    let (before, after) = (lines(&jsonl), lines(&once));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after).skip(1) {
        for (key, value) in before.as_object().expect("an event") {
            // Ids are always written as strings.
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(text(value), text(&after[key]), "{key} of {before}");
        }
    }
    let findings = |path: &str| json(&peerscope(&["check", "--format", "json", path]).out)["findings"].clone();
    assert_eq!(findings(&jsonl), findings(&pscope));
}

/// In a file of one writer the order of its lines tells who had a lock before whom; its native form must say so too.
#[test]
fn a_converted_file_still_has_one_writer() {
    let folder = Folder::new();
    let jsonl = folder.file(
        "one.jsonl",
        "{\"peerscope\":1,\"unit\":\"ns\"}\n\
         {\"ts\":1,\"peer\":0,\"task\":1,\"term\":5,\"kind\":\"lock.acquire\",\"lock\":1}\n\
         {\"ts\":2,\"peer\":0,\"task\":1,\"term\":5,\"kind\":\"term\"}\n\
         {\"ts\":3,\"peer\":0,\"task\":1,\"term\":5,\"kind\":\"lock.release\",\"lock\":1}\n\
         {\"ts\":4,\"peer\":0,\"task\":2,\"term\":5,\"kind\":\"lock.acquire\",\"lock\":1}\n\
         {\"ts\":5,\"peer\":0,\"task\":2,\"term\":3,\"kind\":\"term\"}\n\
         {\"ts\":6,\"peer\":0,\"task\":2,\"term\":3,\"kind\":\"lock.release\",\"lock\":1}\n\
         {\"ts\":7,\"kind\":\"process.end\",\"how\":\"exit 0\"}\n",
    );
    let pscope = folder.path("one.pscope");
    assert_eq!(peerscope(&["convert", &jsonl, &pscope]).status, 0);
    for path in [&jsonl, &pscope] {
        let found = json(&peerscope(&["check", "--format", "json", path]).out);
        assert_eq!(found["findings"][0]["detector"], "term-regression", "{path}: {found}");
    }
}

#[test]
fn the_log_renders_templates_and_filters() {
    let folder = Folder::new();
    let trace = folder.file("run.jsonl", CLEAN);
    let run = peerscope(&["log", &trace, "--topic", "bank"]);
    assert_eq!(run.out.lines().count(), 1, "{}", run.out);
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

#[cfg(unix)]
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
