//! Whose events these are: test, cluster, peer, incarnation, term and task of each.

use peerscope::{Peer, Test, dprintf, event, term, thread};
use peerscope_format::vocabulary::Kind;
use peerscope_format::wire::Context;

use crate::common::{marked, recorded};

#[test]
fn a_second_peer_of_the_same_id_is_its_restart() {
    let trace = recorded(|| {
        let first = Peer::new(1);
        term!(first, 5);
        first.stop("crashed");
        let second = Peer::new(1);
        assert_eq!((first.incarnation(), second.incarnation()), (0, 1));
        term!(second, 6);
        // A zombie of the first incarnation is still told apart, with its own term.
        event!(first, Commit { "index": 9 });
        event!(second, Commit { "index": 10 });
        // The same id in another cluster is another peer, and so it is in another test.
        assert_eq!(Peer::builder(1).cluster(2).start().incarnation(), 0);
        let test = Test::begin("other");
        assert_eq!(Peer::new(1).incarnation(), 0);
        assert_eq!(Peer::new("1").incarnation(), 1);
        test.end(Ok(()));
    });
    let heads: Vec<_> = trace.of_topic("peer").iter().map(|event| (event.whose(), event.says())).collect();
    let expected = [
        ("//1.0", "peer.start how=fresh"),
        ("//1.0", "peer.stop how=crashed"),
        ("//1.1", "peer.start how=restarted"),
        ("/2/1.0", "peer.start how=fresh"),
        ("other//1.0", "peer.start how=fresh"),
        ("other//1.1", "peer.start how=restarted"),
    ];
    assert_eq!(heads, expected.map(|(whose, says)| (whose.to_owned(), says.to_owned())));
    let commits: Vec<_> = trace.of_topic("commit").iter().map(|event| (event.whose(), event.term)).collect();
    assert_eq!(commits, [("//1.0".to_owned(), Some(5)), ("//1.1".to_owned(), Some(6))]);
}

#[test]
fn the_running_incarnation_of_a_peer_can_be_found_by_its_id() {
    recorded(|| {
        assert!(Peer::running(1).is_none());
        let first = Peer::new(1);
        assert_eq!(Peer::running("1").map(|peer| peer.incarnation()), Some(0));
        let second = Peer::new(1);
        drop(first);
        assert_eq!(Peer::running(1).map(|peer| peer.incarnation()), Some(1));
        let _test = Test::begin("elsewhere");
        assert!(Peer::running(1).is_none(), "another test has peers of its own");
        drop(second);
    });
}

#[test]
fn all_handles_to_a_peer_share_its_term() {
    let trace = recorded(|| {
        let peer = Peer::new(1);
        let _in = peer.enter();
        term!(peer.clone(), 7);
        let clone = peer.clone();
        thread::spawn(move || term!(clone, 8)).join().expect("the thread ends well");
        dprintf!("in the current term");
    });
    assert_eq!(trace.the(Kind::Log).term, Some(8));
    assert_eq!(trace.the(Kind::Log).whose(), "//1.0");
}

#[test]
fn a_thread_works_for_whom_it_entered_last() {
    let trace = recorded(|| {
        let (one, two) = (Peer::new(1), Peer::new(2));
        dprintf!("nobody");
        let in_one = one.enter();
        dprintf!("one");
        {
            let _in_two = two.enter();
            dprintf!("two");
            dprintf!(one.clone(), "named");
        }
        dprintf!("one again");
        let in_two = two.enter();
        // Left in the wrong order: what was entered within ends with it.
        drop(in_one);
        dprintf!("nobody again");
        let _in_one = one.enter();
        drop(in_two);
        dprintf!("still one");
    });
    let said: Vec<_> =
        trace.of_topic("log").iter().map(|event| (event.field("msg").unwrap_or(""), event.whose())).collect();
    let expected = [
        ("nobody", "//"),
        ("one", "//1.0"),
        ("two", "//2.0"),
        ("named", "//1.0"),
        ("one again", "//1.0"),
        ("nobody again", "//"),
        ("still one", "//1.0"),
    ];
    assert_eq!(said, expected.map(|(msg, whose)| (msg, whose.to_owned())));
}

#[test]
fn tests_end_with_a_verdict_and_their_own_names() {
    let trace = recorded(|| {
        drop(Test::begin("dropped")); // line: dropped
        Test::begin("dropped").end(Ok(()));
        let result = std::panic::catch_unwind(|| {
            let _test = Test::begin("panicked");
            panic!("no leader");
        });
        assert!(result.is_err());
        dprintf!("no test runs");
    });
    let heads: Vec<_> = trace.lines_of("test").into_iter().zip(trace.of_topic("test")).collect();
    let said: Vec<_> = heads.iter().map(|(line, event)| (event.whose(), &line[..])).collect();
    let expected = [
        ("dropped//", "test.begin name=dropped"),
        ("dropped//", "test.end name=dropped verdict=pass"),
        ("dropped#2//", "test.begin name=dropped"),
        ("dropped#2//", "test.end name=dropped verdict=pass"),
        ("panicked//", "test.begin name=panicked"),
        ("panicked//", "test.end name=panicked verdict=fail why=it panicked"),
    ];
    assert_eq!(said, expected.map(|(whose, line)| (whose.to_owned(), line)));
    assert_eq!(trace.the(Kind::Log).whose(), "//");
    assert_eq!(heads[1].1.src(), marked(file!(), "dropped"), "a test that is dropped ends in the line that began it");
}

