//! What is read as what, and what cannot be.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::common::{CLEAN, Folder, READERS, TWO_LEADERS, json, peerscope};

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

/// A run of one process, in which peer 0 starts.
fn one_run(start: &str, how: &str, inc: u64) -> String {
    format!(
        r#"{{"peerscope":1,"unit":"ns","start":"{start}"}}
{{"ts":1,"test":"lab","peer":0,"inc":{inc},"task":1,"kind":"peer.start","how":"{how}"}}
{{"ts":2,"test":"lab","peer":0,"inc":{inc},"task":1,"term":1,"kind":"role","role":"follower"}}
{{"ts":3,"kind":"process.end","how":"exit 0"}}
"#
    )
}

fn problems(run: &str) -> Vec<(String, String)> {
    let report = json(run);
    let traces = report["traces"].as_array().expect("a list").iter();
    let problems = traces.flat_map(|trace| trace["problems"].as_array().expect("a list").clone());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    problems.map(|problem| (text(&problem["what"]), text(&problem["detail"]))).collect()
}

#[test]
fn a_folder_is_read_without_what_is_no_trace_there() {
    let folder = Folder::new();
    folder.file("a.jsonl", CLEAN);
    folder.file("empty.pscope", "");
    folder.file("junk.jsonl", "hello\u{1b}[2J");
    folder.file("notes.txt", "no trace by its name");
    let run = peerscope(&["check", "--format", "json", &folder.path("")]);
    assert_eq!(run.status, 0, "{}", run.err);
    let problems = problems(&run.out);
    assert_eq!(problems.len(), 2, "{problems:?}");
    for (name, (what, detail)) in ["empty.pscope", "junk.jsonl"].iter().zip(&problems) {
        assert!(what == "unreadable" && detail.contains(name) && detail.contains("left out"), "{what}: {detail}");
    }
    assert_eq!(peerscope(&["check", "--strict", &folder.path("")]).status, 3);
    // Named by somebody, it is an error; and so is a folder of nothing else.
    assert_eq!(peerscope(&["check", &folder.path("a.jsonl"), &folder.path("junk.jsonl")]).status, 2);
    assert_eq!(peerscope(&["check", &folder.path(""), &folder.path("junk.jsonl")]).status, 2);
    fs::remove_file(folder.path("a.jsonl")).expect("it is there");
    let run = peerscope(&["check", &folder.path("")]);
    assert_eq!((run.status, &run.out[..]), (2, ""));
    assert!(run.err.contains("empty.pscope") && run.err.contains("1 more"), "{}", run.err);
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let folder = Folder::new();
    fs::create_dir(folder.path("runs")).expect("a folder");
    let trace = folder.file("runs/a.jsonl", TWO_LEADERS);
    let mut ways = vec![vec![trace.clone(), trace.clone()], vec![folder.path("runs"), trace.clone()]];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&trace, folder.path("link.jsonl")).expect("a link");
        fs::hard_link(&trace, folder.path("hard.jsonl")).expect("a link");
        ways.push(vec![trace.clone(), folder.path("link.jsonl")]);
        ways.push(vec![folder.path("hard.jsonl"), trace.clone()]);
    }
    for paths in ways {
        let mut args = vec!["check", "--format", "json"];
        args.extend(paths.iter().map(String::as_str));
        let run = peerscope(&args);
        assert_eq!(run.status, 1, "{args:?}: {}", run.err);
        let report = json(&run.out);
        let files = report["traces"].as_array().expect("a list");
        assert_eq!((files.len(), &files[0]["events"]), (1, &17.into()), "{args:?}");
        assert_eq!(run.err.lines().count(), 1, "{args:?}: {}", run.err);
        assert!(run.err.contains("read once"), "{args:?}: {}", run.err);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_like_a_file() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let folder = Folder::new();
    let pscope = folder.path("run.pscope");
    assert_eq!(peerscope(&["convert", &folder.file("run.jsonl", TWO_LEADERS), &pscope]).status, 0);
    for content in [TWO_LEADERS.as_bytes().to_vec(), fs::read(&pscope).expect("the native file")] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_peerscope"))
            .args(["check", "--format", "json", "/dev/stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        child.stdin.take().expect("a pipe").write_all(&content).expect("it is read");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1));
        let report = json(&String::from_utf8(output.stdout).expect("UTF-8"));
        assert_eq!(report["traces"][0]["events"], 17);
    }
    assert_eq!(peerscope(&["check", "/dev/null"]).status, 2);
    assert_eq!(peerscope(&["check", "/dev/zero"]).status, 2, "what begins like no trace is not read to its end");
}

#[test]
fn two_runs_are_not_taken_for_one_in_silence() {
    let folder = Folder::new();
    let one = folder.file("one.jsonl", one_run("2026-01-31T12:00:00Z", "fresh", 0));
    let again = folder.file("again.jsonl", one_run("2026-01-31T12:00:01Z", "fresh", 0));
    let run = peerscope(&["check", "--format", "json", &one, &again]);
    let detail = format!("peer 0 starts afresh in {one} and {again}: these look like two runs; use --each");
    assert_eq!(problems(&run.out), [("unrelated".to_owned(), detail)]);
    assert_eq!(peerscope(&["check", "--strict", &one, &again]).status, 3);
    assert_eq!(problems(&peerscope(&["check", "--each", "--format", "json", &one, &again]).out), []);

    let later = folder.file("later.jsonl", one_run("2026-01-31T14:30:00+01:00", "attached", 0));
    let run = peerscope(&["check", "--format", "json", &one, &later]);
    assert_eq!(problems(&run.out), [], "it says itself that it goes on with a life");
    let unclear = folder.file("unclear.jsonl", one_run("2026-01-31T14:30:00+01:00", "", 0));
    let said = problems(&peerscope(&["check", "--format", "json", &one, &unclear]).out);
    assert!(said.len() == 1 && said[0].1.contains("90 minutes lie between them"), "{said:?}");
    // A restarted process is the same peer, next incarnation.
    let restarted = folder.file("restarted.jsonl", one_run("2026-01-31T12:30:00Z", "restarted", 1));
    assert_eq!(problems(&peerscope(&["check", "--format", "json", &one, &restarted]).out), []);
}

#[test]
fn each_goes_on_after_what_cannot_be_read() {
    let folder = Folder::new();
    fs::create_dir(folder.path("runs")).expect("a folder");
    folder.file("runs/a.jsonl", TWO_LEADERS);
    folder.file("runs/b.jsonl", "no trace");
    folder.file("runs/c.jsonl", TWO_LEADERS);
    let missing = folder.path("missing.jsonl");
    let run = peerscope(&["check", "--each", "--format", "json", &missing, &folder.path("runs")]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("b.jsonl") && run.err.contains("missing.jsonl"), "{}", run.err);
    let report = json(&run.out);
    assert_eq!(report["traces"].as_array().map(Vec::len), Some(2), "each file of a folder by itself");
    let ids: Vec<_> = report["findings"].as_array().expect("a list").iter().map(|finding| &finding["id"]).collect();
    assert!(ids.contains(&&"two-leaders-in-term/2".into()), "{ids:?}");
    fs::remove_file(folder.path("runs/b.jsonl")).expect("it is there");
    assert_eq!(peerscope(&["check", "--each", &folder.path("runs")]).status, 1);
}

#[test]
fn what_the_trace_says_is_lost_is_missing() {
    let folder = Folder::new();
    let end = r#"{"ts":40,"kind":"process.end","how":"exit 0"}"#;
    let with = |lost: &str| CLEAN.replace(end, &format!("{lost}\n{end}"));
    for (lost, says) in [
        (r#"{"ts":35,"kind":"lost","events":3,"why":"no room"}"#, "3 events are missing: no room"),
        (r#"{"ts":35,"kind":"lost","why":"no room"}"#, "an unknown number of events is missing: no room"),
    ] {
        let trace = folder.file("lost.jsonl", with(lost));
        let run = peerscope(&["check", "--format", "json", "--strict", &trace]);
        assert_eq!(run.status, 3, "{lost}");
        assert_eq!(problems(&run.out), [("lost".to_owned(), says.to_owned())]);
    }
}

#[test]
fn kinds_that_nobody_knows_are_noted_and_no_problem() {
    let folder = Folder::new();
    let trace = CLEAN
        .replace(r#"{"ts":40,"#, "{\"ts\":35,\"kind\":\"rolle\"}\n{\"ts\":35,\"kind\":\"\\u001b[2J\"}\n{\"ts\":40,");
    let trace = folder.file("foreign.jsonl", trace);
    let says = "kind `rolle` is unknown (1 event); it is shown, not judged";
    for command in [&["check", "--strict"][..], &["stuck"], &["log"], &["info"]] {
        let mut args = command.to_vec();
        args.push(&trace);
        let run = peerscope(&args);
        assert_eq!(run.status, 0, "{args:?}: {}", run.out);
        assert!(run.err.contains(says) && !run.err.contains('\u{1b}'), "{args:?}: {}", run.err);
    }
    assert!(peerscope(&["info", &trace]).out.contains(says));
    let info = json(&peerscope(&["info", "--format", "json", &trace]).out);
    assert_eq!(info["notes"].as_array().map(Vec::len), Some(2), "{info}");
}

#[test]
fn numbers_at_their_limits_are_numbers() {
    let folder = Folder::new();
    let max = u64::MAX;
    let trace = folder.file(
        "limits.jsonl",
        format!(
            r#"{{"peerscope":1,"unit":"ns"}}
{{"ts":1,"peer":{max},"inc":{max},"task":{max},"term":{max},"kind":"lock.acquire","lock":{max},"seq":{max}}}
{{"ts":1,"peer":{max},"inc":{max},"task":{max},"term":{max},"kind":"role","role":"leader"}}
{{"ts":1,"peer":{max},"inc":{max},"task":{max},"term":{max},"kind":"lost","events":{max},"bytes":{max}}}
{{"ts":{max},"peer":{max},"inc":{max},"task":{max},"term":{max},"kind":"lost","events":{max},"bytes":{max}}}
{{"ts":{max},"peer":{max},"inc":{max},"task":{max},"term":{max},"kind":"sleep","for":{max}}}
"#
        ),
    );
    for command in READERS {
        let mut args = command.to_vec();
        args.push(&trace);
        assert!((0..=3).contains(&peerscope(&args).status), "{args:?}");
    }
    assert_eq!(peerscope(&["stuck", &trace, "--at", "time:99999999999999999999s"]).status, 1);
    let out = folder.path("out.pscope");
    assert_eq!(peerscope(&["convert", &trace, &out]).status, 0);
    assert!((0..=3).contains(&peerscope(&["info", &out]).status));
}

#[cfg(unix)]
#[test]
fn a_hostile_name_never_reaches_the_terminal_raw() {
    let folder = Folder::new();
    let evil = "\u{1b}]0;owned\u{7}\u{202e}\n.jsonl";
    fs::create_dir(folder.path(evil)).expect("a folder");
    folder.file(&format!("{evil}/{evil}"), "no trace");
    folder.file(&format!("{evil}/whole.jsonl"), CLEAN);
    fs::hard_link(folder.path(&format!("{evil}/whole.jsonl")), folder.path("again.jsonl")).expect("a link");
    std::os::unix::fs::symlink("nowhere", folder.path(&format!("{evil}/lost.jsonl"))).expect("a link");
    let (path, again) = (folder.path(evil), folder.path("again.jsonl"));
    let (junk, out) = (folder.path(&format!("{evil}/{evil}")), folder.path(evil.trim_end_matches("\n.jsonl")));
    for args in [
        &["check", &path, &again][..],
        &["check", "--each", &path],
        &["log", &path],
        &["stuck", &path],
        &["info", &path],
        &["log", &again, "--peer", evil, "--topic", evil, "--task", evil],
        &["info", &junk],
        &["convert", &junk, &folder.path("out.jsonl")],
        &["convert", &again, &out],
        &["convert", &again, &again],
        &["help", evil],
        &["check", &again, "--format", evil],
    ] {
        let run = peerscope(args);
        let raw = |text: &str| text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!((raw(&run.out), raw(&run.err)), (None, None), "{args:?}: {}{}", run.out, run.err);
        assert!(format!("{}{}", run.out, run.err).contains("owned") || args[2..] == [&again[..]], "{args:?}");
    }
    let problems = problems(&peerscope(&["check", "--format", "json", &path]).out);
    assert_eq!(problems.len(), 2, "junk, and a link that leads nowhere: {problems:?}");
}
