//! A task keeps a lock while it waits for another peer's answer.
//!
//! What proves it: the `rpc.return` in the same task, with the lock still held. Where the trace ends first, the last that
//! is known of the task is that it sent a request under the lock, and a message that nobody waits for looks the same.
//! Then it is still proved in two cases:
//!
//! - Calls from the same place were waited for elsewhere in the trace, so this one is waited for as well. That holds
//!   wherever the trace was cut: the lock was held when the call began, and only its end can be followed by a release.
//! - The program ended by itself, and another task had asked for the lock and never got it: the task did nothing more and
//!   the lock was not released, in as much time as the program wanted to give them. Behind a cut that
//!   shows nothing: between a send and the release that follows it there is always room for a waiter and a `kill -9`.
//!
//! Otherwise it is suspected, and no more. (A send that the trace itself shows not to be waited for is not even that; see
//! `facts/waits.rs`.)

use std::collections::BTreeMap;

use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::detect::blind::{self, missing_parts};
use crate::detect::finding::{Class, Finding, Gap, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, span};
use crate::facts::{Certainty, Facts, Hold, Mode, Rpc, Wait, WaitOn};
use crate::model::{Event, EventId, LockId, PeerId, RpcId};

/// The declaration.
pub const DETECTOR: Detector = Detector {
    name: "lock-held-across-rpc",
    summary: "a task keeps an exclusive lock while it waits for a remote call's answer",
    explain: Explain {
        what_it_is: "\
A task takes an exclusive lock, sends a request to another peer, and still holds the lock when the answer comes (or has \
not come when the trace ends). A message that is sent under a lock without waiting for its answer is not meant. A task \
that keeps its lock while another one, which it waits for, makes the call does the same harm, but is not looked for.",
        why_it_matters: "\
How long the lock is held is now up to the network and to the other peer. Whatever else needs the lock waits as well: \
handlers of other requests, heartbeats, timers. If the other peer's handler needs a lock whose holder waits for us in \
turn, nobody ever goes on.",
        example: "\
One guard lives through the whole loop:
  let raft = self.raft.lock();
  for peer in &self.peers {
      let reply = peer.request_vote(raft.term, raft.me);    // 50 ms on a slow network, lock held
      ...
  }
A heartbeat that arrives meanwhile waits for `raft`; with a delay of 50 ms a call, the peer handles nothing else.",
        how_to_fix: "\
Copy what the request needs into local values, release the lock, call, then take the lock again. Between the two the \
world has moved: check that term and role are still those of the request before acting on the answer.",
    },
    needs: &[Need::Holds, Need::Waits, Need::Rpcs],
    judges_by: &[
        Kind::RpcSend,
        Kind::RpcRecv,
        Kind::RpcReply,
        Kind::RpcReturn,
        Kind::LockWait,
        Kind::LockAcquire,
        Kind::LockRelease,
    ],
    thresholds: &[],
    idle: |facts| (!blind::written(facts, &[Kind::RpcSend])).then_some("no request is sent"),
    run,
};

