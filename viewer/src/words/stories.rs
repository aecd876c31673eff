//! What a block is, in a few lines: its title, how long it lasted, who held, who queued.

use peerscope_analyzer::facts::{Blocker, Certainty, Facts, Hold, Mode, Root, Stuck, Wait, WaitOn};
use peerscope_analyzer::model::{EventId, LockId, TaskId, Trace};
use peerscope_analyzer::value::Term;
use peerscope_analyzer::vocabulary::Kind;

use super::duration;
use super::event::event_text;
use super::labels::{UNKNOWN_ROLE, block_labels, lock_of_block, role_word, waits_for, waits_for_any};
use super::messages::{TOOK, rpc_lines};
use super::names::{self, author, enumerate};
use crate::lane::{Block, Lane, Look, Subject, Times};
use crate::lanes::known::{Known, last_word_of_peer, release_behind, stops_early};

/// So many names are listed before it is only said how many more there are.
const MAX_NAMED: usize = 4;
/// So many holds are looked at to find who waited for one: those who waited follow soon.
const MAX_LOOK_AHEAD: usize = 2_000;
/// Chains of waits are told so far.
const MAX_CHAIN: usize = 6;

/// What a block is, for whoever points at it: a few lines. The first is its title; one says how long it lasted, or that it
/// never ended; others who holds, who queues, for what is waited.
pub fn block_story(facts: &Facts<'_>, times: Times<'_>, lane: &Lane, block: Block) -> Vec<String> {
    let trace = facts.trace();
    match block.look {
        Look::Follower | Look::Candidate | Look::Leader | Look::PreCandidate | Look::Learner | Look::OtherRole => {
            let word = role_word(trace.event(block.begin), block.look);
            let term = lane.term(trace, block);
            role_story(facts, times, &word, term, (block.begin, block.end), is_last_word(facts, term, block))
        }
        Look::Alive => match (lane.subject, trace.event(block.begin).task()) {
            (_, Some(task)) | (Subject::Tasks(task), None) => task_story(facts, times, task),
            _ => titled(facts, times, lane, block),
        },
        Look::WaitsForLock | Look::WaitsForReply | Look::WaitsForTask | Look::Sleeps | Look::WaitsForOther => {
            match facts.waits().began_at(block.begin) {
                Some(wait) => wait_story(facts, times, wait),
                None => titled(facts, times, lane, block),
            }
        }
        Look::Held | Look::HeldContended | Look::HeldShared => match hold_of_block(facts, lane, block) {
            Some(hold) => hold_story(facts, times, &hold),
            None => titled(facts, times, lane, block),
        },
        Look::HeldByTwo => clash_story(facts, times, lane, block),
        Look::Queue => queue_story(facts, times, lane, block),
        _ if block.end == Some(block.begin) => {
            let mut lines = vec![event_text(facts, block.begin), author(trace, block.begin)];
            lines.extend(trace.event(block.begin).src().map(names::name));
            lines
        }
        _ => titled(facts, times, lane, block),
    }
}

fn titled(facts: &Facts<'_>, times: Times<'_>, lane: &Lane, block: Block) -> Vec<String> {
    let title = block_labels(facts, lane, block).into_iter().next();
    vec![title.unwrap_or_else(|| event_text(facts, block.begin)), lasted(facts, times, block.begin, block.end)]
}

/// The stories of what `event` began or ended: a wait, a hold, a role, a task.
pub fn event_stories(facts: &Facts<'_>, times: Times<'_>, event: EventId) -> Vec<Vec<String>> {
    let trace = facts.trace();
    let mut stories = Vec::new();
    let wait = facts.waits().began_at(event).or_else(|| wait_ended_by(facts, event));
    stories.extend(wait.map(|wait| wait_story(facts, times, wait)));
    let hold = facts.holds().began_at(event).copied().or_else(|| hold_ended_by(facts, event));
    stories.extend(hold.map(|hold| hold_story(facts, times, &hold)));
    stories.extend(role_begun_by(facts, event).map(|(word, end)| {
        let last = || last_word_of_peer(trace, trace.event(event).peer()?, event, end);
        let known = if Known::new(facts).may_lack(trace.event(event)) { last() } else { None };
        let span = (event, known.or(end));
        role_story(facts, times, &word, trace.event(event).term(), span, known.is_some())
    }));
    if let (Some(Kind::TaskBegin | Kind::TaskEnd), Some(task)) = (trace.event(event).kind(), trace.event(event).task())
    {
        stories.push(task_story(facts, times, task));
    }
    stories
}

