//! What locks need that have no guards of their own (they lie below somebody else's, as those of `lock_api` do): a hold that
//! lies in the lock. And what guards with several modes can do: upgrade, and come back from it.

use std::panic::Location;

use peerscope_format::vocabulary::Kind;

use super::{Held, Lock, Mode, Sites};
use crate::recorder::Pin;
use crate::seen::Seen;
use crate::site::Site;

const UPGRADABLE_MODE: &[(&str, &str)] = &[("mode", "upgradable")];

pub(super) static UPGRADABLE: Sites = Sites {
    wait: Site::primitive(Kind::LockWait, &["lock"]).with(UPGRADABLE_MODE),
    acquire: Site::primitive(Kind::LockAcquire, &["lock", "seq"]).with(UPGRADABLE_MODE),
    acquire_outcome: Site::primitive(Kind::LockAcquire, &["lock", "seq", "outcome"]).with(UPGRADABLE_MODE),
    release: Site::primitive(Kind::LockRelease, &["lock", "seq"]).with(UPGRADABLE_MODE),
};

/// A hold without its lock. To be given back to it, for otherwise nobody records its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    seq: u64,
    mode: Mode,
    caller: Option<&'static Location<'static>>,
    pin: Pin,
}

impl Hold {
    /// None, or one whose acquisition was not recorded.
    pub(crate) const UNSEEN: Hold = Hold { seq: 0, mode: Mode::Exclusive, caller: None, pin: Pin::NONE };

    /// The line that acquired it, if that was recorded.
    pub(crate) fn caller(&self) -> Option<&'static Location<'static>> {
        self.caller
    }
}

impl Lock {
    /// The hold of this lock that [`Held::keep`] gave.
    #[inline]
    pub(crate) fn resume(&self, hold: Hold) -> Held<'_> {
        let Hold { seq, mode, caller, pin } = hold;
        Held { lock: self, seq, mode, caller, pin }
    }

    /// The upgradable hold stays one: `busy timeout`.
    #[cold]
    pub(crate) fn upgrade_refused(&self, seen: Seen, outcome: &str) {
        static REFUSED: Site = Site::primitive(Kind::LockUpgrade, &["lock", "outcome"]);
        seen.record(&REFUSED, &(self.id(seen), outcome));
    }
}

impl<'a> Held<'a> {
    /// Whether the acquisition was recorded: if not, whatever becomes of it does not exist for the reader.
    pub(crate) fn is_recorded(&self) -> bool {
        self.caller.is_some()
    }

    /// The hold goes on, and is given back by [`Lock::resume`].
    #[inline]
    pub(crate) fn keep(self) -> Hold {
        let hold = Hold { seq: self.seq, mode: self.mode, caller: self.caller, pin: self.pin };
        std::mem::forget(self);
        hold
    }

    /// The upgradable hold has become an exclusive one.
    pub(crate) fn upgrade(self, seen: Option<Seen>) -> Held<'a> {
        static UPGRADE: Site = Site::primitive(Kind::LockUpgrade, &["lock", "seq"]).with(&[("mode", "exclusive")]);
        let seq = self.lock.count(Mode::Exclusive);
        self.becomes(seen, Mode::Exclusive, seq, &UPGRADE)
    }

    /// The exclusive hold becomes an upgradable one: to be said while it still excludes others.
    pub(crate) fn downgrade_to_upgradable(self, seen: Option<Seen>) -> Held<'a> {
        static DOWNGRADE: Site = Site::primitive(Kind::LockDowngrade, &["lock", "seq"]).with(UPGRADABLE_MODE);
        let seq = self.lock.count(Mode::Exclusive);
        self.becomes(seen, Mode::Upgradable, seq, &DOWNGRADE)
    }

    /// The upgradable hold becomes one of those that share the lock: to be said while nobody else can upgrade.
    pub(crate) fn downgrade_upgradable(self, seen: Option<Seen>) -> Held<'a> {
        static DOWNGRADE: Site = Site::primitive(Kind::LockDowngrade, &["lock", "seq"]).with(&[("mode", "shared")]);
        let seq = self.lock.count(Mode::Upgradable);
        self.becomes(seen, Mode::Shared, seq, &DOWNGRADE)
    }
}
