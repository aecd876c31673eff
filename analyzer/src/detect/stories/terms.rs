//! Terms that fall, in events of any kind and over tasks.

use crate::testing::verdict::check;

const END: &str = r#"{"ts":99,"kind":"process.end","how":"exit 0"}"#;

#[test]
fn every_event_states_its_peers_term() {
    check(&format!(
        r#"
        {{"ts":1,"peer":"n1","task":1,"term":1,"kind":"role","role":"follower"}}
        {{"ts":2,"peer":"n1","task":1,"term":5,"kind":"persist","durable_term":5}}
        {{"ts":3,"peer":"n1","task":1,"term":3,"kind":"log.append","first":1,"entries":[{{"term":3}}]}}
        {END}

        error term-regression: the term of peer n1 falls from 5 to 3
          persist peer n1: persist in term 5
          log.append peer n1: log.append in term 3
        "#
    ));
}

#[test]
fn a_later_statement_hides_no_earlier_one() {
    check(&format!(
        r#"
        {{"ts":1,"peer":"n1","task":1,"kind":"lock.acquire","lock":"L","seq":1}}
        {{"ts":2,"peer":"n1","task":1,"term":5,"kind":"term"}}
        {{"ts":3,"peer":"n1","task":1,"kind":"lock.release","lock":"L","seq":1}}
        {{"ts":4,"peer":"n1","task":1,"term":7,"kind":"role","role":"follower"}}
        {{"ts":5,"peer":"n1","task":2,"kind":"lock.acquire","lock":"L","seq":2}}
        {{"ts":6,"peer":"n1","task":2,"term":4,"kind":"term"}}
        {END}

        error term-regression: the term of peer n1 falls from 5 to 4
          term peer n1 moves to term 5
          term peer n1 moves to term 4
        "#
    ));
}

#[test]
fn other_kinds_in_unordered_tasks_contradict_nothing() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":5,"kind":"term"}}
        {{"ts":2,"peer":0,"task":2,"term":4,"kind":"log","msg":"late"}}
        {END}

        clean term-regression
        "#
    ));
}

#[test]
fn a_restart_in_a_smaller_term_may_have_forgotten_it() {
    check(&format!(
        r#"
        {{"ts":1,"peer":"n1","term":5,"kind":"term"}}
        {{"ts":3,"peer":"n1","inc":1,"kind":"peer.start","how":"restarted"}}
        {{"ts":4,"peer":"n1","inc":1,"term":0,"kind":"role","role":"follower"}}
        {END}

        gap term-regression: peer n1 restarts in a smaller term than before, and nothing says whether it was read back (n1)
        "#
    ));
}

#[test]
fn a_term_that_cannot_be_read_is_a_gap() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"kind":"role","role":"leader"}}
        {{"ts":2,"peer":1,"kind":"role","role":"follower"}}
        {{"ts":3,"task":4,"term":3,"kind":"role","role":"leader"}}
        {END}

        gap term-regression: peers 0 and 1 write `term`, `role` or `vote` without a readable term (0, 1)
        gap term-regression: 1 event (`role`, `term`, `vote`) names no peer
        gap two-leaders-in-term: peer 0 writes `term`, `role` or `vote` without a readable term (0)
        gap two-leaders-in-term: 1 event (`role`) names no peer
        "#
    ));
}

/// Many tasks that no order binds must not cost their square. (Counted in events, not in seconds: with a look at every
/// other task for each this would take minutes.)
#[test]
fn many_tasks_of_one_peer_are_looked_at_in_time() {
    let votes: String = (0..100_000)
        .map(|task| format!("{{\"ts\":{task},\"peer\":0,\"task\":{task},\"term\":5,\"kind\":\"vote\",\"for\":1}}\n"))
        .collect();
    check(&format!(
        "{votes}\n{{\"ts\":999999,\"kind\":\"process.end\",\"how\":\"exit 0\"}}\n\nclean term-regression\n"
    ));
}
