//! The recorder: one file a process, written by all threads without a lock, whole up to the last committed record however
//! the process ends. The file's grammar, and why it survives, stand in [`peerscope_format::wire`].

mod definitions;
mod file;
mod os;
mod protocol;
mod settings;
mod slots;
mod writer;

use std::cell::Cell;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{self as atomics, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use peerscope_format::filter::{FILTER_KEY, Filter};
use peerscope_format::header::{MONOTONIC_START, TraceHeader};
use peerscope_format::value::Value;
use peerscope_format::wire::{FileHead, Overwritten, Tick};

use self::definitions::{Definitions, Target};
use self::file::{CHUNK_SIZE, TraceFile};
use self::os::RecorderClock;
pub(crate) use self::os::monotonic_ns;
pub use self::settings::{LIMIT_VARIABLE, RING_VARIABLE, TRACE_VARIABLE};
use self::settings::{in_folder, program, trace_file};
use self::slots::Slots;
pub(crate) use self::slots::{Pin, TaskSlot};
use self::writer::Pool;
#[cfg(feature = "tracing")]
pub(crate) use self::writer::Reserved;
pub(crate) use self::writer::{Form, append, append_at, append_hold, busy, keep};
use crate::arg::Layout;
use crate::site::Site;

/// How large a trace may grow unless [`Builder::size_limit`] says otherwise, in bytes.
pub const DEFAULT_SIZE_LIMIT: u64 = 1 << 30;

/// The environment variable that says which events are recorded; see [`Builder::filter`].
pub const FILTER_VARIABLE: &str = "PEERSCOPE";

pub(crate) struct Recorder {
    clock: RecorderClock,
    file: TraceFile,
    definitions: Definitions,
    pool: Mutex<Pool>,
    filter: Filter,
    slots: Slots,
}

static RECORDER: OnceLock<Recorder> = OnceLock::new();

/// Whether events are recorded; one byte, so that a disabled call site costs a load and a branch.
static STATE: AtomicU8 = AtomicU8::new(UNDECIDED);
const UNDECIDED: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

/// Whether events are recorded.
///
/// The first call decides, by the environment variable [`TRACE_VARIABLE`], unless [`Builder::start`] came first.
#[inline]
pub fn is_recording() -> bool {
    match STATE.load(Ordering::Relaxed) {
        OFF => false,
        ON => true,
        _ => decide(),
    }
}

/// The recorder, if events are recorded by now; decides nothing.
#[cfg(feature = "tracing")]
pub(crate) fn started() -> Option<&'static Recorder> {
    if STATE.load(Ordering::Acquire) == ON { RECORDER.get() } else { None }
}

/// The recorder, if events are recorded.
#[inline]
pub(crate) fn recorder() -> Option<&'static Recorder> {
    if is_recording() { RECORDER.get() } else { None }
}

#[cold]
fn decide() -> bool {
    // Threads that come here at the same time wait for the first.
    static DECIDING: Mutex<()> = Mutex::new(());
    thread_local! {
        static HERE: Cell<bool> = const { Cell::new(false) };
    }
    // An allocator that logs comes here while this thread decides.
    if HERE.replace(true) {
        return false;
    }
    let decided = decide_now(&DECIDING);
    HERE.set(false);
    decided
}

fn decide_now(deciding: &Mutex<()>) -> bool {
    let _deciding = deciding.lock().unwrap_or_else(PoisonError::into_inner);
    if STATE.load(Ordering::Relaxed) == UNDECIDED {
        match std::env::var_os(TRACE_VARIABLE) {
            Some(pattern) if !pattern.is_empty() => {
                let path = trace_file(&pattern.to_string_lossy());
                if let Err(error) = Builder::new(&path).start() {
                    if !switch_off() {
                        return true;
                    }
                    let _ = writeln!(io::stderr(), "peerscope: nothing is recorded: {error}");
                }
            }
            _ => drop(switch_off()),
        }
    }
    STATE.load(Ordering::Relaxed) == ON
}

/// Nothing is recorded, unless [`Builder::start`] got ahead of us: says so.
fn switch_off() -> bool {
    STATE.compare_exchange(UNDECIDED, OFF, Ordering::Relaxed, Ordering::Acquire).is_ok()
}

