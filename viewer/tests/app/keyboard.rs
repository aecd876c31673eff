//! From file to finding without a mouse, without a window, and without a manual.

use super::common::{CLEAN, Folder, TWO_LEADERS, TWO_LEADERS_PSCOPE, Viewer};
use eframe::egui::accesskit::Role;
use eframe::egui::{FontId, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use peerscope_analyzer::model::EventId;
use peerscope_viewer::args::At;
use peerscope_viewer::command::{Command, NAMED, sign};
use peerscope_viewer::state::Theme;

const FINDINGS: [&str; 3] = ["stale-reply-acted-on/1", "two-leaders-in-term/1", "self-deadlock/1"];

fn two_leaders() -> (Folder, Viewer) {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let viewer = Viewer::open(&[&trace], None);
    (folder, viewer)
}

#[test]
fn both_forms_of_a_trace_open_and_their_findings_are_listed() {
    let folder = Folder::new();
    let files = [folder.file("lab.jsonl", TWO_LEADERS), folder.file("lab.pscope", TWO_LEADERS_PSCOPE)];
    for file in files {
        let viewer = Viewer::open(&[&file], None);
        assert_eq!(viewer.app().message(), None);
        for id in FINDINGS {
            assert!(viewer.0.query_all_by_label_contains(id).next().is_some(), "{id} of {}", file.display());
        }
        assert!(viewer.0.query_all_by_label_contains("3 errors").next().is_some(), "the verdict is in the bar");
    }
}

#[test]
fn a_newcomer_sees_the_first_cause_and_goes_back_to_the_whole() {
    let (_folder, mut viewer) = two_leaders();
    let first = viewer.app().state.finding.expect("the first cause is selected");
    let loaded = viewer.app().loaded.as_ref().expect("it is open");
    let span = loaded.scene.span;
    assert_eq!(loaded.report.as_ref().expect("it is judged").findings[first].id, FINDINGS[0]);
    assert!(viewer.app().state.view.length() < span.length());
    viewer.press(Key::Backspace);
    let view = viewer.app().state.view;
    assert!(view.begin <= span.begin && span.end <= view.end);
}

#[test]
fn findings_witnesses_and_lanes_are_walked_by_keys() {
    let (_folder, mut viewer) = two_leaders();
    let loaded = viewer.app().loaded.as_ref().expect("it is open");
    let findings = &loaded.report.as_ref().expect("it is judged").findings;
    let second = findings.iter().position(|finding| finding.id == FINDINGS[1]).expect("it is found");
    let proof: Vec<EventId> = findings[second].witnesses.iter().map(|witness| EventId(witness.event)).collect();

    viewer.press(Key::N);
    assert_eq!(viewer.app().state.finding, Some(second));
    viewer.press(Key::Period);
    assert_eq!(viewer.app().state.event, Some(proof[0]));
    viewer.press(Key::Period);
    assert_eq!(viewer.app().state.event, Some(proof[1]));
    viewer.press(Key::Comma);
    assert_eq!(viewer.app().state.event, Some(proof[0]));

    let lane = viewer.app().state.lane;
    viewer.press(Key::ArrowRight);
    assert!(viewer.app().state.event > Some(proof[0]));
    assert_eq!(viewer.app().state.lane, lane);
    viewer.press(Key::ArrowLeft);
    assert_eq!(viewer.app().state.event, Some(proof[0]));
    viewer.press(Key::ArrowDown);
    assert!(viewer.app().state.lane > lane);

    let before = viewer.app().state.view;
    viewer.press(Key::Enter);
    assert_ne!(viewer.app().state.view, before, "the selected block is framed");
    viewer.press(Key::Num0);
    let whole = viewer.app().state.view;
    viewer.press(Key::W);
    assert!(viewer.app().state.view.length() < whole.length());
    viewer.press(Key::Escape);
    assert_eq!((viewer.app().state.event, viewer.app().state.finding), (None, Some(second)));
    viewer.press(Key::Escape);
    assert_eq!((viewer.app().state.event, viewer.app().state.finding), (None, None));
    viewer.press(Key::Backspace);
    assert_eq!(viewer.app().state.finding, Some(second));
}

#[test]
fn modifiers_tell_keys_apart() {
    let (_folder, mut viewer) = two_leaders();
    viewer.press(Key::Num0);
    let whole = viewer.app().state.view;
    viewer.press(Key::N);
    let framed = viewer.app().state.view;
    viewer.press(Key::Backspace);
    assert_eq!(viewer.app().state.view, whole);
    viewer.press_with(Modifiers::SHIFT, Key::Backspace);
    assert_eq!(viewer.app().state.view, framed, "shift and backspace goes forward, not back");
}

#[test]
fn help_shows_every_key_and_goes_away() {
    let (_folder, mut viewer) = two_leaders();
    viewer.press(Key::Questionmark);
    for title in ["Keys and mouse", "Next finding", "Show the whole trace"] {
        assert!(viewer.0.query_all_by_label_contains(title).next().is_some(), "{title}");
    }
    let signs: String = NAMED.iter().flat_map(|named| named.keys).map(|key| sign(key, false)).collect();
    for font in [FontId::proportional(12.0), FontId::monospace(12.0)] {
        assert!(viewer.0.ctx.fonts_mut(|fonts| fonts.has_glyphs(&font, &signs)), "{font:?} of {signs}");
    }
    let view = viewer.app().state.view;
    viewer.press(Key::W);
    assert_eq!(viewer.app().state.view, view, "what is covered does not move");
    viewer.press(Key::Escape);
    assert!(!viewer.app().state.help);
    assert!(viewer.app().state.finding.is_some(), "the key closed the help and nothing else");
}

#[test]
fn panels_and_theme_are_toggled_and_remembered() {
    let (_folder, mut viewer) = two_leaders();
    assert!(viewer.0.query_all_by_label_contains(FINDINGS[2]).next().is_some());
    viewer.press(Key::Num1);
    assert!(!viewer.app().state.settings.findings);
    assert!(viewer.0.query_all_by_label("Findings").next().is_none(), "the heading is gone");
    viewer.press(Key::Num2);
    viewer.press(Key::Num3);
    viewer.press(Key::M);
    let settings = &viewer.app().state.settings;
    assert!(!settings.details && !settings.events && !settings.arrows);
    viewer.press(Key::T);
    assert_eq!(viewer.app().state.settings.theme, Theme::Light);
    assert!(!viewer.0.ctx.global_style().visuals.dark_mode);
    viewer.press(Key::T);
    assert!(viewer.0.ctx.global_style().visuals.dark_mode);
    viewer.0.get_by_label("View").click();
    viewer.0.run_ok();
    assert!(viewer.0.query_by_label_contains("now dark").is_some(), "the menu says which is on");
}

#[test]
fn a_path_can_be_typed_and_keys_belong_to_the_field_meanwhile() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let mut viewer = Viewer::empty();
    viewer.0.run_ok();
    viewer.press_with(Modifiers::COMMAND, Key::O);
    let field = viewer.0.get_by_role(Role::TextInput);
    field.type_text(trace.to_str().expect("the path is UTF-8"));
    viewer.0.run_ok();
    viewer.press(Key::T);
    assert_eq!(viewer.app().state.settings.theme, Theme::System, "the field has the keys");
    viewer.press(Key::Enter);
    viewer.settle();
    assert!(viewer.app().loaded.is_some(), "{:?}", viewer.app().message());
}

