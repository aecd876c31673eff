//! Futures of the original that are watched: what they wait for, and how that ends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::seen::Seen;

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
    Watched { begun: Begun { wait: Some(wait), seen, waits: false }, end: Some(end), inner: future }
}

/// A wait, from its begin until its end is known.
struct Begun<W: Wait> {
    wait: Option<W>,
    seen: Option<Seen>,
    waits: bool,
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
        let Begun { wait, seen, waits } = this.begun;
        let polled = this.inner.poll(context);
        if polled.is_pending()
            && let (Some(wait), Some(seen), false) = (&*wait, *seen, *waits)
        {
            *waits = true;
            wait.begins(seen);
        }
        let got = ready!(polled);
        let wait = wait.take().expect("a future is not polled after its end");
        let end = this.end.take().expect("it was there with the wait");
        Poll::Ready(end(wait, *seen, got))
    }
}
