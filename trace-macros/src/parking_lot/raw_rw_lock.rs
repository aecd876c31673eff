//! The tracked raw read-write lock, which `lock_api` makes a read-write lock of.

use std::time::{Duration, Instant};

use ::parking_lot::{RawRwLock as Original, lock_api};
use lock_api::{RawRwLock as _, RawRwLockRecursive as _, RawRwLockUpgrade as _};

use super::tracked::Tracked;
use crate::identity::Name;
use crate::lock::Mode;
use crate::recorder::is_recording;

/// As the original documents it: a reader waits behind a writer that waits.
const POLICY: &str = "fair";

/// As [`parking_lot::RawRwLock`](::parking_lot::RawRwLock), tracked.
pub struct RawRwLock {
    tracked: Tracked,
    inner: Original,
}

impl RawRwLock {
    #[track_caller]
    pub(super) const fn new(name: Name) -> Self {
        RawRwLock { tracked: Tracked::read_write(name, POLICY), inner: Original::INIT }
    }
}

/// Methods that take the lock in a mode: at once or by waiting for it; at once; or within a time.
macro_rules! takes {
    ($($mode:ident: $take:ident or $attempt:ident;)*) => { $(
        #[inline]
        #[track_caller]
        fn $take(&self) {
            let wait = || {
                self.inner.$take();
                true
            };
            // SAFETY: the original says whether it was taken.
            unsafe { self.tracked.take(Mode::$mode, || self.inner.$attempt(), wait) };
        }

        #[inline]
        #[track_caller]
        fn $attempt(&self) -> bool {
            // SAFETY: as above.
            unsafe { self.tracked.try_take(Mode::$mode, || self.inner.$attempt()) }
        }
    )* };
    ($($mode:ident: $attempt:ident in time $($timed:ident($limit:ty))*;)*) => { $( $(
        #[track_caller]
        fn $timed(&self, timeout: $limit) -> bool {
            // SAFETY: as above.
            unsafe { self.tracked.take(Mode::$mode, || self.inner.$attempt(), || self.inner.$timed(timeout)) }
        }
    )* )* };
}

/// Methods that let the lock go.
macro_rules! lets_go {
    ($($mode:ident: $let_go:ident;)*) => { $(
        #[inline]
        unsafe fn $let_go(&self) {
            // SAFETY: the caller has the lock in this mode.
            unsafe {
                self.tracked.let_go(Mode::$mode);
                self.inner.$let_go();
            }
        }
    )* };
    ($($bump:ident: $let_go:ident and $take:ident;)*) => { $(
        #[track_caller]
        unsafe fn $bump(&self) {
            // SAFETY: the caller has the lock, and has it again afterwards.
            unsafe {
                if is_recording() {
                    self.$let_go();
                    self.$take();
                } else {
                    self.inner.$bump();
                }
            }
        }
    )* };
}

/// Methods that make the hold weaker.
macro_rules! downgrades {
    ($($downgrade:ident by $original:ident;)*) => { $(
        #[track_caller]
        unsafe fn $original(&self) {
            // SAFETY: the caller has the lock in the mode from which it comes.
            unsafe {
                self.tracked.$downgrade();
                self.inner.$original();
            }
        }
    )* };
}

// SAFETY: whoever has the lock has the original, which excludes others.
unsafe impl lock_api::RawRwLock for RawRwLock {
    const INIT: Self = RawRwLock::new(Name::Given("RwLock"));
    type GuardMarker = lock_api::GuardNoSend;

    takes! {
        Shared: lock_shared or try_lock_shared;
        Exclusive: lock_exclusive or try_lock_exclusive;
    }
    lets_go! {
        Shared: unlock_shared;
        Exclusive: unlock_exclusive;
    }

    fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    fn is_locked_exclusive(&self) -> bool {
        self.inner.is_locked_exclusive()
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockFair for RawRwLock {
    lets_go! {
        Shared: unlock_shared_fair;
        Exclusive: unlock_exclusive_fair;
    }
    lets_go! {
        bump_shared: unlock_shared_fair and lock_shared;
        bump_exclusive: unlock_exclusive_fair and lock_exclusive;
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockDowngrade for RawRwLock {
    downgrades! { downgrade by downgrade; }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    takes! {
        Shared: try_lock_shared in time try_lock_shared_for(Duration) try_lock_shared_until(Instant);
        Exclusive: try_lock_exclusive in time try_lock_exclusive_for(Duration) try_lock_exclusive_until(Instant);
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockRecursive for RawRwLock {
    takes! { Shared: lock_shared_recursive or try_lock_shared_recursive; }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockRecursiveTimed for RawRwLock {
    takes! {
        Shared: try_lock_shared_recursive in time
            try_lock_shared_recursive_for(Duration) try_lock_shared_recursive_until(Instant);
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockUpgrade for RawRwLock {
    takes! { Upgradable: lock_upgradable or try_lock_upgradable; }
    lets_go! { Upgradable: unlock_upgradable; }

    #[track_caller]
    unsafe fn upgrade(&self) {
        let wait = || {
            // SAFETY: the caller has the lock upgradably.
            unsafe { self.inner.upgrade() };
            true
        };
        // SAFETY: as above; the original says whether it was upgraded.
        unsafe { self.tracked.upgrade(|| self.inner.try_upgrade(), wait) };
    }

    #[track_caller]
    unsafe fn try_upgrade(&self) -> bool {
        // SAFETY: as above.
        unsafe { self.tracked.try_upgrade(|| self.inner.try_upgrade()) }
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockUpgradeFair for RawRwLock {
    lets_go! { Upgradable: unlock_upgradable_fair; }
    lets_go! { bump_upgradable: unlock_upgradable_fair and lock_upgradable; }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockUpgradeDowngrade for RawRwLock {
    downgrades! {
        downgrade_upgradable by downgrade_upgradable;
        downgrade_to_upgradable by downgrade_to_upgradable;
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawRwLockUpgradeTimed for RawRwLock {
    takes! { Upgradable: try_lock_upgradable in time try_lock_upgradable_for(Duration) try_lock_upgradable_until(Instant); }

    #[track_caller]
    unsafe fn try_upgrade_for(&self, timeout: Duration) -> bool {
        // SAFETY: the caller has the lock upgradably, and the original says whether it was upgraded.
        unsafe { self.tracked.upgrade(|| self.inner.try_upgrade(), || self.inner.try_upgrade_for(timeout)) }
    }

    #[track_caller]
    unsafe fn try_upgrade_until(&self, timeout: Instant) -> bool {
        // SAFETY: as above.
        unsafe { self.tracked.upgrade(|| self.inner.try_upgrade(), || self.inner.try_upgrade_until(timeout)) }
    }
}