/// The wait that `event` ended: that of its task's event before, or the call whose `rpc.return` it is.
pub(super) fn wait_ended_by<'f>(facts: &'f Facts<'_>, event: EventId) -> Option<&'f Wait> {
    let before = facts.trace().previous_in_line(event);
    let call = names::rpc_of(facts.trace().event(event)).and_then(|rpc| facts.rpcs().get(rpc).send);
    let began = |begin: EventId| facts.waits().began_at(begin).filter(|wait| wait.end == Some(event));
    before.and_then(began).or_else(|| call.and_then(began))
}

/// The hold that `event` ended.
pub(super) fn hold_ended_by(facts: &Facts<'_>, event: EventId) -> Option<Hold> {
    let lock = names::lock_of(facts.trace().event(event))?;
    let before = EventId(event.0.checked_sub(1)?);
    facts.holds().holders_at(lock, before).find(|hold| hold.release == Some(event)).copied()
}

/// The role that `event` began: its name, and what ended it.
pub(super) fn role_begun_by(facts: &Facts<'_>, event: EventId) -> Option<(String, Option<EventId>)> {
    let roles = facts.roles().all();
    let role = &roles[roles.binary_search_by_key(&event, |role| role.begin).ok()?];
    Some((names::name(&role.role), role.end))
}

/// "lasted 1.2 ms", or that it never ended: as far as the trace goes, if that was cut off.
pub(super) fn lasted(facts: &Facts<'_>, times: Times<'_>, begin: EventId, end: Option<EventId>) -> String {
    let length = duration(times.end(end).saturating_sub(times.at(begin)).max(0));
    match end {
        Some(end) if end == begin => "at one moment".into(),
        Some(_) => format!("lasted {length}"),
        None if stops_early(facts.problems()) => {
            format!("not ended when the trace stops, {length} later; the trace is not whole")
        }
        None => format!("never ended: it goes on where the trace ends, {length} later"),
    }
}

/// As far as it is known that something went on: "known for 1.2 ms; then events are missing".
fn known_for(times: Times<'_>, begin: EventId, last: EventId) -> String {
    match times.at(last).saturating_sub(times.at(begin)) {
        ..=0 => "not known how long: events are missing after its begin".into(),
        known => format!("known for {}; then events are missing", duration(known)),
    }
}

/// Whether the block of a role ends with the last that is known of it: events are missing, and that one ends no role.
fn is_last_word(facts: &Facts<'_>, term: Option<Term>, block: Block) -> bool {
    let Some(end) = block.end.map(|end| facts.trace().event(end)) else { return false };
    let ends =
        matches!(end.kind(), Some(Kind::Role | Kind::TermChange | Kind::PeerStart | Kind::PeerStop | Kind::Lost));
    let is_same = end.id() == block.begin || (!ends && (term.is_none() || end.term().is_none() || end.term() == term));
    is_same && Known::new(facts).may_lack(facts.trace().event(block.begin))
}

fn at_source(trace: &Trace, what: &str, event: EventId) -> Option<String> {
    Some(format!("{what} at {}", names::name(trace.event(event).src()?)))
}

/// A role, its term, how it began and ended; `is_last_word` if the end is merely the last that is known of it.
fn role_story(
    facts: &Facts<'_>,
    times: Times<'_>,
    word: &str,
    term: Option<Term>,
    (begin, end): (EventId, Option<EventId>),
    is_last_word: bool,
) -> Vec<String> {
    let trace = facts.trace();
    let event = trace.event(begin);
    let who = event.peer().map_or_else(|| "a peer".into(), |peer| names::peer(trace, peer));
    let term = term.map_or_else(String::new, |term| format!(" in term {term}"));
    let is = if word == UNKNOWN_ROLE { format!("the role of {who} is not known") } else { format!("{who} is {word}") };
    let mut lines = vec![format!("{is}{term}")];
    if let Some(last) = end.filter(|_| is_last_word) {
        lines.push(known_for(times, begin, last));
        lines.push(format!("began: {}", event_text(facts, begin)));
        lines.push(format!("last known: {}", event_text(facts, last)));
    } else {
        lines.push(lasted(facts, times, begin, end));
        lines.push(format!("began: {}", event_text(facts, begin)));
        lines.extend(end.map(|end| format!("ended: {}", event_text(facts, end))));
    }
    lines.extend(at_source(trace, "written", begin));
    lines
}

