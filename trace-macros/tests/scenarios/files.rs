//! The file itself: where it lies, who may read it, and what is done when something is there already.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use peerscope::{Builder, dprintf};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::Kind;

use crate::common::stage::{Ended, hear, tell};
use crate::common::{Stage, Trace, recorded};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the trace is there").permissions().mode() & 0o777
}

/// The user's own mask must not be what makes a test pass.
fn without_umask() {
    // SAFETY: it only changes a number of this process.
    unsafe { libc::umask(0) };
}

#[test]
fn only_the_owner_may_read_a_trace() {
    let stage = Stage::new(|| {
        without_umask();
        dprintf!("private");
    });
    assert!(stage.run().status.success());
    assert_eq!(mode(&stage.trace_file()), 0o600);
}

#[test]
fn everybody_may_read_a_trace_if_asked() {
    let stage = Stage::new(|| {
        without_umask();
        Builder::new("trace.pscope").readable_by_all(true).start().expect("a trace begins");
    })
    .untraced();
    assert!(stage.run().status.success());
    assert_eq!(mode(&stage.trace_file()), 0o644);
}

#[test]
fn the_path_may_name_process_and_program() {
    let stage = Stage::new(|| dprintf!("here")).traced_as("run-%p-%n-100%%-%x.pscope");
    let ended = stage.run();
    let program = std::env::current_exe().expect("a path").file_stem().expect("a name").to_string_lossy().into_owned();
    let expected = stage.path(&format!("run-{}-{program}-100%-%x.pscope", ended.id));
    assert_eq!(stage.files(), std::slice::from_ref(&expected));
    assert_eq!(Trace::of(&expected).lines(), ["log msg=here"]);
}

#[test]
fn a_trace_knows_its_process() {
    let trace = recorded(|| {
        peerscope::meta("seed", 42_u64);
        peerscope::meta("seed", 43_u64);
        tell(&peerscope::trace_path().expect("a path").to_string_lossy());
    });
    let header = &trace.image.header;
    assert!(header.pid.is_some() && header.start.is_some() && header.host.is_some());
    assert_eq!(header.clock.as_deref(), Some("monotonic"));
    assert_eq!(header.meta("seed"), Some(&Value::U64(43)), "the last one holds");
    let program = std::env::current_exe().expect("a path").file_stem().expect("a name").to_string_lossy().into_owned();
    assert_eq!(header.meta("program"), Some(&Value::Text(program)));
    let Some(Value::List(args)) = header.meta("args") else { panic!("the arguments are kept") };
    assert_eq!(args[1], Value::from("--exact"));
}

#[test]
fn a_process_records_into_one_file_once() {
    let stage = Stage::new(|| {
        Builder::new("trace.pscope").meta("seed", 7_u64).start().expect("a trace begins");
        let again = Builder::new("other.pscope").start().expect_err("it records already");
        assert!(again.to_string().contains("other.pscope"), "{again}");
        assert_eq!(peerscope::trace_path(), Some(PathBuf::from("trace.pscope")));
        dprintf!("here");
    })
    .untraced();
    let ended = stage.run();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(stage.files(), [stage.trace_file()]);
    assert_eq!(Trace::of(&stage.trace_file()).image.header.meta("seed"), Some(&Value::U64(7)));
}

#[test]
fn call_sites_that_ran_before_the_recorder_began_are_recorded_after() {
    let stage = Stage::new(|| {
        for round in 0..2 {
            dprintf!("round {round}");
            if round == 0 {
                assert_eq!(peerscope::trace_path(), None);
                peerscope::meta("nobody", "listens");
                Builder::new("trace.pscope").start().expect("a trace begins");
            }
        }
    })
    .untraced();
    assert!(stage.run().status.success());
    assert_eq!(Trace::of(&stage.trace_file()).lines(), ["log msg=round {round} args={round: 1}"]);
}

#[test]
fn a_later_process_replaces_an_earlier_trace() {
    let stage = Stage::new(|| dprintf!("by {}", std::process::id()));
    let (_, second) = (stage.run(), stage.run());
    assert_eq!(stage.files(), [stage.trace_file()]);
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(trace.the(Kind::Log).arg("0"), Some(Value::U64(u64::from(second.id))));
}

/// The ids that the log lines of a trace name, which must all be the same.
fn speaker(path: &Path) -> u32 {
    let trace = Trace::of(path);
    let ids: Vec<_> = trace.of_topic("log").iter().map(|event| event.arg("0")).collect();
    let Some(Some(Value::U64(id))) = ids.first() else { panic!("{}: {ids:?}", path.display()) };
    assert_eq!((ids.len(), trace.image.header.pid), (2, Some(*id)), "{}", path.display());
    assert!(ids.iter().all(|other| *other == Some(Value::U64(*id))), "{}: {ids:?}", path.display());
    *id as u32
}

#[test]
fn a_second_process_with_the_same_path_gets_a_file_of_its_own() {
    for (name, own_name) in [("trace.pscope", "trace.%.pscope"), ("trace", "trace.%"), (".hidden", ".hidden.%")] {
        let stage = Stage::new(|| {
            dprintf!("begun by {}", std::process::id());
            tell("recording");
            hear();
            dprintf!("ended by {}", std::process::id());
        })
        .traced_as(name);
        let (mut first, mut second) = {
            let mut first = stage.start();
            assert_eq!(first.heard(), "recording");
            (first, stage.start())
        };
        assert_eq!(second.heard(), "recording");
        let ids = [first.id(), second.id()];
        second.say("go on");
        assert!(second.wait().status.success());
        first.say("go on");
        assert!(first.wait().status.success());
        let paths = [stage.path(name), stage.path(&own_name.replace('%', &ids[1].to_string()))];
        assert_eq!(stage.files().len(), 2, "{:?}", stage.files());
        assert_eq!(paths.map(|path| speaker(&path)), ids);
    }
}

