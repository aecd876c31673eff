//! A trace that keeps its latest events only: bounded however long the program runs, whole from some moment on, and right
//! about who holds what and waits for what since before that.

use std::sync::Arc;

use peerscope::sync::Mutex;
use peerscope::{Builder, Peer, dprintf, thread};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::{Body, Kind};

use crate::common::stage::{hear, tell};
use crate::common::{Event, Stage, Trace, eventually};

const RING: u64 = 256 << 10;
const LINES: u64 = 30_000;

/// The numbers of the lines of the trace by talker, each checked to have none missing from its first on.
fn lines(trace: &Trace) -> Vec<(u64, std::ops::Range<u64>)> {
    let mut all: Vec<(u64, std::ops::Range<u64>)> = Vec::new();
    for event in trace.of_topic("log") {
        let (Some(Value::U64(number)), Some(Value::U64(talker))) = (event.arg("number"), event.arg("talker")) else {
            continue;
        };
        match all.iter_mut().find(|(other, _)| *other == talker) {
            Some((_, range)) => {
                assert_eq!(range.end, number, "talker {talker} has a hole");
                range.end += 1;
            }
            None => all.push((talker, number..number + 1)),
        }
    }
    all.sort_by_key(|(talker, _)| *talker);
    all
}

fn talk(talker: u64) {
    (0..LINES).for_each(|number| dprintf!("line {number} of {talker}"));
}

#[test]
fn the_latest_events_are_whole_and_the_others_are_counted() {
    const TALKERS: u64 = 3;
    let stage = Stage::new(|| {
        Builder::new("trace.pscope").ring(RING).start().expect("a trace begins");
        let talkers: Vec<_> = (0..TALKERS).map(|talker| thread::spawn(move || talk(talker))).collect();
        talkers.into_iter().for_each(|talker| talker.join().expect("it ends well"));
    })
    .untraced();
    let ended = stage.run();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
    let trace = Trace::of(&stage.trace_file());
    let Body::Lost(lost) = trace.the(Kind::Lost).body() else { panic!("a loss") };
    // Of each talker: spawn, begin, lines, end, join, joined; of the scenario its begin and end, and the process's end.
    let emitted = TALKERS * (LINES + 5) + 3;
    let kept = trace.events().len() as u64 - 1;
    assert_eq!(lost.events.map(|lost| lost + kept), Some(emitted), "{kept} kept");
    assert_eq!(trace.image.lost_events, 0);
    assert_eq!(trace.the(Kind::ProcessEnd).says(), "process.end how=exit 0");
    let last = lines(&trace);
    assert!(last.iter().all(|(_, range)| range.end == LINES), "the last word of everybody who is heard: {last:?}");
    assert!(kept > 5_000, "{kept} events in {RING} bytes");
    assert!(trace.bytes.len() as u64 <= RING + (160 << 10), "{} bytes", trace.bytes.len());
}

/// Somebody has held a lock and somebody has waited for it since long before the oldest event that was kept.
fn stuck_since_before_the_ring(end: impl FnOnce() -> Trace) {
    let trace = end();
    let lost = trace.the(Kind::Lost).field::<u64>("events");
    assert!(lost.is_some_and(|lost| lost > LINES), "the ring went round: {lost:?}");
    assert_eq!(
        trace.lines_of("lock"),
        ["lock.new lock=1 name=state", "lock.acquire lock=1 seq=1", "lock.wait lock=1"],
        "and no other lock, since all others were let go"
    );
    let of = |kind: Kind| trace.of_topic("lock").into_iter().find(|event| event.kind() == kind).expect("it is there");
    assert_eq!(of(Kind::LockAcquire).whose(), "//1.0");
    assert_eq!(of(Kind::LockWait).whose(), "//2.0");
    let before: Vec<_> = trace.events().iter().map(Event::kind).take_while(|kind| *kind != Kind::Lost).collect();
    assert_eq!(before, [Kind::LockNew], "what objects are called stands before the loss, what is held behind it");
}

fn get_stuck() -> (Arc<Mutex<()>>, u64) {
    let lock = Arc::new(Mutex::named("state", ()));
    let in_peer = |number: u64, lock: Arc<Mutex<()>>| {
        thread::spawn(move || {
            let _in = Peer::new(number).enter();
            let _guard = lock.lock().expect("nobody panics");
            std::thread::park();
        });
    };
    in_peer(1, lock.clone());
    let path = peerscope::trace_path().expect("the scenario is recorded");
    eventually("the hold", || (Trace::of_slots(&path).count(Kind::LockAcquire) == 1).then_some(()));
    in_peer(2, lock.clone());
    eventually("the wait", || (Trace::of_slots(&path).count(Kind::LockWait) == 1).then_some(()));
    (lock, 3)
}

#[test]
fn who_is_stuck_is_known_however_long_the_others_went_on() {
    let stage = Stage::new(|| {
        let (_lock, talker) = get_stuck();
        (0..5).for_each(|_| talk(talker));
        tell("look");
        hear();
    })
    .env("PEERSCOPE_RING", "256KiB");
    let mut actor = stage.start();
    assert_eq!(actor.heard(), "look");
    stuck_since_before_the_ring(|| Trace::of(&stage.trace_file()));
    actor.kill();
    stuck_since_before_the_ring(|| Trace::of(&stage.trace_file()));
}

#[test]
fn a_ring_can_be_read_while_it_goes_round() {
    let stage = Stage::new(|| {
        for talker in 0..2 {
            thread::spawn(move || (0..u64::MAX).for_each(|number| dprintf!("line {number} of {talker}")));
        }
        hear();
    })
    .env("PEERSCOPE_RING", "256KiB");
    let actor = stage.start();
    let (mut rounds, mut before) = (0, 0);
    while rounds < 30 {
        // Whatever was overwritten amid the reading is left out; what is there has no hole.
        let Ok(trace) = Trace::try_of(&stage.trace_file()) else { continue };
        let last = lines(&trace).iter().map(|(_, range)| range.end).max().unwrap_or(0);
        if last > before + 1_000 {
            (rounds, before) = (rounds + 1, last);
        }
    }
    actor.kill();
    lines(&Trace::of(&stage.trace_file()));
}

#[test]
fn a_size_that_is_none_is_said_and_not_used() {
    let stage = Stage::new(|| dprintf!("here")).env("PEERSCOPE_RING", "lots").env("PEERSCOPE_LIMIT", "1MiB");
    let ended = stage.run();
    assert_eq!(ended.stderr, "peerscope: PEERSCOPE_RING: `lots` is no size, as 64MiB is; it is not used\n");
    assert_eq!(Trace::of(&stage.trace_file()).lines(), ["log msg=here"]);
}
