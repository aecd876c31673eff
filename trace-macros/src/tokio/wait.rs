//! Futures of the original that are watched: what they wait for, and how that ends.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::seen::Seen;

/// Whether a future that was just found pending has not even asked for what it wants: tokio lets a task go on only so
/// long, then all that it awaits pends once, for others to have their turn.
pub(super) fn only_yields() -> bool {
    !::tokio::task::coop::has_budget_remaining()
}

/// The line of the `await` that polls a future from `caller`; or `made`, where the future was made, if it is a combinator of
/// a library that polls it (`&mut future`, `join_all`): its line says nothing.
pub(super) fn awaited_at(
    caller: &'static Location<'static>,
    made: &'static Location<'static>,
) -> &'static Location<'static> {
    let file = caller.file();
    let of_library = file.ends_with("core/src/future/future.rs") || file.contains("/registry/src/");
    if of_library { made } else { caller }
}

/// What a future may have to wait for.
pub(super) trait Wait {
    /// The future was found pending for the first time.
    fn begins(&self, seen: Seen);

    /// It was dropped while it waited.
    fn is_cancelled(&self, seen: Seen);
}

/// Watches `future`, an operation that began as `seen`. When it is ready, `end` records what came of it and makes the tracked
/// form of it; whether it had to wait makes no difference to that.
pub(super) fn watch<F, W, E, T>(seen: Option<Seen>, future: F, wait: W, end: E) -> Watched<F, W, E>
where
    F: Future,
    W: Wait,
    E: FnOnce(W, Option<Seen>, F::Output) -> T,
{
    Watched { begun: Begun::new(seen, wait), end: Some(end), inner: future }
}

/// A wait, from its begin until its end is known.
#[derive(Debug)]
pub(super) struct Begun<W: Wait> {
    wait: Option<W>,
    seen: Option<Seen>,
    waits: bool,
}

impl<W: Wait> Begun<W> {
    /// An operation that began as `seen` and may have to wait.
    pub(super) fn new(seen: Option<Seen>, wait: W) -> Self {
        Begun { wait: Some(wait), seen, waits: false }
    }

    /// Its future was polled. If it is ready for the first time: what it waited for, by whom it is recorded, and whether it
    /// had to wait.
    #[inline]
    pub(super) fn saw(&mut self, is_ready: bool) -> Option<(W, Option<Seen>, bool)> {
        if is_ready {
            return self.wait.take().map(|wait| (wait, self.seen, self.waits));
        }
        if let (Some(wait), Some(seen), false) = (&self.wait, self.seen, self.waits)
            && !only_yields()
        {
            self.waits = true;
            wait.begins(seen);
        }
        None
    }
}

impl<W: Wait> Drop for Begun<W> {
    fn drop(&mut self) {
        if let (Some(wait), Some(seen), true) = (&self.wait, self.seen, self.waits) {
            wait.is_cancelled(seen);
        }
    }
}

pin_project! {
    /// A watched future.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub(super) struct Watched<F, W: Wait, E> {
        // First: it says that it gives up before the original leaves the queue in which it stands.
        begun: Begun<W>,
        end: Option<E>,
        #[pin]
        inner: F,
    }
}

impl<F, W, E, T> Future for Watched<F, W, E>
where
    F: Future,
    W: Wait,
    E: FnOnce(W, Option<Seen>, F::Output) -> T,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = self.project();
        let polled = this.inner.poll(context);
        let ended = this.begun.saw(polled.is_ready());
        let got = ready!(polled);
        let (wait, seen, _) = ended.expect("a future is not polled after its end");
        let end = this.end.take().expect("it was there with the wait");
        Poll::Ready(end(wait, seen, got))
    }
}
