//! Sleeps, timeouts and ticks, in a time that passes only when all tasks wait.

use std::time::Duration;

use peerscope::tokio::sync::Mutex;
use peerscope::tokio::time::{self, Instant};
use peerscope::tokio::{self, pin, select};

use crate::common::{Trace, marked, recorded};
use crate::run;

/// What the trace says of time and locks.
fn waits(trace: &Trace) -> Vec<String> {
    let topics = ["sleep", "timer", "lock"];
    let events = trace.events().into_iter().filter(|event| topics.contains(&event.kind().topic()));
    events.map(|event| event.says()).collect()
}

#[test]
fn a_sleep_ends_when_it_is_over_or_given_up() {
    let trace = recorded(|| {
        run(async {
            time::sleep(Duration::from_millis(5)).await; // line: slept
            let long = time::sleep(Duration::from_secs(3600));
            pin!(long);
            select! {
                biased;
                () = &mut long => unreachable!("it is long"),
                () = time::sleep(Duration::ZERO) => {}
            }
            long.as_mut().reset(Instant::now() + Duration::from_millis(2));
            long.await;
        });
    });
    let mut lines = waits(&trace);
    // A sleep of no time may have to wait for the next tick of the runtime's clock.
    lines.retain(|line| line != "sleep for=0");
    assert_eq!(lines[..2], ["sleep for=5000000", "sleep.end"]);
    assert_eq!(trace.of_topic("sleep")[0].src(), marked(file!(), "slept"));
    assert!(lines.contains(&"sleep for=3600000000000".to_owned()));
    assert!(lines.contains(&"sleep.end outcome=cancelled".to_owned()), "the long one was given up: {lines:?}");
    assert_eq!(lines[lines.len() - 2..], ["sleep for=2000000", "sleep.end"]);
}

#[test]
fn a_timeout_is_a_timer_beside_what_is_waited_for() {
    let trace = recorded(|| {
        run(async {
            let lock = std::sync::Arc::new(Mutex::new(()));
            let held = lock.lock().await;
            time::timeout(Duration::from_millis(7), lock.lock()).await.expect_err("it is held"); // line: timed
            let soon = tokio::spawn(async move {
                time::sleep(Duration::from_millis(1)).await;
            });
            time::timeout(Duration::from_millis(7), soon).await.expect("in time").expect("it ends well");
            time::timeout(Duration::from_millis(7), std::future::ready(())).await.expect("at once");
            drop(held);
        });
    });
    assert_eq!(
        waits(&trace),
        [
            "lock.new lock=1 name=Mutex<()>",
            "lock.acquire lock=1 seq=1",
            "lock.wait lock=1",
            "timer.set timer=4294967296 after=7000000 select=4294967296 name=timeout",
            "timer.fire timer=4294967296",
            "lock.acquire lock=1 outcome=cancelled",
            "timer.set timer=4294967297 after=7000000 select=4294967297 name=timeout",
            "sleep for=1000000",
            "sleep.end",
            "timer.stop timer=4294967297",
            "lock.release lock=1 seq=1",
        ]
    );
    assert_eq!(trace.of_topic("timer")[0].src(), marked(file!(), "timed"));
}

#[test]
fn a_tick_that_is_not_due_is_slept_for() {
    let trace = recorded(|| {
        run(async {
            let mut interval = time::interval(Duration::from_millis(10));
            interval.tick().await;
            interval.tick().await; // line: tick
        });
    });
    assert_eq!(waits(&trace), ["sleep", "sleep.end"]);
    assert_eq!(trace.of_topic("sleep")[0].src(), marked(file!(), "tick"));
}