/// One call under a lock.
struct Case {
    acquire: EventId,
    send: EventId,
    rpc: RpcId,
    lock: LockId,
    /// `rpc.return`; none = the trace ends in the wait.
    back: Option<EventId>,
    /// Whether the task waits.
    certainty: Certainty,
    /// Whether somebody who asked for the lock never got it.
    blocks: bool,
    /// How many tasks waited for the lock meanwhile.
    waiters: usize,
    /// The longest of those waits, and for how long it overlaps the call.
    longest: Option<(Wait, u64)>,
}

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let mut groups: BTreeMap<_, Vec<Case>> = BTreeMap::new();
    for rpc in facts.rpcs().all().filter(|rpc| !rpc.ambiguous) {
        for case in cases(facts, &rpc) {
            // Tests and clusters are worlds of their own; within one, a place in the program is one story.
            let sent = facts.trace().event(case.send);
            let place = (sent.test(), sent.cluster(), place(facts, case.acquire), place(facts, case.send));
            groups.entry(place).or_default().push(case);
        }
    }
    let locks: FxHashSet<LockId> = groups.values().flatten().map(|case| case.lock).collect();
    let waits = waits_by_lock(facts, &locks);
    for case in groups.values_mut().flatten() {
        count_waiters(facts, case, waits.get(&case.lock).map_or(&[], |waits| waits));
    }
    let findings = groups.into_values().filter_map(|cases| tell(facts, cases)).collect();
    let mut gaps = missing_parts(facts);
    gaps.extend(locks_unseen(facts));
    gaps.extend(blind::unpaired_rpcs(facts));
    gaps.extend(blind::taskless(facts, &[Kind::LockAcquire, Kind::RpcSend]));
    Outcome::new(findings, gaps)
}

/// Where it stands in the program; where that is unknown, what it is about.
fn place(facts: &Facts<'_>, event: EventId) -> String {
    let event = facts.trace().event(event);
    match (event.src(), event.body()) {
        (Some(src), _) => src.to_owned(),
        (None, Body::RpcSend(body)) => format!("{:?}", body.method),
        (None, Body::LockAcquire(body)) => match body.lock.and_then(|id| facts.trace().lock_of(event, id)) {
            Some(lock) => facts.trace().locks().name(lock).into_owned(),
            None => String::new(),
        },
        _ => String::new(),
    }
}

/// The exclusive holds under which the call was sent and which lasted until its answer was there.
fn cases(facts: &Facts<'_>, rpc: &Rpc<'_>) -> Vec<Case> {
    let trace = facts.trace();
    let Some((send, task)) = rpc.send.and_then(|send| Some((send, trace.event(send).task()?))) else {
        return Vec::new();
    };
    let wait = facts.waits().began_at(send);
    let certainty = match (rpc.return_, wait) {
        (Some(_), _) => Certainty::Certain,
        (None, wait) => wait.map_or(Certainty::Doubtful, |wait| facts.certainty(wait)),
    };
    let last = EventId(trace.len().saturating_sub(1) as u32);
    let exclusive = |hold: &Hold, event| facts.holds().mode_at(hold, event) == Mode::Exclusive;
    let lasted = |hold: &Hold| match rpc.return_ {
        Some(back) => trace.event(back).task() == Some(task) && hold.covers(back),
        None => hold.is_open() && wait.is_some_and(|wait| wait.is_open()),
    };
    // Tasks went on after such calls elsewhere in the trace, and nothing shows that this one did not.
    if certainty == Certainty::Doubtful {
        return Vec::new();
    }
    let holds = facts.holds().held_by_task_at(task, send);
    holds
        .filter(|hold| lasted(hold) && exclusive(hold, send) && exclusive(hold, rpc.return_.unwrap_or(last)))
        .map(|hold| Case {
            acquire: hold.acquire,
            send,
            rpc: rpc.id,
            lock: hold.lock,
            back: rpc.return_,
            certainty,
            blocks: false,
            waiters: 0,
            longest: None,
        })
        .collect()
}

fn waits_by_lock(facts: &Facts<'_>, locks: &FxHashSet<LockId>) -> FxHashMap<LockId, Vec<Wait>> {
    let mut waits: FxHashMap<LockId, Vec<Wait>> = FxHashMap::default();
    if locks.is_empty() {
        return waits;
    }
    for wait in facts.waits().all() {
        if let WaitOn::Lock(lock) = wait.on
            && locks.contains(&lock)
        {
            waits.entry(lock).or_default().push(*wait);
        }
    }
    waits
}

