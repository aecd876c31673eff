//! A raw lock's record: who takes it, who waits, who lets it go, and in which mode.
//!
//! A raw lock knows no guards. What a guard would carry lies in the lock as long as one task alone has it (exclusive or
//! upgradable), and in the thread where several share it.

mod lines;
mod shared_holds;

use std::cell::UnsafeCell;

pub(super) use self::lines::Said;
use crate::identity::Name;
use crate::lock::{Held, Hold, Lock, Mode};
use crate::seen::Seen;

/// What a tracked raw lock has beside the original.
#[derive(Debug)]
pub(super) struct Tracked {
    lock: Lock,
    /// The hold of the task that has the lock exclusively or upgradably. Nobody else touches it.
    held: UnsafeCell<Hold>,
}

// SAFETY: `held` is touched by the one task alone that has the lock exclusively or upgradably, and the lock orders one
// such task after the other: that is what the callers of the unsafe methods, and the `attempt` and `wait` of the others, say.
unsafe impl Sync for Tracked {}

impl Tracked {
    /// The record of a mutex that the caller makes.
    #[track_caller]
    pub(super) const fn mutex(name: Name) -> Self {
        Tracked { lock: Lock::mutex(name), held: UnsafeCell::new(Hold::UNSEEN) }
    }

    /// The record of a read-write lock that the caller makes.
    #[track_caller]
    pub(super) const fn read_write(name: Name, policy: &'static str) -> Self {
        Tracked { lock: Lock::read_write(name, policy), held: UnsafeCell::new(Hold::UNSEEN) }
    }

    /// Takes the lock: by `attempt`, which does not block, or else by `wait`, which may give it up after a time. Both say
    /// whether the task now has the lock in this mode.
    ///
    /// # Safety
    /// What they say is true.
    #[inline]
    #[track_caller]
    pub(super) unsafe fn take(&self, mode: Mode, attempt: impl FnOnce() -> bool, wait: impl FnOnce() -> bool) -> bool {
        let Some(seen) = self.seen(mode) else {
            let taken = wait();
            if taken {
                // SAFETY: as `wait` says.
                unsafe { self.taken(None, mode) };
            }
            return taken;
        };
        let taken = attempt() || {
            self.lock.waits(seen, mode);
            wait()
        };
        if taken {
            // SAFETY: as one of them says.
            unsafe { self.taken(Some(seen), mode) };
        } else {
            self.lock.refused(seen, mode, "timeout");
        }
        taken
    }

    /// Takes the lock by `attempt` or not at all.
    ///
    /// # Safety
    /// As for [`Tracked::take`].
    #[inline]
    #[track_caller]
    pub(super) unsafe fn try_take(&self, mode: Mode, attempt: impl FnOnce() -> bool) -> bool {
        let seen = self.seen(mode);
        let taken = attempt();
        if taken {
            // SAFETY: as `attempt` says.
            unsafe { self.taken(seen, mode) };
        } else if let Some(seen) = seen {
            self.lock.refused(seen, mode, "busy");
        }
        taken
    }

    /// The task has the lock.
    ///
    /// # Safety
    /// In this mode.
    #[inline]
    unsafe fn taken(&self, seen: Option<Seen>, mode: Mode) {
        let held = self.lock.acquired(seen, mode, None);
        // SAFETY: as the caller says.
        unsafe { self.keep(mode, held) };
    }

    /// The task lets the lock go: to be said before it is free.
    ///
    /// # Safety
    /// The task has the lock in this mode.
    #[inline]
    pub(super) unsafe fn let_go(&self, mode: Mode) {
        // SAFETY: as the caller says.
        if let Some(held) = unsafe { self.held(mode) } {
            held.release();
        }
    }

    /// Makes the upgradable hold exclusive, by `attempt` or by `wait`, as [`Tracked::take`] does.
    ///
    /// # Safety
    /// The task has the lock upgradably, and as for [`Tracked::take`].
    #[track_caller]
    pub(super) unsafe fn upgrade(&self, attempt: impl FnOnce() -> bool, wait: impl FnOnce() -> bool) -> bool {
        let seen = self.seen(Mode::Exclusive);
        // SAFETY: as the caller says.
        let Some(held) = (unsafe { self.held(Mode::Upgradable) }) else { return wait() };
        let seen = seen.filter(|_| held.is_recorded());
        let Some(seen) = seen else { return self.upgraded(held, None, wait(), "") };
        let upgraded = attempt() || {
            self.lock.waits(seen, Mode::Exclusive);
            wait()
        };
        self.upgraded(held, Some(seen), upgraded, "timeout")
    }

    /// Makes the upgradable hold exclusive by `attempt` or not at all.
    ///
    /// # Safety
    /// As for [`Tracked::upgrade`].
    #[track_caller]
    pub(super) unsafe fn try_upgrade(&self, attempt: impl FnOnce() -> bool) -> bool {
        let seen = self.seen(Mode::Exclusive);
        // SAFETY: as the caller says.
        let Some(held) = (unsafe { self.held(Mode::Upgradable) }) else { return attempt() };
        let seen = seen.filter(|_| held.is_recorded());
        self.upgraded(held, seen, attempt(), "busy")
    }

