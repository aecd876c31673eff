//! All that can be shown of a run, as plain data: groups of lanes, arrows between them, what is missing.

pub mod fate;
mod index;
mod legs;
mod marks;
mod missing;
mod quiet;
#[cfg(test)]
mod render;
mod routes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use peerscope_analyzer::detect::finding::Severity;
use peerscope_analyzer::facts::Facts;
use peerscope_analyzer::model::{Dense, EventId, LockId, MessageId, PeerId, RpcId, TaskId, Trace};
use peerscope_analyzer::report::Report;

pub use self::fate::Fate;
use self::index::Index;
pub use self::legs::Legs;
pub use self::marks::{Mark, Marks};
use self::quiet::Quiet;
use crate::fold::Fold;
use crate::lane::{Lane, Times};
use crate::lanes::material::Material;
use crate::lanes::shelf::{Shelf, shelf};
use crate::lanes::{Whose, build, shown};
use crate::timescale::Span;

/// Lanes that belong together: those of a peer, or those of none.
#[derive(Debug)]
pub struct Group {
    /// What stands above them: "peer 0".
    pub label: String,
    /// Whose they are.
    pub peer: Option<PeerId>,
    /// Places in [`Scene::lanes`].
    pub lanes: Range<usize>,
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// The request or the reply of an RPC.
    Rpc(RpcId),
    /// A one-way message.
    OneWay(MessageId),
}

/// One way of a message: a request on its way to a handler, or a reply on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The event that sent it.
    pub from: EventId,
    /// The event that received it; `None` if it never came.
    pub to: Option<EventId>,
    /// What travels.
    pub message: Message,
    /// Whether it is the way back.
    pub is_reply: bool,
    /// What became of it.
    pub fate: Fate,
}

/// All legs from one peer to another, in the order in which they were sent.
#[derive(Debug)]
pub struct Route {
    /// Who sends.
    pub from: Option<PeerId>,
    /// Who is sent to.
    pub to: Option<PeerId>,
    /// The messages.
    pub legs: Legs,
    /// Folds them; a leg lasts from its sending to its arrival, one that never came for no time at all.
    pub fold: Fold,
}

/// A time in which events are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Whose events; `None`: everybody's.
    pub peer: Option<PeerId>,
    /// The one lane that it concerns, as a place in [`Scene::lanes`], if it is a task's that belongs to no peer.
    pub lane: Option<usize>,
    /// Whether it is known that they are missing there; else they may be missing anywhere in `span`.
    pub is_placed: bool,
    /// From when to when, in ns. It may begin where the trace ends: then what follows is missing.
    pub span: Span,
    /// What is known of it.
    pub why: String,
}

/// How many columns [`Scene::activity`] has.
pub const ACTIVITY_COLUMNS: usize = 2048;

/// What can be shown of a run.
#[derive(Debug)]
pub struct Scene {
    /// The groups, in the order in which they are shown; together they have all lanes.
    pub groups: Vec<Group>,
    /// The lanes, group by group.
    pub lanes: Vec<Lane>,
    /// The messages.
    pub routes: Vec<Route>,
    /// What is missing.
    pub missing: Vec<Missing>,
    /// From the first event to the last.
    pub span: Span,
    /// The witnesses of all findings, once there is a report.
    pub marks: Marks,
    /// By column of `span`, of which there are [`ACTIVITY_COLUMNS`]: how many events there were.
    pub activity: Vec<u32>,
    /// Stretches without any event, in the order of time; those that are very short beside the trace are left out.
    pub quiet: Vec<Span>,
    index: Index,
}

impl Scene {
    /// What can be shown of the run that `facts` are about. No severity is known yet.
    pub fn new(facts: &Facts<'_>) -> Scene {
        let trace = facts.trace();
        let span = span(trace);
        let times = Times::new(trace, span.end);
        let threads = threads(trace);
        let (whose, built, (routes, (activity, quiet))) = thread::scope(|scope| {
            // What is no lane needs nothing of what lanes are made of.
            let others = move || (routes::routes(facts, times), activity(trace, times, span));
            let apart = (threads > 1).then(|| scope.spawn(others));
            let material = Material::new(facts, times);
            let whose = material.groups();
            let built = build(&material, &whose, threads);
            let others = apart.map_or_else(others, |apart| apart.join().unwrap_or_else(|panic| resume_unwind(panic)));
            (whose, built, others)
        });
        let (mut groups, mut lanes) = (Vec::new(), Vec::new());
        for (whose, mut own) in whose.into_iter().zip(built).filter(|(_, own)| !own.is_empty()) {
            let first = lanes.len();
            lanes.append(&mut own);
            groups.push(Group { label: label(trace, whose), peer: whose.peer(), lanes: first..lanes.len() });
        }
        lanes.shrink_to_fit();
        let index = Index::new(trace, &lanes);
        Scene {
            missing: missing::missing(facts, times, span, &index),
            index,
            groups,
            lanes,
            routes,
            span,
            marks: Marks::default(),
            activity,
            quiet,
        }
    }

