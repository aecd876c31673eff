//! RPC helpers: what they record of a call's life, over examples of transports and beside faults of all sorts.

#![cfg(all(feature = "record", unix))]

#[path = "../examples/channel.rs"]
mod channel;
// The scenarios of the other test binaries use the rest.
#[allow(dead_code, unused_imports)]
#[path = "common/mod.rs"]
mod common;
#[path = "../examples/tcp_serde.rs"]
mod tcp_serde;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::{Trace, marked, recorded};
use peerscope::{Current, Peer, dprintf, reply_used, rpc, rpc_send};
use peerscope_format::value::Id;
use peerscope_format::vocabulary::Kind;

/// The events of RPCs and messages with their peer, and in the place of ids the order in which they came up: `rpc=a`.
fn lines(trace: &Trace) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    let events = trace.events().into_iter();
    let events = events.filter(|event| ["rpc", "msg", "reply", "fault"].contains(&event.kind().topic()));
    events
        .map(|event| {
            let mut line = format!("{}{}", event.whose().trim_start_matches('/'), format_args!(": {}", event.says()));
            let ids = ["rpc", "msg", "detail"].iter().filter_map(|name| event.field::<Id<'_>>(name));
            for id in ids.map(|id| id.to_string()) {
                let number = id.split(' ').next().unwrap_or_default().to_owned();
                let place = known.iter().position(|other| *other == number).unwrap_or_else(|| {
                    known.push(number.clone());
                    known.len() - 1
                });
                line = line.replace(&number, &char::from(b'a' + place as u8).to_string());
            }
            line
        })
        .collect()
}

