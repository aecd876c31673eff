//! How threads are spawned.

use std::io;

use super::child::Child;
use super::{JoinHandle, Scope, ScopedJoinHandle};
use crate::seen::Seen;

/// As [`std::thread::Builder`].
#[derive(Debug)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    inner: std::thread::Builder,
    /// The original does not give it back.
    name: Option<String>,
}

impl Builder {
    /// As [`std::thread::Builder::new`].
    #[expect(clippy::new_without_default, reason = "the original has none either")]
    pub fn new() -> Self {
        Builder { inner: std::thread::Builder::new(), name: None }
    }

    /// As [`std::thread::Builder::name`]; the trace calls the task so.
    pub fn name(self, name: String) -> Self {
        let kept = cfg!(feature = "record").then(|| name.clone());
        Builder { inner: self.inner.name(name), name: kept }
    }

    /// As [`std::thread::Builder::stack_size`].
    pub fn stack_size(self, bytes: usize) -> Self {
        Builder { inner: self.inner.stack_size(bytes), name: self.name }
    }

    /// As [`std::thread::Builder::spawn`].
    ///
    /// # Errors
    /// If the operating system cannot start a thread; then no task began.
    #[track_caller]
    pub fn spawn<F, T>(self, run: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (child, run) = Child::announce(Seen::here(), self.name, None, run);
        Ok(JoinHandle { inner: self.inner.spawn(run)?, child })
    }

    /// As [`std::thread::Builder::spawn_scoped`].
    ///
    /// # Errors
    /// If the operating system cannot start a thread; then no task began.
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        run: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (child, run) = Child::announce(Seen::here(), self.name, scope.children(), run);
        match self.inner.spawn_scoped(scope.original(), run) {
            Ok(inner) => Ok(ScopedJoinHandle { inner, child }),
            Err(error) => {
                child.settle();
                Err(error)
            }
        }
    }
}
