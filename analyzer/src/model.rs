//! The model: the events of a run in one order that never contradicts happens-before, and tables of what they name.
//!
//! [`Trace`] is columnar: 20 bytes an event and 4 in the index of lines, beside the event's own fields, which stay as
//! they were encoded and are decoded by whoever asks ([`Event::body`]). Nothing here knows files, screens or JSON.

mod build;
mod columns;
mod edges;
mod event;
mod grants;
mod grouped;
mod id;
mod naming;
mod table;
mod tables;

use peerscope_format::header::TraceHeader;
use peerscope_format::shape::ResolvedShape;
use peerscope_format::value::{Id, Term};
use peerscope_format::vocabulary::Kind;
use peerscope_format::wire::Strings;

pub(crate) use self::build::Draft;
use self::columns::Columns;
pub(crate) use self::columns::Part;
pub(crate) use self::edges::{Edge, Edges};
pub use self::event::Event;
pub(crate) use self::grants::granted;
pub use self::grouped::Grouped;
pub use self::id::{
    ChannelId, ClientId, ClusterId, ConditionId, Dense, EventId, GroupId, LineId, LockId, MessageId, OnceId, PeerId,
    RpcId, SemaphoreId, SourceId, TaskId, TestId, TimerId, VariableId,
};
pub use self::table::Table;
pub use self::tables::{PeerScope, Tables, Task};

/// The events of one run, of one or several files, in one order.
///
/// The order is a linear extension of happens-before: what happened before an event stands before it. (The reader says
/// so if the files contradict that; see [`crate::read`].)
#[derive(Debug)]
pub struct Trace {
    sources: Vec<Source>,
    shapes: Vec<SourceShape>,
    scopes: Vec<Scope>,
    columns: Columns,
    /// By line: its events in program order.
    lines: Grouped<EventId>,
    tables: Tables,
    tasks: Vec<Task>,
    edges: Edges,
}

/// A file that events come from.
#[derive(Debug)]
pub struct Source {
    /// What reports call it: its path as it was given.
    pub name: String,
    /// What the file says about its run.
    pub header: TraceHeader,
    /// How many events of it are in the trace.
    pub events: u32,
    /// Events that its recorder could not keep.
    pub lost_events: u64,
    pub(crate) strings: Strings,
}

/// A shape of one file.
#[derive(Debug)]
struct SourceShape {
    source: SourceId,
    resolved: ResolvedShape,
}

/// Whose events are: what stands at their heads. Each may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The file.
    pub source: SourceId,
    /// The test.
    pub test: Option<TestId>,
    /// The consensus group.
    pub cluster: Option<ClusterId>,
    /// The peer.
    pub peer: Option<PeerId>,
    /// The peer's incarnation, from 0; unknown counts as the first.
    pub incarnation: u64,
    /// Whether the event says which incarnation of the peer wrote it.
    pub says_incarnation: bool,
    /// The task.
    pub task: Option<TaskId>,
    /// The peer's current term.
    pub term: Option<Term>,
    /// The sequence of events in program order.
    pub line: Option<LineId>,
}

impl Trace {
    /// How many events there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.columns.ts.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The event with this id.
    ///
    /// # Panics
    /// [`Event`]'s methods panic if `id` is of another, longer trace.
    #[inline]
    pub fn event(&self, id: EventId) -> Event<'_> {
        Event { trace: self, id }
    }

    /// All events in the trace's order.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = Event<'_>> + ExactSizeIterator {
        (0..self.len() as u32).map(|id| self.event(EventId(id)))
    }

    /// The files.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The file with this id.
    pub fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.index()]
    }

    /// The tables of what events name: `trace.tables().locks`, `.rpcs`, ...
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The tests.
    pub fn tests(&self) -> &Table<TestId, ()> {
        &self.tables.tests
    }

    /// The consensus groups.
    pub fn clusters(&self) -> &Table<ClusterId, ()> {
        &self.tables.clusters
    }

    /// The peers.
    pub fn peers(&self) -> &Table<PeerId, PeerScope> {
        &self.tables.peers
    }

    /// The tasks' names; [`Trace::task`] has their lives.
    pub fn tasks(&self) -> &Table<TaskId, SourceId> {
        &self.tables.tasks
    }

    /// The locks.
    pub fn locks(&self) -> &Table<LockId, SourceId> {
        &self.tables.locks
    }

    /// A task's life.
    pub fn task(&self, task: TaskId) -> &Task {
        &self.tasks[task.index()]
    }

    /// The events of `task` in program order.
    pub fn task_events(&self, task: TaskId) -> &[EventId] {
        self.task(task).line.map_or(&[], |line| self.line_events(line))
    }

    /// How many lines there are.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The events of `line` in program order.
    pub fn line_events(&self, line: LineId) -> &[EventId] {
        self.lines.of(line.index())
    }

    /// The event that follows `event` in its line (its task's next one).
    pub fn next_in_line(&self, event: EventId) -> Option<EventId> {
        let events = self.line_events(self.event(event).line()?);
        events.get(events.partition_point(|other| *other <= event)).copied()
    }

    /// The event before `event` in its line.
    pub fn previous_in_line(&self, event: EventId) -> Option<EventId> {
        let events = self.line_events(self.event(event).line()?);
        events.get(events.partition_point(|other| *other < event).checked_sub(1)?).copied()
    }

    /// The peer that `id` names in a field of `event` (`to`, `for`, ...): one of the event's test and cluster.
    pub fn peer_of(&self, event: Event<'_>, id: Id<'_>) -> Option<PeerId> {
        self.tables.peers.get(PeerScope { test: event.test(), cluster: event.cluster() }, id)
    }

    /// The task that `id` names in a field of `event`.
    pub fn task_of(&self, event: Event<'_>, id: Id<'_>) -> Option<TaskId> {
        self.tables.tasks.get(event.source(), id)
    }

    /// The lock that `id` names in a field of `event`.
    pub fn lock_of(&self, event: Event<'_>, id: Id<'_>) -> Option<LockId> {
        self.tables.locks.get(event.source(), id)
    }

    /// Gives a task the name that it has in events which are not part of this trace.
    pub(crate) fn name_task(&mut self, task: TaskId, name: &str) {
        self.tables.tasks.set_name(task, name);
    }

    /// The same of a peer.
    pub(crate) fn name_peer(&mut self, peer: PeerId, name: &str) {
        self.tables.peers.set_name(peer, name);
    }

    /// Which events of other lines each event is known to follow.
    pub(crate) fn edges(&self) -> &Edges {
        &self.edges
    }

    /// Whether any event names a term.
    pub fn has_terms(&self) -> bool {
        self.scopes().iter().any(|scope| scope.term.is_some())
    }

    /// Whether any event can be of this kind, as far as the shapes say.
    pub(crate) fn has_kind(&self, kind: Kind) -> bool {
        self.shapes.iter().any(|shape| shape.resolved.kind == Some(kind))
    }

    /// All whose events are; the heads of events refer to these rows.
    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// The row of an event's scope in [`Trace::scopes`].
    #[inline]
    pub(crate) fn scope_row(&self, id: EventId) -> u32 {
        self.columns.scope[id.index()]
    }

    #[inline]
    fn shape(&self, id: EventId) -> &SourceShape {
        &self.shapes[self.columns.shape_of(id) as usize]
    }
}