fn task_story(facts: &Facts<'_>, times: Times<'_>, id: TaskId) -> Vec<String> {
    let trace = facts.trace();
    let task = trace.task(id);
    let of = task.peer.map_or_else(String::new, |peer| format!(" of {}", names::peer(trace, peer)));
    let mut lines = vec![format!("{}{of}", names::task(trace, id))];
    let events = trace.task_events(id);
    if let Some(first) = task.begin.or(events.first().copied()) {
        let last = events.last().filter(|_| task.end.is_none() && Known::new(facts).may_lack(trace.event(first)));
        let lasted = last.map_or_else(|| lasted(facts, times, first, task.end), |last| known_for(times, first, *last));
        lines.push(format!("{lasted}, {}", names::count(events.len(), "event")));
    }
    lines.extend(task.spawn.map(|spawn| {
        let src = trace.event(spawn).src().map_or_else(String::new, |src| format!(" at {}", names::name(src)));
        format!("started by {}{src}", author(trace, spawn))
    }));
    lines.extend(task.end.map(|end| event_text(facts, end)));
    if task.daemon {
        lines.push("a daemon: it may outlive the rest".into());
    }
    lines
}

/// The hold that a block shows, also if the block is only a part of it.
fn hold_of_block(facts: &Facts<'_>, lane: &Lane, block: Block) -> Option<Hold> {
    if let Some(hold) = facts.holds().began_at(block.begin) {
        return Some(*hold);
    }
    let lock = lock_of_block(facts, lane, block)?;
    facts.holds().holders_at(lock, block.begin).next().copied()
}

/// A hold: who holds, how long, who waited meanwhile, where it was taken and released.
fn hold_story(facts: &Facts<'_>, times: Times<'_>, hold: &Hold) -> Vec<String> {
    let trace = facts.trace();
    let hold = &Known::new(facts).hold(trace, *hold);
    let holder = author(trace, hold.acquire);
    let how = match hold.mode {
        Mode::Exclusive => "",
        Mode::Shared => " to read",
        Mode::Upgradable => " to read, and perhaps to write",
    };
    let mut lines = vec![format!("{} held{how} by {holder}", names::lock(facts, hold.lock))];
    lines.push(match hold.lost {
        Some(lost) => known_for(times, hold.acquire, lost),
        None => lasted(facts, times, hold.acquire, hold.release),
    });
    lines.extend(waiters(facts, hold));
    if let (None, Some(task)) = (hold.release, hold.task) {
        lines.extend(chain_of(facts, task).map(|chain| format!("its holder {chain}")));
    }
    lines.extend(at_source(trace, "taken", hold.acquire));
    match hold.release {
        Some(end) if trace.event(end).kind() == Some(Kind::LockAcquire) => lines.extend(overtaken(facts, hold, end)),
        Some(release) => lines.extend(released(trace, hold, release)),
        None => {}
    }
    lines
}

/// Who have a lock at once that excludes all others, and what there is to say of each.
fn clash_story(facts: &Facts<'_>, times: Times<'_>, lane: &Lane, block: Block) -> Vec<String> {
    /// So many holds before are looked at, and so many holders told in full.
    const MOST_HOLDS: usize = 1_000;
    const MOST_TOLD: usize = 2;
    let trace = facts.trace();
    let Some(lock) = lock_of_block(facts, lane, block) else { return titled(facts, times, lane, block) };
    let before = facts.holds().of_lock(lock).rev().filter(|hold| hold.acquire <= block.begin).take(MOST_HOLDS);
    let has_it =
        |hold: &&Hold| release_behind(trace, hold).or(hold.release).is_none_or(|release| release > block.begin);
    let mut holds: Vec<&Hold> = before.filter(has_it).collect();
    holds.reverse();
    let names: Vec<String> = holds.iter().map(|hold| author(trace, hold.acquire)).collect();
    let mut lines = vec![
        format!("{} is had by {} at once", names::lock(facts, lock), enumerate(&names, MAX_NAMED)),
        lasted(facts, times, block.begin, block.end),
    ];
    for hold in holds.into_iter().take(MOST_TOLD) {
        lines.extend(hold_story(facts, times, hold));
    }
    lines
}

