//! Tasks: who started whom, how each was polled and woken, how each ended, and in whose name.

use std::future::poll_fn;
use std::task::Poll;

use peerscope::tokio::task::{self, JoinSet, LocalSet};
use peerscope::tokio::{self, runtime};
use peerscope::{Peer, dprintf, term};
use peerscope_format::vocabulary::Kind;

use crate::common::{Event, Trace, marked, recorded};
use crate::{deeds, run};

/// How the tasks ended, in the order of their ids.
fn ends(trace: &Trace) -> Vec<(u64, String)> {
    let events = trace.events();
    let ends = events.iter().filter(|event| event.kind() == Kind::TaskEnd && !event.is_frame());
    let mut ends: Vec<_> =
        ends.map(|end| (end.task(), end.field::<&str>("how").expect("it says how").into())).collect();
    ends.sort();
    ends
}

#[test]
fn a_task_is_announced_polled_woken_ended_and_joined() {
    let trace = recorded(|| {
        run(async {
            dprintf!("main");
            let work = async {
                dprintf!("before");
                task::yield_now().await;
                dprintf!("behind");
                7
            };
            let child = tokio::spawn(work); // line: spawned
            assert_eq!(child.await.expect("it ends well"), 7); // line: joined
        });
    });
    let main = trace.of_topic("task")[0].task();
    assert_eq!(
        deeds(&trace, main)[1..5],
        ["log msg=main", "task.spawn child=2", "task.join child=2", "task.joined child=2"]
    );
    let child: Vec<_> =
        trace.events().into_iter().filter(|event| event.task() == 2).map(|event| event.says()).collect();
    assert_eq!(
        child,
        [
            "task.begin",
            "task.poll by=1 seq=1",
            "log msg=before",
            "task.pend",
            // The runtime brings back those that yielded, as nobody's deed but the thread's.
            "task.wake by=1",
            "task.poll by=1 seq=2",
            "log msg=behind",
            "task.end how=ok",
        ]
    );
    assert_eq!(trace.the(Kind::TaskSpawn).src(), marked(file!(), "spawned"));
    assert_eq!(trace.the(Kind::TaskJoin).src(), marked(file!(), "joined"));
    assert_eq!(trace.the(Kind::TaskJoined).src(), marked(file!(), "joined"));
}

#[test]
fn a_panic_is_the_end_of_its_task_and_passed_on() {
    let trace = recorded(|| {
        run(async {
            let child = tokio::spawn(async {
                task::yield_now().await;
                std::panic::panic_any(String::from("number 7"));
            });
            let error = child.await.expect_err("it panicked");
            assert_eq!(error.into_panic().downcast_ref::<String>().map(String::as_str), Some("number 7"));
            let child = task::spawn_blocking(|| panic!("blocked"));
            assert!(child.await.expect_err("it panicked").is_panic());
            dprintf!("whoever joined goes on as itself");
        });
    });
    assert_eq!(ends(&trace), [(2, "panic: number 7".into()), (3, "panic: blocked".into())]);
    assert_eq!(trace.the(Kind::Log).task(), 1);
}

fn spawn_in<F>(peer: &Peer, future: F) -> task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let _in = peer.enter();
    tokio::spawn(future)
}

