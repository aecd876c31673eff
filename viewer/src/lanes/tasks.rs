//! The lanes of tasks: when they lived, for what they waited, what they held, what they wrote.
//!
//! A lab spawns thousands of short tasks. Those of one peer with the same name, but for its numbers, that follow each other
//! share a lane.

mod names;
mod pack;

use peerscope_analyzer::facts::{Hold, Wait, WaitOn};
use peerscope_analyzer::model::{EventId, TaskId};
use peerscope_analyzer::vocabulary::Kind;

use self::names::words;
use self::pack::pack;
use super::locks::hold_blocks;
use super::material::{Material, NEVER};
use super::{Whose, push_track};
use crate::lane::{Block, Lane, Look, Place, Subject, Track};

/// The lanes of the tasks that work for the peer, or for nobody; in the order in which their first tasks begin.
pub(super) fn lanes(material: &Material<'_, '_>, whose: Whose, lanes: &mut Vec<Lane>) {
    if whose == Whose::Tests {
        return;
    }
    let mut blocks = Vec::new();
    for tasks in pack(material, material.tasks(whose.peer())) {
        let mut tracks = Vec::new();
        let (label, about) = words(material, &tasks);
        blocks.extend(tasks.iter().filter_map(|task| alive(material, *task)));
        push_track(&mut tracks, Place::Main, material.times, &mut blocks);
        tasks.iter().for_each(|task| waits(material, *task, &mut blocks));
        push_track(&mut tracks, Place::Main, material.times, &mut blocks);
        let mut strips = Strips::default();
        let holds = tasks.iter().flat_map(|task| material.holds_of_task(*task));
        holds.for_each(|(hold, contended)| strips.add(material, hold, contended));
        strips.finish(material, &mut tracks);
        tasks.iter().for_each(|task| points(material, *task, &mut blocks));
        push_track(&mut tracks, Place::Points, material.times, &mut blocks);
        lanes.push(Lane { subject: Subject::Tasks(tasks[0]), label, about, tracks });
    }
}

fn alive(material: &Material<'_, '_>, task: TaskId) -> Option<Block> {
    let events = material.trace.task_events(task);
    let end =
        if material.is_alive_at_end(task) || waits_at_end(material, task) { None } else { events.last().copied() };
    Some(Block::new(*events.first()?, end, Look::Alive))
}

fn waits_at_end(material: &Material<'_, '_>, task: TaskId) -> bool {
    material.trace.task(task).end.is_none() && material.waits_of_task(task).any(Wait::is_open)
}

/// Appends what `task` waited for. The cases of a select end together: the first stands for all.
fn waits(material: &Material<'_, '_>, task: TaskId, blocks: &mut Vec<Block>) {
    let mut last_end = None;
    for wait in material.waits_of_task(task) {
        if last_end.is_some_and(|end| wait.begin < end) {
            continue;
        }
        last_end = Some(wait.end.unwrap_or(NEVER));
        blocks.push(Block::new(wait.begin, wait.lost.or(wait.end), wait_look(wait.on)));
        if let Some(lost) = wait.lost {
            blocks.push(Block::new(lost, wait.end, Look::Missing));
        }
    }
}

fn wait_look(on: WaitOn) -> Look {
    match on {
        WaitOn::Lock(_) => Look::WaitsForLock,
        WaitOn::Rpc(_) => Look::WaitsForReply,
        WaitOn::Join(_) => Look::WaitsForTask,
        WaitOn::Sleep { .. } | WaitOn::Timer(_) => Look::Sleeps,
        WaitOn::Condition(_) | WaitOn::Channel { .. } | WaitOn::Group(_) | WaitOn::Semaphore(_) => Look::WaitsForOther,
    }
}

/// Appends the events of `task` for which no block and no arrow stands.
fn points(material: &Material<'_, '_>, task: TaskId, blocks: &mut Vec<Block>) {
    let point = |id: &EventId| Some(Block::point(*id, point_look(material.trace.event(*id).kind())?));
    blocks.extend(material.points_of_task(task).iter().filter_map(point));
}

/// How an event of a task looks, unless a block or an arrow stands for it.
pub(super) fn point_look(kind: Option<Kind>) -> Option<Look> {
    use Kind::{
        Apply, ChanRecv, ChanSend, Commit, CondWait, Config, GroupWait, Invariant, LockAcquire, LockDowngrade, LockNew,
        LockRelease, LockUpgrade, LockWait, Log, LogAppend, LogTruncate, Lost, MsgDrop, MsgRecv, MsgSend, Persist,
        Progress, ReplyUsed, RpcRecv, RpcReply, RpcReturn, RpcSend, SemWait, Sleep, SleepEnd, Snapshot, SpanEnter,
        SpanExit, TaskBegin, TaskEnd, TaskJoin, TaskJoined, TaskPend, TaskPoll, TaskSpawn, TaskWake, TermChange, Vote,
    };
    Some(match kind {
        None => Look::Other,
        Some(Log | SpanEnter | SpanExit) => Look::Line,
        Some(ReplyUsed) => Look::ReplyUsed,
        Some(Invariant) => Look::Invariant,
        Some(Lost) => Look::Missing,
        Some(Vote) => Look::Vote,
        Some(LogAppend | LogTruncate | Commit | Apply | Progress | Snapshot) => Look::Log,
        Some(TermChange | Persist | Config) => Look::Term,
        Some(
            LockNew | LockWait | LockAcquire | LockRelease | LockUpgrade | LockDowngrade | TaskSpawn | TaskBegin
            | TaskEnd | TaskJoin | TaskJoined | TaskPoll | TaskPend | TaskWake | RpcSend | RpcRecv | RpcReply
            | RpcReturn | MsgSend | MsgRecv | MsgDrop | Sleep | SleepEnd | ChanSend | ChanRecv | CondWait | SemWait
            | GroupWait,
        ) => return None,
        Some(_) => Look::Other,
    })
}

/// How many strips a lane has at most; holds that are nested deeper lie over each other in the last.
const STRIPS: usize = 6;

/// Grows the strips of holds, by how deep they are nested.
#[derive(Default)]
pub(super) struct Strips {
    /// By strip: its blocks, and the event up to which they go on.
    strips: Vec<(Vec<Block>, EventId)>,
}

impl Strips {
    /// Adds a hold; they come in the order of their acquires.
    pub(super) fn add(&mut self, material: &Material<'_, '_>, hold: &Hold, contended: bool) {
        let free = self.strips.iter().position(|(_, end)| *end <= hold.acquire);
        let place = free.unwrap_or(self.strips.len()).min(STRIPS - 1);
        if place == self.strips.len() {
            self.strips.push((Vec::new(), EventId(0)));
        }
        let (blocks, end) = &mut self.strips[place];
        let over = hold_blocks(material.trace, hold, contended, blocks);
        *end = (*end).max(over.unwrap_or(NEVER));
    }

    /// Appends the strips as tracks.
    pub(super) fn finish(self, material: &Material<'_, '_>, tracks: &mut Vec<Track>) {
        for (place, (mut blocks, _)) in (0_u8..).zip(self.strips) {
            push_track(tracks, Place::Strip(place), material.times, &mut blocks);
        }
    }
}
