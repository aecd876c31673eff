//! Stories of what keys and mouse do to what is visible and selected.

mod folding;
mod navigation;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use peerscope_analyzer::model::EventId;
use peerscope_analyzer::report::{self, Options};
use peerscope_analyzer::testing::trace_from_jsonl;
use proptest::prelude::*;

use super::{Effect, Loaded, Settings, State, Theme, told};
use crate::command::{Command, NAMED};
use crate::lane::Subject;
use crate::layout::RowOf;
use crate::run::Run;
use crate::scene::Scene;
use crate::timescale::Span;

/// Two leaders in term 2, since an old vote was counted; and a task that waits for its own lock.
const TWO_LEADERS: &str = include_str!("../../tests/app/two_leaders.jsonl");

fn loaded(jsonl: &str) -> Loaded {
    let run = Arc::new(Run::new(trace_from_jsonl(jsonl), Vec::new()));
    let scene = run.facts(Scene::new);
    let report = report::check(run.trace(), run.problems(), &Options::default());
    let mut loaded = Loaded::new(vec![PathBuf::from("story.jsonl")], run, scene);
    loaded.judge(report);
    loaded
}

/// A window that is high enough for all lanes.
fn opened(loaded: &Loaded) -> State {
    opened_in(loaded, 4_000.0)
}

/// A window that has room for a few lanes: peers are folded.
fn opened_low(loaded: &Loaded) -> State {
    opened_in(loaded, 120.0)
}

fn opened_in(loaded: &Loaded, height: f32) -> State {
    let mut state = State::new(Settings::default());
    state.opened(loaded);
    let became_others = state.measured((1000.0, height), loaded);
    assert_eq!(became_others, !state.collapsed.is_empty());
    state
}

fn run(state: &mut State, loaded: &Loaded, commands: &[Command]) {
    for command in commands {
        assert_eq!(state.apply(command, Some(loaded)), None, "{command:?}");
        assert_sane(state, loaded, command);
    }
}

fn assert_sane(state: &State, loaded: &Loaded, after: &Command) {
    let Span { begin, end } = state.view;
    assert!(begin < end, "{after:?}: {:?}", state.view);
    let trace = loaded.scene.span;
    assert!(begin <= trace.end && end >= trace.begin, "{after:?}: {:?} shows nothing of {trace:?}", state.view);
    let last = (state.layout.height() - f64::from(state.strip.1)).max(0.0);
    assert!((0.0..=last).contains(&state.scroll), "{after:?}: {} of {last}", state.scroll);
    let findings = loaded.report.as_ref().map_or(0, |report| report.findings.len());
    assert!(state.finding.is_none_or(|finding| finding < findings), "{after:?}");
    assert!(state.event.is_none_or(|event| (event.0 as usize) < loaded.run.trace().len()), "{after:?}");
}

fn at(loaded: &Loaded, event: EventId) -> i64 {
    loaded.scene.times(loaded.run.trace()).at(event)
}

#[test]
fn opening_shows_the_whole_trace_and_selects_nothing() {
    let loaded = loaded(TWO_LEADERS);
    let state = opened(&loaded);
    assert!(state.view.begin <= loaded.scene.span.begin && loaded.scene.span.end <= state.view.end);
    assert_eq!((state.event, state.finding, state.scroll, state.touched), (None, None, 0.0, false));
}

#[test]
fn a_verdict_frames_the_first_cause_unless_the_user_is_elsewhere_by_then() {
    let loaded = loaded(TWO_LEADERS);
    let whole = opened(&loaded).view;
    let mut state = opened(&loaded);
    state.judged(&loaded, None);
    let first = told(loaded.report.as_ref().expect("it is judged"))[0].finding;
    assert_eq!(state.finding, Some(first));
    assert!(state.view.length() < whole.length(), "{:?} of {whole:?}", state.view);
    run(&mut state, &loaded, &[Command::Back]);
    assert_eq!(state.view, whole);

    let mut busy = opened(&loaded);
    run(&mut busy, &loaded, &[Command::PanRight]);
    let there = busy.view;
    busy.judged(&loaded, None);
    assert_eq!((busy.finding, busy.view), (None, there));
}

