//! The filter of `PEERSCOPE`: what it leaves out, what it never leaves out, and what is said of its mistakes.

use peerscope::sync::Mutex;
use peerscope::{Builder, LogEntry, Peer, dprintf, log_append, role, rpc_send, term, vote};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::Kind;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::common::{Stage, Trace};

/// Two peers do the same, twice, so that call sites are met decided and undecided.
fn work() {
    tracing_subscriber::registry().with(peerscope::layer()).init();
    for round in 0..2_u64 {
        for id in [1_u64, 2] {
            let peer = Peer::new(id);
            let _in = peer.enter();
            term!(peer, round + 1);
            role!(peer, "candidate");
            vote!(peer, id);
            dprintf!(peer, vote, "round {round}");
            dprintf!("round {round}");
            rpc_send!(peer, round * 2 + id, "RequestVote", 3);
            log_append!(peer, 1, [LogEntry { term: 1, digest: 7 }]);
            drop(Mutex::named("state", ()).lock().expect("nobody panics"));
            tracing::info!(target: "raft::log::disk", "sync");
            tracing::info!(target: "net", "send");
        }
    }
}

/// What is recorded of [`work`] with this filter: how many events of each topic and peer, as `vote:2+2`; and what is said on
/// stderr.
macro_rules! with_filter {
    ($filter:expr) => {{
        let stage = Stage::new(|| {
            work();
        })
        .env("PEERSCOPE", $filter);
        let ended = stage.run();
        assert!(ended.status.success(), "{}", ended.stderr);
        (Trace::of(&stage.trace_file()), ended.stderr)
    }};
}

fn counts(trace: &Trace) -> String {
    let mut counts = std::collections::BTreeMap::<String, [usize; 2]>::new();
    for event in trace.events() {
        let of = match event.context.peer {
            Some(Value::U64(peer @ (1 | 2))) => peer as usize - 1,
            _ => continue,
        };
        let kind = event.kind();
        let topic = event.text(peerscope_format::vocabulary::Common::Topic).unwrap_or(kind.topic());
        let name = if kind.name().ends_with(".new") { kind.name() } else { topic };
        counts.entry(name.to_owned()).or_default()[of] += 1;
    }
    let text: Vec<_> = counts.iter().map(|(name, [one, two])| format!("{name}:{one}+{two}")).collect();
    text.join(" ")
}

fn filter_of(trace: &Trace) -> Option<&Value> {
    trace.image.header.meta("filter")
}

const ALL: &str =
    "lock:4+4 lock.new:2+2 log:4+4 net:2+2 peer:2+2 raft::log::disk:2+2 role:2+2 rpc:2+2 term:2+2 vote:4+4";

#[test]
fn without_a_filter_all_is_recorded_and_none_is_mentioned() {
    let (trace, said) = with_filter!("");
    assert_eq!((counts(&trace).as_str(), said.as_str()), (ALL, ""));
    assert_eq!(filter_of(&trace), None);
}

#[test]
fn topics_by_name_and_nothing_else_but_the_frame() {
    let (trace, said) = with_filter!("vote,raft=info");
    assert_eq!(counts(&trace), "lock.new:2+2 peer:2+2 raft::log::disk:2+2 vote:4+4");
    assert_eq!(filter_of(&trace), Some(&Value::from("vote,raft=info")));
    assert_eq!(said, "");
    for frame in [Kind::TaskBegin, Kind::ProcessEnd] {
        assert_eq!(trace.count(frame), 1, "{frame:?}");
    }
    assert_eq!(trace.image.lost_events, 0, "what is left out is not lost");
}

#[test]
fn topics_that_are_switched_off() {
    let (trace, _) = with_filter!("lock=off,log=off");
    assert_eq!(counts(&trace), "lock.new:2+2 net:2+2 peer:2+2 raft::log::disk:2+2 role:2+2 rpc:2+2 term:2+2 vote:4+4");
}

#[test]
fn a_level_for_all() {
    let (trace, _) = with_filter!("info");
    assert_eq!(counts(&trace), "lock.new:2+2 net:2+2 peer:2+2 raft::log::disk:2+2 role:2+2 term:2+2 vote:2+2");
}

#[test]
fn a_peer_with_a_level_of_its_own() {
    let (trace, _) = with_filter!("vote,log=debug,lock=off,peer.2=trace");
    assert_eq!(
        counts(&trace),
        "lock.new:2+2 log:4+4 net:0+2 peer:2+2 raft::log::disk:0+2 role:0+2 rpc:0+2 term:0+2 vote:4+4"
    );
    let (trace, _) = with_filter!("peer.1=off");
    assert_eq!(
        counts(&trace),
        "lock:0+4 lock.new:2+2 log:0+4 net:0+2 peer:2+2 raft::log::disk:0+2 role:0+2 rpc:0+2 term:0+2 vote:0+4"
    );
}

#[test]
fn mistakes_are_said_once_and_the_rest_is_used() {
    let (trace, said) = with_filter!("vote=debgu,log=debug");
    assert_eq!(
        said,
        "peerscope: PEERSCOPE: `vote=debgu` is left out: `debgu` is no level; levels are off, error, warn, info, \
         debug, trace\n"
    );
    assert_eq!(counts(&trace), "lock.new:2+2 log:4+4 peer:2+2");
    assert_eq!(filter_of(&trace), Some(&Value::from("off,log=debug")), "the filter that was used");
}

#[test]
fn a_program_has_a_filter_of_its_own_unless_the_environment_says_another() {
    let scenario = || {
        Builder::new("trace.pscope").filter("vote,odd;").start().expect("a trace begins");
        work();
    };
    let stage = Stage::new(scenario).untraced();
    let ended = stage.run();
    assert_eq!(
        ended.stderr,
        "peerscope: Builder::filter: `odd;` is left out: a topic has no ';'; parts are separated by commas\n"
    );
    assert_eq!(counts(&Trace::of(&stage.trace_file())), "lock.new:2+2 peer:2+2 vote:4+4");
    let stage = stage.env("PEERSCOPE", "");
    assert!(stage.run().stderr.is_empty());
    assert_eq!(counts(&Trace::of(&stage.trace_file())), ALL);
}

/// What is left out costs nothing: once the filter has decided, values are evaluated no more.
#[test]
fn what_is_left_out_is_not_evaluated() {
    let stage = Stage::new(|| {
        let peer = Peer::new(1);
        let evaluated = std::cell::Cell::new(0);
        let count = || evaluated.replace(evaluated.get() + 1);
        (0..10).for_each(|_| dprintf!(peer, vote, "{}", count()));
        (0..10).for_each(|_| vote!(peer, count()));
        assert_eq!(evaluated.get(), 2, "each site is asked once");
        log_append!(peer, 1, std::iter::repeat_with(|| LogEntry { term: 1, digest: count() }).take(3));
        assert_eq!(evaluated.get(), 2, "a log is not walked at all");
    })
    .env("PEERSCOPE", "off");
    let ended = stage.run();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(Trace::of(&stage.trace_file()).lines(), ["peer.start how=fresh"]);
}
