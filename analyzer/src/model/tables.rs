//! The tables of a trace: one per sort of thing that events name.

use super::{
    ChannelId, ClientId, ClusterId, ConditionId, EventId, GroupId, LineId, LockId, MessageId, OnceId, PeerId, RpcId,
    SemaphoreId, SourceId, Table, TaskId, TestId, TimerId, VariableId,
};

/// Where a peer's id is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerScope {
    /// The test that runs.
    pub test: Option<TestId>,
    /// The consensus group.
    pub cluster: Option<ClusterId>,
}

/// All that events name. Ids of what lives in one process are unique in their file, those that travel within the run.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Tests.
    pub tests: Table<TestId, ()>,
    /// Consensus groups.
    pub clusters: Table<ClusterId, ()>,
    /// Peers.
    pub peers: Table<PeerId, PeerScope>,
    /// Tasks.
    pub tasks: Table<TaskId, SourceId>,
    /// Locks.
    pub locks: Table<LockId, SourceId>,
    /// Semaphores.
    pub semaphores: Table<SemaphoreId, SourceId>,
    /// Condition variables.
    pub conditions: Table<ConditionId, SourceId>,
    /// Channels.
    pub channels: Table<ChannelId, SourceId>,
    /// Wait groups, barriers, latches.
    pub groups: Table<GroupId, SourceId>,
    /// One-time initialisations.
    pub onces: Table<OnceId, SourceId>,
    /// Timers.
    pub timers: Table<TimerId, SourceId>,
    /// Instrumented shared variables.
    pub variables: Table<VariableId, SourceId>,
    /// RPCs.
    pub rpcs: Table<RpcId, ()>,
    /// One-way messages.
    pub messages: Table<MessageId, ()>,
    /// Clients.
    pub clients: Table<ClientId, ()>,
}

/// A task's life, as far as the trace knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// Its events; `None` if it wrote none.
    pub line: Option<LineId>,
    /// The peer for which it worked first.
    pub peer: Option<PeerId>,
    /// The task that spawned it.
    pub parent: Option<TaskId>,
    /// `task.spawn`.
    pub spawn: Option<EventId>,
    /// `task.begin`.
    pub begin: Option<EventId>,
    /// `task.end`.
    pub end: Option<EventId>,
    /// Whether it may outlive the rest.
    pub daemon: bool,
}
