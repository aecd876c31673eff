//! Building a trace: events are taken in as their files hold them, then put into one order.

use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use peerscope_format::shape::ResolvedShape;
use peerscope_format::value::{FieldType, FromValue, Id, Term, Value, ValueRef};
use peerscope_format::vocabulary::{Body, Kind};
use peerscope_format::wire::Context;
use rustc_hash::FxHashMap;

use super::columns::{Columns, MAX_SHAPES, Part};
use super::edges::{Collector, Edges, Locks};
use super::{
    Dense, Event, EventId, Grouped, LineId, PeerId, PeerScope, Scope, Source, SourceId, SourceShape, Tables, Task,
    TaskId, Trace,
};

/// Events are numbered with 32 bits, of which the last values have meanings of their own.
const MAX_EVENTS: usize = u32::MAX as usize - 16;

/// How many events are walked between two words on the progress.
const BETWEEN_WORDS: usize = 1 << 16;

/// A trace whose events are still in the order in which they were taken in.
#[derive(Debug)]
pub(crate) struct Draft {
    trace: Trace,
    scopes: FxHashMap<Scope, u32>,
    lines: FxHashMap<LineKey, LineId>,
}

/// What makes a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum LineKey {
    Task(TaskId),
    Peer(SourceId, PeerId, u64),
}

impl Draft {
    pub(crate) fn new() -> Self {
        let trace = Trace {
            sources: Vec::new(),
            shapes: Vec::new(),
            scopes: Vec::new(),
            columns: Columns::default(),
            lines: Grouped::default(),
            tables: Tables::default(),
            tasks: Vec::new(),
            edges: Edges::default(),
        };
        Draft { trace, scopes: FxHashMap::default(), lines: FxHashMap::default() }
    }

    /// The events so far, in the order in which they were taken in.
    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) fn add_source(&mut self, source: Source) -> SourceId {
        self.trace.sources.push(source);
        SourceId::from_index(self.trace.sources.len() - 1)
    }

    /// The row of a shape; `None` if there are too many to tell apart.
    pub(crate) fn add_shape(&mut self, source: SourceId, resolved: ResolvedShape) -> Option<u32> {
        let row = self.trace.shapes.len();
        (row < MAX_SHAPES).then(|| {
            self.trace.shapes.push(SourceShape { source, resolved });
            row as u32
        })
    }

    /// Whose events `context` says they are, their term left open.
    pub(crate) fn resolve(&mut self, source: SourceId, context: &Context) -> Scope {
        let tables = &mut self.trace.tables;
        let test = id_of(context.test.as_ref()).map(|id| tables.tests.intern((), id));
        let cluster = id_of(context.cluster.as_ref()).map(|id| tables.clusters.intern((), id));
        let peer = id_of(context.peer.as_ref()).map(|id| tables.peers.intern(PeerScope { test, cluster }, id));
        let task = id_of(context.task.as_ref()).map(|id| tables.tasks.intern(source, id));
        let said_incarnation = match id_of(context.incarnation.as_ref()) {
            Some(Id::Number(number)) => Some(number),
            _ => None,
        };
        let incarnation = said_incarnation.unwrap_or(0);
        let key = task.map(LineKey::Task).or(peer.map(|peer| LineKey::Peer(source, peer, incarnation)));
        let line = key.map(|key| {
            let next = LineId::from_index(self.lines.len());
            *self.lines.entry(key).or_insert(next)
        });
        let says_incarnation = said_incarnation.is_some();
        Scope { source, test, cluster, peer, incarnation, says_incarnation, task, term: None, line }
    }

    /// The row of `scope` with `term`.
    pub(crate) fn scope(&mut self, scope: &Scope, term: Option<Term>) -> u32 {
        let scope = Scope { term, ..*scope };
        let rows = &mut self.trace.scopes;
        *self.scopes.entry(scope).or_insert_with(|| {
            rows.push(scope);
            rows.len() as u32 - 1
        })
    }

    /// Takes in `part`'s events, all of `source`; `scopes` says how many in turn have which scope. There must be room.
    pub(crate) fn append(&mut self, source: SourceId, part: &Part, scopes: &[(u32, usize)]) {
        let columns = &mut self.trace.columns;
        columns.append(part);
        for (scope, count) in scopes {
            columns.scope.extend(std::iter::repeat_n(*scope, *count));
        }
        self.trace.sources[source.index()].events += part.len() as u32;
    }

    /// How many more events can be numbered.
    pub(crate) fn room(&self) -> usize {
        MAX_EVENTS - self.trace.len()
    }

    /// Enters all that the events name into the tables, and finds which events follow which of other lines. `goes_on` is
    /// told now and then how many are done, and ends it (`false`) where it says no.
    pub(crate) fn connect(&mut self, goes_on: &mut dyn FnMut(usize) -> bool) -> bool {
        // The tables are taken out for the walk, which reads the events that stand beside them.
        let mut tables = std::mem::take(&mut self.trace.tables);
        let (mut signals, mut locks) = (Collector::default(), Locks::new(std::mem::take(&mut tables.locks)));
        let trace = &self.trace;
        let concerns: Vec<Concerns> = trace.shapes.iter().map(|shape| Concerns::of(&shape.resolved)).collect();
        let one_writer: Vec<bool> = trace.sources.iter().map(|source| source.header.one_writer).collect();
        let line_of = |id: EventId| trace.event(id).line();
        let file_order = |id: EventId| {
            let source = trace.event(id).source();
            one_writer[source.index()].then_some(source.0)
        };
        let stopped = AtomicBool::new(false);
        let done = thread::scope(|scope| {
            // Locks are about half of the work, and nothing else names them.
            let of_locks = scope.spawn(|| {
                let mut goes_on = |_| !stopped.load(Ordering::Relaxed);
                walk(trace, |shape| concerns[shape].locks, &mut goes_on, |event| locks.take_in(event))
                    .then(|| locks.finish(line_of, file_order))
            });
            let done = walk(
                trace,
                |shape| concerns[shape].others,
                goes_on,
                |event| {
                    let body = event.body();
                    tables.take_in(event.scope(), &body);
                    signals.take_in(event, &body, &tables);
                },
            );
            stopped.store(!done, Ordering::Relaxed);
            let signals = done.then(|| signals.finish(line_of, file_order));
            let of_locks = of_locks.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            signals.zip(of_locks)
        });
        let Some((signals, (locks, grants))) = done else { return false };
        tables.locks = locks;
        self.trace.tables = tables;
        self.trace.edges = Edges::new([signals, grants].concat());
        true
    }

    /// Puts the events into `order`, which names each once by its place (`None`: as they are), and builds the indexes
    /// over it. Also returns how many edges the order contradicts.
    pub(crate) fn finish(self, order: Option<Vec<u32>>) -> (Trace, u64) {
        let Draft { mut trace, lines, .. } = self;
        let edges = std::mem::take(&mut trace.edges);
        let (edges, contradicted) = match order {
            None => edges.moved(|place| place),
            Some(order) => {
                trace.columns.permute(&order);
                let mut places = vec![EventId(0); order.len()];
                order.iter().enumerate().for_each(|(place, old)| places[*old as usize] = EventId::from_index(place));
                drop(order);
                edges.moved(|old| places[old.index()])
            }
        };
        trace.edges = edges;
        trace.columns.shrink();
        trace.lines = Grouped::new(lines.len(), || {
            trace.events().filter_map(|event| event.line().map(|line| (line.index(), event.id())))
        });
        trace.tasks = lives(&trace, &lines);
        (trace, contradicted)
    }
}

