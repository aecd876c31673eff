//! Every macro writes exactly the kind and the fields that the vocabulary has for it, with the right types and line.

use peerscope::{
    LogEntry, Peer, Test, apply, commit, event, fault, invariant, log_append, log_truncate, persist, phase, reply_used,
    restored, role, rpc_recv, rpc_reply, rpc_return, rpc_send, term, vote,
};
use peerscope_format::value::{Entry, Id, LogIndex, Term, Value, ValueRef};
use peerscope_format::vocabulary::{Body, Common, Kind};

use crate::common::{Event, marked, recorded};

#[test]
fn each_macro_writes_its_kind_and_fields() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        term!(peer, 3);
        role!(peer, "candidate");
        role!(peer, "leader", 4);
        vote!(peer, 2);
        vote!(peer, "n2");
        log_append!(peer, 5, [LogEntry { term: 3, digest: 70 }, LogEntry { term: 4, digest: 71 }]);
        log_append!(peer, 7, vec![LogEntry { term: 4, digest: "d1" }]);
        log_append!(peer, 8, std::iter::empty::<LogEntry<u64>>());
        log_truncate!(peer, 6);
        commit!(peer, 5_u64);
        apply!(peer, 5, 3, 70);
        persist!(peer, 4, Some(2), 5);
        persist!(peer, 4, None::<u64>, 5);
        event!(peer, Progress { "of": 2, "next": 7, "match": 6 });
    });
    assert_eq!(
        trace.lines(),
        [
            "peer.start how=fresh",
            "term",
            "role role=candidate",
            "role role=leader",
            "vote for=2",
            "vote for=n2",
            "log.append first=5 entries=[{term: 3, digest: 70}, {term: 4, digest: 71}]",
            r#"log.append first=7 entries=[{term: 4, digest: "d1"}]"#,
            "log.append first=8 entries=[]",
            "log.truncate from=6",
            "commit index=5",
            "apply index=5 entry_term=3 digest=70",
            "persist durable_term=4 vote=2 last_index=5",
            "persist durable_term=4 last_index=5",
            "progress of=2 next=7 match=6",
        ]
    );
    let terms: Vec<_> = trace.of_topic("role").iter().map(|event| event.term).collect();
    assert_eq!(terms, [Some(3), Some(4)], "the event that sets the term carries it already");
    assert_eq!(trace.the(Kind::PeerStart).term, None, "no term is known yet, which is not term 0");
    assert_eq!(trace.the(Kind::TermChange).term, Some(3));
    assert_eq!(trace.the(Kind::Commit).term, Some(4));
}

#[test]
fn what_was_read_back_from_disk_is_no_new_deed() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        restored!(peer, 6, Some(2), [LogEntry { term: 5, digest: 50 }, LogEntry { term: 6, digest: 60 }]);
        vote!(peer, 2);
        restored!(peer, 7, None::<u64>, std::iter::empty::<LogEntry<u64>>());
    });
    let own = |event: &Event<'_>| !event.is_frame() && event.kind() != Kind::PeerStart;
    let says: Vec<_> = trace
        .events()
        .into_iter()
        .filter(own)
        .map(|event| (event.says(), event.term, event.flag(Common::Restored)))
        .collect();
    let expected = [
        ("term", Some(6), true),
        ("vote for=2", Some(6), true),
        ("log.append first=1 entries=[{term: 5, digest: 50}, {term: 6, digest: 60}]", Some(6), true),
        ("vote for=2", Some(6), false),
        ("term", Some(7), true),
        ("log.append first=1 entries=[]", Some(7), true),
    ];
    assert_eq!(says, expected.map(|(line, term, restored)| (line.to_owned(), term, restored)));
}

#[test]
fn a_negative_term_counts_as_zero() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        term!(peer, -1);
        term!(peer, 0_u8);
    });
    let terms: Vec<_> = trace.of_topic("term").iter().map(|event| event.term).collect();
    assert_eq!(terms, [Some(0), Some(0)]);
}

#[test]
fn calls_and_answers_carry_what_they_are_told() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        reply_used!(peer, "before any reply");
        rpc_send!(peer, 8, "AppendEntries", 2, "msg_term": 4, "prev_index": 6, "prev_term": 3, "count": 0, "leader_commit": 5);
        rpc_recv!(peer, 8_u64, "RequestVote", 2, "last_index": 1, "last_term": 1);
        rpc_reply!(peer, 8, "granted": true, "msg_term": 4);
        rpc_return!(peer, 8, "ok", "granted": true);
        reply_used!(peer, "count vote");
        rpc_return!(peer, 9, "timeout");
        reply_used!(peer, 8, "late");
        let name = String::from("7-1");
        rpc_send!(peer, name, "Get", "client-3");
    });
    assert_eq!(
        trace.lines()[1..],
        [
            "reply.used purpose=before any reply",
            "rpc.send rpc=8 method=AppendEntries to=2 msg_term=4 prev_index=6 prev_term=3 count=0 leader_commit=5",
            "rpc.recv rpc=8 method=RequestVote from=2 last_index=1 last_term=1",
            "rpc.reply rpc=8 granted=true msg_term=4",
            "rpc.return rpc=8 outcome=ok granted=true",
            "reply.used rpc=8 purpose=count vote",
            "rpc.return rpc=9 outcome=timeout",
            "reply.used rpc=8 purpose=late",
            "rpc.send rpc=7-1 method=Get to=client-3",
        ]
    );
}

