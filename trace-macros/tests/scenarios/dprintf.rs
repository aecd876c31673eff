//! `dprintf!`: the template stays in the program, the values are recorded with their types.

use std::fmt;

use peerscope::{Peer, dprintf};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::{Body, Common};

use crate::common::{marked, recorded};

#[test]
fn values_are_found_inline_by_position_and_by_name() {
    let trace = recorded(|| {
        let (from, who) = (2_u64, "alice");
        dprintf!("inline {from} {who}");
        dprintf!("by position {} {} {0}", from, who);
        dprintf!("by name {voter} {lag}", voter = from + 1, lag = -3);
        dprintf!("beside the text", from, attempt = 3);
        dprintf!("{{braces}} {from:>4} {from:#x} {who:?}");
        dprintf!("nothing at all");
        dprintf!(r#"raw "{who}""#);
        dprintf!("equal: {}", from == 2);
    });
    assert_eq!(
        trace.lines_of("log"),
        [
            r#"log msg=inline {from} {who} args={from: 2, who: "alice"}"#,
            r#"log msg=by position {0} {1} {0} args={0: 2, 1: "alice"}"#,
            "log msg=by name {voter} {lag} args={voter: 3, lag: -3}",
            "log msg=beside the text args={from: 2, attempt: 3}",
            r#"log msg={{braces}} {from:>4} {from__1} {who:?} args={from: 2, from__1: "0x2", who: "alice"}"#,
            "log msg=nothing at all",
            r#"log msg=raw "{who}" args={who: "alice"}"#,
            "log msg=equal: {0} args={0: true}",
        ]
    );
}

#[test]
fn values_keep_their_types() {
    let trace = recorded(|| {
        let text = String::from("owned");
        dprintf!(
            "{a} {b} {c} {d} {e} {f} {g} {h}",
            a = u64::MAX,
            b = i64::MIN,
            c = 7_i8,
            d = true,
            e = 0.5_f32,
            f = f64::MAX,
            g = text,
            h = &&"borrowed"
        );
    });
    let events = trace.of_topic("log");
    let expected = [
        ("a", Value::U64(u64::MAX)),
        ("b", Value::I64(i64::MIN)),
        ("c", Value::U64(7)),
        ("d", Value::Bool(true)),
        // As Rust prints it: the same number as `f64` has a longer text.
        ("e", Value::from("0.5")),
        ("f", Value::F64(f64::MAX)),
        ("g", Value::from("owned")),
        ("h", Value::from("borrowed")),
    ];
    for (name, value) in expected {
        assert_eq!(events[0].arg(name), Some(value), "{name}");
    }
}

#[derive(Debug)]
#[allow(dead_code, reason = "its Debug reads it")]
struct Entry {
    term: u64,
    command: Option<&'static str>,
}

#[test]
fn a_value_that_has_only_debug_is_recorded_as_its_text() {
    let trace = recorded(|| {
        let entry = Entry { term: 3, command: Some("x=1") };
        dprintf!("append {entry:?} at {index:>3}", index = 9);
        dprintf!("append {}", format_args!("{:?}", entry.command));
        dprintf!("beside", entry);
    });
    let text = r#"Entry { term: 3, command: Some("x=1") }"#;
    let events = trace.of_topic("log");
    // The place is plain now: a reader must not format the text once more.
    assert_eq!(events[0].field("msg"), Some("append {entry} at {index:>3}"));
    assert_eq!(events[0].arg("entry"), Some(Value::from(text)));
    assert_eq!(events[0].arg("index"), Some(Value::U64(9)));
    assert_eq!(events[1].arg("0"), Some(Value::from(r#"Some("x=1")"#)));
    assert_eq!(events[2].arg("entry"), Some(Value::from(text)));
}

#[test]
fn a_debug_that_logs_leaves_both_lines_whole() {
    struct Chatty(u64);
    impl fmt::Debug for Chatty {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("Chat")?;
            let inner = Entry { term: self.0, command: None };
            dprintf!("asked for the text of {}, with {inner:?}", self.0);
            write!(out, "ty({})", self.0)
        }
    }
    let trace = recorded(|| {
        let (one, two) = (Chatty(1), Chatty(2));
        dprintf!("{one:?} and {two:?}");
    });
    assert_eq!(
        trace.lines_of("log"),
        [
            r#"log msg=asked for the text of {0}, with {inner} args={0: 1, inner: "Entry { term: 1, command: None }"}"#,
            r#"log msg=asked for the text of {0}, with {inner} args={0: 2, inner: "Entry { term: 2, command: None }"}"#,
            r#"log msg={one} and {two} args={one: "Chatty(1)", two: "Chatty(2)"}"#,
        ]
    );
}

#[test]
fn a_debug_that_panics_costs_its_own_line_only() {
    struct Broken;
    impl fmt::Debug for Broken {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("half a te")?;
            panic!("a broken Debug")
        }
    }
    let trace = recorded(|| {
        let result = std::panic::catch_unwind(|| dprintf!("never {:?}", Broken));
        assert!(result.is_err(), "the panic is the program's, not ours");
        dprintf!("{:?} after it", Some(1));
    });
    assert_eq!(trace.lines_of("log"), [r#"log msg={0} after it args={0: "Some(1)"}"#]);
}

#[test]
fn a_generic_function_records_each_type_in_its_own_shape() {
    fn note<T: peerscope::arg::Typed + fmt::Debug>(value: T) {
        dprintf!("note {value:?}");
    }
    fn describe<T: fmt::Debug>(value: T) {
        dprintf!("describe {value:?}");
    }
    let trace = recorded(|| {
        for _ in 0..2 {
            note(7_u64);
            note("seven");
            note(false);
        }
        // A type of which only `Debug` is known is text, whatever it is.
        describe(7_u64);
    });
    let values: Vec<_> = trace.of_topic("log").iter().map(|event| event.arg("value")).collect();
    let notes = [Value::U64(7), Value::from("seven"), Value::Bool(false)];
    let expected = notes.iter().chain(&notes).cloned().chain([Value::from("7")]);
    assert_eq!(values, expected.map(Some).collect::<Vec<_>>());
    assert_eq!(trace.occurrences("note {value"), 3, "one shape for each type, not for each event");
}

#[test]
fn a_long_text_is_cut_visibly() {
    let trace = recorded(|| {
        let long = "x".repeat(20_000);
        // Four bytes each, so that the limit falls on a character's edge only by luck: shifted by one it does not.
        let crabs = format!("-{}", "\u{1f980}".repeat(5_000));
        dprintf!("{long} {crabs} {:?} {just}", Some(&long), just = "y".repeat(4 << 10));
    });
    let event = trace.of_topic("log")[0];
    let text = |name: &str| match event.arg(name) {
        Some(Value::Text(text)) => text,
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(text("long"), format!("{}[... cut]", "x".repeat(4 << 10)));
    assert_eq!(text("crabs"), format!("-{}[... cut]", "\u{1f980}".repeat(1023)));
    assert!(text("0").starts_with("Some(\"xxx") && text("0").ends_with("x[... cut]"));
    assert_eq!(text("just"), "y".repeat(4 << 10), "what fits is not cut");
}

#[test]
fn peer_and_topic_are_optional() {
    struct Raft {
        peer: Peer,
    }
    let trace = recorded(|| {
        let raft = Raft { peer: Peer::new(4) };
        dprintf!("neither");
        dprintf!(vote, "topic"); // line: topic
        dprintf!(raft.peer, "peer");
        dprintf!(raft.peer, vote, "both {}", 1);
        let _in = raft.peer.enter();
        dprintf!(timer, "the current peer");
    });
    let events = trace.of_topic("log");
    let heads: Vec<_> = events.iter().map(|event| (event.whose(), event.text(Common::Topic).unwrap_or("-"))).collect();
    let expected = [("//", "log"), ("//", "vote"), ("//4.0", "log"), ("//4.0", "vote"), ("//4.0", "timer")];
    assert_eq!(heads, expected.map(|(whose, topic)| (whose.to_owned(), topic)));
    assert_eq!(events[1].src(), marked(file!(), "topic"));
    assert!(events.iter().all(|event| event.text(Common::Level) == Some("debug")));
}

#[test]
fn the_template_is_stored_once_and_never_formatted() {
    let trace = recorded(|| {
        for granted in 700_000..700_050_u64 {
            dprintf!("vote number {granted} of the marathon");
        }
    });
    assert_eq!(trace.of_topic("log").len(), 50);
    assert_eq!(trace.occurrences("vote number {granted} of the marathon"), 1);
    assert_eq!(trace.occurrences("of the marathon"), 1);
    assert_eq!(trace.occurrences("700001"), 0, "a number is recorded as a number");
    let Body::Log(log) = trace.of_topic("log")[7].body() else { panic!("a log line") };
    assert_eq!(log.msg, Some("vote number {granted} of the marathon"));
    assert_eq!(log.args.and_then(|args| args.get("granted")).map(|value| value.to_value()), Some(Value::U64(700_007)));
}

/// `format!` never fails, so a `Display` may well unwrap; a text that is cut must not tell it.
#[test]
fn a_display_that_unwraps_is_cut_and_not_brought_down() {
    struct Long;
    impl std::fmt::Display for Long {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            (0..4_000).for_each(|number| write!(out, "{number} ").expect("a formatter takes all"));
            Ok(())
        }
    }
    let trace = recorded(|| dprintf!("{long}", long = Long));
    let text = trace.of_topic("log")[0].arg("long");
    assert!(matches!(text, Some(Value::Text(text)) if text.starts_with("0 1 2 ") && text.ends_with("[... cut]")));
}

#[test]
fn raw_names_and_fill_characters_are_taken() {
    let trace = recorded(|| {
        let r#type = 7;
        dprintf!("{type} {type:*^9} {:$>3}", 1);
    });
    assert_eq!(trace.of_topic("log")[0].arg("type"), Some(Value::U64(7)));
}

/// Names of the macro's own must not catch those of the user.
#[test]
fn a_constant_of_the_users_means_what_it_says() {
    let trace = recorded(|| {
        const TARGET: u64 = 2;
        let peer = Peer::new(1);
        peerscope::vote!(peer, TARGET,);
    });
    assert_eq!(trace.the(peerscope_format::vocabulary::Kind::Vote).says(), "vote for=2");
}

/// One value may be shown in several ways; a negative number in hexadecimal has the width of its type.
#[test]
fn every_way_to_show_a_value_is_kept() {
    #[derive(Debug)]
    struct Full;
    impl std::fmt::Display for Full {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("disk full")
        }
    }
    let trace = recorded(|| {
        let (error, number) = (Full, -1_i32);
        dprintf!("{error} / {error:?} / {error:>3}: {number} is {number:x} and {:#o}", -8_i16);
    });
    let event = trace.of_topic("log")[0];
    let text = |name: &str| event.arg(name);
    assert_eq!(text("error"), Some(Value::from("disk full")));
    assert_eq!(text("error__1"), Some(Value::from("Full")));
    assert_eq!(text("number"), Some(Value::I64(-1)));
    assert_eq!(text("number__1"), Some(Value::from("ffffffff")));
    assert_eq!(text("0"), Some(Value::from("0o177770")));
}
