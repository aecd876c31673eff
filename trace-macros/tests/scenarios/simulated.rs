//! Simulated time: what the program's clock says stands in each event, whoever writes it, and costs bytes only when it
//! changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use peerscope::{Peer, clock, dprintf, thread};
use peerscope_format::vocabulary::Kind;

use crate::common::{Stage, Trace, recorded};

static NOW_MS: AtomicU64 = AtomicU64::new(0);

fn set(ms: u64) {
    NOW_MS.store(ms, Ordering::Relaxed);
}

fn now() -> Option<Duration> {
    let ms = NOW_MS.load(Ordering::Relaxed);
    (ms != u64::MAX).then(|| Duration::from_millis(ms))
}

/// The lines and their simulated times in ms.
fn lines(trace: &Trace) -> Vec<(String, Option<u64>)> {
    let lines = trace.of_topic("log").into_iter();
    lines.map(|event| (event.says(), event.simulated.map(|ns| ns / 1_000_000))).collect()
}

#[test]
fn events_carry_the_time_of_the_simulation_and_none_outside_of_it() {
    let trace = recorded(|| {
        dprintf!("before");
        clock::simulated(now);
        set(0);
        dprintf!("begin");
        set(1500);
        dprintf!("later");
        dprintf!("at the same time");
        set(1200);
        dprintf!("it may run backwards");
        set(u64::MAX);
        dprintf!("outside");
        clock::simulated(|| Some(Duration::from_secs(7)));
        dprintf!("by another clock");
    });
    let expected = [
        ("before", None),
        ("begin", Some(0)),
        ("later", Some(1500)),
        ("at the same time", Some(1500)),
        ("it may run backwards", Some(1200)),
        ("outside", None),
        ("by another clock", Some(7000)),
    ];
    assert_eq!(lines(&trace), expected.map(|(line, ms)| (format!("log msg={line}"), ms)));
}

/// A chunk goes from thread to thread, and so does what was last said in it.
#[test]
fn a_chunk_that_is_handed_on_keeps_its_time_straight() {
    let trace = recorded(|| {
        clock::simulated(now);
        for round in 0..20_u64 {
            set(if round % 3 == 2 { u64::MAX } else { round / 2 });
            let talk = move || dprintf!("round {round}");
            thread::spawn(talk).join().expect("it ends well");
        }
    });
    for event in trace.of_topic("log") {
        let Some(peerscope_format::value::Value::U64(round)) = event.arg("round") else { panic!("a round") };
        let expected = (round % 3 != 2).then_some(round / 2 * 1_000_000);
        assert_eq!(event.simulated, expected, "round {round}");
    }
    assert_eq!(trace.of_topic("log").len(), 20);
}

#[test]
fn a_time_that_stands_still_costs_nothing() {
    let trace = recorded(|| {
        let talk = || (0..100_u64).for_each(|number| dprintf!("line {number}"));
        thread::spawn(talk).join().expect("it ends well");
        dprintf!("from here on simulated");
        clock::simulated(|| Some(Duration::from_secs(1)));
        thread::spawn(talk).join().expect("it ends well");
    });
    // A line is its shape, a time of one or two bytes, and its number.
    let bytes: usize = trace.image.chunks.iter().map(|chunk| chunk.payload.len()).sum();
    assert!(bytes < 202 * 5 + 200, "{bytes} bytes for 201 lines");
    assert_eq!(lines(&trace).iter().filter(|(_, ms)| *ms == Some(1000)).count(), 100);
}

#[test]
fn a_clock_that_emits_events_or_panics_harms_nobody() {
    let stage = Stage::new(|| {
        clock::simulated(|| {
            dprintf!("the clock speaks");
            let ms = NOW_MS.load(Ordering::Relaxed);
            assert!(ms != 13, "an unlucky moment");
            Some(Duration::from_millis(ms))
        });
        let peer = Peer::new(1);
        set(5);
        dprintf!(peer, log, "five");
        set(13);
        dprintf!(peer, log, "thirteen");
        set(14);
        dprintf!(peer, log, "fourteen");
    });
    let ended = stage.run();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stderr.contains("peerscope: the simulated clock panicked"), "{}", ended.stderr);
    let trace = Trace::of(&stage.trace_file());
    let own: Vec<_> = lines(&trace).into_iter().filter(|(line, _)| !line.contains("clock")).collect();
    let expected = [("five", Some(5)), ("thirteen", None), ("fourteen", None)];
    assert_eq!(own, expected.map(|(line, ms)| (format!("log msg={line}"), ms)));
    assert_eq!(trace.image.lost_events, 0);
    assert_eq!(trace.count(Kind::PeerStart), 1);
}
