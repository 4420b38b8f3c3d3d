use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use super::Answer;

pin_project! {
    /// The response of a [`Guarded`](crate::Guarded) service: the inner one's, or a refusal.
    pub struct GuardFuture<F> {
        #[pin]
        stage: Stage<F>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        Passed { #[pin] inner: F },
        Refused { answer: Option<Box<Answer>> },
    }
}

impl<F> GuardFuture<F> {
    pub(super) const fn passed(inner: F) -> Self {
        Self { stage: Stage::Passed { inner } }
    }

    /// In a box, so that what passes is not the larger for it.
    pub(super) fn refused(answer: Answer) -> Self {
        Self { stage: Stage::Refused { answer: Some(Box::new(answer)) } }
    }
}

impl<F, B, E> Future for GuardFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: From<&'static str>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().stage.project() {
            StageProj::Passed { inner } => inner.poll(cx),
            StageProj::Refused { answer } => {
                let answer = answer.take().expect("a future is not polled again once it was ready");
                Poll::Ready(Ok(answer.into_response()))
            }
        }
    }
}

impl<F> fmt::Debug for GuardFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Passed { .. } => "passed",
            Stage::Refused { .. } => "refused",
        };
        write!(f, "GuardFuture({stage})")
    }
}
