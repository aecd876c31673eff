//! `peerscope run`: the report of a program that hangs, the program's exit status, and no process left behind.

use std::io::Read;
use std::process::Stdio;

use crate::common::{Running, Stage, code, eventually, lives, marked, process_of};

/// The two movers are in a deadlock, and the main thread waits for one of them.
const HUNG: usize = 3;

#[test]
fn a_program_that_hangs_shows_on_sigquit_who_waits_for_whom() {
    let stage = Stage::new();
    let mut run = Running::start(stage.run(&["-o", "traces"], "deadlock"));
    let first = run.says("records into");
    assert_eq!(first, "peerscope: records into traces (Ctrl-\\ shows who waits for whom)\n");
    stage.shows_waits("traces", HUNG);
    run.send(libc::SIGQUIT);
    let report = run.says(&marked("join")).lines().map(without_times).collect::<Vec<_>>().join("\n");
    let (own, other, join) = (marked("own"), marked("other"), marked("join"));
    let mover = |me: usize| {
        let (task, next) = (me + 2, 3 - me);
        format!(
            "  task `mover {me}` ({task}) of peer {me} waits for lock `Mutex<i32>` of peer {}, held by task {next}
      for TIME at {other}
      holds lock `Mutex<i32>` for TIME at {own}",
            1 - me
        )
    };
    // Who waits longest stands first.
    let expected = |first: usize| {
        format!(
            "\
--- peerscope: running ---
3 tasks wait, 0 not, TIME after the start

circle: 2 tasks of peers 0 and 1 wait for each other, each for the next
{}
{}
behind the circle
  task `programs::plays` (1) waits for the end of task `mover 0` (2), for TIME at {join}",
            mover(first),
            mover(1 - first)
        )
    };
    assert!(report == expected(0) || report == expected(1), "{report}\n\nis not\n\n{}", expected(0));
    run.send(libc::SIGTERM);
    let (status, _) = run.ends();
    assert_eq!(status, 128 + libc::SIGTERM);
}

#[test]
fn who_handles_a_request_is_part_of_the_picture() {
    let stage = Stage::new();
    let mut run = Running::start(stage.run(&["-o", "traces"], "call under a lock"));
    run.says("records into");
    stage.shows_waits("traces", 2);
    run.send(libc::SIGQUIT);
    let report = run.says(&marked("handler"));
    assert!(report.contains("circle: 2 tasks of peers 0 and 1"), "{report}");
    assert!(report.contains("waits for the reply of Ask to peer 1, handled by task 2"), "{report}");
    assert!(report.contains("task `handler` (2) of peer 1 waits for lock `state`"), "{report}");
}

/// `line` with all spans of time replaced by a word.
fn without_times(line: &str) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let mut place = 1;
    while place < words.len() {
        let unit = words[place].trim_end_matches(',');
        if matches!(unit, "ms" | "s") && words[place - 1].starts_with(|c: char| c.is_ascii_digit()) {
            words[place - 1] = "TIME";
            words.remove(place);
        }
        place += 1;
    }
    words.join(" ")
}

#[test]
fn the_programs_exit_status_is_passed_through() {
    let stage = Stage::new();
    let status = |command: &[&str]| {
        let mut args = vec!["run"];
        args.extend(command);
        code(stage.peerscope(&args).status().expect("peerscope starts"))
    };
    assert_eq!(status(&["--", "sh", "-c", "exit 0"]), 0);
    assert_eq!(status(&["sh", "-c", "exit 3"]), 3, "without -- as well: what follows is the program's");
    assert_eq!(status(&["--", "sh", "-c", "kill -SEGV $$"]), 128 + libc::SIGSEGV);
    assert_eq!(status(&["--", "sh", "-c", "kill -QUIT $$; exit 4"]), 4, "it ignores SIGQUIT");
    assert_eq!(status(&["--", "/nowhere/to/be/found"]), 127);
    assert_eq!(status(&["--", "no-such-command-anywhere"]), 127);
    assert_eq!(status(&["--", "/"]), 126);
    assert_eq!(status(&["--no-such-option", "--", "true"]), 125);
    assert_eq!(status(&["--stall", "soon", "--", "true"]), 125);
    assert_eq!(status(&["--"]), 125);
    assert_eq!(status(&["-o", "nowhere/run.pscope", "--", "true"]), 125);
    assert_eq!(stage.files("."), [""; 0], "where nothing was recorded, nothing is left");
}

#[test]
fn a_run_is_recorded_where_it_says() {
    let stage = Stage::new();
    let ran = |options: &[&str]| {
        let (status, said) = Running::start(stage.run(options, "ends")).ends();
        assert_eq!(status, 7, "{said}");
        said
    };
    let said = ran(&[]);
    let folders = stage.files(".");
    let [folder] = &folders[..] else { panic!("a folder: {folders:?}") };
    assert!(folder.starts_with("live-") && folder.ends_with(".run"), "{folder}");
    assert!(said.ends_with(&format!("; next: peerscope check {folder}\n")), "{said}");
    assert_eq!(stage.files(folder).len(), 1);

    ran(&["-o", "one.pscope"]);
    assert!(stage.files(".").contains(&"one.pscope".to_owned()));
    ran(&["-o", "50%p/of all"]);
    assert_eq!(stage.files("50%p/of all").len(), 1, "a name is no pattern");
    let again = ran(&["-o", "50%p/of all"]);
    assert!(again.contains("1 older traces are there already"), "{again}");
}