/// Where and how to record, for programs that do not leave it to the environment.
///
/// ```no_run
/// peerscope::Builder::new("run.pscope").meta("seed", 42_u64).start()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    path: PathBuf,
    size_limit: u64,
    ring: Option<u64>,
    shared: bool,
    filter: Option<String>,
    meta: Vec<(String, Value)>,
}

impl Builder {
    /// Will record into the file at `path`; if that is a folder, into a file of this process's own in it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Builder { path, size_limit: DEFAULT_SIZE_LIMIT, ring: None, shared: false, filter: None, meta: Vec::new() }
    }

    /// The file will not grow beyond `bytes`; what comes after is counted as lost. The environment variable
    /// [`LIMIT_VARIABLE`] (`64MiB`), if it is set, takes its place.
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.size_limit = bytes;
        self
    }

    /// Keeps the latest events only, about `bytes` of them: what a program that runs for weeks can leave switched on. The
    /// oldest are overwritten and counted. What objects are called, and what each live task holds and waits for, stays
    /// whole beside them, so that a report on a stuck program is right however long it ran before. The environment variable
    /// [`RING_VARIABLE`] (`64MiB`), if it is set, takes its place.
    pub fn ring(mut self, bytes: u64) -> Self {
        self.ring = Some(bytes);
        self
    }

    /// Everybody may read the file; otherwise only its owner may.
    pub fn readable_by_all(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// Records only what `filter` lets pass: parts separated by commas, each a level for all, a topic (`vote`, `lock`,
    /// `raft::log`) or a peer (`peer.2`) with or without `=LEVEL`, as in `vote,log=debug,lock=off,peer.2=trace`;
    /// [`peerscope_format::filter`] says it all. The environment variable [`FILTER_VARIABLE`], if it is set, takes its
    /// place, so that nobody need build again. What is wrong in it is said on stderr, and the good parts are used.
    ///
    /// A call site that is left out costs about as much as one while nothing is recorded. The trace says what it was
    /// recorded with, and `peerscope check` calls nothing clean that the filter has kept it from seeing.
    pub fn filter(mut self, filter: &str) -> Self {
        self.filter = Some(filter.to_owned());
        self
    }

    /// Adds a free key/value that helps to run the same again: a seed, a configuration.
    pub fn meta(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.meta.push((key.to_owned(), value.into()));
        self
    }

    /// Begins to record.
    ///
    /// # Errors
    /// If the file cannot be created, or this process records already.
    pub fn start(self) -> io::Result<()> {
        static STARTING: Mutex<()> = Mutex::new(());
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = in_folder(self.path);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        if RECORDER.get().is_some() {
            return Err(named(io::Error::other("this process records already")));
        }
        let clock = RecorderClock::start();
        let first = clock.pair();
        let head = FileHead {
            chunk_size: CHUNK_SIZE as u32,
            tick: clock.tick,
            header: TraceHeader {
                start: Some(os::rfc3339(SystemTime::now())),
                host: os::host(),
                boot: os::boot(),
                pid: Some(u64::from(std::process::id())),
                clock: Some("monotonic".into()),
                one_writer: false,
                meta: Vec::new(),
            },
            lost_events: 0,
            lost_bytes: 0,
            chunks: None,
            newest: None,
            is_chained: true,
            overwritten: Overwritten::default(),
        };
        let size_limit = settings::bytes(LIMIT_VARIABLE).unwrap_or(self.size_limit);
        let ring = settings::bytes(RING_VARIABLE).or(self.ring);
        let file = TraceFile::create(&path, &head, size_limit, ring, self.shared).map_err(named)?;
        let (filter, text) = read_filter(self.filter);
        let recorder = Recorder {
            clock,
            file,
            definitions: Definitions::default(),
            pool: Mutex::default(),
            slots: Slots::default(),
            filter,
        };
        recorder.describe_run(self.meta);
        if let Some(now) = os::monotonic_ns() {
            let start = now.saturating_sub(recorder.clock.pair().1);
            recorder.definitions.meta(&recorder.target(), MONOTONIC_START, Value::U64(start));
        }
        if let Some(bytes) = ring {
            recorder.definitions.meta(&recorder.target(), "ring", Value::U64(bytes));
        }
        if !recorder.filter.is_all() {
            recorder.definitions.meta(&recorder.target(), FILTER_KEY, Value::Text(text));
        }
        if recorder.clock.tick == Tick::Counter {
            recorder.measure_tick(first);
        }
        let recorder = RECORDER.get_or_init(|| recorder);
        STATE.store(ON, Ordering::SeqCst);
        #[cfg(feature = "tracing")]
        crate::layer::ask_again();
        os::at_exit(at_exit);
        os::in_forked_child(stop_in_child);
        debug_assert!(recorder.file.path().exists());
        Ok(())
    }
}

