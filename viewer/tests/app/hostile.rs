//! Files that are torn, empty, hostile or not there: a message, never a panic, and what can be shown is shown.

use std::path::Path;
use std::sync::Arc;

use super::common::{Folder, TWO_LEADERS, TWO_LEADERS_PSCOPE, Viewer};
use eframe::egui::{DroppedFile, HoveredFile, Key};
use egui_kittest::kittest::{NodeT, Queryable};
use peerscope_analyzer::model::EventId;
use peerscope_viewer::args::At;

/// Walks through all that can be selected and shown.
fn walk(viewer: &mut Viewer) {
    use Key::{A, ArrowDown, ArrowRight, Backspace, D, Enter, G, J, N, Num0, PageDown, Period, S, W};
    for key in [Num0, N, Period, Enter, ArrowRight, ArrowDown, J, W, W, D, A, S, PageDown, G, G, Backspace] {
        viewer.press(key);
    }
}

#[test]
fn every_97th_truncation_of_a_trace_is_shown_or_refused() {
    let folder = Folder::new();
    let mut opened = 0;
    for length in (0..TWO_LEADERS_PSCOPE.len()).step_by(97) {
        let torn = folder.file("torn.pscope", &TWO_LEADERS_PSCOPE[..length]);
        let mut viewer = Viewer::open(&[&torn], None);
        match &viewer.app().loaded {
            Some(loaded) => {
                opened += 1;
                let whole = loaded.run.problems().is_empty();
                let clean = viewer.0.query_all_by_label("clean").next().is_some();
                assert!(whole || !clean, "{length} bytes are not clean");
            }
            None => assert!(viewer.app().message().is_some(), "{length} bytes"),
        }
        walk(&mut viewer);
    }
    assert!(opened > 0, "some truncations can be shown");
}

#[test]
fn what_is_no_trace_is_said_and_can_be_tried_again() {
    let folder = Folder::new();
    let files = [
        folder.file("empty.pscope", ""),
        folder.file("empty.jsonl", ""),
        folder.file("noise.pscope", [0xff_u8; 5_000]),
        folder.file("other.jsonl", "{\"hello\":1}\n"),
        folder.path("nowhere.pscope"),
    ];
    for file in &files {
        let mut viewer = Viewer::open(&[file], None);
        if viewer.app().loaded.is_none() {
            let message = viewer.app().message().expect("it is said").to_owned();
            assert!(!message.contains('\n'), "{message}");
            assert!(viewer.0.query_by_label("Try again").is_some(), "{message}");
            viewer.0.get_by_label("Dismiss").click();
            viewer.0.run_ok();
            assert_eq!(viewer.app().message(), None);
        }
        walk(&mut viewer);
    }
}

#[test]
fn a_file_that_vanished_leaves_what_is_open() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let mut viewer = Viewer::open(&[&trace], None);
    std::fs::remove_file(&trace).expect("it can be removed");
    viewer.press(Key::F5);
    viewer.settle();
    assert!(viewer.app().loaded.is_some());
    assert!(viewer.app().message().is_some());
    walk(&mut viewer);
}

#[test]
fn trying_again_goes_to_the_place_that_was_asked_for() {
    let folder = Folder::new();
    let trace = folder.path("late.jsonl");
    for by_key in [true, false] {
        let mut viewer = Viewer::open(&[&trace], Some(At::Event(12)));
        assert!(viewer.app().failure().is_some() && viewer.app().loaded.is_none());
        folder.file("late.jsonl", TWO_LEADERS);
        if by_key {
            viewer.press(Key::F5);
        } else {
            viewer.0.get_by_label("Try again").click();
            viewer.0.run_ok();
        }
        viewer.settle();
        assert_eq!((viewer.app().message(), viewer.app().state.event), (None, Some(EventId(12))));
        std::fs::remove_file(&trace).expect("it can be removed");
    }
}

#[test]
fn what_cannot_be_opened_leaves_what_is_open_and_is_dismissed_by_escape() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let mut viewer = Viewer::open(&[&trace], Some(At::Event(12)));
    let nowhere = folder.path("nowhere.pscope");
    viewer.load(&[&nowhere], None);
    assert!(viewer.app().message().is_some_and(|message| message.contains("nowhere.pscope")));
    assert_eq!(viewer.app().state.event, Some(EventId(12)), "what was open is as it was");
    viewer.press(Key::F5);
    viewer.settle();
    assert!(viewer.app().message().is_some_and(|message| message.contains("nowhere.pscope")), "it was tried again");
    viewer.press(Key::Escape);
    assert_eq!(viewer.app().message(), None);
    viewer.press(Key::F5);
    viewer.settle();
    assert_eq!(viewer.app().message(), None, "from here on what is open is read again");
    assert!(viewer.app().loaded.as_ref().is_some_and(|loaded| loaded.report.is_some()));
}

#[test]
fn names_that_lie_and_times_that_are_absurd_do_no_harm() {
    let nasty = "evil\u{202e}\u{1b}[2Jname".repeat(500);
    let nasty = nasty.replace('\u{1b}', "\\u001b");
    let story = format!(
        r#"{{"peerscope":1,"unit":"ns"}}
{{"ts":0,"peer":"{nasty}","task":"{nasty}","term":18446744073709551615,"kind":"role","role":"{nasty}"}}
{{"ts":1,"peer":"{nasty}","task":"{nasty}","kind":"lock.acquire","lock":"{nasty}","seq":1}}
{{"ts":2,"peer":"{nasty}","task":"{nasty}","kind":"lock.wait","lock":"{nasty}","src":"{nasty}"}}
{{"ts":3,"peer":1,"kind":"rpc.send","rpc":"{nasty}","method":"{nasty}","to":"{nasty}"}}
{{"ts":9223372036854775807,"kind":"test.phase","name":"{nasty}"}}
{{"ts":9223372036854775808,"kind":"{nasty}","msg":"{nasty}"}}
{{"ts":18446744073709551615,"peer":1,"kind":"fault","what":"{nasty}","peers":["{nasty}"]}}
"#
    );
    let folder = Folder::new();
    let trace = folder.file("nasty.jsonl", story);
    let mut viewer = Viewer::open(&[&trace], None);
    assert!(viewer.app().loaded.is_some(), "{:?}", viewer.app().message());
    walk(&mut viewer);
    for node in viewer.0.root().children_recursive() {
        let node = node.accesskit_node();
        for text in [node.label(), node.value()].into_iter().flatten() {
            let harmful = text.chars().any(|c| c == '\u{202e}' || c == '\u{1b}');
            assert!(!harmful && text.len() < 20_000, "{} bytes: {:.80}", text.len(), text);
        }
    }
}

#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn dropped_files_are_opened() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let mut viewer = Viewer::empty();
    viewer.0.run_ok();
    assert!(viewer.0.query_by_label("Open a trace…").is_some(), "a window without a run says how to open one");
    viewer.0.input_mut().hovered_files = vec![HoveredFile { path: Some(trace.clone()), mime: String::new() }];
    viewer.0.step();
    viewer.0.input_mut().hovered_files.clear();
    viewer.0.input_mut().dropped_files = vec![Arc::new(Dropped(trace))];
    viewer.0.step();
    viewer.settle();
    assert!(viewer.app().loaded.is_some());
    assert!(viewer.0.query_all_by_label_contains("lab.jsonl").next().is_some(), "the bar names the file");
}
