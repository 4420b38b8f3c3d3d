use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{runtime::Handle, time::Sleep};

use crate::store::{Command, StoreError, StoreErrorKind};

/// A store command that fails when it takes too long. The timer is made only if the command does
/// not answer at once, as one on a store in memory does. Outside a Tokio runtime there is no timer.
pub(crate) struct Deadline<'a, T> {
    command: Command<'a, T>,
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<'a, T> Deadline<'a, T> {
    pub(super) const fn new(command: Command<'a, T>, limit: Duration) -> Self {
        Self { command, limit, timer: None }
    }
}

impl<T> Future for Deadline<'_, T> {
    type Output = Result<T, StoreError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Poll::Ready(answer) = this.command.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        if this.timer.is_none() && Handle::try_current().is_ok() {
            this.timer = Some(Box::pin(tokio::time::sleep(this.limit)));
        }
        match &mut this.timer {
            Some(timer) => timer.as_mut().poll(cx).map(|()| Err(StoreError::of(StoreErrorKind::Timeout))),
            None => Poll::Pending,
        }
    }
}