fn released(trace: &Trace, hold: &Hold, release: EventId) -> Option<String> {
    let line = at_source(trace, "released", release)?;
    let by = trace.event(release).task();
    Some(if by == hold.task { line } else { format!("{line} by {}", author(trace, release)) })
}

/// What there is to say of a hold of which no release is known but the grant to another, which excludes it.
fn overtaken(facts: &Facts<'_>, hold: &Hold, grant: EventId) -> Vec<String> {
    let trace = facts.trace();
    let mut lines = vec![format!("over at the latest when {} took the lock", author(trace, grant))];
    if let Some(release) = release_behind(trace, hold) {
        let src = trace.event(release).src().map_or_else(String::new, |src| format!(" at {}", names::name(src)));
        lines.push(format!("its own release is written later (#{}{src}): two had the lock at once", release.0));
    }
    lines
}

/// Who waited for the lock while it was held: those who took it later and had begun to wait before, and those who still
/// wait at the trace's end.
fn waiters(facts: &Facts<'_>, hold: &Hold) -> Option<String> {
    let trace = facts.trace();
    let mut waiting: Vec<TaskId> = Vec::new();
    let over = |event: EventId| hold.release.is_some_and(|release| event > release);
    let all = facts.holds().all();
    let next = all.partition_point(|other| other.acquire <= hold.acquire);
    // Where the hold outlasts what is looked at, not all need have been seen.
    let last = all.get(next + MAX_LOOK_AHEAD).filter(|last| !over(last.acquire));
    for other in all[next..].iter().take(MAX_LOOK_AHEAD).filter(|other| other.lock == hold.lock) {
        if let (Some(wait), Some(task)) = (other.wait, other.task)
            && !over(wait)
        {
            waiting.push(task);
        }
    }
    let stuck = facts.wait_graph().stuck().iter().map(|stuck| &stuck.wait);
    waiting.extend(stuck.filter(|wait| wait.on == WaitOn::Lock(hold.lock) && !over(wait.begin)).map(|wait| wait.task));
    waiting.sort_unstable();
    waiting.dedup();
    // Names are looked up only for those that are told.
    let mut names: Vec<_> = waiting.iter().take(MAX_NAMED).map(|task| names::task(trace, *task)).collect();
    names.resize(waiting.len(), String::new());
    let more = if last.is_some() { ", and perhaps by others long after" } else { "" };
    (!names.is_empty()).then(|| format!("meanwhile it is waited for by {}{more}", enumerate(&names, MAX_NAMED)))
}

fn queue_story(facts: &Facts<'_>, times: Times<'_>, lane: &Lane, block: Block) -> Vec<String> {
    let trace = facts.trace();
    let Some(lock) = lock_of_block(facts, lane, block) else { return titled(facts, times, lane, block) };
    let tasks = if block.depth == 1 { "1 task waits" } else { &format!("{} tasks wait", block.depth) };
    // What ends a wait for a lock is about the lock, unless it is merely the last that is known of who waits.
    let is_other = |end: &EventId| names::lock_of(trace.event(*end)) != Some(lock);
    let last = block.end.filter(|end| is_other(end) && Known::new(facts).may_lack(trace.event(*end)));
    let lasted =
        last.map_or_else(|| lasted(facts, times, block.begin, block.end), |last| known_for(times, block.begin, last));
    let mut lines = vec![format!("{tasks} for {}", names::lock(facts, lock)), lasted];
    let stuck = facts.wait_graph().stuck().iter().filter(|stuck| stuck.wait.on == WaitOn::Lock(lock));
    let ever: Vec<_> = stuck.take(64).map(|stuck| names::task(trace, stuck.wait.task)).collect();
    lines.extend(held_by(facts, times, lock, block.begin, None));
    if block.end.is_none() && !ever.is_empty() {
        lines.push(format!("to the trace's end: {}", enumerate(&ever, MAX_NAMED)));
    }
    lines
}

