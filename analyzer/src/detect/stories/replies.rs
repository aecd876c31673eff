//! Answers: when acting on one is a deed of a peer that no longer asks, and when it is how a peer learns of a new term.

use crate::testing::verdict::check;

const END: &str = r#"{"ts":99,"kind":"process.end","how":"exit 0"}"#;

#[test]
fn a_newer_term_still_is_news_to_who_moved_on_meanwhile() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate"}}
        {{"ts":2,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1}}
        {{"ts":3,"peer":0,"task":2,"term":2,"kind":"role","role":"candidate"}}
        {{"ts":4,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":1,"msg_term":3,"granted":false}}
        {{"ts":5,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":1,"purpose":"step down"}}
        {{"ts":6,"peer":0,"task":1,"term":3,"kind":"role","role":"follower"}}
        {END}

        clean stale-reply-acted-on
        "#
    ));
}

#[test]
fn what_the_answer_says_may_stand_where_it_was_given() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate"}}
        {{"ts":2,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1,"msg_term":1}}
        {{"ts":3,"peer":1,"task":9,"term":3,"kind":"rpc.recv","rpc":1,"method":"RequestVote","from":0,"msg_term":1}}
        {{"ts":3,"peer":1,"task":9,"term":3,"kind":"rpc.reply","rpc":1,"to":0,"msg_term":3,"granted":false}}
        {{"ts":4,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":1,"outcome":"ok"}}
        {{"ts":6,"peer":0,"task":1,"term":3,"kind":"role","role":"follower"}}
        {{"ts":7,"peer":0,"task":1,"term":3,"kind":"reply.used","rpc":1,"purpose":"step down"}}
        {END}

        clean stale-reply-acted-on
        "#
    ));
}

#[test]
fn who_has_stepped_down_may_still_learn_of_a_term() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":2,"kind":"role","role":"candidate"}}
        {{"ts":2,"peer":0,"task":1,"term":2,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1}}
        {{"ts":3,"peer":0,"task":2,"term":2,"kind":"role","role":"follower"}}
        {{"ts":4,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":1,"msg_term":3,"granted":false}}
        {{"ts":5,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":1,"purpose":"take over term 3"}}
        {{"ts":6,"peer":0,"task":1,"term":3,"kind":"term"}}
        {END}

        clean stale-reply-acted-on
        "#
    ));
}

#[test]
fn a_term_that_was_reached_before_the_answer_is_no_news_to_its_leader() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":1,"kind":"role","role":"leader"}}
        {{"ts":2,"peer":0,"task":2,"term":1,"kind":"rpc.send","rpc":1,"method":"AppendEntries","to":1}}
        {{"ts":4,"peer":0,"task":1,"term":3,"kind":"role","role":"leader"}}
        {{"ts":5,"peer":0,"task":2,"term":3,"kind":"rpc.return","rpc":1,"msg_term":3,"success":false}}
        {{"ts":6,"peer":0,"task":2,"term":3,"kind":"reply.used","rpc":1,"purpose":"decrement nextIndex"}}
        {END}

        error stale-reply-acted-on: peer 0 acts in term 3 on the reply of AppendEntries to peer 1, which it asked for in term 1
          rpc.send peer 0 asks in term 1, and waits for the reply of AppendEntries to peer 1
          role peer 0 becomes leader in term 3
          reply.used peer 0 acts on the reply in term 3 (decrement nextIndex)
        "#
    ));
}

#[test]
fn an_answer_to_an_earlier_life_is_the_stalest_there_is() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"inc":0,"task":1,"term":1,"kind":"role","role":"candidate"}}
        {{"ts":2,"peer":0,"inc":0,"task":1,"term":1,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1}}
        {{"ts":4,"peer":0,"inc":1,"task":1,"term":2,"kind":"role","role":"candidate"}}
        {{"ts":5,"peer":0,"inc":1,"task":1,"term":2,"kind":"rpc.return","rpc":1,"granted":true,"msg_term":1}}
        {{"ts":6,"peer":0,"inc":1,"task":1,"term":2,"kind":"reply.used","rpc":1}}
        {END}

        error stale-reply-acted-on: peer 0 acts on the reply of RequestVote to peer 1, which it asked for before it was restarted
          rpc.send peer 0 asks in term 1, and waits for the reply of RequestVote to peer 1
          role peer 0 becomes candidate in term 2
          reply.used peer 0 acts on the reply in term 2
        "#
    ));
}

