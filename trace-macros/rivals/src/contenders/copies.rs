//! A plain copy of as many bytes into the same kind of mapping, beside ours: what a mapped writer must pay for page faults
//! and write-back, and what two threads of this machine can do at best.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{Advice, MmapOptions, MmapRaw};

use super::ours::{record, say};
use super::{Contender, Group};
use crate::measure::{Bench, ticks};

/// The first is what the others are compared with.
pub(super) const ALL: &[Contender] = &[
    Contender {
        name: "2 threads: plain copy, populated by chunks",
        group: Group::Threads,
        targets: &[],
        records: 1,
        run: |bench| {
            // Room for all batches: five of one thread and five of two.
            let mapping = Mapping::create(bench, 20 * USUAL, true)?;
            Ok(bench.run_threads(USUAL, || {
                let mut copier = mapping.copier();
                move |number| copier.copy(number)
            }))
        },
    },
    Contender {
        name: "2 threads: rdtsc",
        group: Group::Threads,
        targets: &[],
        records: 0,
        run: |bench| Ok(bench.run_threads(4 * USUAL, || |_| _ = std::hint::black_box(ticks()))),
    },
    Contender {
        name: "tail: ours, dprintf!",
        group: Group::Tail,
        targets: &[],
        records: 1,
        run: |bench| {
            let peer = record(bench)?;
            let _in = peer.enter();
            Ok(bench.run_tail(4 * USUAL, |number| say(&peer, number)))
        },
    },
    Contender {
        name: "tail: plain copy, populated by chunks",
        group: Group::Tail,
        targets: &[],
        records: 1,
        run: |bench| {
            let mapping = Mapping::create(bench, 5 * USUAL, true)?;
            let mut copier = mapping.copier();
            Ok(bench.run_tail(4 * USUAL, |number| copier.copy(number)))
        },
    },
    Contender {
        name: "tail: plain copy, a fault a page",
        group: Group::Tail,
        targets: &[],
        records: 1,
        run: |bench| {
            let mapping = Mapping::create(bench, 5 * USUAL, false)?;
            let mut copier = mapping.copier();
            Ok(bench.run_tail(4 * USUAL, |number| copier.copy(number)))
        },
    },
    Contender {
        name: "tail: nothing (the clock alone)",
        group: Group::Tail,
        targets: &[],
        records: 0,
        run: |bench| Ok(bench.run_tail(4 * USUAL, |_| ())),
    },
];

/// Events a batch.
const USUAL: u64 = 500_000;
/// Bytes of a record: about what ours takes for the same event.
const RECORD: usize = 12;
const CHUNK: usize = 32 << 10;

/// A preallocated file, mapped as the recorder maps its own, handed out by chunks.
struct Mapping {
    file: File,
    memory: MmapRaw,
    populate: bool,
    used: AtomicU64,
}

impl Mapping {
    fn create(bench: &Bench, events: u64, populate: bool) -> io::Result<Mapping> {
        let file = File::options().read(true).write(true).create_new(true).open(bench.dir.join("copy"))?;
        // A chunk holds whole records; some more for each thread's last chunk.
        let len = events.div_ceil((CHUNK / RECORD) as u64) * CHUNK as u64 + 64 * CHUNK as u64;
        // SAFETY: a call with an open descriptor and no pointers.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, len as libc::off_t) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let memory = MmapOptions::new().len(len as usize).map_raw(&file)?;
        Ok(Mapping { file, memory, populate, used: AtomicU64::new(0) })
    }

    fn copier(&self) -> Copier<'_> {
        Copier { mapping: self, at: 0, end: 0 }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // So that the parent weighs what was used.
        let _ = self.file.set_len(self.used.load(Ordering::Relaxed) * CHUNK as u64);
    }
}

/// One thread's place in the mapping.
struct Copier<'m> {
    mapping: &'m Mapping,
    at: usize,
    end: usize,
}

impl Copier<'_> {
    #[inline(always)]
    fn copy(&mut self, number: u64) {
        if self.at + RECORD > self.end {
            self.next_chunk();
        }
        let mut record = [0; RECORD];
        record[..8].copy_from_slice(&number.to_le_bytes());
        // SAFETY: `at..end` lies within a chunk of the mapping that only this copier writes.
        unsafe { self.mapping.memory.as_mut_ptr().add(self.at).cast::<[u8; RECORD]>().write_unaligned(record) };
        self.at += RECORD;
    }

    #[cold]
    #[inline(never)]
    fn next_chunk(&mut self) {
        let chunk = self.mapping.used.fetch_add(1, Ordering::Relaxed) as usize;
        (self.at, self.end) = (chunk * CHUNK, (chunk + 1) * CHUNK);
        assert!(self.end <= self.mapping.memory.len(), "the mapping has room for every batch");
        if self.mapping.populate {
            // On a kernel that does not know it, the faults come later.
            let _ = self.mapping.memory.advise_range(Advice::PopulateWrite, self.at, CHUNK);
        }
    }
}
