//! The tracked semaphore.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use ::tokio::sync::{AcquireError, TryAcquireError};

use super::super::owned::{Owned, borrow_from};
use super::super::wait::watch;
use super::lock::check_may_block;
use super::permits::{Permits, Taken, Taking};
use crate::identity::Name;
use crate::seen::Seen;

/// As [`tokio::sync::Semaphore`](::tokio::sync::Semaphore), tracked.
pub struct Semaphore {
    permits: Permits,
    inner: ::tokio::sync::Semaphore,
}

impl Semaphore {
    /// As [`Semaphore::MAX_PERMITS`](::tokio::sync::Semaphore::MAX_PERMITS).
    pub const MAX_PERMITS: usize = ::tokio::sync::Semaphore::MAX_PERMITS;

    /// As [`Semaphore::new`](::tokio::sync::Semaphore::new).
    ///
    /// # Panics
    /// If these are more than [`Semaphore::MAX_PERMITS`].
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Self::const_new(permits)
    }

    /// As [`Semaphore::const_new`](::tokio::sync::Semaphore::const_new).
    ///
    /// # Panics
    /// If these are more than [`Semaphore::MAX_PERMITS`].
    #[track_caller]
    pub const fn const_new(permits: usize) -> Self {
        Self::named("Semaphore", permits)
    }

    /// A semaphore with a name for people.
    ///
    /// # Panics
    /// If these are more than [`Semaphore::MAX_PERMITS`].
    #[track_caller]
    pub const fn named(name: &'static str, permits: usize) -> Self {
        let inner = ::tokio::sync::Semaphore::const_new(permits);
        Semaphore { permits: Permits::new(Name::Given(name), permits), inner }
    }

    /// As [`Semaphore::available_permits`](::tokio::sync::Semaphore::available_permits).
    pub fn available_permits(&self) -> usize {
        self.inner.available_permits()
    }

    /// As [`Semaphore::add_permits`](::tokio::sync::Semaphore::add_permits).
    ///
    /// # Panics
    /// If there were more than [`Semaphore::MAX_PERMITS`] then.
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        // First, so that whoever takes them takes what was given.
        if let Some(seen) = Seen::here() {
            self.permits.released(seen, n);
        }
        self.inner.add_permits(n);
    }

    /// As [`Semaphore::forget_permits`](::tokio::sync::Semaphore::forget_permits): takes them for ever.
    #[track_caller]
    pub fn forget_permits(&self, n: usize) -> usize {
        let seen = Seen::here();
        let forgotten = self.inner.forget_permits(n);
        if let Some(seen) = seen {
            self.permits.acquired(seen, forgotten);
        }
        forgotten
    }

    /// As [`Semaphore::acquire`](::tokio::sync::Semaphore::acquire).
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_at(Seen::here(), 1)
    }

    /// As [`Semaphore::acquire_many`](::tokio::sync::Semaphore::acquire_many).
    #[track_caller]
    pub fn acquire_many(&self, n: u32) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        self.acquire_at(Seen::here(), n)
    }

    /// As [`Semaphore::acquire_owned`](::tokio::sync::Semaphore::acquire_owned).
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        self.acquire_many_owned(1)
    }

    /// As [`Semaphore::acquire_many_owned`](::tokio::sync::Semaphore::acquire_many_owned).
    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> {
        let seen = Seen::here();
        async move {
            // SAFETY: the permit goes into the `Owned` of the same owner; should the future be dropped, the owner goes last.
            let permit = unsafe { borrow_from(&self) }.acquire_at(seen, n).await?;
            Ok(OwnedSemaphorePermit(Owned::new(permit, self)))
        }
    }

    /// As [`Semaphore::try_acquire`](::tokio::sync::Semaphore::try_acquire).
    ///
    /// # Errors
    /// If no permit is left, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// As [`Semaphore::try_acquire_many`](::tokio::sync::Semaphore::try_acquire_many).
    ///
    /// # Errors
    /// If so many permits are not left, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        let seen = Seen::here();
        match self.inner.try_acquire_many(n) {
            Ok(inner) => Ok(self.hold(inner, n, seen)),
            Err(error) => {
                if let Some(seen) = seen {
                    let outcome = if error == TryAcquireError::Closed { "closed" } else { "busy" };
                    self.permits.refused(seen, n as usize, outcome);
                }
                Err(error)
            }
        }
    }

    /// As [`Semaphore::try_acquire_owned`](::tokio::sync::Semaphore::try_acquire_owned).
    ///
    /// # Errors
    /// If no permit is left, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As [`Semaphore::try_acquire_many_owned`](::tokio::sync::Semaphore::try_acquire_many_owned).
    ///
    /// # Errors
    /// If so many permits are not left, or the semaphore is closed.
    #[track_caller]
    pub fn try_acquire_many_owned(self: Arc<Self>, n: u32) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        // SAFETY: the permit goes into the `Owned` of the same owner.
        let permit = unsafe { borrow_from(&self) }.try_acquire_many(n)?;
        Ok(OwnedSemaphorePermit(Owned::new(permit, self)))
    }

    /// As [`Semaphore::blocking_acquire`](::tokio::sync::Semaphore::blocking_acquire).
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.blocking_acquire_many(1)
    }

    /// As [`Semaphore::blocking_acquire_many`](::tokio::sync::Semaphore::blocking_acquire_many).
    ///
    /// # Errors
    /// If the semaphore is closed.
    ///
    /// # Panics
    /// In an async task.
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        let Some(seen) = Seen::here() else {
            return self.inner.blocking_acquire_many(n).map(|inner| self.hold(inner, n, None));
        };
        check_may_block();
        let result = self.inner.try_acquire_many(n).or_else(|_| {
            self.permits.waits(seen, n as usize);
            self.inner.blocking_acquire_many(n)
        });
        match result {
            Ok(inner) => Ok(self.hold(inner, n, Some(seen))),
            Err(error) => {
                self.permits.refused(seen, n as usize, "closed");
                Err(error)
            }
        }
    }

    /// As [`Semaphore::close`](::tokio::sync::Semaphore::close).
    pub fn close(&self) {
        self.inner.close();
    }

    /// As [`Semaphore::is_closed`](::tokio::sync::Semaphore::is_closed).
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    fn acquire_at(
        &self,
        seen: Option<Seen>,
        n: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> {
        let taking = Taking { permits: &self.permits, n: n as usize };
        watch(seen, self.inner.acquire_many(n), taking, move |_, seen, result| match result {
            Ok(inner) => Ok(self.hold(inner, n, seen)),
            Err(error) => {
                if let Some(seen) = seen {
                    self.permits.refused(seen, n as usize, "closed");
                }
                Err(error)
            }
        })
    }

    fn hold<'a>(
        &'a self,
        inner: ::tokio::sync::SemaphorePermit<'a>,
        n: u32,
        seen: Option<Seen>,
    ) -> SemaphorePermit<'a> {
        SemaphorePermit { taken: Taken::new(&self.permits, n as usize, seen), inner, semaphore: self }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`tokio::sync::SemaphorePermit`](::tokio::sync::SemaphorePermit). That it is given back is recorded before others can
