//! Peers of whom the trace shows too little, and detectors that have nothing to look at.

use crate::testing::verdict::check;

const END: &str = r#"{"ts":99,"kind":"process.end","how":"exit 0"}"#;

#[test]
fn a_member_without_a_trace_may_have_led() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"term":1,"kind":"peer.start","how":"fresh","members":[0,1,2]}}
        {{"ts":3,"peer":1,"task":2,"term":1,"kind":"role","role":"leader"}}
        {{"ts":4,"peer":0,"task":1,"term":1,"kind":"role","role":"follower"}}
        {END}

        gap two-leaders-in-term: peer 2 is a member and writes nothing in this trace (2)
        "#
    ));
}

#[test]
fn who_states_terms_and_no_role_may_have_led() {
    check(&format!(
        r#"
        {{"ts":3,"peer":1,"task":2,"term":1,"kind":"role","role":"leader"}}
        {{"ts":4,"peer":0,"task":1,"term":1,"kind":"term"}}
        {{"ts":5,"peer":2,"task":3,"term":1,"kind":"vote","for":1}}
        {END}

        gap two-leaders-in-term: peer 0 never writes `role` (0)
        "#
    ));
}

#[test]
fn before_the_trace_joined_nothing_is_known() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"term":5,"kind":"peer.start","how":"attached"}}
        {{"ts":3,"peer":1,"term":5,"kind":"role","role":"leader"}}
        {{"ts":4,"peer":0,"term":5,"kind":"role","role":"follower"}}
        {END}

        gap term-regression: the trace joined peer 0 in mid-life; what came before is unknown (0)
        gap two-leaders-in-term: the trace joined peer 0 in mid-life; what came before is unknown (0)
        "#
    ));
}

#[test]
fn a_strange_word_for_a_role_may_mean_leader() {
    check(&format!(
        r#"
        {{"ts":3,"peer":0,"term":1,"kind":"role","role":"Chief"}}
        {{"ts":4,"peer":1,"term":1,"kind":"role","role":"Follower"}}
        {END}

        gap two-leaders-in-term: peer 0 calls its role `Chief` (0)
        "#
    ));
}

#[test]
fn what_was_read_back_hides_no_real_claim() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"term":3,"kind":"role","role":"leader","restored":true,"src":"a:1"}}
        {{"ts":2,"peer":0,"term":3,"kind":"role","role":"leader","src":"a:2"}}
        {{"ts":3,"peer":1,"term":3,"kind":"role","role":"leader","src":"a:2"}}
        {END}

        error two-leaders-in-term: peers 0 and 1 both claim to lead term 3
          a:2 peer 0 becomes leader in term 3
          a:2 peer 1 becomes leader in term 3
        "#
    ));
}

#[test]
fn who_has_nothing_to_look_at_is_idle() {
    check(&format!(
        r#"
        {{"ts":1,"task":1,"kind":"log","msg":"hello"}}
        {END}

        idle distributed-deadlock: no request is sent
        idle lock-held-across-rpc: no request is sent
        idle self-deadlock: no lock is taken
        idle stale-reply-acted-on: no request is sent
        idle stuck-task: no task waits for anything
        idle term-regression: no peer states a term
        idle two-leaders-in-term: no peer claims a role
        "#
    ));
}

#[test]
fn locks_of_a_peer_without_tasks_say_not_who_waits() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"kind":"lock.acquire","lock":"L"}}
        {{"ts":2,"peer":0,"kind":"lock.wait","lock":"L"}}
        {END}

        gap self-deadlock: peer 0 writes `lock.*` without a task: what its threads wait for is unknown (0)
        "#
    ));
}

#[test]
fn locks_taken_in_nobodys_name_are_seen() {
    check(&format!(
        r#"
        {{"ts":1,"task":"a1","kind":"lock.acquire","lock":"La","seq":1}}
        {{"ts":1,"task":"a1","kind":"lock.release","lock":"La","seq":1}}
        {{"ts":2,"peer":"a","task":"a1","kind":"rpc.send","rpc":"r1","method":"RV","to":"b"}}
        {{"ts":5,"peer":"a","task":"a1","kind":"rpc.return","rpc":"r1"}}
        {END}

        clean lock-held-across-rpc
        "#
    ));
}