    fn upgraded(&self, held: Held<'_>, seen: Option<Seen>, upgraded: bool, otherwise: &str) -> bool {
        let (held, mode) = match (upgraded, seen) {
            (true, seen) => (held.upgrade(seen), Mode::Exclusive),
            (false, None) => (held, Mode::Upgradable),
            (false, Some(seen)) => {
                self.lock.upgrade_refused(seen, otherwise);
                (held, Mode::Upgradable)
            }
        };
        // SAFETY: the task had the lock upgradably, and has it now in one of these modes.
        unsafe { self.keep(mode, held) };
        upgraded
    }

    /// The exclusive hold becomes a shared one: to be said while it still excludes others.
    ///
    /// # Safety
    /// The task has the lock exclusively.
    #[track_caller]
    pub(super) unsafe fn downgrade(&self) {
        let seen = self.seen(Mode::Shared);
        // SAFETY: as the caller says.
        unsafe { self.change(Mode::Exclusive, Mode::Shared, |held| held.downgrade(seen)) };
    }

    /// The exclusive hold becomes an upgradable one: to be said while it still excludes others.
    ///
    /// # Safety
    /// The task has the lock exclusively.
    #[track_caller]
    pub(super) unsafe fn downgrade_to_upgradable(&self) {
        let seen = self.seen(Mode::Upgradable);
        // SAFETY: as the caller says.
        unsafe { self.change(Mode::Exclusive, Mode::Upgradable, |held| held.downgrade_to_upgradable(seen)) };
    }

    /// The upgradable hold becomes one of those that share the lock: to be said while nobody else can have it upgradably.
    ///
    /// # Safety
    /// The task has the lock upgradably.
    #[track_caller]
    pub(super) unsafe fn downgrade_upgradable(&self) {
        let seen = self.seen(Mode::Shared);
        // SAFETY: as the caller says.
        unsafe { self.change(Mode::Upgradable, Mode::Shared, |held| held.downgrade_upgradable(seen)) };
    }

    /// # Safety
    /// The task has the lock in the mode `from`, which is not shared.
    unsafe fn change<'a>(&'a self, from: Mode, to: Mode, change: impl FnOnce(Held<'a>) -> Held<'a>) {
        // SAFETY: as the caller says.
        let Some(held) = (unsafe { self.held(from) }) else { return };
        if to == Mode::Shared && !shared_holds::has_room() {
            return held.release();
        }
        // SAFETY: until the lock itself is told, nobody else can have it in a mode that is not shared.
        unsafe { self.keep(to, change(held)) };
    }

    /// Waits on a condition by `wait`, which gives up the lock, takes it again, and says whether it timed out.
    ///
    /// # Safety
    /// The task has the lock exclusively, before and after.
    #[track_caller]
    pub(super) unsafe fn wait(&self, condition: &crate::condition::Condition, wait: impl FnOnce() -> bool) {
        let seen = self.seen(Mode::Exclusive);
        let waiting = condition.waits(seen, &self.lock);
        // SAFETY: as the caller says.
        unsafe { self.let_go(Mode::Exclusive) };
        let timed_out = wait();
        waiting.wakes(seen, timed_out);
        // SAFETY: as the caller says.
        unsafe { self.taken(seen, Mode::Exclusive) };
    }

    /// The operation that the caller has begun; `None` if it is not recorded.
    #[inline]
    #[track_caller]
    fn seen(&self, mode: Mode) -> Option<Seen> {
        let seen = Seen::here()?;
        // A hold that could not be kept would never end.
        (mode != Mode::Shared || shared_holds::has_room()).then(|| lines::of_the_program(seen, &self.lock))
    }

    /// # Safety
    /// The task has the lock in this mode.
    #[inline]
    unsafe fn keep(&self, mode: Mode, held: Held<'_>) {
        match mode {
            Mode::Shared if held.is_recorded() => shared_holds::keep(&self.lock, held.keep()),
            Mode::Shared => drop(held.keep()),
            // SAFETY: nobody else touches it, as the caller says.
            Mode::Exclusive | Mode::Upgradable => unsafe { *self.held.get() = held.keep() },
        }
    }

    /// The hold that was kept. In a shared mode none, if it was not recorded.
    ///
    /// # Safety
    /// The task has the lock in this mode.
    #[inline]
    unsafe fn held(&self, mode: Mode) -> Option<Held<'_>> {
        let hold = match mode {
            Mode::Shared => shared_holds::take(&self.lock)?,
            // SAFETY: nobody else touches it, as the caller says.
            Mode::Exclusive | Mode::Upgradable => unsafe { std::mem::replace(&mut *self.held.get(), Hold::UNSEEN) },
        };
        lines::remember(&self.lock, hold.caller());
        Some(self.lock.resume(hold))
    }
}