    /// Enters the witnesses of the report's findings: their marks, and the severities of their blocks.
    pub fn mark(&mut self, trace: &Trace, report: &Report) {
        let findings = report.findings.iter();
        let witnesses =
            findings.flat_map(|finding| finding.witnesses.iter().map(|seen| (seen.event, finding.severity)));
        let mut witnesses: Vec<(EventId, Severity)> = witnesses
            .filter(|(event, _)| (*event as usize) < trace.len())
            .map(|(event, severity)| (EventId(event), severity))
            .collect();
        // The worst severity is the least: it stands first and stays.
        witnesses.sort_unstable();
        witnesses.dedup_by_key(|(event, _)| *event);
        let mut marks = Vec::with_capacity(witnesses.len());
        let mut by_lane: BTreeMap<usize, Vec<(EventId, Severity)>> = BTreeMap::new();
        for (event, severity) in &witnesses {
            let lane = self.lane_of(trace, *event);
            for lane in self.lanes_of(trace, *event) {
                by_lane.entry(lane).or_default().push((*event, *severity));
            }
            marks.extend(lane.map(|lane| Mark { event: *event, lane: lane as u32, severity: *severity }));
        }
        for (lane, witnesses) in by_lane {
            self.lanes[lane].tracks.iter_mut().for_each(|track| track.mark(&witnesses));
        }
        self.marks = Marks::new(marks, &self.groups, self.times(trace));
        routes::mark(trace, &mut self.routes, &witnesses);
    }

    /// When events are on the time axis.
    pub fn times<'t>(&self, trace: &'t Trace) -> Times<'t> {
        Times::new(trace, self.span.end)
    }

    /// The lane on which `event` stands: a place in `lanes`.
    pub fn lane_of(&self, trace: &Trace, event: EventId) -> Option<usize> {
        match shelf(trace.event(event)) {
            Shelf::Test(test) => self.index.test(test),
            Shelf::Role(peer) => self.lane_of_role(peer),
            Shelf::Task(task) => self.lane_of_task(task),
            Shelf::Untasked(peer) => self.index.untasked(peer),
        }
    }

    /// The lanes on which `event` is seen: its own, and for one of a lock's that of the lock.
    pub fn lanes_of(&self, trace: &Trace, event: EventId) -> Vec<usize> {
        let of_lock = index::lock_of(trace, event).and_then(|lock| self.lane_of_lock(lock));
        let mut lanes: Vec<usize> = self.lane_of(trace, event).into_iter().chain(of_lock).collect();
        lanes.dedup();
        lanes
    }

    /// The lane of `task`; `None` if it wrote nothing.
    pub fn lane_of_task(&self, task: TaskId) -> Option<usize> {
        self.index.task(task)
    }

    /// The lane of `lock`; `None` if nobody ever took it or waited for it.
    pub fn lane_of_lock(&self, lock: LockId) -> Option<usize> {
        self.index.lock(lock)
    }

    /// The lane of the peer's role; `None` if it wrote nothing of the sort.
    pub fn lane_of_role(&self, peer: PeerId) -> Option<usize> {
        self.index.role(peer)
    }
}

/// On how many threads it pays to build the lanes.
fn threads(trace: &Trace) -> usize {
    const WORTH_A_THREAD: usize = 100_000;
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    cores.min(1 + trace.len() / WORTH_A_THREAD).min(4)
}

/// From the first event to the last.
fn span(trace: &Trace) -> Span {
    let times = Times::new(trace, 0);
    let (begin, end) = (0..trace.len()).fold((i64::MAX, i64::MIN), |(begin, end), event| {
        let at = times.at(EventId::from_index(event));
        (begin.min(at), end.max(at))
    });
    if trace.is_empty() { Span::new(0, 1) } else { Span::new(begin, end) }
}

/// How many events there are in each column, and when there are none at all.
fn activity(trace: &Trace, times: Times<'_>, span: Span) -> (Vec<u32>, Vec<Span>) {
    let mut quiet = Quiet::new(span);
    let mut activity = vec![0_u32; ACTIVITY_COLUMNS];
    let columns_per_ns = ACTIVITY_COLUMNS as f64 / span.length() as f64;
    for event in 0..trace.len() {
        let at = times.at(EventId::from_index(event));
        quiet.event(at);
        let after = at.saturating_sub(span.begin);
        let column = (after as f64 * columns_per_ns) as usize;
        activity[column.min(ACTIVITY_COLUMNS - 1)] += 1;
    }
    (activity, quiet.finish())
}

/// What stands above a group's lanes.
fn label(trace: &Trace, whose: Whose) -> String {
    let Whose::Peer(peer) = whose else {
        let nobodys = if trace.peers().is_empty() { "tasks and locks" } else { "outside the peers" };
        return if whose == Whose::Tests { "tests" } else { nobodys }.to_owned();
    };
    let scope = trace.peers().scope(peer);
    let mut label = format!("peer {}", shown(&trace.peers().name(peer)));
    if let Some(test) = scope.test.filter(|_| trace.tests().len() > 1) {
        label.push_str(&format!(" · test \"{}\"", shown(&trace.tests().name(test))));
    }
    if let Some(cluster) = scope.cluster.filter(|_| trace.clusters().len() > 1) {
        label.push_str(&format!(" · cluster {}", shown(&trace.clusters().name(cluster))));
    }
    label
}
