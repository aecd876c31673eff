//! What a trace is: where it comes from, who wrote it, how much of it there is, and what is missing.

use std::collections::BTreeMap;
use std::io::{self, Write};

use peerscope_format::vocabulary::{Body, Kind};
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::TraceNote;
use super::build;
use super::style::{Ink, Pen, Style, count};
use crate::detect::words::ms;
use crate::facts::{Facts, Hold, WaitOn};
use crate::model::{Dense, PeerId, TaskId, Trace};
use crate::read::Problem;

/// A summary of a trace.
#[derive(Clone, Debug)]
pub struct Info {
    traces: Vec<TraceNote>,
    headers: Vec<Vec<(String, String)>>,
    events: usize,
    ns: u64,
    peers: Vec<PeerInfo>,
    tests: Vec<String>,
    locks: Vec<LockInfo>,
    kinds: Vec<(String, usize)>,
    lost_events: u64,
    /// RPC ids under which more than one request was sent: what belongs together is a guess there.
    rpcs_sent_twice: usize,
    /// Tasks that have neither ended nor begun a wait that the trace shows: they run, or hang in something untracked.
    open_without_wait: usize,
    /// What costs nothing and is worth a word, such as kinds that nobody knows.
    notes: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct PeerInfo {
    id: String,
    name: String,
    test: Option<String>,
    cluster: Option<String>,
    events: usize,
    incarnations: u64,
    first_term: Option<u64>,
    last_term: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct LockInfo {
    id: String,
    name: String,
    /// The peer to which it belongs: in whose name most of its acquisitions were made.
    peer: Option<String>,
    holds: usize,
    waits: usize,
    longest_hold_ns: u64,
}

impl Info {
    /// Looks at all of `trace`; `problems` and `notes` are what reading it said.
    pub fn new(trace: &Trace, problems: &[Problem], notes: Vec<String>) -> Info {
        let facts = Facts::new(trace, problems);
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        let mut ns = 0;
        for event in trace.events() {
            *kinds.entry(event.kind_name()).or_insert(0) += 1;
            ns = ns.max(event.ts());
        }
        let mut kinds: Vec<_> = kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
        kinds.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        Info {
            traces: build::traces(trace, problems),
            headers: trace.sources().iter().map(|source| header(&source.header)).collect(),
            events: trace.len(),
            ns,
            peers: peers(trace),
            tests: trace.tests().ids().map(|test| trace.tests().name(test).into_owned()).collect(),
            locks: locks(trace, &facts),
            kinds,
            lost_events: facts.coverage().lost_events,
            rpcs_sent_twice: rpcs_sent_twice(trace),
            open_without_wait: open_without_wait(trace, &facts),
            notes,
        }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let mut pen = Pen::new(out, style);
        for (note, header) in self.traces.iter().zip(&self.headers) {
            pen.line(Ink::Strong, &note.path)?;
            for (key, value) in header {
                pen.line(Ink::Plain, format_args!("  {key:8} {value}"))?;
            }
            for problem in &note.problems {
                pen.paragraph(Ink::Plain, 2, 110, &format!("problem  {}: {}", problem.what, problem.detail))?;
            }
        }
        for note in &self.notes {
            pen.paragraph(Ink::Plain, 2, 110, &format!("note     {note}"))?;
        }
        pen.end()?;
        let (events, peers) = (count(self.events, "event"), count(self.peers.len(), "peer"));
        pen.line(Ink::Plain, format_args!("{events} in {}, {peers}, {} lost", ms(self.ns), self.lost_events))?;
        if self.rpcs_sent_twice > 0 {
            let text = "sent more than once: ids must be unique in the whole run, and what has these is not judged";
            pen.line(Ink::Plain, format_args!("{} {text}", count(self.rpcs_sent_twice, "RPC id")))?;
        }
        if self.open_without_wait > 0 {
            let text = "neither ended nor wait for anything that is tracked: they run, are daemons, or hang unseen";
            pen.line(Ink::Plain, format_args!("{} that have {text}", count(self.open_without_wait, "task")))?;
        }
        for peer in &self.peers {
            self.peer(&mut pen, peer)?;
        }
        if !self.tests.is_empty() {
            pen.line(Ink::Plain, format_args!("  tests: {}", self.tests.join(", ")))?;
        }
        if !self.locks.is_empty() {
            pen.line(Ink::Strong, "locks")?;
        }
        for LockInfo { id, name, peer, holds, waits, longest_hold_ns } in &self.locks {
            let id = if id == name { String::new() } else { format!(" ({id})") };
            let of = peer.as_ref().map_or_else(String::new, |peer| format!(" of peer {peer}"));
            let (holds, waits) = (count(*holds, "hold"), count(*waits, "wait"));
            pen.line(
                Ink::Plain,
                format_args!("  {name}{id}{of}: {holds}, {waits}, longest hold {}", ms(*longest_hold_ns)),
            )?;
        }
        pen.line(Ink::Strong, "kinds")?;
        for (kind, count) in &self.kinds {
            pen.line(Ink::Plain, format_args!("  {count:>9}  {kind}"))?;
        }
        Ok(())
    }

    fn peer(&self, pen: &mut Pen<'_>, peer: &PeerInfo) -> io::Result<()> {
        pen.plain(format_args!("  peer {}", peer.id))?;
        if peer.name != peer.id {
            pen.plain(format_args!(" (`{}`)", peer.name))?;
        }
        for (what, name) in [("test", &peer.test), ("cluster", &peer.cluster)] {
            if let Some(name) = name {
                pen.plain(format_args!(" {what} \"{name}\""))?;
            }
        }
        pen.plain(format_args!(
            ": {}, {}",
            count(peer.events, "event"),
            count(peer.incarnations as usize, "incarnation")
        ))?;
        if let (Some(first), Some(last)) = (peer.first_term, peer.last_term) {
            pen.plain(format_args!(", terms {first} to {last}"))?;
        }
        pen.end()
    }

    /// Writes it for programs, in one line.
    ///
    /// # Errors
    /// If `out` refuses.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct InfoDto<'r> {
            version: u32,
            traces: Vec<super::json::TraceDto<'r>>,
            headers: Vec<BTreeMap<&'r str, &'r str>>,
            events: usize,
            ns: u64,
            lost_events: u64,
            rpcs_sent_twice: usize,
            open_without_wait: usize,
            notes: &'r [String],
            peers: &'r [PeerInfo],
            tests: &'r [String],
            locks: &'r [LockInfo],
            kinds: BTreeMap<&'r str, usize>,
        }
        let dto = InfoDto {
            version: 1,
            traces: self.traces.iter().map(Into::into).collect(),
            headers: self
                .headers
                .iter()
                .map(|one| one.iter().map(|(key, value)| (&key[..], &value[..])).collect())
                .collect(),
            events: self.events,
            ns: self.ns,
            lost_events: self.lost_events,
            rpcs_sent_twice: self.rpcs_sent_twice,
            open_without_wait: self.open_without_wait,
            notes: &self.notes,
            peers: &self.peers,
            tests: &self.tests,
            locks: &self.locks,
            kinds: self.kinds.iter().map(|(kind, count)| (&kind[..], *count)).collect(),
        };
        super::json::write(out, &dto)
    }
}