#[test]
fn a_finding_is_framed_with_all_its_witnesses() {
    let loaded = loaded(TWO_LEADERS);
    let report = loaded.report.as_ref().expect("it is judged");
    assert!(!report.findings.is_empty());
    let mut state = opened(&loaded);
    for (place, finding) in report.findings.iter().enumerate() {
        run(&mut state, &loaded, &[Command::SelectFinding(place)]);
        assert_eq!((state.finding, state.event), (Some(place), None));
        for witness in &finding.witnesses {
            assert!(state.view.contains(at(&loaded, EventId(witness.event))), "{}", finding.id);
        }
    }
}

#[test]
fn a_cause_is_framed_with_what_it_led_to_unless_that_is_far_off() {
    let framed = |jsonl: &str| {
        let loaded = loaded(jsonl);
        let mut state = opened(&loaded);
        let report = loaded.report.as_ref().expect("it is judged");
        let place = |id: &str| report.findings.iter().position(|finding| finding.id == id).expect("it is found");
        let (cause, effect) = (place("stale-reply-acted-on/1"), place("two-leaders-in-term/1"));
        assert_eq!(loaded.chains().effects(cause), [effect]);
        run(&mut state, &loaded, &[Command::SelectFinding(cause)]);
        report.findings[effect].witnesses.iter().all(|seen| state.view.contains(at(&loaded, EventId(seen.event))))
    };
    assert!(framed(TWO_LEADERS));
    // All from the second leader on, 900 ms later.
    let times = [("70000", "900070000"), ("80000", "900080000"), ("82000", "900082000"), ("990000", "900990000")];
    let late = times.iter().fold(TWO_LEADERS.to_owned(), |story, (then, later)| {
        story.replace(&format!("\"ts\":{then},"), &format!("\"ts\":{later},"))
    });
    assert!(!framed(&late));
}

#[test]
fn findings_are_walked_in_the_order_of_their_list() {
    let loaded = loaded(TWO_LEADERS);
    let list = told(loaded.report.as_ref().expect("it is judged"));
    let mut state = opened(&loaded);
    for told in &list {
        run(&mut state, &loaded, &[Command::NextFinding]);
        assert_eq!(state.finding, Some(told.finding));
    }
    run(&mut state, &loaded, &[Command::NextFinding]);
    assert_eq!(state.finding, list.first().map(|told| told.finding), "behind the last comes the first");
    for told in list.iter().rev() {
        run(&mut state, &loaded, &[Command::PreviousFinding]);
        assert_eq!(state.finding, Some(told.finding));
    }
}

#[test]
fn witnesses_are_walked_in_the_order_of_the_proof() {
    let loaded = loaded(TWO_LEADERS);
    let report = loaded.report.as_ref().expect("it is judged");
    let mut state = opened(&loaded);
    run(&mut state, &loaded, &[Command::NextFinding]);
    let proof = &report.findings[state.finding.expect("one is selected")].witnesses;
    for witness in proof {
        run(&mut state, &loaded, &[Command::NextWitness]);
        assert_eq!(state.event, Some(EventId(witness.event)));
        assert!(state.view.contains(at(&loaded, EventId(witness.event))));
    }
    run(&mut state, &loaded, &[Command::NextWitness]);
    assert_eq!(state.event, proof.last().map(|witness| EventId(witness.event)));
    run(&mut state, &loaded, &[Command::PreviousWitness]);
    assert_eq!(state.event, proof.iter().rev().nth(1).map(|witness| EventId(witness.event)));
}

