//! What is left of a thread for those who wait for its end.

use std::fmt;
use std::thread::{Result, Thread};

use super::child::Child;
use crate::seen::Seen;

/// As [`std::thread::JoinHandle`]: to wait for the thread's end.
pub struct JoinHandle<T> {
    pub(super) inner: std::thread::JoinHandle<T>,
    pub(super) child: Child,
}

impl<T> JoinHandle<T> {
    /// As [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    /// If the thread panicked: with what it panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.child.join(Seen::here(), || self.inner.join())
    }

    /// As [`std::thread::JoinHandle::thread`].
    pub fn thread(&self) -> &Thread {
        self.inner.thread()
    }

    /// As [`std::thread::JoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// The original handle; whoever joins it does so unseen.
    pub fn into_inner(self) -> std::thread::JoinHandle<T> {
        self.inner
    }
}

impl<T> From<JoinHandle<T>> for std::thread::JoinHandle<T> {
    fn from(handle: JoinHandle<T>) -> Self {
        handle.inner
    }
}

/// For a thread that another library spawned; its join is not recorded, since nobody knows what task it is.
impl<T> From<std::thread::JoinHandle<T>> for JoinHandle<T> {
    fn from(inner: std::thread::JoinHandle<T>) -> Self {
        JoinHandle { inner, child: Child::UNSEEN }
    }
}

#[cfg(unix)]
impl<T> std::os::unix::thread::JoinHandleExt for JoinHandle<T> {
    fn as_pthread_t(&self) -> std::os::unix::thread::RawPthread {
        self.inner.as_pthread_t()
    }

    fn into_pthread_t(self) -> std::os::unix::thread::RawPthread {
        self.inner.into_pthread_t()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T> {
    pub(super) inner: std::thread::ScopedJoinHandle<'scope, T>,
    pub(super) child: Child,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// As [`std::thread::ScopedJoinHandle::join`].
    ///
    /// # Errors
    /// If the thread panicked: with what it panicked.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        self.child.join(Seen::here(), || self.inner.join())
    }

    /// As [`std::thread::ScopedJoinHandle::thread`].
    pub fn thread(&self) -> &Thread {
        self.inner.thread()
    }

    /// As [`std::thread::ScopedJoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}
