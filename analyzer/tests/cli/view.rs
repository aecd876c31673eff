//! `peerscope view` hands over to the viewer, wherever that is. Here the viewer is a script that says how it was called.

use std::fs;
use std::process::Command;

use super::common::{Folder, Run, peerscope};

/// A folder with our program and nothing beside it: where it was built, the true viewer may be.
struct Place {
    folder: Folder,
}

impl Place {
    fn new() -> Place {
        let folder = Folder::new();
        fs::create_dir(folder.path("bin")).expect("a folder");
        fs::create_dir(folder.path("path")).expect("a folder");
        let (built, here) = (env!("CARGO_BIN_EXE_peerscope"), folder.path("bin/peerscope"));
        // A second name is not written to, so that no other test's child can hold it open for writing. Where files
        // cannot have one, there is only the copy.
        fs::hard_link(built, &here).or_else(|_| fs::copy(built, &here).map(drop)).expect("our program");
        Place { folder }
    }

    /// Puts a script in the viewer's place. A shell writes it: no child of this process inherits the open file.
    fn viewer(&self, folder: &str, script: &str) {
        let file = self.folder.path(&format!("{folder}/peerscope-viewer"));
        let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$2" && chmod +x "$2""#;
        let status = Command::new("/bin/sh").args(["-c", write, "sh", script, &file]).status();
        assert!(status.expect("a shell").success());
    }

    fn view(&self, args: &[&str]) -> Run {
        let path = format!("{}:/nowhere", self.folder.path("path"));
        let mut command = Command::new(self.folder.path("bin/peerscope"));
        let output = command.arg("view").args(args).env("PATH", path).output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Run { status: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

const SAYS_ARGUMENTS: &str = r#"for argument; do printf '[%s]' "$argument"; done"#;

#[test]
fn the_viewer_on_the_path_gets_all_arguments_as_they_are() {
    let place = Place::new();
    place.viewer("path", SAYS_ARGUMENTS);
    let run = place.view(&["a b.pscope", "c.jsonl", "--at", "finding:self-deadlock/1", "--screenshot", "--", "--help"]);
    assert_eq!((run.status, &run.err[..]), (0, ""));
    assert_eq!(run.out, "[a b.pscope][c.jsonl][--at][finding:self-deadlock/1][--screenshot][--][--help]");
}

#[test]
fn the_viewer_beside_the_program_goes_first() {
    let place = Place::new();
    place.viewer("path", "echo on the path");
    place.viewer("bin", "echo beside");
    assert_eq!(place.view(&["run.pscope"]).out, "beside\n");
}

#[test]
fn its_status_and_its_words_are_ours() {
    let place = Place::new();
    place.viewer("path", "echo no display >&2; exit 7");
    let run = place.view(&["run.pscope"]);
    assert_eq!((run.status, &run.err[..]), (7, "no display\n"));
}

#[test]
fn without_a_viewer_one_line_says_how_to_get_it() {
    let place = Place::new();
    // What cannot be run is not the viewer.
    fs::create_dir(place.folder.path("bin/peerscope-viewer")).expect("a folder");
    place.folder.file("path/peerscope-viewer", "no program");
    let run = place.view(&["run.pscope"]);
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(run.err.contains("`cargo install --path viewer`"), "{}", run.err);
}

#[test]
fn a_viewer_that_cannot_be_started_is_named() {
    let place = Place::new();
    place.viewer("path", "");
    let viewer = place.folder.path("path/peerscope-viewer");
    let broken = Command::new("/bin/sh").args(["-c", r#"printf '#!/no/such/shell\n' > "$1""#, "sh", &viewer]).status();
    assert!(broken.expect("a shell").success());
    let run = place.view(&["run.pscope"]);
    assert_eq!((run.status, run.err.lines().count()), (2, 1), "{}", run.err);
    assert!(run.err.contains("cannot be started") && run.err.contains(&viewer), "{}", run.err);
}

#[test]
fn its_help_needs_no_viewer() {
    assert!(peerscope(&["view", "--help"]).out.contains("--at finding:ID"));
}