/// Who held the lock right after `event`, and since when.
fn held_by(facts: &Facts<'_>, times: Times<'_>, lock: LockId, event: EventId, waits: Option<TaskId>) -> Option<String> {
    let trace = facts.trace();
    let holds: Vec<_> = facts.holds().holders_at(lock, event).take(64).collect();
    let first = holds.last()?;
    let since = duration(times.at(event).saturating_sub(times.at(first.acquire)).max(0));
    let own = |hold: &&Hold| waits.is_some() && hold.task == waits;
    let names: Vec<_> = holds
        .iter()
        .map(|hold| if own(hold) { "this very task".to_owned() } else { author(trace, hold.acquire) })
        .collect();
    Some(format!("held then by {}, for {since} already", enumerate(&names, MAX_NAMED)))
}

/// A wait: for what, who held it then, and if it never ended, what the chain of waits ends in.
fn wait_story(facts: &Facts<'_>, times: Times<'_>, wait: &Wait) -> Vec<String> {
    let trace = facts.trace();
    let mut lines = vec![format!("{} {}", author(trace, wait.begin), waits_for_any(facts, wait))];
    let wait = &Known::new(facts).wait(trace, *wait);
    lines.push(match wait.lost {
        Some(lost) => known_for(times, wait.begin, lost),
        None => lasted(facts, times, wait.begin, wait.end),
    });
    if let WaitOn::Lock(lock) = wait.on {
        lines.extend(held_by(facts, times, lock, wait.begin, Some(wait.task)));
    }
    if let WaitOn::Rpc(rpc) = wait.on {
        // How long it took its caller is how long the wait lasted, and is said above.
        lines.extend(rpc_lines(facts, rpc).into_iter().skip(1).filter(|line| !line.starts_with(TOOK)));
    }
    if wait.is_open() {
        lines.extend(chain_of(facts, wait.task));
        match facts.certainty(wait) {
            Certainty::Certain => {}
            Certainty::Likely => lines.push("likely a wait: the task does nothing else after its call".into()),
            Certainty::Doubtful => {
                lines.push("perhaps no wait: other calls from this place were not waited for".into());
            }
        }
    } else {
        let ended = if wait.lost.is_some() { "over at the latest" } else { "ended" };
        lines.extend(wait.end.map(|end| format!("{ended}: {}", event_text(facts, end))));
    }
    lines.extend(at_source(trace, "begun", wait.begin));
    lines
}

/// "waits for A, held by task 2, which waits for …": the chain of waits from `task` to its root, if it never ends.
pub(super) fn chain_of(facts: &Facts<'_>, task: TaskId) -> Option<String> {
    let chain = facts.wait_graph().chain(task);
    let first = chain.first()?;
    let mut text = String::new();
    for (place, stuck) in chain.iter().take(MAX_CHAIN).enumerate() {
        if place > 0 {
            text.push_str(", which ");
        }
        text.push_str(&waits_for(facts, stuck.wait.on));
        text.push_str(&via(facts, stuck));
    }
    if chain.len() > MAX_CHAIN {
        text.push_str(&format!(", and so on over {} more", chain.len() - MAX_CHAIN));
    }
    text.push_str(&root(facts, first.root));
    Some(text)
}

/// ", held by task 2 of peer 0": whom the wait is for.
fn via(facts: &Facts<'_>, stuck: &Stuck) -> String {
    let trace = facts.trace();
    match stuck.via.or(stuck.blockers.first().copied()) {
        Some(Blocker::Holder { task: Some(task), .. }) if task == stuck.wait.task => ", which it holds itself".into(),
        Some(Blocker::Holder { acquire, .. }) => format!(", held by {}", author(trace, acquire)),
        Some(Blocker::Handler { recv, .. }) => format!(", handled by {}", author(trace, recv)),
        Some(Blocker::Child(_)) | None => String::new(),
    }
}

/// What the chain ends in.
fn root(facts: &Facts<'_>, root: Root) -> String {
    let trace = facts.trace();
    match root {
        Root::Cycle(number) => match facts.wait_graph().cycles().get(number).map_or(0, |cycle| cycle.steps.len()) {
            0 | 1 => String::new(),
            several => format!(": a circle of {several} tasks, none of which can ever go on"),
        },
        Root::HolderEnded { task, .. } => {
            format!(", which has ended without releasing it ({})", names::task(trace, task))
        }
        Root::Running(task) => {
            format!("; {} runs on, or hangs in what the trace does not show", names::task(trace, task))
        }
        Root::Sleeping(task) => format!("; {} only waits for time to pass", names::task(trace, task)),
        Root::NotHandled(_) => "; nobody has received the request".into(),
        Root::Unknown => "; the trace does not say who could end it".into(),
    }
}