/// Says something when it is dropped.
struct LastWords(&'static str);

impl Drop for LastWords {
    fn drop(&mut self) {
        dprintf!("last words {text}", text = self.0);
    }
}

#[test]
fn what_is_aborted_is_dropped_in_its_own_name() {
    let trace = recorded(|| {
        run(async {
            let work = async {
                let _words = LastWords("of the child");
                std::future::pending::<()>().await;
            };
            let child = spawn_in(&Peer::new(3), work);
            task::yield_now().await;
            child.abort();
            assert!(child.await.expect_err("it was aborted").is_cancelled());
            // One that never began: its captures are dropped all the same.
            let words = LastWords("of one that never began");
            let never = tokio::spawn(async move { drop(words) });
            never.abort();
            assert!(never.await.expect_err("it was aborted").is_cancelled());
        });
    });
    assert_eq!(
        deeds(&trace, 2),
        ["task.begin", "log msg=last words {text} args={text: \"of the child\"}", "task.end how=cancelled"]
    );
    assert_eq!(
        deeds(&trace, 3),
        ["log msg=last words {text} args={text: \"of one that never began\"}", "task.end how=cancelled"]
    );
    let logs: Vec<_> = trace.of_topic("log").iter().map(Event::whose).collect();
    assert_eq!(logs, ["//3.0", "//"]);
}

#[test]
fn a_task_works_for_the_peer_that_spawned_it_and_never_for_another() {
    let trace = recorded(|| {
        run(async {
            let work = |name: &'static str| async move {
                for _ in 0..2 {
                    dprintf!("{name} works");
                    task::yield_now().await;
                }
                tokio::spawn(async move { dprintf!("child of {name}") }).await.expect("it ends well");
            };
            let peers = [Peer::new(0), Peer::new(1)];
            term!(&peers[1], 4);
            let mut tasks = JoinSet::new();
            for (peer, name) in peers.iter().zip(["zero", "one"]) {
                tasks.spawn(peer.instrument(work(name)));
            }
            tasks.spawn(work("nobody"));
            tasks.join_all().await;
            dprintf!("main");
        });
    });
    let mut said: Vec<_> =
        trace.of_topic("log").iter().map(|event| (event.whose(), event.term, event.says())).collect();
    said.sort();
    let expected = [
        ("//", None, "log msg=child of {name} args={name: \"nobody\"}"),
        ("//", None, "log msg=main"),
        ("//", None, "log msg={name} works args={name: \"nobody\"}"),
        ("//", None, "log msg={name} works args={name: \"nobody\"}"),
        ("//0.0", None, "log msg=child of {name} args={name: \"zero\"}"),
        ("//0.0", None, "log msg={name} works args={name: \"zero\"}"),
        ("//0.0", None, "log msg={name} works args={name: \"zero\"}"),
        ("//1.0", Some(4), "log msg=child of {name} args={name: \"one\"}"),
        ("//1.0", Some(4), "log msg={name} works args={name: \"one\"}"),
        ("//1.0", Some(4), "log msg={name} works args={name: \"one\"}"),
    ];
    assert_eq!(said, expected.map(|(whose, term, line)| (whose.to_owned(), term, line.to_owned())));
}

#[test]
fn what_a_local_task_has_entered_is_its_own() {
    let trace = recorded(|| {
        let local = LocalSet::new();
        run(local.run_until(async {
            let work = |peer: u64| async move {
                let peer = Peer::new(peer);
                let _in = peer.enter();
                for _ in 0..2 {
                    dprintf!("of {peer}", peer = peer.incarnation());
                    task::yield_now().await;
                }
            };
            let (one, other) = (task::spawn_local(work(5)), task::spawn_local(work(6)));
            one.await.expect("it ends well");
            other.await.expect("it ends well");
            dprintf!("of nobody");
        }));
    });
    let mut logs: Vec<_> = trace.of_topic("log").iter().map(|event| (event.task(), event.whose())).collect();
    // Whom tokio polls first is its own business.
    logs.sort();
    let expected = [(1, "//"), (2, "//5.0"), (2, "//5.0"), (3, "//6.0"), (3, "//6.0")];
    assert_eq!(logs, expected.map(|(task, whose)| (task, whose.to_owned())));
}

#[test]
fn a_task_is_the_same_on_every_thread() {
    const TASKS: u64 = 16;
    const ROUNDS: u64 = 50;
    let trace = recorded(|| {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(3).build().expect("a runtime");
        runtime.block_on(async {
            let work = |peer: u64| async move {
                for round in 0..ROUNDS {
                    dprintf!("{round}");
                    task::yield_now().await;
                    // Through another thread and back.
                    task::spawn_blocking(|| dprintf!("blocking")).await.expect("it ends well");
                }
                peer
            };
            let mut tasks = JoinSet::new();
            for peer in 0..TASKS {
                let task = spawn_in(&Peer::new(peer), work(peer));
                tasks.spawn(async { task.await.expect("it ends well") });
            }
            let mut joined = tasks.join_all().await;
            joined.sort_unstable();
            assert_eq!(joined, (0..TASKS).collect::<Vec<_>>());
        });
    });
    assert_eq!(trace.image.lost_events, 0);
    let events = trace.events();
    let mut threads = std::collections::BTreeSet::new();
    for peer in 0..TASKS {
        let whose = format!("//{peer}.0");
        let rounds: Vec<_> = events
            .iter()
            .filter(|event| event.kind() == Kind::Log && event.whose() == whose && event.arg("round").is_some())
            .collect();
        let task = rounds[0].task();
        assert!(rounds.iter().all(|event| event.task() == task), "one task says all rounds of peer {peer}");
        let numbers: Vec<_> = rounds.iter().map(|event| event.arg("round").expect("a round")).collect();
        assert_eq!(numbers, (0..ROUNDS).map(peerscope_format::value::Value::U64).collect::<Vec<_>>());
        // Its polls are numbered without a gap, whichever thread made them, and each but the last pends.
        let mine: Vec<_> = events.iter().filter(|event| event.task() == task).collect();
        let polls: Vec<u64> = mine.iter().filter_map(|event| event.field("seq")).collect();
        assert_eq!(polls, (1..=polls.len() as u64).collect::<Vec<_>>());
        let pends = mine.iter().filter(|event| event.kind() == Kind::TaskPend).count();
        assert_eq!(pends + 1, polls.len());
        threads
            .extend(mine.iter().filter(|event| event.kind() == Kind::TaskPoll).map(|event| event.field::<u64>("by")));
        let blocking =
            events.iter().filter(|event| event.says() == "log msg=blocking" && event.whose() == whose).count();
        assert_eq!(blocking as u64, ROUNDS);
    }
    assert!(threads.len() > 1, "the tasks have moved between threads: {threads:?}");
}