#[test]
fn a_role_that_is_lost_without_order_to_the_use_is_a_suspicion() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":2,"kind":"role","role":"candidate"}}
        {{"ts":2,"peer":0,"task":1,"term":2,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1}}
        {{"ts":3,"peer":0,"task":1,"term":2,"kind":"rpc.return","rpc":1,"granted":true}}
        {{"ts":4,"peer":0,"task":7,"term":2,"kind":"role","role":"follower"}}
        {{"ts":5,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":1}}
        {END}

        info stale-reply-acted-on: peer 0 perhaps acts as follower on the reply of RequestVote to peer 1, which it asked for as candidate
          rpc.send peer 0 asks in term 2, and waits for the reply of RequestVote to peer 1
          role peer 0 becomes follower in term 2
          reply.used peer 0 acts on the reply in term 2
        "#
    ));
}

#[test]
fn what_cannot_be_paired_cannot_be_judged() {
    check(&format!(
        r#"
        {{"ts":1,"peer":0,"task":1,"term":1,"kind":"role","role":"candidate"}}
        {{"ts":2,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1}}
        {{"ts":4,"peer":1,"task":2,"term":2,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":0}}
        {{"ts":6,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":1}}
        {{"ts":7,"peer":0,"task":1,"term":2,"kind":"reply.used","rpc":2}}
        {{"ts":8,"peer":0,"task":1,"term":2,"kind":"rpc.send","method":"RequestVote","to":1}}
        {{"ts":9,"peer":0,"task":1,"term":2,"kind":"reply.used","purpose":"count the vote"}}
        {{"ts":9,"task":1,"term":2,"kind":"reply.used","rpc":1}}
        {END}

        gap stale-reply-acted-on: peer 0 acts on replies whose requests are not in the trace (0)
        gap stale-reply-acted-on: 1 `reply.used` of peer 0 names no RPC: the reply returned on another thread (0)
        gap stale-reply-acted-on: RPC 1 is sent twice (peers 0 and 1) (0, 1)
        gap stale-reply-acted-on: peer 0 writes `rpc.*` without an id, so that requests and answers do not find each other (0)
        gap stale-reply-acted-on: 1 event (`rpc.send`, `reply.used`) names no peer
        "#
    ));
}

#[test]
fn who_says_what_it_uses_is_asked_of_the_program() {
    check(&format!(
        r#"
        {{"ts":2,"peer":0,"task":1,"term":5,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1}}
        {{"ts":5,"peer":0,"task":1,"term":5,"kind":"rpc.return","rpc":1}}
        {{"ts":6,"peer":0,"task":1,"term":5,"kind":"reply.used","rpc":1}}
        {{"ts":7,"peer":1,"task":2,"term":5,"kind":"rpc.send","rpc":2,"method":"RequestVote","to":0}}
        {{"ts":8,"peer":0,"task":3,"term":5,"kind":"rpc.recv","rpc":2,"from":1}}
        {{"ts":8,"peer":0,"task":3,"term":5,"kind":"rpc.reply","rpc":2,"to":1}}
        {{"ts":9,"peer":1,"task":2,"term":6,"kind":"role","role":"leader"}}
        {{"ts":9,"peer":2,"task":4,"term":6,"kind":"msg.recv","msg":3,"method":"MsgVoteResp","from":1,"granted":true}}
        {{"ts":9,"peer":2,"task":4,"term":6,"kind":"role","role":"leader"}}
        {END}

        gap stale-reply-acted-on: peer 2 gets answers as one-way messages, which are not yet matched with what they answer (2)
        "#
    ));
}
