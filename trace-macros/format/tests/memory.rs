//! Hostile input must not claim memory out of proportion to its size. One test only: the allocator counts for the whole
//! process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use peerscope_format::header::TraceHeader;
use peerscope_format::wire::{
    CHUNK_HEAD, ChunkHead, ChunkRole, Context, Definition, FileHead, Image, ImageBuilder, Overwritten, Tick,
};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: Both functions pass their arguments on to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: The caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: `pointer` came from `alloc` above, hence from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most memory that `work` holds beyond what was held before.
fn peak(work: impl FnOnce()) -> usize {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    work();
    PEAK.load(Relaxed) - before
}

fn assert_peak(what: &str, input: usize, factor: usize, peak: usize) {
    // One chunk or line at its largest may be held beside what the input's size allows.
    let fixed = 40 << 20;
    println!("{what}: {input} bytes of input, {peak} of memory ({:.1} times)", peak as f64 / input as f64);
    assert!(peak <= fixed + factor * input, "{what}: {input} bytes of input, {peak} of memory");
}

#[test]
fn memory_is_in_proportion_to_the_input() {
    native_files();
    #[cfg(feature = "json")]
    json_lines();
}

fn native(what: &str, file: &[u8]) {
    let peak = peak(|| drop(Image::read(&mut Cursor::new(file)).expect("a head")));
    assert_peak(what, file.len(), 50, peak);
}

fn native_files() {
    let head = |chunk_size| {
        let header = TraceHeader::default();
        FileHead {
            chunk_size,
            tick: Tick::Nanosecond,
            header,
            lost_events: 0,
            lost_bytes: 0,
            chunks: None,
            newest: None,
            is_chained: true,
            overwritten: Overwritten::default(),
        }
        .encode()
        .to_vec()
    };
    let chunk = |role, committed| {
        ChunkHead { role, number: 0, generation: 0, base_ticks: 0, base_ns: 0, previous: None, committed, sealed: None }
            .encode()
    };
    let mut claims = head(16 << 20);
    claims.extend(chunk(ChunkRole::Events, (16 << 20) - CHUNK_HEAD as u32));
    native("a chunk that claims what is not there", &claims);

    let mut far = head(4096);
    far.extend(chunk(ChunkRole::Definitions, 4000));
    let mut definitions = Vec::new();
    Definition::Context(u32::MAX, Context::default()).encode(&mut definitions);
    Definition::Text(u32::MAX, "a".into()).encode(&mut definitions);
    far.extend(definitions);
    native("ids out of all proportion", &far);

    // The largest id that the length of the file could justify.
    let mut large = head(1 << 20);
    let room = (1 << 20) - CHUNK_HEAD;
    large.extend(chunk(ChunkRole::Definitions, room as u32));
    let mut definitions = Vec::new();
    Definition::Context(room as u32 / 11, Context::default()).encode(&mut definitions);
    definitions.resize(room, 0);
    large.extend(definitions);
    native("one id that leaves many holes", &large);

    let mut builder = ImageBuilder::new(TraceHeader::default());
    (0..100_000).for_each(|number: u64| {
        builder.context(&Context { task: Some(number.into()), ..Context::default() });
    });
    let mut many = Vec::new();
    builder.finish().write_to(&mut many).expect("memory takes all");
    native("a context for every task", &many);
}

#[cfg(feature = "json")]
fn json_lines() {
    let lines = |line: &dyn Fn(u64) -> String| -> String { (0..100_000).map(line).collect() };
    let deep = "[".repeat(100);
    let cases: &[(&str, String)] = &[
        ("a kind for every line", lines(&|n| format!("{{\"ts\":1,\"kind\":\"k{n}\"}}\n"))),
        ("a field for every line", lines(&|n| format!("{{\"ts\":1,\"kind\":\"k\",\"f{n}\":1}}\n"))),
        ("a task for every line", lines(&|n| format!("{{\"ts\":1,\"task\":{n},\"kind\":\"k\"}}\n"))),
        ("a text for every line", lines(&|n| format!("{{\"ts\":1,\"kind\":\"log\",\"msg\":\"m{n}\"}}\n"))),
        ("nothing but bad lines", lines(&|n| format!("{n}\n"))),
        ("deep lists", lines(&|_| format!("{{\"x\":{deep}\n"))),
        ("a list of small things", format!("{{\"kind\":\"k\",\"x\":[0{}]}}\n", ",0".repeat(3_000_000))),
        (
            "many fields",
            format!("{{\"kind\":\"k\"{}}}\n", (0..300_000).map(|n| format!(",\"{n}\":0")).collect::<String>()),
        ),
    ];
    for (what, text) in cases {
        let text = format!("{{\"peerscope\":1,\"unit\":\"ns\"}}\n{text}");
        let peak = peak(|| drop(peerscope_format::json::read(&mut text.as_bytes()).expect("a header")));
        assert_peak(what, text.len(), 50, peak);
    }
    use std::io::{BufReader, Read};
    let header = &b"{\"peerscope\":1,\"unit\":\"ns\"}\n"[..];
    let endless = header.chain(std::io::repeat(b'a').take(200 << 20));
    let peak = peak(|| drop(peerscope_format::json::read(&mut BufReader::new(endless)).expect("a header")));
    assert_peak("200 MiB without a line end", 0, 0, peak);
}
