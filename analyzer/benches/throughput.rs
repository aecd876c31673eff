//! How fast a trace is read and judged, each figure beside another in the same run:
//!
//! - decoding the native file, beside a plain copy of the same bytes;
//! - reading JSON Lines, beside `serde_json` parsing the same lines into values;
//! - the whole check, at three sizes, for the growth;
//! - `peerscope check` of a lab run of 12,000 events, from start to exit, beside starting `peerscope --version`.
//!
//! `cargo bench -p peerscope-analyzer`. The traces are synthetic: peers that elect, replicate and lock as the Raft lab does.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use peerscope_analyzer::read;
use peerscope_analyzer::report::{self, Options};
use peerscope_format::header::TraceHeader;
use peerscope_format::shape::{Encoding, Field, Record, Shape};
use peerscope_format::value::{Term, Value, put_text};
use peerscope_format::varint::put_u64;
use peerscope_format::wire::{Context, Image, ImageBuilder};

const PEERS: u64 = 5;
const ROUNDS: usize = 5;

fn main() {
    let small = lab(12_000);
    let large = lab(1_000_000);
    decode(&large);
    json(&large);
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

/// A trace of about `events` events: rounds in which a leader asks every follower, each with its lock and its tasks.
fn lab(events: u64) -> Image {
    let mut lab = Lab::new();
    let mut request = 0;
    while lab.count < events {
        lab.term += u64::from(request % 2_000 == 0);
        let leader = lab.term % PEERS;
        if request % 2_000 == 0 {
            lab.event(leader, 1 + leader, "term", &[], &[]);
            lab.event(leader, 1 + leader, "role", &["candidate"], &[("role", Encoding::Text)]);
            lab.event(leader, 1 + leader, "role", &["leader"], &[("role", Encoding::Text)]);
        }
        request += 1;
        lab.round(leader, (leader + 1 + request % (PEERS - 1)) % PEERS, request);
    }
    lab.end();
    lab.builder.finish()
}

struct Lab {
    builder: ImageBuilder,
    count: u64,
    term: u64,
    now: u64,
    seq: [u64; PEERS as usize],
}

impl Lab {
    fn new() -> Self {
        let header =
            TraceHeader { start: Some("2026-01-31T12:00:00Z".into()), one_writer: true, ..TraceHeader::default() };
        let mut lab = Lab { builder: ImageBuilder::new(header), count: 0, term: 0, now: 0, seq: [0; PEERS as usize] };
        for peer in 0..PEERS {
            lab.event(peer, 1 + peer, "peer.start", &["fresh"], &[("how", Encoding::Text)]);
        }
        lab
    }

    fn event(&mut self, peer: u64, task: u64, kind: &str, texts: &[&str], fields: &[(&str, Encoding)]) {
        let mut values = Vec::new();
        texts.iter().for_each(|text| put_text(&mut values, text));
        self.push(peer, task, kind, fields, &values);
    }

    fn numbers(&mut self, peer: u64, task: u64, kind: &str, fields: &[(&str, u64)]) {
        let mut values = Vec::new();
        fields.iter().for_each(|(_, number)| put_u64(&mut values, *number));
        let fields: Vec<_> = fields.iter().map(|(name, _)| (*name, Encoding::U64)).collect();
        self.push(peer, task, kind, &fields, &values);
    }

    fn push(&mut self, peer: u64, task: u64, kind: &str, fields: &[(&str, Encoding)], values: &[u8]) {
        let line = Encoding::constant(&Value::from("raft.rs:1"));
        let fields = fields.iter().cloned().chain([("src", line)]);
        let fields = fields.map(|(name, encoding)| Field { name: name.into(), encoding }).collect();
        let shape = self.builder.shape(&Shape { kind: kind.into(), fields });
        let context = Context { peer: Some(Value::U64(peer)), task: Some(Value::U64(task)), ..Context::default() };
        let context = self.builder.context(&context);
        self.now += 700;
        self.count += 1;
        let pushed = self.builder.push(self.now, context, Some(Term(self.term)), shape, values);
        assert_eq!(pushed, Ok(false), "the bench's own trace is in order");
    }

    fn lock(&mut self, peer: u64, task: u64, kind: &str) {
        self.seq[peer as usize] += u64::from(kind == "lock.acquire");
        let seq = self.seq[peer as usize];
        self.numbers(peer, task, kind, &[("lock", peer), ("seq", seq)]);
    }

    /// One request from `leader` to `follower` and back.
    fn round(&mut self, leader: u64, follower: u64, rpc: u64) {
        let (caller, handler) = (10 + leader * 10 + rpc % 8, 100 + follower * 10 + rpc % 8);
        self.lock(leader, caller, "lock.acquire");
        self.lock(leader, caller, "lock.release");
        self.numbers(leader, caller, "rpc.send", &[("rpc", rpc), ("to", follower), ("msg_term", self.term)]);
        self.numbers(follower, handler, "rpc.recv", &[("rpc", rpc), ("from", leader), ("msg_term", self.term)]);
        self.lock(follower, handler, "lock.acquire");
        self.numbers(follower, handler, "persist", &[("durable_term", self.term), ("last_index", rpc)]);
        self.lock(follower, handler, "lock.release");
        self.numbers(follower, handler, "rpc.reply", &[("rpc", rpc), ("msg_term", self.term)]);
        self.numbers(leader, caller, "rpc.return", &[("rpc", rpc), ("msg_term", self.term)]);
        self.lock(leader, caller, "lock.acquire");
        self.event(leader, caller, "reply.used", &["move the index"], &[("purpose", Encoding::Text)]);
        self.numbers(leader, caller, "commit", &[("index", rpc)]);
        self.lock(leader, caller, "lock.release");
    }

    fn end(&mut self) {
        self.event(0, 1, "process.end", &["exit 0"], &[("how", Encoding::Text)]);
    }
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
            writer.event(clock.ns(record.ticks), context, record.term, &fields).expect("memory takes all");
        }
    }
    writer.into_inner()
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
