//! However a process ends, what it has said is in the file, and whether it ended by itself can be seen.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapOptions, MmapRaw};
use peerscope::{dprintf, thread};
use peerscope_format::value::Value;
use peerscope_format::vocabulary::Kind;

use crate::common::stage::{hear, tell};
use crate::common::{Stage, Trace, eventually, recorded};

const TALKERS: usize = 4;

/// A page that test and scenario share: how many lines each talker has recorded, and how many it may record by now, so
/// that a test that gets no time meanwhile need not read millions of them. It outlives the process that writes it.
struct Page(MmapRaw);

impl Page {
    fn make(path: &Path, allowed: u64) -> Self {
        File::create_new(path).and_then(|file| file.set_len(4096)).expect("a file for the page");
        let page = Self::open(path);
        page.allowed().store(allowed, Ordering::Relaxed);
        page
    }

    fn open(path: &Path) -> Self {
        let file = File::options().read(true).write(true).open(path).expect("the page's file");
        Page(MmapOptions::new().len(4096).map_raw(&file).expect("a shared page"))
    }

    fn announced(&self, talker: usize) -> &AtomicU64 {
        assert!(talker < TALKERS);
        self.number(talker)
    }

    fn allowed(&self) -> &AtomicU64 {
        self.number(TALKERS)
    }

    fn number(&self, place: usize) -> &AtomicU64 {
        // SAFETY: the page is mapped as long as `self` lives, the first places lie within it and are aligned to 8 bytes,
        // and all who share the page use them as atomics.
        unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().cast::<u64>().add(place)) }
    }

    fn total(&self) -> u64 {
        (0..TALKERS).map(|talker| self.announced(talker).load(Ordering::Acquire)).sum()
    }
}

/// What goes with line `number`: a text whose length changes, so that records end at all sorts of places.
fn filler(number: u64) -> String {
    "x".repeat((number % 61) as usize)
}

/// Four threads record lines without end, and announce each once it is recorded.
fn talk_for_ever(page: &Path) {
    let page = Arc::new(Page::open(page));
    let talk = |talker: usize| {
        let page = page.clone();
        move || {
            for number in 0_u64.. {
                while number >= page.allowed().load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                dprintf!("line {number} of {talker}: {}", filler(number));
                page.announced(talker).store(number + 1, Ordering::Release);
            }
        }
    };
    let talkers: Vec<_> = (0..TALKERS).map(|talker| thread::spawn(talk(talker))).collect();
    talkers.into_iter().for_each(|talker| talker.join().expect("it never ends"));
}

/// Asserts that every announced line is in the trace, in order and whole, and at most one a talker beyond.
fn assert_all_is_there(trace: &Trace, announced: [u64; TALKERS]) {
    let mut found = [0; TALKERS];
    for event in trace.of_topic("log") {
        let number = |name: &str| match event.arg(name) {
            Some(Value::U64(number)) => number,
            other => panic!("{name} is {other:?}"),
        };
        let next = &mut found[number("talker") as usize];
        assert_eq!(number("number"), *next, "talker {} left a line out, or the order", number("talker"));
        assert_eq!(event.arg("0"), Some(Value::Text(filler(*next))), "line {next} is torn");
        *next += 1;
    }
    for (found, announced) in found.into_iter().zip(announced) {
        assert!((announced..=announced + 1).contains(&found), "{found} lines are there, {announced} were announced");
    }
    assert_eq!(trace.image.lost_events, 0);
}

/// A number that looks random and is the same in every run.
fn scrambled(seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32
}

