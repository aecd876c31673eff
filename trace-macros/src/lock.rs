//! What all tracked locks have in common, whoever made the original: who they are, how often they were taken, and their
//! events. The modules of tracked locks wrap the originals around it.
//!
//! The order of calls is the vocabulary's: [`Lock::waits`] before the task blocks and only if it must, [`Lock::acquired`]
//! while it holds the lock; the [`Held`] that this gives is dropped before the lock is free.

#[cfg(feature = "parking_lot")]
mod raw;

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use peerscope_format::vocabulary::Kind;

use crate::identity::{Identity, Name, Sort};
#[cfg(feature = "parking_lot")]
pub(crate) use crate::lock::raw::Hold;
use crate::recorder::Pin;
use crate::seen::Seen;
use crate::site::Site;

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By one task alone; the only mode of a mutex.
    Exclusive,
    /// Together with others that share it.
    Shared,
    /// Together with others that share it, alone in being allowed to make it exclusive.
    #[cfg(feature = "parking_lot")]
    Upgradable,
}

/// The call sites of the events of one mode.
struct Sites {
    wait: Site,
    acquire: Site,
    acquire_outcome: Site,
    release: Site,
}

static EXCLUSIVE: Sites = Sites {
    wait: Site::primitive(Kind::LockWait, &["lock"]),
    acquire: Site::primitive(Kind::LockAcquire, &["lock", "seq"]),
    acquire_outcome: Site::primitive(Kind::LockAcquire, &["lock", "seq", "outcome"]),
    release: Site::primitive(Kind::LockRelease, &["lock", "seq"]),
};

const SHARED_MODE: &[(&str, &str)] = &[("mode", "shared")];

static SHARED: Sites = Sites {
    wait: Site::primitive(Kind::LockWait, &["lock"]).with(SHARED_MODE),
    acquire: Site::primitive(Kind::LockAcquire, &["lock", "seq"]).with(SHARED_MODE),
    acquire_outcome: Site::primitive(Kind::LockAcquire, &["lock", "seq", "outcome"]).with(SHARED_MODE),
    release: Site::primitive(Kind::LockRelease, &["lock", "seq"]).with(SHARED_MODE),
};

impl Mode {
    #[inline]
    fn sites(self) -> &'static Sites {
        match self {
            Mode::Exclusive => &EXCLUSIVE,
            Mode::Shared => &SHARED,
            #[cfg(feature = "parking_lot")]
            Mode::Upgradable => &raw::UPGRADABLE,
        }
    }
}

/// A lock in the trace.
#[derive(Debug)]
pub(crate) struct Lock {
    identity: Identity,
    /// Acquisitions so far; counted even while nothing is recorded, for a recorder that starts later.
    seq: AtomicU64,
    /// Whom a read-write lock lets in first; `None` for a mutex.
    policy: Option<&'static str>,
}

impl Lock {
    /// A mutex that the caller makes.
    #[track_caller]
    pub(crate) const fn mutex(name: Name) -> Self {
        Lock { identity: Identity::new(Sort::Lock, name), seq: AtomicU64::new(0), policy: None }
    }

    /// A read-write lock that the caller makes; `policy` = `writer-first reader-first fair unknown`.
    #[track_caller]
    pub(crate) const fn read_write(name: Name, policy: &'static str) -> Self {
        Lock { identity: Identity::new(Sort::Lock, name), seq: AtomicU64::new(0), policy: Some(policy) }
    }

    /// The task is about to block.
    #[cold]
    pub(crate) fn waits(&self, seen: Seen, mode: Mode) {
        let id = self.id(seen);
        seen.record(&mode.sites().wait, &(id,));
    }

    /// The task holds the lock now; `outcome` as in the vocabulary, `None` = ok.
    #[inline]
    pub(crate) fn acquired(&self, seen: Option<Seen>, mode: Mode, outcome: Option<&str>) -> Held<'_> {
        let seq = self.count(mode);
        let pin = seen.map_or(Pin::NONE, |seen| {
            let (id, sites) = (self.id(seen), mode.sites());
            match outcome {
                None => seen.hold(&sites.acquire, &(id, seq)),
                Some(outcome) => seen.hold(&sites.acquire_outcome, &(id, seq, outcome)),
            }
        });
        Held { lock: self, seq, mode, caller: seen.map(|seen| seen.caller), pin }
    }

    /// The attempt ended without the lock: `busy timeout cancelled`.
    #[cold]
    pub(crate) fn refused(&self, seen: Seen, mode: Mode, outcome: &str) {
        let id = self.id(seen);
        seen.record(&mode.sites().acquire_outcome, &(id, None::<u64>, outcome));
    }

    /// The lock's id in the trace.
    #[inline]
    pub(crate) fn id(&self, seen: Seen) -> u64 {
        self.identity.id(seen, |made, id, name| {
            static MUTEX: Site = Site::primitive(Kind::LockNew, &["lock", "name"]);
            static READ_WRITE: Site = Site::primitive(Kind::LockNew, &["lock", "name", "rw", "policy"]);
            match self.policy {
                None => made.record(&MUTEX, &(id, name)),
                Some(policy) => made.record(&READ_WRITE, &(id, name, true, policy)),
            }
        })
    }

    /// The number of the acquisition that has just been made.
    #[inline]
    fn count(&self, mode: Mode) -> u64 {
        match mode {
            // The holder is alone, and the lock itself orders it after the one before.
            Mode::Exclusive => {
                let seq = self.seq.load(Ordering::Relaxed) + 1;
                self.seq.store(seq, Ordering::Relaxed);
                seq
            }
            _ => self.seq.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

impl<'a> Held<'a> {
    /// What is held.
    pub(crate) fn lock(&self) -> &'a Lock {
        self.lock
    }

    /// Records the end of the hold: to be said before the lock is free.
    #[inline]
    pub(crate) fn release(self) {}

    /// The exclusive hold becomes a shared one, of a number of its own: to be said while it still excludes others.
    pub(crate) fn downgrade(self, seen: Option<Seen>) -> Held<'a> {
        static DOWNGRADE: Site = Site::primitive(Kind::LockDowngrade, &["lock", "seq"]).with(SHARED_MODE);
        let seq = self.lock.count(Mode::Exclusive);
        self.becomes(seen, Mode::Shared, seq, &DOWNGRADE)
    }

    /// The hold goes on in another mode and by another number, which an event of `site` says.
    fn becomes(self, seen: Option<Seen>, mode: Mode, seq: u64, site: &'static Site) -> Held<'a> {
        let (lock, recorded, old) = (self.lock, self.caller.is_some(), self.pin);
        // Its end is not to be recorded.
        std::mem::forget(self);
        // Whose acquisition was not recorded does not exist for the reader, and so cannot change.
        let seen = seen.filter(|_| recorded);
        let pin = seen.map_or(Pin::NONE, |seen| {
            let pin = seen.hold(site, &(lock.id(seen), seq));
            old.take_away();
            pin
        });
        Held { lock, seq, mode, caller: seen.map(|seen| seen.caller), pin }
    }
}

/// The part of a guard that records the release when it is dropped. In a wrapper it must stand before the original's guard:
/// fields are dropped in the order of their declaration, and the release is recorded before the lock is free.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    lock: &'a Lock,
    seq: u64,
    mode: Mode,
    /// The line that acquired it, if that was recorded.
    caller: Option<&'static Location<'static>>,
    /// What the file keeps of it.
    pin: Pin,
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(seen) = self.caller.and_then(Seen::at) {
            seen.record(&self.mode.sites().release, &(self.lock.identity.known(), self.seq));
            self.pin.take_away();
        }
    }
}
