//! The neighbourhood: foreign `tracing` events come in through our Layer, our own go out as a mirror, and neither way
//! anything is doubled or taken from others.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use peerscope::{LogEntry, Peer, dprintf, invariant, log_append, rpc_return, term, vote};
use peerscope_format::value::{Value, ValueRef};
use peerscope_format::vocabulary::{Common, Kind};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event as Foreign, Instrument as _, Level, Subscriber};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::filters::Printed;
use crate::common::{Event, Stage, Trace, marked, recorded};

#[derive(Debug)]
#[allow(dead_code, reason = "its Debug reads it")]
struct Address(&'static str, u16);

#[test]
fn foreign_events_keep_the_types_of_their_fields() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(peerscope::layer()).init();
        let address = Address("::1", 80);
        let failure = std::io::Error::other("no route");
        tracing::warn!(target: "net::tcp", bytes = 7_u64, lag = -3, ahead = 3_i64, ok = true, ratio = 0.5, who = "x", ?address, "sent {}", 1); // line: sent
        tracing::info!(error = &failure as &dyn std::error::Error, shown = %failure);
        tracing::debug!("only text");
        tracing::trace!("below the level");
    });
    let events = trace.of_topic("log");
    assert_eq!(events.len(), 3);
    let (sent, failed) = (events[0], events[1]);
    assert_eq!(sent.field("msg"), Some("sent 1"));
    let expected = [
        ("bytes", Value::U64(7)),
        ("lag", Value::I64(-3)),
        ("ahead", Value::U64(3)),
        ("ok", Value::Bool(true)),
        ("ratio", Value::F64(0.5)),
        ("who", Value::from("x")),
        ("address", Value::from(r#"Address("::1", 80)"#)),
    ];
    for (name, value) in expected {
        assert_eq!(sent.arg(name), Some(value), "{name}");
    }
    assert_eq!(sent.text(Common::Level), Some("warn"));
    assert_eq!(sent.text(Common::Topic), Some("net::tcp"));
    assert_eq!(sent.src(), marked(file!(), "sent"));
    assert_eq!(failed.arg("error"), Some(Value::from("no route")));
    assert_eq!(failed.arg("shown"), Some(Value::from("no route")));
    assert_eq!(failed.text(Common::Topic), Some(module_path!()), "the target unless named is the module");
    assert_eq!(events[2].says(), "log msg=only text args={}");
}

#[test]
fn foreign_events_belong_to_the_current_peer_and_term() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(peerscope::layer_up_to(LevelFilter::TRACE)).init();
        let peer = Peer::new(3);
        term!(peer, 9);
        let _in = peer.enter();
        tracing::trace!("fsync");
    });
    let event = trace.the(Kind::Log);
    assert_eq!((event.whose(), event.term), ("//3.0".to_owned(), Some(9)));
    assert_eq!(event.text(Common::Level), Some("trace"));
}

#[test]
fn a_foreign_debug_that_logs_leaves_both_events_whole() {
    struct Chatty;
    impl fmt::Debug for Chatty {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("chat")?;
            tracing::info!(inner = 1, "inner");
            dprintf!("ours, too");
            out.write_str("ty")
        }
    }
    let trace = recorded(|| {
        tracing_subscriber::registry().with(peerscope::layer()).init();
        tracing::info!(before = 1, chatty = ?Chatty, after = 2, "outer");
    });
    assert_eq!(
        trace.lines_of("log"),
        [
            "log msg=inner args={inner: 1}",
            "log msg=ours, too",
            r#"log msg=outer args={before: 1, chatty: "chatty", after: 2}"#
        ]
    );
}

#[test]
fn a_foreign_event_that_is_too_large_is_cut_not_lost() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(peerscope::layer()).init();
        let long = "x".repeat(20_000);
        tracing::info!(a = long, b = long, c = ?long, d = long, e = long, f = long, last = 1, "{long}");
    });
    let event = trace.the(Kind::Log);
    assert_eq!(event.arg("a"), Some(Value::Text(format!("{}[... cut]", "x".repeat(4 << 10)))));
    assert_eq!(event.arg("f"), Some(Value::from("[cut: the event is too large]")));
    assert_eq!(event.arg("last"), Some(Value::U64(1)));
    assert!(event.field::<&str>("msg").is_some_and(|msg| msg.ends_with("x[... cut]")));
    assert_eq!(trace.image.lost_events, 0);
}

