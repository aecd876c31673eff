//! Selects: one that must wait says the begin of each case, and all carry its number and line.

use std::time::Duration;

use peerscope::crossbeam::channel::{Select, after, named_bounded, named_unbounded, select};
use peerscope::thread;
use peerscope_format::vocabulary::Kind;

use crate::common::{marked, recorded, until_recorded, until_recorded_times};

#[test]
fn one_that_waits_records_all_cases_and_the_end_of_the_chosen_one() {
    let trace = recorded(|| {
        let (votes, from_votes) = named_unbounded::<u32>("votes");
        let (stop, stopped) = named_bounded::<()>("stop", 0);
        let (log, _kept) = named_bounded::<u32>("log", 0);
        let waiter = thread::spawn(move || {
            select! { // line: select
                recv(from_votes) -> vote => assert_eq!(vote, Ok(7)),
                recv(stopped) -> _ => unreachable!("nobody stops it"),
                send(log, 1) -> _ => unreachable!("nobody receives"),
            }
        });
        until_recorded(Kind::ChanSend);
        votes.send(7).expect("it is open");
        waiter.join().expect("it ends well");
        drop(stop);
    });
    let selects = marked(file!(), "select");
    let story = trace.story(trace.children()[0], &["chan"]);
    let told: Vec<_> = story.iter().map(|(line, _)| line.as_str()).take(7).collect();
    assert_eq!(
        told,
        [
            // First of all, for a task's next event ends what it had begun.
            "chan.new chan=1 name=votes flavor=queue",
            "chan.new chan=2 name=stop capacity=0 flavor=queue",
            "chan.new chan=3 name=log capacity=0 flavor=queue",
            "chan.recv chan=1 select=1",
            "chan.recv chan=2 select=1",
            "chan.send chan=3 select=1",
            "chan.received chan=1 item=1 select=1",
        ]
    );
    assert!(story[3..7].iter().all(|(_, place)| *place == selects), "{story:?}");
}

#[test]
fn one_that_need_not_wait_records_the_chosen_case_only() {
    let trace = recorded(|| {
        let (votes, from_votes) = named_unbounded::<u32>("votes");
        select! {
            recv(from_votes) -> _ => unreachable!("nothing was sent"),
            default => (),
        }
        select! { send(votes, 7) -> sent => assert_eq!(sent, Ok(())) }
        select! { recv(from_votes) -> vote => assert_eq!(vote, Ok(7)) }
        drop(votes);
        select! { recv(from_votes) -> end => assert!(end.is_err()) }
    });
    assert_eq!(
        trace.lines(),
        [
            "chan.new chan=1 name=votes flavor=queue",
            "chan.sent chan=1 item=1",
            "chan.received chan=1 item=1",
            "chan.close chan=1",
            "chan.received chan=1 outcome=closed",
        ]
    );
}

#[test]
fn time_is_a_case_of_its_own() {
    let trace = recorded(|| {
        let (_votes, from_votes) = named_unbounded::<u32>("votes");
        select! {
            recv(from_votes) -> _ => unreachable!("nothing was sent"),
            default(Duration::from_millis(1)) => (),
        }
        select! {
            recv(from_votes) -> _ => unreachable!("nothing was sent"),
            recv(after(Duration::from_millis(1))) -> _ => (),
        }
    });
    let told: Vec<_> = trace.lines().iter().map(|line| without_times(line)).collect();
    assert_eq!(
        told,
        [
            "chan.new chan=1 name=votes flavor=queue",
            "chan.recv chan=1 select=1",
            "timer.set timer=default-1 name=default select=1",
            "timer.fire timer=default-1 name=default select=1",
            "chan.recv chan=1 select=2",
            "timer.set timer=after-2 name=after select=2",
            "timer.fire timer=after-2 name=after select=2",
            "chan.close chan=1",
        ]
    );
}

#[test]
fn a_close_ends_the_select_that_waits() {
    let trace = recorded(|| {
        let (stop, stopped) = named_bounded::<()>("stop", 0);
        let (log, kept) = named_bounded::<u32>("log", 0);
        let waiter = thread::spawn(move || {
            select! { recv(stopped) -> end => assert!(end.is_err()) }
            let mut select = Select::new();
            let sends = select.send(&log);
            let operation = select.select();
            assert_eq!(operation.index(), sends);
            assert!(operation.send(&log, 7).is_err());
        });
        until_recorded(Kind::ChanRecv);
        drop(stop);
        until_recorded_times(Kind::ChanSend, 1);
        drop(kept);
        waiter.join().expect("it ends well");
    });
    let story: Vec<_> = trace.story(trace.children()[0], &["chan"]).into_iter().map(|(line, _)| line).collect();
    let waits: Vec<_> = story.iter().filter(|line| line.contains("select")).collect();
    assert_eq!(
        waits,
        [
            "chan.recv chan=1 select=1",
            "chan.received chan=1 select=1 outcome=closed",
            "chan.send chan=2 select=2",
            "chan.sent chan=2 select=2 outcome=closed",
        ]
    );
}

/// The line without the one field that no two runs have in common.
fn without_times(line: &str) -> String {
    line.split(' ').filter(|field| !field.starts_with("after=")).collect::<Vec<_>>().join(" ")
}
