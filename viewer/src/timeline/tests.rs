//! Tests of `timeline`.

use std::sync::Arc;

use eframe::egui::{
    Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, RawInput, TouchPhase, vec2,
};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use peerscope_analyzer::report::{self, Options};
use peerscope_analyzer::testing::trace_from_jsonl;

use super::*;
use crate::run::Run;
use crate::scene::Scene;
use crate::state::Settings;

/// Two leaders in term 2, since an old vote was counted; and a task that waits for its own lock.
const TWO_LEADERS: &str = include_str!("../../tests/app/two_leaders.jsonl");

fn loaded() -> Loaded {
    let run = Arc::new(Run::new(trace_from_jsonl(TWO_LEADERS), Vec::new()));
    let mut scene = run.facts(Scene::new);
    let report = report::check(run.trace(), run.problems(), &Options::default());
    scene.mark(run.trace(), &report);
    Loaded { paths: Vec::new(), run, scene, report: Some(report) }
}

/// A timeline that somebody moves a mouse over.
struct Desk {
    context: Context,
    loaded: Loaded,
    state: State,
    size: (f32, f32),
    frames: u32,
}

impl Desk {
    fn new(size: (f32, f32)) -> Desk {
        let loaded = loaded();
        let mut state = State::new(Settings::default());
        state.opened(&loaded);
        let mut desk = Desk { context: Context::default(), loaded, state, size, frames: 0 };
        desk.frame(Vec::new());
        desk
    }

    /// What the timeline asks for in a frame with these events. The state stays as it is.
    fn frame(&mut self, events: Vec<Event>) -> Vec<Command> {
        self.frames += 1;
        let modifiers = events.iter().find_map(|event| match event {
            Event::PointerButton { modifiers, .. } | Event::MouseWheel { modifiers, .. } => Some(*modifiers),
            _ => None,
        });
        let before = modifiers.map(Event::ModifiersChanged);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(self.size.0, self.size.1))),
            time: Some(f64::from(self.frames) / 60.0),
            events: before.into_iter().chain(events).collect(),
            ..RawInput::default()
        };
        let mut commands = Vec::new();
        let mut output = self.context.run_ui(input, |ui| {
            let strip = show(ui, &self.state, &self.loaded, &mut commands);
            self.state.measured(strip);
        });
        output.textures_delta.clear();
        commands
    }

    fn click(&mut self, at: Pos2) -> Vec<Command> {
        let mut commands = self.frame(vec![Event::PointerMoved(at)]);
        commands.extend(self.frame(vec![button(at, true, Modifiers::NONE)]));
        commands.extend(self.frame(vec![button(at, false, Modifiers::NONE)]));
        commands
    }

    fn drag(&mut self, from: Pos2, to: Pos2, modifiers: Modifiers) -> Vec<Command> {
        let mut commands = self.frame(vec![Event::PointerMoved(from)]);
        commands.extend(self.frame(vec![button(from, true, modifiers)]));
        for step in 1..=4 {
            let on_the_way = from + (to - from) * (step as f32 / 4.0);
            commands.extend(self.frame(vec![Event::PointerMoved(on_the_way)]));
        }
        commands.extend(self.frame(vec![button(to, false, modifiers)]));
        commands
    }

    fn wheel(&mut self, at: Pos2, delta: eframe::egui::Vec2, modifiers: Modifiers) -> Vec<Command> {
        let mut commands = self.frame(vec![Event::PointerMoved(at)]);
        let (unit, phase, source) = (MouseWheelUnit::Point, TouchPhase::Move, MouseWheelSource::Wheel);
        commands.extend(self.frame(vec![Event::MouseWheel { unit, delta, phase, source, modifiers }]));
        (0..5).for_each(|_| commands.extend(self.frame(Vec::new())));
        commands
    }

    fn parts(&self) -> Parts {
        let gutter = (self.size.0 * 0.28).min(200.0);
        // A root Ui has no margin of its own.
        let all = Rect::from_min_size(Pos2::ZERO, vec2(self.size.0, self.size.1));
        Parts::new(all, gutter, self.state.layout.height())
    }
}

fn button(pos: Pos2, pressed: bool, modifiers: Modifiers) -> Event {
    Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers }
}

const LARGE: (f32, f32) = (1200.0, 1000.0);
const LOW: (f32, f32) = (1200.0, 160.0);

#[test]
fn a_click_on_a_block_selects_what_began_it() {
    let mut desk = Desk::new(LARGE);
    let lane = desk.loaded.scene.lanes.iter().position(|lane| matches!(lane.subject, crate::lane::Subject::Role(_)));
    let lane = lane.expect("peers have roles");
    let row = desk.state.layout.row_of_lane(lane).expect("it has a row");
    let strip = desk.parts().strip;
    let track = &desk.loaded.scene.lanes[lane].tracks[0];
    let times = desk.loaded.scene.times(desk.loaded.run.trace());
    let scale = TimeScale { visible: desk.state.view, left: strip.left(), width: strip.width() };
    let wide = (0..track.len()).max_by_key(|index| {
        let (begin, end) = track.times(times, *index);
        end - begin
    });
    let wide = wide.expect("the peer has roles");
    let (begin, end) = track.times(times, wide);
    let begun = track.block(wide).begin;
    // Somewhere in the block where neither an arrow nor a marker is.
    let share = [0.3, 0.45, 0.6, 0.75];
    let selected = share.map(|share| {
        let x = scale.x(begin) + (scale.x(end) - scale.x(begin)) * share;
        desk.click(pos2(x, strip.top() + row.top as f32 + 6.0))
    });
    assert!(selected.iter().any(|commands| commands == &[Command::Select(begun)]), "{selected:?}");
}

