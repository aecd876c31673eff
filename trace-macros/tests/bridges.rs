//! What other loggers say, in one file with our own events: each once, with its level, topic, line and values.

#![cfg(all(feature = "record", unix))]

// The scenarios of the other test binaries use the rest.
#[allow(dead_code, unused_imports)]
#[path = "common/mod.rs"]
mod common;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Stage, Trace, marked, recorded};
use log::{LevelFilter, Log};
use peerscope::{LogBridge, Peer, SlogDrain, dprintf};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::Common;

/// Each line as `LEVEL TOPIC PEER: what it says`.
fn told(trace: &Trace) -> Vec<String> {
    let lines = trace.of_topic("log").into_iter();
    let text = |event: &common::Event<'_>, common| event.text(common).unwrap_or("-").to_owned();
    lines
        .map(|event| {
            let (level, topic) = (text(&event, Common::Level), text(&event, Common::Topic));
            format!("{level} {topic} {}: {}", event.whose(), event.says())
        })
        .collect()
}

#[test]
fn a_record_of_log_keeps_its_level_target_line_and_values() {
    let trace = recorded(|| {
        LogBridge::up_to(LevelFilter::Debug).install().expect("there is no other logger");
        let peer = Peer::new(3);
        let _in = peer.enter();
        let node = String::from("n1");
        log::info!(term = 4, ok = true, lag = -2, ratio = 0.5, node:%; "append {}", 7); // line: info
        log::warn!(target: "net", "lost");
        for _ in 0..2 {
            log::error!("twice");
        }
        log::trace!("below the level");
        dprintf!("ours");
    });
    assert_eq!(
        told(&trace),
        [
            r#"info bridges //3.0: log msg=append 7 args={term: 4, ok: true, lag: -2, ratio: 0.5, node: "n1"}"#,
            "warn net //3.0: log msg=lost args={}",
            "error bridges //3.0: log msg=twice args={}",
            "error bridges //3.0: log msg=twice args={}",
            "debug log //3.0: log msg=ours",
        ]
    );
    let events = trace.of_topic("log");
    assert_eq!(events[0].src(), marked(file!(), "info"));
    assert!(events[1].src().starts_with(file!()), "{}", events[1].src());
}

#[test]
fn a_record_of_slog_brings_the_values_of_its_loggers() {
    let trace = recorded(|| {
        use slog::Drain as _;
        let root = slog::Logger::root(SlogDrain.fuse(), slog::o!("node" => 1));
        let raft = root.new(slog::o!("group" => "a"));
        slog::info!(raft, "elected"; "term" => 3, "at" => ?Some(2)); // line: elected
        slog::crit!(root, # "disk", "broken {}", "now");
    });
    assert_eq!(
        told(&trace),
        [
            r#"info bridges //: log msg=elected args={at: "Some(2)", term: 3, group: "a", node: 1}"#,
            "error disk //: log msg=broken now args={node: 1}",
        ]
    );
    assert_eq!(trace.of_topic("log")[0].src(), marked(file!(), "elected"));
}

static HANDED_ON: AtomicUsize = AtomicUsize::new(0);

struct Counting;

impl Log for Counting {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }
    fn log(&self, _: &log::Record<'_>) {
        HANDED_ON.fetch_add(1, Ordering::Relaxed);
    }
    fn flush(&self) {}
}

#[test]
fn the_other_logger_gets_what_it_wants_whatever_the_filter_says() {
    let stage = Stage::new(|| {
        LogBridge::up_to(LevelFilter::Info).and(Counting).install().expect("there is no other logger");
        log::warn!(target: "net", "one");
        log::warn!(target: "raft::log", "two");
        log::info!(target: "raft", "three");
        assert_eq!(HANDED_ON.load(Ordering::Relaxed), 2);
        slog::info!(slog::Logger::root(SlogDrain, slog::o!()), # "net", "four");
    })
    .env("PEERSCOPE", "raft::log");
    let ended = stage.run();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(told(&Trace::of(&stage.trace_file())), ["warn raft::log //: log msg=two args={}"]);
}

/// With `tracing-log` behind the bridge, every record comes by two ways.
#[cfg(feature = "tracing")]
#[test]
fn nothing_is_recorded_twice_beside_tracing_log() {
    let trace = recorded(|| {
        peerscope::init().expect("there is no other subscriber");
        LogBridge::up_to(LevelFilter::Info).and(tracing_log::LogTracer::new()).install().expect("there is no other");
        log::info!(target: "net", "by log");
        tracing::info!(target: "net", "by tracing");
    });
    assert_eq!(told(&trace), ["info net //: log msg=by log args={}", "info net //: log msg=by tracing args={}"]);
}

#[cfg(feature = "tracing")]
#[test]
fn without_the_bridge_tracing_log_brings_records_by_the_layer() {
    let trace = recorded(|| {
        peerscope::init().expect("there is no other subscriber");
        tracing_log::LogTracer::init().expect("there is no other");
        log::info!(target: "net", "by log");
    });
    assert_eq!(trace.of_topic("log").len(), 1);
}

#[test]
fn a_value_that_logs_or_is_too_large_leaves_its_record_whole() {
    struct Chatty;
    impl fmt::Display for Chatty {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            log::info!(target: "inner", depth = 2; "inner");
            out.write_str("chatty")
        }
    }
    let trace = recorded(|| {
        LogBridge::up_to(LevelFilter::Info).install().expect("there is no other logger");
        let long = "x".repeat(20_000);
        log::info!(target: "outer", before = 1, chatty:% = Chatty, after = 2; "{Chatty}");
        log::info!(target: "long", a = long, b = long, c = long, d = long, e = long, f = long; "{long}");
    });
    let lines = told(&trace);
    assert_eq!(lines[2], r#"info outer //: log msg=chatty args={before: 1, chatty: "chatty", after: 2}"#);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert_eq!(trace.of_topic("log")[3].arg("f"), Some(Value::from("[cut: the event is too large]")));
    assert_eq!(trace.image.lost_events, 0);
}
