//! Scoped threads: as [`std::thread::scope`], but the wait at a scope's end is recorded.

use std::fmt;
#[cfg(feature = "record")]
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::children::Children;
use super::{Builder, ScopedJoinHandle};
#[cfg(feature = "record")]
use crate::seen::Line;

/// As [`std::thread::Scope`].
#[repr(transparent)]
pub struct Scope<'scope, 'env: 'scope>(std::thread::Scope<'scope, 'env>);

/// As [`std::thread::scope`]. Each thread that has not ended when `run` has, is waited for and joined in the trace.
#[track_caller]
pub fn scope<'env, F, T>(run: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    #[cfg(feature = "record")]
    {
        let line = Line::here();
        std::thread::scope(|original| {
            let scope = Scope::of(original);
            let children = Children::register(scope.address());
            // As the original does: all threads are waited for even then.
            let result = catch_unwind(AssertUnwindSafe(|| run(scope)));
            children.join_all(line.seen());
            result.unwrap_or_else(|payload| resume_unwind(payload))
        })
    }
    #[cfg(not(feature = "record"))]
    std::thread::scope(|original| run(Scope::of(original)))
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// As [`std::thread::Scope::spawn`].
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, run: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, run).expect("failed to spawn thread")
    }

    fn of(original: &'scope std::thread::Scope<'scope, 'env>) -> &'scope Self {
        // SAFETY: `Scope` is nothing but the original, and laid out as it is.
        unsafe { &*std::ptr::from_ref(original).cast::<Scope<'scope, 'env>>() }
    }

    pub(super) fn original(&'scope self) -> &'scope std::thread::Scope<'scope, 'env> {
        &self.0
    }

    pub(super) fn children(&self) -> Option<Arc<Children>> {
        if cfg!(feature = "record") { Children::of(self.address()) } else { None }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
