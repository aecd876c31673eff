//! Who holds what and waits for what at one moment, as the slots of a trace say it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::time::Duration;

use peerscope_format::shape::Record;
use peerscope_format::value::Value;
use peerscope_format::vocabulary::{Body, Common, Kind, Waiting};
use peerscope_format::wire::{Image, RawRecord};

/// So many tasks are told of; the others are counted.
const MAX_TOLD: usize = 30;

/// What is known of all live tasks.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// By id.
    tasks: BTreeMap<String, Task>,
    /// Names of locks, by id.
    locks: BTreeMap<String, String>,
    /// The time, in ns since the trace's start.
    now: u64,
}

#[derive(Debug, Default)]
struct Task {
    name: Option<String>,
    peer: Option<String>,
    has_ended: bool,
    waits: Vec<Wait>,
    /// Locks by id, since when, and where they were taken.
    holds: Vec<(String, u64, Option<String>)>,
    /// The request that it handles.
    handles: Option<String>,
}

#[derive(Debug)]
struct Wait {
    since: u64,
    src: Option<String>,
    on: On,
}

#[derive(Debug)]
enum On {
    Lock(String),
    Call {
        rpc: String,
        method: String,
        to: Option<String>,
    },
    Task(String),
    /// What is named by its kind alone.
    Other(&'static str),
}

impl Picture {
    /// What the slots of `trace` say; `None` if they cannot be read, or nobody knows what time it is.
    pub(super) fn of(trace: &mut File) -> Option<Picture> {
        let now = crate::recorder::monotonic_ns()?;
        let (image, _) = Image::read_slots(trace).ok()?;
        let now = image.header.elapsed_ns(now)?;
        Some(Self::of_image(&image, now))
    }

    fn of_image(image: &Image, now: u64) -> Picture {
        let mut picture = Picture { now, ..Picture::default() };
        for chunk in &image.chunks {
            for record in image.records(chunk).map_while(Result::ok) {
                picture.take_in(image, &record, &chunk.payload[record.values.clone()]);
            }
        }
        picture
    }

    fn take_in(&mut self, image: &Image, raw: &RawRecord, values: &[u8]) {
        let Some(shape) = image.tables.shapes.get(raw.shape.into()) else { return };
        let record = Record::new(shape, values, &image.tables.strings);
        let since = image.clock().ns(raw.ticks);
        if let Body::LockNew(body) = record.body() {
            // Its maker may have ended long ago.
            if let (Some(lock), Some(name)) = (body.lock, body.name) {
                self.locks.insert(lock.to_string(), harmless(name));
            }
            return;
        }
        let context = raw.context.and_then(|id| image.tables.contexts.get(id.into()));
        let Some(id) = context.and_then(|context| context.task.as_ref()) else { return };
        let task = self.tasks.entry(show(id)).or_default();
        if let Some(peer) = context.and_then(|context| context.peer.as_ref()) {
            task.peer = Some(show(peer));
        }
        let src = record.common::<&str>(Common::Src).map(harmless);
        let id = |id: peerscope_format::value::Id<'_>| harmless(&id.to_string());
        let on = match record.body() {
            Body::TaskBegin(body) => return task.name = body.name.map(harmless),
            Body::TaskEnd(_) => return task.has_ended = true,
            Body::RpcRecv(body) => return task.handles = body.rpc.map(id),
            Body::LockAcquire(body) => return task.holds.extend(body.lock.map(|lock| (id(lock), since, src))),
            Body::LockWait(body) => body.lock.map(|lock| On::Lock(id(lock))),
            Body::RpcSend(body) => body.rpc.map(|rpc| On::Call {
                rpc: id(rpc),
                method: body.method.map_or("a call".into(), harmless),
                to: body.to.map(id),
            }),
            Body::TaskJoin(body) => body.child.map(|child| On::Task(id(child))),
            _ => record.kind().filter(|kind| kind.waiting() == Waiting::Begins).map(|kind| On::Other(for_what(kind))),
        };
        task.waits.extend(on.map(|on| Wait { since, src, on }));
    }