/// What the file says about its run.
fn header(header: &peerscope_format::header::TraceHeader) -> Vec<(String, String)> {
    let pid = header.pid.map(|pid| pid.to_string());
    let own = [
        ("start", &header.start),
        ("host", &header.host),
        ("boot", &header.boot),
        ("pid", &pid),
        ("clock", &header.clock),
    ];
    let own = own.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
    let free = header.meta.iter().map(|(key, value)| (key.clone(), show(value)));
    own.chain(free).collect()
}

fn show(value: &peerscope_format::value::Value) -> String {
    use peerscope_format::value::Value;
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::List(values) => format!("[{}]", values.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}: {}", show(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn peers(trace: &Trace) -> Vec<PeerInfo> {
    let peers = trace.peers();
    let mut infos: Vec<PeerInfo> = peers
        .ids()
        .map(|peer: PeerId| {
            let scope = peers.scope(peer);
            PeerInfo {
                id: peers.id(peer).to_string(),
                name: peers.name(peer).into_owned(),
                test: scope.test.map(|test| trace.tests().name(test).into_owned()),
                cluster: scope.cluster.map(|cluster| trace.clusters().id(cluster).to_string()),
                events: 0,
                incarnations: 0,
                first_term: None,
                last_term: None,
            }
        })
        .collect();
    for event in trace.events() {
        let Some(peer) = event.peer() else { continue };
        let info = &mut infos[peer.index()];
        info.events += 1;
        info.incarnations = info.incarnations.max(event.incarnation().saturating_add(1));
        if let Some(term) = event.term() {
            info.first_term.get_or_insert(term.0);
            info.last_term = Some(term.0);
        }
    }
    infos
}

