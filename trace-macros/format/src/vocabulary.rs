//! The vocabulary: every kind of event, declared once. Wire shapes, JSON Lines, the analyzer's typed events and the
//! documentation derive from this file.
//!
//! A line reads `"name" TypedForm { field: Type, rust_name = "field": Type }`; the types are those of
//! [`FieldType`]. To add a kind, add its line; its emitter and whoever judges it are separate.

mod declare;

use std::marker::PhantomData;

use self::declare::{field_name, field_type, rust_type, vocabulary};
use crate::value::{FieldType, FromValue, Id, ValueRef};

vocabulary! {
    /// A DPrintf line: template plus named values; the template is not formatted while the program runs.
    "log" Log { msg: Text, args: Map }

    /// A test begins.
    "test.begin" TestBegin { name: Text }
    /// A test ends; verdict `pass` or `fail`.
    "test.end" TestEnd { name: Text, verdict: Text, why: Text }
    /// What the test does now ("disconnect leader 1").
    "test.phase" TestPhase { name: Text }
    /// A fault that the test or the simulated network injects: `partition heal crash restart disconnect connect delay drop reorder pause`.
    "fault" Fault { what: Text, peers: Ids, detail: Any }

    /// A peer's incarnation begins; `how` = `fresh restarted attached` (the trace joined in mid-life).
    "peer.start" PeerStart { name: Text, members: Ids, how: Text }
    /// A peer's incarnation ends; `how` = `killed crashed returned`.
    "peer.stop" PeerStop { name: Text, how: Text }

    /// The peer now has this role in its term.
    "role" Role { role: Text }
    /// The peer's current term is now the event's `term`.
    "term" TermChange {}
    /// The peer gave its vote of the event's `term`.
    "vote" Vote { candidate = "for": Id }

    /// The peer wrote these entries at `first`, `first+1`, ... over what stood there; entries behind them stay.
    "log.append" LogAppend { first: Index, entries: Entries }
    /// The peer removed this index and all behind it.
    "log.truncate" LogTruncate { from: Index }
    /// The peer's commit index is now this.
    "commit" Commit { index: Index }
    /// The peer applied this entry to its state machine; `client` and `op` = the request, for exactly-once.
    "apply" Apply { index: Index, entry_term: Term, digest: Id, client: Id, op: Id }
    /// A leader's view of a follower's log.
    "progress" Progress { of: Id, next: Index, matched = "match": Index }
    /// This state is durable now.
    "persist" Persist { durable_term: Term, vote: Id, last_index: Index }
    /// The log was compacted up to `last_index` (`taken`), or replaced by a leader's snapshot (`installed`: also sets commit and apply).
    "snapshot" Snapshot { last_index: Index, last_term: Term, how: Text }
    /// Membership in this peer's view, in force from here on.
    "config" Config { index: Index, voters: Ids, joint: IdSets, learners: Ids }

    /// A timer was set; `why` it was.
    "timer.set" TimerSet { timer: Id, name: Text, after: Nanos, why: Text, select: Id }
    /// A timer was stopped.
    "timer.stop" TimerStop { timer: Id, name: Text, why: Text, select: Id }
    /// A timer fired.
    "timer.fire" TimerFire { timer: Id, name: Text, why: Text, select: Id }

    /// The caller sends a request.
    "rpc.send" RpcSend {
        rpc: Id, method: Text, to: Id, from: Id, msg_term: Term,
        prev_index: Index, prev_term: Term, count: Count, leader_commit: Index, last_index: Index, last_term: Term,
    }
    /// The handler starts.
    "rpc.recv" RpcRecv {
        rpc: Id, method: Text, from: Id, to: Id, msg_term: Term,
        prev_index: Index, prev_term: Term, count: Count, leader_commit: Index, last_index: Index, last_term: Term,
    }
    /// The handler answers.
    "rpc.reply" RpcReply {
        rpc: Id, method: Text, to: Id, from: Id, outcome: Text, msg_term: Term, granted: Flag, success: Flag, index: Index,
    }
    /// The caller has the outcome: `ok timeout error dropped`.
    "rpc.return" RpcReturn {
        rpc: Id, method: Text, from: Id, to: Id, outcome: Text, msg_term: Term, granted: Flag, success: Flag, index: Index,
    }

    /// A one-way message leaves.
    "msg.send" MsgSend {
        msg: Id, method: Text, to: Id, from: Id, why: Text, msg_term: Term, granted: Flag, success: Flag, index: Index,
        prev_index: Index, prev_term: Term, count: Count, leader_commit: Index, last_index: Index, last_term: Term,
    }
    /// A one-way message arrives.
    "msg.recv" MsgRecv {
        msg: Id, method: Text, from: Id, to: Id, why: Text, msg_term: Term, granted: Flag, success: Flag, index: Index,
        prev_index: Index, prev_term: Term, count: Count, leader_commit: Index, last_index: Index, last_term: Term,
    }
    /// The network loses a one-way message.
    "msg.drop" MsgDrop { msg: Id, method: Text, from: Id, to: Id, why: Text, msg_term: Term }
    /// The caller acts on an answer (counts the vote, moves an index).
    "reply.used" ReplyUsed { rpc: Id, msg: Id, purpose: Text }

    /// A task starts another.
    "task.spawn" TaskSpawn { child: Id, name: Text, daemon: Flag }
    /// A task's first event.
    "task.begin" TaskBegin { name: Text, daemon: Flag }
    /// A task's last event; `how` = `ok`, `panic: MESSAGE`, `cancelled`, `killed`; `cpu` = ns used.
    "task.end" TaskEnd { how: Text, cpu: Nanos }
    /// A task begins to wait for the end of `child`.
    "task.join" TaskJoin { child: Id }
    /// The end of `child` was seen.
    "task.joined" TaskJoined { child: Id }
    /// An async task is polled for the `seq`th time.
    "task.poll" TaskPoll { by: Id, seq: Count }
    /// An async task's poll ended without a result.
    "task.pend" TaskPend { by: Id, seq: Count }
    /// An async task was woken by task `by`.
    "task.wake" TaskWake { by: Id, seq: Count }

    /// A lock is made.
    "lock.new" LockNew { lock: Id, name: Text, rw: Flag, policy: Text }
    /// A task is about to block on a lock.
    "lock.wait" LockWait { lock: Id, mode: Text }
    /// A lock was taken (`outcome` absent, `ok` or `poisoned`), or the attempt ended without it; `seq` counts acquisitions.
    "lock.acquire" LockAcquire { lock: Id, mode: Text, seq: Count, outcome: Text }
    /// A hold ends.
    "lock.release" LockRelease { lock: Id, mode: Text, seq: Count }
    /// An upgradable hold becomes exclusive.
    "lock.upgrade" LockUpgrade { lock: Id, mode: Text, seq: Count, outcome: Text }
    /// A hold becomes weaker.
    "lock.downgrade" LockDowngrade { lock: Id, mode: Text, seq: Count }

    /// A semaphore is made.
    "sem.new" SemNew { sem: Id, name: Text, permits: Signed }
    /// A task is about to block on `n` permits.
    "sem.wait" SemWait { sem: Id, n: Signed }
    /// `n` permits were taken, or the attempt ended without.
    "sem.acquire" SemAcquire { sem: Id, n: Signed, permits: Signed, outcome: Text }
    /// `n` permits were given back or stored.
    "sem.release" SemRelease { sem: Id, n: Signed, permits: Signed }

    /// A condition variable is made.
    "cond.new" CondNew { cond: Id, name: Text }
    /// A task is about to wait, giving up `lock`.
    "cond.wait" CondWait { cond: Id, lock: Id }
    /// The wait ended; `seq` of the notify that ended it, where known.
    "cond.wake" CondWake { cond: Id, lock: Id, seq: Count, outcome: Text }
    /// One waiter or `all` are woken; `waiters` = how many there were.
    "cond.notify" CondNotify { cond: Id, all: Flag, waiters: Count, seq: Count }

    /// A channel is made; no `capacity` = unbounded, 0 = rendezvous; `flavor` = `queue oneshot watch broadcast`.
    "chan.new" ChanNew { chan: Id, name: Text, capacity: Count, flavor: Text }
    /// A send begins.
    "chan.send" ChanSend { chan: Id, item: Id, select: Id }
    /// A send ends.
    "chan.sent" ChanSent { chan: Id, seq: Count, item: Id, select: Id, outcome: Text }
    /// A receive begins.
    "chan.recv" ChanRecv { chan: Id, select: Id }
    /// A receive ends.
    "chan.received" ChanReceived { chan: Id, seq: Count, item: Id, select: Id, outcome: Text }
    /// A channel is closed.
    "chan.close" ChanClose { chan: Id }

    /// A wait group, barrier or latch is made.
    "group.new" GroupNew { group: Id, name: Text, n: Signed }
    /// Its count rises by `n` to `now`.
    "group.add" GroupAdd { group: Id, n: Signed, now: Signed }
    /// Its count falls by `n` (absent: 1) to `now`.
    "group.done" GroupDone { group: Id, n: Signed, now: Signed }
    /// A task is about to wait for the count to reach zero.
    "group.wait" GroupWait { group: Id, now: Signed }
    /// The wait ended.
    "group.pass" GroupPass { group: Id, now: Signed, outcome: Text }

    /// A one-time initialisation begins.
    "once.begin" OnceBegin { once: Id }
    /// It ended.
    "once.end" OnceEnd { once: Id, outcome: Text }
    /// A task found it done.
    "once.pass" OncePass { once: Id }

    /// A task is about to sleep.
    "sleep" Sleep { duration = "for": Nanos }
    /// It woke.
    "sleep.end" SleepEnd { outcome: Text }

    /// An instrumented shared variable was read; `version` = the write that the read saw.
    "var.read" VarRead { var: Id, name: Text, value: Any, version: Count, atomic: Text }
    /// It was written; `version` counts its writes, this one included.
    "var.write" VarWrite { var: Id, name: Text, value: Any, version: Count, atomic: Text }
    /// The program evaluated one of its own invariants; `lock` protects it.
    "invariant" Invariant { name: Text, holds: Flag, values: Map, lock: Id }

    /// A client calls an operation, for linearizability.
    "op.call" OpCall { client: Id, model: Text, op: Text, key: Any, args: Any }
    /// It returns; outcome `ok fail unknown`.
    "op.return" OpReturn { client: Id, outcome: Text, result: Any, server: Id }

    /// A foreign `tracing` span is entered.
    "span.enter" SpanEnter { span: Id, name: Text, fields: Map }
    /// It is left.
    "span.exit" SpanExit { span: Id, name: Text, fields: Map }

    /// The program ended by itself (`exit N`, `panic`); a trace without it was cut off.
    "process.end" ProcessEnd { how: Text }
    /// A gap: everything that is missing is said.
    "lost" Lost { events: Count, bytes: Count, why: Text }
}

