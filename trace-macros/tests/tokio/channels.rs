//! Channels that are awaited: which value went where, who waited for room or for a value, who gave up.

use peerscope::thread;
use peerscope::tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use peerscope::tokio::sync::{mpsc, oneshot};
use peerscope::tokio::{self, select, task};
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, Trace, marked, recorded, until_recorded};
use crate::{deeds, run};

/// What task `task` says of channels.
fn of_channels(trace: &Trace, task: u64) -> Vec<String> {
    deeds(trace, task).into_iter().filter(|line| line.starts_with("chan.")).collect()
}

#[test]
fn who_finds_what_it_needs_does_not_wait() {
    let trace = recorded(|| {
        run(async {
            let (sender, mut receiver) = mpsc::channel(2); // line: made
            sender.send("first").await.expect("it is received"); // line: sent
            sender.try_send("second").expect("there is room");
            assert_eq!(sender.try_send("third"), Err(TrySendError::Full("third")));
            assert_eq!(receiver.recv().await, Some("first")); // line: received
            assert_eq!(receiver.try_recv(), Ok("second"));
            assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
            drop(sender);
            assert_eq!(receiver.recv().await, None);
        });
    });
    let lines: Vec<_> = trace.of_topic("chan").iter().map(Event::says).collect();
    assert_eq!(
        lines,
        [
            "chan.new chan=1 name=channel<&str> capacity=2 flavor=queue",
            "chan.sent chan=1 item=1",
            "chan.sent chan=1 item=2",
            "chan.sent chan=1 outcome=full",
            "chan.received chan=1 seq=1 item=1",
            "chan.received chan=1 seq=2 item=2",
            "chan.received chan=1 outcome=empty",
            "chan.close chan=1",
            "chan.received chan=1 outcome=closed",
        ]
    );
    let places: Vec<_> = trace.of_topic("chan").iter().map(|event| event.src().to_owned()).collect();
    assert_eq!(places[0], marked(file!(), "made"));
    assert_eq!(places[1], marked(file!(), "sent"));
    assert_eq!(places[4], marked(file!(), "received"));
}

#[test]
fn who_waits_for_room_or_for_a_value_says_so_first() {
    let trace = recorded(|| {
        run(async {
            let (sender, mut receiver) = mpsc::named_channel("jobs", 1);
            let producer = tokio::spawn(async move {
                for job in 0..2 {
                    sender.send(job).await.expect("it is received");
                }
                // Room alone: a send without an item, and then the item.
                sender.reserve().await.expect("it is received").send(2);
            });
            for _ in 0..4 {
                task::yield_now().await;
            }
            let mut received = Vec::new();
            while let Some(job) = receiver.recv().await {
                received.push(job);
            }
            assert_eq!(received, [0, 1, 2]);
            producer.await.expect("it ends well");
        });
    });
    assert_eq!(
        of_channels(&trace, 2),
        [
            "chan.new chan=1 name=jobs capacity=1 flavor=queue",
            "chan.sent chan=1 item=1",
            "chan.send chan=1 item=2",
            "chan.sent chan=1 item=2",
            "chan.send chan=1",
            "chan.sent chan=1",
            "chan.sent chan=1 item=3",
            "chan.close chan=1",
        ]
    );
    assert_eq!(
        of_channels(&trace, 1),
        [
            "chan.received chan=1 seq=1 item=1",
            "chan.recv chan=1",
            "chan.received chan=1 seq=2 item=2",
            "chan.recv chan=1",
            "chan.received chan=1 seq=3 item=3",
            "chan.received chan=1 outcome=closed",
        ]
    );
}

#[test]
fn a_select_takes_one_and_cancels_the_others() {
    let trace = recorded(|| {
        run(async {
            let (sender, mut receiver) = mpsc::unbounded_channel::<u8>();
            let (full, _kept) = mpsc::channel(1);
            full.try_send(0).expect("there is room");
            let (answer, mut answered) = oneshot::channel(); // line: answered
            let other = tokio::spawn(async move { answer.send(7) });
            select! {
                biased;
                _ = receiver.recv() => unreachable!("nothing is sent"),
                _ = full.send(1) => unreachable!("it is full"),
                answer = &mut answered => assert_eq!(answer, Ok(7)),
            }
            other.await.expect("it ends well").expect("it was received");
            drop(sender);
        });
    });
    assert_eq!(
        of_channels(&trace, 1),
        [
            "chan.new chan=1 name=channel<i32> capacity=1 flavor=queue",
            "chan.sent chan=1 item=1",
            "chan.new chan=2 name=unbounded_channel<u8> flavor=queue",
            "chan.recv chan=2",
            "chan.send chan=1 item=2",
            "chan.new chan=3 name=oneshot<i32> capacity=1 flavor=oneshot",
            "chan.recv chan=3",
            "chan.received chan=3 seq=1 item=1",
            "chan.received chan=2 outcome=cancelled",
            "chan.sent chan=1 outcome=cancelled",
            "chan.close chan=2",
            "chan.close chan=1",
        ]
    );
    assert_eq!(of_channels(&trace, 2), ["chan.sent chan=3 item=1"]);
    let answered = trace.of_topic("chan").into_iter().find(|event| event.says().starts_with("chan.received chan=3"));
    assert_eq!(answered.expect("it was answered").src(), marked(file!(), "answered"));
}

#[test]
fn a_sender_that_is_gone_ends_the_wait_for_its_answer() {
    let trace = recorded(|| {
        run(async {
            let (sender, receiver) = oneshot::named_channel::<u8>("answer");
            let waiter = tokio::spawn(receiver); // line: waiter
            task::yield_now().await;
            drop(sender);
            assert!(waiter.await.expect("it ends well").is_err());
            let (sender, receiver) = oneshot::channel();
            drop(receiver);
            assert_eq!(sender.send(1), Err(1));
        });
    });
    assert_eq!(
        of_channels(&trace, 2),
        [
            "chan.new chan=1 name=answer capacity=1 flavor=oneshot",
            "chan.recv chan=1",
            "chan.received chan=1 outcome=closed"
        ]
    );
    let last = of_channels(&trace, 1).pop().expect("it was sent in vain");
    assert_eq!(last, "chan.sent chan=2 outcome=closed");
}

#[test]
fn threads_may_block_on_channels() {
    let trace = recorded(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let (answer, answered) = oneshot::channel();
        let other = thread::spawn(move || {
            until_recorded(Kind::ChanRecv);
            sender.blocking_send(1).expect("it is received");
            let blocked = answered.blocking_recv();
            assert_eq!(blocked, Ok(2));
        });
        assert_eq!(receiver.blocking_recv(), Some(1));
        answer.send(2).expect("it is received");
        assert_eq!(receiver.blocking_recv(), None);
        other.join().expect("it ends well");
    });
    let receives = trace.lines_of("chan").into_iter().filter(|line| line.starts_with("chan.received chan=1"));
    assert_eq!(
        receives.collect::<Vec<_>>(),
        ["chan.received chan=1 seq=1 item=1", "chan.received chan=1 outcome=closed"]
    );
}
