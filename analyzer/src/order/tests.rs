//! The order against its definition: the transitive closure of program order and cross edges.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::testing::trace_from_jsonl;

fn order_of(story: &str, pairs: &[(u32, u32, bool)]) {
    let trace = trace_from_jsonl(story);
    let order = Order::new(&trace);
    for &(a, b, expected) in pairs {
        assert_eq!(order.before(EventId(a), EventId(b)), expected, "event {a} before event {b}");
        assert!(!order.before(EventId(b), EventId(a)), "event {b} before event {a}");
    }
}

#[test]
fn a_lock_orders_its_holders() {
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"var.write","var":"x"}
        {"ts":2,"task":1,"kind":"lock.acquire","lock":"mu","seq":1}
        {"ts":3,"task":1,"kind":"lock.release","lock":"mu","seq":1}
        {"ts":4,"task":2,"kind":"var.read","var":"x"}
        {"ts":5,"task":2,"kind":"lock.acquire","lock":"mu","seq":2}
        {"ts":6,"task":2,"kind":"var.read","var":"x"}
        "#,
        &[(0, 3, false), (0, 5, true), (2, 4, true), (3, 4, true)],
    );
}

#[test]
fn readers_are_ordered_with_writers_but_not_with_each_other() {
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"lock.acquire","lock":"rw","mode":"shared","seq":1}
        {"ts":2,"task":2,"kind":"lock.acquire","lock":"rw","mode":"shared","seq":2}
        {"ts":3,"task":1,"kind":"lock.release","lock":"rw","mode":"shared","seq":1}
        {"ts":4,"task":2,"kind":"lock.release","lock":"rw","mode":"shared","seq":2}
        {"ts":5,"task":3,"kind":"lock.acquire","lock":"rw","mode":"exclusive","seq":3}
        "#,
        &[(0, 1, false), (2, 3, false), (2, 4, true), (3, 4, true)],
    );
}

#[test]
fn a_send_comes_before_its_receive_however_the_two_are_paired() {
    // By an item: what task 1 did before a send of which only the end was written, and written late, came before the receive.
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"var.write","var":"x"}
        {"ts":2,"task":2,"kind":"chan.recv","chan":"c"}
        {"ts":3,"task":2,"kind":"chan.received","chan":"c","seq":1,"item":7}
        {"ts":4,"task":1,"kind":"chan.sent","chan":"c","item":7}
        {"ts":5,"task":2,"kind":"var.read","var":"x"}
        "#,
        &[(0, 2, true), (0, 4, true), (1, 3, false), (3, 4, false)],
    );
    // By its place in the channel's order, and with a begin.
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"chan.send","chan":"c"}
        {"ts":2,"task":2,"kind":"chan.received","chan":"c","seq":1}
        {"ts":3,"task":1,"kind":"chan.sent","chan":"c","seq":1}
        "#,
        &[(0, 1, true), (1, 2, false)],
    );
    // Other values, other channels, and two values of one name order nothing.
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"chan.send","chan":"c","item":"a"}
        {"ts":2,"task":1,"kind":"chan.sent","chan":"c","item":"a"}
        {"ts":3,"task":1,"kind":"chan.send","chan":"c","item":"a"}
        {"ts":4,"task":1,"kind":"chan.sent","chan":"c","item":"a"}
        {"ts":5,"task":2,"kind":"chan.received","chan":"c","item":"a"}
        {"ts":6,"task":2,"kind":"chan.received","chan":"c","item":"b"}
        {"ts":7,"task":2,"kind":"chan.received","chan":"d","item":"a"}
        "#,
        &[(0, 4, false), (0, 5, false), (0, 6, false)],
    );
}

#[test]
fn a_release_that_was_written_late_still_orders_what_came_before_it() {
    // The numbers of the grants say that task 1 had released the lock when task 2 took it.
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"lock.acquire","lock":"mu","seq":1}
        {"ts":2,"task":1,"kind":"var.write","var":"x"}
        {"ts":3,"task":2,"kind":"lock.acquire","lock":"mu","seq":2}
        {"ts":4,"task":1,"kind":"lock.release","lock":"mu","seq":1}
        {"ts":5,"task":2,"kind":"var.read","var":"x"}
        "#,
        &[(0, 2, true), (1, 2, true), (1, 4, true), (3, 4, false)],
    );
}

#[test]
fn who_had_a_lock_is_before_the_next_whoever_released_it() {
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"lock.acquire","lock":"mu","seq":1}
        {"ts":2,"task":3,"kind":"lock.release","lock":"mu","seq":1}
        {"ts":3,"task":2,"kind":"lock.acquire","lock":"mu","seq":2}
        {"ts":4,"task":4,"kind":"lock.acquire","lock":"never released","seq":1}
        {"ts":5,"task":5,"kind":"lock.acquire","lock":"never released","seq":2}
        "#,
        &[(0, 2, true), (1, 2, true), (3, 4, true)],
    );
}

#[test]
fn numbers_that_the_file_contradicts_order_nothing() {
    order_of(
        r#"
        {"ts":1,"task":1,"kind":"lock.acquire","lock":"mu","seq":2}
        {"ts":2,"task":1,"kind":"lock.release","lock":"mu","seq":2}
        {"ts":3,"task":2,"kind":"lock.acquire","lock":"mu","seq":1}
        "#,
        &[(0, 2, false), (1, 2, false)],
    );
}

