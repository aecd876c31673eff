//! The tracked raw mutex, which `lock_api` makes a mutex and a re-entrant one of.

use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use ::parking_lot::lock_api;

use super::tracked::Tracked;
use crate::condition::Condition;
use crate::identity::Name;
use crate::lock::Mode;
use crate::recorder::is_recording;

/// As [`parking_lot::RawMutex`](::parking_lot::RawMutex), tracked.
pub type RawMutex = TrackedMutex<::parking_lot::RawMutex>;
/// As [`parking_lot::RawFairMutex`](::parking_lot::RawFairMutex), tracked.
pub type RawFairMutex = TrackedMutex<::parking_lot::RawFairMutex>;

/// The raw mutex `R`, tracked.
pub struct TrackedMutex<R> {
    tracked: Tracked,
    /// Not `R` alone, for a condition variable wants to see a guard.
    inner: lock_api::Mutex<R, ()>,
}

impl<R: lock_api::RawMutex> TrackedMutex<R> {
    #[track_caller]
    pub(super) const fn new(name: Name) -> Self {
        TrackedMutex { tracked: Tracked::mutex(name), inner: lock_api::Mutex::from_raw(R::INIT, ()) }
    }

    fn raw(&self) -> &R {
        // SAFETY: what is done with it keeps to the rules of raw locks, as the callers below argue.
        unsafe { self.inner.raw() }
    }

    /// Waits on a condition by `wait`, with a guard of the original, which says whether it timed out.
    ///
    /// # Safety
    /// The task has the lock.
    #[track_caller]
    pub(super) unsafe fn wait(
        &self,
        condition: &Condition,
        wait: impl FnOnce(&mut lock_api::MutexGuard<'_, R, ()>) -> bool,
    ) {
        // SAFETY: as the caller says; this guard lets nothing go, and the caller's own does not while this is there.
        let mut guard = unsafe { ManuallyDrop::new(self.inner.make_guard_unchecked()) };
        // SAFETY: as the caller says; and a condition gives back the lock that it took.
        unsafe { self.tracked.wait(condition, || wait(&mut guard)) };
    }
}

// SAFETY: whoever has the lock has the original, which excludes others.
unsafe impl<R: lock_api::RawMutex> lock_api::RawMutex for TrackedMutex<R> {
    const INIT: Self = TrackedMutex::new(Name::Given("Mutex"));
    type GuardMarker = lock_api::GuardNoSend;

    #[inline]
    #[track_caller]
    fn lock(&self) {
        let wait = || {
            self.raw().lock();
            true
        };
        // SAFETY: the original says whether it was taken.
        unsafe { self.tracked.take(Mode::Exclusive, || self.raw().try_lock(), wait) };
    }

    #[inline]
    #[track_caller]
    fn try_lock(&self) -> bool {
        // SAFETY: as above.
        unsafe { self.tracked.try_take(Mode::Exclusive, || self.raw().try_lock()) }
    }

    #[inline]
    unsafe fn unlock(&self) {
        // SAFETY: the caller has the lock.
        unsafe {
            self.tracked.let_go(Mode::Exclusive);
            self.raw().unlock();
        }
    }

    fn is_locked(&self) -> bool {
        self.raw().is_locked()
    }
}

// SAFETY: as above.
unsafe impl<R: lock_api::RawMutexFair> lock_api::RawMutexFair for TrackedMutex<R> {
    #[inline]
    unsafe fn unlock_fair(&self) {
        // SAFETY: the caller has the lock.
        unsafe {
            self.tracked.let_go(Mode::Exclusive);
            self.raw().unlock_fair();
        }
    }

    #[track_caller]
    unsafe fn bump(&self) {
        // SAFETY: the caller has the lock, and has it again afterwards.
        unsafe {
            if is_recording() {
                self.unlock_fair();
                lock_api::RawMutex::lock(self);
            } else {
                self.raw().bump();
            }
        }
    }
}

// SAFETY: as above.
unsafe impl<R> lock_api::RawMutexTimed for TrackedMutex<R>
where
    R: lock_api::RawMutexTimed<Duration = Duration, Instant = Instant>,
{
    type Duration = Duration;
    type Instant = Instant;

    #[track_caller]
    fn try_lock_for(&self, timeout: Duration) -> bool {
        // SAFETY: the original says whether it was taken.
        unsafe { self.tracked.take(Mode::Exclusive, || self.raw().try_lock(), || self.raw().try_lock_for(timeout)) }
    }

    #[track_caller]
    fn try_lock_until(&self, timeout: Instant) -> bool {
        // SAFETY: as above.
        unsafe { self.tracked.take(Mode::Exclusive, || self.raw().try_lock(), || self.raw().try_lock_until(timeout)) }
    }
}