/// What an event says about what its task had begun to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It begins a wait, and ends what was begun before unless both are cases of one select. Timers begin one only within a
    /// select.
    Begins,
    /// The scheduling of an async task: no deed of its own, it ends nothing.
    Keeps,
    /// What a task can say and do while it waits for an RPC's answer; it ends every other wait.
    Talks,
    /// The task goes on: it has ended its wait.
    Ends,
}

/// Name and type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The name, as in JSON Lines.
    pub name: &'static str,
    /// The type.
    pub ty: FieldType,
}

impl Kind {
    /// The kind called `name`.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The topic of events that name none: the kind's name up to its dot (`lock.wait` -> `lock`).
    pub const fn topic(self) -> &'static str {
        up_to_dot(self.name())
    }

    /// What an event of this kind says about the wait that its task has begun. Two rules go beyond a kind's own: `lock.release`
    /// right after `cond.wait` is implied by it and ends nothing, and `timer.set` outside a select talks.
    pub const fn waiting(self) -> Waiting {
        match self {
            Kind::LockWait | Kind::SemWait | Kind::CondWait | Kind::GroupWait | Kind::TaskJoin | Kind::Sleep => {
                Waiting::Begins
            }
            Kind::ChanSend | Kind::ChanRecv | Kind::RpcSend | Kind::TimerSet => Waiting::Begins,
            Kind::TaskPoll | Kind::TaskPend | Kind::TaskWake => Waiting::Keeps,
            Kind::Log | Kind::SpanEnter | Kind::SpanExit | Kind::TaskSpawn | Kind::TimerStop => Waiting::Talks,
            Kind::MsgSend | Kind::MsgDrop | Kind::Fault => Waiting::Talks,
            _ => Waiting::Ends,
        }
    }

    /// Whether an event of this kind introduces an object that later ones only name: a trace keeps it as long as itself.
    pub const fn introduces(self) -> bool {
        matches!(self, Kind::LockNew | Kind::SemNew | Kind::CondNew | Kind::ChanNew | Kind::GroupNew)
    }

    /// Whether this kind has a field called `name`; for checks at compile time.
    pub const fn has_field(self, name: &str) -> bool {
        let fields = self.fields();
        let mut place = 0;
        while place < fields.len() {
            if const_eq(fields[place].name, name) {
                return true;
            }
            place += 1;
        }
        false
    }
}

