//! The details, seen as their users see them.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, Theme, TouchPhase, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use peerscope_analyzer::model::EventId;
use peerscope_analyzer::read::Problem;
use peerscope_analyzer::report::{self, Options};
use peerscope_analyzer::testing::trace_and_problems;

use super::show;
use crate::command::Command;
use crate::run::Run;
use crate::scene::Scene;
use crate::state::{Loaded, Settings, State};

/// The run that these lines tell, judged or not yet.
pub(crate) fn loaded(jsonl: &str, is_judged: bool) -> Loaded {
    let (trace, problems) = trace_and_problems(&[jsonl]);
    with_problems(trace, problems, is_judged)
}

fn with_problems(trace: peerscope_analyzer::model::Trace, problems: Vec<Problem>, is_judged: bool) -> Loaded {
    let report = is_judged.then(|| report::check(&trace, &problems, &Options::default()));
    let run = Arc::new(Run::new(trace, problems));
    let scene = run.facts(Scene::new);
    let mut loaded = Loaded::new(vec![PathBuf::from("run.jsonl")], run, scene);
    if let Some(report) = report {
        loaded.judge(report);
    }
    loaded
}

/// A panel alone in a window, with what it asked for.
pub(crate) struct Bench {
    pub(crate) state: State,
    pub(crate) loaded: Loaded,
    pub(crate) commands: Vec<Command>,
}

impl Bench {
    pub(crate) fn new(loaded: Loaded) -> Bench {
        let mut state = State::new(Settings::default());
        state.opened(&loaded);
        Bench { state, loaded, commands: Vec::new() }
    }

    fn harness(self, width: f32) -> Harness<'static, Bench> {
        let builder = Harness::builder().with_size(vec2(width, 2400.0)).with_theme(Theme::Light);
        builder.build_ui_state(|ui, bench: &mut Bench| show(ui, &bench.state, &bench.loaded, &mut bench.commands), self)
    }
}

/// Task 1 locks itself out with task 2 behind it.
const RELOCK: &str = r#"
    {"ts":1000,"peer":0,"task":1,"kind":"lock.new","lock":1,"name":"raft"}
    {"ts":10000,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"src/raft.rs:40"}
    {"ts":15000,"peer":0,"task":2,"kind":"lock.wait","lock":1,"src":"src/raft.rs:90"}
    {"ts":20000,"peer":0,"task":1,"kind":"lock.wait","lock":1,"src":"src/raft.rs:77"}
"#;

fn bench(event: Option<u32>, finding: Option<usize>) -> Bench {
    let mut bench = Bench::new(loaded(RELOCK, true));
    bench.state.event = event.map(EventId);
    bench.state.finding = finding;
    bench
}

#[test]
fn an_event_leads_to_what_it_has_to_do_with() {
    let mut harness = bench(Some(2), None).harness(320.0);
    harness.get_by_label("task 2 of peer 0: waits for raft");
    harness.get_by_label("task 2 of peer 0 waits for raft");
    harness.get_by_label("held then by task 1 of peer 0, for 5 µs already");
    harness.get_by_label("src/raft.rs:90");
    harness.get_by_label("the hold that it waits for #1").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::Select(EventId(1))]);
}

#[test]
fn a_one_way_message_leads_from_either_end_to_the_other() {
    let trace = r#"
        {"ts":1000,"peer":0,"task":1,"kind":"msg.send","msg":4,"method":"Ping","to":1}
        {"ts":2000,"peer":1,"task":2,"kind":"msg.recv","msg":4,"method":"Ping","from":0}
    "#;
    for (event, label, other) in [(0, "its arrival #1", 1), (1, "its sending #0", 0)] {
        let mut bench = Bench::new(loaded(trace, false));
        bench.state.event = Some(EventId(event));
        let mut harness = bench.harness(320.0);
        harness.get_by_label(label).click();
        harness.run();
        assert_eq!(harness.state().commands, [Command::Select(EventId(other))]);
    }
}

