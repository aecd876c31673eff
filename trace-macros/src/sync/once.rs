//! The tracked one-time call.

use std::fmt;
use std::sync::OnceState;

use crate::identity::Name;
use crate::once::Initialisation;
use crate::seen::Seen;

/// As [`std::sync::Once`], tracked.
///
/// The right to make the call is a lock in the trace, which is held while the call runs; whoever comes meanwhile waits for it.
pub struct Once {
    initialisation: Initialisation,
    inner: std::sync::Once,
}

impl Once {
    /// As [`std::sync::Once::new`].
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "the original has none either")]
    pub const fn new() -> Self {
        Once { initialisation: Initialisation::new(Name::Given("Once")), inner: std::sync::Once::new() }
    }

    /// A once with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        Once { initialisation: Initialisation::new(Name::Given(name)), inner: std::sync::Once::new() }
    }

    /// As [`std::sync::Once::call_once`].
    ///
    /// # Panics
    /// If `run` does, or did when it was called before.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, run: F) {
        let seen = Seen::here();
        self.initialisation.make(seen, self.inner.is_completed(), |is_mine| {
            self.inner.call_once(|| {
                *is_mine = true;
                self.initialisation.run(seen, "poisoned", run);
            });
        });
    }

    /// As [`std::sync::Once::call_once_force`].
    ///
    /// # Panics
    /// If `run` does.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, run: F) {
        let seen = Seen::here();
        self.initialisation.make(seen, self.inner.is_completed(), |is_mine| {
            self.inner.call_once_force(|state| {
                *is_mine = true;
                self.initialisation.run(seen, "poisoned", || run(state));
            });
        });
    }

    /// As [`std::sync::Once::is_completed`].
    pub fn is_completed(&self) -> bool {
        self.inner.is_completed()
    }

    /// As [`std::sync::Once::wait`].
    ///
    /// # Panics
    /// If the call panicked.
    #[track_caller]
    pub fn wait(&self) {
        let seen = Seen::here();
        if !self.inner.is_completed() {
            self.initialisation.awaits(seen);
        }
        self.inner.wait();
        self.initialisation.passed(seen);
    }

    /// As [`std::sync::Once::wait_force`].
    #[track_caller]
    pub fn wait_force(&self) {
        let seen = Seen::here();
        if !self.inner.is_completed() {
            self.initialisation.awaits(seen);
        }
        self.inner.wait_force();
        self.initialisation.passed(seen);
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