const fn up_to_dot(name: &str) -> &str {
    let mut place = 0;
    while place < name.len() && name.as_bytes()[place] != b'.' {
        place += 1;
    }
    name.split_at(place).0
}

const fn const_eq(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut place = 0;
    while place < one.len() {
        if one[place] != other[place] {
            return false;
        }
        place += 1;
    }
    true
}

/// A field that an event of any kind may have beside those of the record's head (`ts peer test cluster inc term task`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Common {
    /// Simulated time in ns.
    Sim,
    /// State read back from disk after a restart, not a new deed.
    Restored,
    /// "file:line".
    Src,
    /// `error warn info debug trace`.
    Level,
    /// `vote`, `log`, ...
    Topic,
}

impl Common {
    /// All of them with their names and types.
    pub const ALL: &'static [(Common, FieldInfo)] = &[
        (Common::Sim, FieldInfo { name: "sim", ty: FieldType::Nanos }),
        (Common::Restored, FieldInfo { name: "restored", ty: FieldType::Flag }),
        (Common::Src, FieldInfo { name: "src", ty: FieldType::Text }),
        (Common::Level, FieldInfo { name: "level", ty: FieldType::Text }),
        (Common::Topic, FieldInfo { name: "topic", ty: FieldType::Text }),
    ];

    /// The common field called `name`.
    pub fn from_name(name: &str) -> Option<Common> {
        Common::ALL.iter().find(|(_, info)| info.name == name).map(|(common, _)| *common)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
            let mut names: Vec<_> = kind.fields().iter().map(|field| field.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), kind.fields().len(), "{kind:?} names a field twice");
        }
        assert_eq!(Kind::from_name("no.such.kind"), None);
        assert_eq!((Kind::LockWait.topic(), Kind::LockWait.target()), ("lock", "peerscope::lock"));
        assert_eq!((Kind::Role.topic(), Kind::Role.target()), ("role", "peerscope::role"));
    }
}
