//! The tracked condition variable.

use std::fmt;
use std::time::{Duration, Instant};

use ::parking_lot::WaitTimeoutResult;

use super::MutexGuard;
use crate::condition::Condition;
use crate::identity::Name;
use crate::seen::Seen;

/// What it waits with.
type OriginalGuard<'a> = ::parking_lot::MutexGuard<'a, ()>;

/// As [`parking_lot::Condvar`](::parking_lot::Condvar), tracked; it waits with the guards of [`Mutex`](super::Mutex).
///
/// What is recorded of a wait, and what is not, is as for [`sync::Condvar`](crate::sync::Condvar).
pub struct Condvar {
    condition: Condition,
    inner: ::parking_lot::Condvar,
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Condvar::new()
    }
}

impl Condvar {
    /// As [`parking_lot::Condvar::new`](::parking_lot::Condvar::new).
    #[track_caller]
    pub const fn new() -> Self {
        Condvar::named("Condvar")
    }

    /// A condition variable with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        Condvar { condition: Condition::new(Name::Given(name)), inner: ::parking_lot::Condvar::new() }
    }

    /// As the original's: whether somebody waited.
    #[track_caller]
    pub fn notify_one(&self) -> bool {
        let _notifying = self.condition.notifies(Seen::here(), false);
        self.inner.notify_one()
    }

    /// As the original's: how many waited.
    #[track_caller]
    pub fn notify_all(&self) -> usize {
        let _notifying = self.condition.notifies(Seen::here(), true);
        self.inner.notify_all()
    }

    /// As the original's.
    ///
    /// # Panics
    /// If somebody else waits with another mutex.
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        self.wait_by(guard, |inner, guard| {
            inner.wait(guard);
            in_time()
        });
    }

    /// As the original's.
    ///
    /// # Panics
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_until<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, timeout: Instant) -> WaitTimeoutResult {
        self.wait_by(guard, |inner, guard| inner.wait_until(guard, timeout))
    }

    /// As the original's.
    ///
    /// # Panics
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_for<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, timeout: Duration) -> WaitTimeoutResult {
        self.wait_by(guard, |inner, guard| inner.wait_for(guard, timeout))
    }

    /// As the original's.
    ///
    /// # Panics
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_while<T, F>(&self, guard: &mut MutexGuard<'_, T>, mut condition: F)
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut **guard) {
            self.wait(guard);
        }
    }

    /// As the original's.
    ///
    /// # Panics
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_while_until<T, F>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: F,
        timeout: Instant,
    ) -> WaitTimeoutResult
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        let mut result = in_time();
        while !result.timed_out() && condition(&mut **guard) {
            result = self.wait_until(guard, timeout);
        }
        result
    }

    /// As the original's.
    ///
    /// # Panics
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_while_for<T, F>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: F,
        timeout: Duration,
    ) -> WaitTimeoutResult
    where
        T: ?Sized,
        F: FnMut(&mut T) -> bool,
    {
        if let Some(limit) = Instant::now().checked_add(timeout) {
            return self.wait_while_until(guard, condition, limit);
        }
        // That moment can be told by no clock.
        self.wait_while(guard, &mut condition);
        in_time()
    }

    #[track_caller]
    fn wait_by<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        wait: impl FnOnce(&::parking_lot::Condvar, &mut OriginalGuard<'_>) -> WaitTimeoutResult,
    ) -> WaitTimeoutResult {
        let mut result = in_time();
        // SAFETY: the guard shows that the task has the lock, and is borrowed until it has it again.
        unsafe {
            MutexGuard::mutex(guard).raw().wait(&self.condition, |guard| {
                result = wait(&self.inner, guard);
                result.timed_out()
            });
        }
        result
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// The original's answer, which nobody but the original can make: it is asked for a wait that ends at once.
fn in_time() -> WaitTimeoutResult {
    let own = ::parking_lot::Mutex::new(());
    ::parking_lot::Condvar::new().wait_while_for(&mut own.lock(), |()| false, Duration::ZERO)
}
