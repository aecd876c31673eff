//! Tasks of several peers wait for each other in a circle, through locks and remote calls.

use std::collections::BTreeSet;

use peerscope_format::vocabulary::Kind;

use crate::detect::blind::{self, missing_parts};
use crate::detect::chains::{self, closed_at, crosses_peers};
use crate::detect::finding::{Finding, Nature, Object, Outcome};
use crate::detect::registry::{Detector, Explain, Need, Thresholds};
use crate::detect::words::{Words, enumerate};
use crate::facts::{Blocker, Cycle, Facts, WaitOn};
use crate::model::{LockId, PeerId};

/// The declaration.
pub const DETECTOR: Detector = Detector {
    name: "distributed-deadlock",
    summary: "tasks of several peers wait for each other in a circle, through locks and remote calls",
    explain: Explain {
        what_it_is: "\
A circle of waits that runs over more than one peer: a task holds a lock while it waits for the answer of a remote call; \
the handler of that call, on the other peer, waits for a lock there; and the holder of that lock waits, directly or over \
further hops, for the first task. No task in the circle can ever go on.",
        why_it_matters: "\
All peers in the circle stop at once, and with them every request that needs one of those locks. A deadlock detector \
within one process cannot see it: on each peer alone there is merely one task that waits for the network.",
        example: "\
Peers 0 and 1 start an election at the same time, each with its lock `raft` held during the call:
  peer 0: lock raft, send RequestVote to 1, wait for the answer
  peer 1: lock raft, send RequestVote to 0, wait for the answer
  peer 0: the handler of peer 1's RequestVote waits for raft
  peer 1: the handler of peer 0's RequestVote waits for raft",
        how_to_fix: "\
Hold no lock across a remote call: copy what the request needs, release the lock, call, take the lock again. What was \
read before is stale by then, so check that term and role are still those of the request before acting on the answer.",
    },
    needs: &[Need::WaitGraph, Need::Holds, Need::Rpcs],
    judges_by: &[
        Kind::TaskJoin,
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

fn run(facts: &Facts<'_>, _: &Thresholds) -> Outcome {
    let cycles = facts.wait_graph().cycles().iter();
    let findings = cycles.filter(|cycle| crosses_peers(facts, cycle)).map(|cycle| judge(facts, cycle)).collect();
    let mut gaps = missing_parts(facts);
    gaps.extend(blind::unpaired_rpcs(facts));
    gaps.extend(blind::taskless(facts, &[Kind::LockAcquire, Kind::LockWait, Kind::RpcSend, Kind::RpcRecv]));
    Outcome::new(findings, gaps)
}

/// One remote call of the circle: whose, of what, and under which lock that the circle needs.
struct Hop {
    caller: Option<PeerId>,
    callee: Option<PeerId>,
    method: String,
    lock: Option<LockId>,
}

fn judge(facts: &Facts<'_>, cycle: &Cycle) -> Finding {
    let hops = hops(facts, cycle);
    let fix = "hold no lock during a remote call: copy what the request needs, release the lock, call, take the lock \
               again, and check that term and role are still those of the request";
    let deed = closed_at(cycle);
    let doubt = chains::doubt(facts, cycle);
    let title = format!("{}{}", title(facts, &hops), chains::but(doubt));
    let mut finding = Finding::new(chains::class(doubt), Nature::Violation, deed, title, fix);
    tell(facts, cycle, &mut finding);
    finding.order_witnesses();
    finding.peers = peers(&hops);
    finding.term = facts.trace().event(deed).term();
    finding.acts = chains::tasks(cycle).into_iter().map(Object::Task).collect();
    finding
}

fn hops(facts: &Facts<'_>, cycle: &Cycle) -> Vec<Hop> {
    let trace = facts.trace();
    let steps = &cycle.steps;
    let mut hops = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let (Blocker::Handler { recv, .. }, WaitOn::Rpc(rpc)) = (step.blocker, step.wait.on) else { continue };
        let before = &steps[(place + steps.len() - 1) % steps.len()];
        let lock = match (before.blocker, before.wait.on) {
            (Blocker::Holder { .. }, WaitOn::Lock(lock)) => Some(lock),
            _ => None,
        };
        let method = facts.rpcs().get(rpc).method.unwrap_or("remote call").to_owned();
        hops.push(Hop { caller: trace.event(step.wait.begin).peer(), callee: trace.event(recv).peer(), method, lock });
    }
    hops
}

fn peers(hops: &[Hop]) -> Vec<PeerId> {
    let mut peers: Vec<_> = hops.iter().flat_map(|hop| [hop.caller, hop.callee]).flatten().collect();
    peers.sort_unstable();
    peers.dedup();
    peers
}

fn title(facts: &Facts<'_>, hops: &[Hop]) -> String {
    let words = Words(facts.trace());
    let peers = peers(hops);
    let name = |lock: Option<LockId>| lock.map(|lock| facts.trace().locks().name(lock));
    let first = &hops[0];
    let alike =
        hops.iter().all(|hop| hop.method == first.method && hop.lock.is_some() && name(hop.lock) == name(first.lock));
    if let (true, [_, _], [_, _], Some(lock)) = (alike, &peers[..], hops, name(first.lock)) {
        let (names, method) = (words.peers(&peers), &first.method);
        return format!(
            "{names} wait for each other: each holds its lock `{lock}` while its {method} waits for the other's handler"
        );
    }
    let names: BTreeSet<_> = peers.iter().map(|peer| facts.trace().peers().name(*peer)).collect();
    let namesakes = names.len() < peers.len();
    let parts: Vec<_> = hops
        .iter()
        .map(|hop| {
            let who = |peer: Option<PeerId>| match peer {
                None => "a peer".into(),
                Some(peer) if namesakes => format!("peer {}", words.full_name(peer)),
                Some(peer) => words.peer(peer),
            };
            let lock = hop.lock.map(|lock| words.lock(facts, lock, hop.caller));
            let holding = lock.map_or_else(String::new, |lock| format!(" holds {lock} and"));
            format!("{}{holding} waits for {} of {}", who(hop.caller), hop.method, who(hop.callee))
        })
        .collect();
    format!("{} wait for each other in a circle: {}", words.peers(&peers), enumerate(&parts))
}

/// The story: each hold, the call under it, its arrival and the handler's wait.
fn tell(facts: &Facts<'_>, cycle: &Cycle, finding: &mut Finding) {
    let words = Words(facts.trace());
    for step in &cycle.steps {
        let who = words.author(step.wait.begin);
        match step.blocker {
            Blocker::Holder { acquire, .. } => {
                finding.witness(acquire, words.taking(facts, acquire));
                let waiting = words.waiting(facts, &step.wait);
                finding.witness(step.wait.begin, format!("{waiting}, held by {}", words.author(acquire)));
                finding.suffers.push((Object::Hold(acquire), step.wait.begin));
            }
            Blocker::Handler { recv, .. } => {
                let WaitOn::Rpc(rpc) = step.wait.on else { continue };
                finding.witness(step.wait.begin, format!("{who} waits for {}", words.reply(facts, rpc)));
                let method = facts.rpcs().get(rpc).method.unwrap_or("the request");
                let from = words.actor(step.wait.begin);
                finding.witness(recv, format!("{} begins to handle {method} of {from}", words.author(recv)));
            }
            Blocker::Child(child) => {
                finding.witness(step.wait.begin, format!("{who} waits for the end of {}", words.task(child)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::verdict::check;

    const ELECTIONS: &str = r#"
        {"ts":1,"peer":0,"task":1,"kind":"lock.new","lock":10,"name":"raft"}
        {"ts":1,"peer":1,"task":2,"kind":"lock.new","lock":11,"name":"raft"}
        {"ts":10,"peer":0,"task":1,"term":1,"kind":"lock.acquire","lock":10,"seq":1,"src":"raft.rs:40"}
        {"ts":11,"peer":1,"task":2,"term":1,"kind":"lock.acquire","lock":11,"seq":1,"src":"raft.rs:40"}
        {"ts":20,"peer":0,"task":1,"term":1,"kind":"rpc.send","rpc":"a","method":"RequestVote","to":1,"src":"raft.rs:52"}
        {"ts":21,"peer":1,"task":2,"term":1,"kind":"rpc.send","rpc":"b","method":"RequestVote","to":0,"src":"raft.rs:52"}
        {"ts":30,"peer":1,"task":3,"term":1,"kind":"rpc.recv","rpc":"a","method":"RequestVote","from":0,"src":"raft.rs:70"}
        {"ts":31,"peer":0,"task":4,"term":1,"kind":"rpc.recv","rpc":"b","method":"RequestVote","from":1,"src":"raft.rs:70"}
    "#;

    #[test]
    fn two_elections_under_the_lock() {
        check(&format!(
            r#"{ELECTIONS}
            {{"ts":40,"peer":1,"task":3,"term":1,"kind":"lock.wait","lock":11,"src":"raft.rs:71"}}
            {{"ts":41,"peer":0,"task":4,"term":1,"kind":"lock.wait","lock":10,"src":"raft.rs:71"}}
            {{"ts":99,"task":9,"kind":"process.end","how":"exit 1"}}

            error distributed-deadlock: peers 0 and 1 wait for each other: each holds its lock `raft` while its RequestVote waits for the other's handler
              raft.rs:40 task 1 of peer 0 takes lock `raft`
              raft.rs:40 task 2 of peer 1 takes lock `raft`
              raft.rs:52 task 1 of peer 0 waits for the reply of RequestVote to peer 1
              raft.rs:52 task 2 of peer 1 waits for the reply of RequestVote to peer 0
              raft.rs:70 task 3 of peer 1 begins to handle RequestVote of peer 0
              raft.rs:70 task 4 of peer 0 begins to handle RequestVote of peer 1
              raft.rs:71 task 3 of peer 1 waits for lock `raft`, held by task 2 of peer 1
              raft.rs:71 task 4 of peer 0 waits for lock `raft`, held by task 1 of peer 0
              because of lock-held-across-rpc
            "#
        ));
    }

    #[test]
    fn what_the_rpc_library_writes_after_the_send_hides_nothing() {
        check(&format!(
            r#"{ELECTIONS}
            {{"ts":32,"peer":0,"task":1,"kind":"span.enter","span":1,"name":"call"}}
            {{"ts":33,"peer":1,"task":2,"kind":"log","msg":"connecting","args":{{}}}}
            {{"ts":40,"peer":1,"task":3,"term":1,"kind":"lock.wait","lock":11}}
            {{"ts":41,"peer":0,"task":4,"term":1,"kind":"lock.wait","lock":10}}
            {{"ts":99,"kind":"process.end","how":"exit 1"}}

            error distributed-deadlock: peers 0 and 1 wait for each other: each holds its lock `raft` while its RequestVote waits for the other's handler
              raft.rs:40 task 1 of peer 0 takes lock `raft`
              raft.rs:40 task 2 of peer 1 takes lock `raft`
              raft.rs:52 task 1 of peer 0 waits for the reply of RequestVote to peer 1
              raft.rs:52 task 2 of peer 1 waits for the reply of RequestVote to peer 0
              raft.rs:70 task 3 of peer 1 begins to handle RequestVote of peer 0
              raft.rs:70 task 4 of peer 0 begins to handle RequestVote of peer 1
              lock.wait task 3 of peer 1 waits for lock `raft`, held by task 2 of peer 1
              lock.wait task 4 of peer 0 waits for lock `raft`, held by task 1 of peer 0
              because of lock-held-across-rpc
            "#
        ));
    }

    #[test]
    fn one_handler_that_needs_no_lock_sets_all_free() {
        check(&format!(
            r#"{ELECTIONS}
            {{"ts":40,"peer":1,"task":3,"term":1,"kind":"lock.wait","lock":11}}
            {{"ts":41,"peer":0,"task":4,"term":1,"kind":"rpc.reply","rpc":"b","to":1}}
            {{"ts":50,"peer":1,"task":2,"term":1,"kind":"rpc.return","rpc":"b","from":0}}
            {{"ts":51,"peer":1,"task":2,"term":1,"kind":"lock.release","lock":11,"seq":1}}
            {{"ts":52,"peer":1,"task":3,"term":1,"kind":"lock.acquire","lock":11,"seq":2}}
            {{"ts":53,"peer":1,"task":3,"term":1,"kind":"lock.release","lock":11,"seq":2}}
            {{"ts":54,"peer":1,"task":3,"term":1,"kind":"rpc.reply","rpc":"a","to":0}}
            {{"ts":60,"peer":0,"task":1,"term":1,"kind":"rpc.return","rpc":"a","from":1}}
            {{"ts":99,"task":9,"kind":"process.end","how":"exit 0"}}

            clean distributed-deadlock
            "#
        ));
    }

    #[test]
    fn before_the_second_handler_waits_there_is_no_circle_yet() {
        check(&format!(
            r#"{ELECTIONS}
            {{"ts":40,"peer":1,"task":3,"term":1,"kind":"lock.wait","lock":11}}

            gap distributed-deadlock: the trace is cut off; what came after its end is unknown
            "#
        ));
    }
}