/// Hands all events of the `wanted` shapes to `take_in`, in their order; `false` if `goes_on` ended it, which is told now
/// and then how many are done.
fn walk<'t>(
    trace: &'t Trace,
    wanted: impl Fn(usize) -> bool,
    goes_on: &mut dyn FnMut(usize) -> bool,
    mut take_in: impl FnMut(Event<'t>),
) -> bool {
    (0..trace.len()).step_by(BETWEEN_WORDS).all(|begin| {
        let block = (begin..trace.len().min(begin + BETWEEN_WORDS)).map(EventId::from_index);
        goes_on(begin) && {
            block.filter(|id| wanted(trace.columns.shape_of(*id) as usize)).for_each(|id| take_in(trace.event(id)));
            true
        }
    })
}

/// What events of one shape can tell at all; the rest need not be decoded.
#[derive(Clone, Copy)]
struct Concerns {
    /// They name a lock, or take or release one.
    locks: bool,
    /// They name other things, or follow events of other lines for another reason.
    others: bool,
}

impl Concerns {
    fn of(shape: &ResolvedShape) -> Concerns {
        let own = shape.kind.map_or(&[][..], Kind::fields);
        let own = own.iter().filter(|info| shape.shape.fields.iter().any(|field| *field.name == *info.name));
        let (mut locks, mut others) = (false, false);
        for field in own.filter(|field| matches!(field.ty, FieldType::Id | FieldType::Ids)) {
            // Only the fields of this name are ids of locks.
            if field.name == "lock" { locks = true } else { others = true }
        }
        // Of some, the head names the thing.
        let by_head = matches!(shape.kind, Some(Kind::TaskBegin | Kind::TaskEnd | Kind::TestBegin | Kind::PeerStart));
        Concerns { locks, others: others || by_head }
    }
}

/// The lives of all tasks.
fn lives(trace: &Trace, lines: &FxHashMap<LineKey, LineId>) -> Vec<Task> {
    let mut tasks: Vec<Task> = trace
        .tables
        .tasks
        .ids()
        .map(|task| {
            let line = lines.get(&LineKey::Task(task)).copied();
            let peer =
                line.and_then(|line| trace.line_events(line).iter().find_map(|event| trace.event(*event).peer()));
            Task { line, peer, ..Task::default() }
        })
        .collect();
    for event in trace.events() {
        match event.kind() {
            Some(Kind::TaskSpawn) => note_spawn(trace, event, &mut tasks),
            Some(Kind::TaskBegin) => {
                if let (Some(task), Body::TaskBegin(body)) = (event.task(), event.body()) {
                    let life = &mut tasks[task.index()];
                    life.begin = life.begin.or(Some(event.id()));
                    life.daemon |= body.daemon.unwrap_or(false);
                }
            }
            Some(Kind::TaskEnd) => {
                if let Some(task) = event.task() {
                    tasks[task.index()].end = Some(event.id());
                }
            }
            _ => {}
        }
    }
    tasks
}

fn note_spawn(trace: &Trace, event: Event<'_>, tasks: &mut [Task]) {
    let Body::TaskSpawn(body) = event.body() else { return };
    let Some(child) = body.child.and_then(|id| trace.task_of(event, id)) else { return };
    let life = &mut tasks[child.index()];
    if life.spawn.is_none() {
        life.spawn = Some(event.id());
        life.parent = event.task();
    }
    life.daemon |= body.daemon.unwrap_or(false);
}

/// The id that a context carries, if it is one.
fn id_of(value: Option<&Value>) -> Option<Id<'_>> {
    Id::from_value(match value? {
        Value::U64(number) => ValueRef::U64(*number),
        Value::I64(number) => ValueRef::I64(*number),
        Value::Text(text) => ValueRef::Text(text),
        _ => return None,
    })
}