/// take it, with the line that acquired it.
#[must_use = "if unused the permit is given back at once"]
pub struct SemaphorePermit<'a> {
    // First, so that it has recorded the release before others can take the permits.
    taken: Taken<'a>,
    inner: ::tokio::sync::SemaphorePermit<'a>,
    semaphore: &'a Semaphore,
}

impl<'a> SemaphorePermit<'a> {
    /// As [`SemaphorePermit::forget`](::tokio::sync::SemaphorePermit::forget).
    pub fn forget(self) {
        self.taken.forget();
        self.inner.forget();
    }

    /// As [`SemaphorePermit::merge`](::tokio::sync::SemaphorePermit::merge).
    ///
    /// # Panics
    /// If they are of different semaphores.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        let SemaphorePermit { taken, inner, .. } = other;
        self.inner.merge(inner);
        self.taken.merge(taken);
    }

    /// As [`SemaphorePermit::split`](::tokio::sync::SemaphorePermit::split).
    pub fn split(&mut self, n: usize) -> Option<Self> {
        let inner = self.inner.split(n)?;
        Some(SemaphorePermit { taken: self.taken.split(n), inner, semaphore: self.semaphore })
    }

    /// As [`SemaphorePermit::semaphore`](::tokio::sync::SemaphorePermit::semaphore).
    pub fn semaphore(&self) -> &'a Semaphore {
        self.semaphore
    }

    /// As [`SemaphorePermit::num_permits`](::tokio::sync::SemaphorePermit::num_permits).
    pub fn num_permits(&self) -> usize {
        self.inner.num_permits()
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

/// As [`tokio::sync::OwnedSemaphorePermit`](::tokio::sync::OwnedSemaphorePermit); see [`SemaphorePermit`].
#[derive(Debug)]
#[must_use = "if unused the permit is given back at once"]
pub struct OwnedSemaphorePermit(Owned<SemaphorePermit<'static>, Semaphore>);

impl OwnedSemaphorePermit {
    /// As [`OwnedSemaphorePermit::forget`](::tokio::sync::OwnedSemaphorePermit::forget).
    pub fn forget(self) {
        let (permit, _owner) = self.0.into_parts();
        permit.forget();
    }

    /// As [`OwnedSemaphorePermit::merge`](::tokio::sync::OwnedSemaphorePermit::merge).
    ///
    /// # Panics
    /// If they are of different semaphores.
    #[track_caller]
    pub fn merge(&mut self, other: Self) {
        let (permit, _owner) = other.0.into_parts();
        self.0.guard_mut().merge(permit);
    }

    /// As [`OwnedSemaphorePermit::split`](::tokio::sync::OwnedSemaphorePermit::split).
    pub fn split(&mut self, n: usize) -> Option<Self> {
        let part = self.0.guard_mut().split(n)?;
        Some(OwnedSemaphorePermit(Owned::new(part, self.0.owner().clone())))
    }

    /// As [`OwnedSemaphorePermit::semaphore`](::tokio::sync::OwnedSemaphorePermit::semaphore).
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        self.0.owner()
    }

    /// As [`OwnedSemaphorePermit::num_permits`](::tokio::sync::OwnedSemaphorePermit::num_permits).
    pub fn num_permits(&self) -> usize {
        self.0.guard().num_permits()
    }
}
