//! The table, seen as its users see it.

use eframe::egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use peerscope_analyzer::model::EventId;
use peerscope_analyzer::testing::trace_from_jsonl;

use super::columns::columns;
use super::{Place, first_at, show};
use crate::command::Command;
use crate::panels::details::tests::{Bench, loaded};
use crate::timescale::Span;

const ELECTION: &str = r#"
    {"ts":1000,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate"}
    {"ts":2000,"peer":1,"task":2,"term":1,"kind":"vote","for":0}
    {"ts":3000,"peer":0,"task":1,"term":1,"kind":"role","role":"leader"}
"#;

/// So many lines of a program, a microsecond apart.
fn lines(count: u32) -> String {
    (0..count)
        .map(|line| format!("{{\"ts\":{},\"peer\":0,\"kind\":\"log\",\"msg\":\"x\"}}\n", u64::from(line) * 1000))
        .collect()
}

fn harness(bench: Bench) -> Harness<'static, Bench> {
    // Short steps, so that two clicks are a double click.
    let builder = Harness::builder().with_size(vec2(900.0, 220.0)).with_step_dt(0.02);
    builder.build_ui_state(|ui, bench: &mut Bench| show(ui, &bench.state, &bench.loaded, &mut bench.commands), bench)
}

#[test]
fn a_row_is_found_by_its_name_and_selects_its_event() {
    let mut harness = harness(Bench::new(loaded(ELECTION, false)));
    harness.get_by_label("#0 role peer 0");
    harness.get_by_label("#1 vote peer 1").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::Select(EventId(1))]);
    // A third click in a row would be no double click.
    harness.run_steps(100);
    harness.state_mut().commands.clear();
    harness.get_by_label("#2 role peer 0").click();
    harness.get_by_label("#2 role peer 0").click();
    harness.run();
    let select = Command::Select(EventId(2));
    assert_eq!(harness.state().commands, [select.clone(), select, Command::FitSelection]);
}

#[test]
fn the_table_goes_where_the_timeline_goes() {
    let mut harness = harness(Bench::new(loaded(&lines(5000), false)));
    harness.get_by_label("#0 log peer 0");
    harness.state_mut().state.view = Span::new(3_000_500, 3_100_000);
    harness.run();
    harness.get_by_label("#3001 log peer 0");
    assert!(harness.query_by_label("#3000 log peer 0").is_none());
    // A selected event that can be seen leads.
    harness.state_mut().state.event = Some(EventId(3050));
    harness.run();
    harness.get_by_label("#3050 log peer 0");
    harness.get_by_label("#3048 log peer 0");
    // The next one is in the table already: nothing moves.
    harness.state_mut().state.event = Some(EventId(3051));
    harness.run();
    let top = harness.get_by_label("#3048 log peer 0").rect();
    harness.state_mut().state.event = Some(EventId(3052));
    harness.run();
    assert_eq!(harness.get_by_label("#3048 log peer 0").rect(), top);
    // One that cannot be seen does not: then the visible time leads.
    harness.state_mut().state.view = Span::new(0, 100_000);
    harness.run();
    harness.get_by_label("#0 log peer 0");
    // Whoever asked for a moment reads on from there, whatever was selected before.
    harness.state_mut().state.view = Span::new(3_000_000, 3_200_000);
    harness.state_mut().state.moment = Some(3_099_500);
    harness.run();
    let first = harness.get_by_label("#3100 log peer 0").rect();
    assert!(harness.query_by_label("#3099 log peer 0").is_none() && first.top() < 40.0, "{first:?}");
}

#[test]
fn the_wheel_moves_the_table_by_whole_rows_and_it_stays_there() {
    let mut harness = harness(Bench::new(loaded(&lines(5000), false)));
    harness.hover_at(pos2(200.0, 100.0));
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, -100.0),
        modifiers: Modifiers::NONE,
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
    });
    harness.run_steps(60);
    assert!(harness.query_by_label("#0 log peer 0").is_none());
    harness.run_steps(3);
    assert!(harness.query_by_label("#0 log peer 0").is_none());
}

#[test]
fn places_stay_within_the_trace() {
    let mut place = Place::default();
    place.turn(1e9, 100, 10);
    assert_eq!(place.first, 0);
    place.turn(-1e9, 100, 10);
    assert_eq!(place.first, 90);
    place.turn(9.0, 100, 10);
    assert_eq!(place.first, 90, "half a row is no row");
    place.turn(9.0, 100, 10);
    assert_eq!(place.first, 89);
    place.turn(-1e9, 3, 10);
    assert_eq!(place.first, 0);
}

#[test]
fn the_first_event_at_a_time_is_found_without_looking_at_all() {
    let trace = trace_from_jsonl(&lines(1000));
    assert_eq!(first_at(&trace, -5), 0);
    assert_eq!(first_at(&trace, 0), 0);
    assert_eq!(first_at(&trace, 1), 1);
    assert_eq!(first_at(&trace, 500_000), 500);
    assert_eq!(first_at(&trace, i64::MAX), 1000);
}

#[test]
fn an_empty_trace_is_said_to_be_empty() {
    let mut harness = harness(Bench::new(loaded("", false)));
    harness.run();
    assert!(harness.state().commands.is_empty());
}

#[test]
fn what_happened_has_the_room_and_kind_and_term_give_way_first() {
    let titles = |trace: &str, width: f32| {
        let columns = columns(&trace_from_jsonl(trace), 0.0, width);
        columns.iter().map(|column| column.title).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(titles(ELECTION, 1000.0), "# ms peer task term what kind source");
    assert_eq!(titles(ELECTION, 660.0), "# ms peer task what source");
    assert_eq!(titles(ELECTION, 520.0), "# ms peer task what");
    assert_eq!(titles(ELECTION, 200.0), "ms what", "the time and what happened stay");
    let alone = r#"{"ts":1000,"task":1,"kind":"log","msg":""}"#;
    assert_eq!(titles(alone, 1000.0), "# ms task what kind source");
    for width in [200.0, 520.0, 660.0, 1000.0, 3000.0] {
        let columns = columns(&trace_from_jsonl(ELECTION), 7.0, width);
        let end = columns.last().map(|last| last.left + last.width).expect("there are columns");
        assert!(end <= 7.0 + width, "{end} of {width}");
        assert!(columns.windows(2).all(|pair| pair[0].left + pair[0].width < pair[1].left), "{width}");
    }
}

#[test]
fn the_line_of_a_source_is_never_cut_off() {
    let trace = r#"{"ts":1,"peer":0,"kind":"log","msg":"","src":"src/a_file_with_a_long_name.rs:1234"}"#;
    let loaded = loaded(trace, false);
    let columns = columns(loaded.run.trace(), 0.0, 1000.0);
    let source = columns.iter().find(|column| column.title == "source").expect("there is room");
    assert_eq!(loaded.run.facts(|facts| (source.text)(facts, EventId(0))), "…long_name.rs:1234");
}