#[test]
fn processes_that_begin_at_the_same_moment_do_not_lose_a_trace() {
    const PROCESSES: usize = 8;
    let stage = Stage::new(|| {
        tell("ready");
        hear();
        for _ in 0..2 {
            dprintf!("by {}", std::process::id());
        }
        tell("recorded");
        hear();
    });
    for _ in 0..5 {
        stage.files().iter().for_each(|path| fs::remove_file(path).expect("an earlier round's"));
        let mut actors: Vec<_> = (0..PROCESSES).map(|_| stage.start()).collect();
        actors.iter_mut().for_each(|actor| assert_eq!(actor.heard(), "ready"));
        actors.iter_mut().for_each(|actor| actor.say("record"));
        actors.iter_mut().for_each(|actor| assert_eq!(actor.heard(), "recorded"));
        actors.iter_mut().for_each(|actor| actor.say("end"));
        let mut ids: Vec<_> = actors.into_iter().map(|actor| actor.wait().id).collect();
        let mut speakers: Vec<_> = stage.files().iter().map(|path| speaker(path)).collect();
        ids.sort_unstable();
        speakers.sort_unstable();
        assert_eq!(speakers, ids);
    }
}

/// Runs a program whose trace cannot be written: it must run on, and say why in one line.
fn complaint(stage: &Stage) -> String {
    let Ended { status, stderr, .. } = stage.run();
    assert_eq!(status.code(), Some(0), "the program runs on: {stderr}");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 1, "one line: {stderr}");
    lines[0].to_owned()
}

/// A program that would record, and notices nothing.
fn works_unrecorded() -> bool {
    for round in 0..3 {
        dprintf!("round {round}");
        drop(peerscope::sync::Mutex::new(()).lock());
    }
    peerscope::thread::spawn(|| dprintf!("thread")).join().expect("it ends well");
    !peerscope::is_recording()
}

#[test]
fn a_path_that_cannot_be_written_costs_one_line_of_complaint() {
    let stage = Stage::new(|| assert!(works_unrecorded())).traced_as("no/such/folder/trace.pscope");
    let said = complaint(&stage);
    assert!(said.starts_with("peerscope: nothing is recorded: "), "{said}");
    assert!(said.contains("no/such/folder/trace.pscope"), "it names the path: {said}");
    assert_eq!(stage.files().len(), 0);
}

#[test]
fn an_empty_path_means_no_trace() {
    let stage = Stage::new(|| assert!(works_unrecorded())).env("PEERSCOPE_TRACE", "");
    let ended = stage.run();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
}

#[test]
fn a_file_that_is_no_trace_is_not_replaced() {
    let stage = Stage::new(|| assert!(works_unrecorded()));
    fs::write(stage.trace_file(), "a thesis, named by mistake").expect("a file");
    assert!(complaint(&stage).contains("is no trace"));
    assert_eq!(fs::read_to_string(stage.trace_file()).expect("still there"), "a thesis, named by mistake");
}

#[test]
fn a_folder_gets_a_file_for_each_process() {
    for name in ["run/", "there"] {
        let stage = Stage::new(|| {
            dprintf!("begun by {}", std::process::id());
            dprintf!("ended by {}", std::process::id());
        })
        .traced_as(name);
        fs::create_dir(stage.path("there")).expect("a folder");
        fs::write(stage.path("there").join("thesis"), "text").expect("a file in it");
        let program =
            std::env::current_exe().expect("a path").file_stem().map(|name| name.to_string_lossy().into_owned());
        for _ in 0..2 {
            let ended = stage.run();
            assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
            let own = format!("{}.{}.pscope", program.as_deref().expect("a name"), ended.id);
            assert_eq!(speaker(&stage.path(name).join(own)), ended.id);
        }
        assert_eq!(fs::read_to_string(stage.path("there").join("thesis")).expect("still there"), "text");
    }
}

#[test]
fn a_link_is_neither_followed_nor_replaced() {
    let stage = Stage::new(|| assert!(works_unrecorded()));
    fs::write(stage.path("thesis"), "text").expect("a file");
    symlink(stage.path("thesis"), stage.trace_file()).expect("a link");
    assert!(complaint(&stage).contains("trace.pscope"));
    assert_eq!(fs::read_to_string(stage.path("thesis")).expect("still there"), "text");
    assert!(fs::symlink_metadata(stage.trace_file()).expect("still there").is_symlink());

    fs::remove_file(stage.path("thesis")).expect("the link leads nowhere now");
    assert!(complaint(&stage).contains("trace.pscope"));
    assert!(!stage.path("thesis").exists(), "nothing was made behind the link");
}

#[test]
fn a_pipe_does_not_hold_the_program_up() {
    let stage = Stage::new(|| assert!(works_unrecorded()));
    let path = std::ffi::CString::new(stage.trace_file().to_string_lossy().into_owned()).expect("a path");
    // SAFETY: the path is a text that ends with zero.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    let before = fs::metadata(stage.trace_file()).expect("a pipe").ino();
    assert!(complaint(&stage).contains("trace.pscope"));
    assert_eq!(fs::metadata(stage.trace_file()).expect("still there").ino(), before);
}

#[test]
fn a_device_is_not_replaced() {
    let stage = Stage::new(|| assert!(works_unrecorded())).env("PEERSCOPE_TRACE", "/dev/null");
    assert!(complaint(&stage).contains("/dev/null"));
    assert!(!fs::metadata("/dev/null").expect("still there").is_file());
}
