//! Damaged and hostile input: no panic, and no damage that goes unsaid where there is a sum to tell it.

mod common;

use std::io::Cursor;

use common::{Event, events};
use peerscope_format::value::{Term, Value};
use peerscope_format::wire::{CHUNK_HEAD, Context, EventHead, FILE_HEAD, Image, ImageBuilder, ReadError, chunk_offset};
use proptest::collection::vec;
use proptest::prelude::*;

/// The chunk size of small traces: the file's head and each chunk fill one page.
const PAGE: usize = 4096;

fn small_trace() -> Vec<Event> {
    let event = |number: u64, kind: &str, fields: &[(&str, Value)]| Event {
        head: EventHead {
            ts: number * 100,
            context: Context {
                test: Some(Value::from("re-election")),
                peer: Some(Value::U64(number % 3)),
                task: Some(Value::from("main")),
                ..Context::default()
            },
            term: Some(Term(number)).filter(|_| number != 2),
        },
        kind: kind.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let entry = Value::Map(vec![("term".into(), Value::U64(2)), ("digest".into(), Value::from("ab"))]);
    vec![
        event(1, "role", &[("role", Value::from("leader")), ("src", Value::from("raft.rs:103"))]),
        event(2, "log.append", &[("first", Value::U64(1)), ("entries", Value::List(vec![entry.clone(), entry]))]),
        event(3, "log", &[("msg", Value::from("now {x}")), ("args", Value::Map(vec![("x".into(), Value::F64(0.5))]))]),
        event(4, "group.add", &[("group", Value::U64(300)), ("n", Value::I64(-3)), ("odd", Value::Null)]),
        event(5, "rpc.return", &[("rpc", Value::from("a-7")), ("granted", Value::Bool(true))]),
        event(6, "x.unknown", &[("x.field", Value::List(vec![]))]),
    ]
}

/// The small trace as a file of three pages: head, definitions, events.
fn small_file() -> Vec<u8> {
    let mut file = Vec::new();
    let image = common::build_encoded(&small_trace(), &[0, 1, 2, 3, 7]);
    image.write_to(&mut file).expect("memory takes all");
    assert_eq!(file.len(), 3 * PAGE);
    file
}

/// How many bytes of payload the chunk on this page has.
fn committed(file: &[u8], page: usize) -> usize {
    let at = page * PAGE + chunk_offset::COMMITTED;
    u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]) as usize
}

/// All that can be got out of `file`; whether anything was said.
fn read(file: &[u8]) -> Result<(Vec<Event>, bool), ReadError> {
    let (image, problems) = Image::read(&mut Cursor::new(file))?;
    let (events, errors) = events(&image);
    for problem in &problems {
        assert!(!problem.to_string().is_empty() && problem.offset <= file.len() as u64, "{problem}");
    }
    let lost = events.iter().any(|event| event.kind == "lost");
    Ok((events, lost || !problems.is_empty() || !errors.is_empty()))
}

/// Reads a file with a whole head that may say anything else, and writes what it says as JSON Lines.
fn survive(file: &[u8]) {
    read(file).expect("the head is whole");
    #[cfg(feature = "json")]
    json::assert_canonical(&Image::read(&mut Cursor::new(file)).expect("the head is whole").0);
}

#[test]
fn a_cut_native_file_says_so() {
    let file = small_file();
    for length in 0..file.len() {
        let Ok((events, said)) = read(&file[..length]) else {
            assert!(length < FILE_HEAD);
            continue;
        };
        // A closed file knows how many chunks it has, so that not even a cut between two of them goes unnoticed.
        assert!(said, "{length}: {} events were read", events.len());
    }
}

#[test]
fn a_hole_in_a_closed_file_is_said() {
    let whole = small_file();
    for page in 1..whole.len() / PAGE {
        let mut file = whole.clone();
        file[page * PAGE..(page + 1) * PAGE].fill(0);
        assert!(read(&file).expect("the head is whole").1, "nothing is said of page {page}, which is empty");
        // One that is still written may have taken a chunk whose head is not there yet.
        file[40..44].fill(0);
        let (_, problems) = Image::read(&mut Cursor::new(&file)).expect("the head is whole");
        assert_eq!(problems, [], "page {page}");
    }
}

