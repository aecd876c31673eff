//! Which tasks share a lane.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use peerscope_analyzer::model::{EventId, TaskId};

use super::names::keys;
use crate::lanes::material::{Material, NEVER};

/// A task in time.
struct Life {
    task: TaskId,
    begin: EventId,
    begin_ns: i64,
    until: EventId,
    until_ns: i64,
}

/// The lanes of tasks of one sort, by when they are free again.
#[derive(Default)]
struct Sort {
    /// In use, by the clock.
    by_ns: BinaryHeap<Reverse<(i64, EventId, usize)>>,
    /// Free by the clock, in use in the trace's order.
    by_event: BinaryHeap<Reverse<(EventId, i64, usize)>>,
    /// Free, with the time since when.
    free: BTreeSet<(usize, i64)>,
}

impl Sort {
    /// The first lane that is free for `life`. Lives come in the order of their begins; where clocks say otherwise, a lane
    /// that was free for the one may not be so for the next.
    fn take(&mut self, life: &Life) -> Option<usize> {
        while let Some(Reverse((ns, event, lane))) = self.by_ns.peek().copied().filter(|top| top.0.0 <= life.begin_ns) {
            self.by_ns.pop();
            self.by_event.push(Reverse((event, ns, lane)));
        }
        while let Some(Reverse((_, ns, lane))) = self.by_event.peek().copied().filter(|top| top.0.0 < life.begin) {
            self.by_event.pop();
            self.free.insert((lane, ns));
        }
        let first = self.free.first().copied().filter(|(_, ns)| *ns <= life.begin_ns)?;
        self.free.remove(&first);
        Some(first.0)
    }
}

/// The tasks, lane by lane. Those that share one have their name in common, but for its numbers, and each begins after all
/// of the one before, and what that held, has ended: in the trace's order, and by the clock. Each stands in the first lane
/// that is free, so that there are as many lanes as there are tasks at once. One that never ends has a lane of its own.
pub(super) fn pack(material: &Material<'_, '_>, tasks: &[TaskId]) -> Vec<Vec<TaskId>> {
    let keys = keys(material, tasks);
    let mut lives: Vec<(Life, &str)> =
        tasks.iter().zip(&keys).filter_map(|(task, key)| Some((life(material, *task)?, key.as_str()))).collect();
    lives.sort_unstable_by_key(|(life, _)| (life.begin, life.task));
    let mut lanes: Vec<Vec<TaskId>> = Vec::new();
    let mut sorts: BTreeMap<&str, Sort> = BTreeMap::new();
    for (life, key) in &lives {
        if life.until == NEVER {
            lanes.push(vec![life.task]);
            continue;
        }
        let sort = sorts.entry(key).or_default();
        let lane = sort.take(life).unwrap_or_else(|| {
            lanes.push(Vec::new());
            lanes.len() - 1
        });
        lanes[lane].push(life.task);
        sort.by_ns.push(Reverse((life.until_ns, life.until, lane)));
    }
    lanes
}

fn life(material: &Material<'_, '_>, task: TaskId) -> Option<Life> {
    let (begin, until) = (*material.trace.task_events(task).first()?, material.until(task));
    let begin_ns = material.times.at(begin);
    let until_ns = material.times.end((until != NEVER).then_some(until)).max(begin_ns);
    Some(Life { task, begin, begin_ns, until, until_ns })
}
