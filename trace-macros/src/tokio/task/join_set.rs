//! Waiting for several tasks, in the order in which they end.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::task::{Context, Poll};

use ::tokio::runtime::Handle;
use ::tokio::task::{AbortHandle, Id, JoinError};

use super::super::wait::only_yields;
use super::join_handle::{has_joined, joins};
use super::{LocalSet, announced, announced_blocking};
use crate::seen::Seen;

/// With more tasks than these, the trace does not name those that a wait is for: it is over when any of them ends, so
/// that each of them would have to be named at each wait.
const MOST_NAMED: usize = 8;

/// As [`tokio::task::JoinSet`](::tokio::task::JoinSet).
///
/// Differences: `build_task` is missing, which is unstable in tokio.
pub struct JoinSet<T> {
    inner: ::tokio::task::JoinSet<T>,
    /// The trace's ids of those that were not joined, by tokio's. Empty if nothing is recorded.
    children: BTreeMap<Id, u64>,
}

impl<T> JoinSet<T> {
    /// As [`JoinSet::new`](::tokio::task::JoinSet::new).
    pub fn new() -> Self {
        JoinSet { inner: ::tokio::task::JoinSet::new(), children: BTreeMap::new() }
    }

    /// As [`JoinSet::len`](::tokio::task::JoinSet::len).
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// As [`JoinSet::is_empty`](::tokio::task::JoinSet::is_empty).
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// As [`JoinSet::spawn`](::tokio::task::JoinSet::spawn).
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (future, child) = announced(future);
        let handle = self.inner.spawn(future);
        self.remember(handle, child)
    }

    /// As [`JoinSet::spawn_on`](::tokio::task::JoinSet::spawn_on).
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, runtime: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (future, child) = announced(future);
        let handle = self.inner.spawn_on(future, runtime);
        self.remember(handle, child)
    }

    /// As [`JoinSet::spawn_local`](::tokio::task::JoinSet::spawn_local).
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let (future, child) = announced(future);
        let handle = self.inner.spawn_local(future);
        self.remember(handle, child)
    }

    /// As [`JoinSet::spawn_local_on`](::tokio::task::JoinSet::spawn_local_on).
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let (future, child) = announced(future);
        let handle = self.inner.spawn_local_on(future, local_set.inner());
        self.remember(handle, child)
    }

    /// As [`JoinSet::spawn_blocking`](::tokio::task::JoinSet::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, run: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (run, child) = announced_blocking(run);
        let handle = self.inner.spawn_blocking(|| run.run());
        self.remember(handle, child)
    }

    /// As [`JoinSet::spawn_blocking_on`](::tokio::task::JoinSet::spawn_blocking_on).
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, run: F, runtime: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (run, child) = announced_blocking(run);
        let handle = self.inner.spawn_blocking_on(|| run.run(), runtime);
        self.remember(handle, child)
    }

    /// As [`JoinSet::join_next`](::tokio::task::JoinSet::join_next).
    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> {
        let seen = Seen::here();
        poll_fn(move |context| self.poll_next(seen, context).map(without_id))
    }

    /// As [`JoinSet::join_next_with_id`](::tokio::task::JoinSet::join_next_with_id).
    #[track_caller]
    pub fn join_next_with_id(&mut self) -> impl Future<Output = Option<Result<(Id, T), JoinError>>> {
        let seen = Seen::here();
        poll_fn(move |context| self.poll_next(seen, context))
    }

    /// As [`JoinSet::try_join_next`](::tokio::task::JoinSet::try_join_next).
    #[track_caller]
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        without_id(self.try_join_next_with_id())
    }

    /// As [`JoinSet::try_join_next_with_id`](::tokio::task::JoinSet::try_join_next_with_id).
    #[track_caller]
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let joined = self.inner.try_join_next_with_id();
        self.has_joined(Seen::here(), joined.as_ref());
        joined
    }

    /// As [`JoinSet::poll_join_next`](::tokio::task::JoinSet::poll_join_next).
    #[track_caller]
    pub fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_next(Seen::here(), context).map(without_id)
    }

    /// As [`JoinSet::poll_join_next_with_id`](::tokio::task::JoinSet::poll_join_next_with_id).
    #[track_caller]
    pub fn poll_join_next_with_id(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(Id, T), JoinError>>> {
        self.poll_next(Seen::here(), context)
    }

    /// As [`JoinSet::shutdown`](::tokio::task::JoinSet::shutdown).
    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> {
        let seen = Seen::here();
        let mut aborted = false;
        poll_fn(move |context| {
            if !std::mem::replace(&mut aborted, true) {
                self.abort_all();
            }
            loop {
                match self.poll_next(seen, context) {
                    Poll::Ready(Some(_)) => {}
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
    }

    /// As [`JoinSet::join_all`](::tokio::task::JoinSet::join_all).
    ///
    /// # Panics
    /// If a task panicked or was cancelled.
    #[track_caller]
    pub fn join_all(mut self) -> impl Future<Output = Vec<T>> {
        let seen = Seen::here();
        async move {
            let mut all = Vec::with_capacity(self.len());
            while let Some(joined) = poll_fn(|context| self.poll_next(seen, context).map(without_id)).await {
                match joined {
                    Ok(value) => all.push(value),
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(error) => panic!("{error}"),
                }
            }
            all
        }
    }

    /// As [`JoinSet::abort_all`](::tokio::task::JoinSet::abort_all).
    pub fn abort_all(&mut self) {
        self.inner.abort_all();
    }

    /// As [`JoinSet::detach_all`](::tokio::task::JoinSet::detach_all).
    pub fn detach_all(&mut self) {
        self.children.clear();
        self.inner.detach_all();
    }

    fn remember(&mut self, handle: AbortHandle, child: u64) -> AbortHandle {
        if child != 0 {
            self.children.insert(handle.id(), child);
        }
        handle
    }

    fn poll_next(&mut self, seen: Option<Seen>, context: &mut Context<'_>) -> Poll<Option<Result<(Id, T), JoinError>>> {
        let polled = self.inner.poll_join_next_with_id(context);
        match (&polled, seen) {
            (Poll::Ready(joined), _) => self.has_joined(seen, joined.as_ref()),
            (Poll::Pending, Some(seen)) if self.children.len() <= MOST_NAMED && !only_yields() => {
                self.children.values().for_each(|child| joins(seen, *child));
            }
            (Poll::Pending, _) => {}
        }
        polled
    }

    fn has_joined(&mut self, seen: Option<Seen>, joined: Option<&Result<(Id, T), JoinError>>) {
        let id = joined.map(|joined| joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id));
        if let (Some(child), Some(seen)) = (id.and_then(|id| self.children.remove(&id)), seen) {
            has_joined(seen, child);
        }
    }
}

fn without_id<T>(joined: Option<Result<(Id, T), JoinError>>) -> Option<Result<T, JoinError>> {
    joined.map(|joined| joined.map(|(_, value)| value))
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        futures.into_iter().for_each(|future| drop(self.spawn(future)));
    }
}