#[test]
fn an_event_says_of_which_findings_it_is_a_witness() {
    let mut harness = bench(Some(3), None).harness(320.0);
    harness.get_by_label("self-deadlock/1").click();
    harness.run();
    let finding = |id: &str| {
        let report = harness.state().loaded.report.as_ref().expect("it is judged");
        report.findings.iter().position(|finding| finding.id == id).expect("it is found")
    };
    assert_eq!(harness.state().commands, [Command::SelectFinding(finding("self-deadlock/1"))]);
}

#[test]
fn a_finding_shows_its_proof_and_what_it_led_to() {
    let mut harness = bench(None, Some(0)).harness(320.0);
    harness.get_by_label("task 1 of peer 0 waits for lock raft, which it holds itself");
    harness.get_by_label("1 task 1 of peer 0 takes lock raft #1");
    harness.get_by_label("What to change");
    harness.get_by_label("2 task 1 of peer 0 asks for lock raft again, and waits for ever #3").click();
    harness.run();
    harness.get_by_label("stuck-task/1").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::Select(EventId(3)), Command::SelectFinding(1)]);
}

#[test]
fn whoever_goes_to_another_event_begins_to_read_at_its_top() {
    let mut bench = Bench::new(loaded(RELOCK, true));
    bench.state.event = Some(EventId(2));
    let builder = Harness::builder().with_size(vec2(320.0, 120.0));
    let mut harness = builder
        .build_ui_state(|ui, bench: &mut Bench| show(ui, &bench.state, &bench.loaded, &mut bench.commands), bench);
    let top = |harness: &Harness<'_, Bench>, label: &str| harness.get_by_label(label).rect().top();
    let above = top(&harness, "task 2 of peer 0: waits for raft");
    harness.hover_at(pos2(100.0, 60.0));
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, -60.0),
        modifiers: Modifiers::NONE,
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
    });
    harness.run_steps(30);
    assert!(top(&harness, "task 2 of peer 0: waits for raft") < above - 20.0);
    harness.state_mut().state.event = Some(EventId(3));
    harness.run_steps(3);
    assert_eq!(top(&harness, "task 1 of peer 0: waits for raft"), above);
}

#[test]
fn a_run_that_is_not_judged_yet_says_so_and_gaps_are_no_success() {
    let harness = Bench::new(loaded(RELOCK, false)).harness(300.0);
    harness.get_by_label("The check goes on; findings come when it is done.");
    let quiet = r#"
        {"ts":1000,"peer":0,"task":1,"kind":"log","msg":"hello"}
        {"ts":2000,"peer":0,"task":1,"kind":"lost","events":7}
        {"ts":3000,"kind":"process.end","how":"exit 0"}
    "#;
    let harness = Bench::new(loaded(quiet, true)).harness(300.0);
    harness.get_by_label("Nothing was found, but not everything was checked.");
}

#[test]
fn nothing_is_wider_than_a_narrow_panel() {
    let long = "long ".repeat(200);
    let trace = format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"kind":"log","msg":"{long}{{a}}","args":{{"a":"{}"}},"src":"{}.rs:1"}}
        "#,
        "wide".repeat(500),
        "path/".repeat(100),
    );
    let mut wide = Bench::new(loaded(&trace, true));
    wide.state.event = Some(EventId(0));
    let benches =
        [wide, bench(Some(2), None), bench(Some(3), Some(0)), bench(None, Some(1)), Bench::new(loaded(RELOCK, true))];
    for (number, bench) in benches.into_iter().enumerate() {
        let harness = bench.harness(300.0);
        for node in harness.root().children_recursive() {
            if node.accesskit_node().label().is_some() {
                assert!(
                    node.rect().right() <= 300.5,
                    "{number}: {:?} {:?}",
                    node.accesskit_node().label(),
                    node.rect()
                );
            }
        }
    }
}