#[test]
fn arrows_walk_along_a_lane_and_back() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    run(&mut state, &loaded, &[Command::NextOnLane]);
    let (first, lane) = (state.event.expect("one is selected"), state.lane.expect("it has a lane"));
    let mut way = vec![first];
    loop {
        run(&mut state, &loaded, &[Command::NextOnLane]);
        assert_eq!(state.lane, Some(lane));
        let event = state.event.expect("it stays selected");
        if event == *way.last().expect("it is not empty") {
            break;
        }
        assert!(event > *way.last().expect("it is not empty"));
        way.push(event);
    }
    // Nothing on the lane is passed over.
    let tracks = loaded.scene.lanes[lane].tracks.iter();
    let blocks = tracks.flat_map(|track| (0..track.len()).map(|index| track.block(index)));
    let mut all: Vec<EventId> = blocks.flat_map(|block| [Some(block.begin), block.end]).flatten().collect();
    all.sort();
    all.dedup();
    all.retain(|event| *event >= first);
    assert_eq!(way, all);
    for event in way.iter().rev().skip(1) {
        run(&mut state, &loaded, &[Command::PreviousOnLane]);
        assert_eq!(state.event, Some(*event));
    }
}

#[test]
fn arrows_reach_every_lane_with_events() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    run(&mut state, &loaded, &[Command::NextOnLane]);
    let mut lanes = vec![state.lane];
    for _ in 0..loaded.scene.lanes.len() {
        run(&mut state, &loaded, &[Command::LaneBelow]);
        if lanes.last() != Some(&state.lane) {
            lanes.push(state.lane);
        }
    }
    let with_events = |lane: &usize| loaded.scene.lanes[*lane].tracks.iter().any(|track| !track.is_empty());
    let expected: Vec<Option<usize>> = (0..loaded.scene.lanes.len()).filter(with_events).map(Some).collect();
    assert_eq!(lanes, expected);
    for lane in expected.iter().rev().skip(1) {
        run(&mut state, &loaded, &[Command::LaneAbove]);
        assert_eq!(state.lane, *lane);
    }
}

#[test]
fn selecting_moves_the_view_only_to_what_is_out_of_sight() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    run(&mut state, &loaded, &[Command::Select(EventId(3))]);
    let view = state.view;
    run(&mut state, &loaded, &[Command::Select(EventId(4))]);
    assert_eq!(state.view, view);
    let span = loaded.scene.span;
    run(&mut state, &loaded, &[Command::Show(Span::new(span.begin, span.begin + 40))]);
    let last = EventId(loaded.run.trace().len() as u32 - 1);
    run(&mut state, &loaded, &[Command::Select(last)]);
    assert_eq!(state.view.length(), 40, "the zoom stays");
    assert!(state.view.contains(at(&loaded, last)));
}

#[test]
fn going_back_passes_over_the_small_steps_of_one_move() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    let whole = state.view;
    run(&mut state, &loaded, &[Command::ZoomIn, Command::ZoomIn, Command::PanRight, Command::PanBy(3)]);
    let near = state.view;
    run(&mut state, &loaded, &[Command::NextFinding]);
    let framed = state.view;
    run(&mut state, &loaded, &[Command::Back]);
    assert_eq!(state.view, near);
    run(&mut state, &loaded, &[Command::Back]);
    assert_eq!(state.view, whole);
    run(&mut state, &loaded, &[Command::Back, Command::Forward, Command::Forward, Command::Forward]);
    assert_eq!(state.view, framed);
}