#[test]
fn tests_that_run_at_once_do_not_mix() {
    let trace = recorded(|| {
        let tests = ["blue", "green", "red"].map(|name| {
            std::thread::spawn(move || {
                let test = Test::begin(name);
                let nodes = [0, 1].map(|id| {
                    let peer = Peer::new(id);
                    assert_eq!(peer.incarnation(), 0, "another test's peer {id} is not ours");
                    thread::spawn(move || {
                        let _in = peer.enter();
                        let lock = peerscope::sync::Mutex::new(0);
                        for round in 0..50 {
                            *lock.lock().expect("nobody panics") += 1;
                            dprintf!("{name} {id} {round}");
                            thread::spawn(move || dprintf!("helper of {name} {id}")).join().expect("it ends well");
                        }
                    })
                });
                nodes.into_iter().for_each(|node| node.join().expect("it ends well"));
                test.end(Ok(()));
            })
        });
        tests.into_iter().for_each(|test| test.join().expect("it ends well"));
    });
    let mut lines = 0;
    for event in trace.of_topic("log") {
        let text = |name: &str| event.arg(name).map(|value| format!("{value:?}")).unwrap_or_default();
        let Context { test, peer, incarnation, .. } = event.context;
        assert_eq!(format!("{test:?}"), format!("Some({})", text("name")));
        assert_eq!(format!("{peer:?} {incarnation:?}"), format!("Some({}) Some(U64(0))", text("id")));
        lines += 1;
    }
    assert_eq!(lines, 3 * 2 * 100);
    // All that tasks do which were spawned within a test belongs to it: locks, their own beginning and end.
    let all = trace.events();
    let nowhere: Vec<_> = all.iter().filter(|event| event.context.test.is_none()).collect();
    assert!(
        nowhere.iter().all(|event| event.is_frame()),
        "{:?}",
        nowhere.iter().map(|event| event.says()).collect::<Vec<_>>()
    );
    assert!(nowhere.len() <= 9, "four untracked tasks begin and end, and so does the process");
}

/// `cargo test` runs each test on a thread that bears its name: nobody has to begin a test for that.
#[test]
fn tests_of_cargo_test_are_kept_apart_by_the_names_of_their_threads() {
    let trace = recorded(|| {
        for name in ["re_election", "agreement"] {
            let test = std::thread::Builder::new().name(name.into()).spawn(|| {
                let peer = Peer::new(0);
                dprintf!(peer, log, "in the test");
                thread::spawn(|| dprintf!("in a thread of the test")).join().expect("it ends well");
            });
            test.expect("a thread").join().expect("it ends well");
        }
    });
    let whose: Vec<_> = trace.of_topic("log").iter().map(|event| event.whose()).collect();
    assert_eq!(whose, ["re_election//0.0", "re_election//", "agreement//0.0", "agreement//"]);
    let how: Vec<_> = trace.of_topic("peer").iter().map(|event| event.says()).collect();
    assert_eq!(how, ["peer.start how=fresh"; 2], "the second test's peer is no restart of the first one's");
}

/// A transport's own lines say nothing to whoever uses it.
#[test]
fn what_a_library_records_stands_at_its_callers_line() {
    #[track_caller]
    fn call(peer: &Peer, rpc: u64) {
        let caller = peer.called_from(std::panic::Location::caller());
        peerscope::rpc_send!(caller, rpc, "Vote", 1);
        peerscope::rpc_return!(caller, rpc, "ok");
    }
    let trace = recorded(|| {
        let peer = Peer::new(0);
        call(&peer, 1); // line: first
        call(&peer, 2); // line: second
        peerscope::rpc_send!(peer, 3_u64, "Vote", 1); // line: own
    });
    let lines: Vec<_> = trace.of_topic("rpc").iter().map(|event| (event.says(), event.src())).collect();
    let (first, second, own) = (marked(file!(), "first"), marked(file!(), "second"), marked(file!(), "own"));
    let expected = [
        ("rpc.send rpc=1 method=Vote to=1", &*first),
        ("rpc.return rpc=1 outcome=ok", &*first),
        ("rpc.send rpc=2 method=Vote to=1", &*second),
        ("rpc.return rpc=2 outcome=ok", &*second),
        ("rpc.send rpc=3 method=Vote to=1", &*own),
    ];
    assert_eq!(lines, expected.map(|(says, line)| (says.to_owned(), line)));
}

#[test]
fn the_first_word_of_a_test_is_the_tests_already() {
    let trace = recorded(|| {
        let speak = || {
            dprintf!("first");
            dprintf!("second");
        };
        for name in ["elections::first", "tokio-runtime-worker"] {
            let thread = std::thread::Builder::new().name(name.into()).spawn(speak);
            thread.expect("a thread").join().expect("it ends well");
        }
    });
    let whose: Vec<_> = trace.of_topic("log").iter().map(|event| event.whose()).collect();
    assert_eq!(whose, ["elections::first//", "elections::first//", "//", "//"]);
}

#[test]
fn a_reply_is_remembered_by_a_text_as_well() {
    let trace = recorded(|| {
        let (peer, rpc) = (Peer::new(0), String::from("0-7"));
        peerscope::rpc_send!(peer, rpc, "Vote", 1);
        peerscope::rpc_return!(peer, &rpc, "ok");
        peerscope::reply_used!(peer, "count the vote");
    });
    assert_eq!(trace.the(Kind::ReplyUsed).says(), "reply.used rpc=0-7 purpose=count the vote");
}