#[test]
fn after_kill_9_everything_announced_is_there() {
    for seed in 0..100 {
        let stage = Stage::new(|| talk_for_ever(Path::new("page")));
        // From the first line, while tables and file are being set up, to some ten thousand, over many chunks.
        let moment = scrambled(seed) % (1 << (seed % 16));
        let page = Page::make(&stage.path("page"), moment + 20_000);
        let actor = stage.start();
        eventually("enough lines", || (page.total() >= moment).then_some(()));
        actor.kill();
        let announced = std::array::from_fn(|talker| page.announced(talker).load(Ordering::Acquire));
        match Trace::try_of(&stage.trace_file()) {
            Ok(trace) => {
                assert_all_is_there(&trace, announced);
                assert_eq!(trace.count(Kind::ProcessEnd), 0, "it did not end by itself");
            }
            Err(error) => assert_eq!(announced, [0; TALKERS], "seed {seed}: {error}"),
        }
    }
}

#[test]
fn a_process_that_exits_amid_its_threads_leaves_their_lines() {
    let stage = Stage::new(|| {
        std::thread::spawn(|| talk_for_ever(Path::new("page")));
        let page = Page::open(Path::new("page"));
        eventually("some lines", || (page.total() > 5_000).then_some(()));
        std::process::exit(3);
    });
    let page = Page::make(&stage.path("page"), 100_000);
    assert_eq!(stage.run().status.code(), Some(3));
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(trace.the(Kind::ProcessEnd).says(), "process.end how=exit 3");
    // What they said while the process went down may find no room any more; then it is counted.
    let announced: [u64; TALKERS] = std::array::from_fn(|talker| page.announced(talker).load(Ordering::Acquire));
    let found = trace.of_topic("log").len() as u64;
    let emitted = found + trace.image.lost_events;
    assert!((page.total()..=page.total() + 4).contains(&emitted), "{emitted} lines, announced {announced:?}");
    assert!(found > 5_000);
}

#[test]
fn a_trace_can_be_read_while_it_is_written() {
    let stage = Stage::new(|| talk_for_ever(Path::new("page")));
    let page = Page::make(&stage.path("page"), 0);
    let actor = stage.start();
    for round in 1..=50 {
        // They go on while we read.
        page.allowed().store(round * 1_000, Ordering::Relaxed);
        eventually("more lines", || (page.total() >= round * 1_000).then_some(()));
        let before: u64 = page.total();
        let trace = Trace::of(&stage.trace_file());
        assert!(trace.of_topic("log").len() as u64 >= before, "what was announced before can be read");
    }
    actor.kill();
}

#[test]
fn an_end_by_exit_is_said() {
    let stage = Stage::new(|| {
        dprintf!("before the end");
        std::process::exit(259);
    });
    assert_eq!(stage.run().status.code(), Some(3));
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(trace.lines_of("log"), ["log msg=before the end"]);
    assert_eq!(trace.lines_of("process"), ["process.end how=exit 3"], "the status as the system passes it on");
}

#[test]
fn an_end_by_return_from_main_is_said() {
    let scenario = || dprintf!("before the end");
    let stage = Stage::returning(&scenario);
    if stage.plays() {
        return scenario();
    }
    assert!(stage.run().status.success());
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(trace.lines_of("log"), ["log msg=before the end"]);
    assert_eq!(trace.lines_of("process"), ["process.end how=exit 0"]);
}

#[test]
fn an_end_by_panic_is_said() {
    let stage = Stage::new(|| {
        dprintf!("before the end");
        panic!("the end");
    });
    let ended = stage.run();
    assert_eq!(ended.status.code(), Some(101));
    assert!(ended.stderr.contains("the end"), "{}", ended.stderr);
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(trace.lines_of("log"), ["log msg=before the end"]);
    assert_eq!(trace.lines_of("process"), ["process.end how=exit 101"]);
}

#[test]
fn an_end_by_abort_is_not_said_but_all_before_is() {
    let stage = Stage::new(|| {
        (0..5_000).for_each(|number| dprintf!("line {number}"));
        #[allow(clippy::disallowed_methods, reason = "this is about an end that says nothing")]
        std::process::abort();
    });
    assert_eq!(stage.run().status.code(), None, "a signal ended it");
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(trace.of_topic("log").len(), 5_000);
    assert_eq!(trace.count(Kind::ProcessEnd), 0);
}

