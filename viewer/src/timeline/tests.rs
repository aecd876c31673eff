//! Tests of the timeline: a trace by hand in a window by hand, and the commands that the mouse gives.

use std::sync::Arc;

use eframe::egui::epaint::ClippedShape;
use eframe::egui::{
    Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, RawInput, Shape, TouchPhase, vec2,
};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use peerscope_analyzer::report::{self, Options};
use peerscope_analyzer::testing::trace_from_jsonl;

use super::*;
use crate::lane::{Look, Subject};
use crate::layout::RowOf;
use crate::picture::{Focus, Row};
use crate::run::Run;
use crate::scene::Scene;
use crate::state::Settings;
use crate::timescale::Span;

/// Two leaders in term 2, since an old vote was counted; and a task that waits for its own lock.
const TWO_LEADERS: &str = include_str!("../../tests/app/two_leaders.jsonl");

fn loaded() -> Loaded {
    let run = Arc::new(Run::new(trace_from_jsonl(TWO_LEADERS), Vec::new()));
    let scene = run.facts(Scene::new);
    let report = report::check(run.trace(), run.problems(), &Options::default());
    let mut loaded = Loaded::new(Vec::new(), run, scene);
    loaded.judge(report);
    loaded
}

/// A timeline that somebody moves a mouse over.
struct Desk {
    context: Context,
    loaded: Loaded,
    state: State,
    size: (f32, f32),
    frames: u32,
    /// What the last frame painted.
    shapes: Vec<ClippedShape>,
}

impl Desk {
    fn new(size: (f32, f32)) -> Desk {
        let loaded = loaded();
        let mut state = State::new(Settings::default());
        state.opened(&loaded);
        let mut desk = Desk { context: Context::default(), loaded, state, size, frames: 0, shapes: Vec::new() };
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
            self.state.measured(strip, &self.loaded);
        });
        self.shapes = std::mem::take(&mut output.shapes);
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

    /// All words on the screen after the pointer has rested there for a while.
    fn words_at(&mut self, at: Pos2) -> Vec<String> {
        self.frame(vec![Event::PointerMoved(at)]);
        (0..60).for_each(|_| drop(self.frame(Vec::new())));
        let text = |shape: &ClippedShape| match &shape.shape {
            Shape::Text(text) => Some(text.galley.text().to_owned()),
            _ => None,
        };
        self.shapes.iter().filter_map(text).collect()
    }

    /// Whether the last frame painted something flat of this colour.
    fn has(&self, color: eframe::egui::Color32) -> bool {
        let is_of = |shape: &ClippedShape| match &shape.shape {
            Shape::Mesh(mesh) => mesh.vertices.iter().any(|vertex| vertex.color == color),
            _ => false,
        };
        self.shapes.iter().any(is_of)
    }

    fn picture(&self) -> Picture {
        let parts = self.parts();
        let scale = TimeScale { visible: self.state.view, left: parts.strip.left(), width: parts.strip.width() };
        let (state, loaded, palette) = (&self.state, &self.loaded, self.palette());
        Timeline { state, loaded, palette, parts, scale }.picture()
    }

    fn palette(&self) -> Palette {
        Palette::of(&self.context.global_style().visuals)
    }

    /// Selects the first finding of this sort.
    fn select(&mut self, detector: &str) {
        let report = self.loaded.report.as_ref().expect("it was checked");
        let place = report.findings.iter().position(|finding| finding.detector == detector).expect("it was found");
        self.state.apply(&Command::SelectFinding(place), Some(&self.loaded));
        self.frame(Vec::new());
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
    let lane = desk.loaded.scene.lanes.iter().position(|lane| matches!(lane.subject, Subject::Role(_)));
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
    assert!(
        selected.iter().any(|commands| commands == &[Command::Click { event: Some(begun), lane: Some(lane) }]),
        "{selected:?}"
    );
}

