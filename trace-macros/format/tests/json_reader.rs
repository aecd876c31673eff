//! The JSON Lines reader, told in stories: an input and what it makes of it, stated together.
#![cfg(feature = "json")]

mod common;

use peerscope_format::json::{MAX_LINE, read};
use peerscope_format::value::Value;
use peerscope_format::wire::{Problem, ProblemKind};

const HEADER: &str = "{\"peerscope\":1,\"unit\":\"ns\"}\n";

/// Reads a header and `lines`, and compares their canonical form and the problems (without their offsets) with what is
/// expected. The only place that calls the reader, but for what has no header.
fn check(lines: &str, canonical: &[&str], problems: &[&str]) {
    check_bytes(lines.as_bytes(), canonical, problems);
}

fn check_bytes(lines: &[u8], canonical: &[&str], problems: &[&str]) {
    let input = [HEADER.as_bytes(), lines].concat();
    let (image, found) = read(&mut &input[..]).expect("a header");
    let text = common::to_json(&image);
    let found: Vec<_> = found.iter().map(|problem| format!("{}: {}", problem.kind.name(), problem.detail)).collect();
    assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), canonical);
    assert_eq!(found, problems);
}

/// What is said of an input without a usable header.
fn refusal(input: &[u8]) -> String {
    read(&mut { input }).expect_err("no header").to_string()
}

#[test]
fn the_example_of_the_vocabulary() {
    check(
        r#"{"ts":1200,"peer":0,"term":2,"task":3,"kind":"rpc.send","rpc":"7","method":"RequestVote","to":1,"src":"raft.rs:103"}"#,
        &[
            r#"{"ts":1200,"peer":"0","term":2,"task":"3","kind":"rpc.send","rpc":"7","method":"RequestVote","to":"1","src":"raft.rs:103"}"#,
        ],
        &[],
    );
}

#[test]
fn keys_may_stand_in_any_order() {
    check(
        r#"{"src":"a.rs:1","x":1,"index":9,"kind":"commit","term":2,"task":"t","inc":"1","peer":"a","cluster":"c","test":5,"sim":7,"ts":1}"#,
        &[
            r#"{"ts":1,"sim":7,"test":"5","cluster":"c","peer":"a","inc":1,"term":2,"task":"t","kind":"commit","index":9,"src":"a.rs:1","x":1}"#,
        ],
        &[],
    );
}

#[test]
fn a_number_and_its_text_are_one_id() {
    let input = concat!(
        "{\"ts\":1,\"peer\":4,\"kind\":\"vote\",\"for\":4}\n",
        "{\"ts\":1,\"peer\":\"4\",\"kind\":\"vote\",\"for\":\"4\"}\n",
        "{\"ts\":1,\"peer\":\"04\",\"kind\":\"vote\",\"for\":-1}\n",
    );
    let (image, problems) = read(&mut format!("{HEADER}{input}").as_bytes()).expect("a header");
    let events = common::events(&image).0;
    assert_eq!(problems, []);
    assert_eq!(events[0], events[1]);
    assert_eq!(events[0].head.context.peer, Some(Value::U64(4)));
    assert_eq!(events[1].fields, [("for".to_owned(), Value::U64(4))]);
    assert_eq!(events[2].head.context.peer, Some(Value::from("04")));
    assert_eq!(image.tables.contexts.len(), 2);
}

#[test]
fn lists_of_ids_are_canonical_too() {
    check(
        concat!(
            r#"{"ts":1,"kind":"config","voters":[1,"2","c"],"joint":[["1"],[2]]}"#,
            "\n",
            r#"{"ts":1,"kind":"log.append","first":"3","entries":[{"term":"2","digest":9},{}]}"#,
        ),
        &[
            r#"{"ts":1,"kind":"config","voters":["1","2","c"],"joint":[["1"],["2"]]}"#,
            r#"{"ts":1,"kind":"log.append","first":3,"entries":[{"term":2,"digest":"9"},{}]}"#,
        ],
        &[],
    );
}

#[test]
fn what_nobody_knows_is_kept() {
    let line = r#"{"ts":1,"kind":"my.kind","a":null,"b":[1,-2,2.5,"3",{"c":[]}],"d":{"e":true},"f":"4","g":18446744073709551615}"#;
    check(line, &[line], &[]);
}

#[test]
fn numbers_are_exact() {
    check(
        r#"{"ts":18446744073709551615,"kind":"x","a":-9223372036854775808,"b":18446744073709551616,"c":0.1,"d":1e400,"e":5e-324}"#,
        &[],
        &["corrupt: line 2 is not JSON: number out of range at its byte 105; it is left out"],
    );
    check(
        r#"{"ts":18446744073709551615,"kind":"x","a":-9223372036854775808,"b":18446744073709551616,"c":0.1,"d":-0,"e":5e-324}"#,
        &[
            r#"{"ts":18446744073709551615,"kind":"x","a":-9223372036854775808,"b":1.8446744073709552e19,"c":0.1,"d":-0.0,"e":5e-324}"#,
        ],
        &[],
    );
}

