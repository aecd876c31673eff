//! `log --follow` and `stuck --follow` beside a program that records.

use crate::common::{Running, Stage, marked};

#[test]
fn the_log_goes_on_while_the_program_does() {
    let stage = Stage::new();
    let mut log = Running::start_and_hear_stdout(stage.peerscope(&["log", "--follow", "run.pscope", "--topic", "log"]));
    // It was there before the program.
    let mut program = Running::start(stage.program("ends when its input does", "run.pscope"));
    let begin = log.says("waits for input");
    assert!(begin.starts_with("               time peer term task"), "{begin}");
    assert_eq!(begin.lines().count(), 2, "{begin}");
    program.end_input();
    assert_eq!(program.ends().0, 0);
    assert_eq!(log.ends(), (0, String::new()), "it ends with the program");
}

#[test]
fn a_log_in_json_has_a_line_for_each_event_but_no_numbers() {
    let stage = Stage::new();
    let (status, _) = Running::start(stage.program("ends", "run.pscope")).ends();
    assert_eq!(status, 7);
    let log =
        stage.peerscope(&["log", "--follow", "run.pscope", "--format", "json"]).output().expect("peerscope starts");
    let text = String::from_utf8(log.stdout).expect("UTF-8");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "log").count(), 1, "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"process.end"));
    assert!(lines.iter().all(|line| line.get("event").is_none()), "{text}");
}

#[test]
fn a_folder_is_followed_with_all_that_comes_into_it() {
    let stage = Stage::new();
    std::fs::create_dir(stage.path("run")).expect("a folder");
    let mut log = Running::start_and_hear_stdout(stage.peerscope(&["log", "--follow", "run", "--topic", "log"]));
    let programs = ["run/one.pscope", "run/two.pscope"].map(|trace| {
        let program = Running::start(stage.program("ends when its input does", trace));
        log.says("waits for input");
        program
    });
    for mut program in programs {
        program.end_input();
        assert_eq!(program.ends().0, 0);
    }
    assert_eq!(log.ends().0, 0);
}

#[test]
fn who_waits_is_told_again_when_it_has_changed() {
    let stage = Stage::new();
    let program = Running::start(stage.program("deadlock", "run.pscope"));
    stage.shows_waits("run.pscope", 3);
    let mut stuck = Running::start_and_hear_stdout(stage.peerscope(&["stuck", "--follow", "run.pscope"]));
    let report = stuck.says(&marked("join"));
    assert!(report.contains("circle: 2 tasks of peers 0 and 1 wait for each other"), "{report}");
    program.send(libc::SIGKILL);
    // The report on what is left has the words of one that is over.
    let last = stuck.says("problem: cut-off");
    assert!(last.contains(", 0 not, at ") && last.contains(" since "), "{last}");
    assert_eq!(stuck.ends().0, 1, "tasks waited when it ended");
}

#[test]
fn ctrl_c_ends_what_follows() {
    for command in ["log", "stuck"] {
        let stage = Stage::new();
        let follower = Running::start(stage.peerscope(&[command, "--follow", "never.pscope"]));
        let mut follower = follower;
        follower.says("waits for never.pscope");
        follower.send(libc::SIGINT);
        assert_eq!(follower.ends(), (0, String::new()), "{command}");
    }
}

#[test]
fn what_is_no_native_trace_is_not_followed() {
    let stage = Stage::new();
    std::fs::write(stage.path("run.jsonl"), "{\"peerscope\":1,\"unit\":\"ns\"}\n").expect("a file");
    let (status, said) = Running::start(stage.peerscope(&["log", "--follow", "run.jsonl"])).ends();
    assert_eq!(status, 2);
    assert!(said.contains("only native traces (.pscope) can be followed"), "{said}");
}
