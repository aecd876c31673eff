//! The tracked channel: which value went from whom to whom, who waits at which end, who closed it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{RecvTimeoutError, TryRecvError, TrySendError};
use std::time::Duration;

use peerscope::sync::mpsc;
use peerscope::thread;
use peerscope_format::value::Id;
use peerscope_format::vocabulary::{Body, Kind};

use crate::common::{Event, Stage, Trace, marked, recorded, until_recorded, until_recorded_times};

/// What the events say, and the marks of the lines that they name.
fn told(trace: &Trace, task: u64) -> Vec<(String, String)> {
    trace.story(task, &["chan"])
}

fn expected<const N: usize>(lines: [(&str, &str); N]) -> Vec<(String, String)> {
    lines.map(|(line, mark)| (line.to_owned(), marked(file!(), mark))).into()
}

#[test]
fn values_go_through_and_both_ends_name_them() {
    let trace = recorded(|| {
        let (sender, receiver) = mpsc::channel(); // line: made
        sender.send(7).expect("it is open"); // line: first
        sender.clone().send(8).expect("it is open"); // line: second
        assert_eq!(receiver.recv(), Ok(7)); // line: recv
        assert_eq!(receiver.try_recv(), Ok(8)); // line: try recv
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty)); // line: empty
        sender.send(9).expect("it is open"); // line: third
        drop(sender);
        assert_eq!(receiver.recv_timeout(Duration::MAX), Ok(9)); // line: rest
        assert!(receiver.recv().is_err()); // line: closed
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected)); // line: still closed
    });
    let lines = [
        ("chan.new chan=1 name=channel<i32> flavor=queue", "made"),
        ("chan.sent chan=1 item=1", "first"),
        ("chan.sent chan=1 item=2", "second"),
        ("chan.received chan=1 seq=1 item=1", "recv"),
        ("chan.received chan=1 seq=2 item=2", "try recv"),
        ("chan.received chan=1 outcome=empty", "empty"),
        ("chan.sent chan=1 item=3", "third"),
        ("chan.close chan=1", "made"),
        ("chan.received chan=1 seq=3 item=3", "rest"),
        ("chan.received chan=1 outcome=closed", "closed"),
        ("chan.received chan=1 outcome=closed", "still closed"),
    ];
    assert_eq!(told(&trace, trace.the(Kind::ChanNew).task()), expected(lines));
}

#[test]
fn a_receiver_waits_until_there_is_a_value() {
    let trace = recorded(|| {
        let (sender, receiver) = mpsc::named_channel("jobs"); // line: jobs
        let worker = thread::spawn(move || {
            assert_eq!(receiver.recv(), Ok(7)); // line: waits
            receiver.recv() // line: waits in vain
        });
        until_recorded(Kind::ChanRecv);
        sender.send(7).expect("it is open");
        until_recorded_times(Kind::ChanRecv, 2);
        drop(sender);
        assert!(worker.join().expect("it ends well").is_err());
    });
    let lines = [
        ("chan.new chan=1 name=jobs flavor=queue", "jobs"),
        ("chan.recv chan=1", "waits"),
        ("chan.received chan=1 seq=1 item=1", "waits"),
        ("chan.recv chan=1", "waits in vain"),
        ("chan.received chan=1 outcome=closed", "waits in vain"),
    ];
    assert_eq!(told(&trace, trace.children()[0]), expected(lines));
    assert!(trace.the(Kind::ChanClose).ticks <= trace.of_topic("chan").last().expect("the end").ticks);
}