#[test]
fn an_end_behind_the_library_s_back_is_not_said() {
    let stage = Stage::new(|| {
        dprintf!("before the end");
        // SAFETY: it ends the process and runs nothing of it.
        unsafe { libc::_exit(0) };
    });
    assert!(stage.run().status.success());
    let trace = Trace::of(&stage.trace_file());
    assert_eq!(trace.lines(), ["log msg=before the end"]);
    assert_eq!(trace.count(Kind::ProcessEnd), 0);
}

#[test]
fn a_forked_child_leaves_the_trace_to_its_parent() {
    let trace = recorded(|| {
        let lock = peerscope::sync::Mutex::named("held", ());
        let held = lock.lock().expect("nobody panics");
        dprintf!("before the fork");
        // SAFETY: no other thread runs that could hold anything which the child needs.
        let child = unsafe { libc::fork() };
        if child == 0 {
            (0..10_000).for_each(|number| dprintf!("child's line {number}"));
            drop(held);
            drop(lock.lock());
            thread::spawn(|| dprintf!("child's thread")).join().expect("it ends well");
            std::process::exit(i32::from(peerscope::is_recording()));
        }
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0, "the child ends well, unrecorded");
        dprintf!("after the fork");
        drop(held);
    });
    assert_eq!(
        trace.lines(),
        [
            "lock.new lock=1 name=held",
            "lock.acquire lock=1 seq=1",
            "log msg=before the fork",
            "log msg=after the fork",
            "lock.release lock=1 seq=1",
        ]
    );
    assert_eq!(trace.lines_of("process"), ["process.end how=exit 0"]);
}

#[test]
fn a_process_that_waits_can_be_read_and_killed() {
    let stage = Stage::new(|| {
        dprintf!("before the wait");
        tell("waiting");
        hear();
    });
    let mut actor = stage.start();
    assert_eq!(actor.heard(), "waiting");
    assert_eq!(Trace::of(&stage.trace_file()).lines(), ["log msg=before the wait"]);
    actor.kill();
    assert_eq!(Trace::of(&stage.trace_file()).lines(), ["log msg=before the wait"]);
}

#[test]
fn a_process_that_says_nothing_says_that_it_ended() {
    let trace = recorded(|| assert!(peerscope::is_recording()));
    let says: Vec<_> = trace.events().iter().map(crate::common::Event::says).collect();
    assert_eq!(says, ["process.end how=exit 0"]);
    assert_eq!(trace.events()[0].whose_task(), None, "the end of the process is no task's deed");
}

/// A short run fills no chunk; what its threads left behind gets its sum when the process ends.
#[test]
fn damage_in_the_trace_of_a_process_that_ended_is_noticed_wherever_it_lies() {
    use peerscope_format::wire::{CHUNK_HEAD, ChunkHead, FILE_HEAD, FileHead, Image};
    let stage = Stage::new(|| {
        dprintf!("main {}", 1);
        thread::spawn(|| dprintf!("thread {}", 2)).join().expect("it ends well");
    });
    assert!(stage.run().status.success());
    let whole = std::fs::read(stage.trace_file()).expect("the trace");
    let chunk_size = FileHead::decode(&whole).expect("a head").chunk_size as usize;
    let mut flipped = 0;
    for chunk in (FILE_HEAD..whole.len()).step_by(chunk_size) {
        let head = whole[chunk..chunk + CHUNK_HEAD].try_into().expect("a head");
        let Some(head) = ChunkHead::decode(&head, chunk_size as u32).expect("a whole head") else { continue };
        for byte in chunk + CHUNK_HEAD..chunk + CHUNK_HEAD + head.committed as usize {
            let mut damaged = whole.clone();
            damaged[byte] ^= 4;
            let (_, problems) = Image::read(&mut std::io::Cursor::new(damaged)).expect("the head is whole");
            assert!(!problems.is_empty(), "byte {byte}");
            flipped += 1;
        }
    }
    assert!(flipped > 200, "{flipped} bytes count");
}
