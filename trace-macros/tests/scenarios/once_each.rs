//! Arguments are the user's code: not run when nobody wants the event, and run once however many do.

use std::cell::Cell;
use std::fmt;

use peerscope::{LogEntry, Peer, Test, dprintf};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::common::{Stage, recorded};

/// Counts how often something was asked for.
#[derive(Default)]
struct Asked(Cell<u64>);

impl Asked {
    fn give<T>(&self, value: T) -> T {
        self.0.set(self.0.get() + 1);
        value
    }

    /// How often since this was last called.
    fn times(&self) -> u64 {
        self.0.take()
    }
}

/// Calls every macro, and says how often each evaluated its arguments, the peer included, and how many it has.
fn evaluations() -> Vec<(&'static str, u64, u64)> {
    let (peer, test, asked) = (Peer::new(0), Test::begin("asked"), Asked::default());
    let mut all = Vec::new();
    macro_rules! asks {
        ($count:literal, $macro:ident!($($argument:expr),* $(; $name:literal: $value:expr)?)) => {
            peerscope::$macro!($(asked.give($argument)),* $(, $name: asked.give($value))?);
            all.push((stringify!($macro), asked.times(), $count));
        };
    }
    asks!(2, vote!(&peer, 2));
    asks!(3, log_append!(&peer, 1, [LogEntry { term: 1, digest: 7 }]));
    asks!(2, log_truncate!(&peer, 3));
    asks!(2, commit!(&peer, 4));
    asks!(4, apply!(&peer, 4, 1, 7));
    asks!(4, persist!(&peer, 1, Some(2), 3));
    asks!(5, rpc_send!(&peer, 8, "RequestVote", 1; "msg_term": 1));
    asks!(5, rpc_recv!(&peer, 8, "RequestVote", 1; "msg_term": 1));
    asks!(3, rpc_reply!(&peer, 8; "granted": true));
    asks!(4, rpc_return!(&peer, 8, "ok"; "granted": true));
    asks!(2, reply_used!(&peer, "count vote"));
    asks!(3, reply_used!(&peer, 8, "count vote"));
    asks!(4, fault!(&test, "partition", [1, 2], "both ways"));
    asks!(3, invariant!(&peer, "one vote a term", true));
    peerscope::event!(asked.give(&peer), Commit { "index": asked.give(1) });
    all.push(("event", asked.times(), 2));
    peerscope::phase!(asked.give(&test), "phase {}", asked.give(1));
    all.push(("phase", asked.times(), 2));
    let value = Counted(&asked);
    dprintf!(asked.give(&peer), vote, "{} {named} {}", asked.give(1), asked.give("x"), named = asked.give(&2));
    all.push(("dprintf", asked.times(), 4));
    dprintf!("{value:?}");
    all.push(("Debug", asked.times(), 1));
    all
}

/// Its `Debug` counts.
struct Counted<'a>(&'a Asked);

impl fmt::Debug for Counted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.give(out).write_str("counted")
    }
}

/// `term` and `role` with a term set the peer's term even while nothing is recorded, so they always need their arguments.
fn evaluations_of_terms() -> [u64; 2] {
    let (peer, asked) = (Peer::new(0), Asked::default());
    peerscope::term!(asked.give(&peer), asked.give(3));
    let term = asked.times();
    peerscope::role!(asked.give(&peer), asked.give("leader"), asked.give(4));
    [term, asked.times()]
}

#[test]
fn nothing_is_evaluated_while_nothing_is_recorded() {
    let stage = Stage::new(|| {
        assert!(!peerscope::is_recording());
        for (name, times, _) in evaluations() {
            // Whether an invariant holds is also what the macro returns.
            assert_eq!(times, u64::from(name == "invariant"), "{name}");
        }
    });
    let ended = stage.untraced().run();
    assert!(ended.status.success(), "{}", ended.stderr);
}

#[test]
fn everything_is_evaluated_once_when_recorded() {
    recorded(|| {
        for (name, times, expected) in evaluations() {
            assert_eq!(times, expected, "{name}");
        }
        assert_eq!(evaluations_of_terms(), [2, 3]);
    });
}

#[test]
fn everything_is_evaluated_once_when_recorded_and_mirrored() {
    recorded(|| {
        let sink = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
        tracing_subscriber::registry().with(sink).init();
        for (name, times, expected) in evaluations() {
            // Who only has `Debug` is formatted for the record, for the field and for the message of the mirror.
            if name == "Debug" {
                assert_eq!(times, 3, "{name}");
            } else {
                assert_eq!(times, expected, "{name}");
            }
        }
        assert_eq!(evaluations_of_terms(), [2, 3]);
    });
}

#[test]
fn everything_is_evaluated_once_when_only_mirrored() {
    let stage = Stage::new(|| {
        let sink = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
        tracing_subscriber::registry().with(sink).init();
        for (name, times, expected) in evaluations() {
            if name != "Debug" {
                assert_eq!(times, expected, "{name}");
            }
        }
        assert_eq!(evaluations_of_terms(), [2, 3]);
    });
    let ended = stage.untraced().run();
    assert!(ended.status.success(), "{}", ended.stderr);
}