#[test]
fn a_click_on_a_finding_selects_it() {
    let (_folder, mut viewer) = two_leaders();
    viewer
        .0
        .get_all_by_role(Role::Button)
        .find(|node| node.accesskit_node().label().is_some_and(|label| label.contains(FINDINGS[2])))
        .expect("its row is a button")
        .click_accesskit();
    viewer.0.run_ok();
    let loaded = viewer.app().loaded.as_ref().expect("it is open");
    let selected = viewer.app().state.finding.expect("one is selected");
    assert_eq!(loaded.report.as_ref().expect("it is judged").findings[selected].id, FINDINGS[2]);
}

#[test]
fn enter_works_the_row_that_has_the_focus() {
    let (_folder, mut viewer) = two_leaders();
    let is_second =
        |node: &egui_kittest::Node<'_>| node.accesskit_node().label().is_some_and(|l| l.contains(FINDINGS[1]));
    viewer.0.get_all_by_role(Role::Button).find(is_second).expect("its row is a button").focus();
    viewer.0.run_ok();
    viewer.press(Key::Enter);
    let loaded = viewer.app().loaded.as_ref().expect("it is open");
    let selected = viewer.app().state.finding.expect("one is selected");
    assert_eq!(loaded.report.as_ref().expect("it is judged").findings[selected].id, FINDINGS[1]);
}

#[test]
fn a_menu_has_the_commands_with_their_keys_and_closes_by_escape() {
    let (_folder, mut viewer) = two_leaders();
    let finding = viewer.app().state.finding;
    viewer.0.get_by_label("Go").click();
    viewer.0.run_ok();
    assert!(viewer.0.query_by_label_contains("Lanes up").is_some());
    viewer.press(Key::Escape);
    assert!(viewer.0.query_by_label_contains("Lanes up").is_none(), "the menu is closed");
    assert_eq!(viewer.app().state.finding, finding, "and nothing else happened");
    viewer.0.get_by_label("View").click();
    viewer.0.run_ok();
    viewer.0.get_by_label_contains("Show the whole trace").click();
    viewer.0.run_ok();
    let span = viewer.app().loaded.as_ref().expect("it is open").scene.span;
    assert!(viewer.app().state.view.length() > span.length());
}

