//! An allocator that counts how many bytes are kept.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, counted.
struct Counting;

static KEPT: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many bytes are allocated now.
pub(crate) fn kept() -> usize {
    KEPT.load(Ordering::Relaxed)
}

// SAFETY: all is the system's allocator's; counting beside it changes nothing of what it gives and takes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        KEPT.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises on `layout` are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        KEPT.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `place` came from `alloc` above with this layout, and so from the system's allocator.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        KEPT.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        KEPT.fetch_add(size, Ordering::Relaxed);
        KEPT.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `place` is one of this allocator with this layout, and the caller answers for `size`.
        unsafe { System.realloc(place, layout, size) }
    }
}