#[test]
fn a_flipped_bit_of_a_sealed_file_changes_nothing_or_is_said() {
    let mut file = small_file();
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        if let Ok((events, said)) = read(&file) {
            assert!(said || events == small_trace(), "bit {} of byte {}", bit % 8, bit / 8);
        }
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_flipped_bit_of_what_counts_is_always_said() {
    let mut file = small_file();
    let body = 128 + u32::from_le_bytes([file[16], file[17], file[18], file[19]]) as usize;
    let heads = [0..24, 40..48, 128..body, PAGE..PAGE + 52, 2 * PAGE..2 * PAGE + 52];
    let payloads = [1, 2].map(|page| page * PAGE + CHUNK_HEAD..page * PAGE + CHUNK_HEAD + committed(&file, page));
    let sums = [1, 2].map(|page| page * PAGE + chunk_offset::PAYLOAD_CRC..page * PAGE + chunk_offset::PAYLOAD_CRC + 4);
    for bit in heads.into_iter().chain(payloads).chain(sums).flat_map(|range| range.start * 8..range.end * 8) {
        file[bit / 8] ^= 1 << (bit % 8);
        let said = read(&file).map_or(true, |(_, said)| said);
        assert!(said, "bit {} of byte {}", bit % 8, bit / 8);
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn flipped_bits_of_an_open_chunk_never_break_the_reader() {
    let mut file = small_file();
    file[2 * PAGE + chunk_offset::SEALED] = 0;
    for bit in (2 * PAGE + CHUNK_HEAD) * 8..(2 * PAGE + 1024) * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        survive(&file);
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_time_beyond_all_clocks_is_an_error_and_no_panic() {
    let mut builder = ImageBuilder::new(Default::default());
    let late = EventHead { ts: u64::MAX, ..EventHead::default() };
    builder.event(&late, "a", &[]).expect("a small event");
    builder.event(&EventHead::default(), "b", &[]).expect("a small event");
    let (events, errors) = events(&builder.finish());
    assert_eq!(errors, []);
    assert_eq!(events.iter().map(|event| event.head.ts).collect::<Vec<_>>(), [u64::MAX, u64::MAX]);
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Where to write what over a file.
fn splices() -> impl Strategy<Value = Vec<(prop::sample::Index, Vec<u8>)>> {
    vec((any::<prop::sample::Index>(), vec(any::<u8>(), 1..40)), 1..6)
}

fn splice(file: &mut [u8], first: usize, splices: &[(prop::sample::Index, Vec<u8>)]) {
    for (place, bytes) in splices {
        let at = first + place.index(file.len() - first);
        let end = file.len().min(at + bytes.len());
        file[at..end].copy_from_slice(&bytes[..end - at]);
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn random_bytes_are_no_trace(bytes in vec(any::<u8>(), 0..8192)) {
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn random_bytes_in_chunks_never_break_the_reader(
        bodies in vec((1..6_u8, vec(any::<u8>(), 0..60)), 0..20),
        records in vec(0..100_u8, 0..2000),
    ) {
        let mut file = small_file();
        let mut definitions = Vec::new();
        for (tag, rest) in bodies {
            // Shapes and texts with small ids are those that random records refer to.
            let body = [&[tag, tag + 3][..], &rest].concat();
            definitions.extend((body.len() as u32).to_le_bytes());
            definitions.extend(crc32fast::hash(&body).to_le_bytes());
            definitions.extend(body);
        }
        for (page, bytes) in [(1, definitions), (2, records)] {
            let start = page * PAGE + CHUNK_HEAD;
            file[start..start + bytes.len()].copy_from_slice(&bytes);
            file[page * PAGE + chunk_offset::COMMITTED..][..4].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
            file[page * PAGE + chunk_offset::SEALED] = 0;
        }
        survive(&file);
    }

    #[test]
    fn splices_of_open_chunks_never_break_the_reader(splices in splices()) {
        let mut file = small_file();
        (1..3).for_each(|page| file[page * PAGE + chunk_offset::SEALED] = 0);
        splice(&mut file[..2 * PAGE + 1024], FILE_HEAD, &splices);
        survive(&file);
    }
}

#[cfg(feature = "json")]
mod json {
    use super::*;
    use peerscope_format::json;

    /// However odd the records are, what is written of them is read and written again as the same bytes.
    pub(super) fn assert_canonical(image: &Image) {
        let text = common::to_json(image);
        let (again, _) = json::read(&mut text.as_bytes()).expect("a header");
        assert_eq!(common::to_json(&again), text);
    }

    fn small_text() -> String {
        common::to_json(&common::build(&small_trace()))
    }

    /// All that can be got out of `text`; whether anything was said.
    fn read(text: &[u8]) -> Result<(Vec<Event>, bool), ReadError> {
        let (image, problems) = json::read(&mut { text })?;
        let (events, errors) = events(&image);
        assert_eq!(errors, [], "the reader builds whole records");
        assert!(problems.iter().all(|problem| problem.offset <= text.len() as u64));
        assert_canonical(&image);
        Ok((events, !problems.is_empty()))
    }

    #[test]
    fn a_cut_text_says_so() {
        let text = small_text();
        let header = text.find('\n').expect("a line");
        let whole = read(text.as_bytes()).expect("a header").0;
        for length in 0..text.len() {
            let Ok((events, said)) = read(&text.as_bytes()[..length]) else {
                assert!(length < header);
                continue;
            };
            assert!(whole.starts_with(&events));
            let between_lines = text.as_bytes()[length] == b'\n' || text.as_bytes()[length - 1] == b'\n';
            assert!(said || between_lines, "{length}");
        }
    }

    #[test]
    fn a_flipped_bit_never_breaks_the_reader() {
        let mut text = small_text().into_bytes();
        for bit in 0..text.len() * 8 {
            text[bit / 8] ^= 1 << (bit % 8);
            drop(read(&text));
            text[bit / 8] ^= 1 << (bit % 8);
        }
    }

    proptest! {
        #![proptest_config(config(256))]

        #[test]
        fn random_lines_never_break_the_reader(bytes in vec(prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:\\\nnu0e-.".to_vec())], 0..2000)) {
            let text = [b"{\"peerscope\":1,\"unit\":\"ns\"}\n", &bytes[..]].concat();
            read(&text).expect("a header");
        }

        #[test]
        fn splices_never_break_the_reader(splices in splices()) {
            let mut text = small_text().into_bytes();
            splice(&mut text, 0, &splices);
            drop(read(&text));
        }

        #[test]
        fn moved_pieces_never_break_the_reader(pieces in vec((any::<prop::sample::Index>(), 1..60_usize), 1..40)) {
            let source = small_text().into_bytes();
            let mut text = b"{\"peerscope\":1,\"unit\":\"ns\"}\n".to_vec();
            for (place, length) in pieces {
                let at = place.index(source.len());
                text.extend_from_slice(&source[at..source.len().min(at + length)]);
            }
            read(&text).expect("a header");
        }
    }
}
