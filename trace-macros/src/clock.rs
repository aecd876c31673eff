//! Simulated time: under a simulator every event carries the simulation's time beside the real one.

use std::cell::Cell;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

type Clock = dyn Fn() -> Option<Duration> + Send + Sync;

static CLOCK: RwLock<Option<Arc<Clock>>> = RwLock::new(None);
/// Whether there is one: all that is looked at where nothing is simulated.
static SIMULATED: AtomicBool = AtomicBool::new(false);

/// From here on events carry, beside the real time, what `clock` says: the time since the simulation began. Where it says
/// `None` (outside of the simulation), they carry none. A later call takes the place of an earlier one.
///
/// `peerscope log --sim` and `check --sim` show it; in JSON Lines it is the field `sim`. What costs time is only its change.
///
/// With [turmoil](https://docs.rs/turmoil), whose clock knows by itself whether it runs:
/// ```ignore
/// peerscope::clock::simulated(turmoil::sim_elapsed);
/// ```
/// With tokio's paused time, within the runtime:
/// ```ignore
/// let start = tokio::time::Instant::now();
/// peerscope::clock::simulated(move || Some(start.elapsed()));
/// ```
/// With a simulator of one's own that counts nanoseconds:
/// ```
/// # use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
/// static NOW: AtomicU64 = AtomicU64::new(0);
/// peerscope::clock::simulated(|| Some(std::time::Duration::from_nanos(NOW.load(Relaxed))));
/// ```
///
/// The clock is asked once an event, on the thread of the event, before its record begins. It may take locks, but none that
/// the program holds while it emits events. What it emits itself carries the time before. If it panics, it is asked no more,
/// and that is said on stderr.
pub fn simulated(clock: impl Fn() -> Option<Duration> + Send + Sync + 'static) {
    *CLOCK.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(clock));
    SIMULATED.store(true, Ordering::Release);
}

/// The simulated time in ns, plus one; 0 = none.
#[inline(always)]
pub(crate) fn now() -> u64 {
    if SIMULATED.load(Ordering::Relaxed) { ask() } else { 0 }
}

thread_local! {
    // No destructors, so that they can be used until the thread's very last moment.
    static ASKING: Cell<bool> = const { Cell::new(false) };
    static BEFORE: Cell<u64> = const { Cell::new(0) };
}

#[cold]
#[inline(never)]
fn ask() -> u64 {
    // The clock itself emits an event, or a signal handler while the clock is asked.
    if ASKING.replace(true) {
        return BEFORE.get();
    }
    let clock = CLOCK.try_read().ok().and_then(|clock| clock.clone());
    let time = match clock.map(|clock| catch_unwind(AssertUnwindSafe(|| clock()))) {
        // Another clock is being set.
        None => BEFORE.get(),
        Some(Ok(time)) => encoded(time),
        Some(Err(_)) => {
            SIMULATED.store(false, Ordering::Relaxed);
            let _ =
                writeln!(std::io::stderr(), "peerscope: the simulated clock panicked; from here on events carry none");
            0
        }
    };
    BEFORE.set(time);
    ASKING.set(false);
    time
}

fn encoded(time: Option<Duration>) -> u64 {
    // 584 years are enough for a simulation.
    time.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX - 1).saturating_add(1))
}
