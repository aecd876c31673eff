//! Decoding chunks: two threads walk their records, and one hands on what they found in the order of the chunks. What
//! comes out is the same on any number of cores.

use std::sync::mpsc;
use std::thread;

use peerscope_format::value::Term;
use peerscope_format::vocabulary::Kind;
use peerscope_format::wire::{Clock, EventChunk, RawRecord, Records, Tables};

use crate::model::Part;

/// Of so many chunks the first thread decodes one: it has to gather them all besides, which is half the work.
const SHARE: usize = 3;
/// How many decoded chunks of the second thread may wait for the first.
const CHUNKS_AHEAD: usize = 4;

/// What is the same for all chunks of an image.
pub(super) struct Decoder<'i> {
    /// What its ticks are.
    pub(super) clock: Clock,
    /// What its records refer to.
    pub(super) tables: &'i Tables,
    /// By id: the row of each shape in the draft, if it got one.
    pub(super) shapes: Vec<Option<u32>>,
}

/// What one chunk holds.
#[derive(Default)]
pub(super) struct Decoded {
    /// Its events.
    pub(super) part: Part,
    /// Whose they are, in turn.
    pub(super) runs: Vec<Run>,
    /// Where in the chunk it can be read no further, and why.
    pub(super) broken: Option<(usize, String)>,
    /// Whether it says that the process ended.
    pub(super) ended: bool,
}

/// Events that follow one another and have the same head.
pub(super) struct Run {
    /// Whose, an id in the image's tables.
    pub(super) context: Option<u32>,
    /// The peer's current term.
    pub(super) term: Option<Term>,
    /// How many events.
    pub(super) count: usize,
}

/// What is said of a chunk whose further events the trace has no numbers for.
const NO_ROOM: &str = "the trace has more events or shapes than can be numbered";

impl Decoder<'_> {
    /// Decodes `chunks` and hands them on in their order, until `take` says no.
    pub(super) fn each(&self, chunks: Vec<EventChunk>, mut take: impl FnMut(EventChunk, Decoded) -> bool) {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (number, chunk) in chunks.into_iter().enumerate() {
            if number.is_multiple_of(SHARE) { own.push(chunk) } else { others.push(chunk) }
        }
        let with_events = |chunk: EventChunk| {
            let decoded = self.chunk(&chunk);
            (chunk, decoded)
        };
        thread::scope(|scope| {
            let (send, decoded) = mpsc::sync_channel(CHUNKS_AHEAD);
            if others.is_empty() {
                drop(send);
            } else {
                // Once nobody takes them any more, it ends.
                scope.spawn(move || others.into_iter().map(with_events).all(|chunk| send.send(chunk).is_ok()));
            }
            for chunk in own {
                let (chunk, events) = with_events(chunk);
                // A thread that panicked sends no more; the scope passes that on.
                let mut next = decoded.iter().take(SHARE - 1);
                if !take(chunk, events) || !next.all(|(chunk, events)| take(chunk, events)) {
                    break;
                }
            }
        });
    }

    fn chunk(&self, chunk: &EventChunk) -> Decoded {
        let mut found = Decoded { part: Part::with_room(chunk.payload.len()), ..Decoded::default() };
        let mut records = Records::new(&chunk.payload, chunk.base_ticks, self.tables);
        found.broken = loop {
            let at = records.position();
            match records.next() {
                None => break None,
                Some(Err(error)) => break Some((at, error.to_string())),
                Some(Ok(record)) => {
                    found.ended |= self.ends(record.shape);
                    let Some(shape) = self.shapes.get(record.shape as usize).copied().flatten() else {
                        break Some((at, NO_ROOM.to_owned()));
                    };
                    let values = &chunk.payload[record.values.clone()];
                    found.part.push(self.clock.ns(record.ticks), record.simulated, shape, values);
                    found.note_head(&record);
                }
            }
        };
        found
    }

    fn ends(&self, shape: u32) -> bool {
        self.tables.shapes.get(u64::from(shape)).is_some_and(|shape| shape.kind == Some(Kind::ProcessEnd))
    }
}

impl Decoded {
    fn note_head(&mut self, record: &RawRecord) {
        match self.runs.last_mut() {
            Some(run) if (run.context, run.term) == (record.context, record.term) => run.count += 1,
            _ => self.runs.push(Run { context: record.context, term: record.term, count: 1 }),
        }
    }

    /// Leaves out what there is no `room` for; `chunk` and `tables` are what it was decoded from.
    pub(super) fn cut(&mut self, room: usize, chunk: &EventChunk, tables: &Tables) {
        if self.part.len() <= room {
            return;
        }
        self.part.truncate(room);
        let mut left = room;
        for run in &mut self.runs {
            run.count = run.count.min(left);
            left -= run.count;
        }
        self.runs.retain(|run| run.count > 0);
        let mut records = Records::new(&chunk.payload, chunk.base_ticks, tables);
        records.by_ref().take(room).for_each(drop);
        self.broken = Some((records.position(), NO_ROOM.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::synthetic::lab;

    /// The decoder of a trace of several chunks, with what it hands on.
    fn decode(take: impl FnMut(EventChunk, Decoded) -> bool) -> (Vec<u64>, usize) {
        let image = lab(900_000);
        let shapes = (0..image.tables.shapes.len() as u32).map(Some).collect();
        let bases = image.chunks.iter().map(|chunk| chunk.base_ticks).collect();
        let events = image.chunks.iter().map(|chunk| image.records(chunk).count()).sum();
        Decoder { clock: image.clock(), tables: &image.tables, shapes }.each(image.chunks.clone(), take);
        (bases, events)
    }

    #[test]
    fn chunks_come_in_their_order_and_with_all_their_events() {
        let (mut bases, mut events, mut heads) = (Vec::new(), 0, 0);
        let all = decode(|chunk, decoded| {
            bases.push(chunk.base_ticks);
            events += decoded.part.len();
            heads += decoded.runs.iter().map(|run| run.count).sum::<usize>();
            assert_eq!(decoded.broken, None);
            true
        });
        assert!(bases.len() > 2 * SHARE, "{} chunks", bases.len());
        assert_eq!((bases, events), all);
        assert_eq!(heads, events);
    }

    #[test]
    fn it_ends_where_nobody_wants_more() {
        for wanted in 1..=SHARE + 1 {
            let mut taken = 0;
            decode(|_, _| {
                taken += 1;
                taken < wanted
            });
            assert_eq!(taken, wanted);
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_cut_off_and_said() {
        let image = lab(100);
        let shapes = (0..image.tables.shapes.len() as u32).map(Some).collect();
        let decoder = Decoder { clock: image.clock(), tables: &image.tables, shapes };
        let chunk = &image.chunks[0];
        let mut decoded = decoder.chunk(chunk);
        decoded.cut(decoded.part.len(), chunk, &image.tables);
        assert_eq!(decoded.broken, None);
        decoded.cut(7, chunk, &image.tables);
        let end = image.records(chunk).nth(6).expect("a record").expect("a whole one").values.end;
        assert_eq!(decoded.broken, Some((end, NO_ROOM.to_owned())));
        assert_eq!((decoded.part.len(), decoded.runs.iter().map(|run| run.count).sum()), (7, 7_usize));
    }
}
