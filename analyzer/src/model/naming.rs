//! Which fields of which kinds name things: the one place from which the tables are filled.

use peerscope_format::value::Id;
use peerscope_format::vocabulary::Body;

use super::{Dense, LockId, PeerScope, Scope, SourceId, Table, Tables};

impl Tables {
    /// Enters whatever an event with this `scope` and `body` names but locks, which [`Table::take_in_lock`] does.
    pub(super) fn take_in(&mut self, scope: &Scope, body: &Body<'_>) {
        let file = scope.source;
        match body {
            Body::TestBegin(body) => name(&mut self.tests, scope.test, body.name),
            Body::PeerStart(body) => {
                name(&mut self.peers, scope.peer, body.name);
                body.members.iter().flat_map(|members| members.iter()).for_each(|id| self.peer(scope, Some(id)));
            }
            Body::Config(body) => {
                [body.voters, body.learners]
                    .iter()
                    .flatten()
                    .flat_map(|ids| ids.iter())
                    .for_each(|id| self.peer(scope, Some(id)));
            }
            Body::Fault(body) => {
                body.peers.iter().flat_map(|peers| peers.iter()).for_each(|id| self.peer(scope, Some(id)));
            }
            Body::Vote(body) => self.peer(scope, body.candidate),
            Body::Progress(body) => self.peer(scope, body.of),
            Body::Persist(body) => self.peer(scope, body.vote),
            Body::TimerSet(body) => enter(&mut self.timers, file, body.timer, body.name),
            Body::TimerStop(body) => enter(&mut self.timers, file, body.timer, body.name),
            Body::TimerFire(body) => enter(&mut self.timers, file, body.timer, body.name),
            Body::RpcSend(body) => self.rpc(scope, body.rpc, [body.from, body.to]),
            Body::RpcRecv(body) => self.rpc(scope, body.rpc, [body.from, body.to]),
            Body::RpcReply(body) => self.rpc(scope, body.rpc, [body.from, body.to]),
            Body::RpcReturn(body) => self.rpc(scope, body.rpc, [body.from, body.to]),
            Body::MsgSend(body) => self.message(scope, body.msg, [body.from, body.to]),
            Body::MsgRecv(body) => self.message(scope, body.msg, [body.from, body.to]),
            Body::MsgDrop(body) => self.message(scope, body.msg, [body.from, body.to]),
            Body::ReplyUsed(body) => {
                enter(&mut self.rpcs, (), body.rpc, None);
                enter(&mut self.messages, (), body.msg, None);
            }
            Body::TaskSpawn(body) => enter(&mut self.tasks, file, body.child, body.name),
            Body::TaskBegin(body) => name(&mut self.tasks, scope.task, body.name),
            Body::TaskJoin(body) => enter(&mut self.tasks, file, body.child, None),
            Body::TaskJoined(body) => enter(&mut self.tasks, file, body.child, None),
            Body::TaskPoll(body) => enter(&mut self.tasks, file, body.by, None),
            Body::TaskPend(body) => enter(&mut self.tasks, file, body.by, None),
            Body::TaskWake(body) => enter(&mut self.tasks, file, body.by, None),
            Body::OpCall(body) => enter(&mut self.clients, (), body.client, None),
            Body::OpReturn(body) => enter(&mut self.clients, (), body.client, None),
            Body::Apply(body) => enter(&mut self.clients, (), body.client, None),
            _ => self.take_in_primitive(scope, body),
        }
    }

