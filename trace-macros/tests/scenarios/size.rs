//! What has no room is counted, so that what is there and what is lost add up.

use std::collections::BTreeMap;

use peerscope::{Builder, LogEntry, Peer, dprintf, log_append, thread};
use peerscope_format::value::{Entries, Value};
use peerscope_format::vocabulary::Kind;

use crate::common::{Stage, Trace, recorded};

#[test]
fn beyond_the_size_limit_events_are_counted() {
    const LIMIT: u64 = 400_000;
    const TALKERS: u64 = 3;
    const LINES: u64 = 30_000;
    let stage = Stage::new(|| {
        Builder::new("trace.pscope").size_limit(LIMIT).start().expect("a trace begins");
        let talk = |talker: u64| move || (0..LINES).for_each(|number| dprintf!("line {number} of {talker}"));
        let talkers: Vec<_> = (0..TALKERS).map(|talker| thread::spawn(talk(talker))).collect();
        talkers.into_iter().for_each(|talker| talker.join().expect("it ends well"));
        // A call site, a thread and a peer that come too late to be defined.
        dprintf!("too late");
        thread::spawn(|| drop(Peer::new(1))).join().expect("it ends well");
    })
    .untraced();
    let ended = stage.run();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", ended.stderr);
    let trace = Trace::of(&stage.trace_file());

    // Of each talker: spawn, begin, lines, end, join, joined; the same of the late thread, with one peer. Of the main task:
    // begin, the late line, its end and the process's end.
    let emitted = TALKERS * (LINES + 5) + (1 + 5) + 4;
    assert_eq!(trace.events().len() as u64 + trace.image.lost_events, emitted);
    assert!(trace.image.lost_events > 0 && trace.image.lost_bytes > 0);
    assert!(trace.bytes.len() as u64 <= LIMIT, "{} bytes", trace.bytes.len());
    assert!(trace.bytes.len() as u64 > LIMIT - (64 << 10), "the room is used up first");
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for event in trace.of_topic("log") {
        let Some(Value::U64(number)) = event.arg("number") else { continue };
        assert!(last.insert(event.task(), number).is_none_or(|last| last < number), "still in order");
    }
}

#[test]
fn an_event_that_is_larger_than_a_chunk_is_counted_and_costs_no_other() {
    let trace = recorded(|| {
        dprintf!("before");
        let long = "x".repeat(8 << 10);
        dprintf!("{long} {long2} {}{}{}{}{}{}{}", long, long, long, long, long, long, long, long2 = long);
        dprintf!("after");
    });
    assert_eq!(trace.lines_of("log"), ["log msg=before", "log msg=after"]);
    assert_eq!(trace.image.lost_events, 1);
    assert!(trace.image.lost_bytes > 32_000, "its size is known: {}", trace.image.lost_bytes);
}

/// A restarted peer reads back a log of any length.
#[test]
fn a_long_log_becomes_several_events_that_follow_each_other() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        log_append!(peer, 7, (0..10_000).map(|index| LogEntry { term: 1, digest: index }));
        log_append!(peer, 1, (0..0).map(|index: u64| LogEntry { term: 1, digest: index }));
    });
    let appends: Vec<_> = trace.events().into_iter().filter(|event| event.kind() == Kind::LogAppend).collect();
    let (empty, pieces) = appends.split_last().expect("the last one has no entry");
    assert_eq!(empty.says(), "log.append first=1 entries=[]");
    assert!(pieces.len() > 10, "{} pieces", pieces.len());
    let mut next = 7;
    for piece in pieces {
        assert_eq!(piece.field::<u64>("first"), Some(next));
        next += piece.field::<Entries<'_>>("entries").expect("entries").len() as u64;
    }
    assert_eq!((next, trace.image.lost_events), (10_007, 0));
}

/// Nothing that a list announces may wrap around: the recorder trusts it.
#[test]
fn a_list_without_end_of_things_without_size_is_counted_as_lost() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        let list: Vec<[u64; 0]> = vec![[]; usize::MAX / 8];
        peerscope::fault!(peer, "delay", list);
        peerscope::apply!(peer, 1, 1, vec![1_u8; 3_000]);
    });
    assert_eq!(trace.image.lost_events, 1);
    assert_eq!(trace.count(Kind::Apply), 1, "a list of bytes is no longer than it is");
}