#[test]
fn null_is_said_where_it_says_something() {
    check(
        r#"{"ts":1,"peer":null,"term":null,"kind":"op.return","client":"1","result":null}"#,
        &[r#"{"ts":1,"kind":"op.return","client":"1","result":null}"#],
        &[],
    );
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts() {
    check(
        r#"{"ts":1,"ts":2,"kind":"a","kind":"commit","index":1,"peer":1,"index":2,"peer":2}"#,
        &[r#"{"ts":2,"peer":"2","kind":"commit","index":2}"#],
        &[],
    );
}

#[test]
fn time_never_runs_backwards() {
    check(
        "{\"ts\":5,\"kind\":\"a\"}\n{\"kind\":\"b\"}\n{\"ts\":3,\"kind\":\"c\"}\n{\"ts\":4,\"kind\":\"d\"}\n{\"ts\":6,\"kind\":\"e\"}\n",
        &[
            r#"{"ts":5,"kind":"a"}"#,
            r#"{"ts":5,"kind":"b"}"#,
            r#"{"ts":5,"kind":"c"}"#,
            r#"{"ts":5,"kind":"d"}"#,
            r#"{"ts":6,"kind":"e"}"#,
        ],
        &[
            "unexpected: no usable `ts` in line 3, which got the time of the event before",
            "unexpected: `ts` runs backwards in 2 lines (the first is line 4), which got the time of the event before",
        ],
    );
}

#[test]
fn a_wrong_type_is_kept_and_counted_once_for_each_field() {
    check(
        "{\"ts\":1,\"kind\":\"commit\",\"index\":1.5}\n{\"ts\":1,\"kind\":\"commit\",\"index\":null}\n{\"ts\":1,\"kind\":\"role\",\"role\":7,\"peer\":[1],\"term\":-1}\n",
        &[
            r#"{"ts":1,"kind":"commit","index":1.5}"#,
            // A typed field that is null is absent, and no more than that.
            r#"{"ts":1,"kind":"commit"}"#,
            r#"{"ts":1,"kind":"role","role":7,"peer":[1],"term":-1}"#,
        ],
        &[
            "unexpected: `index` of commit is not of its type in line 2; it is kept as it is",
            "unexpected: `role` of role is not of its type in line 4; it is kept as it is",
            "unexpected: `peer` of the events is not of its type in line 4; it is kept as it is",
            "unexpected: `term` of the events is not of its type in line 4; it is kept as it is",
        ],
    );
}

#[test]
fn a_bad_line_costs_that_line_alone() {
    check_bytes(
        b"hello\n[1]\n{\"ts\":1}\n{\"ts\":1,\"kind\":7}\n{\"ts\":1,\"kind\":\"\xff\"}\n{\"ts\":1,\"kind\":\"a\"}garbage\n{\"ts\":1,\"kind\":\"a\"}\n\0\0\0\0",
        &[r#"{"ts":1,"kind":"a"}"#],
        &[
            "corrupt: line 2 is not JSON: expected value at its byte 1; it is left out",
            "corrupt: line 3 cannot be kept: invalid type: sequence, expected an object at its byte 0; it is left out",
            "corrupt: line 4 has no `kind`, or one that is no string; it is left out",
            "corrupt: line 5 has no `kind`, or one that is no string; it is left out",
            "corrupt: line 6 is not UTF-8 from its byte 17 on; it is left out",
            "corrupt: line 7 is not JSON: trailing characters at its byte 20; it is left out",
            "corrupt: line 9 is not JSON: expected value at its byte 1; it is left out",
        ],
    );
}

#[test]
fn many_bad_lines_are_told_in_few_words() {
    let input = format!("{HEADER}{}", "x\n".repeat(1000));
    let (_, problems) = read(&mut input.as_bytes()).expect("a header");
    assert_eq!(problems.len(), 21);
    let last = Problem {
        kind: ProblemKind::Corrupt,
        offset: HEADER.len() as u64 + 40,
        detail: "980 lines (the first is line 22) had to be left out as well".into(),
    };
    assert_eq!(problems[20], last);
}

#[test]
fn a_torn_last_line_is_said_and_a_whole_one_needs_no_end() {
    check(
        "{\"ts\":1,\"kind\":\"a\"}\n{\"ts\":2,\"kind\":\"comm",
        &[r#"{"ts":1,"kind":"a"}"#],
        &["truncated: line 3 is torn: the file ends within it; it is left out"],
    );
    check("{\"ts\":1,\"kind\":\"a\"}", &[r#"{"ts":1,"kind":"a"}"#], &[]);
}

#[test]
fn windows_has_its_own_ways() {
    let input = "\u{feff}\r\n{\"peerscope\":1,\"unit\":\"ns\"}\r\n\r\n{\"ts\":1,\"kind\":\"a\"}\r\n  \r\n";
    let (image, problems) = read(&mut input.as_bytes()).expect("a header");
    assert_eq!(problems, []);
    assert_eq!(common::events(&image).0.len(), 1);
}

#[test]
fn deep_nesting_ends_the_line_and_not_the_stack() {
    let nested = |depth: usize| format!("{{\"ts\":1,\"kind\":\"a\",\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    check(&nested(33), &[&nested(33)], &[]);
    let said =
        "corrupt: line 2 cannot be kept: lists and maps are nested more than 32 deep at its byte 56; it is left out";
    check(&nested(34), &[], &[said]);
    let input = format!("{HEADER}{}", "{\"x\":[".repeat(1_000_000));
    assert_eq!(read(&mut input.as_bytes()).expect("a header").1.len(), 1);
}

#[test]
fn a_line_without_end_is_left_out() {
    let long = format!("{{\"ts\":1,\"kind\":\"a\",\"x\":\"{}\"}}\n{{\"ts\":2,\"kind\":\"b\"}}\n", "x".repeat(MAX_LINE));
    check(&long, &[r#"{"ts":2,"kind":"b"}"#], &["corrupt: line 2 is longer than 8 MiB; it is left out"]);
    // Floats are longer on the wire than here, so a line that may be read can still be too large to keep.
    let floats = format!("{{\"ts\":1,\"kind\":\"a\",\"x\":[0.5{}]}}", ",0.5".repeat(1_500_000));
    check(&floats, &[], &["corrupt: line 2 cannot be kept: an event is larger than 8 MiB; it is left out"]);
}

#[test]
fn more_texts_than_the_string_table_takes_are_still_kept() {
    let lines: String =
        (0..70_000).map(|n| format!("{{\"ts\":1,\"kind\":\"log\",\"msg\":\"m{n}\",\"src\":\"a.rs:1\"}}\n")).collect();
    let (image, problems) = read(&mut format!("{HEADER}{lines}").as_bytes()).expect("a header");
    assert_eq!(problems, []);
    assert!(image.tables.strings.len() < 66_000);
    assert!(common::to_json(&image).ends_with(&lines));
}

#[test]
fn the_header_keeps_what_it_does_not_know() {
    let input = r#"{"peerscope":1,"start":7,"unit":"ns","pid":"12","extra":[1],"meta":{"a":1,"a":2}}"#;
    let (image, problems) = read(&mut input.as_bytes()).expect("a header");
    assert_eq!(image.header.pid, Some(12));
    assert_eq!(image.header.start, None);
    assert_eq!(image.header.meta("a"), Some(&Value::U64(2)));
    let canonical = "{\"peerscope\":1,\"unit\":\"ns\",\"pid\":12,\"meta\":{\"start\":7,\"extra\":[1],\"a\":2}}\n";
    assert_eq!(common::to_json(&image), canonical);
    let details: Vec<_> = problems.iter().map(|problem| &problem.detail[..]).collect();
    assert_eq!(details, ["`start` of the header is not of its type in line 1; it is kept as it is"]);
}

#[test]
fn what_is_no_trace_is_refused_with_a_reason() {
    for (input, reason) in [
        (&b""[..], "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"\x89PScope\n", "its name should end in .pscope"),
        (b"\xff\xfe{\0", "UTF-16"),
        (b"hello\n", "its first line is not JSON"),
        (b"[1]\n", "its first line is no object"),
        (b"{\"a\":1}\n", "its first line has no key `peerscope`"),
        (b"{\"ts\":1,\"kind\":\"a\"}\n", "the header is missing"),
        (b"{\"peerscope\":1,\"un", "the trace ends within its header"),
        (b"{\"peerscope\":2,\"unit\":\"ns\"}\n", "another version"),
        (b"{\"peerscope\":1,\"unit\":\"ms\"}\n", "another `unit`"),
        (b"{\"peerscope\":1}\n", "does not say its `unit`"),
    ] {
        let said = refusal(input);
        assert!(said.contains(reason), "{:?}: {said}", String::from_utf8_lossy(input));
    }
}

#[test]
fn a_header_that_no_native_file_could_keep_is_refused() {
    let floats = format!("{{\"peerscope\":1,\"unit\":\"ns\",\"x\":[0.5{}]}}\n", ",0.5".repeat(1_500_000));
    assert!(refusal(floats.as_bytes()).contains("more than a native file could keep"));
}
