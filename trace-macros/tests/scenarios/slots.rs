//! What is kept of each live task beside its events: who holds what and waits for what, however long the trace has become.

use std::sync::Arc;

use peerscope::sync::Mutex;
use peerscope::{Peer, dprintf, event, rpc_return, rpc_send, thread};
use peerscope_format::vocabulary::Kind;

use crate::common::stage::{hear, tell};
use crate::common::{Event, Stage, Trace, eventually, marked, recorded};

/// What the slots of the scenario say at the moment when it tells so, each with its task; the scenario is killed then.
fn slots_of(stage: &Stage) -> Trace {
    let mut actor = stage.start();
    assert_eq!(actor.heard(), "look");
    let alive = Trace::of_slots(&stage.trace_file());
    actor.kill();
    let dead = Trace::of_slots(&stage.trace_file());
    let says = |trace: &Trace| trace.events().iter().map(Event::says).collect::<Vec<_>>();
    assert_eq!(says(&alive), says(&dead), "what is kept outlives the process");
    dead
}

fn look() {
    tell("look");
    hear();
}

#[test]
fn a_deadlock_can_be_read_from_the_slots_alone() {
    let stage = Stage::new(|| {
        let (one, other) = (Arc::new(Mutex::named("one", ())), Arc::new(Mutex::named("other", ())));
        let take = |first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>, number: u64| {
            let (first, second) = (first.clone(), second.clone());
            thread::Builder::new().name(format!("taker-{number}")).spawn(move || {
                let _in = Peer::new(number).enter();
                let _first = first.lock().expect("nobody panics"); // line: first
                // Both hold one by now.
                eventually("both holds", || (holds() == 2).then_some(()));
                drop(second.lock().expect("nobody panics")); // line: second
            })
        };
        take(&one, &other, 1).expect("a thread");
        take(&other, &one, 2).expect("a thread");
        let path = peerscope::trace_path().expect("the scenario is recorded");
        eventually("both waits", || (Trace::of(&path).count(Kind::LockWait) == 2).then_some(()));
        look();
    });
    let trace = slots_of(&stage);
    let lock = |name: &str| {
        let new = trace.events().into_iter().find(|event| event.says().ends_with(&format!("name={name}")));
        new.expect("the lock is named").field::<u64>("lock").expect("it has an id")
    };
    let (one, other) = (lock("one"), lock("other"));
    let of = |peer: u64, held: u64, wanted: u64| {
        [format!("//{peer}.0 lock.acquire lock={held} seq=1"), format!("//{peer}.0 lock.wait lock={wanted}")]
    };
    let of_lock = trace.of_topic("lock").into_iter().filter(|event| event.kind() != Kind::LockNew);
    let mut lines: Vec<_> = of_lock.map(|event| format!("{} {}", event.whose(), event.says())).collect();
    lines.sort();
    assert_eq!(lines, [of(1, one, other), of(2, other, one)].concat());
    let names: Vec<_> = trace.events().iter().filter_map(|event| event.field::<&str>("name")).collect();
    assert!(names.contains(&"taker-1") && names.contains(&"taker-2"), "{names:?}");
    let waits = trace.events().into_iter().filter(|event| event.kind() == Kind::LockWait);
    assert!(waits.map(|wait| wait.src().to_owned()).all(|src| src == marked(file!(), "second")));
}

/// In a scenario: how many holds its slots keep.
fn holds() -> usize {
    Trace::of_slots(&peerscope::trace_path().expect("the scenario is recorded")).count(Kind::LockAcquire)
}

#[test]
fn what_is_released_is_no_longer_kept_in_whatever_order() {
    let trace = slots_of(&Stage::new(|| {
        let locks: Vec<_> = (0..20).map(|_| Mutex::new(())).collect();
        let mut guards: Vec<_> = locks.iter().map(|lock| Some(lock.lock().expect("nobody panics"))).collect();
        // Eight are kept, the others counted; whoever is let go makes room.
        guards.iter_mut().skip(2).step_by(2).for_each(|guard| *guard = None);
        let more = Mutex::named("more", ());
        let _more = more.lock().expect("nobody panics");
        look();
    }));
    assert_eq!(trace.lines_of("lock").iter().filter(|line| line.starts_with("lock.new")).count(), 21);
    let held: Vec<_> = trace.lines_of("lock").into_iter().filter(|line| line.starts_with("lock.acquire")).collect();
    assert_eq!(held, [1, 2, 4, 6, 8, 21].map(|lock| format!("lock.acquire lock={lock} seq=1")));
    assert!(trace.count(Kind::LockRelease) == 0 && trace.count(Kind::LockWait) == 0);
}