fn rpcs_sent_twice(trace: &Trace) -> usize {
    let mut sends = vec![0_u8; trace.tables().rpcs.len()];
    for event in trace.events().filter(|event| event.kind() == Some(Kind::RpcSend)) {
        let Body::RpcSend(body) = event.body() else { continue };
        if let Some(rpc) = body.rpc.and_then(|id| trace.tables().rpcs.get((), id)) {
            sends[rpc.index()] = sends[rpc.index()].saturating_add(1);
        }
    }
    sends.iter().filter(|sends| **sends > 1).count()
}

fn open_without_wait(trace: &Trace, facts: &Facts<'_>) -> usize {
    let waiting: FxHashSet<TaskId> = facts.waits().unfinished().map(|wait| wait.task).collect();
    let open = trace.tasks().ids().filter(|task| trace.task(*task).end.is_none() && !waiting.contains(task));
    let last = |task| trace.task_events(task).last().map(|last| trace.event(*last).kind());
    // Who wrote the end of the process has come to its end.
    open.filter(|task| last(*task).is_some_and(|kind| kind != Some(Kind::ProcessEnd))).count()
}

fn locks(trace: &Trace, facts: &Facts<'_>) -> Vec<LockInfo> {
    let last = trace.events().next_back().map_or(0, |event| event.ts());
    let mut waits = vec![0; trace.locks().len()];
    for wait in facts.waits().all() {
        if let WaitOn::Lock(lock) = wait.on {
            waits[lock.index()] += 1;
        }
    }
    let peers = trace.peers();
    let mut locks: Vec<_> = trace.locks().ids().collect();
    // Peer by peer, then what belongs to none.
    locks.sort_by_key(|lock| {
        let owner = facts.holds().owner(*lock);
        let owner = owner.map(|peer| (peers.scope(peer), peers.id(peer)));
        (owner.is_none(), owner, trace.locks().name(*lock), *lock)
    });
    locks
        .into_iter()
        .map(|lock| {
            let holds = facts.holds().of_lock(lock);
            let lasted = |hold: &Hold| {
                let end = hold.release.map_or(last, |release| trace.event(release).ts());
                end.saturating_sub(trace.event(hold.acquire).ts())
            };
            let longest_hold_ns = facts.holds().of_lock(lock).map(lasted).max().unwrap_or(0);
            LockInfo {
                id: trace.locks().id(lock).to_string(),
                name: trace.locks().name(lock).into_owned(),
                peer: facts.holds().owner(lock).map(|peer| peers.id(peer).to_string()),
                holds: holds.len(),
                waits: waits[lock.index()],
                longest_hold_ns,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trace_from_jsonl;

    #[test]
    fn locks_stand_with_the_peers_to_which_they_belong() {
        let trace = trace_from_jsonl(
            r#"
            {"ts":1,"peer":1,"task":2,"kind":"lock.new","lock":8,"name":"state"}
            {"ts":1,"peer":0,"task":1,"kind":"lock.new","lock":9,"name":"state"}
            {"ts":2,"task":3,"kind":"lock.acquire","lock":"test"}
            {"ts":2,"peer":1,"task":2,"kind":"lock.acquire","lock":8}
            {"ts":2,"peer":0,"task":1,"kind":"lock.acquire","lock":9}
            "#,
        );
        let mut out = Vec::new();
        Info::new(&trace, &[], Vec::new()).write_text(&mut out, Style::Plain).expect("a vector takes all");
        let text = String::from_utf8(out).expect("UTF-8");
        let locks: Vec<_> =
            text.lines().filter_map(|line| Some(line.trim().split_once(": 1 hold")?.0.to_owned())).collect();
        assert_eq!(locks, ["state (9) of peer 0", "state (8) of peer 1", "test"], "{text}");
    }
}
