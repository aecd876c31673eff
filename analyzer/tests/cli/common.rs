//! What the tests share: running the program, a folder for its files, and two traces.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Votes of term 1 are counted in term 2, under the peers' locks.
pub(crate) const TWO_LEADERS: &str = r#"{"peerscope":1,"unit":"ns","meta":{"program":"lab"}}
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
pub(crate) const CLEAN: &str = r#"{"peerscope":1,"unit":"ns"}
{"ts":10,"task":1,"kind":"lock.acquire","lock":"bank","seq":1,"src":"bank.rs:7"}
{"ts":20,"task":1,"kind":"log","msg":"moves {n:>3} coins","args":{"n":5},"topic":"bank"}
{"ts":30,"task":1,"kind":"lock.release","lock":"bank","seq":1}
{"ts":40,"kind":"process.end","how":"exit 0"}
"#;

pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn peerscope(args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_peerscope")).args(args).output().expect("the program runs");
    let run = Run {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    };
    assert!(!run.err.contains("panicked"), "{args:?}: {}", run.err);
    run
}

pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.0.path().join(name), content).expect("a file");
        self.path(name)
    }
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The commands that read one trace.
pub(crate) const READERS: &[&[&str]] = &[
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
