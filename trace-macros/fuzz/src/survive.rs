//! All that Peerscope does with a trace that it was given.

use std::io::Cursor;

use peerscope_analyzer::read;
use peerscope_analyzer::report::{self, Options, Style};
use peerscope_format::json::{self, LineWriter};
use peerscope_format::shape::Record;
use peerscope_format::wire::Image;

/// How far a trace came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Survived {
    /// It was refused whole.
    Refused,
    /// That many events were read and judged.
    Judged(usize),
}

/// A file in its wire form: read, read for its slots alone, written as JSON Lines, judged.
pub(crate) fn file(bytes: &[u8]) -> Survived {
    if let Ok((slots, _)) = Image::read_slots(&mut Cursor::new(bytes)) {
        judge(slots);
    }
    match Image::read(&mut Cursor::new(bytes)) {
        Ok((image, _)) => {
            to_json(&image);
            judge(image)
        }
        Err(_) => Survived::Refused,
    }
}

/// A file of JSON Lines: read, and judged.
pub(crate) fn text(bytes: &[u8]) -> Survived {
    json::read(&mut &bytes[..]).map_or(Survived::Refused, |(image, _)| judge(image))
}

/// The trace as JSON Lines; each record is looked at in all of its forms.
pub(crate) fn to_json(image: &Image) -> Vec<u8> {
    let mut writer = LineWriter::new(Vec::new());
    writer.header(&image.header).expect("memory takes all");
    let clock = image.clock();
    for chunk in &image.chunks {
        for raw in image.records(chunk).map_while(Result::ok) {
            let shape = image.tables.shapes.get(raw.shape.into()).expect("a record's shape is in its table");
            let context = raw.context.and_then(|id| image.tables.contexts.get(id.into())).cloned().unwrap_or_default();
            let record = Record::new(shape, &chunk.payload[raw.values.clone()], &image.tables.strings);
            std::hint::black_box(record.body());
            writer.event(clock.ns(raw.ticks), raw.simulated, &context, raw.term, &record).expect("memory takes all");
        }
    }
    writer.into_inner()
}

fn judge(image: Image) -> Survived {
    let (trace, problems) = read::from_images([("damaged".to_owned(), image)]);
    let report = report::check(&trace, &problems, &Options::default());
    let mut out = Vec::new();
    report.write_text(&mut out, Style::Plain).expect("memory takes all");
    report.write_json(&mut out).expect("memory takes all");
    Survived::Judged(trace.len())
}
