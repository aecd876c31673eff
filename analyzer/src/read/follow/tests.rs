//! Files that grow: what comes piece by piece is what is there in the end.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};

use peerscope_format::wire::{CHUNK_HEAD, Image, chunk_offset};

use super::*;
use crate::read;
use crate::testing::synthetic::lab;

/// A file of which so far only a part counts, and somebody who writes.
struct Growing {
    folder: tempfile::TempDir,
    writer: File,
    /// Where chunks of events stand, how many bytes they have, and where in them records end.
    chunks: Vec<(u64, usize, Vec<usize>)>,
}

impl Growing {
    fn new(image: &Image) -> Growing {
        let folder = tempfile::tempdir().expect("a folder");
        let mut whole = Vec::new();
        image.write_to(&mut whole).expect("a vector takes all");
        let mut writer = File::create(folder.path().join("run.pscope")).expect("a file");
        writer.lock().expect("nobody else has it");
        writer.write_all(&whole).expect("there is room");
        let (again, _) = Image::read(&mut std::io::Cursor::new(whole)).expect("a trace");
        let ends = |chunk| {
            let mut records = again.records(chunk);
            std::iter::from_fn(|| records.next().map(|_| records.position())).collect::<Vec<_>>()
        };
        let chunks = again.chunks.iter();
        let chunks = chunks.map(|chunk| (chunk.offset - CHUNK_HEAD as u64, chunk.payload.len(), ends(chunk))).collect();
        let mut growing = Growing { folder, writer, chunks };
        (0..growing.chunks.len()).for_each(|chunk| growing.commit(chunk, 0));
        growing
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("run.pscope")
    }

    /// So many bytes of a chunk count from now on; with all of them it is sealed.
    fn commit(&mut self, chunk: usize, bytes: usize) {
        let (offset, all, _) = self.chunks[chunk];
        for (place, value) in [(chunk_offset::COMMITTED, bytes as u32), (chunk_offset::SEALED, (bytes == all).into())] {
            self.writer.seek(SeekFrom::Start(offset + place as u64)).expect("a place in the file");
            self.writer.write_all(&value.to_le_bytes()).expect("there is room");
        }
    }
}

/// What events say, and when.
fn told(trace: &Trace) -> Vec<(u64, String)> {
    trace.events().map(|event| (event.ts(), crate::report::log::describe(event))).collect()
}

#[test]
fn what_comes_piece_by_piece_is_all_there_is() {
    let image = lab(20_000);
    let mut growing = Growing::new(&image);
    let mut run = Follow::new(growing.path());
    assert!(run.next(None).expect("a trace").is_empty());
    assert_eq!(run.writers(), Writers::Running);
    let mut all = Vec::new();
    // Chunks grow by turns and by uneven steps, all but the last at the end.
    for step in 1..=7 {
        for chunk in 0..growing.chunks.len() {
            let ends = &growing.chunks[chunk].2;
            let records = if step == 7 { ends.len() } else { (ends.len() * step / 7).saturating_sub(chunk) };
            let bytes = records.checked_sub(1).map_or(0, |last| ends[last]);
            growing.commit(chunk, bytes);
        }
        all.extend(told(&run.next(None).expect("a trace")));
    }
    let (trace, _) = read::read(&[growing.path()]).expect("a trace");
    let mut expected = told(&trace);
    expected.sort();
    all.sort();
    assert!(all.len() > 20_000 && all == expected, "{} events of {}", all.len(), expected.len());
    assert!(run.next(None).expect("a trace").is_empty(), "each once");
    assert_eq!(run.writers(), Writers::Running);
    drop(growing.writer);
    run.next(None).expect("a trace");
    assert_eq!(run.writers(), Writers::Ended);
}

/// A trace of one task's lines, after a moment by which events count as old.
fn story(lines: &str) -> Image {
    let text = format!("{{\"peerscope\":1,\"unit\":\"ns\",\"meta\":{{\"monotonic_start\":1000}}}}\n{lines}");
    peerscope_format::json::read(&mut text.as_bytes()).expect("a trace").0
}

#[test]
fn events_are_held_back_until_they_are_a_little_old() {
    let image = story(
        r#"{"ts":1,"peer":1,"task":7,"kind":"task.begin","name":"ticker"}
{"ts":100000000,"peer":1,"task":7,"term":3,"kind":"log","msg":"old"}
{"ts":200000000,"peer":1,"task":7,"term":4,"kind":"log","msg":"young"}
{"ts":300000000,"peer":1,"task":7,"kind":"log","msg":"last"}
"#,
    );
    let mut growing = Growing::new(&image);
    let all = growing.chunks[0].1;
    growing.commit(0, all);
    let mut run = Follow::new(growing.path());
    let mut at = |ms: u64| {
        let trace = run.next(Some(1000 + ms * 1_000_000)).expect("a trace");
        let words = trace.events().map(|event| {
            let task = event.task().map(|task| trace.tasks().name(task).into_owned()).unwrap_or_default();
            let term = event.term().map(|term| term.0);
            (crate::report::log::describe(event), task, term)
        });
        words.collect::<Vec<_>>()
    };
    let ticker = |what: &str, term| vec![(what.to_owned(), "ticker".to_owned(), term)];
    assert_eq!(at(40), [], "not even the first");
    let first = at(160);
    assert_eq!(first.len(), 2);
    assert_eq!(first[1], ticker("old", Some(3))[0]);
    assert_eq!(at(160), []);
    // Whose it is, and what that one is called, was said with events that are gone.
    assert_eq!(at(250), ticker("young", Some(4)));
    growing.writer.unlock().expect("it is locked");
    assert_eq!(at(251), ticker("last", None), "once nobody writes, all there is");
}

#[test]
fn a_file_may_come_later_and_what_is_none_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.pscope");
    let mut run = Follow::new(&path);
    assert!(run.next(None).expect("it waits").is_empty());
    assert_eq!(run.writers(), Writers::NotYet);
    fs::write(&path, [0; 4096]).expect("a file");
    assert!(run.next(None).expect("its head is not written yet").is_empty());
    assert_eq!(run.writers(), Writers::NotYet);
    fs::write(&path, "{\"peerscope\":1}\n").expect("a file");
    let error = run.next(None).expect_err("it is of another form");
    assert!(error.to_string().contains("only native traces"), "{error}");

    // In a folder it is left alone.
    let mut run = Follow::new(folder.path());
    assert!(run.next(None).expect("it waits").is_empty());
    let mut growing = Growing::new(&story("{\"ts\":5,\"task\":1,\"kind\":\"log\",\"msg\":\"here\"}\n"));
    let all = growing.chunks[0].1;
    growing.commit(0, all);
    fs::rename(growing.path(), folder.path().join("late.pscope")).expect("the same file system");
    assert_eq!(told(&run.next(None).expect("a trace")), [(5, "here".to_owned())]);
    assert_eq!(run.files(), [folder.path().join("late.pscope")]);
}

#[test]
fn damage_ends_what_can_be_read_and_nothing_else() {
    let image = lab(3_000);
    let mut growing = Growing::new(&image);
    let (offset, all, _) = growing.chunks[0];
    growing.commit(0, all);
    // No shape has this number.
    growing.writer.seek(SeekFrom::Start(offset + CHUNK_HEAD as u64 + all as u64 / 2)).expect("a place");
    growing.writer.write_all(&[0xff; 9]).expect("there is room");
    let mut run = Follow::new(growing.path());
    let first = run.next(None).expect("a trace").len();
    assert!(first > 0 && first < 3_000, "{first} events");
    assert!(run.next(None).expect("a trace").is_empty());
}