#[test]
fn spans_are_entered_and_left_with_their_fields() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(peerscope::layer()).init();
        let span = tracing::info_span!("replicate", to = 2, result = tracing::field::Empty); // line: span
        span.in_scope(|| tracing::info!("within"));
        span.record("result", "ok");
        span.in_scope(|| ());
        tracing::trace_span!("too fine").in_scope(|| ());
    });
    let lines: Vec<_> = trace
        .events()
        .iter()
        .filter(|event| !event.is_frame())
        .map(|event| {
            let fields = event.field("fields").map_or(String::new(), |fields: ValueRef<'_>| fields.to_string());
            format!("{} {} {fields}", event.kind().name(), event.field("name").unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "span.enter replicate {to: 2}",
            "log - ",
            "span.exit replicate {to: 2}",
            r#"span.enter replicate {to: 2, result: "ok"}"#,
            r#"span.exit replicate {to: 2, result: "ok"}"#,
        ]
    );
    let spans = trace.of_topic("span");
    assert!(spans.iter().all(|event| event.src() == marked(file!(), "span")));
    let ids: Vec<Option<u64>> = spans.iter().map(|event| event.field("span")).collect();
    assert!(ids[0].is_some() && ids.iter().all(|id| *id == ids[0]), "it is one span: {ids:?}");
}

/// A user's layer: keeps what reaches it, each value under the type by which it came.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

impl<S: Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &Foreign<'_>, _: Context<'_, S>) {
        let mut fields = Typed(BTreeMap::new());
        event.record(&mut fields);
        let metadata = event.metadata();
        fields.0.insert("target".into(), format!("{} {}", metadata.target(), metadata.level()));
        self.0.lock().expect("nobody panics").push(fields.0);
    }
}

struct Typed(BTreeMap<String, String>);

impl Visit for Typed {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), format!("u64 {value}"));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), format!("i64 {value}"));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), format!("bool {value}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), format!("str {value}"));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}"));
    }
}

#[test]
fn our_events_are_mirrored_with_typed_fields() {
    let trace = recorded(|| {
        let seen = Seen::default();
        tracing_subscriber::registry().with(seen.clone()).with(peerscope::layer()).init();
        let peer = Peer::new("n1");
        let (from, granted, entry) = (2_u64, true, Some("x=1"));
        dprintf!(peer, vote, "answer of {from}: {granted:?}, {entry:?} {{}} {}", "text", lag = -3);
        dprintf!("nobody's");
        term!(peer, 3);
        vote!(peer, 2);
        log_append!(peer, 1, [LogEntry { term: 3, digest: 7 }]);
        rpc_return!(peer, 8, "ok", "granted": true);
        invariant!(peer, "holds", true);
        invariant!(peer, "broken", false);
        let seen = seen.0.lock().expect("nobody panics");
        let lines: Vec<_> = seen.iter().map(|fields| format!("{fields:?}")).collect();
        let expected = [
            r#"{"0": "str text", "entry": "Some(\"x=1\")", "from": "u64 2", "granted": "bool true", "lag": "i64 -3", "message": "answer of 2: true, Some(\"x=1\") {} text", "peerscope.peer": "n1", "target": "peerscope::vote DEBUG"}"#,
            r#"{"message": "nobody's", "peerscope.peer": "-", "target": "peerscope::log DEBUG"}"#,
            r#"{"message": "term", "peerscope.peer": "n1", "target": "peerscope::term INFO"}"#,
            r#"{"for": "i64 2", "message": "vote", "peerscope.peer": "n1", "target": "peerscope::vote INFO"}"#,
            r#"{"entries": "1 entries", "first": "u64 1", "message": "log.append", "peerscope.peer": "n1", "target": "peerscope::log DEBUG"}"#,
            r#"{"granted": "bool true", "message": "rpc.return", "outcome": "str ok", "peerscope.peer": "n1", "rpc": "8", "target": "peerscope::rpc DEBUG"}"#,
            r#"{"holds": "bool true", "message": "invariant", "name": "str holds", "peerscope.peer": "n1", "target": "peerscope::invariant DEBUG"}"#,
            r#"{"holds": "bool false", "message": "invariant", "name": "str broken", "peerscope.peer": "n1", "target": "peerscope::invariant WARN"}"#,
        ];
        assert_eq!(lines, expected);
    });
    // Our Layer saw the mirror as well, and let it pass: nothing is recorded twice.
    assert_eq!(trace.lines().len(), 1 + 8);
}

#[test]
fn the_mirror_reaches_layers_for_text_and_json() {
    recorded(|| {
        let (text, json) = (Printed::default(), Printed::default());
        tracing_subscriber::registry()
            .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(text.clone()))
            .with(tracing_subscriber::fmt::layer().json().with_writer(json.clone()))
            .with(peerscope::layer())
            .init();
        let peer = Peer::new(1);
        dprintf!(peer, vote, "answer of {from}", from = 2_u64, granted = true);
        let (text, json) = (text.text(), json.text());
        assert!(text.contains("DEBUG peerscope::vote: answer of 2 "), "{text}");
        for part in [r#""target":"peerscope::vote""#, r#""from":2"#, r#""granted":true"#, r#""message":"answer of 2""#]
        {
            assert!(json.contains(part), "{part} is missing in {json}");
        }
    });
}

