//! Own events go straight to the recorder: no filter of a `tracing` subscriber can lose one.

use std::sync::{Arc, Mutex};

use peerscope::{Peer, dprintf, role, term, vote};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::with_default;
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::common::{Trace, recorded};

/// Some of everything that we write ourselves, and a foreign event.
fn work_as(id: u64) {
    let peer = Peer::new(id);
    let _in = peer.enter();
    term!(peer, 2);
    role!(peer, "candidate");
    vote!(peer, 1);
    dprintf!(peer, vote, "ask {count} peers", count = 2);
    let lock = peerscope::sync::Mutex::named("state", ());
    drop(lock.lock().expect("nobody panics"));
    peerscope::thread::spawn(|| dprintf!("in a thread")).join().expect("it ends well");
    tracing::error!(target: "neighbour", "foreign");
}

const OWN: [&str; 14] = [
    "peer.start how=fresh",
    "term",
    "role role=candidate",
    "vote for=1",
    "log msg=ask {count} peers args={count: 2}",
    "lock.new lock=1 name=state",
    "lock.acquire lock=1 seq=1",
    "lock.release lock=1 seq=1",
    "task.spawn child=2",
    "task.join child=2",
    "log msg=in a thread",
    "task.end how=ok",
    "task.joined child=2",
    "log msg=foreign args={}",
];

/// Asserts that the first `count` lines of [`OWN`] were recorded, whatever the order between tasks.
fn assert_recorded(trace: &Trace, count: usize) {
    let (mut lines, mut expected) = (trace.lines(), OWN[..count].to_vec());
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

/// Own events alone, or the foreign one as well.
const OWN_ALONE: usize = OWN.len() - 1;
const WITH_FOREIGN: usize = OWN.len();

/// What a subscriber printed.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Printed {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Printed {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panics").clone()).expect("a subscriber prints text")
    }
}

#[test]
fn without_any_subscriber() {
    assert_recorded(&recorded(|| work_as(1)), OWN_ALONE);
}

#[test]
fn with_the_subscriber_that_we_set_up() {
    let trace = recorded(|| {
        peerscope::init().expect("there is no other subscriber");
        work_as(1);
    });
    assert_recorded(&trace, WITH_FOREIGN);
}

#[test]
fn under_a_global_filter_that_turns_everything_off() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(EnvFilter::new("off")).with(peerscope::layer()).init();
        work_as(1);
    });
    assert_recorded(&trace, OWN_ALONE);
}

#[test]
fn under_a_maximal_level() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(LevelFilter::OFF).with(peerscope::layer()).init();
        work_as(1);
    });
    assert_recorded(&trace, OWN_ALONE);
}

#[test]
fn when_no_level_at_all_is_enabled() {
    let trace = recorded(|| {
        tracing_subscriber::fmt().with_max_level(LevelFilter::OFF).init();
        assert_eq!(LevelFilter::current(), LevelFilter::OFF, "this is what call sites look at first");
        work_as(1);
    });
    assert_recorded(&trace, OWN_ALONE);
}

#[test]
fn under_filters_of_single_layers() {
    let trace = recorded(|| {
        let printed = Printed::default();
        let text = tracing_subscriber::fmt::layer().with_writer(printed.clone());
        let nothing = FilterFn::new(|_| false);
        tracing_subscriber::registry()
            .with(text.with_filter(EnvFilter::new("neighbour=error")))
            .with(tracing_subscriber::fmt::layer().with_filter(nothing))
            .with(peerscope::layer())
            .init();
        work_as(1);
        assert_eq!(printed.text().lines().count(), 1, "only the foreign event: {}", printed.text());
    });
    assert_recorded(&trace, WITH_FOREIGN);
}

#[test]
fn under_a_filter_on_our_own_layer() {
    let trace = recorded(|| {
        tracing_subscriber::registry().with(peerscope::layer().with_filter(LevelFilter::OFF)).init();
        work_as(1);
    });
    assert_recorded(&trace, OWN_ALONE);
}

#[test]
fn with_a_subscriber_in_one_thread_only() {
    let trace = recorded(|| {
        let printed = Printed::default();
        let text = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(printed.clone()).finish();
        std::thread::spawn(|| with_default(text, || dprintf!("seen by the subscriber"))).join().expect("it ends well");
        work_as(1);
        assert!(printed.text().contains("seen by the subscriber"));
        assert_eq!(printed.text().lines().count(), 1, "{}", printed.text());
    });
    let mut lines = trace.lines();
    let extra = lines.iter().position(|line| line == "log msg=seen by the subscriber").expect("it is recorded as well");
    lines.remove(extra);
    // One more thread ran, so the tracked one has the next number.
    let renumbered = OWN[..OWN_ALONE].iter().map(|line| line.replace("child=2", "child=3"));
    let mut expected: Vec<_> = renumbered.collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn with_a_subscriber_that_wants_only_other_things() {
    let trace = recorded(|| {
        let printed = Printed::default();
        tracing_subscriber::fmt().with_env_filter("peerscope::vote=debug").with_writer(printed.clone()).init();
        work_as(1);
        let text = printed.text();
        assert_eq!(text.lines().count(), 2, "the vote and the line about it: {text}");
        assert!(text.lines().all(|line| line.contains("peerscope::vote")), "{text}");
    });
    assert_recorded(&trace, OWN_ALONE);
}
