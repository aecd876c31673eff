//! Floors: what no emitter can go below.

use std::hint::black_box;
use std::time::Instant;

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Metadata, Subscriber};

use super::ours::{foreign, nothing};
use super::{Contender, Group};
use crate::measure::ticks;

pub(super) const ALL: &[Contender] = &[
    Contender {
        name: "floor: rdtsc",
        group: Group::Event,
        targets: &[],
        records: 0,
        run: |bench| Ok(bench.run_with_base(USUAL, |_| _ = black_box(ticks()), nothing)),
    },
    Contender {
        name: "floor: Instant::now",
        group: Group::Event,
        targets: &[],
        records: 0,
        run: |bench| Ok(bench.run_with_base(USUAL, |_| _ = black_box(Instant::now()), nothing)),
    },
    Contender {
        name: "floor: tracing event, no subscriber",
        group: Group::Event,
        targets: &[],
        records: 0,
        run: |bench| Ok(bench.run_with_base(USUAL, foreign, nothing)),
    },
    Contender {
        name: "floor: tracing event, no-op subscriber",
        group: Group::Event,
        targets: &[],
        records: 0,
        run: |bench| {
            set_global_default(Deaf)?;
            Ok(bench.run_with_base(USUAL, foreign, nothing))
        },
    },
];

/// Events a batch.
const USUAL: u64 = 2_000_000;

/// Wants everything and does nothing with it.
struct Deaf;

impl Subscriber for Deaf {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        black_box(event);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
