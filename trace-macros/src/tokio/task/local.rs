//! Tasks that stay on one thread.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::tokio::runtime::Runtime;
use ::tokio::task::LocalEnterGuard;

use super::{JoinHandle, announced};

/// As [`tokio::task::spawn_local`](::tokio::task::spawn_local). In such a task the result of [`Peer::enter`](crate::Peer::enter)
/// may be held across an `await`: what the task has entered is its own.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let (future, child) = announced(future);
    JoinHandle::new(::tokio::task::spawn_local(future), child)
}

/// As [`tokio::task::LocalSet`](::tokio::task::LocalSet).
#[derive(Default)]
pub struct LocalSet {
    inner: ::tokio::task::LocalSet,
}

impl LocalSet {
    /// As [`LocalSet::new`](::tokio::task::LocalSet::new).
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`LocalSet::enter`](::tokio::task::LocalSet::enter).
    pub fn enter(&self) -> LocalEnterGuard {
        self.inner.enter()
    }

    /// As [`LocalSet::spawn_local`](::tokio::task::LocalSet::spawn_local).
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (future, child) = announced(future);
        JoinHandle::new(self.inner.spawn_local(future), child)
    }

    /// As [`LocalSet::block_on`](::tokio::task::LocalSet::block_on).
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        self.inner.block_on(runtime, future)
    }

    /// As [`LocalSet::run_until`](::tokio::task::LocalSet::run_until).
    pub fn run_until<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        self.inner.run_until(future)
    }

    pub(super) fn inner(&self) -> &::tokio::task::LocalSet {
        &self.inner
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.inner).poll(context)
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