/// What is kept beside the beginnings of tasks.
fn kept(trace: &Trace) -> Vec<String> {
    trace.events().iter().filter(|event| event.kind() != Kind::TaskBegin).map(Event::says).collect()
}

#[test]
fn a_call_is_kept_while_the_task_talks() {
    let trace = slots_of(&Stage::new(|| {
        let peer = Peer::new(1);
        rpc_send!(peer, 7, "RequestVote", 2);
        dprintf!(peer, "one may talk while one waits for an answer");
        look();
    }));
    assert_eq!(kept(&trace), ["rpc.send rpc=7 method=RequestVote to=2"]);
}

#[test]
fn a_wait_is_forgotten_once_the_task_goes_on() {
    let trace = slots_of(&Stage::new(|| {
        let peer = Peer::new(1);
        rpc_send!(peer, 7, "RequestVote", 2);
        rpc_return!(peer, 7, "ok");
        event!(peer, ChanRecv { "chan": 1 });
        dprintf!(peer, "who talks receives no more");
        look();
    }));
    assert_eq!(kept(&trace), [""; 0]);
}

#[test]
fn all_cases_of_a_select_are_kept_whatever_its_scheduler_says() {
    let trace = slots_of(&Stage::new(|| {
        let peer = Peer::new(1);
        event!(peer, ChanRecv { "chan": 9 });
        for chan in 1..=3 {
            event!(peer, ChanRecv { "chan": chan, "select": 9 });
        }
        event!(peer, TaskPend { "seq": 1 });
        look();
    }));
    assert_eq!(kept(&trace), [1, 2, 3].map(|chan| format!("chan.recv chan={chan} select=9")));
}

#[test]
fn the_release_that_a_wait_for_a_condition_implies_does_not_end_it() {
    let trace = slots_of(&Stage::new(|| {
        let peer = Peer::new(1);
        let lock = Mutex::named("state", ());
        let guard = lock.lock().expect("nobody panics");
        event!(peer, CondWait { "cond": 3, "lock": 1 });
        drop(guard);
        look();
    }));
    assert_eq!(kept(&trace), ["lock.new lock=1 name=state", "cond.wait cond=3 lock=1"]);
}

#[test]
fn a_task_that_ended_while_it_held_a_lock_is_remembered() {
    let trace = slots_of(&Stage::new(|| {
        let lock: &'static Mutex<()> = Box::leak(Box::new(Mutex::named("state", ())));
        let thread = thread::Builder::new().name("holder".into()).spawn(|| {
            std::mem::forget(lock.lock().expect("nobody panics")); // line: forgotten
        });
        thread.and_then(|thread| thread.join().map_err(|_| std::io::ErrorKind::Other.into())).expect("it ends well");
        thread::spawn(|| ()).join().expect("it ends well");
        look();
    }));
    let holder = trace.the(Kind::LockAcquire);
    let of_holder: Vec<_> = trace.events().into_iter().filter(|event| event.task() == holder.task()).collect();
    assert_eq!(
        of_holder.iter().map(Event::says).collect::<Vec<_>>(),
        ["task.begin name=holder", "lock.new lock=1 name=state", "lock.acquire lock=1 seq=1", "task.end how=ok"]
    );
    assert_eq!(holder.src(), marked(file!(), "forgotten"));
    assert_eq!(trace.count(Kind::TaskBegin), 2, "of the thread that ended well nothing is kept: main and the holder");
}

#[test]
fn slots_are_used_again() {
    let stage = Stage::new(|| {
        for _ in 0..2_000 {
            thread::spawn(|| dprintf!("here")).join().expect("it ends well");
        }
        look();
    });
    assert_eq!(slots_of(&stage).count(Kind::TaskBegin), 1, "main alone lives");
    let file = std::fs::read(stage.trace_file()).expect("the trace");
    let roles = file[4096..].chunks(32 << 10).map(|chunk| chunk[4]);
    assert_eq!(roles.filter(|role| *role == 3).count(), 1, "two tasks at a time need one chunk");
}

#[test]
fn what_is_kept_of_objects_is_an_event_of_the_trace_like_any_other() {
    let trace = recorded(|| {
        dprintf!("before");
        let lock = Mutex::named("state", ());
        drop(lock.lock());
        dprintf!("after");
    });
    assert_eq!(
        trace.lines(),
        [
            "log msg=before",
            "lock.new lock=1 name=state",
            "lock.acquire lock=1 seq=1",
            "lock.release lock=1 seq=1",
            "log msg=after"
        ]
    );
}