/// Finds who waited for the lock between the send and its end. `waits` are those for this lock, by their begins.
fn count_waiters(facts: &Facts<'_>, case: &mut Case, waits: &[Wait]) {
    let trace = facts.trace();
    let last = EventId(trace.len().saturating_sub(1) as u32);
    let until = case.back.unwrap_or(last);
    let begun = waits.partition_point(|wait| wait.begin <= until);
    let mut over = 0;
    let mut tasks = FxHashSet::default();
    for wait in waits[..begun].iter().rev() {
        if wait.end.is_none_or(|end| end > case.send) {
            let begin = trace.event(wait.begin).ts().max(trace.event(case.send).ts());
            let end = trace.event(wait.end.unwrap_or(last).min(until)).ts();
            let ns = end.saturating_sub(begin);
            tasks.insert(wait.task);
            case.blocks |= wait.end.is_none();
            if case.longest.is_none_or(|(_, longest)| ns >= longest) {
                case.longest = Some((*wait, ns));
            }
        } else if wait.begin < case.acquire {
            // Whoever waits through a hold began before it at most as long ago as the queue is long.
            over += 1;
            if over > LONGEST_QUEUE {
                break;
            }
        }
    }
    case.waiters = tasks.len();
}

/// How many ended waits before the hold are looked at in search of one that did not end.
const LONGEST_QUEUE: usize = 64;

fn tell(facts: &Facts<'_>, mut cases: Vec<Case>) -> Option<Finding> {
    let trace = facts.trace();
    let words = Words(trace);
    // Where one call proves it, those that are merely likely are no part of the proof.
    let sure = |case: &Case| case.certainty == Certainty::Certain || case.blocks && !facts.coverage().cut_off;
    let proved = cases.iter().any(sure);
    cases.retain(|case| sure(case) == proved);
    cases.sort_by_key(|case| case.send);
    let deed = cases.first()?.send;
    // The case that shows best what it costs; the first of equals.
    let worst = cases.iter().rev().max_by_key(|case| case.longest.map(|(_, ns)| ns))?;
    let lock = words.lock(facts, worst.lock, trace.event(worst.send).peer());
    let reply = words.reply(facts, worst.rpc);
    let holder = words.actor(worst.send);
    let cost = match (worst.waiters, worst.longest) {
        (1, Some((wait, ns))) => format!("; meanwhile {} waits {} for it", words.author(wait.begin), span(ns)),
        (tasks, Some((wait, ns))) => {
            let longest = words.author(wait.begin);
            format!("; meanwhile {tasks} tasks wait for it, the longest ({longest}) {}", span(ns))
        }
        _ => String::new(),
    };
    let class = if proved { Class::Happened } else { Class::Suspected };
    let title = if proved {
        format!("{holder} keeps {lock} while it waits for {reply}{cost}")
    } else {
        format!("{holder} keeps {lock}, and perhaps waits for {reply}, where the trace ends{cost}")
    };
    let fix = format!(
        "copy what the request needs, release {lock} before the call, take it again afterwards, and check that term \
         and role are still those of the request"
    );
    let mut finding = Finding::new(class, Nature::Habit, deed, title, fix);
    finding.witness(worst.acquire, words.taking(facts, worst.acquire));
    let asks = if proved { "asks, and waits" } else { "asks, and does nothing more: perhaps it waits" };
    finding.witness(worst.send, format!("{} {asks} for {reply}", words.author(worst.send)));
    if let Some((wait, _)) = worst.longest {
        finding.witness(wait.begin, words.waiting(facts, &wait));
    }
    if let Some(back) = worst.back {
        finding.witness(back, format!("{} has {reply}, and still holds {lock}", words.author(back)));
    }
    finding.order_witnesses();
    finding.peers = cases.iter().filter_map(|case| trace.event(case.send).peer()).collect();
    finding.peers.sort_unstable();
    finding.peers.dedup();
    finding.term = trace.event(worst.send).term();
    finding.acts = cases.iter().map(|case| Object::Hold(case.acquire)).collect();
    finding.acts.dedup();
    finding.count = cases.len();
    Some(finding)
}