#[test]
fn a_program_that_records_nothing_is_told() {
    let stage = Stage::new();
    let (status, said) = Running::start(stage.run(&[], "silent")).ends();
    assert_eq!(status, 0);
    assert!(said.contains("recorded nothing: is it built with peerscope?"), "{said}");
    let mut run = Running::start(stage.peerscope(&["run", "--", "sh", "-c", "echo > begun; sleep 60"]));
    eventually("the program runs", || stage.path("begun").exists().then_some(()));
    run.send(libc::SIGQUIT);
    run.says("nothing is recorded so far");
    run.send(libc::SIGTERM);
    assert_eq!(run.ends().0, 128 + libc::SIGTERM);
}

#[test]
fn the_program_reads_its_input_and_writes_its_output() {
    let stage = Stage::new();
    let mut command = stage.peerscope(&["run", "--", "cat"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().expect("peerscope starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"as it is\n").expect("it reads");
    let mut out = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
    assert_eq!((out.as_str(), code(child.wait().expect("it ends"))), ("as it is\n", 0));
}

#[test]
fn signals_are_handed_on() {
    let stage = Stage::new();
    let script = "trap 'echo hup > hup' HUP; trap 'echo usr > usr' USR1; trap 'exit 9' TERM; echo > begun; \
                  while :; do sleep 0.01; done";
    let run = Running::start(stage.peerscope(&["run", "--", "sh", "-c", script]));
    let there = |name: &str| eventually(name, || stage.path(name).exists().then_some(()));
    there("begun");
    run.send(libc::SIGUSR1);
    there("usr");
    run.send(libc::SIGHUP);
    there("hup");
    run.send(libc::SIGTERM);
    assert_eq!(run.ends().0, 9, "what it does of it is its own affair");
}

/// A script that starts a process, writes its id into a file, and waits.
const WITH_CHILD: &str =
    "sh -c 'trap \"\" TERM; echo $$ > child.new; mv child.new child; while :; do sleep 0.05; done' & wait";

fn child_of(stage: &Stage) -> i32 {
    eventually("the script's child runs", || std::fs::read_to_string(stage.path("child")).ok()?.trim().parse().ok())
}

#[test]
fn who_ends_it_ends_all_that_it_started() {
    let stage = Stage::new();
    let run = Running::start(stage.peerscope(&["run", "--", "sh", "-c", WITH_CHILD]));
    let child = child_of(&stage);
    assert!(lives(child));
    run.send(libc::SIGTERM);
    assert_eq!(run.ends().0, 128 + libc::SIGTERM);
    assert!(!lives(child), "though it ignores the signal");
}

#[test]
fn what_a_program_leaves_behind_by_itself_is_named_and_left_alone() {
    let stage = Stage::new();
    let script = "sh -c 'echo $$ > child.new; mv child.new child; exec sleep 60' > /dev/null 2>&1 & \
                  while ! [ -e child ]; do sleep 0.01; done; exit 5";
    let (status, said) = Running::start(stage.peerscope(&["run", "--", "sh", "-c", script])).ends();
    let child = child_of(&stage);
    assert_eq!(status, 5);
    assert!(said.contains(&format!("it left processes behind, which go on: {child}\n")), "{said}");
    assert!(lives(child));
    crate::common::send(child, libc::SIGKILL);
}

#[test]
fn if_peerscope_is_killed_so_is_the_program() {
    let stage = Stage::new();
    let mut run = Running::start(stage.run(&["-o", "traces"], "deadlock"));
    run.says("records into");
    stage.shows_waits("traces", HUNG);
    let program = process_of(&stage.files("traces")[0]);
    assert!(lives(program));
    run.send(libc::SIGKILL);
    assert_eq!(code(run.end()), -libc::SIGKILL);
    eventually("the program ends", || (!lives(program)).then_some(()));
}

#[test]
fn a_stall_is_told_once_without_being_asked_for() {
    let stage = Stage::new();
    let mut run = Running::start(stage.run(&["-o", "traces", "--stall", "50ms"], "deadlock"));
    let said = run.says(&marked("join"));
    assert!(
        said.contains("--- peerscope: stalled ---\n") && said.contains("circle: 2 tasks of peers 0 and 1"),
        "{said}"
    );
    // Asked for, it is told again; that nothing comes in between shows that it was told once.
    run.send(libc::SIGQUIT);
    let more = run.says("--- peerscope");
    assert_eq!(more, "--- peerscope: running ---\n");
    run.send(libc::SIGTERM);
    let (_, rest) = run.ends();
    assert!(!rest.contains("stalled"), "{rest}");
}
