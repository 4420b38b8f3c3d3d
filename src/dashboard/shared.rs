//! What all requests share, and the task that counts.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use serde::Serialize;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::{Figure, figure::Drawn, history::History, slots::Slots};
use crate::{page::Look, sessions::Sessions};

pub(super) struct Shared {
    pub(super) sessions: Sessions,
    pub(super) slots: Slots,
    pub(super) look: Look,
    history: Mutex<History>,
    news: watch::Sender<News>,
}

/// When the live streams are to end.
pub(super) type End = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the live streams send next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// The figures, as JSON.
    Figures(Arc<str>),
    /// Nothing more.
    Over,
}

#[derive(Serialize)]
struct Message {
    figures: Vec<Drawn>,
}

impl Shared {
    /// From now on it counts, until the last handle but the task's own is dropped.
    pub(super) fn start(sessions: Sessions, slots: Slots, look: Look, end: Option<End>) -> Arc<Self> {
        let history = Mutex::new(History::new(&sessions.counters(), sessions.now()));
        let news = watch::Sender::new(News::Figures(Arc::from("")));
        let shared = Arc::new(Self { sessions, slots, look, history, news });
        shared.publish();
        tokio::spawn(count(Arc::downgrade(&shared), end));
        shared
    }

    /// The figures as they are now.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let mut figures = self.slots.figures.as_ref().map(|read| read()).unwrap_or_default();
        #[cfg(feature = "metrics")]
        figures.extend(super::metered::figures(&self.sessions));
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.sample(&self.sessions.counters(), self.sessions.now());
        figures.extend(history.figures());
        figures
    }

    pub(super) fn news(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    /// Tells the streams, if there is anything new.
    pub(super) fn publish(&self) {
        let message = Message { figures: self.figures().iter().map(Figure::draw).collect() };
        let Ok(text) = serde_json::to_string(&message) else { return };
        let news = News::Figures(text.into());
        self.news.send_if_modified(|last| {
            let differs = *last != news && *last != News::Over;
            if differs {
                *last = news;
            }
            differs
        });
    }
}

async fn count(shared: Weak<Shared>, end: Option<End>) {
    let mut end = end.unwrap_or_else(|| Box::pin(std::future::pending()));
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => match shared.upgrade() {
                Some(shared) => shared.publish(),
                None => return,
            },
            () = &mut end => {
                if let Some(shared) = shared.upgrade() {
                    shared.news.send_replace(News::Over);
                }
                return;
            }
        }
    }
}

/// How soon the page shows what has happened.
const EVERY: Duration = Duration::from_secs(1);
