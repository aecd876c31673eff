//! What it costs to open a trace and to show a frame of it, at four sizes and three zooms:
//!
//! - opening, in parts: reading, facts, scene, check; and resident memory an event;
//! - a [`Picture`]: how long, how many blocks and arrows;
//! - a whole frame of a window of 1600 x 900 points, from the state to triangles, without a driver: how long, how many shapes;
//! - the growth from the smallest trace to the largest, which should be none;
//! - 50,000 lanes, scrolled through.
//!
//! `cargo bench -p peerscope-viewer`; with a number, the largest size (`-- 1000000`). Figures are medians. The traces are synthetic.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::epaint::Primitive;
use eframe::egui::{Context, Pos2, RawInput, Rect, vec2};
use peerscope_analyzer::model::Trace;
use peerscope_analyzer::read;
use peerscope_analyzer::report::{self, Options};
use peerscope_analyzer::testing::{synthetic, trace_from_jsonl};
use peerscope_viewer::app::App;
use peerscope_viewer::command::Command;
use peerscope_viewer::layout::Layout;
use peerscope_viewer::picture::{Emphasis, Picture, Viewport};
use peerscope_viewer::run::Run;
use peerscope_viewer::scene::Scene;
use peerscope_viewer::state::{Loaded, Settings};
use peerscope_viewer::timescale::{Span, TimeScale};

const SIZES: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
const ZOOMS: [(&str, i64); 3] = [("all", 1), ("1 %", 100), ("0.01 %", 10_000)];
const ROUNDS: usize = 31;
const WINDOW: (f32, f32) = (1_600.0, 900.0);
/// The strip of such a window, panels put away.
const STRIP: (f32, f32) = (1_400.0, 800.0);

/// What was measured of one size, by zoom.
struct Costs {
    pictures: Vec<Duration>,
    frames: Vec<Duration>,
}

fn main() {
    let largest = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000);
    let costs: Vec<Costs> = SIZES.into_iter().filter(|size| *size <= largest).map(of_size).collect();
    if let (Some(first), Some(last)) = (costs.first(), costs.last()) {
        println!("growth from the smallest trace to the largest (target 1.2)");
        for (place, (zoom, _)) in ZOOMS.iter().enumerate() {
            let growth = |costs: fn(&Costs) -> &Vec<Duration>| ratio(costs(last)[place], costs(first)[place]);
            let (picture, frame) = (growth(|costs| &costs.pictures), growth(|costs| &costs.frames));
            println!("  {zoom:<10} picture {picture:5.2}x, frame {frame:5.2}x");
        }
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
fn of_size(size: u64) -> Costs {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.pscope");
    synthetic::write(&path, size).expect("room for a trace");
    let before = resident();
    let loaded = open(&path, size);
    let kept = resident().saturating_sub(before);
    println!("  resident   {:8.1} bytes an event (target 32)", kept as f64 / loaded.run.trace().len() as f64);
    let layout = Layout::new(&loaded.scene, &BTreeSet::new());
    let span = loaded.scene.span;
    let visible = ZOOMS.map(|(_, share)| {
        let length = (span.length() / share).max(10);
        let begin = span.begin + (span.length() - length) / 2;
        if share == 1 { span.fit() } else { Span::new(begin, begin + length) }
    });
    let picture = |(name, visible)| picture(name, loaded.run.trace(), &loaded.scene, &layout, visible, 0.0);
    let pictures = ZOOMS.map(|(name, _)| name).into_iter().zip(visible).map(picture).collect();
    let mut app = App::new(Settings::default());
    app.state.opened(&loaded);
    app.loaded = Some(loaded);
    let frames =
        ZOOMS.map(|(name, _)| name).into_iter().zip(visible).map(|(name, visible)| frame(name, &mut app, visible));
    Costs { pictures, frames: frames.collect() }
}

fn open(path: &Path, size: u64) -> Loaded {
    let paths = vec![path.to_owned()];
    let ((trace, problems), reading) = timed(|| read::read(&paths).expect("our own trace"));
    println!("{} events (asked for {size})", trace.len());
    let run = Run::new(trace, problems);
    let ((), facts) = timed(|| run.facts(|facts| facts.compute_for_view()));
    let (mut scene, building) = timed(|| run.facts(Scene::new));
    let (report, checking) = timed(|| run.facts(|facts| report::check_facts(facts, &Options::default())));
    scene.mark(run.trace(), &report);
    let first = ms(reading + facts + building);
    let (reading, facts, building, checking) = (ms(reading), ms(facts), ms(building), ms(checking));
    println!(
        "  opening    {first:8.1} ms to the first frame: read {reading:.1}, facts {facts:.1}, scene {building:.1}; \
         then check {checking:.1}"
    );
    Loaded { paths, run: Arc::new(run), scene, report: Some(report) }
}

/// A whole frame of the window that shows `visible`, from the state to triangles.
fn frame(name: &str, app: &mut App, visible: Span) -> Duration {
    app.state.apply(&Command::Show(visible), app.loaded.as_ref());
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
    time
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

fn picture(name: &str, trace: &Trace, scene: &Scene, layout: &Layout, visible: Span, scroll: f64) -> Duration {
    let scale = TimeScale { visible, left: 200.0, width: STRIP.0 };
    let viewport = Viewport { scale, top: 100.0, height: STRIP.1, scroll };
    let build = || Picture::new(trace, scene, layout, viewport, Emphasis::default());
    let picture = build();
    let time = median(|| {
        black_box(build());
    });
    let (blocks, arrows) = (picture.blocks.len(), picture.arrows.len());
    println!("  {name:<10} {:8.3} ms a picture, {blocks:>5} blocks, {arrows:>5} arrows", ms(time));
    time
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
    for (name, share) in [("top", 0.0), ("middle", 0.5), ("bottom", 1.0)] {
        let scroll = (layout.height() - f64::from(STRIP.1)).max(0.0) * share;
        picture(name, run.trace(), &scene, &layout, scene.span.fit(), scroll);
    }
}

/// Memory that the process has, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}
