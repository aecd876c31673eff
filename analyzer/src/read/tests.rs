//! Merging and damage, as whole files.

use std::fs;
use std::time::{Duration, Instant};

use peerscope_format::header::TraceHeader;
use peerscope_format::shape::{Encoding, Field, Shape};
use peerscope_format::value::Value;
use peerscope_format::varint::put_u64;
use peerscope_format::wire::{Context, EventChunk, EventHead, Image, ImageBuilder, put_context, put_head};

use super::*;
use crate::order::Order;
use crate::testing::trace_and_problems;

/// What one task wrote: time, kind, fields.
type Lines<'a> = Vec<(u64, &'a str, Vec<(&'a str, u64)>)>;

/// A native file in which every task has a chunk of its own.
fn native(tasks: &[Lines<'_>]) -> Image {
    let mut builder = ImageBuilder::new(TraceHeader::default());
    let mut chunks = Vec::new();
    for (task, lines) in tasks.iter().enumerate() {
        let context = Context { task: Some(Value::U64(task as u64)), ..Context::default() };
        let (mut payload, mut now) = (Vec::new(), 0);
        put_context(&mut payload, builder.context(&context), None);
        for (ts, kind, values) in lines {
            let fields = values.iter().map(|(name, _)| Field { name: (*name).into(), encoding: Encoding::U64 });
            let shape = builder.shape(&Shape { kind: (*kind).into(), fields: fields.collect() });
            put_head(&mut payload, shape, ts - now);
            values.iter().for_each(|(_, value)| put_u64(&mut payload, *value));
            now = *ts;
        }
        chunks.push(EventChunk { offset: 0, base_ticks: 0, payload: payload.into() });
    }
    Image { chunks, ..builder.finish() }
}

fn merged(image: Image) -> (Trace, Vec<Problem>) {
    let (trace, mut problems) = from_images([("test".to_owned(), image)]);
    problems.retain(|problem| problem.kind != ProblemKind::CutOff);
    (trace, problems)
}

fn kinds(trace: &Trace) -> Vec<String> {
    let name = |event: crate::model::Event<'_>| {
        format!("{} {}", event.task().map_or("-".into(), |task| trace.tasks().name(task)), event.kind_name())
    };
    trace.events().map(name).collect()
}

fn lock(seq: u64) -> Vec<(&'static str, u64)> {
    vec![("lock", 1), ("seq", seq)]
}

#[test]
fn events_of_several_tasks_go_by_time() {
    let (trace, problems) = merged(native(&[
        vec![(1, "log", vec![]), (5, "log", vec![])],
        vec![(3, "log", vec![]), (5, "log", vec![]), (9, "log", vec![])],
    ]));
    assert_eq!(kinds(&trace), ["0 log", "1 log", "0 log", "1 log", "1 log"]);
    assert_eq!(trace.events().map(|event| event.ts()).collect::<Vec<_>>(), [1, 3, 5, 5, 9]);
    assert_eq!(problems, []);
}

#[test]
fn an_acquire_waits_for_the_release_that_it_followed() {
    // The second task's clock is behind: its acquire is stamped before the release that let it in.
    let (trace, problems) = merged(native(&[
        vec![(10, "lock.acquire", lock(1)), (50, "lock.release", lock(1)), (60, "log", vec![])],
        vec![(40, "lock.acquire", lock(2)), (45, "lock.release", lock(2)), (46, "log", vec![])],
        vec![(47, "log", vec![])],
    ]));
    let expected = ["0 lock.acquire", "2 log", "0 lock.release", "1 lock.acquire", "1 lock.release", "1 log", "0 log"];
    assert_eq!(kinds(&trace), expected);
    assert_eq!(problems, []);
}

#[test]
fn a_message_is_received_after_it_was_sent_across_files() {
    let (trace, problems) = trace_and_problems(&[
        r#"{"ts":100,"peer":0,"kind":"rpc.send","rpc":"x","to":1}
           {"ts":200,"peer":0,"kind":"rpc.return","rpc":"x"}
           {"ts":201,"kind":"process.end","how":"exit 0"}"#,
        r#"{"ts":20,"peer":1,"kind":"rpc.recv","rpc":"x","from":0}
           {"ts":900,"peer":1,"kind":"rpc.reply","rpc":"x","to":0}
           {"ts":901,"kind":"process.end","how":"exit 0"}"#,
    ]);
    assert_eq!(problems, []);
    let names: Vec<_> = trace.events().map(|event| event.kind_name()).collect();
    assert_eq!(names, ["rpc.send", "rpc.recv", "rpc.reply", "rpc.return", "process.end", "process.end"]);
}

#[test]
fn one_writers_order_stays_as_it_is() {
    // The two ends of a message stand in the wrong order; who wrote both saw them so.
    let (trace, problems) = trace_and_problems(&[r#"
        {"ts":1,"task":1,"kind":"msg.recv","msg":7}
        {"ts":2,"task":2,"kind":"msg.send","msg":7}
        {"ts":3,"kind":"process.end","how":"exit 0"}"#]);
    assert_eq!(kinds(&trace), ["1 msg.recv", "2 msg.send", "- process.end"]);
    assert_eq!(problems, []);
    assert!(!Order::new(&trace).before(crate::model::EventId(0), crate::model::EventId(1)));
}

#[test]
fn what_contradicts_itself_is_merged_and_said() {
    // Each task receives what the other sends only afterwards.
    let (trace, problems) = merged(native(&[
        vec![(1, "msg.recv", vec![("msg", 2)]), (2, "msg.send", vec![("msg", 1)]), (3, "log", vec![])],
        vec![(1, "msg.recv", vec![("msg", 1)]), (2, "msg.send", vec![("msg", 2)]), (3, "log", vec![])],
    ]));
    assert_eq!(trace.len(), 6);
    assert_eq!(problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [ProblemKind::Contradictory]);
    assert!(problems[0].detail.starts_with("1 "), "{}", problems[0].detail);
}

#[test]
fn a_trace_without_events_is_one() {
    let (trace, problems) = from_images([("test".to_owned(), native(&[]))]);
    assert!(trace.is_empty());
    assert_eq!(problems[0].kind, ProblemKind::CutOff);
    let (trace, _) = from_images([]);
    assert_eq!(trace.events().count(), 0);
}

#[test]
fn a_broken_record_costs_the_rest_of_its_chunk() {
    let mut image =
        native(&[vec![(1, "log", vec![]), (2, "log", vec![]), (3, "log", vec![])], vec![(2, "log", vec![])]]);
    let end = image.chunks[0].payload.len();
    image.chunks[0].payload[end - 2] = 0x7f;
    let (trace, problems) = merged(image);
    assert_eq!(trace.len(), 3);
    assert_eq!(problems[0].kind, ProblemKind::Corrupt);
    assert_eq!(problems[0].offset, Some(end as u64 - 2));
    assert!(problems[0].detail.ends_with("the last 2 bytes of a chunk of events are left out"), "{:?}", problems[0]);
}

#[test]
fn damaged_events_never_end_the_reader() {
    let image = native(&[
        vec![(10, "lock.acquire", lock(1)), (50, "lock.release", lock(1)), (60, "task.spawn", vec![("child", 1)])],
        vec![(40, "lock.acquire", lock(2)), (45, "rpc.send", vec![("rpc", 2)]), (46, "task.begin", vec![])],
        vec![(41, "rpc.recv", vec![("rpc", 2)]), (42, "lock.wait", lock(0)), (43, "task.end", vec![])],
    ]);
    for seed in 0..6000_usize {
        let mut image = image.clone();
        for change in 0..=seed % 3 {
            let chunk = &mut image.chunks[(seed + change) % 3].payload;
            let at = (seed * 7919 + change * 31) % chunk.len();
            chunk[at] ^= (seed / 3 % 255 + 1) as u8;
        }
        let (trace, problems) = from_images([("damaged".to_owned(), image)]);
        let facts = crate::facts::Facts::new(&trace, &problems);
        facts.compute();
        for (a, b) in trace.events().flat_map(|a| trace.events().map(move |b| (a.id(), b.id()))) {
            assert!(!facts.order().before(a, b) || a < b);
        }
    }
}

#[test]
fn files_are_known_by_their_content_and_folders_hold_files() {
    let folder = tempfile::tempdir().expect("a place for files");
    let path = |name: &str| folder.path().join(name);
    // Each is called like the other form.
    fs::write(path("a.pscope"), "{\"peerscope\":1,\"unit\":\"ns\"}\n{\"ts\":5,\"kind\":\"log\"}\n").expect("written");
    let mut file = fs::File::create(path("b.jsonl")).expect("created");
    native(&[vec![(7, "log", vec![])]]).write_to(&mut file).expect("written");
    fs::write(path("notes.txt"), "not a trace").expect("written");
    let (trace, problems) = read(&[folder.path().to_owned()]).expect("a folder of traces");
    let times = trace.events().map(|event| (trace.source(event.source()).header.one_writer, event.ts()));
    assert_eq!(times.collect::<Vec<_>>(), [(true, 5), (false, 7)]);
    assert!(problems.iter().all(|problem| problem.kind == ProblemKind::CutOff && problem.source.is_some()));
    assert_eq!(problems.len(), 2);
}

#[test]
fn what_is_no_trace_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a place for files");
    let message = |path: &Path| read(&[path.to_owned()]).expect_err("no trace").to_string();
    assert!(message(folder.path()).ends_with("holds no trace file (.pscope, .jsonl)"));
    let file = folder.path().join("x.pscope");
    assert!(message(&file).contains("x.pscope: cannot be opened"));
    fs::write(&file, "").expect("written");
    assert!(message(&file).contains("is empty; give a file that Peerscope wrote"));
    fs::write(&file, "MZ").expect("written");
    assert!(message(&file).contains("is no trace"));
    fs::write(&file, b"\x89PScope\nand then nothing").expect("written");
    assert!(message(&file).contains("cannot be used as .pscope: the trace ends within its head"));
}

#[test]
fn a_million_events_merge_in_seconds() {
    let tasks = 8_u64;
    let lines = |task: u64| {
        let turn = move |n: u64| {
            let (ts, seq) = ((n * tasks + task) * 10, n * tasks + task + 1);
            // Every other release is stamped late.
            [(ts, "lock.acquire", lock(seq)), (ts + 5 + n % 2 * 10, "lock.release", lock(seq))]
        };
        (0..62_500).flat_map(turn).collect::<Lines<'_>>()
    };
    let image = native(&(0..tasks).map(lines).collect::<Vec<_>>());
    let begin = Instant::now();
    let (trace, problems) = merged(image);
    assert_eq!((trace.len(), problems.len()), (1_000_000, 0));
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    let seqs = trace.events().filter(|event| event.kind_name() == "lock.acquire").map(|event| {
        let peerscope_format::vocabulary::Body::LockAcquire(body) = event.body() else { panic!("an acquire") };
        body.seq
    });
    assert!(seqs.is_sorted(), "acquires stand in the order of the lock");
}

/// Two files, of which the one that begins later knows no simulated time at first.
#[test]
fn simulated_times_stay_with_their_events_when_files_are_merged() {
    let file = |task: u64, times: &[(u64, Option<u64>)]| {
        let mut builder = ImageBuilder::new(TraceHeader::default());
        for (ts, simulated) in times {
            builder.simulated(*simulated);
            let context = Context { task: Some(Value::U64(task)), ..Context::default() };
            let head = EventHead { ts: *ts, context, term: None };
            builder.event(&head, "log", &[]).expect("a small event");
        }
        (format!("file {task}"), builder.finish())
    };
    let one = file(1, &[(2, None), (4, Some(40)), (6, None), (8, None)]);
    let other = file(2, &[(1, None), (3, Some(30)), (5, Some(50)), (7, None)]);
    for files in [vec![one.clone(), other.clone()], vec![other, one]] {
        let (trace, _) = from_images(files);
        let times: Vec<_> = trace.events().map(|event| (event.ts(), event.sim())).collect();
        let simulated = [(3, 30), (4, 40), (5, 50)];
        let expected = (1..=8).map(|ts| (ts, simulated.iter().find(|(at, _)| *at == ts).map(|(_, ns)| *ns)));
        assert_eq!(times, expected.collect::<Vec<_>>());
    }
}
