//! Wait groups: who is waited for, and who waits.

use peerscope::crossbeam::sync::WaitGroup;
use peerscope::thread;
use peerscope_format::vocabulary::Kind;

use crate::common::{marked, recorded, until_recorded};

#[test]
fn each_clone_is_waited_for() {
    let trace = recorded(|| {
        let group = WaitGroup::new();
        let worker = {
            let group = group.clone(); // line: clone
            thread::spawn(move || {
                until_recorded(Kind::GroupWait);
                drop(group);
            })
        };
        group.wait(); // line: wait
        worker.join().expect("it ends well");
    });
    let wait = marked(file!(), "wait");
    let events: Vec<_> = trace.of_topic("group").iter().map(|event| event.says()).collect();
    assert_eq!(
        events[..4],
        [
            "group.new group=1 name=WaitGroup n=1",
            "group.add group=1 n=1 now=2",
            "group.done group=1 now=1",
            "group.wait group=1 now=1",
        ]
    );
    let clone = marked(file!(), "clone");
    assert_eq!(trace.story(trace.children()[0], &["group"]), [("group.done group=1 now=0".to_owned(), clone)]);
    assert_eq!(trace.the(Kind::GroupPass).src(), wait);
}

#[test]
fn who_is_last_does_not_wait() {
    let trace = recorded(|| {
        let group = WaitGroup::new();
        drop(group.clone());
        group.wait();
    });
    assert_eq!(
        trace.lines(),
        [
            "group.new group=1 name=WaitGroup n=1",
            "group.add group=1 n=1 now=2",
            "group.done group=1 now=1",
            "group.done group=1 now=0",
            "group.pass group=1",
        ]
    );
}
