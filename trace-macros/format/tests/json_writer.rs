//! The JSON Lines writer, told in stories: a record that no reader of ours would make, and the line it becomes.
#![cfg(feature = "json")]

mod common;

use common::Event;
use peerscope_format::value::{Term, Value};
use peerscope_format::vocabulary::Kind;
use peerscope_format::wire::{Context, EventHead};

/// Writes one event, and checks that its line is read back into the same line without a problem.
fn check(head: EventHead, kind: &str, fields: &[(&str, Value)], line: &str) {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let event = Event { head, kind: kind.to_owned(), fields };
    for choices in [[0], [1], [7]] {
        let text = common::to_json(&common::build_encoded(std::slice::from_ref(&event), &choices));
        assert_eq!(text.lines().nth(1), Some(line));
        let (image, _) = peerscope_format::json::read(&mut text.as_bytes()).expect("a header");
        assert_eq!(common::to_json(&image), text);
    }
}

fn nested(depth: usize, inner: Value) -> Value {
    (0..depth).fold(inner, |inner, _| Value::List(vec![inner]))
}

#[test]
fn no_kind_has_a_field_that_is_called_like_one_of_the_head() {
    for kind in Kind::ALL {
        for name in
            ["ts", "sim", "test", "cluster", "peer", "inc", "term", "task", "kind", "src", "level", "topic", "restored"]
        {
            assert!(!kind.has_field(name), "{}: {name}", kind.name());
        }
    }
}

#[test]
fn floats_that_json_cannot_say_become_text() {
    let fields = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Value::F64);
    let line = r#"{"ts":0,"kind":"a","x":["NaN","inf","-inf"]}"#;
    check(EventHead::default(), "a", &[("x", Value::List(fields.into()))], line);
}

#[test]
fn what_is_nested_too_deeply_for_a_reader_is_cut() {
    // A map whose names stand in the shape adds a level to what the wire allows its values.
    let map = Value::Map(vec![("y".into(), nested(32, Value::Null))]);
    let event = Event { head: EventHead::default(), kind: "a".into(), fields: vec![("x".into(), map)] };
    let text = common::to_json(&common::build_encoded(&[event], &[3]));
    let line = format!("{{\"ts\":0,\"kind\":\"a\",\"x\":{{\"y\":{}\"...\"{}}}}}", "[".repeat(31), "]".repeat(31));
    assert_eq!(text.lines().nth(1), Some(&line[..]));
    assert_eq!(peerscope_format::json::read(&mut text.as_bytes()).expect("a header").1, []);
}

#[test]
fn a_field_called_like_one_of_the_head_takes_its_place_where_the_head_has_none() {
    let context = Context { peer: Some(Value::U64(1)), ..Context::default() };
    let head = EventHead { ts: 5, context, term: Some(Term(2)) };
    let fields = ["ts", "kind", "peer", "term", "task"].map(|name| (name, Value::U64(9)));
    check(head, "a", &fields, r#"{"ts":5,"peer":"1","term":2,"task":"9","kind":"a"}"#);
}

#[test]
fn a_field_that_the_head_cannot_take_stays_a_field() {
    let fields = [("inc", Value::from("first")), ("peer", Value::Bool(true)), ("term", Value::I64(-1))];
    let line = r#"{"ts":0,"kind":"a","inc":"first","peer":true,"term":-1}"#;
    check(EventHead::default(), "a", &fields, line);
}

#[test]
fn of_fields_that_stand_twice_the_last_is_written() {
    let fields = [("index", Value::U64(1)), ("x", Value::U64(1)), ("index", Value::U64(2)), ("x", Value::U64(2))];
    check(EventHead::default(), "commit", &fields, r#"{"ts":0,"kind":"commit","index":2,"x":2}"#);
}