    /// The primitives that tasks share within a process.
    fn take_in_primitive(&mut self, scope: &Scope, body: &Body<'_>) {
        let file = scope.source;
        match body {
            Body::SemNew(body) => enter(&mut self.semaphores, file, body.sem, body.name),
            Body::SemWait(body) => enter(&mut self.semaphores, file, body.sem, None),
            Body::SemAcquire(body) => enter(&mut self.semaphores, file, body.sem, None),
            Body::SemRelease(body) => enter(&mut self.semaphores, file, body.sem, None),
            Body::CondNew(body) => enter(&mut self.conditions, file, body.cond, body.name),
            Body::CondWait(body) => enter(&mut self.conditions, file, body.cond, None),
            Body::CondWake(body) => enter(&mut self.conditions, file, body.cond, None),
            Body::CondNotify(body) => enter(&mut self.conditions, file, body.cond, None),
            Body::ChanNew(body) => enter(&mut self.channels, file, body.chan, body.name),
            Body::ChanSend(body) => enter(&mut self.channels, file, body.chan, None),
            Body::ChanSent(body) => enter(&mut self.channels, file, body.chan, None),
            Body::ChanRecv(body) => enter(&mut self.channels, file, body.chan, None),
            Body::ChanReceived(body) => enter(&mut self.channels, file, body.chan, None),
            Body::ChanClose(body) => enter(&mut self.channels, file, body.chan, None),
            Body::GroupNew(body) => enter(&mut self.groups, file, body.group, body.name),
            Body::GroupAdd(body) => enter(&mut self.groups, file, body.group, None),
            Body::GroupDone(body) => enter(&mut self.groups, file, body.group, None),
            Body::GroupWait(body) => enter(&mut self.groups, file, body.group, None),
            Body::GroupPass(body) => enter(&mut self.groups, file, body.group, None),
            Body::OnceBegin(body) => enter(&mut self.onces, file, body.once, None),
            Body::OnceEnd(body) => enter(&mut self.onces, file, body.once, None),
            Body::OncePass(body) => enter(&mut self.onces, file, body.once, None),
            Body::VarRead(body) => enter(&mut self.variables, file, body.var, body.name),
            Body::VarWrite(body) => enter(&mut self.variables, file, body.var, body.name),
            _ => {}
        }
    }

    fn peer(&mut self, scope: &Scope, id: Option<Id<'_>>) {
        enter(&mut self.peers, PeerScope { test: scope.test, cluster: scope.cluster }, id, None);
    }

    fn rpc(&mut self, scope: &Scope, id: Option<Id<'_>>, peers: [Option<Id<'_>>; 2]) {
        enter(&mut self.rpcs, (), id, None);
        peers.into_iter().for_each(|peer| self.peer(scope, peer));
    }

    fn message(&mut self, scope: &Scope, id: Option<Id<'_>>, peers: [Option<Id<'_>>; 2]) {
        enter(&mut self.messages, (), id, None);
        peers.into_iter().for_each(|peer| self.peer(scope, peer));
    }
}

impl Table<LockId, SourceId> {
    /// Enters the lock that an event of `file` with this `body` names.
    pub(super) fn take_in_lock(&mut self, file: SourceId, body: &Body<'_>) {
        let (lock, text) = match body {
            Body::LockNew(body) => (body.lock, body.name),
            Body::LockWait(body) => (body.lock, None),
            Body::LockAcquire(body) => (body.lock, None),
            Body::LockRelease(body) => (body.lock, None),
            Body::LockUpgrade(body) => (body.lock, None),
            Body::LockDowngrade(body) => (body.lock, None),
            Body::Invariant(body) => (body.lock, None),
            Body::CondWait(body) => (body.lock, None),
            Body::CondWake(body) => (body.lock, None),
            _ => return,
        };
        enter(self, file, lock, text);
    }
}

fn enter<I: Dense, S: Copy + Eq + std::hash::Hash>(
    table: &mut Table<I, S>,
    scope: S,
    id: Option<Id<'_>>,
    text: Option<&str>,
) {
    let thing = id.map(|id| table.intern(scope, id));
    name(table, thing, text);
}

fn name<I: Dense, S: Copy + Eq + std::hash::Hash>(table: &mut Table<I, S>, thing: Option<I>, text: Option<&str>) {
    if let (Some(thing), Some(text)) = (thing, text) {
        table.set_name(thing, text);
    }
}

#[cfg(test)]
mod tests {
    use peerscope_format::vocabulary::Kind;

    use crate::testing::trace_from_jsonl;

    #[test]
    fn whatever_has_a_field_for_a_lock_names_one() {
        let kinds = Kind::ALL.iter().filter(|kind| kind.fields().iter().any(|field| field.name == "lock"));
        let named = kinds.map(|kind| {
            let line = format!("{{\"ts\":1,\"task\":1,\"kind\":\"{}\",\"lock\":\"mu\"}}", kind.name());
            (kind.name(), trace_from_jsonl(&line).locks().len())
        });
        let named: Vec<_> = named.collect();
        assert!(named.len() > 5 && named.iter().all(|(_, locks)| *locks == 1), "{named:?}");
    }
}
