//! JSON Lines, in the trace's own order: a reader takes the order of lines for the order of events, and a native file's
//! chunks (one thread each) stand in no such order.
//!
//! What the native file's recorder counted as lost becomes a `lost` event at the beginning. An incarnation 0 is not
//! written, as unknown counts as the first.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use peerscope_analyzer::model::{Scope, Trace};
use peerscope_analyzer::read;
use peerscope_format::header::TraceHeader;
use peerscope_format::json::LineWriter;
use peerscope_format::shape::Record;
use peerscope_format::value::Value;
use peerscope_format::wire::{Context, EventHead, ImageBuilder};
use rustc_hash::FxHashMap;

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
        if source.lost_events > 0 {
            lost(&mut lines, source.lost_events)?;
        }
    }
    let mut contexts: FxHashMap<Scope, Context> = FxHashMap::default();
    for event in trace.events() {
        let context = contexts.entry(*event.scope()).or_insert_with(|| context(&trace, event.scope()));
        lines.event(event.ts(), context, event.term(), &event.record()).map_err(failed)?;
    }
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

fn lost(lines: &mut LineWriter<&mut BufWriter<File>>, events: u64) -> Result<(), Failure> {
    let mut builder = ImageBuilder::new(TraceHeader::default());
    let fields = [("events", Value::U64(events)), ("why", Value::from("the recorder could not keep them"))];
    builder.event(&EventHead::default(), "lost", &fields).map_err(|error| Failure::Input(error.to_string()))?;
    let image = builder.finish();
    for chunk in &image.chunks {
        for raw in image.records(chunk).flatten() {
            let Some(shape) = image.tables.shapes.get(u64::from(raw.shape)) else { continue };
            let record = Record::new(shape, &chunk.payload[raw.values], &image.tables.strings);
            lines.event(0, &Context::default(), None, &record)?;
        }
    }
    Ok(())
}
