//! Counting what is allocated.
//!
//! A module of its own, because the crates for it count always: that would charge those contenders
//! more time that allocate more. This one, while it does not count, costs one predictable branch.

#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

/// What some piece of work did to the heap.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    /// How often it allocated or reallocated.
    pub allocations: u64,
    /// How many bytes it asked for.
    pub bytes: u64,
    /// By how many bytes the heap has grown since the work began.
    pub live: i64,
}

/// Does some work and says what it did to the heap. Works must neither nest nor overlap.
pub async fn tally<W: Future>(work: W) -> (W::Output, Tally) {
    for counter in [&ALLOCATIONS, &ALLOCATED, &FREED] {
        counter.store(0, Relaxed);
    }
    COUNTING.store(true, Relaxed);
    let output = work.await;
    COUNTING.store(false, Relaxed);
    let (bytes, freed) = (ALLOCATED.load(Relaxed), FREED.load(Relaxed));
    let live = bytes.cast_signed() - freed.cast_signed();
    (output, Tally { allocations: ALLOCATIONS.load(Relaxed), bytes, live })
}

/// The system's allocator, with counters.
pub struct CountingHeap;

// SAFETY: every call is handed on to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for CountingHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[inline]
fn count(allocated: usize, freed: usize) {
    if COUNTING.load(Relaxed) {
        ALLOCATIONS.fetch_add(u64::from(allocated > 0), Relaxed);
        ALLOCATED.fetch_add(allocated as u64, Relaxed);
        FREED.fetch_add(freed as u64, Relaxed);
    }
}