#[test]
fn a_click_moves_nothing_and_arrow_keys_go_on_along_the_lane_that_was_clicked() {
    let loaded = loaded(TWO_LEADERS);
    let is_lock = |lane: &usize| matches!(loaded.scene.lanes[*lane].subject, Subject::Lock(_));
    let lane = (0..loaded.scene.lanes.len()).find(is_lock).expect("the story has a lock");
    let begun = loaded.scene.lanes[lane].tracks[0].block(0).begin;
    // The lock's event stands on a task's lane too, and that is out of sight if the strip is low.
    assert_ne!(loaded.scene.lane_of(loaded.run.trace(), begun), Some(lane));
    let mut state = opened_in(&loaded, 60.0);
    let last = EventId(loaded.run.trace().len() as u32 - 1);
    run(&mut state, &loaded, &[Command::ToggleAllGroups, Command::Select(last), Command::Fit]);
    run(&mut state, &loaded, &[Command::ScrollBy(-1.0e9), Command::Show(Span::new(0, 5_000))]);
    let before = (state.view, state.scroll, state.collapsed.clone());
    run(&mut state, &loaded, &[Command::Click { event: Some(begun), lane: Some(lane) }]);
    assert_eq!((state.view, state.scroll, state.collapsed.clone()), before);
    assert_eq!((state.event, state.lane), (Some(begun), Some(lane)));
    run(&mut state, &loaded, &[Command::NextOnLane]);
    assert_eq!(state.lane, Some(lane));
    assert!(state.event > Some(begun), "the lane has more events");
}

#[test]
fn going_back_brings_back_what_was_selected() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    run(&mut state, &loaded, &[Command::NextFinding, Command::NextWitness]);
    let all = |state: &State| (state.view, state.scroll, state.finding, state.event, state.lane);
    let proof = all(&state);
    assert!(state.finding.is_some() && state.event.is_some());
    let strays = [
        vec![Command::Click { event: Some(EventId(0)), lane: None }],
        vec![Command::Click { event: None, lane: None }],
        vec![Command::ClearSelection],
        vec![Command::NextOnLane, Command::NextOnLane, Command::LaneBelow, Command::PreviousEvent],
    ];
    for stray in strays {
        run(&mut state, &loaded, &stray);
        assert_ne!(all(&state), proof, "{stray:?}");
        assert_eq!(state.finding, proof.2, "the finding stays: {stray:?}");
        run(&mut state, &loaded, &[Command::Back]);
        assert_eq!(all(&state), proof, "{stray:?}");
    }
    run(&mut state, &loaded, &[Command::ClearSelection]);
    assert_eq!((state.event, state.finding), (None, proof.2));
    run(&mut state, &loaded, &[Command::ClearSelection]);
    assert_eq!((state.event, state.finding), (None, None));
    run(&mut state, &loaded, &[Command::Back, Command::Back]);
    assert_eq!(all(&state), proof);
    run(&mut state, &loaded, &[Command::Forward, Command::Forward]);
    assert_eq!((state.event, state.finding), (None, None));
}

#[test]
fn zooming_keeps_what_is_under_the_cursor() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    let cursor = loaded.scene.span.begin + loaded.scene.span.length() / 3;
    let share = |state: &State| (cursor - state.view.begin) as f64 / state.view.length() as f64;
    let before = share(&state);
    run(&mut state, &loaded, &[Command::ZoomAt { at: cursor, factor: 0.5 }]);
    assert!((share(&state) - before).abs() < 0.05, "{} and {before}", share(&state));
    let view = state.view;
    for factor in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        run(&mut state, &loaded, &[Command::ZoomAt { at: cursor, factor }]);
        assert_eq!(state.view, view, "{factor}");
    }
}

#[test]
fn what_does_not_exist_is_passed_over() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    let view = state.view;
    let nowhere = [Command::Select(EventId(u32::MAX)), Command::SelectFinding(999), Command::ToggleGroup(usize::MAX)];
    run(&mut state, &loaded, &nowhere);
    assert_eq!((state.event, state.finding, state.view), (None, None, view));
}

#[test]
fn without_a_run_commands_ask_or_do_nothing() {
    let mut state = State::new(Settings::default());
    for named in NAMED {
        let effect = state.apply(&named.command, None);
        let expected = match named.command {
            Command::AskForFiles => Some(Effect::AskForFiles),
            Command::Reload => Some(Effect::Reload),
            Command::Quit => Some(Effect::Quit),
            _ => None,
        };
        assert_eq!(effect, expected, "{}", named.name);
    }
    assert_eq!((state.event, state.finding, state.touched), (None, None, false));
    assert_eq!(state.settings.theme, Theme::Light);
}

