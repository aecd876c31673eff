//! Waiting for time, or for nothing in particular: `sleep` and `park`.

use std::cell::Cell;
use std::time::{Duration, Instant};

use peerscope_format::vocabulary::Kind;

use crate::identity::Sort;
use crate::seen::Seen;
use crate::site::Site;

/// As [`std::thread::sleep`].
#[track_caller]
pub fn sleep(duration: Duration) {
    static SLEEP: Site = Site::primitive(Kind::Sleep, &["for"]);
    static END: Site = Site::primitive(Kind::SleepEnd, &[]);
    let seen = Seen::here();
    if let Some(seen) = seen {
        seen.record(&SLEEP, &(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX),));
    }
    std::thread::sleep(duration);
    if let Some(seen) = seen {
        seen.record(&END, &());
    }
}

/// As [`std::thread::sleep_ms`].
#[deprecated(note = "replaced by `sleep`")]
#[track_caller]
pub fn sleep_ms(ms: u32) {
    sleep(Duration::from_millis(u64::from(ms)));
}

/// As [`std::thread::park`].
///
/// In the trace a thread parks on a semaphore of its own. Whether its permit is there already cannot be seen, so each call is
/// a wait, which may end at once; nor who gives it: an `unpark` is not recorded.
#[track_caller]
pub fn park() {
    let seen = Seen::here();
    let permit = begin(seen);
    std::thread::park();
    end(seen, permit, false);
}

/// As [`std::thread::park_timeout`]. It is taken for timed out if so much time has gone by.
#[track_caller]
pub fn park_timeout(duration: Duration) {
    let seen = Seen::here();
    let permit = begin(seen);
    let start = Instant::now();
    std::thread::park_timeout(duration);
    end(seen, permit, start.elapsed() >= duration);
}

/// As [`std::thread::park_timeout_ms`].
#[deprecated(note = "replaced by `park_timeout`")]
#[track_caller]
pub fn park_timeout_ms(ms: u32) {
    park_timeout(Duration::from_millis(u64::from(ms)));
}

thread_local! {
    // No destructor, so that it can be used until the thread's very last moment.
    /// The semaphore on which this thread parks; 0 until it first does.
    static PERMIT: Cell<u64> = const { Cell::new(0) };
}

/// The thread is about to park, on the semaphore of this id.
fn begin(seen: Option<Seen>) -> u64 {
    static NEW: Site = Site::primitive(Kind::SemNew, &["sem", "name", "permits"]);
    static WAIT: Site = Site::primitive(Kind::SemWait, &["sem", "n"]);
    let Some(seen) = seen else { return 0 };
    if PERMIT.get() == 0 {
        PERMIT.set(Sort::Semaphore.next_id());
        let thread = std::thread::current();
        let name = thread.name().map_or("park".into(), |name| format!("park of {name}"));
        seen.record(&NEW, &(PERMIT.get(), name, 0_i64));
    }
    seen.record(&WAIT, &(PERMIT.get(), 1_i64));
    PERMIT.get()
}

fn end(seen: Option<Seen>, permit: u64, timed_out: bool) {
    static ACQUIRE: Site = Site::primitive(Kind::SemAcquire, &["sem", "n"]);
    static TIMEOUT: Site = Site::primitive(Kind::SemAcquire, &["sem", "n"]).with(&[("outcome", "timeout")]);
    if let Some(seen) = seen {
        seen.record(if timed_out { &TIMEOUT } else { &ACQUIRE }, &(permit, 1_i64));
    }
}
