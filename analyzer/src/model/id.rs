//! Typed, dense ids: each is the place of a row in a table of [`super::Trace`], from 0.

/// A typed id that is a place in a table.
pub trait Dense: Copy + Ord {
    /// The id of the row at `index`.
    fn from_index(index: usize) -> Self;
    /// The place of its row, from 0.
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
            #[repr(transparent)]
            pub struct $name(pub u32);

            impl Dense for $name {
                #[inline]
                fn from_index(index: usize) -> Self {
                    $name(index as u32)
                }
                #[inline]
                fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )+
    };
}

ids! {
    /// An event: its place in the trace's order, which is a linear extension of happens-before.
    EventId
    /// A file that events come from.
    SourceId
    /// A test that runs.
    TestId
    /// A consensus group.
    ClusterId
    /// A peer: one (test, cluster, peer) of the vocabulary, over all its incarnations.
    PeerId
    /// A thread or async task.
    TaskId
    /// A sequence of events in program order: a task's, or those that a peer's incarnation wrote without a task.
    LineId
    /// A mutex or read-write lock.
    LockId
    /// A semaphore.
    SemaphoreId
    /// A condition variable.
    ConditionId
    /// A channel.
    ChannelId
    /// A wait group, barrier or latch.
    GroupId
    /// A one-time initialisation.
    OnceId
    /// A timer.
    TimerId
    /// An instrumented shared variable.
    VariableId
    /// A remote procedure call.
    RpcId
    /// A one-way message.
    MessageId
    /// A client of the system under test.
    ClientId
}
