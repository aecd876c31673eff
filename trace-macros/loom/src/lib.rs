//! The recorder's protocol, tried exhaustively.
//!
//! ```text
//! cargo test --manifest-path trace-macros/loom/Cargo.toml
//! ```
//!
//! # What is ours here and what is a model
//! `protocol.rs` is the recorder's own file, compiled against loom's atomics instead of the standard library's: the orders that
//! are tried are those that run. Beside it stands what loom cannot run, reduced to what matters for order:
//! - **Bytes of a mapped file** are loom's cells, one for each record: loom fails if one is read while it may be written. Those
//!   of a pin are atomics, as they are in the recorder, since a reader may well come across them half written.
//! - **A reader** has the file by `read`, hence without any order among the loads of one call. So the models' readers load
//!   *relaxed*, with a fence between one call and the next ([`pins::Look`]), which is less than any kernel gives. Where the
//!   reader looks at a word and then at what it stands for, in two calls, the model loads *acquire*, which is the same.
//! - **Locks** (the pool of chunks, the definitions) are loom's mutexes around the same steps.
//!
//! # What the tests show
//! Each model holds in every order of its threads and for everything that the memory model of C11 lets a load return. And for
//! each order that `protocol.rs` asks for, there is a model that fails without it: they are neither too few nor too many.
#![cfg(test)]

mod atomics;
mod models;
mod pins;
#[path = "../../src/recorder/protocol.rs"]
mod protocol;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

/// A program of two or three threads that loom runs in all ways.
type Model = (&'static str, fn());

const MODELS: &[Model] = &[
    ("a reader sees whole records", models::append),
    ("a chunk goes on with another thread", models::hand_over),
    ("a sealed chunk has its sum", models::seal),
    ("a chunk with a mark has a head", models::begin),
    ("a record's definition is there", models::define),
    ("a pin is one record", pins::refill),
    ("a hold is taken away by another thread", pins::take_away),
];

/// Whether the model holds, with the order in line `weakened` of `protocol.rs` taken for *relaxed*; and the orders that it
/// has met. On a thread of its own, because loom leaves one that failed unusable.
fn try_out(model: fn(), weakened: Option<u32>) -> (bool, BTreeSet<u32>) {
    let work = move || {
        weakened.into_iter().for_each(atomics::weaken);
        let holds = std::panic::catch_unwind(AssertUnwindSafe(|| loom::model(model))).is_ok();
        (holds, atomics::met())
    };
    std::thread::spawn(work).join().unwrap_or_default()
}

#[test]
fn every_model_holds() {
    for (name, model) in MODELS {
        let begin = std::time::Instant::now();
        assert!(try_out(*model, None).0, "{name}");
        println!("{name}: in all of its ways, {:.1} s", begin.elapsed().as_secs_f64());
    }
}

#[test]
fn every_order_is_needed() {
    let met: BTreeSet<u32> = MODELS.iter().flat_map(|(_, model)| try_out(*model, None).1).collect();
    let source = include_str!("../../src/recorder/protocol.rs");
    let asks = |line: &str| line.contains("Ordering::") && !line.contains("Relaxed") && !line.starts_with("use");
    let asked: BTreeSet<u32> = (1..).zip(source.lines()).filter(|(_, line)| asks(line)).map(|(at, _)| at).collect();
    assert_eq!(met, asked, "a model runs each line of protocol.rs that asks for an order");
    for line in asked {
        let fails = |model: &&Model| !try_out(model.1, Some(line)).0;
        let noticed: Vec<_> = MODELS.iter().filter(fails).map(|(name, _)| *name).collect();
        println!("protocol.rs:{line} taken for relaxed: {noticed:?} fail");
        assert!(!noticed.is_empty(), "no model notices that line {line} is relaxed");
    }
}

#[test]
fn two_looks_at_a_pin_are_not_enough() {
    assert!(!try_out(pins::seen_twice, None).0);
}
