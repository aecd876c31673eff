//! The tracked value that is made on first use.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::identity::{Name, short_type_name};
use crate::once::Initialisation;
use crate::seen::Seen;

/// As [`std::sync::LazyLock`], tracked.
///
/// The right to make the value is a lock in the trace, which is held while its maker runs; whoever comes meanwhile waits for
/// it.
pub struct LazyLock<T, F = fn() -> T> {
    initialisation: Initialisation,
    value: OnceLock<T>,
    /// Taken by whoever makes the value, or fails to.
    init: Mutex<Option<F>>,
}

impl<T, F> LazyLock<T, F> {
    #[track_caller]
    const fn of(name: Name, init: F) -> Self {
        let init = Mutex::new(Some(init));
        LazyLock { initialisation: Initialisation::new(name), value: OnceLock::new(), init }
    }
}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    /// As [`std::sync::LazyLock::new`]; the trace calls it after what it holds: `LazyLock<Config>`.
    #[track_caller]
    pub const fn new(init: F) -> Self {
        LazyLock::of(Name::Type(|| format!("LazyLock<{}>", short_type_name::<T>())), init)
    }

    /// A value with a name for people.
    #[track_caller]
    pub const fn named(name: &'static str, init: F) -> Self {
        LazyLock::of(Name::Given(name), init)
    }

    /// As [`std::sync::LazyLock::force`].
    ///
    /// # Panics
    /// If the value's maker does, or did before.
    #[inline]
    #[track_caller]
    pub fn force(this: &Self) -> &T {
        let seen = Seen::here();
        if let Some(value) = this.value.get() {
            this.initialisation.passed(seen);
            return value;
        }
        let _attempt = this.initialisation.attempts(seen);
        let mut is_mine = false;
        let value = this.value.get_or_init(|| {
            is_mine = true;
            let init = this.init.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(init) = init else { panic!("LazyLock instance has previously been poisoned") };
            this.initialisation.run(seen, "poisoned", init)
        });
        if !is_mine {
            this.initialisation.passed(seen);
        }
        value
    }

    /// As [`std::sync::LazyLock::force_mut`].
    ///
    /// # Panics
    /// As [`LazyLock::force`].
    #[track_caller]
    pub fn force_mut(this: &mut Self) -> &mut T {
        LazyLock::force(this);
        this.value.get_mut().expect("it was forced")
    }
}

impl<T, F> LazyLock<T, F> {
    /// As [`std::sync::LazyLock::get`].
    #[inline]
    #[track_caller]
    pub fn get(this: &Self) -> Option<&T> {
        let value = this.value.get();
        if value.is_some() {
            this.initialisation.passed(Seen::here());
        }
        value
    }

    /// As [`std::sync::LazyLock::get_mut`].
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        this.value.get_mut()
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;
    #[inline]
    #[track_caller]
    fn deref(&self) -> &T {
        LazyLock::force(self)
    }
}

impl<T, F: FnOnce() -> T> DerefMut for LazyLock<T, F> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        LazyLock::force_mut(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    #[track_caller]
    fn default() -> Self {
        LazyLock::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = out.debug_tuple("LazyLock");
        match self.value.get() {
            Some(value) => tuple.field(value),
            None => tuple.field(&format_args!("<uninit>")),
        };
        tuple.finish()
    }
}