#[test]
fn our_layer_takes_nothing_away_from_others() {
    let trace = recorded(|| {
        let (all, quiet) = (Printed::default(), Printed::default());
        let quiet_layer = tracing_subscriber::fmt::layer().with_writer(quiet.clone());
        tracing_subscriber::registry()
            .with(peerscope::layer_up_to(LevelFilter::WARN))
            .with(tracing_subscriber::fmt::layer().with_writer(all.clone()))
            .with(quiet_layer.with_filter(EnvFilter::new("info,noisy=off")))
            .init();
        tracing::trace!(target: "other", "a trace of another crate");
        tracing::warn!(target: "noisy", "a warning");
        tracing::event!(target: "other", Level::INFO, "an information");
        dprintf!("our own line");
        let (all, quiet) = (all.text(), quiet.text());
        for line in ["a trace of another crate", "a warning", "an information", "our own line"] {
            assert!(all.contains(line), "{line} is missing in {all}");
        }
        assert!(quiet.contains("an information") && quiet.lines().count() == 1, "{quiet}");
    });
    assert_eq!(trace.lines_of("log"), ["log msg=a warning args={}", "log msg=our own line"]);
}

#[test]
fn a_global_filter_holds_for_foreign_events() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(EnvFilter::new("warn,wanted=debug")).with(peerscope::layer()).init();
        tracing::info!(target: "other", "filtered");
        tracing::warn!(target: "other", "a warning");
        tracing::debug!(target: "wanted", "a detail");
        dprintf!("our own line");
    });
    assert_eq!(
        trace.lines_of("log"),
        ["log msg=a warning args={}", "log msg=a detail args={}", "log msg=our own line"]
    );
}

/// Polls a future once and leaves it where it is.
fn poll_once(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
}

/// A future that gives the thread back once.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Whose each foreign event is: its message and its peer.
fn owners(trace: &Trace) -> Vec<String> {
    let logs = trace.of_topic("log").into_iter();
    logs.map(|event| format!("{} {}", event.field::<&str>("msg").unwrap_or("-"), event.whose())).collect()
}

fn peers_by_field() {
    let layer = peerscope::PeerscopeLayer::builder().peer_field("id").build();
    tracing_subscriber::registry().with(layer).init();
}

#[test]
fn events_within_a_span_belong_to_the_peer_that_it_names() {
    let trace = recorded(|| {
        peers_by_field();
        let current = Peer::new(9);
        let _in = current.enter();
        tracing::info!("outside");
        let node = tracing::info_span!("node", id = 1_u64);
        node.in_scope(|| {
            tracing::info!("directly");
            tracing::info_span!("inner", to = 2).in_scope(|| tracing::info!("deeper"));
            tracing::info_span!("other", id = %"n2").in_scope(|| tracing::info!("the innermost counts"));
            tracing::info!(parent: None, "in no span");
        });
        let late = tracing::info_span!("late", id = tracing::field::Empty);
        late.record("id", 3);
        late.in_scope(|| tracing::info!("recorded later"));
    });
    assert_eq!(
        owners(&trace),
        [
            "outside //9.0",
            "directly //1.0",
            "deeper //1.0",
            "the innermost counts //n2.0",
            "in no span //9.0",
            "recorded later //3.0"
        ]
    );
    let entered: Vec<_> = trace.of_topic("span").iter().map(Event::whose).collect();
    assert_eq!(&entered[..3], ["//1.0", "//1.0", "//1.0"], "the span itself is its peer's");
}

#[test]
fn a_span_keeps_its_peer_on_any_thread_and_between_polls() {
    let trace = recorded(|| {
        peers_by_field();
        let span = tracing::info_span!("node", id = 1);
        let elsewhere = span.clone();
        std::thread::spawn(move || elsewhere.in_scope(|| tracing::info!("on a thread"))).join().expect("it ends well");
        let work = |id: u64| {
            async move {
                tracing::info!("before");
                yield_once().await;
                tracing::info!("after");
            }
            .instrument(tracing::info_span!("node", id))
        };
        let (mut one, mut two) = (Box::pin(work(1)), Box::pin(work(2)));
        assert!(!poll_once(one.as_mut()) && !poll_once(two.as_mut()));
        std::thread::spawn(move || assert!(poll_once(two.as_mut()))).join().expect("it ends well");
        assert!(poll_once(one.as_mut()));
    });
    assert_eq!(owners(&trace), ["on a thread //1.0", "before //1.0", "before //2.0", "after //2.0", "after //1.0"]);
}

/// A handle of ours and a span of theirs speak of one peer: its incarnation and term are the handle's.
#[test]
fn a_span_means_the_peer_that_runs_under_its_id() {
    let trace = recorded(|| {
        peers_by_field();
        let _first = Peer::new(1);
        let second = Peer::new(1);
        term!(second, 4);
        tracing::info_span!("node", id = 1).in_scope(|| tracing::info!("within"));
    });
    assert_eq!(owners(&trace), ["within //1.1"]);
    assert_eq!(trace.the(Kind::Log).term, Some(4));
}

/// The span of the peer may itself be left out, by level of its topic; its events still know it.
#[test]
fn a_span_that_is_not_recorded_names_the_peer_all_the_same() {
    let stage = Stage::new(|| {
        peers_by_field();
        let span = tracing::debug_span!(target: "core", "node", id = 1);
        span.in_scope(|| tracing::info!(target: "raft", "within"));
    })
    .env("PEERSCOPE", "raft");
    let ended = stage.run();
    assert!(ended.status.success(), "{}", ended.stderr);
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(owners(&trace), ["within //1.0"]);
    assert_eq!(trace.of_topic("span").len(), 0);
}