    /// The tasks whose waits have lasted `after` ns without a move of what they wait for, each with the begin of its wait.
    pub(super) fn stale(&self, after: u64) -> BTreeSet<(String, u64)> {
        let is_old = |since: u64| self.now.saturating_sub(since) >= after;
        let has_stood = |wait: &Wait| match &wait.on {
            On::Lock(lock) => self.holders(lock).any(|(_, since)| is_old(since)),
            On::Call { .. } => true,
            On::Task(_) | On::Other(_) => false,
        };
        let mut stale = BTreeSet::new();
        for (id, task) in self.tasks.iter().filter(|(_, task)| !task.has_ended) {
            let wait = task.waits.iter().find(|wait| is_old(wait.since) && has_stood(wait));
            stale.extend(wait.map(|wait| (id.clone(), wait.since)));
        }
        stale
    }

    /// Who holds a lock, and since when.
    fn holders<'p>(&'p self, lock: &'p str) -> impl Iterator<Item = (&'p str, u64)> {
        self.tasks.iter().flat_map(move |(id, task)| {
            task.holds.iter().filter(move |(held, ..)| held == lock).map(move |(_, since, _)| (&id[..], *since))
        })
    }

    /// All who wait, of whom `stale` have waited for `after`.
    pub(super) fn in_words(&self, stale: usize, after: Duration) -> String {
        let (tasks, have) = if stale == 1 { ("task", "has") } else { ("tasks", "have") };
        let mut text = format!("--- peerscope: {stale} {tasks} {have} waited for {after:?}, and nothing moves ---\n");
        let waiting = || self.tasks.iter().filter(|(_, task)| !task.has_ended && !task.waits.is_empty());
        for (id, task) in waiting().take(MAX_TOLD) {
            let who = self.task(id);
            for wait in &task.waits {
                // A text takes all.
                let _ = writeln!(text, "  {who} waits {}", self.wait(&wait.on));
                let _ = writeln!(text, "      for {}{}", lasting(self.now, wait.since), at(&wait.src));
            }
            for (lock, since, src) in &task.holds {
                let _ = writeln!(text, "      holds {} for {}{}", self.lock(lock), lasting(self.now, *since), at(src));
            }
        }
        let more = waiting().count().saturating_sub(MAX_TOLD);
        if more > 0 {
            let _ = writeln!(text, "  and {more} more, see peerscope stuck");
        }
        text
    }

    /// ``task `ticker` (3) of peer 0``.
    fn task(&self, id: &str) -> String {
        let task = self.tasks.get(id);
        let name = task.and_then(|task| task.name.as_deref());
        let peer =
            task.and_then(|task| task.peer.as_deref()).map_or_else(String::new, |peer| format!(" of peer {peer}"));
        let ended = if task.is_some_and(|task| task.has_ended) { ", which has ended" } else { "" };
        match name {
            Some(name) => format!("task `{name}` ({id}){peer}{ended}"),
            None => format!("task {id}{peer}{ended}"),
        }
    }

    fn lock(&self, id: &str) -> String {
        self.locks.get(id).map_or_else(|| format!("lock {id}"), |name| format!("lock `{name}` ({id})"))
    }

    fn wait(&self, on: &On) -> String {
        match on {
            On::Lock(lock) => {
                let holders: Vec<_> = self.holders(lock).map(|(id, _)| self.task(id)).collect();
                let held = if holders.is_empty() { String::new() } else { format!(", held by {}", holders.join(", ")) };
                format!("for {}{held}", self.lock(lock))
            }
            On::Call { rpc, method, to } => {
                let to = to.as_ref().map_or_else(String::new, |to| format!(" to peer {to}"));
                let handler = self.tasks.iter().find(|(_, task)| task.handles.as_ref() == Some(rpc));
                let by = handler.map_or_else(String::new, |(id, _)| format!(", handled by {}", self.task(id)));
                format!("for the reply of {method}{to}{by}")
            }
            On::Task(child) => format!("for the end of {}", self.task(child)),
            On::Other(what) => (*what).to_owned(),
        }
    }
}

