//! The tracked one-time call.

use std::fmt;

use ::parking_lot::OnceState;

use crate::identity::Name;
use crate::once::Initialisation;
use crate::seen::Seen;

/// As [`parking_lot::Once`](::parking_lot::Once), tracked as [`sync::Once`](crate::sync::Once) is.
pub struct Once {
    initialisation: Initialisation,
    inner: ::parking_lot::Once,
}

impl Once {
    /// As the original's.
    #[track_caller]
    pub const fn new() -> Self {
        Once::named("Once")
    }

    /// A once with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str) -> Self {
        Once { initialisation: Initialisation::new(Name::Given(name)), inner: ::parking_lot::Once::new() }
    }

    /// As the original's.
    pub fn state(&self) -> OnceState {
        self.inner.state()
    }

    /// As the original's.
    ///
    /// # Panics
    /// If `run` does, or did when it was called before.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, run: F) {
        let seen = Seen::here();
        self.initialisation.make(seen, self.state().done(), |is_mine| {
            self.inner.call_once(|| {
                *is_mine = true;
                self.initialisation.run(seen, "poisoned", run);
            });
        });
    }

    /// As the original's.
    ///
    /// # Panics
    /// If `run` does.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(OnceState)>(&self, run: F) {
        let seen = Seen::here();
        self.initialisation.make(seen, self.state().done(), |is_mine| {
            self.inner.call_once_force(|state| {
                *is_mine = true;
                self.initialisation.run(seen, "poisoned", || run(state));
            });
        });
    }
}

impl Default for Once {
    #[track_caller]
    fn default() -> Self {
        Once::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
