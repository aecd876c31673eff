//! One event, seen through the trace's columns.

use peerscope_format::shape::Record;
use peerscope_format::value::Term;
use peerscope_format::vocabulary::{Body, Common, Kind};

use super::{ClusterId, EventId, LineId, PeerId, Scope, SourceId, TaskId, TestId, Trace};

/// A view of one event; as cheap to copy as a reference. Its own fields stay encoded until [`Event::body`] is asked for.
#[derive(Clone, Copy)]
pub struct Event<'t> {
    pub(super) trace: &'t Trace,
    pub(super) id: EventId,
}

impl<'t> Event<'t> {
    /// Its place in the trace's order.
    #[inline]
    pub fn id(self) -> EventId {
        self.id
    }

    /// The trace that it belongs to.
    #[inline]
    pub fn trace(self) -> &'t Trace {
        self.trace
    }

    /// When, in ns since its file's start. Order is [`EventId`]'s matter: clocks of several tasks may disagree with it.
    #[inline]
    pub fn ts(self) -> u64 {
        self.trace.columns.ts[self.id.0 as usize]
    }

    /// Whose it is: all of what stands at the head of an event.
    #[inline]
    pub fn scope(self) -> &'t Scope {
        &self.trace.scopes[self.trace.scope_row(self.id) as usize]
    }

    /// The file that it comes from.
    #[inline]
    pub fn source(self) -> SourceId {
        self.scope().source
    }

    /// The test that it belongs to.
    #[inline]
    pub fn test(self) -> Option<TestId> {
        self.scope().test
    }

    /// The consensus group that it belongs to.
    #[inline]
    pub fn cluster(self) -> Option<ClusterId> {
        self.scope().cluster
    }

    /// The peer that wrote it.
    #[inline]
    pub fn peer(self) -> Option<PeerId> {
        self.scope().peer
    }

    /// The incarnation of that peer, from 0; unknown counts as the first.
    #[inline]
    pub fn incarnation(self) -> u64 {
        self.scope().incarnation
    }

    /// The peer's current term at this moment, where known.
    #[inline]
    pub fn term(self) -> Option<Term> {
        self.scope().term
    }

    /// The task that wrote it.
    #[inline]
    pub fn task(self) -> Option<TaskId> {
        self.scope().task
    }

    /// The sequence of events in program order that it stands in.
    #[inline]
    pub fn line(self) -> Option<LineId> {
        self.scope().line
    }

    /// Its kind, where the vocabulary knows it.
    #[inline]
    pub fn kind(self) -> Option<Kind> {
        self.trace.shape(self.id).resolved.kind
    }

    /// Its kind's name, known or not.
    pub fn kind_name(self) -> &'t str {
        &self.trace.shape(self.id).resolved.shape.kind
    }

    /// All its fields, as they were written.
    #[inline]
    pub fn record(self) -> Record<'t> {
        let shape = self.trace.shape(self.id);
        let strings = &self.trace.sources[shape.source.0 as usize].strings;
        Record::new(&shape.resolved, self.trace.columns.values_of(self.id), strings)
    }

    /// Its own fields, typed; decoded anew at each call.
    #[inline]
    pub fn body(self) -> Body<'t> {
        self.record().body()
    }

    /// "file:line" of the call that wrote it.
    pub fn src(self) -> Option<&'t str> {
        self.record().common(Common::Src)
    }

    /// `error warn info debug trace`.
    pub fn level(self) -> Option<&'t str> {
        self.record().common(Common::Level)
    }

    /// Its topic: as written, else that of its kind.
    pub fn topic(self) -> Option<&'t str> {
        self.record().common(Common::Topic).or_else(|| self.kind().map(Kind::topic))
    }

    /// Simulated time in ns, under a simulator.
    pub fn sim(self) -> Option<u64> {
        self.record().common(Common::Sim).or_else(|| self.trace.columns.simulated(self.id))
    }

    /// Whether it is state read back from disk after a restart, not a new deed.
    pub fn restored(self) -> bool {
        self.record().common(Common::Restored).unwrap_or(false)
    }
}

impl std::fmt::Debug for Event<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "#{} {}", self.id.0, self.kind_name())?;
        self.record().fields().try_for_each(|(name, _, value)| write!(out, " {name}={value}"))
    }
}
