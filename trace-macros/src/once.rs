//! What all one-time initialisations have in common: who does it, who waits for it, who found it done, and their events.
//!
//! The right to initialise is a lock, held while the initialiser runs: so whoever waits for it is seen to wait for
//! whom, and waits in a circle are found as those of other locks are. `once` is that lock's id, and its name the name.

use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};

use peerscope_format::vocabulary::Kind;

use crate::identity::Name;
use crate::lock::{Lock, Mode};
use crate::seen::Seen;
use crate::site::Site;
use crate::task;

/// A one-time initialisation in the trace.
#[derive(Debug)]
pub(crate) struct Initialisation {
    lock: Lock,
    /// Somebody does it, or is just about to.
    claimed: AtomicBool,
}

impl Initialisation {
    /// One that the caller makes.
    #[track_caller]
    pub(crate) const fn new(name: Name) -> Self {
        Initialisation { lock: Lock::mutex(name), claimed: AtomicBool::new(false) }
    }

    /// The task has found it not done and is about to do it, or to block until another has.
    ///
    /// Which of the two, the original alone knows. The first to come here is taken for the one who does it; should the
    /// second overtake it on the few instructions to the original, the first waits unseen.
    pub(crate) fn attempts(&self, seen: Option<Seen>) -> Attempt<'_> {
        let first = !self.claimed.swap(true, Ordering::Relaxed);
        if let Some(seen) = seen.filter(|_| !first) {
            self.lock.waits(seen, Mode::Exclusive);
        }
        Attempt { claimed: first.then_some(&self.claimed) }
    }

    /// Makes the call by `original`, unless it was found done; `original` sets what it is given if it runs it itself.
    pub(crate) fn make(&self, seen: Option<Seen>, is_done: bool, original: impl FnOnce(&mut bool)) {
        let mut is_mine = false;
        if !is_done {
            let _attempt = self.attempts(seen);
            original(&mut is_mine);
        }
        if !is_mine {
            self.passed(seen);
        }
    }

    /// The task is about to block until somebody has done it.
    pub(crate) fn awaits(&self, seen: Option<Seen>) {
        if let Some(seen) = seen {
            self.lock.waits(seen, Mode::Exclusive);
        }
    }

    /// Runs the initialiser `run`, within the original's call. A panic is recorded as this outcome.
    pub(crate) fn run<R>(&self, seen: Option<Seen>, panicked: &'static str, run: impl FnOnce() -> R) -> R {
        static BEGIN: Site = Site::primitive(Kind::OnceBegin, &["once"]);
        // Held until the end is recorded, and released before others can find it done.
        let _held = self.lock.acquired(seen, Mode::Exclusive, None);
        let id = seen.map_or(0, |seen| self.lock.id(seen));
        if let Some(seen) = seen {
            seen.record(&BEGIN, &(id,));
        }
        let mut end = End { id, outcome: Some(panicked), caller: seen.map(|seen| seen.caller) };
        let result = run();
        end.outcome = None;
        result
    }

    /// The task has found it done. Said once a task, or nearly: later finds would add nothing.
    #[inline]
    pub(crate) fn passed(&self, seen: Option<Seen>) {
        static PASS: Site = Site::primitive(Kind::OncePass, &["once"]);
        let Some(seen) = seen else { return };
        let id = self.lock.id(seen);
        let pass = (id, task::current_id());
        let is_new = PASSED.with(|passed| passed[id as usize % REMEMBERED].replace(pass) != pass);
        if is_new {
            seen.record(&PASS, &(id,));
        }
    }
}

/// So many passes does a thread remember; two that fall into one place are said again and again.
const REMEMBERED: usize = 16;

thread_local! {
    // No destructor, so that it can be used until the thread's very last moment. Which once, found done by which task.
    static PASSED: [Cell<(u64, u64)>; REMEMBERED] = const { [const { Cell::new((0, 0)) }; REMEMBERED] };
}

/// A task between having found it not done and having done or seen it.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    claimed: Option<&'a AtomicBool>,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        // Whoever failed leaves it to the next.
        if let Some(claimed) = self.claimed {
            claimed.store(false, Ordering::Relaxed);
        }
    }
}

/// Records the end of an initialiser when dropped.
struct End {
    id: u64,
    outcome: Option<&'static str>,
    caller: Option<&'static Location<'static>>,
}

impl Drop for End {
    fn drop(&mut self) {
        static END: Site = Site::primitive(Kind::OnceEnd, &["once"]);
        static FAILED: Site = Site::primitive(Kind::OnceEnd, &["once", "outcome"]);
        let Some(seen) = self.caller.and_then(Seen::at) else { return };
        match self.outcome {
            None => seen.record(&END, &(self.id,)),
            Some(outcome) => seen.record(&FAILED, &(self.id, outcome)),
        }
    }
}
