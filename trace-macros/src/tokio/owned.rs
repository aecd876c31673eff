//! Guards together with what they borrow from: what the originals' `lock_owned` and the like give.

use std::fmt;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// What `owner` holds, as long as whoever has the result also has `owner`.
///
/// # Safety
/// The result, and what borrows from it, goes no farther than into an [`Owned`] of the same owner, or ends before `owner`.
pub(super) unsafe fn borrow_from<O: ?Sized + 'static>(owner: &Arc<O>) -> &'static O {
    // SAFETY: an `Arc` does not move what it holds, and keeps it as long as the caller has promised.
    unsafe { &*Arc::as_ptr(owner) }
}

/// A guard that borrows from what `owner` keeps alive.
pub(super) struct Owned<G, O: ?Sized> {
    /// Always there. In a `MaybeUninit` since it holds references that end within the call that drops it, while the compiler
    /// takes a plain reference in an argument to be good for the whole call.
    guard: MaybeUninit<G>,
    owner: ManuallyDrop<Arc<O>>,
}

impl<G, O: ?Sized> Owned<G, O> {
    /// Keeps `guard`, which borrows from `owner`.
    pub(super) fn new(guard: G, owner: Arc<O>) -> Self {
        Owned { guard: MaybeUninit::new(guard), owner: ManuallyDrop::new(owner) }
    }

    pub(super) fn guard(&self) -> &G {
        // SAFETY: it is there until this is dropped or taken apart.
        unsafe { self.guard.assume_init_ref() }
    }

    pub(super) fn guard_mut(&mut self) -> &mut G {
        // SAFETY: as above.
        unsafe { self.guard.assume_init_mut() }
    }

    pub(super) fn owner(&self) -> &Arc<O> {
        &self.owner
    }

    /// Another guard of the same owner in the place of this one; the guard must not leave `change` in another way.
    pub(super) fn map<H>(self, change: impl FnOnce(G) -> H) -> Owned<H, O> {
        let (guard, owner) = self.into_parts();
        Owned::new(change(guard), owner)
    }

    /// As [`Owned::map`], where the change may fail.
    pub(super) fn try_map<H, I>(self, change: impl FnOnce(G) -> Result<H, I>) -> Result<Owned<H, O>, Owned<I, O>> {
        let (guard, owner) = self.into_parts();
        match change(guard) {
            Ok(guard) => Ok(Owned::new(guard, owner)),
            Err(guard) => Err(Owned::new(guard, owner)),
        }
    }

    /// The guard, which must go into another `Owned` of the same owner or end before it; and the owner.
    pub(super) fn into_parts(self) -> (G, Arc<O>) {
        let mut whole = ManuallyDrop::new(self);
        // SAFETY: both are there, and nobody asks `whole` for them again.
        unsafe { (whole.guard.assume_init_read(), ManuallyDrop::take(&mut whole.owner)) }
    }
}

impl<G, O: ?Sized> Drop for Owned<G, O> {
    fn drop(&mut self) {
        // SAFETY: both are there, and this is the last that is done with them; the guard ends before what it borrows from.
        unsafe {
            self.guard.assume_init_drop();
            ManuallyDrop::drop(&mut self.owner);
        }
    }
}

impl<G: Deref, O: ?Sized> Deref for Owned<G, O> {
    type Target = G::Target;
    fn deref(&self) -> &G::Target {
        self.guard()
    }
}

impl<G: DerefMut, O: ?Sized> DerefMut for Owned<G, O> {
    fn deref_mut(&mut self) -> &mut G::Target {
        self.guard_mut()
    }
}

impl<G: fmt::Debug, O: ?Sized> fmt::Debug for Owned<G, O> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard().fmt(out)
    }
}