#[test]
fn reading_again_keeps_view_and_selection_if_they_are_still_there() {
    let loaded = loaded(TWO_LEADERS);
    let mut state = opened(&loaded);
    let last = EventId(loaded.run.trace().len() as u32 - 1);
    run(&mut state, &loaded, &[Command::NextFinding, Command::Select(last), Command::ZoomIn]);
    let (view, finding) = (state.view, state.finding);
    let id = loaded.report.as_ref().expect("it is judged").findings[finding.expect("one is selected")].id.clone();
    state.reopened(&loaded, &loaded);
    state.judged(&loaded, Some(&id));
    assert_eq!((state.view, state.event, state.finding), (view, Some(last), finding));

    let shorter = self::loaded(TWO_LEADERS.lines().take(3).collect::<Vec<_>>().join("\n").as_str());
    state.reopened(&loaded, &shorter);
    state.judged(&shorter, Some(&id));
    assert_eq!((state.event, state.finding), (None, None));
    assert_sane(&state, &shorter, &Command::Reload);
}

#[test]
fn reading_again_selects_no_other_event_that_has_the_number() {
    let story = r#"
        {"ts":100,"peer":0,"task":1,"kind":"lock.acquire","lock":"state","seq":1}
        {"ts":200,"peer":0,"task":1,"kind":"lock.release","lock":"state","seq":1}
    "#;
    let before = loaded(story);
    let kept = |story: &str| {
        let mut state = opened(&before);
        run(&mut state, &before, &[Command::Select(EventId(1))]);
        state.reopened(&before, &loaded(story));
        state.event
    };
    assert_eq!(kept(story), Some(EventId(1)));
    let grown = format!(r#"{story}{{"ts":300,"peer":0,"task":1,"kind":"lock.request","lock":"other","seq":2}}"#);
    assert_eq!(kept(&grown), Some(EventId(1)));
    let changes = [(r#""ts":200"#, r#""ts":201"#), ("lock.release", "lock.downgrade")];
    let of_others = [(r#""peer":0"#, r#""peer":3"#), (r#""task":1"#, r#""task":2"#)];
    for (from, to) in changes.into_iter().chain(of_others) {
        assert_eq!(kept(&story.replace(from, to)), None, "{to}");
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let moment = prop_oneof![any::<i64>(), -200_i64..200_000];
    let span = (moment.clone(), moment.clone()).prop_map(|(begin, end)| Command::Show(Span::new(begin, end)));
    prop_oneof![
        8 => (0..NAMED.len()).prop_map(|place| NAMED[place].command.clone()),
        1 => span,
        1 => (moment.clone(), any::<f64>()).prop_map(|(at, factor)| Command::ZoomAt { at, factor }),
        1 => moment.clone().prop_map(Command::PanBy),
        1 => any::<f64>().prop_map(Command::ScrollBy),
        1 => moment.clone().prop_map(Command::GoTo),
        1 => moment.prop_map(Command::Mark),
        1 => any::<u32>().prop_map(|event| Command::Select(EventId(event))),
        2 => (0_u32..40).prop_map(|event| Command::Select(EventId(event))),
        1 => (any::<Option<u8>>(), any::<Option<u8>>()).prop_map(|(event, lane)| Command::Click {
            event: event.map(|event| EventId(event.into())),
            lane: lane.map(usize::from),
        }),
        1 => (0_usize..6).prop_map(Command::SelectFinding),
        1 => (0_usize..6).prop_map(Command::ToggleGroup),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_sequence_of_commands_loses_the_trace(commands in proptest::collection::vec(any_command(), 1..80)) {
        thread_local!(static LOADED: Loaded = loaded(TWO_LEADERS));
        LOADED.with(|loaded| {
            let mut state = opened_in(loaded, if commands.len() % 2 == 0 { 120.0 } else { 4_000.0 });
            for command in &commands {
                state.apply(command, Some(loaded));
                assert_sane(&state, loaded, command);
            }
        });
    }
}