#[test]
fn an_rpc_orders_both_peers_and_a_timeout_does_not() {
    order_of(
        r#"
        {"ts":1,"peer":0,"task":1,"kind":"rpc.send","rpc":"a","to":1}
        {"ts":2,"peer":1,"task":2,"kind":"rpc.recv","rpc":"a","from":0}
        {"ts":3,"peer":1,"task":2,"kind":"rpc.reply","rpc":"a","to":0}
        {"ts":4,"peer":0,"task":1,"kind":"rpc.return","rpc":"a","from":1}
        {"ts":5,"peer":0,"task":1,"kind":"rpc.send","rpc":"b","to":1}
        {"ts":6,"peer":1,"task":3,"kind":"rpc.recv","rpc":"b","from":0}
        {"ts":7,"peer":1,"task":3,"kind":"rpc.reply","rpc":"b","to":0}
        {"ts":8,"peer":0,"task":1,"kind":"rpc.return","rpc":"b","from":1,"outcome":"timeout"}
        "#,
        &[(0, 1, true), (1, 3, true), (1, 6, true), (5, 7, false), (6, 7, false)],
    );
}

#[test]
fn tasks_are_ordered_by_spawn_and_join() {
    order_of(
        r#"
        {"ts":1,"task":"main","kind":"task.spawn","child":"w"}
        {"ts":2,"task":"main","kind":"log","msg":"meanwhile"}
        {"ts":3,"task":"w","kind":"task.begin"}
        {"ts":4,"task":"w","kind":"task.end"}
        {"ts":5,"task":"main","kind":"task.joined","child":"w"}
        {"ts":6,"kind":"log","msg":"by nobody"}
        "#,
        &[(0, 2, true), (1, 2, false), (1, 3, false), (3, 4, true), (0, 5, false)],
    );
}

/// One step of a random program.
#[derive(Clone, Debug)]
enum Deed {
    Log,
    Spawn(u8),
    Lock(u8),
    Send(u8),
    Receive(u8),
}

fn deeds() -> impl Strategy<Value = Vec<(u8, Deed)>> {
    let deed = prop_oneof![
        Just(Deed::Log),
        (0..40_u8).prop_map(Deed::Spawn),
        (0..3_u8).prop_map(Deed::Lock),
        (0..30_u8).prop_map(Deed::Send),
        (0..30_u8).prop_map(Deed::Receive),
    ];
    proptest::collection::vec((0..12_u8, deed), 0..120)
}

/// The trace of a random program: tasks, some short-lived, that lock, spawn and send messages.
fn story(deeds: &[(u8, Deed)]) -> String {
    let mut lines = Vec::new();
    let mut began = [false; 256];
    let mut seqs = [0; 3];
    for (task, deed) in deeds {
        let ts = lines.len();
        let mut say = |task: u8, rest: String| lines.push(format!("{{\"ts\":{ts},\"task\":{task},{rest}}}"));
        match *deed {
            Deed::Log => say(*task, r#""kind":"log","msg":"-""#.into()),
            Deed::Spawn(child) => {
                let child = 100 + child;
                say(*task, format!(r#""kind":"task.spawn","child":{child}"#));
                if !std::mem::replace(&mut began[usize::from(child)], true) {
                    say(child, r#""kind":"task.begin""#.into());
                    say(child, format!(r#""kind":"msg.send","msg":{}"#, ts % 30));
                }
            }
            Deed::Lock(lock) => {
                seqs[usize::from(lock)] += 1;
                let seq = seqs[usize::from(lock)];
                say(*task, format!(r#""kind":"lock.acquire","lock":{lock},"seq":{seq}"#));
                say(*task, format!(r#""kind":"lock.release","lock":{lock},"seq":{seq}"#));
            }
            Deed::Send(message) => say(*task, format!(r#""kind":"msg.send","msg":{message}"#)),
            Deed::Receive(message) => say(*task, format!(r#""kind":"msg.recv","msg":{message}"#)),
        }
    }
    lines.join("\n")
}

/// By event: all events that happened before it.
fn closure(trace: &Trace) -> Vec<BTreeSet<EventId>> {
    let mut closure: Vec<BTreeSet<EventId>> = Vec::new();
    for event in trace.events() {
        let before = trace.previous_in_line(event.id()).into_iter();
        let edges = trace.edges().all().iter().filter(|edge| edge.taker == event.id()).map(|edge| edge.giver);
        let mut past = BTreeSet::new();
        for giver in before.chain(edges) {
            past.insert(giver);
            past.extend(&closure[giver.index()]);
        }
        closure.push(past);
    }
    closure
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn before_is_the_transitive_closure(deeds in deeds(), live in prop_oneof![Just(usize::MAX), 0..60_usize]) {
        let trace = trace_from_jsonl(&story(&deeds));
        let order = Sweep::new(&trace, Bounds { live, ..Bounds::USUAL }).run();
        for (b, past) in trace.events().zip(closure(&trace)) {
            for a in trace.events() {
                prop_assert_eq!(order.before(a.id(), b.id()), past.contains(&a.id()), "{:?} before {:?}", a, b);
            }
        }
    }
}
