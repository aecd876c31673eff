//! What the lines and columns of small traces look like.

use super::*;
use crate::testing::trace_from_jsonl;

fn logged(options: &Options) -> String {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1000000,"peer":0,"term":1,"kind":"log","msg":"asks {to} for a vote","args":{"to":1},"topic":"vote"}
        {"ts":2000000,"peer":1,"term":2,"kind":"log","msg":"drops \u001b[2J everything","args":{},"topic":"log"}
        "#,
    );
    let mut out = Vec::new();
    write(&trace, options, &mut out, Style::Plain).expect("a vector takes all");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn templates_are_rendered_and_made_harmless() {
    let all = logged(&Options::default());
    assert!(all.contains("asks 1 for a vote"), "{all}");
    assert!(all.contains("drops \\u{1b}[2J everything"), "{all}");
}

#[test]
fn filters_leave_the_rest_out() {
    for options in [
        Options { peers: vec!["0".into()], ..Options::default() },
        Options { term: Some(1), ..Options::default() },
        Options { topics: vec!["vote".into()], ..Options::default() },
    ] {
        assert_eq!(logged(&options).lines().count(), 2, "a title and a line: {options:?}");
    }
}

#[test]
fn a_line_says_who_and_leaves_out_what_is_absent() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1000000,"peer":0,"task":3,"kind":"task.begin","name":"election timer","daemon":null}
        {"ts":2000000,"peer":"node-b","task":4,"kind":"op.return","client":1,"result":null,"server":null}
        "#,
    );
    let mut out = Vec::new();
    write(&trace, &Options::default(), &mut out, Style::Plain).expect("a vector takes all");
    let expected = "\
event           time peer   term task                  what
   #0       1.000 ms p0          task 3 election timer task.begin name=\"election timer\"
   #1       2.000 ms node-b      task 4                op.return client=1 result=null
";
    assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
}

#[test]
fn what_belongs_to_no_peer_is_a_line_across_the_columns() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1000000,"peer":0,"kind":"role","role":"leader"}
        {"ts":2000000,"kind":"test.phase","name":"the network heals, and all peers agree on a leader"}
        {"ts":3000000,"peer":1,"kind":"log","msg":"a line that is longer than its own column"}
        "#,
    );
    let mut out = Vec::new();
    let options = Options { columns: true, width: 80, ..Options::default() };
    write(&trace, &options, &mut out, Style::Plain).expect("a vector takes all");
    let text = String::from_utf8(out).expect("UTF-8");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[2].ends_with("-- test.phase name=\"the network heals, and all peers"), "{text}");
    assert_eq!(lines[4].find("a line that"), Some(21 + 29), "{text}");
    assert_eq!(lines[5].find("its own"), Some(21 + 31), "{text}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn each_peer_has_a_column() {
    let text = logged(&Options { columns: true, width: 101, ..Options::default() });
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0].trim_end(), format!("event {:>14} {:40}peer 1", "time", "peer 0"), "{text}");
    assert_eq!(lines[1].find("asks"), Some(21), "{text}");
    assert_eq!(lines[2].find("drops"), Some(61), "{text}");
}

#[test]
fn simulated_times_stand_in_the_place_of_real_ones() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":1000000,"task":1,"kind":"log","msg":"outside"}
        {"ts":2000000,"sim":5000000000,"task":1,"kind":"log","msg":"within"}
        "#,
    );
    for columns in [false, true] {
        let mut out = Vec::new();
        let options = Options { simulated: true, columns, width: 80, ..Options::default() };
        write(&trace, &options, &mut out, Style::Plain).expect("a vector takes all");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(text.contains("5000.000 ms") && !text.contains("2.000 ms") && !text.contains("1.000 ms"), "{text}");
    }
}

#[test]
fn what_belongs_together_by_a_guess_is_marked_as_one() {
    let trace = trace_from_jsonl(
        r#"
        {"ts":0,"peer":2,"task":2,"kind":"log","msg":"here"}
        {"ts":1,"peer":1,"task":1,"kind":"rpc.send","method":"Ping","to":2}
        {"ts":2,"peer":2,"task":2,"kind":"rpc.recv","method":"Ping","from":1,"src":"raft.rs:7"}
        "#,
    );
    let mut out = Vec::new();
    write(&trace, &Options::default(), &mut out, Style::Plain).expect("a vector takes all");
    let text = String::from_utf8(out).expect("UTF-8");
    let last = text.lines().last().unwrap_or_default();
    assert!(last.ends_with("rpc.recv method=Ping from=1  (guessed: of #1)  raft.rs:7"), "{text}");
    let mut out = Vec::new();
    write_json(&trace, &Options::default(), &mut out).expect("a vector takes all");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!(text.lines().map(|line| line.contains("\"guessed\":1,")).collect::<Vec<_>>(), [false, false, true]);
}
