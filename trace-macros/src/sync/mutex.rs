//! The tracked mutex.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use peerscope_format::vocabulary::Kind;

use crate::recorder::{Recorder, recorder};
use crate::scope::with_current;
use crate::site::Site;

static NEW: Site = Site::primitive(Kind::LockNew, &["lock", "name"]);
static WAIT: Site = Site::primitive(Kind::LockWait, &["lock"]);
static ACQUIRE: Site = Site::primitive(Kind::LockAcquire, &["lock", "seq"]);
static ACQUIRE_OUTCOME: Site = Site::primitive(Kind::LockAcquire, &["lock", "seq", "outcome"]);
static RELEASE: Site = Site::primitive(Kind::LockRelease, &["lock", "seq"]);

/// As [`std::sync::Mutex`], tracked.
///
/// Differences: a guard cannot be given to [`std::sync::Condvar`] yet (its `wait` would let go unseen); mapped guards are
/// missing, as they are in stable Rust.
pub struct Mutex<T: ?Sized> {
    /// The lock's id in the trace; 0 until it is first used while something is recorded.
    id: AtomicU64,
    /// Acquisitions so far; written by the holder only.
    seq: AtomicU64,
    made_at: &'static Location<'static>,
    name: Option<&'static str>,
    inner: std::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// As [`std::sync::Mutex::new`]; the trace calls the lock after what it protects: `Mutex<State>`.
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self::make(value, None)
    }

    /// A mutex with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, value: T) -> Self {
        Self::make(value, Some(name))
    }

    #[track_caller]
    const fn make(value: T, name: Option<&'static str>) -> Self {
        Mutex {
            id: AtomicU64::new(0),
            seq: AtomicU64::new(0),
            made_at: Location::caller(),
            name,
            inner: std::sync::Mutex::new(value),
        }
    }

    /// As [`std::sync::Mutex::into_inner`].
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// As [`std::sync::Mutex::lock`].
    ///
    /// # Errors
    /// If a holder panicked; the lock is held all the same.
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let Some(recorder) = recorder() else {
            return match self.inner.lock() {
                Ok(inner) => Ok(self.hold_untracked(inner)),
                Err(error) => Err(PoisonError::new(self.hold_untracked(error.into_inner()))),
            };
        };
        self.lock_tracked(recorder, Location::caller())
    }

    fn lock_tracked(
        &self,
        recorder: &'static Recorder,
        caller: &'static Location<'static>,
    ) -> LockResult<MutexGuard<'_, T>> {
        let result = match self.inner.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(error)) => Err(error),
            Err(TryLockError::WouldBlock) => {
                let id = self.id(recorder);
                with_current(|scope| WAIT.record_at(recorder, scope, &(id,), caller));
                self.inner.lock()
            }
        };
        self.wrap(result, Some((recorder, caller)))
    }

    /// As [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    /// If the lock is held, or a holder panicked.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        // Outside of the closure, in which the caller would be this file.
        let caller = Location::caller();
        let seen = recorder().map(|recorder| (recorder, caller));
        match self.inner.try_lock() {
            Ok(guard) => Ok(self.hold(guard, seen, None)),
            Err(TryLockError::Poisoned(error)) => {
                let guard = self.hold(error.into_inner(), seen, Some("poisoned"));
                Err(TryLockError::Poisoned(PoisonError::new(guard)))
            }
            Err(TryLockError::WouldBlock) => {
                if let Some((recorder, caller)) = seen {
                    let (id, seq) = (self.id(recorder), None::<u64>);
                    with_current(|scope| ACQUIRE_OUTCOME.record_at(recorder, scope, &(id, seq, "busy"), caller));
                }
                Err(TryLockError::WouldBlock)
            }
        }
    }

    /// As [`std::sync::Mutex::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// As [`std::sync::Mutex::clear_poison`].
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// As [`std::sync::Mutex::get_mut`].
    ///
    /// # Errors
    /// If a holder panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }

    #[inline]
    fn wrap<'a>(
        &'a self,
        result: LockResult<std::sync::MutexGuard<'a, T>>,
        seen: Option<(&'static Recorder, &'static Location<'static>)>,
    ) -> LockResult<MutexGuard<'a, T>> {
        match result {
            Ok(guard) => Ok(self.hold(guard, seen, None)),
            Err(error) => Err(PoisonError::new(self.hold(error.into_inner(), seen, Some("poisoned")))),
        }
    }

    #[inline]
    fn hold<'a>(
        &'a self,
        inner: std::sync::MutexGuard<'a, T>,
        seen: Option<(&'static Recorder, &'static Location<'static>)>,
        outcome: Option<&str>,
    ) -> MutexGuard<'a, T> {
        let seq = self.count();
        if let Some((recorder, caller)) = seen {
            let id = self.id(recorder);
            with_current(|scope| match outcome {
                None => ACQUIRE.record_at(recorder, scope, &(id, seq), caller),
                Some(outcome) => ACQUIRE_OUTCOME.record_at(recorder, scope, &(id, seq, outcome), caller),
            });
        }
        MutexGuard { held: seen.map(|(_, caller)| caller), lock: self, inner }
    }

    #[inline]
    fn hold_untracked<'a>(&'a self, inner: std::sync::MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.count();
        MutexGuard { held: None, lock: self, inner }
    }

    /// The number of the acquisition that has just been made. Counted even while nothing is recorded, for a recorder that
    /// starts later.
    #[inline]
    fn count(&self) -> u64 {
        let seq = self.seq.load(Ordering::Relaxed) + 1;
        self.seq.store(seq, Ordering::Relaxed);
        seq
    }

    /// The holder lets go; until it does, `seq` is its own.
    fn released(&self, caller: &'static Location<'static>) {
        let Some(recorder) = recorder() else { return };
        let (id, seq) = (self.id.load(Ordering::Relaxed), self.seq.load(Ordering::Relaxed));
        with_current(|scope| RELEASE.record_at(recorder, scope, &(id, seq), caller));
    }

    #[inline]
    fn id(&self, recorder: &Recorder) -> u64 {
        match self.id.load(Ordering::Relaxed) {
            0 => self.first_use(recorder),
            id => id,
        }
    }

    /// A `const fn` cannot record, so a lock is announced when it is first used. Two threads may come here at once; the
    /// first one's id holds.
    #[cold]
    fn first_use(&self, recorder: &Recorder) -> u64 {
        let id = super::next_lock_id();
        if let Err(other) = self.id.compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed) {
            return other;
        }
        let name = match self.name {
            Some(name) => name.to_owned(),
            None => format!("Mutex<{}>", super::short_type_name::<T>()),
        };
        with_current(|scope| NEW.record_at(recorder, scope, &(id, name), self.made_at));
        id
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`std::sync::MutexGuard`]. The release is recorded before the lock is free, with the line that acquired it.
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    /// The line that acquired it, if that was recorded.
    held: Option<&'static Location<'static>>,
    lock: &'a Mutex<T>,
    // Dropped after `drop` has recorded the release.
    inner: std::sync::MutexGuard<'a, T>,
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(caller) = self.held {
            self.lock.released(caller);
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
