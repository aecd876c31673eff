//! Other binary formats for events.

use std::fs::File;
use std::io::BufWriter;
use std::time::Instant;

use dial9_trace_format::TraceEvent;
use dial9_trace_format::encoder::Encoder;
use tracing::subscriber::set_global_default;
use tracing_perfetto_file::PerfettoLayer;
use tracing_subscriber::layer::SubscriberExt as _;

use super::ours::foreign;
use super::{Contender, Group};
use crate::measure::{Bench, integers};

pub(super) const ALL: &[Contender] = &[
    Contender {
        // No emitter: one thread, no lock, and the caller reads the clock. A kill loses what the buffer holds.
        name: "dial9-trace-format, one thread's encoder, buffered file",
        group: Group::Event,
        targets: &[],
        records: 1,
        run: |bench| {
            let file = File::create(bench.dir.join("dial9"))?;
            let (mut encoder, start) = (Encoder::new_to(BufWriter::with_capacity(1 << 16, file))?, Instant::now());
            let mut failed = None;
            let outcome = bench.run(2_000_000, |number| {
                let [peer, term, index, size] = integers(number);
                let event = Integers { timestamp_ns: start.elapsed().as_nanos() as u64, peer, term, index, size };
                failed = encoder.write(&event).err().or(failed.take());
            });
            encoder.flush()?;
            failed.map_or(Ok(outcome), |error| Err(error.into()))
        },
    },
    Contender {
        name: "tracing-perfetto-file with annotations",
        group: Group::Event,
        targets: &[],
        records: 1,
        run: perfetto,
    },
];

/// The four integers, as this format wants them.
#[derive(TraceEvent)]
struct Integers {
    #[traceevent(timestamp)]
    timestamp_ns: u64,
    peer: u64,
    term: u64,
    index: u64,
    size: u64,
}

fn perfetto(bench: &Bench) -> super::Measured {
    let file = File::create(bench.dir.join("perfetto"))?;
    let (layer, guard) = PerfettoLayer::builder(file).with_debug_annotations().build();
    set_global_default(tracing_subscriber::registry().with(layer))?;
    let outcome = bench.run(200_000, foreign);
    guard.flush()?;
    Ok(outcome)
}
