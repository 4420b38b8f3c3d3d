//! Many tasks at once, and futures that are dropped half-way.

use std::{
    future::{Future, poll_fn},
    ops::RangeInclusive,
    panic::resume_unwind,
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{
    sync::Barrier,
    task::{JoinError, JoinSet, yield_now},
    time::sleep,
};

use super::probe::Probe;

/// One of several different things that happen at once.
pub(super) type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Runs all of them as tasks that start at the same moment, and gathers their answers, in order. A
/// check that fails in one of them fails here.
pub(super) async fn together<T, F>(tasks: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<F> = tasks.into_iter().collect();
    let start = Arc::new(Barrier::new(tasks.len()));
    let mut running = JoinSet::new();
    for (place, task) in tasks.into_iter().enumerate() {
        let start = Arc::clone(&start);
        running.spawn(async move {
            start.wait().await;
            (place, task.await)
        });
    }
    let mut answers = Vec::new();
    while let Some(ended) = running.join_next().await {
        answers.push(answer_of(ended));
    }
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn answer_of<T>(ended: Result<T, JoinError>) -> T {
    match ended.map_err(JoinError::try_into_panic) {
        Ok(answer) => answer,
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(cancelled)) => panic!("{cancelled}"),
    }
}

/// Does something with every number of polls after which a future can be dropped, all at once.
pub(super) async fn with_all_polls<S, F>(store: &Probe<S>, steps: impl Fn(Probe<S>, usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    together(POLLS.map(|polls| steps(store.clone(), polls))).await;
}

/// After how many polls a future is dropped, one way after the other.
pub(super) const POLLS: RangeInclusive<usize> = 0..=20;

/// Polls a future so many times and drops it, ended or not. The first ten polls follow one another
/// at once, to meet steps inside the store; the others leave time for its messages to travel.
pub(super) async fn abandon(future: impl Future, polls: usize) {
    let mut future = Box::pin(future);
    for poll in 0..polls {
        if poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await.is_ready() {
            return;
        }
        if poll < 10 {
            yield_now().await;
        } else {
            sleep(Duration::from_millis(1)).await;
        }
    }
    drop(future);
    if polls > 0 {
        // What has left for a server cannot be called back: it is given time to arrive.
        sleep(Duration::from_millis(5)).await;
    }
}