#[test]
fn only_the_first_wake_between_two_polls_is_told() {
    let trace = recorded(|| {
        run(async {
            let (waker, mut wakers) = tokio::sync::mpsc::unbounded_channel();
            let mut polls = 0;
            let child = tokio::spawn(poll_fn(move |context| {
                polls += 1;
                waker.send(context.waker().clone()).expect("it is received");
                if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
            }));
            for _ in 0..2 {
                let waker: std::task::Waker = wakers.recv().await.expect("it is sent");
                (0..3).for_each(|_| waker.wake_by_ref());
            }
            let last = wakers.recv().await.expect("it is sent");
            child.await.expect("it ends well");
            last.wake();
        });
    });
    let mine = trace.events().into_iter().filter(|event| event.task() == 2);
    let mine: Vec<_> = mine.map(|event| event.says()).filter(|line| line.starts_with("task.")).collect();
    assert_eq!(
        mine,
        [
            "task.begin",
            "task.poll by=1 seq=1",
            "task.pend",
            "task.wake by=1",
            "task.poll by=1 seq=2",
            "task.pend",
            "task.wake by=1",
            "task.poll by=1 seq=3",
            "task.end how=ok",
        ]
    );
}

#[test]
fn a_waker_that_was_kept_wakes_as_the_original_would() {
    let trace = recorded(|| {
        run(async {
            let child = tokio::spawn(async {
                let first = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
                task::yield_now().await;
                poll_fn(move |context| Poll::Ready(context.waker().will_wake(&first))).await
            });
            assert!(child.await.expect("it ends well"), "the waker of the second poll is the one of the first");
        });
    });
    assert_eq!(trace.count(Kind::TaskPoll), 2);
}

#[test]
fn all_tasks_of_a_set_that_is_shut_down_have_ended_before_it_has() {
    let trace = recorded(|| {
        run(async {
            let mut set = JoinSet::new();
            set.spawn(std::future::ready(()));
            for _ in 0..2 {
                set.spawn(std::future::pending());
            }
            set.join_next().await.expect("there is one").expect("it ends well"); // line: next
            set.abort_all();
            while set.join_next().await.is_some() {}
        });
    });
    assert_eq!(ends(&trace), [(2, "ok".into()), (3, "cancelled".into()), (4, "cancelled".into())]);
    let joins: Vec<_> = trace.events().iter().filter(|event| event.task() == 1).map(Event::says).collect();
    assert_eq!(
        joins.iter().filter(|line| line.starts_with("task.join")).collect::<Vec<_>>(),
        [
            // It waits for whichever ends first.
            "task.join child=2",
            "task.join child=3",
            "task.join child=4",
            "task.joined child=2",
            "task.join child=3",
            "task.join child=4",
            "task.joined child=3",
            "task.joined child=4",
        ]
    );
}

#[test]
fn a_future_that_another_spawns_is_tracked_if_asked() {
    let trace = recorded(|| {
        let runtime = runtime::Builder::new_current_thread().build().expect("a runtime");
        let child = runtime.spawn(task::tracked("ticker", async { dprintf!("tick") })); // line: tracked
        runtime.block_on(child).expect("it ends well");
    });
    assert_eq!(deeds(&trace, 2), ["task.begin name=ticker", "log msg=tick", "task.end how=ok"]);
    assert_eq!(trace.the(Kind::TaskSpawn).says(), "task.spawn child=2 name=ticker");
    assert_eq!(trace.the(Kind::TaskSpawn).src(), marked(file!(), "tracked"));
}

#[test]
fn futures_are_as_portable_as_the_originals() {
    fn is_send<T: Send>(_: &T) {}
    fn is_static<T: Send + Sync + 'static>(_: &T) {}
    let lock = std::sync::Arc::new(tokio::sync::Mutex::new(0));
    is_send(&lock.lock());
    let owned = lock.clone().lock_owned();
    is_send(&owned);
    let guard = run(owned);
    is_static(&guard);
    is_send(&task::tracked("ready", std::future::ready(1)));
    drop(guard);
    is_static(&lock.try_lock_owned().expect("it is free"));
}
