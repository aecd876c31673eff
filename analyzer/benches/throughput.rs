//! How fast a trace is read and judged, each figure beside another in the same run:
//!
//! - decoding the native file, beside a plain copy of the same bytes;
//! - reading JSON Lines, beside `serde_json` parsing the same lines into values;
//! - what a viewer waits for before its first picture: the trace, then the facts, side by side and one by one;
//! - the whole check, at three sizes, for the growth;
//! - `peerscope check` of a lab run of 12,000 events, from start to exit, beside starting `peerscope --version`.
//!
//! `cargo bench -p peerscope-analyzer`. The traces are synthetic: peers that elect, replicate and lock as the Raft lab does.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::read;
use peerscope_analyzer::report::{self, Options};
use peerscope_analyzer::testing::synthetic::lab;
use peerscope_format::shape::Record;
use peerscope_format::wire::Image;

const ROUNDS: usize = 5;

fn main() {
    let small = lab(12_000);
    let large = lab(1_000_000);
    decode(&large);
    json(&large);
    first_picture(&large);
    check_growth();
    command_line(&small);
}

/// The shortest of several runs: what the machine does beside us only makes one longer.
fn shortest(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    };
    std::iter::repeat_n((), ROUNDS).map(time).min().unwrap_or_default()
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64() / 1e6
}

fn count(image: &Image) -> u64 {
    image.chunks.iter().map(|chunk| image.records(chunk).count() as u64).sum()
}

fn decode(image: &Image) {
    let events = count(image);
    let bytes: usize = image.chunks.iter().map(|chunk| chunk.payload.len()).sum();
    let walked = shortest(|| {
        for chunk in &image.chunks {
            for record in image.records(chunk) {
                black_box(record.expect("a whole record"));
            }
        }
    });
    let decoded = shortest(|| {
        for chunk in &image.chunks {
            for record in image.records(chunk) {
                let record = record.expect("a whole record");
                let shape = image.tables.shapes.get(u64::from(record.shape)).expect("its shape");
                black_box(Record::new(shape, &chunk.payload[record.values], &image.tables.strings).body());
            }
        }
    });
    let copied = shortest(|| {
        for chunk in &image.chunks {
            black_box(chunk.payload.to_vec());
        }
    });
    println!("native file, {events} events, {:.1} bytes an event, one core", bytes as f64 / events as f64);
    println!("  records        {:7.1} M events/s (target 50)", rate(events, walked));
    println!("  and typed      {:7.1} M events/s", rate(events, decoded));
    println!("  plain copy     {:7.1} M events/s ({:.1}x the records)", rate(events, copied), ratio(walked, copied));
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn json(image: &Image) {
    let text = to_json(image);
    let ours = shortest(|| {
        black_box(peerscope_format::json::read(&mut &text[..]).expect("our own lines"));
    });
    let serde = shortest(|| {
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            black_box(serde_json::from_slice::<serde_json::Value>(line).expect("our own lines"));
        }
    });
    let rate = |time| rate(text.len() as u64, time);
    println!("JSON Lines, {} MB, one core", text.len() / 1_000_000);
    println!("  read           {:7.1} MB/s (target 400 with two)", rate(ours));
    println!("  serde_json     {:7.1} MB/s into values ({:.1}x our time)", rate(serde), ratio(serde, ours));
}

fn to_json(image: &Image) -> Vec<u8> {
    let mut writer = peerscope_format::json::LineWriter::new(Vec::new());
    writer.header(&image.header).expect("memory takes all");
    let clock = image.clock();
    for chunk in &image.chunks {
        for record in image.records(chunk) {
            let record = record.expect("a whole record");
            let context = record.context.and_then(|id| image.tables.contexts.get(u64::from(id))).expect("a context");
            let shape = image.tables.shapes.get(u64::from(record.shape)).expect("its shape");
            let fields = Record::new(shape, &chunk.payload[record.values], &image.tables.strings);
            writer
                .event(clock.ns(record.ticks), record.simulated, context, record.term, &fields)
                .expect("memory takes all");
        }
    }
    writer.into_inner()
}

fn first_picture(image: &Image) {
    let images = || [("lab".to_owned(), image.clone())];
    let read = shortest(|| drop(black_box(read::from_images(images()))));
    let (trace, problems) = read::from_images(images());
    let one_by_one = shortest(|| {
        let facts = Facts::new(&trace, &problems);
        black_box((facts.holds(), facts.waits(), facts.roles(), facts.coverage(), facts.wait_graph()));
    });
    let side_by_side = shortest(|| Facts::new(&trace, &problems).compute_for_view());
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("before a first picture, {} events", trace.len());
    println!("  to a trace     {:7.1} ms (target 25, with the facts 50)", ms(read));
    println!(
        "  facts          {:7.1} ms, one by one {:.1}x of that",
        ms(side_by_side),
        ratio(one_by_one, side_by_side)
    );
}

fn check_growth() {
    println!("whole check, all detectors");
    let mut before: Option<(u64, Duration)> = None;
    for size in [100_000, 1_000_000, 5_000_000] {
        let image = lab(size);
        let events = count(&image);
        let time = (0..3).map(|_| check_once(image.clone())).min().unwrap_or_default();
        let growth = before.map_or(String::new(), |(fewer, less)| {
            format!(", {:.1}x the events, {:.1}x the time", events as f64 / fewer as f64, ratio(time, less))
        });
        println!("  {events:>9} events  {:5.2} M events/s (target 3){growth}", rate(events, time));
        before = Some((events, time));
    }
}

fn check_once(image: Image) -> Duration {
    let begin = Instant::now();
    let (trace, problems) = read::from_images([("lab".to_owned(), image)]);
    let report = report::check(&trace, &problems, &Options::default());
    assert!(report.findings.is_empty(), "a correct lab: {:?}", report.findings.first());
    black_box((trace, report));
    begin.elapsed()
}

fn command_line(image: &Image) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.pscope");
    let mut file = std::fs::File::create(&path).expect("a file");
    image.write_to(&mut file).expect("room for a trace");
    let run = |arguments: &[&str]| {
        shortest(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope"));
            let status = command.args(arguments).arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).status();
            black_box(status.expect("our own program"));
        })
    };
    let (check, version) = (run(&["check"]), run(&["--version"]));
    println!("peerscope check of {} events, start to exit", count(image));
    println!("  check          {:7.2} ms (target 50)", check.as_secs_f64() * 1e3);
    println!("  --version      {:7.2} ms ({:.1}x less)", version.as_secs_f64() * 1e3, ratio(check, version));
}
