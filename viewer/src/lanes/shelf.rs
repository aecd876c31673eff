//! Which lane an event belongs on: the one rule for what lanes show and for where a click on an event leads.

use peerscope_analyzer::model::{Event, PeerId, TaskId, TestId};
use peerscope_analyzer::vocabulary::Kind;

/// Where an event belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// With its test, or with what names none where there are several.
    Test(Option<TestId>),
    /// With what its peer does as a member of its group.
    Role(PeerId),
    /// With its task.
    Task(TaskId),
    /// With what its peer, or nobody, wrote without naming a task.
    Untasked(Option<PeerId>),
}

/// Where `event` belongs.
#[inline]
pub fn shelf(event: Event<'_>) -> Shelf {
    match event.kind() {
        Some(kind) if is_of_test(event, kind) => Shelf::Test(test_of(event)),
        Some(kind) if is_of_role(kind) => event.peer().map_or_else(|| by_writer(event), Shelf::Role),
        _ => by_writer(event),
    }
}

/// Whether an event is the test's, or the whole run's, and not a deed of the task that wrote it.
#[inline]
pub(crate) fn is_of_test(event: Event<'_>, kind: Kind) -> bool {
    match kind {
        Kind::TestBegin | Kind::TestEnd | Kind::TestPhase | Kind::Fault => true,
        Kind::ProcessEnd => event.task().is_none() && event.peer().is_none(),
        _ => false,
    }
}

/// The test that an event names, else the only one that there is.
fn test_of(event: Event<'_>) -> Option<TestId> {
    let tests = event.trace().tests();
    event.test().or_else(|| tests.ids().next().filter(|_| tests.len() == 1))
}

fn by_writer(event: Event<'_>) -> Shelf {
    event.task().map_or_else(|| Shelf::Untasked(event.peer()), Shelf::Task)
}

/// Whether events of this kind are deeds of a peer as a member of its group, whichever of its tasks wrote them.
#[inline]
pub fn is_of_role(kind: Kind) -> bool {
    use Kind::{
        Apply, Commit, Config, LogAppend, LogTruncate, PeerStart, PeerStop, Persist, Progress, Role, Snapshot,
        TermChange, Vote,
    };
    matches!(
        kind,
        Apply
            | Commit
            | Config
            | LogAppend
            | LogTruncate
            | PeerStart
            | PeerStop
            | Persist
            | Progress
            | Role
            | Snapshot
            | TermChange
            | Vote
    )
}
