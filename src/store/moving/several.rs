//! Several futures at once, without a task of their own: dropped together, they are dropped where they stand.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// The futures under way.
pub(super) struct Several<F> {
    running: Vec<Pin<Box<F>>>,
}

impl<F: Future> Several<F> {
    pub(super) const fn new() -> Self {
        Self { running: Vec::new() }
    }

    pub(super) fn add(&mut self, future: F) {
        self.running.push(Box::pin(future));
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// The outcome of the first that is done; `None` if none is under way.
    pub(super) async fn next(&mut self) -> Option<F::Output> {
        if self.running.is_empty() {
            return None;
        }
        let outcome = poll_fn(|context| {
            let done =
                self.running.iter_mut().enumerate().find_map(|(at, future)| match future.as_mut().poll(context) {
                    Poll::Ready(outcome) => Some((at, outcome)),
                    Poll::Pending => None,
                });
            match done {
                Some((at, outcome)) => {
                    drop(self.running.swap_remove(at));
                    Poll::Ready(outcome)
                }
                None => Poll::Pending,
            }
        });
        Some(outcome.await)
    }
}