#[test]
fn a_click_beside_everything_selects_nothing() {
    let mut desk = Desk::new(LARGE);
    let strip = desk.parts().strip;
    assert_eq!(desk.click(pos2(strip.center().x, strip.bottom() - 3.0)), [Command::ClearSelection]);
}

#[test]
fn the_wheel_with_control_zooms_at_the_pointer() {
    let mut desk = Desk::new(LOW);
    let strip = desk.parts().strip;
    let commands = desk.wheel(strip.center(), vec2(0.0, 50.0), Modifiers::COMMAND | Modifiers::CTRL);
    assert!(!commands.is_empty());
    let middle = (desk.state.view.begin + desk.state.view.end) / 2;
    for command in commands {
        let Command::ZoomAt { at, factor } = command else { panic!("{command:?}") };
        assert!(factor < 1.0, "up is nearer: {factor}");
        assert!((at - middle).abs() <= desk.state.view.length() / 100, "{at} {middle}");
    }
}

#[test]
fn the_plain_wheel_scrolls_lanes_that_do_not_fit_and_zooms_if_they_do() {
    let mut low = Desk::new(LOW);
    assert!(low.parts().scroll_bar.is_some());
    let center = low.parts().strip.center();
    let commands = low.wheel(center, vec2(0.0, -40.0), Modifiers::NONE);
    let down: f64 = commands
        .iter()
        .map(|command| if let Command::ScrollBy(by) = command { *by } else { panic!("{command:?}") })
        .sum();
    assert!(down > 10.0, "{down}");
    let mut large = Desk::new(LARGE);
    assert!(large.parts().scroll_bar.is_none());
    let center = large.parts().strip.center();
    let commands = large.wheel(center, vec2(0.0, -40.0), Modifiers::NONE);
    assert!(!commands.is_empty());
    assert!(
        commands.iter().all(|command| matches!(command, Command::ZoomAt { factor, .. } if *factor > 1.0)),
        "{commands:?}"
    );
}

#[test]
fn dragging_moves_time_with_the_pointer() {
    let mut desk = Desk::new(LARGE);
    let at = desk.parts().strip.center();
    let commands = desk.drag(at, at + vec2(-100.0, 0.0), Modifiers::NONE);
    let by: i64 =
        commands.iter().map(|command| if let Command::PanBy(by) = command { *by } else { panic!("{command:?}") }).sum();
    let want = desk.state.view.length() as f64 / f64::from(desk.parts().strip.width()) * 100.0;
    assert!((by as f64 - want).abs() <= want * 0.1, "{by} instead of {want}");
}

#[test]
fn dragging_with_shift_chooses_a_time() {
    let mut desk = Desk::new(LARGE);
    let strip = desk.parts().strip;
    let (from, to) = (strip.center(), strip.center() + vec2(200.0, 0.0));
    let commands = desk.drag(from, to, Modifiers::SHIFT);
    let [Command::Show(span)] = commands[..] else { panic!("{commands:?}") };
    let scale = TimeScale { visible: desk.state.view, left: strip.left(), width: strip.width() };
    let near = |a: i64, b: i64| (a - b).abs() <= scale.ns(2.0);
    assert!(near(span.begin, scale.at(from.x)) && near(span.end, scale.at(to.x)), "{span:?}");
}

#[test]
fn the_overview_goes_where_one_clicks() {
    let mut desk = Desk::new(LARGE);
    let overview = desk.parts().overview;
    let commands = desk.click(overview.center());
    let span = desk.loaded.scene.span;
    let Some(Command::GoTo(at)) = commands.first() else { panic!("{commands:?}") };
    assert!((at - span.begin - span.length() / 2).abs() <= span.length() / 50, "{at} of {span:?}");
}

#[test]
fn a_heading_folds_its_group() {
    let mut desk = Desk::new(LARGE);
    let strip = desk.parts().strip;
    assert_eq!(desk.click(pos2(60.0, strip.top() + 8.0)), [Command::ToggleGroup(0)]);
}

#[test]
fn nothing_is_repainted_when_nothing_changes() {
    let mut desk = Desk::new(LARGE);
    (0..5).for_each(|_| drop(desk.frame(Vec::new())));
    assert!(!desk.context.has_requested_repaint());
}

#[test]
fn every_visible_lane_can_be_found_by_its_label() {
    let loaded = loaded();
    let mut state = State::new(Settings::default());
    state.opened(&loaded);
    let labels: Vec<String> = loaded.scene.lanes.iter().map(|lane| format!("lane {}, ", lane.label)).collect();
    let harness = Harness::builder().with_size(vec2(LARGE.0, LARGE.1)).allow_missing_glyphs().build_ui(|ui| {
        show(ui, &state, &loaded, &mut Vec::new());
    });
    for label in labels {
        assert!(harness.query_all_by_label_contains(&label).next().is_some(), "{label}");
    }
    assert!(harness.query_by_label("group peer 0").is_some());
}
