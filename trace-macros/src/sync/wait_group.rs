//! A wait group, as Go has it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::group::Group;
use crate::identity::Name;
use crate::seen::Seen;

/// Waits for a number of tasks to say that they are done, as `sync.WaitGroup` of Go. There is none in [`std::sync`].
///
/// ```
/// use std::sync::Arc;
/// use peerscope::{sync::WaitGroup, thread};
///
/// let votes = Arc::new(WaitGroup::named("votes"));
/// for _ in 0..3 {
///     votes.add(1);
///     let votes = votes.clone();
///     thread::spawn(move || votes.done());
/// }
/// votes.wait();
/// ```
#[derive(Debug)]
pub struct WaitGroup {
    group: Group,
    count: Mutex<Count>,
    zero: Condvar,
}

#[derive(Debug)]
struct Count {
    now: i64,
    /// How often it has come to zero: who waits passes then, even if it has risen again since.
    zeros: u64,
}

impl Default for WaitGroup {
    #[track_caller]
    fn default() -> Self {
        WaitGroup::new()
    }
}

impl WaitGroup {
    /// A group with nobody to wait for.
    #[track_caller]
    pub const fn new() -> Self {
        WaitGroup::of(Name::Given("WaitGroup"))
    }

    /// A group with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        WaitGroup::of(Name::Given(name))
    }

    #[track_caller]
    const fn of(name: Name) -> Self {
        let count = Mutex::new(Count { now: 0, zeros: 0 });
        WaitGroup { group: Group::new(name, 0), count, zero: Condvar::new() }
    }

    /// There are `n` more to wait for; fewer, if it is negative.
    ///
    /// # Panics
    /// If the count falls below zero, which the trace then shows, or overflows.
    #[track_caller]
    pub fn add(&self, n: i64) {
        let seen = Seen::here();
        self.announce(seen);
        let mut count = self.lock();
        let now = count.now.checked_add(n).expect("the WaitGroup's counter does not overflow");
        count.now = now;
        // While nobody can pass or count on: so the events stand in the order of the counts.
        match seen {
            Some(seen) if n < 0 => self.group.done(seen, n.saturating_neg(), now),
            Some(seen) => self.group.adds(seen, n, now),
            None => {}
        }
        if now == 0 {
            count.zeros += 1;
            self.zero.notify_all();
        }
        drop(count);
        assert!(now >= 0, "negative WaitGroup counter");
    }

    /// One of those that are waited for is done.
    ///
    /// # Panics
    /// As [`WaitGroup::add`].
    #[track_caller]
    pub fn done(&self) {
        self.add(-1);
    }

    /// Blocks until the count is zero.
    #[track_caller]
    pub fn wait(&self) {
        let seen = Seen::here();
        self.announce(seen);
        let mut count = self.lock();
        if count.now > 0 {
            if let Some(seen) = seen {
                self.group.waits(seen, count.now);
            }
            let zeros = count.zeros;
            while count.zeros == zeros {
                count = self.zero.wait(count).unwrap_or_else(PoisonError::into_inner);
            }
        }
        drop(count);
        if let Some(seen) = seen {
            self.group.passes(seen);
        }
    }

    /// What is recorded under the lock then allocates nothing, and so runs none of the user's code.
    fn announce(&self, seen: Option<Seen>) {
        if let Some(seen) = seen {
            self.group.id(seen);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
