//! What causes what: only what is shared tightly and came before.

use crate::testing::verdict::check;

const END: &str = r#"{"ts":99,"kind":"process.end","how":"exit 0"}"#;

#[test]
fn one_double_leadership_does_not_cause_the_next() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":1,"kind":"role","role":"leader"}}
        {{"ts":2,"peer":1,"task":2,"term":1,"kind":"role","role":"leader"}}
        {{"ts":3,"peer":0,"task":1,"term":5,"kind":"role","role":"leader"}}
        {{"ts":4,"peer":1,"task":2,"term":5,"kind":"role","role":"leader"}}
        {END}

        error two-leaders-in-term: peers 0 and 1 both claim to lead term 1
          role peer 0 becomes leader in term 1
          role peer 1 becomes leader in term 1
        error two-leaders-in-term: peers 0 and 1 both claim to lead term 5
          role peer 0 becomes leader in term 5
          role peer 1 becomes leader in term 5
        "#
    ));
}

#[test]
fn a_stale_heartbeat_is_not_why_one_voter_votes_twice() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":1,"kind":"role","role":"leader","src":"a:1"}}
        {{"ts":2,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":1,"method":"AppendEntries","to":2,"src":"a:2"}}
        {{"ts":3,"peer":0,"task":1,"term":2,"kind":"role","role":"follower","src":"a:3"}}
        {{"ts":4,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":1,"src":"a:4"}}
        {{"ts":5,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":1,"src":"a:5"}}
        {{"ts":50,"peer":0,"task":1,"term":9,"kind":"role","role":"candidate","src":"a:6"}}
        {{"ts":51,"peer":2,"term":9,"kind":"vote","for":0,"src":"a:7"}}
        {{"ts":52,"peer":2,"term":9,"kind":"vote","for":1,"src":"a:7"}}
        {{"ts":53,"peer":0,"task":1,"term":9,"kind":"role","role":"leader","src":"a:8"}}
        {{"ts":54,"peer":1,"term":9,"kind":"role","role":"leader","src":"a:8"}}
        {END}

        error two-leaders-in-term: peers 0 and 1 both claim to lead term 9
          a:6 peer 0 becomes candidate in term 9
          a:7 peer 2 votes for peer 0 in term 9
          a:7 peer 2 votes for peer 1 in term 9
          a:8 peer 0 becomes leader in term 9
          a:8 peer 1 becomes leader in term 9
        "#
    ));
}

#[test]
fn a_fallen_term_causes_what_is_claimed_in_it_again_and_nothing_else() {
    let story = |claimed: u32, because: &str| {
        check(&format!(
            r#"
            {{"ts":1,"peer":0,"task":1,"term":5,"kind":"term","src":"a:1"}}
            {{"ts":2,"peer":0,"task":1,"term":3,"kind":"term","src":"a:2"}}
            {{"ts":30,"peer":0,"task":1,"term":{claimed},"kind":"role","role":"leader","src":"a:3"}}
            {{"ts":31,"peer":1,"task":2,"term":{claimed},"kind":"role","role":"leader","src":"a:3"}}
            {END}

            error two-leaders-in-term: peers 0 and 1 both claim to lead term {claimed}
              a:3 peer 0 becomes leader in term {claimed}
              a:3 peer 1 becomes leader in term {claimed}
            {because}
            "#
        ));
    };
    story(99, "");
    story(4, "because of term-regression");
}

#[test]
fn what_comes_after_the_claim_is_no_cause_however_lines_are_mixed() {
    let lines = [
        r#"{"ts":1,"peer":2,"task":7,"term":3,"kind":"role","role":"leader","src":"a:1"}"#,
        r#"{"ts":1,"peer":2,"task":7,"term":2,"kind":"term","src":"a:2"}"#,
        r#"{"ts":1,"peer":3,"task":8,"term":3,"kind":"role","role":"leader","src":"a:1"}"#,
    ];
    for (order, witnesses) in [([0, 1, 2], [2, 3]), ([2, 0, 1], [3, 2]), ([0, 2, 1], [2, 3])] {
        let story = order.map(|line: usize| lines[line]).join("\n");
        let told = witnesses.map(|peer| format!("a:1 peer {peer} becomes leader in term 3")).join("\n");
        check(&format!(
            "{story}\n{END}\n\nerror two-leaders-in-term: peers 2 and 3 both claim to lead term 3\n{told}\n"
        ));
    }
}

#[test]
fn tests_and_peers_are_told_one_by_one() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"test":"t1","term":3,"kind":"role","role":"leader","src":"a:1"}}
        {{"ts":2,"peer":1,"test":"t1","term":3,"kind":"role","role":"leader","src":"a:1"}}
        {{"ts":3,"peer":0,"test":"t2","term":7,"kind":"role","role":"leader","src":"a:1"}}
        {{"ts":4,"peer":1,"test":"t2","term":7,"kind":"role","role":"leader","src":"a:1"}}
        {END}

        error two-leaders-in-term: peers 0 and 1 both claim to lead term 3
          a:1 peer 0 becomes leader in term 3
          a:1 peer 1 becomes leader in term 3
        error two-leaders-in-term: peers 0 and 1 both claim to lead term 7
          a:1 peer 0 becomes leader in term 7
          a:1 peer 1 becomes leader in term 7
        "#
    ));
}