fn for_what(kind: Kind) -> &'static str {
    match kind {
        Kind::CondWait => "for a notify",
        Kind::ChanSend => "to send",
        Kind::ChanRecv => "to receive",
        Kind::GroupWait => "for a group to finish",
        Kind::SemWait => "for permits",
        Kind::Sleep | Kind::TimerSet => "for time to pass",
        _ => "for something",
    }
}

fn at(src: &Option<String>) -> String {
    src.as_ref().map_or_else(String::new, |src| format!(" at {src}"))
}

fn lasting(now: u64, since: u64) -> String {
    let ms = now.saturating_sub(since) / 1_000_000;
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms / 100 % 10) }
}

/// `text` without what a terminal would obey.
fn harmless(text: &str) -> String {
    let plain = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(plain).collect()
}

fn show(value: &Value) -> String {
    match value {
        Value::U64(number) => number.to_string(),
        Value::Text(text) => harmless(text),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn waits(since: u64, on: On) -> Task {
        Task { waits: vec![Wait { since: since * SECOND, src: Some("a.rs:1".into()), on }], ..Task::default() }
    }

    fn holds(lock: &str, since: u64) -> Task {
        Task { holds: vec![(lock.into(), since * SECOND, Some("b.rs:2".into()))], ..Task::default() }
    }

    /// At 10 s: who has waited for 5 s while nothing moved.
    fn stale(tasks: impl IntoIterator<Item = Task>) -> Vec<String> {
        let tasks = tasks.into_iter().enumerate().map(|(id, task)| (id.to_string(), task)).collect();
        let picture = Picture { tasks, now: 10 * SECOND, ..Picture::default() };
        picture.stale(5 * SECOND).into_iter().map(|(task, _)| task).collect()
    }

    #[test]
    fn only_what_has_stood_still_long_enough_is_told() {
        let lock = || On::Lock("7".into());
        let call = || On::Call { rpc: "1".into(), method: "Vote".into(), to: None };
        assert_eq!(stale([waits(4, lock()), holds("7", 3)]), ["0"]);
        assert_eq!(stale([waits(6, lock()), holds("7", 3)]), [""; 0], "it waits for 4 s");
        assert_eq!(stale([waits(1, lock()), holds("7", 8)]), [""; 0], "the lock changes hands");
        assert_eq!(stale([waits(1, lock()), holds("8", 1)]), [""; 0], "nobody holds this one any more");
        assert_eq!(stale([waits(5, call())]), ["0"]);
        assert_eq!(stale([waits(0, On::Other("to receive")), waits(0, On::Task("0".into()))]), [""; 0]);
        assert_eq!(stale([Task { has_ended: true, ..waits(0, call()) }]), [""; 0]);
    }

    #[test]
    fn the_words_name_holders_and_handlers() {
        let mut caller = waits(1, On::Call { rpc: "9".into(), method: "Vote".into(), to: Some("1".into()) });
        caller.holds = holds("7", 1).holds;
        let mut handler = waits(2, On::Lock("7".into()));
        (handler.handles, handler.name, handler.peer) = (Some("9".into()), Some("handler".into()), Some("1".into()));
        let tasks = BTreeMap::from([("1".to_owned(), caller), ("2".to_owned(), handler)]);
        let locks = BTreeMap::from([("7".to_owned(), "raft".to_owned())]);
        let picture = Picture { tasks, locks, now: 10 * SECOND };
        let expected = "\
--- peerscope: 2 tasks have waited for 5s, and nothing moves ---
  task 1 waits for the reply of Vote to peer 1, handled by task `handler` (2) of peer 1
      for 9.0 s at a.rs:1
      holds lock `raft` (7) for 9.0 s at b.rs:2
  task `handler` (2) of peer 1 waits for lock `raft` (7), held by task 1
      for 8.0 s at a.rs:1
";
        assert_eq!(picture.in_words(2, Duration::from_secs(5)), expected);
    }

    #[test]
    fn nothing_that_a_terminal_would_obey_gets_through() {
        assert_eq!(harmless("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
    }
}