#[test]
fn what_a_test_does_is_written_in_its_name() {
    let trace = recorded(|| {
        let test = Test::begin("reelection");
        phase!(test, "disconnect leader {}", 1);
        fault!(test, "disconnect", [1]);
        fault!(test, "partition", vec![0_usize, 2], "one way");
        fault!(test, "crash", ["n1", "n2"]);
        assert!(invariant!(test, "one leader a term", 1 + 1 == 2));
        assert!(!invariant!(test, "no leader at all", false));
        test.end(Err("no leader"));
    });
    assert_eq!(
        trace.lines(),
        [
            "test.begin name=reelection",
            "test.phase name=disconnect leader 1",
            "fault what=disconnect peers=[1]",
            "fault what=partition peers=[0, 2] detail=one way",
            r#"fault what=crash peers=["n1", "n2"]"#,
            "invariant name=one leader a term holds=true",
            "invariant name=no leader at all holds=false",
            "test.end name=reelection verdict=fail why=no leader",
        ]
    );
}

#[test]
fn ids_terms_and_indexes_are_read_back_as_such() {
    let trace = recorded(|| {
        let (peer, test) = (Peer::new("n1"), Test::begin("typed"));
        vote!(peer, 2_i64);
        fault!(test, "partition", [1, -1]);
        log_append!(peer, 5_i32, [LogEntry { term: 3, digest: 70_i32 }]);
        persist!(peer, 4_u8, Some(-1), 5_usize);
        invariant!(peer, "a", true);
        event!(peer, VarWrite { "var": 1, "value": -7, "version": 2 });
    });
    let Body::Vote(vote) = trace.the(Kind::Vote).body() else { panic!("a vote") };
    assert_eq!(vote.candidate, Some(Id::Number(2)));
    let Body::Fault(fault) = trace.the(Kind::Fault).body() else { panic!("a fault") };
    let peers: Vec<_> = fault.peers.expect("peers").iter().collect();
    assert_eq!(peers, [Id::Number(1), Id::Negative(-1)], "1 is the same id whatever integer type it came from");
    let Body::LogAppend(append) = trace.the(Kind::LogAppend).body() else { panic!("an append") };
    assert_eq!(append.first, Some(LogIndex(5)));
    let entries: Vec<_> = append.entries.expect("entries").iter().collect();
    assert_eq!(entries, [Entry { term: Some(Term(3)), digest: Some(Id::Number(70)) }]);
    let Body::Persist(persist) = trace.the(Kind::Persist).body() else { panic!("a persist") };
    assert_eq!(persist.durable_term, Some(Term(4)));
    assert_eq!((persist.vote, persist.last_index), (Some(Id::Negative(-1)), Some(LogIndex(5))));
    let Body::Invariant(invariant) = trace.the(Kind::Invariant).body() else { panic!("an invariant") };
    assert_eq!(invariant.holds, Some(true));
    let Body::VarWrite(write) = trace.the(Kind::VarWrite).body() else { panic!("a write") };
    assert_eq!(write.value.map(ValueRef::to_value), Some(Value::I64(-7)));
    assert_eq!(write.version, Some(2));
}

#[test]
fn each_event_knows_the_line_that_wrote_it() {
    let trace = recorded(|| {
        let test = Test::begin("lines"); // line: test.begin
        let peer = Peer::new(1); // line: peer.start
        term!(peer, 1); // line: term
        vote!(peer, 1); // line: vote
        phase!(test, "looking"); // line: test.phase
        invariant!(peer, "true", true); // line: invariant
        rpc_return!(peer, 1, "ok"); // line: rpc.return
        reply_used!(peer, "look"); // line: reply.used
        event!(peer, Snapshot { "last_index": 1, "last_term": 1, "how": "taken" }); // line: snapshot
        peer.stop("returned"); // line: peer.stop
        test.end(Ok(())); // line: test.end
    });
    let events: Vec<_> = trace.events().into_iter().filter(|event| !event.is_frame()).collect();
    assert_eq!(events.len(), 11);
    for event in events {
        assert_eq!(event.src(), marked(file!(), event.kind().name()));
    }
}

#[test]
fn a_peer_is_announced_with_all_that_is_known_of_it() {
    let trace = recorded(|| {
        let built = Peer::builder("n1").cluster("shard-7").name("north").members(["n1", "n2", "n3"]).start(); // line: built
        built.stop("killed");
        Peer::builder(-1).members([-1_i64, 5]).start();
        Peer::new("4");
    });
    let starts = trace.of_topic("peer");
    let lines: Vec<_> = starts.iter().map(|event| (event.whose(), event.says())).collect();
    let expected = [
        ("/shard-7/n1.0", r#"peer.start how=fresh members=["n1", "n2", "n3"] name=north"#),
        ("/shard-7/n1.0", "peer.stop how=killed"),
        ("//-1.0", "peer.start how=fresh members=[-1, 5]"),
        ("//4.0", "peer.start how=fresh"),
    ];
    assert_eq!(lines, expected.map(|(whose, line)| (whose.to_owned(), line.to_owned())));
    assert_eq!(starts[0].src(), marked(file!(), "built"));
    assert_eq!(starts[3].context.peer, Some(Value::U64(4)), "4 and \"4\" are the same id");
}