#[test]
fn the_command_line_leads_to_a_place() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let viewer = Viewer::open(&[&trace], Some(At::Event(12)));
    assert_eq!(viewer.app().state.event, Some(EventId(12)));
    let viewer = Viewer::open(&[&trace], Some(At::Time(500_000)));
    assert!(viewer.app().state.view.contains(500_000));
    assert_eq!(viewer.app().state.moment, Some(500_000));
    assert_eq!(viewer.app().state.finding, None);
    let viewer = Viewer::open(&[&trace], Some(At::Finding(FINDINGS[2].into())));
    let loaded = viewer.app().loaded.as_ref().expect("it is open");
    let selected = viewer.app().state.finding.expect("one is selected");
    assert_eq!(loaded.report.as_ref().expect("it is judged").findings[selected].id, FINDINGS[2]);

    let viewer = Viewer::open(&[&trace], Some(At::Finding("two-leaders/7".into())));
    let message = viewer.app().message().expect("it is said");
    assert!(FINDINGS.iter().all(|id| message.contains(id)), "{message}");
    let viewer = Viewer::open(&[&trace], Some(At::Event(9_999)));
    assert!(viewer.app().message().is_some_and(|message| message.contains("the trace has 21")));
}

#[test]
fn reading_again_while_it_is_checked_keeps_what_was_wished_for() {
    let folder = Folder::new();
    let trace = folder.file("lab.jsonl", TWO_LEADERS);
    let mut viewer = Viewer::open(&[&trace], Some(At::Finding(FINDINGS[2].into())));
    let wished = viewer.app().state.finding;
    assert!(wished.is_some());
    let context = viewer.0.ctx.clone();
    // The first time it is not waited for.
    viewer.0.state_mut().apply(&context, &Command::Reload);
    viewer.0.step();
    viewer.0.state_mut().apply(&context, &Command::Reload);
    viewer.settle();
    assert_eq!(viewer.app().state.finding, wished);
}

#[test]
fn a_marked_moment_goes_when_something_is_selected_and_one_behind_the_end_is_refused() {
    let folder = Folder::new();
    let trace = folder.file("clean.jsonl", CLEAN);
    let mut viewer = Viewer::open(&[&trace], Some(At::Time(200)));
    assert_eq!(viewer.app().state.moment, Some(200));
    viewer.press(Key::W);
    assert_eq!(viewer.app().state.moment, Some(200), "zooming keeps it");
    viewer.press(Key::J);
    assert_eq!(viewer.app().state.moment, None);
    let viewer = Viewer::open(&[&trace], Some(At::Time(5_000_000_000)));
    let why = viewer.app().failure().expect("it is refused");
    assert!(why.contains("the trace ends at"), "{why}");
    assert_eq!(viewer.app().state.moment, None);
    let viewer = Viewer::open(&[&trace], Some(At::Finding("x".repeat(5_000))));
    assert!(viewer.app().failure().is_some_and(|why| why.len() < 200));
}

#[test]
fn the_bar_says_that_a_test_failed_and_leads_to_its_end() {
    let folder = Folder::new();
    let story = |verdict: &str| {
        let end = format!(r#"{{"ts":300,"test":"t","kind":"test.end","verdict":"{verdict}","why":"no agreement"}}"#);
        let begin = r#"{"ts":100,"test":"t","kind":"test.begin","name":"t"}"#;
        format!("{}\n{begin}\n{end}\n", r#"{"peerscope":1,"unit":"ns"}"#)
    };
    let passed = Viewer::open(&[&folder.file("pass.jsonl", story("pass"))], None);
    assert!(passed.app().loaded.is_some() && passed.0.query_by_label_contains("test failed").is_none());
    let mut viewer = Viewer::open(&[&folder.file("fail.jsonl", story("fail"))], None);
    viewer.0.get_by_label("test failed: no agreement").click();
    viewer.0.run_ok();
    assert_eq!(viewer.app().state.event, Some(EventId(1)));
}

#[test]
fn a_clean_trace_is_called_clean() {
    let folder = Folder::new();
    let trace = folder.file("clean.jsonl", CLEAN);
    let viewer = Viewer::open(&[&trace], None);
    let verdict = peerscope_viewer::panels::bar::verdict(
        viewer.app().loaded.as_ref().and_then(|loaded| loaded.report.as_ref()).expect("it is judged"),
    );
    assert!(viewer.0.query_all_by_label_contains(&verdict).next().is_some(), "{verdict}");
    assert_eq!(viewer.app().state.finding, None);
}

#[test]
fn an_idle_window_asks_for_no_frames() {
    let (_folder, mut viewer) = two_leaders();
    viewer.0.run_ok();
    let output = viewer.0.output();
    let delay = output.viewport_output.values().map(|viewport| viewport.repaint_delay).min();
    assert!(delay.is_some_and(|delay| delay.as_secs() > 60), "{delay:?}");
}
