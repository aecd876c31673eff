//! `fastrace`, with a reporter that writes its spans to a file, on fastrace's own background thread.
//!
//! A local parent holds at most 10,240 spans and events and drops more silently; so a new root begins every
//! [`SPANS_A_ROOT`] events, as in its own benchmarks (many spans a root are to its advantage). Its properties are texts, so
//! an integer must be formatted by the program.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use fastrace::{Event, Span};

use super::{Contender, Group, Measured, Target};
use crate::measure::{Bench, integers};

pub(super) const ALL: &[Contender] = &[
    Contender {
        name: "fastrace local span, no values",
        group: Group::Event,
        targets: &[Target::TimesOurs(8.0)],
        records: 1,
        run: |bench| run(bench, |_| drop(LocalSpan::enter_with_local_parent("append"))),
    },
    Contender {
        name: "fastrace local span + event with 1 property",
        group: Group::Event,
        targets: &[Target::TimesOurs(8.0)],
        records: 1,
        run: |bench| {
            run(bench, |number| {
                let _span = LocalSpan::enter_with_local_parent("append");
                LocalSpan::add_event(Event::new("append").with_property(|| ("index", number.to_string())));
            })
        },
    },
    Contender {
        name: "fastrace local span with 4 properties",
        group: Group::Event,
        targets: &[Target::TimesOurs(8.0)],
        records: 1,
        run: |bench| {
            run(bench, |number| {
                let values = integers(number).map(|value| value.to_string());
                let names = ["peer", "term", "index", "size"];
                let _span =
                    LocalSpan::enter_with_local_parent("append").with_properties(|| names.into_iter().zip(values));
            })
        },
    },
];

/// Spans a batch.
const USUAL: u64 = 200_000;
const SPANS_A_ROOT: u64 = 1000;

fn run(bench: &Bench, mut event: impl FnMut(u64)) -> Measured {
    let reported = Arc::new(AtomicU64::new(0));
    let out = BufWriter::new(File::create(bench.dir.join("spans"))?);
    fastrace::set_reporter(Lines { out, reported: reported.clone() }, Config::default());
    let mut roots = 0;
    let mut root = None;
    let mut outcome = bench.run(USUAL, |number| {
        if number % SPANS_A_ROOT == 0 || root.is_none() {
            // The guard goes before its span.
            drop(root.take());
            let span = Span::root("root", SpanContext::random());
            root = Some((span.set_local_parent(), span));
            roots += 1;
        }
        event(number);
    });
    drop(root);
    fastrace::flush();
    outcome.dropped = (outcome.events + roots).saturating_sub(reported.load(Ordering::Relaxed));
    Ok(outcome)
}

/// Writes a line a span.
struct Lines {
    out: BufWriter<File>,
    reported: Arc<AtomicU64>,
}

impl Reporter for Lines {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        self.reported.fetch_add(spans.len() as u64, Ordering::Relaxed);
        for span in &spans {
            // A full disk shows in bytes/event.
            let _ = self.line(span);
        }
        let _ = self.out.flush();
    }
}

impl Lines {
    fn line(&mut self, span: &SpanRecord) -> std::io::Result<()> {
        let SpanRecord {
            trace_id, span_id, parent_id, begin_time_unix_ns, duration_ns, name, properties, events, ..
        } = span;
        write!(
            self.out,
            r#"{{"trace":{},"span":{},"parent":{},"begin":{begin_time_unix_ns},"ns":{duration_ns},"name":"{name}""#,
            trace_id.0, span_id.0, parent_id.0
        )?;
        for (key, value) in properties {
            write!(self.out, r#","{key}":"{value}""#)?;
        }
        for event in events {
            write!(self.out, r#","event":{{"at":{},"name":"{}""#, event.timestamp_unix_ns, event.name)?;
            for (key, value) in &event.properties {
                write!(self.out, r#","{key}":"{value}""#)?;
            }
            self.out.write_all(b"}")?;
        }
        self.out.write_all(b"}\n")
    }
}
