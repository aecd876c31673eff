//! What programs use today: subscribers and layers of `tracing`, each set up as its documentation does first, all writing
//! to a file.

use std::fs::File;
use std::sync::Arc;

use tracing::subscriber::set_global_default;
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_chrome::ChromeLayerBuilder;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;

use super::ours::foreign;
use super::{Contender, Group, Measured, Target};
use crate::measure::Bench;

pub(super) const ALL: &[Contender] = &[
    Contender {
        name: "tracing-subscriber fmt JSON",
        group: Group::Event,
        targets: &[],
        records: 1,
        run: |bench| {
            // `Arc<File>` writes without the lock that a `Mutex<File>` would take.
            let file = Arc::new(File::create(bench.dir.join("json"))?);
            set_global_default(fmt().json().with_writer(file).finish())?;
            Ok(bench.run(USUAL, foreign))
        },
    },
    Contender {
        name: "fmt JSON, tracing-appender non_blocking (default: lossy)",
        group: Group::Event,
        targets: &[Target::TimesOurs(65.0)],
        records: 1,
        run: |bench| non_blocking(bench, true),
    },
    Contender {
        name: "fmt JSON, tracing-appender non_blocking, lossless",
        group: Group::Event,
        targets: &[Target::TimesOurs(65.0)],
        records: 1,
        run: |bench| non_blocking(bench, false),
    },
    Contender {
        name: "tracing-subscriber fmt text",
        group: Group::Event,
        targets: &[],
        records: 1,
        run: |bench| {
            let file = Arc::new(File::create(bench.dir.join("text"))?);
            set_global_default(fmt().with_ansi(false).with_writer(file).finish())?;
            Ok(bench.run(USUAL, foreign))
        },
    },
    Contender {
        name: "tracing-chrome with args",
        group: Group::Event,
        targets: &[],
        records: 1,
        run: |bench| {
            let (layer, _flush) = ChromeLayerBuilder::new().file(bench.dir.join("chrome")).include_args(true).build();
            set_global_default(tracing_subscriber::registry().with(layer))?;
            Ok(bench.run(USUAL, foreign))
        },
    },
];

/// Events a batch.
const USUAL: u64 = 50_000;

fn non_blocking(bench: &Bench, lossy: bool) -> Measured {
    let file = File::create(bench.dir.join("json"))?;
    let (writer, flush) = NonBlockingBuilder::default().lossy(lossy).finish(file);
    let dropped = writer.error_counter();
    set_global_default(fmt().json().with_writer(writer).finish())?;
    let mut outcome = bench.run(USUAL, foreign);
    drop(flush);
    outcome.dropped = dropped.dropped_lines() as u64;
    Ok(outcome)
}