#[test]
fn a_click_beside_everything_selects_nothing() {
    let mut desk = Desk::new(LARGE);
    let strip = desk.parts().strip;
    assert_eq!(desk.click(pos2(strip.center().x, strip.bottom() - 3.0)), [Command::Click { event: None, lane: None }]);
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
    low.state.apply(&Command::ToggleAllGroups, Some(&low.loaded));
    assert!(low.parts().scroll_bar.is_some(), "the peers are unfolded, and do not fit");
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
fn dragging_moves_time_with_the_pointer_in_both_directions() {
    let mut desk = Desk::new(LARGE);
    let at = desk.parts().strip.center();
    let want = desk.state.view.length() as f64 / f64::from(desk.parts().strip.width()) * 100.0;
    for (points, want) in [(-100.0, want), (100.0, -want)] {
        let by = panned(&desk.drag(at, at + vec2(points, 0.0), Modifiers::NONE));
        assert!((by as f64 - want).abs() <= want.abs() * 0.1, "{by} instead of {want}");
    }
}

#[test]
fn the_wheel_with_shift_goes_through_time_in_both_directions() {
    let mut desk = Desk::new(LARGE);
    let at = desk.parts().strip.center();
    let least = (desk.state.view.length() / 100) as f64;
    let later = panned(&desk.wheel(at, vec2(0.0, -40.0), Modifiers::SHIFT));
    let earlier = panned(&desk.wheel(at, vec2(0.0, 40.0), Modifiers::SHIFT));
    assert!(later as f64 > least && (earlier as f64) < -least, "{later} {earlier}");
}

/// By how much these commands pan, if they do nothing else.
fn panned(commands: &[Command]) -> i64 {
    let by = |command: &Command| if let Command::PanBy(by) = command { *by } else { panic!("{command:?}") };
    commands.iter().map(by).sum()
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

/// The middle of a block.
fn middle(block: &Placed) -> Pos2 {
    pos2((block.left + block.right) / 2.0, (block.top + block.bottom) / 2.0)
}

#[test]
fn what_the_pointer_rests_on_tells_its_story() {
    let mut desk = Desk::new(LARGE);
    desk.select("self-deadlock");
    let says = |desk: &mut Desk, at: Pos2, words: &str| {
        let seen = desk.words_at(at);
        assert!(seen.iter().any(|line| line.contains(words)), "{words} is not in {seen:?}");
    };
    let picture = desk.picture();
    let wait = picture.blocks.iter().find(|block| block.look == Look::WaitsForLock).expect("a wait");
    says(&mut desk, middle(wait), "never ended");
    assert!(desk.has(desk.palette().glow()), "all of its lock stand out");
    let witness = picture.markers.iter().find(|marker| marker.number == Some(2)).expect("a witness");
    says(&mut desk, pos2(witness.disc.0, witness.disc.1), "2. task");
    assert!(!desk.has(desk.palette().glow()));
    let overview = desk.parts().overview;
    says(&mut desk, overview.center(), "events around");
    let lane = |row: &Row| match row.of {
        RowOf::Lane(lane) => Some((lane, row.top)),
        RowOf::Group(_) => None,
    };
    let (lane, top) = picture.rows.iter().find_map(lane).expect("a lane");
    let about = desk.loaded.scene.lanes[lane].about.clone();
    let label = pos2(desk.parts().gutter.left() + 40.0, top + 8.0);
    says(&mut desk, label, &about);
    desk.state.apply(&Command::ClearSelection, Some(&desk.loaded));
    desk.state.apply(&Command::Show(Span::new(15_000, 75_000)), Some(&desk.loaded));
    desk.frame(Vec::new());
    let arrow = *desk.picture().arrows.first().expect("a message");
    let on_it = |share: f32| {
        pos2(arrow.from.0 + (arrow.to.0 - arrow.from.0) * share, arrow.from.1 + (arrow.to.1 - arrow.from.1) * share)
    };
    // Somewhere a witness may stand on it.
    let told = [0.3, 0.45, 0.7].map(|share| desk.words_at(on_it(share)));
    assert!(told.iter().flatten().any(|line| line.contains("RequestVote")), "{told:?}");
}

#[test]
fn the_pointers_time_is_that_of_the_log() {
    let mut desk = Desk::new(LARGE);
    let strip = desk.parts().strip;
    let scale = TimeScale { visible: desk.state.view, left: strip.left(), width: strip.width() };
    let at = pos2(scale.x(500_000).round(), strip.bottom() - 5.0);
    let time = words::moment(scale.at(at.x), scale.ns_per_point());
    assert!(time.starts_with("0.50") || time.starts_with("0.49"), "{time}");
    assert!(desk.words_at(at).contains(&time));
}

#[test]
fn a_selected_finding_leaves_its_lanes_and_those_of_what_follows_in_front() {
    let mut desk = Desk::new(LARGE);
    assert_eq!(desk.picture().focus, Focus::default(), "nothing is selected");
    desk.select("stale-reply-acted-on");
    let focus = desk.picture().focus;
    let scene = &desk.loaded.scene;
    let roles = scene.lanes.iter().enumerate().filter(|(_, lane)| matches!(lane.subject, Subject::Role(_)));
    let kept: Vec<bool> = roles.map(|(lane, _)| !focus.steps_back(lane as u32)).collect();
    assert_eq!(kept[..2], [true, true], "peers 0 and 1 lead in one term: that followed");
    let stuck =
        scene.lanes.iter().position(|lane| lane.label.contains("task 22")).expect("a task that waits for itself");
    assert!(focus.steps_back(stuck as u32), "that is another story");
    assert!(!focus.arrows.is_empty(), "the stale reply");
}

#[test]
fn what_waits_for_a_lock_is_linked_to_who_holds_it() {
    let mut desk = Desk::new(LARGE);
    desk.select("self-deadlock");
    let picture = desk.picture();
    let links: Vec<_> = picture.focus.links.iter().map(|link| (link.from, link.to)).collect();
    let event = |kind: &str| {
        let trace = desk.loaded.run.trace();
        trace.events().rev().find(|event| event.kind_name() == kind).expect("it happened").id()
    };
    assert_eq!(links, [(event("lock.wait"), event("lock.acquire"))]);
    let looks: Vec<_> = picture.focus.blocks.iter().map(|place| picture.blocks[*place].look).collect();
    assert!(looks.contains(&Look::WaitsForLock), "{looks:?}");
}

#[test]
fn the_label_of_a_lane_says_what_is_there() {
    let mut desk = Desk::new(LARGE);
    desk.state.apply(&Command::Show(Span::new(75_000, 100_000)), Some(&desk.loaded));
    let Desk { state, loaded, .. } = desk;
    let harness = Harness::builder().with_size(vec2(LARGE.0, LARGE.1)).allow_missing_glyphs().build_ui(|ui| {
        show(ui, &state, &loaded, &mut Vec::new());
    });
    assert!(harness.query_by_label_contains("lane role, peer 0, ").is_some());
    let leaders = harness.query_all_by_label_contains(": leader, term 2").count();
    assert_eq!(leaders, 2);
}

#[test]
fn the_name_of_the_uppermost_group_stays_in_sight() {
    let mut desk = Desk::new(LOW);
    desk.state.apply(&Command::ToggleAllGroups, Some(&desk.loaded));
    desk.frame(Vec::new());
    let strip = desk.parts().strip;
    let words = |desk: &mut Desk| desk.words_at(strip.right_bottom());
    let first = desk.loaded.scene.groups[0].label.clone();
    assert!(words(&mut desk).contains(&first));
    desk.state.apply(&Command::ScrollBy(30.0), Some(&desk.loaded));
    let above = desk.state.layout.visible(0.0, 1.0).len();
    assert!(above > 0 && desk.state.scroll > 20.0, "the heading is above the strip");
    assert!(words(&mut desk).contains(&first), "and its name is there");
    assert_eq!(desk.click(pos2(60.0, strip.top() + 6.0)), [Command::ToggleGroup(0)], "and folds it");
}
