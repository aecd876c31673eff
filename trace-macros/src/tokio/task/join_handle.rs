//! Waiting for one task.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::tokio::task::{AbortHandle, Id, JoinError};
use peerscope_format::vocabulary::Kind;

use super::super::wait::{awaited_at, only_yields};
use crate::seen::Seen;
use crate::site::Site;

/// As [`tokio::task::JoinHandle`](::tokio::task::JoinHandle). The wait for the task's end carries the line of the `await`; within a
/// combinator, as `join_all` of another crate, that of the spawn.
///
/// Whoever awaits `&mut handle` may stop to do so unseen. So the wait is recorded at each poll that finds the task at
/// work, and is known to last until the next one.
pub struct JoinHandle<T> {
    /// 0 if nothing was recorded when it was spawned.
    child: u64,
    spawned_at: &'static Location<'static>,
    inner: ::tokio::task::JoinHandle<T>,
}

impl<T> JoinHandle<T> {
    #[track_caller]
    pub(super) fn new(inner: ::tokio::task::JoinHandle<T>, child: u64) -> Self {
        JoinHandle { child, spawned_at: Location::caller(), inner }
    }

    /// As [`JoinHandle::abort`](::tokio::task::JoinHandle::abort).
    pub fn abort(&self) {
        self.inner.abort();
    }

    /// As [`JoinHandle::is_finished`](::tokio::task::JoinHandle::is_finished).
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// As [`JoinHandle::abort_handle`](::tokio::task::JoinHandle::abort_handle).
    pub fn abort_handle(&self) -> AbortHandle {
        self.inner.abort_handle()
    }

    /// As [`JoinHandle::id`](::tokio::task::JoinHandle::id): tokio's id, which is not the trace's.
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// The original handle; whoever awaits it does so unseen.
    pub fn into_inner(self) -> ::tokio::task::JoinHandle<T> {
        self.inner
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let seen = Seen::at(awaited_at(Location::caller(), self.spawned_at));
        let polled = Pin::new(&mut self.inner).poll(context);
        if let Some(seen) = seen {
            match &polled {
                Poll::Pending if only_yields() => {}
                Poll::Pending => joins(seen, self.child),
                Poll::Ready(_) => has_joined(seen, self.child),
            }
        }
        polled
    }
}

impl<T: fmt::Debug> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// The current task waits for the end of `child`; 0 is nobody's.
pub(super) fn joins(seen: Seen, child: u64) {
    static JOIN: Site = Site::primitive(Kind::TaskJoin, &["child"]);
    if child != 0 {
        seen.record(&JOIN, &(child,));
    }
}

/// It has seen that end.
pub(super) fn has_joined(seen: Seen, child: u64) {
    static JOINED: Site = Site::primitive(Kind::TaskJoined, &["child"]);
    if child != 0 {
        seen.record(&JOINED, &(child,));
    }
}