#[test]
fn a_sender_waits_for_room_or_for_whoever_takes_it() {
    let trace = recorded(|| {
        for bound in [1, 0] {
            let (sender, receiver) = mpsc::named_sync_channel("slots", bound);
            if bound == 1 {
                sender.try_send(0).expect("there is room");
            }
            assert_eq!(sender.try_send(9), Err(TrySendError::Full(9)));
            let worker = thread::spawn(move || sender.send(1)); // line: waits for room
            until_recorded_times(Kind::ChanSend, 2 - bound);
            assert_eq!(receiver.iter().collect::<Vec<_>>(), (1 - bound as i32..2).collect::<Vec<_>>());
            worker.join().expect("it ends well").expect("it was open");
        }
    });
    let lines = [("chan.send chan=1 item=3", "waits for room"), ("chan.sent chan=1 item=3", "waits for room")];
    let without_close = |mut lines: Vec<(String, String)>| {
        lines.retain(|(line, _)| !line.starts_with("chan.close"));
        lines
    };
    assert_eq!(without_close(told(&trace, trace.children()[0])), expected([lines[0], lines[1]]));
    let rendezvous = [("chan.send chan=2 item=2", lines[0].1), ("chan.sent chan=2 item=2", lines[0].1)];
    assert_eq!(without_close(told(&trace, trace.children()[1])), expected(rendezvous));
    let of_main: Vec<_> =
        trace.lines_of("chan").into_iter().filter(|line| line.contains("new") || line.contains("full")).collect();
    assert_eq!(
        of_main,
        [
            "chan.new chan=1 name=slots capacity=1 flavor=queue",
            "chan.sent chan=1 outcome=full",
            "chan.new chan=2 name=slots capacity=0 flavor=queue",
            "chan.sent chan=2 outcome=full",
        ]
    );
}

#[test]
fn what_nobody_will_receive_comes_back() {
    let trace = recorded(|| {
        let (sender, receiver) = mpsc::channel();
        sender.send(1).expect("it is open");
        drop(receiver);
        assert_eq!(sender.send(7).expect_err("the receiver is gone").0, 7);
        let (bounded, receiver) = mpsc::sync_channel(1);
        bounded.send(0).expect("it is open");
        let worker = {
            let bounded = bounded.clone();
            thread::spawn(move || bounded.send(8)) // line: waits for nobody
        };
        until_recorded(Kind::ChanSend);
        drop(receiver);
        assert_eq!(worker.join().expect("it ends well").expect_err("the receiver is gone").0, 8);
        assert_eq!(bounded.try_send(9), Err(TrySendError::Disconnected(9)));
    });
    let of_main: Vec<_> =
        trace.of_topic("chan").iter().filter(|event| event.task() != trace.children()[0]).map(Event::says).collect();
    assert_eq!(
        of_main,
        [
            "chan.new chan=1 name=channel<i32> flavor=queue",
            "chan.sent chan=1 item=1",
            "chan.close chan=1",
            "chan.sent chan=1 outcome=closed",
            "chan.new chan=2 name=sync_channel<i32> capacity=1 flavor=queue",
            "chan.sent chan=2 item=1",
            "chan.close chan=2",
            "chan.sent chan=2 outcome=closed",
        ],
        "it is closed once, by whichever side is gone first"
    );
    let mark = "waits for nobody";
    assert_eq!(
        told(&trace, trace.children()[0]),
        expected([("chan.send chan=2 item=2", mark), ("chan.sent chan=2 outcome=closed", mark)])
    );
}

#[test]
fn a_receive_with_a_limit_waits_and_ends_by_the_clock() {
    let trace = recorded(|| {
        let (sender, receiver) = mpsc::channel::<u8>();
        assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
        drop(sender);
        assert_eq!(receiver.recv_timeout(Duration::MAX), Err(RecvTimeoutError::Disconnected));
    });
    assert_eq!(
        trace.lines_of("chan")[1..],
        [
            "chan.recv chan=1",
            "chan.received chan=1 outcome=timeout",
            "chan.close chan=1",
            "chan.received chan=1 outcome=closed"
        ]
    );
}

