//! Channels: which value came from whom, who waits for what, and how it ends.

use std::time::Duration;

use peerscope::crossbeam::channel::{after, bounded, named_bounded, unbounded};
use peerscope::thread;
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, marked, recorded, until_recorded};

#[test]
fn both_ends_name_the_item() {
    let trace = recorded(|| {
        let (sender, receiver) = unbounded::<u32>(); // line: made
        sender.send(7).expect("it is open"); // line: send
        sender.try_send(8).expect("it is open"); // line: try
        let other = receiver.clone();
        assert_eq!(other.recv(), Ok(7)); // line: receive
        assert_eq!(receiver.iter().next(), Some(8)); // line: iterate
        assert!(receiver.try_recv().is_err()); // line: empty
        drop(sender);
        assert!(receiver.recv().is_err()); // line: end
    });
    assert_eq!(
        trace.lines(),
        [
            "chan.new chan=1 name=unbounded<u32> flavor=queue",
            "chan.sent chan=1 item=1",
            "chan.sent chan=1 item=2",
            "chan.received chan=1 item=1",
            "chan.received chan=1 item=2",
            "chan.received chan=1 outcome=empty",
            "chan.close chan=1",
            "chan.received chan=1 outcome=closed",
        ]
    );
    let places: Vec<_> = trace.of_topic("chan").iter().map(Event::src).collect();
    let expected = ["made", "send", "try", "receive", "iterate", "empty", "made", "end"];
    assert_eq!(places, expected.map(|mark| marked(file!(), mark)));
}

#[test]
fn who_must_wait_says_so_before() {
    let trace = recorded(|| {
        let (sender, receiver) = named_bounded("jobs", 0);
        let worker = thread::spawn(move || sender.send(7)); // line: rendezvous
        // Only now is it received: were the wait recorded afterwards, this would never end.
        until_recorded(Kind::ChanSend);
        assert_eq!(receiver.recv(), Ok(7));
        assert_eq!(worker.join().expect("it ends well"), Ok(()));
    });
    let rendezvous = marked(file!(), "rendezvous");
    let story = trace.story(trace.children()[0], &["chan"]);
    let expected = ["chan.send chan=1 item=1", "chan.sent chan=1 item=1", "chan.close chan=1"];
    let told: Vec<_> = story.iter().map(|(line, _)| line).filter(|line| !line.contains(".new")).collect();
    assert_eq!(told, expected.each_ref());
    assert!(story.contains(&(expected[0].to_owned(), rendezvous)));
    assert_eq!(trace.the(Kind::ChanNew).says(), "chan.new chan=1 name=jobs capacity=0 flavor=queue");
}

#[test]
fn time_outs_are_told_from_full_empty_and_closed() {
    let soon = Duration::from_millis(1);
    let trace = recorded(|| {
        let (sender, receiver) = bounded(1);
        assert!(receiver.recv_timeout(soon).is_err());
        sender.send_timeout(1, soon).expect("there is room");
        assert!(sender.try_send(2).is_err());
        assert!(sender.send_timeout(3, soon).is_err());
        drop(receiver);
        assert!(sender.send(4).is_err());
        assert!(sender.try_send(5).is_err());
    });
    assert_eq!(
        trace.lines()[1..],
        [
            "chan.recv chan=1",
            "chan.received chan=1 outcome=timeout",
            "chan.sent chan=1 item=1",
            "chan.sent chan=1 outcome=full",
            "chan.send chan=1 item=3",
            "chan.sent chan=1 outcome=timeout",
            "chan.close chan=1",
            "chan.sent chan=1 outcome=closed",
            "chan.sent chan=1 outcome=closed",
        ]
    );
}

#[test]
fn who_waits_for_a_clock_alone_sleeps() {
    let trace = recorded(|| {
        after(Duration::from_millis(1)).recv().expect("it fires"); // line: sleep
    });
    let sleep = trace.the(Kind::Sleep);
    assert!(sleep.field::<u64>("for").is_some_and(|duration| duration <= 1_000_000), "{}", sleep.says());
    assert_eq!((sleep.src(), trace.count(Kind::SleepEnd)), (&marked(file!(), "sleep")[..], 1));
    assert!(trace.of_topic("chan").is_empty());
}
