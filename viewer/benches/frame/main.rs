//! What it costs to open a trace and to show a frame of it, at four sizes and three zooms:
//!
//! - opening, in parts: reading, facts, scene, check; and how many bytes an event each of them keeps, by a counting allocator;
//! - a [`Picture`]: how long, how many blocks and arrows;
//! - a whole frame of a window of 1600 x 900 points, from the state to triangles, without a driver: how long, how many shapes;
//! - the same with 100,000 witnesses of findings;
//! - the growth from the smallest trace to the largest, which should be none;
//! - 50,000 lanes, scrolled through.
//!
//! Zooms are the whole trace, and the spans in its middle that hold 10,000 and 300 events. Growth is stated for each with how much there
//! was to draw: a cost grows with what is drawn, and only views that are equally full can be compared.
//!
//! `cargo bench -p peerscope-viewer`; with a number, only a trace of that size (`-- 10000000`). Figures are medians. The traces
//! are synthetic.

mod counting;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::epaint::Primitive;
use eframe::egui::{Context, Pos2, RawInput, Rect, vec2};
use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::model::{EventId, Trace};
use peerscope_analyzer::read;
use peerscope_analyzer::report::{self, Options};
use peerscope_analyzer::testing::{synthetic, trace_from_jsonl};
use peerscope_viewer::app::App;
use peerscope_viewer::command::Command;
use peerscope_viewer::layout::Layout;
use peerscope_viewer::picture::{Emphasis, Picture, Viewport};
use peerscope_viewer::run::Run;
use peerscope_viewer::scene::{Mark, Marks, Scene};
use peerscope_viewer::state::{Loaded, Settings};
use peerscope_viewer::timescale::{Span, TimeScale};

use self::counting::kept;

const SIZES: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// How many events are in sight; `None` = all.
const ZOOMS: [(&str, Option<usize>); 3] = [("all", None), ("10,000", Some(10_000)), ("300", Some(300))];
/// So many witnesses must not slow a frame.
const MANY_WITNESSES: usize = 100_000;
const ROUNDS: usize = 31;
const WINDOW: (f32, f32) = (1_600.0, 900.0);
/// The strip of such a window, panels put away.
const STRIP: (f32, f32) = (1_400.0, 800.0);

/// What was measured of one view.
#[derive(Clone, Copy)]
struct Cost {
    picture: Duration,
    /// Blocks and arrows.
    placed: usize,
    frame: Duration,
    shapes: usize,
}

fn main() {
    let only: Option<u64> = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    if let Some(size) = only {
        of_size(size);
        return;
    }
    let costs = SIZES.map(of_size);
    let (first, last) = (&costs[0], &costs[SIZES.len() - 1]);
    println!("growth from {} events to {} (target 1.2 where as much is drawn)", SIZES[0], SIZES[SIZES.len() - 1]);
    for ((name, _), (first, last)) in ZOOMS.iter().zip(first.iter().zip(last)) {
        println!(
            "  {name:<10} picture {:5.2}x for {:4.2}x the blocks and arrows, frame {:5.2}x for {:4.2}x the shapes",
            ratio(last.picture, first.picture),
            last.placed as f64 / first.placed.max(1) as f64,
            ratio(last.frame, first.frame),
            last.shapes as f64 / first.shapes.max(1) as f64,
        );
    }
    many_lanes(50_000);
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// One size: what opening costs, and then each zoom.
fn of_size(size: u64) -> [Cost; ZOOMS.len()] {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.pscope");
    synthetic::write(&path, size).expect("room for a trace");
    let mut app = App::new(Settings::default());
    let loaded = open(&path, size);
    app.state.opened(&loaded);
    unfold(&mut app, &loaded);
    app.loaded = Some(loaded);
    let costs = ZOOMS.map(|(name, events)| view(name, events, &mut app));
    // Witnesses of many findings, all over the trace.
    let loaded = app.loaded.as_mut().expect("it was opened");
    let trace = loaded.run.trace();
    let every = (trace.len() / MANY_WITNESSES).max(1);
    let marks = (0..trace.len()).step_by(every).filter_map(|event| {
        let event = EventId(event as u32);
        let lane = loaded.scene.lane_of(trace, event)?;
        Some(Mark { event, lane: lane as u32, severity: Severity::Warning })
    });
    let marks: Vec<Mark> = marks.collect();
    println!("  with {} witnesses", marks.len());
    loaded.scene.marks = Marks::new(marks, &loaded.scene.groups, loaded.scene.times(trace));
    for (name, events) in ZOOMS {
        view(name, events, &mut app);
    }
    costs
}

/// A picture and a frame of so many events in the middle of the trace.
fn view(name: &str, events: Option<usize>, app: &mut App) -> Cost {
    let loaded = app.loaded.as_ref().expect("it was opened");
    let (trace, scene) = (loaded.run.trace(), &loaded.scene);
    let times = scene.times(trace);
    let visible = match events.filter(|events| *events < trace.len()) {
        None => scene.span.fit(),
        Some(events) => {
            let first = (trace.len() - events) / 2;
            Span::new(times.at(EventId(first as u32)), times.at(EventId((first + events) as u32)))
        }
    };
    let layout = Layout::new(scene, &BTreeSet::new());
    let (picture, placed) = picture(name, trace, scene, &layout, visible, 0.0);
    app.state.apply(&Command::Show(visible), app.loaded.as_ref());
    let (frame, shapes) = frame(name, app);
    Cost { picture, placed, frame, shapes }
}

fn open(path: &Path, size: u64) -> Loaded {
    let paths = vec![path.to_owned()];
    let (before, start) = (resident(), kept());
    let ((trace, problems), reading) = timed(|| read::read(&paths).expect("our own trace"));
    println!("{} events (asked for {size})", trace.len());
    let run = Run::new(trace, problems);
    let read = kept();
    let ((), facts) = timed(|| run.facts(|facts| facts.compute_for_view()));
    let derived = kept();
    let (scene, building) = timed(|| run.facts(Scene::new));
    let built = kept();
    let (report, checking) = timed(|| run.facts(|facts| report::check_facts(facts, &Options::default())));
    let mut loaded = Loaded::new(paths, Arc::new(run), scene);
    loaded.judge(report);
    let first = ms(reading + facts + building);
    let (reading, facts, building, checking) = (ms(reading), ms(facts), ms(building), ms(checking));
    println!(
        "  opening    {first:8.1} ms to the first frame: read {reading:.1}, facts {facts:.1}, scene {building:.1}; \
         then check {checking:.1}"
    );
    let each = |from: usize, to: usize| to.saturating_sub(from) as f64 / loaded.run.trace().len() as f64;
    println!(
        "  keeps      {:8.1} bytes an event: trace {:.1}, facts {:.1}, scene {:.1} (target 8), of the check {:.1}; resident {:.1}",
        each(start, kept()),
        each(start, read),
        each(read, derived),
        each(derived, built),
        each(built, kept()),
        each(before, resident()),
    );
    loaded
}

/// A whole frame of the window, from the state to triangles; and its shapes.
fn frame(name: &str, app: &mut App) -> (Duration, usize) {
    let context = Context::default();
    let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(WINDOW.0, WINDOW.1)));
    let mut number = 0;
    let mut build = || {
        number += 1;
        let input = RawInput { screen_rect, time: Some(f64::from(number) / 60.0), ..RawInput::default() };
        let output = context.run_ui(input, |ui| app.show(ui));
        (output.shapes.len(), context.tessellate(output.shapes, output.pixels_per_point))
    };
    // Panels take their sizes from the frame before; letters are drawn into their texture once.
    (0..4).for_each(|_| drop(build()));
    let (shapes, primitives) = build();
    let vertices = primitives.iter().map(|primitive| match &primitive.primitive {
        Primitive::Mesh(mesh) => mesh.vertices.len(),
        Primitive::Callback(_) => 0,
    });
    let vertices: usize = vertices.sum();
    let time = median(|| {
        black_box(build());
    });
    println!(
        "  {name:<10} {:8.3} ms a frame (target 4), {shapes:>6} shapes (target 15,000), {vertices:>7} vertices",
        ms(time)
    );
    (time, shapes)
}