#[test]
fn whoever_iterates_receives_at_the_line_that_began_to() {
    let trace = recorded(|| {
        let (sender, receiver) = mpsc::channel();
        (1..=4).for_each(|value| sender.send(value).expect("it is open"));
        let first = receiver.try_iter().take(1); // line: try iter
        assert_eq!(first.collect::<Vec<_>>(), [1]);
        let more = IntoIterator::into_iter(&receiver).take(2); // line: by reference
        assert_eq!(more.collect::<Vec<_>>(), [2, 3]);
        drop(sender);
        let rest = receiver.into_iter(); // line: by value
        assert_eq!(rest.collect::<Vec<_>>(), [4]);
    });
    let events = trace.events();
    let received = events.iter().filter(|event| event.kind() == Kind::ChanReceived);
    let received: Vec<_> = received.map(|event| (event.says(), event.src().to_owned())).collect();
    let lines = [
        ("chan.received chan=1 seq=1 item=1", "try iter"),
        ("chan.received chan=1 seq=2 item=2", "by reference"),
        ("chan.received chan=1 seq=3 item=3", "by reference"),
        ("chan.received chan=1 seq=4 item=4", "by value"),
        ("chan.received chan=1 outcome=closed", "by value"),
    ];
    assert_eq!(received, expected(lines));
}

#[test]
fn the_receiver_knows_the_order_of_all_senders() {
    const SENDERS: u64 = 4;
    const EACH: u64 = 250;
    let trace = recorded(|| {
        let (sender, receiver) = mpsc::sync_channel(3);
        let threads: Vec<_> = (0..SENDERS)
            .map(|_| {
                let sender = sender.clone();
                thread::spawn(move || (0..EACH).for_each(|value| sender.send(value).expect("it is open")))
            })
            .collect();
        drop(sender);
        assert_eq!(receiver.iter().sum::<u64>(), SENDERS * (0..EACH).sum::<u64>());
        threads.into_iter().for_each(|thread| thread.join().expect("it ends well"));
    });
    let (mut senders, mut next) = (BTreeMap::new(), 1);
    let mut latest: BTreeMap<u64, u64> = BTreeMap::new();
    let number = |item: Option<Id<'_>>| match item {
        Some(Id::Number(item)) => item,
        other => panic!("{other:?} is no item"),
    };
    for event in trace.of_topic("chan") {
        if let Body::ChanSent(sent) = event.body() {
            assert_eq!(senders.insert(number(sent.item), event.task()), None, "an item is sent once");
        }
    }
    for event in trace.of_topic("chan") {
        let Body::ChanReceived(received) = event.body() else { continue };
        let Some(seq) = received.seq else { continue };
        assert_eq!(seq, next, "received in the channel's own order");
        next += 1;
        let item = number(received.item);
        let sender = senders.remove(&item).expect("what is received was sent");
        let before = latest.insert(sender, item);
        assert!(before < Some(item), "what one task sends keeps its order");
    }
    assert_eq!((next - 1, senders.len()), (SENDERS * EACH, 0));
    let tasks: BTreeSet<_> = latest.into_keys().collect();
    assert_eq!(tasks.len() as u64, SENDERS);
}

#[test]
fn what_was_sent_before_the_recording_has_a_place_and_no_name() {
    let stage = Stage::new(|| {
        let (sender, receiver) = mpsc::channel();
        (0..3).for_each(|value| sender.send(value).expect("it is open"));
        assert_eq!(receiver.recv(), Ok(0));
        peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
        assert_eq!(receiver.recv(), Ok(1));
        sender.send(3).expect("it is open");
        assert_eq!(receiver.iter().take(2).collect::<Vec<_>>(), [2, 3]);
    })
    .untraced();
    assert!(stage.run().status.success());
    assert_eq!(
        Trace::of(&stage.trace_file()).lines_of("chan")[1..],
        [
            "chan.received chan=1 seq=2",
            "chan.sent chan=1 item=1",
            "chan.received chan=1 seq=3",
            "chan.received chan=1 seq=4 item=1",
            "chan.close chan=1",
        ]
    );
}
