//! The tracked condition variable.

use std::fmt;
use std::sync::{LockResult, PoisonError, WaitTimeoutResult};
use std::time::{Duration, Instant};

use super::MutexGuard;
use super::taking::taken;
use crate::condition::Condition;
use crate::identity::Name;
use crate::lock::{Lock, Mode};
use crate::seen::Seen;

/// As [`std::sync::Condvar`], tracked; it waits with the guards of [`Mutex`](super::Mutex).
///
/// `std` takes the lock again before it comes back, and nobody outside can see when it was woken. So `cond.wake` stands where
/// the lock is held again, no `lock.wait` before it, and the time spent waiting for the lock counts as part of the wait. A
/// waiter that was notified and does not get the lock is one with a `cond.notify` behind its `cond.wait`.
///
/// `waiters` of a notify are those that had begun to wait and not come back when it was about to be made. Whom a
/// notify woke is named where it was the only one in the course of the wait.
pub struct Condvar {
    condition: Condition,
    inner: std::sync::Condvar,
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Condvar::new()
    }
}

impl Condvar {
    /// As [`std::sync::Condvar::new`].
    #[track_caller]
    pub const fn new() -> Self {
        Condvar { condition: Condition::new(Name::Given("Condvar")), inner: std::sync::Condvar::new() }
    }

    /// A condition variable with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        Condvar { condition: Condition::new(Name::Given(name)), inner: std::sync::Condvar::new() }
    }

    /// As [`std::sync::Condvar::wait`].
    ///
    /// # Errors
    /// If a holder of the mutex panicked; it is held all the same.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let seen = Seen::here();
        let (held, inner) = guard.into_parts();
        let lock = held.lock();
        let waiting = self.condition.waits(seen, lock);
        held.release();
        let result = self.inner.wait(inner);
        waiting.wakes(seen, false);
        held_again(result, lock, seen)
    }

    /// As [`std::sync::Condvar::wait_while`].
    ///
    /// # Errors
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_while<'a, T, F>(&self, mut guard: MutexGuard<'a, T>, mut condition: F) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`std::sync::Condvar::wait_timeout`].
    ///
    /// # Errors
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let seen = Seen::here();
        let (held, inner) = guard.into_parts();
        let lock = held.lock();
        let waiting = self.condition.waits(seen, lock);
        held.release();
        let (inner, result, poisoned) = match self.inner.wait_timeout(inner, timeout) {
            Ok((inner, result)) => (inner, result, false),
            Err(error) => {
                let (inner, result) = error.into_inner();
                (inner, result, true)
            }
        };
        waiting.wakes(seen, result.timed_out());
        let inner = if poisoned { Err(PoisonError::new(inner)) } else { Ok(inner) };
        match held_again(inner, lock, seen) {
            Ok(guard) => Ok((guard, result)),
            Err(error) => Err(PoisonError::new((error.into_inner(), result))),
        }
    }

    /// As [`std::sync::Condvar::wait_timeout_ms`]: whether it was woken in time.
    ///
    /// # Errors
    /// As [`Condvar::wait`].
    #[deprecated(note = "replaced by `wait_timeout`")]
    #[track_caller]
    pub fn wait_timeout_ms<'a, T>(&self, guard: MutexGuard<'a, T>, ms: u32) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match self.wait_timeout(guard, Duration::from_millis(u64::from(ms))) {
            Ok((guard, result)) => Ok((guard, !result.timed_out())),
            Err(error) => {
                let (guard, result) = error.into_inner();
                Err(PoisonError::new((guard, !result.timed_out())))
            }
        }
    }

    /// As [`std::sync::Condvar::wait_timeout_while`].
    ///
    /// # Errors
    /// As [`Condvar::wait`].
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = Instant::now();
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, timed_out(false)));
            }
            let Some(left) = timeout.checked_sub(start.elapsed()) else {
                return Ok((guard, timed_out(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// As [`std::sync::Condvar::notify_one`].
    #[track_caller]
    pub fn notify_one(&self) {
        let _notifying = self.condition.notifies(Seen::here(), false);
        self.inner.notify_one();
    }

    /// As [`std::sync::Condvar::notify_all`].
    #[track_caller]
    pub fn notify_all(&self) {
        let _notifying = self.condition.notifies(Seen::here(), true);
        self.inner.notify_all();
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// The guard of a lock that `std` has taken again.
fn held_again<'a, T>(
    result: LockResult<std::sync::MutexGuard<'a, T>>,
    lock: &'a Lock,
    seen: Option<Seen>,
) -> LockResult<MutexGuard<'a, T>> {
    taken((lock, Mode::Exclusive), seen, result, MutexGuard::new)
}

/// The original's answer, which nobody but the original can make: it is asked for a wait that ends at once.
fn timed_out(yes: bool) -> WaitTimeoutResult {
    let (own, nobody) = (std::sync::Mutex::new(()), std::sync::Condvar::new());
    let guard = own.lock().unwrap_or_else(PoisonError::into_inner);
    nobody.wait_timeout_while(guard, Duration::ZERO, |()| yes).unwrap_or_else(PoisonError::into_inner).1
}