/// The filter of the environment, or the program's, and its text without what was wrong in it.
fn read_filter(of_program: Option<String>) -> (Filter, String) {
    let of_environment = std::env::var_os(FILTER_VARIABLE).map(|text| text.to_string_lossy().into_owned());
    let of_whom = if of_environment.is_some() { FILTER_VARIABLE } else { "Builder::filter" };
    let text = of_environment.or(of_program).unwrap_or_default();
    let (filter, troubles) = Filter::parse(&text);
    for trouble in &troubles {
        let _ = writeln!(io::stderr(), "peerscope: {of_whom}: {trouble}");
    }
    let text = if troubles.is_empty() { text } else { filter.to_string() };
    (filter, text)
}

impl Recorder {
    /// What is recorded at all.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target { file: &self.file, clock: &self.clock }
    }

    fn give_back(&self, continued: writer::Continued) {
        self.pool().push(continued);
        self.file.look_again();
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an event that could not be recorded.
    pub(crate) fn lose(&self) {
        self.file.lose(0);
    }

    /// The shape of `site` with arguments of these layouts, and the line of a caller behind them or not.
    pub(crate) fn shape(&self, site: &'static Site, layouts: &[Layout], signature: u64, called: bool) -> Option<u32> {
        let key = std::ptr::from_ref(site) as usize;
        self.definitions.shape(&self.target(), key, signature, || site.shape(layouts, called))
    }

    /// The shape that `make` describes, remembered under `key`.
    #[cfg(any(feature = "tracing", feature = "log", feature = "slog"))]
    pub(crate) fn foreign_shape(
        &self,
        key: usize,
        variant: u64,
        make: impl FnOnce() -> peerscope_format::shape::Shape,
    ) -> Option<u32> {
        self.definitions.shape(&self.target(), key, variant, make)
    }

    fn describe_run(&self, meta: Vec<(String, Value)>) {
        let args = std::env::args_os().skip(1).map(|arg| Value::Text(arg.to_string_lossy().into_owned())).collect();
        let own = [("program".to_owned(), Value::Text(program())), ("args".to_owned(), Value::List(args))];
        for (key, value) in own.into_iter().chain(meta) {
            self.definitions.meta(&self.target(), &key, value);
        }
    }

    /// Notes two moments that are far enough apart to tell the length of a tick; later ones make it exact.
    fn measure_tick(&self, (_, first_ns): (u64, u64)) {
        self.definitions.clock_pair(&self.target());
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_micros(200) && self.clock.pair().1 < first_ns + 200_000 {
            std::hint::spin_loop();
        }
        self.definitions.clock_pair(&self.target());
    }
}

/// Adds a free key/value of the run to its trace: what helps to run the same again. Does nothing if nothing is recorded.
pub fn meta(key: &str, value: impl Into<Value>) {
    if let Some(recorder) = recorder() {
        recorder.definitions.meta(&recorder.target(), key, value.into());
    }
}

/// The path of the trace that this process writes.
pub fn trace_path() -> Option<PathBuf> {
    recorder().map(|recorder| recorder.file.path().to_owned())
}

/// A forked child shares the mapping with its parent, and two writers in one chunk would ruin it: the child records nothing.
extern "C" fn stop_in_child() {
    STATE.store(OFF, Ordering::Relaxed);
}

fn at_exit(status: Option<i32>) {
    let Some(recorder) = recorder() else { return };
    recorder.file.make_room_for_last_words();
    // This thread has nothing more to wait for; what it holds, it holds until the end.
    crate::task::retire();
    crate::process_end(status);
    recorder.definitions.clock_pair(&recorder.target());
    // What no thread writes any more gets its sum now: a short run fills no chunk, and would have none at all.
    recorder.definitions.seal();
    recorder.pool().seal();
    recorder.slots.seal();
    recorder.file.close();
}
