//! Futures that work in a peer's name, whatever thread polls them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::peer::Peer;
use crate::scope::Scopes;

impl Peer {
    /// The same future, working in the peer's name wherever and by whatever thread it is polled or dropped. This is what
    /// [`Peer::enter`] is for code that does not await: its result must not be held across an `await` of a future that moves
    /// between threads, and the compiler says so.
    ///
    /// ```
    /// # async fn serve() {}
    /// # async fn example() {
    /// let peer = peerscope::Peer::new(0);
    /// peer.instrument(serve()).await;
    /// # }
    /// ```
    pub fn instrument<F: Future>(&self, future: F) -> InPeer<F> {
        InPeer { inner: Some(future), scopes: Scopes::of(self.scope()) }
    }
}

pin_project! {
    /// See [`Peer::instrument`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct InPeer<F> {
        // `None` once it was dropped, which must happen in the peer's name as well.
        #[pin]
        inner: Option<F>,
        scopes: Scopes,
    }

    impl<F> PinnedDrop for InPeer<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.scopes.within(|| this.inner.set(None));
        }
    }
}

impl<F: Future> Future for InPeer<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let inner = this.inner.as_pin_mut().expect("it is there until this is dropped");
        this.scopes.within(|| inner.poll(context))
    }
}
