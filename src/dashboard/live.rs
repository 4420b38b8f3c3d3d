//! The stream that keeps the overview's figures live. It ends with the session of whoever reads it, and does not prolong it.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_core::Stream;
use http::{HeaderName, HeaderValue, StatusCode, header::CACHE_CONTROL};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::shared::{News, Shared};
use crate::{extract::LoggedIn, sessions::Ended};

/// 204 where nothing more comes: that keeps a browser from asking again (HTML, "server-sent events").
pub(super) async fn live(State(shared): State<Arc<Shared>>, who: LoggedIn) -> Response {
    // The page before it may have been drawn after the last tick: what is sent first is not older.
    shared.publish();
    let news = shared.news();
    if *news.borrow() == News::Over {
        return StatusCode::NO_CONTENT.into_response();
    }
    let (to, events) = mpsc::channel(1);
    tokio::spawn(feed(news, who.session().ended(), to));
    // Proxies are not to gather it, nor anybody to keep it.
    let mut response = Sse::new(Events(events)).into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sends what is new, as long as the session is there and somebody listens.
async fn feed(mut news: watch::Receiver<News>, mut ended: Ended, to: mpsc::Sender<Event>) {
    let mut next = Event::default();
    let mut is_news = true;
    loop {
        if is_news {
            let latest = news.borrow_and_update().clone();
            let News::Figures(figures) = latest else { return };
            next = Event::default().data(&*figures);
        }
        // Also from whoever does not read.
        tokio::select! {
            biased;
            _ = &mut ended => return,
            sent = to.send(next) => if sent.is_err() { return },
        }
        next = Event::default().comment("");
        is_news = tokio::select! {
            biased;
            _ = &mut ended => return,
            () = to.closed() => return,
            changed = news.changed() => if changed.is_err() { return } else { true },
            () = sleep(SILENCE) => false,
        };
    }
}

/// The receiving end, as a stream.
struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|event| event.map(Ok))
    }
}

/// After so long without anything a proxy may take the connection for dead, and the page would have to ask anew, which prolongs the session.
const SILENCE: Duration = Duration::from_secs(15);
