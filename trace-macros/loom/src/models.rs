//! Chunks: appending, handing over, sealing, beginning, and definitions.

use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::atomics::{AtomicU32, Ordering};
use crate::protocol;

/// Records in a chunk of the models.
const ROOM: usize = 3;

/// A chunk of the file: each record is one cell, and `committed` counts records.
struct Chunk {
    mark: AtomicU32,
    head: UnsafeCell<u32>,
    committed: AtomicU32,
    crc: AtomicU32,
    sealed: AtomicU32,
    records: [UnsafeCell<u32>; ROOM],
}

impl Chunk {
    fn new() -> Arc<Self> {
        let number = || AtomicU32::new(0);
        Arc::new(Chunk {
            mark: number(),
            head: UnsafeCell::new(0),
            committed: number(),
            crc: number(),
            sealed: number(),
            records: [0; ROOM].map(UnsafeCell::new),
        })
    }

    /// As `Writer::append`: `written` is what its owner knows of it.
    fn append(&self, written: &mut usize, record: u32) {
        // SAFETY: loom checks that nobody else has the cell.
        self.records[*written].with_mut(|cell| unsafe { *cell = record });
        *written += 1;
        protocol::publish(&self.committed, *written as u32);
    }

    /// As `Reader::committed`: the head, then as many records as it says.
    fn read(&self) -> Vec<u32> {
        let committed = self.committed.load(Ordering::Acquire) as usize;
        self.records[..committed].iter().map(Self::record).collect()
    }

    fn record(cell: &UnsafeCell<u32>) -> u32 {
        // SAFETY: loom checks that nobody is writing.
        cell.with(|cell| unsafe { *cell })
    }

    fn sum(records: &[u32]) -> u32 {
        records.iter().fold(1, |sum, record| sum * 10 + record)
    }
}

/// One thread appends while another reads, twice: records are whole, and only become more.
pub(crate) fn append() {
    let chunk = Chunk::new();
    let writer = {
        let chunk = chunk.clone();
        thread::spawn(move || {
            let mut written = 0;
            (1..=3).for_each(|record| chunk.append(&mut written, record));
        })
    };
    let (first, second) = (chunk.read(), chunk.read());
    assert!([1, 2, 3].starts_with(&second) && second.starts_with(&first));
    writer.join().expect("it ends");
    assert_eq!(chunk.read(), [1, 2, 3]);
}

/// A thread gives its chunk back to the pool and another goes on in it, if it comes later; a third one reads.
pub(crate) fn hand_over() {
    let chunk = Chunk::new();
    let pool = Arc::new(Mutex::new(None));
    let first = {
        let (chunk, pool) = (chunk.clone(), pool.clone());
        thread::spawn(move || {
            let mut written = 0;
            chunk.append(&mut written, 1);
            *pool.lock().expect("nobody panics") = Some(written);
        })
    };
    let second = {
        let chunk = chunk.clone();
        thread::spawn(move || {
            let continued = pool.lock().expect("nobody panics").take();
            continued.into_iter().for_each(|mut written| chunk.append(&mut written, 2));
        })
    };
    assert!([1, 2].starts_with(&chunk.read()));
    first.join().expect("it ends");
    second.join().expect("it ends");
    assert!([&[1][..], &[1, 2]].contains(&&chunk.read()[..]));
}

/// The last record is appended and the chunk sealed while another thread reads.
pub(crate) fn seal() {
    let chunk = Chunk::new();
    let writer = {
        let chunk = chunk.clone();
        thread::spawn(move || {
            let mut written = 0;
            chunk.append(&mut written, 1);
            chunk.append(&mut written, 2);
            protocol::seal(&chunk.crc, &chunk.sealed, Chunk::sum(&[1, 2]));
        })
    };
    // `committed` and `sealed` share eight bytes, which every copy takes at once; the sum comes behind them.
    if chunk.sealed.load(Ordering::Acquire) == 1 {
        let sum = chunk.crc.load(Ordering::Relaxed);
        assert_eq!(sum, Chunk::sum(&chunk.read()));
    }
    writer.join().expect("it ends");
}

/// Two chunks without events are taken one after the other; whoever follows the chain finds their heads.
pub(crate) fn begin() {
    let chunks = Arc::new([Chunk::new(), Chunk::new()]);
    let newest = Arc::new(AtomicU32::new(0));
    let taker = {
        let (chunks, newest) = (chunks.clone(), newest.clone());
        thread::spawn(move || {
            for (number, chunk) in (1..).zip(chunks.iter()) {
                // SAFETY: loom checks that nobody else has the cell.
                chunk.head.with_mut(|head| unsafe { *head = number });
                protocol::publish(&chunk.mark, 77);
                protocol::publish(&newest, number);
            }
        })
    };
    let last = newest.load(Ordering::Acquire) as usize;
    for (number, chunk) in (1..).zip(chunks.iter()) {
        let mark = chunk.mark.load(Ordering::Acquire);
        assert!(mark == 77 || number > last as u32, "the chain leads to chunks that have begun");
        if mark == 77 {
            assert_eq!(Chunk::record(&chunk.head), number);
        }
    }
    taker.join().expect("it ends");
}

/// Two threads need the same definition; one of them makes it. Who reads events first and definitions then, finds it.
pub(crate) fn define() {
    let definitions = Chunk::new();
    let tables = Arc::new(Mutex::new(0));
    let events = [Chunk::new(), Chunk::new()];
    let writers = events.clone().map(|chunk| {
        let (definitions, tables) = (definitions.clone(), tables.clone());
        thread::spawn(move || {
            let mut tables = tables.lock().expect("nobody panics");
            if *tables == 0 {
                definitions.append(&mut tables, 7);
            }
            drop(tables);
            chunk.append(&mut 0, 7);
        })
    });
    let said = events.iter().any(|chunk| chunk.committed.load(Ordering::Acquire) > 0);
    let defined = definitions.read();
    assert!(!said || defined == [7], "a record refers to what is not there");
    writers.into_iter().for_each(|writer| writer.join().expect("it ends"));
}