#[test]
fn the_example_over_a_channel() {
    let trace = recorded(|| {
        channel::main();
    });
    let mut lines = lines(&trace);
    // Which candidate comes first, the threads decide; each call has its four events and one use.
    for (kind, count) in [("rpc.send", 2), ("rpc.recv", 2), ("rpc.reply", 2), ("rpc.return", 2), ("reply.used", 2)] {
        assert_eq!(lines.iter().filter(|line| line.contains(kind)).count(), count, "{kind} in {lines:#?}");
    }
    lines.retain(|line| line.contains("rpc=a"));
    let caller = lines[0].split('.').next().expect("a peer").to_owned();
    let expected = [
        format!("{caller}.0: rpc.send rpc=a method=RequestVote to=2"),
        format!("2.0: rpc.recv rpc=a method=RequestVote from={caller}"),
        "2.0: rpc.reply rpc=a".into(),
        format!("{caller}.0: rpc.return rpc=a outcome=ok"),
        format!("{caller}.0: reply.used rpc=a purpose=count the vote"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_example_over_tcp() {
    let trace = recorded(|| {
        tcp_serde::main();
    });
    assert_eq!(
        lines(&trace),
        [
            "0.0: rpc.send rpc=a method=AppendEntries to=1 msg_term=3 prev_index=7 count=1",
            "1.0: rpc.recv rpc=a method=AppendEntries from=0",
            "1.0: rpc.reply rpc=a msg_term=3 success=false",
            "0.0: rpc.return rpc=a outcome=ok msg_term=3 success=false",
            "0.0: rpc.send rpc=b method=AppendEntries to=1 msg_term=3 prev_index=0 count=1",
            "1.0: rpc.recv rpc=b method=AppendEntries from=0",
            "1.0: rpc.reply rpc=b msg_term=3 success=true",
            "0.0: rpc.return rpc=b outcome=ok msg_term=3 success=true",
        ]
    );
}

#[test]
fn a_call_returns_once_however_it_ends() {
    let trace = recorded(|| {
        let peer = Peer::new(0);
        let call = || rpc::call(&peer, "n1", "Ping"); // line: call
        call().timed_out();
        call().dropped();
        call().failed();
        drop(call());
        assert_eq!(call().run(|_| Err::<(), _>("refused")), Err("refused"));
        assert_eq!(call().run(|_| Ok::<_, ()>(7)), Ok(7));
        let broken =
            catch_unwind(AssertUnwindSafe(|| call().run(|_| -> Result<(), ()> { panic!("in the transport") })));
        assert!(broken.is_err());
    });
    let returns = trace.events().into_iter().filter(|event| event.kind() == Kind::RpcReturn);
    let outcomes: Vec<_> = returns.map(|event| event.field::<&str>("outcome").unwrap_or("-")).collect();
    assert_eq!(outcomes, ["timeout", "dropped", "error", "cancelled", "error", "ok", "error"]);
    let lines = trace.of_topic("rpc");
    assert!(lines.iter().all(|event| event.src() == marked(file!(), "call")), "the line of the program, at both ends");
}

#[test]
fn a_call_that_is_awaited_ends_with_its_future() {
    let trace = recorded(|| {
        let peer = Peer::new(0);
        let _in = peer.enter();
        let context = &mut Context::from_waker(Waker::noop());
        let answer = rpc::call(Current, 1, "Ping").answered(async { Ok::<_, ()>(1) });
        assert_eq!(pin!(answer).poll(context), Poll::Ready(Ok(1)));
        let mut never = Box::pin(rpc::call(peer.clone(), 1, "Ping").answered(std::future::pending::<Result<(), ()>>()));
        assert!(never.as_mut().poll(context).is_pending());
        dprintf!("the select takes another branch");
        drop(never);
    });
    assert_eq!(
        lines(&trace),
        [
            "0.0: rpc.send rpc=a method=Ping to=1",
            "0.0: rpc.return rpc=a outcome=ok",
            "0.0: rpc.send rpc=b method=Ping to=1",
            "0.0: rpc.return rpc=b outcome=cancelled",
        ]
    );
}

#[test]
fn messages_and_what_a_network_does_to_them() {
    let trace = recorded(|| {
        let (one, two) = (Peer::new(1), Peer::new(2));
        let id = rpc::send(&one, 2, "Heartbeat");
        rpc::delayed(Current, id, 1, 2, Duration::from_millis(3));
        rpc::arrived(&two, u64::from(id), 1, "Heartbeat");
        rpc::lost(Current, rpc::send(&two, 1, "Ack"), 2, 1, "partition");
        let call = rpc::call_with(&one, |peer, id| rpc_send!(peer, id, "Vote", 2, "msg_term": 4));
        rpc::dropped(Current, call.id(), 1, 2);
        call.timed_out();
        reply_used!(two, 9, "none of ours");
    });
    assert_eq!(
        lines(&trace),
        [
            "1.0: msg.send msg=a method=Heartbeat to=2",
            ": fault what=delay peers=[1, 2] detail=a by 3ms",
            "2.0: msg.recv msg=a method=Heartbeat from=1",
            "2.0: msg.send msg=b method=Ack to=1",
            ": msg.drop msg=b from=2 to=1 why=partition",
            "1.0: rpc.send rpc=c method=Vote to=2 msg_term=4",
            ": fault what=drop peers=[1, 2] detail=c",
            "1.0: rpc.return rpc=c outcome=timeout",
            "2.0: reply.used rpc=d purpose=none of ours",
        ]
    );
}

#[test]
fn without_room_for_an_id_both_ends_say_what_they_know() {
    let trace = recorded(|| {
        let (one, two) = (Peer::new(1), Peer::new(2));
        let call = rpc::call_unmarked(&one, 2, "Ping");
        rpc::handle_unmarked(&two, 1, "Ping").reply();
        call.returned();
        drop(rpc::call_unmarked(&one, 2, "Ping"));
    });
    assert_eq!(
        lines(&trace),
        [
            "1.0: rpc.send method=Ping to=2",
            "2.0: rpc.recv method=Ping from=1",
            "2.0: rpc.reply method=Ping to=1",
            "1.0: rpc.return method=Ping from=2 outcome=ok",
            "1.0: rpc.send method=Ping to=2",
            "1.0: rpc.return method=Ping from=2 outcome=cancelled",
        ]
    );
}