/// Peers that call others and never show a lock: whether they hold one meanwhile is unknown. Locks that a calling task took
/// in nobody's name are shown as well.
fn locks_unseen(facts: &Facts<'_>) -> Option<Gap> {
    let (trace, coverage) = (facts.trace(), facts.coverage());
    let blind = |peer: &PeerId| {
        let covered = coverage.peer(*peer);
        covered.writes(Kind::RpcSend) && !covered.writes(Kind::LockAcquire)
    };
    let mut peers: Vec<_> = trace.peers().ids().filter(blind).collect();
    if !peers.is_empty() && coverage.writes(Kind::LockAcquire) {
        let seen = |event: Event<'_>| {
            event.kind() == Some(Kind::RpcSend)
                && event.task().is_some_and(|task| facts.holds().of_task(task).next().is_some())
        };
        let seen: FxHashSet<_> = trace.events().filter(|event| seen(*event)).filter_map(Event::peer).collect();
        peers.retain(|peer| !seen.contains(peer));
    }
    let gap = blind::of_peers(facts, peers, |one| {
        let (sends, shows) = if one { ("sends", "shows") } else { ("send", "show") };
        format!("{sends} requests and {shows} no lock")
    })?;
    Some(gap.advise("use the tracked locks"))
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    #[test]
    fn a_slow_network_makes_everybody_wait() {
        check(
            r#"
            {"ts":0,"peer":0,"task":1,"kind":"lock.new","lock":1,"name":"raft"}
            {"ts":1000000,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"raft.rs:40"}
            {"ts":2000000,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"RequestVote","to":1,"src":"raft.rs:52"}
            {"ts":3000000,"peer":0,"task":2,"kind":"lock.wait","lock":1,"src":"raft.rs:90"}
            {"ts":52000000,"peer":0,"task":1,"kind":"rpc.return","rpc":1,"from":1,"src":"raft.rs:52"}
            {"ts":52100000,"peer":0,"task":1,"kind":"lock.release","lock":1,"seq":1,"src":"raft.rs:40"}
            {"ts":52200000,"peer":0,"task":2,"kind":"lock.acquire","lock":1,"seq":2}
            {"ts":52300000,"peer":0,"task":2,"kind":"lock.release","lock":1,"seq":2}
            {"ts":99000000,"kind":"process.end","how":"exit 0"}

            warning lock-held-across-rpc: peer 0 keeps lock `raft` while it waits for the reply of RequestVote to peer 1; meanwhile task 2 of peer 0 waits 49.000 ms for it
              raft.rs:40 task 1 of peer 0 takes lock `raft`
              raft.rs:52 task 1 of peer 0 asks, and waits for the reply of RequestVote to peer 1
              raft.rs:90 task 2 of peer 0 waits for lock `raft`
              raft.rs:52 task 1 of peer 0 has the reply of RequestVote to peer 1, and still holds lock `raft`
            "#,
        );
    }

    #[test]
    fn one_place_in_the_program_is_one_finding() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"raft.rs:40"}
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1,"src":"raft.rs:52"}
            {"ts":30,"peer":0,"task":1,"kind":"rpc.return","rpc":1,"from":1,"outcome":"timeout"}
            {"ts":40,"peer":0,"task":1,"kind":"rpc.send","rpc":2,"method":"Append","to":2,"src":"raft.rs:52"}
            {"ts":50,"peer":0,"task":1,"kind":"rpc.return","rpc":2,"from":2}
            {"ts":60,"peer":0,"task":1,"kind":"lock.release","lock":1,"seq":1}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            warning lock-held-across-rpc x2: peer 0 keeps lock `1` while it waits for the reply of Append to peer 1
              raft.rs:40 task 1 of peer 0 takes lock `1`
              raft.rs:52 task 1 of peer 0 asks, and waits for the reply of Append to peer 1
              rpc.return task 1 of peer 0 has the reply of Append to peer 1, and still holds lock `1`
            "#,
        );
    }

    #[test]
    fn a_lock_released_before_the_answer_is_not_held_across_the_call() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1}
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1}
            {"ts":21,"peer":0,"task":1,"kind":"lock.release","lock":1,"seq":1}
            {"ts":30,"peer":0,"task":1,"kind":"rpc.return","rpc":1,"from":1}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            clean lock-held-across-rpc
            "#,
        );
    }

    #[test]
    fn the_answer_never_comes() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"raft.rs:40"}
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1,"src":"raft.rs:52"}
            {"ts":30,"peer":0,"task":2,"kind":"lock.wait","lock":1,"src":"raft.rs:90"}
            {"ts":35,"peer":0,"task":3,"kind":"lock.wait","lock":1,"src":"raft.rs:91"}
            {"ts":3000040,"task":9,"kind":"process.end","how":"exit 1"}

            warning lock-held-across-rpc: peer 0 keeps lock `1` while it waits for the reply of Append to peer 1; meanwhile 2 tasks wait for it, the longest (task 2 of peer 0) 3.000 ms
              raft.rs:40 task 1 of peer 0 takes lock `1`
              raft.rs:52 task 1 of peer 0 asks, and waits for the reply of Append to peer 1
              raft.rs:90 task 2 of peer 0 waits for lock `1`
            "#,
        );
    }

    /// A trace that ends with a request sent under a lock, and somebody who has asked for the lock since.
    fn unanswered(before: &str, end: &str, verdict: &str) {
        check(&format!(
            r#"
            {before}
            {{"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1,"src":"raft.rs:40"}}
            {{"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1,"src":"raft.rs:52"}}
            {{"ts":21,"peer":0,"task":1,"kind":"log","msg":"sent","args":{{}}}}
            {{"ts":30,"peer":0,"task":2,"kind":"lock.wait","lock":1,"src":"raft.rs:90"}}
            {end}

            {verdict}
            "#
        ));
    }

    const CUT: &str = "gap lock-held-across-rpc: the trace is cut off; what came after its end is unknown";

    #[test]
    fn behind_a_cut_an_unanswered_request_is_a_suspicion() {
        let verdict = "\
info lock-held-across-rpc: peer 0 keeps lock `1`, and perhaps waits for the reply of Append to peer 1, where the trace ends; meanwhile task 2 of peer 0 waits 0 ns for it
raft.rs:40 task 1 of peer 0 takes lock `1`
raft.rs:52 task 1 of peer 0 asks, and does nothing more: perhaps it waits for the reply of Append to peer 1
raft.rs:90 task 2 of peer 0 waits for lock `1`";
        unanswered("", "", &format!("{verdict}\n{CUT}"));
    }

    #[test]
    fn where_calls_from_there_were_waited_for_a_cut_changes_nothing() {
        let before = r#"
            {"ts":1,"peer":0,"task":5,"kind":"rpc.send","rpc":7,"method":"Append","to":1,"src":"raft.rs:52"}
            {"ts":2,"peer":0,"task":5,"kind":"log","msg":"sent","args":{}}
            {"ts":3,"peer":0,"task":5,"kind":"rpc.return","rpc":7,"from":1,"src":"raft.rs:52"}"#;
        let verdict = "\
warning lock-held-across-rpc: peer 0 keeps lock `1` while it waits for the reply of Append to peer 1; meanwhile task 2 of peer 0 waits 0 ns for it
raft.rs:40 task 1 of peer 0 takes lock `1`
raft.rs:52 task 1 of peer 0 asks, and waits for the reply of Append to peer 1
raft.rs:90 task 2 of peer 0 waits for lock `1`";
        unanswered(before, "", &format!("{verdict}\n{CUT}"));
    }

    #[test]
    fn where_calls_from_there_were_not_waited_for_this_is_none() {
        let before = r#"
            {"ts":1,"peer":0,"task":5,"kind":"rpc.send","rpc":7,"method":"Append","to":1,"src":"raft.rs:52"}
            {"ts":2,"peer":0,"task":5,"kind":"lock.acquire","lock":2,"seq":1}
            {"ts":3,"peer":0,"task":6,"kind":"rpc.return","rpc":7,"from":1}"#;
        unanswered(before, "", CUT);
        let end = r#"{"ts":99,"kind":"process.end","how":"exit 0"}"#;
        unanswered(before, end, "clean lock-held-across-rpc");
    }

    #[test]
    fn nobody_waits_so_an_unanswered_request_proves_nothing() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1}
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            info lock-held-across-rpc: peer 0 keeps lock `1`, and perhaps waits for the reply of Append to peer 1, where the trace ends
              lock.acquire task 1 of peer 0 takes lock `1`
              rpc.send task 1 of peer 0 asks, and does nothing more: perhaps it waits for the reply of Append to peer 1
            "#,
        );
    }

    #[test]
    fn a_lock_that_became_shared_before_the_call_shuts_no_reader_out() {
        for (change, verdict) in [
            (r#""lock.downgrade","mode":"shared""#, "clean lock-held-across-rpc"),
            (
                r#""lock.upgrade","mode":"exclusive""#,
                "warning lock-held-across-rpc: peer 0 keeps lock `1` while it waits for the reply of Append to peer 1\n\
                 lock.acquire task 1 of peer 0 takes lock `1`\n\
                 rpc.send task 1 of peer 0 asks, and waits for the reply of Append to peer 1\n\
                 rpc.return task 1 of peer 0 has the reply of Append to peer 1, and still holds lock `1`",
            ),
        ] {
            let mode = if verdict.starts_with("clean") { "exclusive" } else { "upgradable" };
            check(&format!(
                r#"
                {{"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"mode":"{mode}","seq":1}}
                {{"ts":15,"peer":0,"task":1,"kind":{change},"lock":1,"seq":2}}
                {{"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1}}
                {{"ts":30,"peer":0,"task":1,"kind":"rpc.return","rpc":1,"from":1}}
                {{"ts":40,"peer":0,"task":1,"kind":"lock.release","lock":1,"seq":2}}
                {{"ts":99,"kind":"process.end","how":"exit 0"}}

                {verdict}
                "#
            ));
        }
    }

    #[test]
    fn readers_do_not_shut_each_other_out() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"mode":"shared","seq":1}
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1}
            {"ts":30,"peer":0,"task":1,"kind":"rpc.return","rpc":1,"from":1}
            {"ts":40,"peer":0,"task":1,"kind":"lock.release","lock":1,"mode":"shared","seq":1}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            clean lock-held-across-rpc
            "#,
        );
    }

    #[test]
    fn a_message_that_nobody_waits_for_does_not_count() {
        check(
            r#"
            {"ts":10,"peer":0,"task":1,"kind":"lock.acquire","lock":1,"seq":1}
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1}
            {"ts":30,"peer":0,"task":2,"kind":"rpc.return","rpc":1,"from":1}
            {"ts":40,"peer":0,"task":1,"kind":"lock.release","lock":1,"seq":1}
            {"ts":99,"kind":"process.end","how":"exit 0"}

            clean lock-held-across-rpc
            "#,
        );
    }

    #[test]
    fn without_locks_in_the_trace_nobody_knows() {
        check(
            r#"
            {"ts":20,"peer":0,"task":1,"kind":"rpc.send","rpc":1,"method":"Append","to":1}
            {"ts":30,"peer":0,"task":1,"kind":"rpc.return","rpc":1,"from":1}

            gap lock-held-across-rpc: the trace is cut off; what came after its end is unknown
            gap lock-held-across-rpc: peer 0 sends requests and shows no lock (0)
            "#,
        );
    }
}
