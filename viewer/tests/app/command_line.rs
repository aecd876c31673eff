//! The real program: what it says, how it ends, and that pictures need no display.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Output};

use super::common::{Folder, TWO_LEADERS};

fn viewer<S: AsRef<OsStr>>(args: &[S]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope-viewer"));
    command.args(args).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    command.output().expect("the viewer starts")
}

fn assert_refused(output: &Output, says: &[&str]) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(output.stdout.is_empty());
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.starts_with("peerscope-viewer: "), "{err}");
    for part in says {
        assert!(err.contains(part), "{part}: {err}");
    }
}

#[test]
fn help_and_version_are_data() {
    for help in ["--help", "-h"] {
        let output = viewer(&[help]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).expect("the help is UTF-8");
        for part in ["Usage: peerscope-viewer", "--at finding:ID", "--screenshot", "Next finding"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    }
    let version = viewer(&["--version"]);
    assert_eq!(version.stdout, format!("peerscope-viewer {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
}

#[test]
fn bad_arguments_are_told_in_one_line() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS).display().to_string();
    let nowhere = folder.path("nowhere.pscope").display().to_string();
    assert_refused(&viewer(&["--frobnicate"]), &["--frobnicate", "see --help"]);
    assert_refused(&viewer(&["--\u{1b}[2J\nmore"]), &["see --help"]);
    assert_refused(&viewer(&[&trace, "--at", "noon"]), &["`noon` is no place", "see --help"]);
    assert_refused(&viewer(&[&trace, "--screenshot", "x.png", "--size", "0x0"]), &["`0x0` is no size"]);
    assert_refused(&viewer(&[nowhere.as_str()]), &["nowhere.pscope"]);
    assert_refused(&viewer(&[&nowhere, "--screenshot", "x.png"]), &["nowhere.pscope"]);
}

#[test]
fn without_a_display_one_line_says_so() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS).display().to_string();
    if cfg!(all(unix, not(target_os = "macos"))) {
        assert_refused(&viewer(&[trace]), &["no display", "--screenshot FILE.png"]);
        assert_refused(&viewer::<&str>(&[]), &["no display"]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope-viewer"));
        command.env("DISPLAY", ":4711").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
        let output = command.output().expect("the viewer starts");
        assert_refused(&output, &["no display: DISPLAY=:4711 cannot be reached", "--screenshot FILE.png"]);
    }
}

#[test]
fn a_picture_needs_no_display_and_is_the_same_twice() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS).display().to_string();
    let draw = |name: &str, more: &[&str]| {
        let file = folder.path(name);
        let picture = file.display().to_string();
        let mut args = vec![trace.as_str(), "--screenshot", &picture, "--size", "900x500"];
        args.extend(more);
        let output = viewer(&args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty() && output.stderr.is_empty());
        fs::read(file).expect("the picture is there")
    };
    let first = draw("one.png", &[]);
    assert_eq!(&first[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!((&first[16..20], &first[20..24]), (&900_u32.to_be_bytes()[..], &500_u32.to_be_bytes()[..]));
    assert!(first == draw("two.png", &[]), "the same arguments draw other bytes");
    assert!(first != draw("light.png", &["--light"]), "light is not dark");
    assert!(first != draw("finding.png", &["--at", "finding:self-deadlock/1"]), "a place is another picture");
}

#[test]
fn a_picture_of_what_is_not_there_is_refused() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS).display().to_string();
    let picture = folder.path("p.png").display().to_string();
    let noise = folder.file("noise.pscope", "noise").display().to_string();
    let at = ["--at", "finding:two-leaders/7"];
    assert_refused(&viewer(&[&trace, "--screenshot", &picture, at[0], at[1]]), &["self-deadlock/1"]);
    assert_refused(&viewer(&[&noise, "--screenshot", &picture]), &["noise.pscope"]);
    assert_refused(&viewer(&[trace.as_str(), "--screenshot", "/nowhere/p.png"]), &["/nowhere/p.png"]);
}
