//! Barriers and wait groups: who has come, who is missing, who waits for them.

use std::sync::Arc;

use peerscope::sync::{Barrier, WaitGroup};
use peerscope::thread;
use peerscope_format::vocabulary::{Body, Kind};

use crate::common::{Event, Stage, Trace, marked, recorded, until_recorded};

#[test]
fn all_but_the_last_wait_at_a_barrier() {
    let trace = recorded(|| {
        let barrier = Arc::new(Barrier::named("start", 2)); // line: made
        let first = {
            let barrier = barrier.clone();
            thread::spawn(move || barrier.wait().is_leader()) // line: first
        };
        until_recorded(Kind::GroupWait);
        let leads = barrier.wait().is_leader(); // line: last
        assert_ne!(leads, first.join().expect("it ends well"), "the originals choose one leader");
    });
    let expected = |lines: &[(&str, &str)]| -> Vec<_> {
        lines.iter().map(|(line, mark)| ((*line).to_owned(), marked(file!(), mark))).collect()
    };
    let first = [
        ("group.new group=1 name=start n=2", "made"),
        ("group.done group=1 now=1", "first"),
        ("group.wait group=1 now=1", "first"),
        ("group.pass group=1", "first"),
    ];
    assert_eq!(trace.story(trace.children()[0], &["group"]), expected(&first));
    let last =
        [("group.done group=1 now=0", "last"), ("group.add group=1 n=2 now=2", "last"), ("group.pass group=1", "last")];
    assert_eq!(trace.story(trace.the(Kind::GroupAdd).task(), &["group"]), expected(&last));
}

#[test]
fn a_barrier_of_none_lets_everybody_pass_and_so_does_one_of_one() {
    let trace = recorded(|| {
        for n in [0, 1] {
            let barrier = Barrier::new(n);
            assert!(barrier.wait().is_leader());
        }
    });
    let of_one = |id: u32| {
        [
            format!("group.new group={id} name=Barrier n=1"),
            format!("group.done group={id} now=0"),
            format!("group.add group={id} n=1 now=1"),
            format!("group.pass group={id}"),
        ]
    };
    assert_eq!(trace.lines(), [of_one(1), of_one(2)].concat());
}

#[test]
fn round_after_round_nobody_passes_before_all_have_come() {
    const PARTIES: i64 = 3;
    const ROUNDS: usize = 50;
    let trace = recorded(|| {
        let barrier = Arc::new(Barrier::new(PARTIES as usize));
        let party = |barrier: Arc<Barrier>| move || (0..ROUNDS).filter(|_| barrier.wait().is_leader()).count();
        let parties: Vec<_> = (0..PARTIES).map(|_| thread::spawn(party(barrier.clone()))).collect();
        let leaders: usize = parties.into_iter().map(|party| party.join().expect("it ends well")).sum();
        assert_eq!(leaders, ROUNDS);
    });
    let (mut missing, mut adds) = (Vec::new(), 0);
    let mut passed = 0;
    for event in trace.of_topic("group") {
        match event.body() {
            Body::GroupDone(done) => missing.push(done.now.expect("a barrier knows its count")),
            Body::GroupAdd(add) => {
                assert_eq!((add.n, add.now), (Some(PARTIES), Some(PARTIES)));
                adds += 1;
            }
            Body::GroupPass(_) => {
                passed += 1;
                let rounds_begun = (passed - 1) / PARTIES as usize + 1;
                assert!(missing.len() >= rounds_begun * PARTIES as usize, "pass {passed} came too early");
            }
            _ => {}
        }
    }
    // Which of two records came first is not said by the counts; within a round each count comes once.
    for round in missing.chunks_mut(PARTIES as usize) {
        round.sort_unstable();
        assert_eq!(round, (0..PARTIES).collect::<Vec<_>>());
    }
    assert_eq!((adds, passed, trace.count(Kind::GroupWait)), (ROUNDS, 3 * ROUNDS, 2 * ROUNDS));
}

#[test]
fn who_waits_for_a_group_waits_until_all_are_done() {
    let trace = recorded(|| {
        let group = Arc::new(WaitGroup::named("votes"));
        group.wait(); // line: nobody to wait for
        group.add(2);
        let waiter = {
            let group = group.clone();
            thread::spawn(move || group.wait()) // line: waits
        };
        until_recorded(Kind::GroupWait);
        group.done();
        group.done();
        waiter.join().expect("it ends well");
        group.add(3);
        group.add(-3);
    });
    let main = trace.the(Kind::GroupNew).task();
    let of_main: Vec<_> = trace.story(main, &["group"]).into_iter().map(|(line, _)| line).collect();
    assert_eq!(
        of_main,
        [
            "group.new group=1 name=votes n=0",
            "group.pass group=1",
            "group.add group=1 n=2 now=2",
            "group.done group=1 now=1",
            "group.done group=1 now=0",
            "group.add group=1 n=3 now=3",
            "group.done group=1 n=3 now=0",
        ]
    );
    let waits = marked(file!(), "waits");
    let expected = [("group.wait group=1 now=2".to_owned(), waits.clone()), ("group.pass group=1".to_owned(), waits)];
    assert_eq!(trace.story(trace.children()[0], &["group"]), expected);
}

#[test]
fn a_count_below_zero_is_recorded_before_it_panics() {
    let trace = recorded(|| {
        let group = Arc::new(WaitGroup::default());
        let broken = group.clone();
        let message = thread::spawn(move || broken.done()).join().expect_err("one too many");
        assert_eq!(message.downcast_ref(), Some(&"negative WaitGroup counter"));
        // As in Go, the group is not good for much afterwards, but nobody waits for ever.
        group.wait();
    });
    let lines = ["group.new group=1 name=WaitGroup n=0", "group.done group=1 now=-1", "group.pass group=1"];
    assert_eq!(trace.lines_of("group"), lines);
}

#[test]
fn a_group_that_rises_again_keeps_nobody_who_waited() {
    let trace = recorded(|| {
        let group = Arc::new(WaitGroup::new());
        group.add(1);
        let waiter = {
            let group = group.clone();
            thread::spawn(move || group.wait())
        };
        until_recorded(Kind::GroupWait);
        group.done();
        group.add(1);
        waiter.join().expect("the zero was what it waited for");
    });
    assert_eq!(trace.the(Kind::GroupPass).task(), trace.children()[0]);
}

#[test]
fn a_barrier_that_was_half_full_before_the_recording_counts_on() {
    let stage = Stage::new(|| {
        let barrier = Arc::new(Barrier::new(2));
        let arrived = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let first = {
            let (barrier, arrived) = (barrier.clone(), arrived.clone());
            std::thread::spawn(move || {
                barrier.wait();
                arrived.store(true, std::sync::atomic::Ordering::SeqCst);
                barrier.wait();
            })
        };
        barrier.wait();
        while !arrived.load(std::sync::atomic::Ordering::SeqCst) {
            std::thread::yield_now();
        }
        peerscope::Builder::new("trace.pscope").start().expect("a trace begins");
        barrier.wait();
        first.join().expect("it ends well");
    })
    .untraced();
    assert!(stage.run().status.success());
    let trace = Trace::of(&stage.trace_file());
    let dones: Vec<_> =
        trace.events().iter().filter(|event| event.kind() == Kind::GroupDone).map(Event::says).collect();
    assert!(
        dones.len() <= 2 && dones.iter().all(|line| line.ends_with("now=0") || line.ends_with("now=1")),
        "{dones:?}"
    );
}