fn timed<R>(run: impl FnOnce() -> R) -> (R, Duration) {
    let begin = Instant::now();
    let result = run();
    (result, begin.elapsed())
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| timed(&mut run).1).collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn picture(name: &str, trace: &Trace, scene: &Scene, layout: &Layout, visible: Span, scroll: f64) -> (Duration, usize) {
    let scale = TimeScale { visible, left: 200.0, width: STRIP.0 };
    let viewport = Viewport { scale, top: 100.0, height: STRIP.1, scroll };
    let build = || Picture::new(trace, scene, layout, viewport, Emphasis::default());
    let picture = build();
    let time = median(|| {
        black_box(build());
    });
    let (blocks, arrows) = (picture.blocks.len(), picture.arrows.len());
    println!("  {name:<10} {:8.3} ms a picture, {blocks:>5} blocks, {arrows:>5} arrows", ms(time));
    (time, blocks + arrows)
}

/// As many tasks, each with a lane of its own that waits for a lock.
fn many_lanes(tasks: usize) {
    let mut story = String::new();
    for task in 0..tasks {
        let at = task * 1_000;
        for (after, kind) in [(0, "task.begin"), (10, "lock.wait"), (20, "lock.acquire"), (30, "lock.release")] {
            let lock = if kind == "task.begin" { String::new() } else { ",\"lock\":1".to_owned() };
            let _ = writeln!(story, r#"{{"ts":{},"peer":0,"task":{task},"kind":"{kind}"{lock}}}"#, at + after);
        }
    }
    let run = Run::new(trace_from_jsonl(&story), Vec::new());
    let (scene, building) = timed(|| run.facts(Scene::new));
    let (layout, placing) = timed(|| Layout::new(&scene, &BTreeSet::new()));
    println!(
        "{tasks} tasks that all live: {} lanes, scene {:.1} ms, layout {:.3} ms",
        scene.lanes.len(),
        building.as_secs_f64() * 1e3,
        placing.as_secs_f64() * 1e3
    );
    let mut app = App::new(Settings::default());
    let loaded = Loaded::new(Vec::new(), Arc::new(run), scene);
    app.state.opened(&loaded);
    unfold(&mut app, &loaded);
    app.loaded = Some(loaded);
    for (name, share) in [("top", 0.0), ("middle", 0.5), ("bottom", 1.0)] {
        let loaded = app.loaded.as_ref().expect("it was opened");
        let scroll = (layout.height() - f64::from(STRIP.1)).max(0.0) * share;
        picture(name, loaded.run.trace(), &loaded.scene, &layout, loaded.scene.span.fit(), scroll);
        let by = scroll - app.state.scroll;
        app.state.apply(&Command::ScrollBy(by), app.loaded.as_ref());
        frame(name, &mut app);
    }
}

/// Shows all rows, whether they fit or not: first it folds them all, which is what the command does to unfolded ones.
fn unfold(app: &mut App, loaded: &Loaded) {
    for _ in 0..2 {
        app.state.apply(&Command::ToggleAllGroups, Some(loaded));
    }
}

/// Memory that the process has, in bytes; 0 where the system does not say.
fn resident() -> usize {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<usize>().ok()).map_or(0, |kib| kib * 1024)
}
