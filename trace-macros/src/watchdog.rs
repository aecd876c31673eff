//! A watchdog within the program: it says on stderr who waits for whom when somebody has waited too long.
//!
//! It reads what the recorder keeps of each live task in the trace file, as another process would: it takes no lock of the
//! recorder or of the program, and records nothing itself. It needs memory of its own while it looks, so a program that
//! hangs within its allocator keeps it from reporting.

mod picture;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use self::picture::Picture;

/// Looks again and again who waits for whom, and writes that to stderr when a task has waited for `after` or longer, and
/// nothing that it waits for has moved: for a lock that one task has held all that time, or for the answer to a call.
/// Waits for work (to receive, for a notify, for the end of a task) may last, and are told only beside these. Each such
/// wait is told once. Dropping what is returned ends it.
///
/// ```no_run
/// let _watchdog = peerscope::watchdog(std::time::Duration::from_secs(5));
/// ```
///
/// If nothing is recorded, or no thread can be started, it does nothing.
pub fn watchdog(after: Duration) -> Watchdog {
    let reports = Arc::new(AtomicU64::new(0));
    let (stop, stopped) = channel();
    let thread = crate::trace_path().and_then(|path| {
        let trace = File::open(path).ok()?;
        let told = Arc::clone(&reports);
        let watch = move || {
            let mut watch = Watch { trace, after, known: BTreeSet::new() };
            // Often enough to be in time, and seldom enough to cost nothing.
            let pause = (after / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                if let Some(text) = watch.look() {
                    tell(&text);
                    told.fetch_add(1, Ordering::Release);
                }
            }
        };
        std::thread::Builder::new().name("peerscope-watchdog".into()).spawn(watch).ok()
    });
    Watchdog { reports, stop: Some(stop), thread }
}

/// A watchdog that is at work, see [`watchdog`]; it stops when this is dropped.
#[derive(Debug)]
#[must_use = "it stops when it is dropped"]
pub struct Watchdog {
    reports: Arc<AtomicU64>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// How many reports it has written.
    pub fn reports(&self) -> u64 {
        self.reports.load(Ordering::Acquire)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // It wakes up by that.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Whatever became of it is over.
            let _ = thread.join();
        }
    }
}

struct Watch {
    trace: File,
    after: Duration,
    /// The waits that were told and go on: their tasks and begins.
    known: BTreeSet<(String, u64)>,
}

impl Watch {
    /// The report, if there is something new to tell.
    fn look(&mut self) -> Option<String> {
        let after = self.after.as_nanos().try_into().unwrap_or(u64::MAX);
        let picture = Picture::of(&mut self.trace)?;
        let waits = picture.stale(after);
        let is_new = !waits.is_subset(&self.known);
        // What is told must have been seen twice: tasks are read one after the other.
        let waits = if is_new { &waits & &Picture::of(&mut self.trace)?.stale(after) } else { waits };
        let is_new = !waits.is_subset(&self.known);
        self.known = waits;
        is_new.then(|| picture.in_words(self.known.len(), self.after))
    }
}

/// Writes to stderr past the lock that the program may hold on it.
fn tell(text: &str) {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        // If stderr is closed, there is nobody to tell.
        if let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned() {
            let _ = File::from(stderr).write_all(text.as_bytes());
        }
    }
    #[cfg(not(unix))]
    {
        let _ = io::stderr().write_all(text.as_bytes());
    }
}
