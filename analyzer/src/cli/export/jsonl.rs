//! JSON Lines, in the trace's own order: a reader takes the order of lines for the order of events, and a native file's
//! chunks (one thread each) stand in no such order.
//!
//! What the native file's recorder counted as lost, and what could not be read of the input, becomes `lost` events at
//! the end. An incarnation 0 is not written, as unknown counts as the first.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use peerscope_analyzer::model::{Scope, Trace};
use peerscope_analyzer::read;
use peerscope_format::json::LineWriter;
use peerscope_format::value::Value;
use peerscope_format::wire::Context;
use rustc_hash::FxHashMap;

use super::damage::{self, Damage};
use super::{Exporter, Failure};

pub(super) const EXPORTER: Exporter = Exporter { extension: "jsonl", write };

fn write(from: &Path, out: &mut BufWriter<File>) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| Failure::Input(format!("cannot write the output: {error}"));
    if from.is_dir() {
        return Err(Failure::Usage(format!("{}: is a folder; convert its files one by one", from.display())));
    }
    let (trace, problems) = read::read(&[from.to_owned()]).map_err(|error| Failure::Input(error.to_string()))?;
    let mut lines = LineWriter::new(out);
    for source in trace.sources() {
        lines.header(&source.header).map_err(failed)?;
    }
    let mut contexts: FxHashMap<Scope, Context> = FxHashMap::default();
    let mut last = 0;
    for event in trace.events() {
        let context = contexts.entry(*event.scope()).or_insert_with(|| context(&trace, event.scope()));
        last = event.ts().max(last);
        lines.event(event.ts(), event.sim(), context, event.term(), &event.record()).map_err(failed)?;
    }
    let by_recorder = trace.sources().iter().filter_map(|source| Damage::of_recorder(source.lost_events));
    let damage: Vec<_> = by_recorder.chain(damage::of_trace(&problems)).collect();
    damage::records(&damage, |record| lines.event(last, None, &Context::default(), None, record)).map_err(failed)?;
    Ok(problems.iter().map(|problem| format!("{}: {}", problem.kind.name(), problem.detail)).collect())
}

/// The head of events with this scope, in the ids that the emitter gave.
fn context(trace: &Trace, scope: &Scope) -> Context {
    Context {
        test: scope.test.map(|test| trace.tests().id(test).into()),
        cluster: scope.cluster.map(|cluster| trace.clusters().id(cluster).into()),
        peer: scope.peer.map(|peer| trace.peers().id(peer).into()),
        incarnation: (scope.incarnation > 0).then_some(Value::U64(scope.incarnation)),
        task: scope.task.map(|task| trace.tasks().id(task).into()),
    }
}
