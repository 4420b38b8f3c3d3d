//! Work that goes on when nobody waits for it any more.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{runtime::Handle, time::timeout};

/// A future that, once begun, comes to its end even if it is dropped: then as a task of its own.
///
/// A connection that is left in the middle of an answer, or of a transaction, is of no use to whoever
/// gets it next; and closing it for each client that hangs up would be dear.
pub(super) fn to_the_end<F>(work: F) -> impl Future<Output = F::Output> + Send
where
    F: Future<Output: Send> + Send + 'static,
{
    ToTheEnd { work: Some(Box::pin(work)), begun: false }
}

struct ToTheEnd<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    work: Option<Pin<Box<F>>>,
    begun: bool,
}

impl<F> Future for ToTheEnd<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.begun = true;
        // A future is not polled again when it has answered.
        let Some(work) = &mut self.work else { return Poll::Pending };
        let answer = work.as_mut().poll(context);
        if answer.is_ready() {
            self.work = None;
        }
        answer
    }
}

impl<F> Drop for ToTheEnd<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        let Some(work) = self.work.take().filter(|_| self.begun) else { return };
        // Where the runtime has gone, so have its connections.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(PATIENCE, work));
        }
    }
}

/// A server that takes longer has lost its connection as well.
const PATIENCE: Duration = Duration::from_secs(5);
