//! The routes, and what happens behind them when the request is long over.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    extract::{
        Path,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    response::{
        Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{any, get, post},
};
use countersign::{EndReason, Error, ErrorKind, Issued, LoggedIn, Session, SessionLayer, Sessions};
use futures_util::{Stream, stream};
use tokio::{
    select,
    time::{sleep, timeout},
};

pub(crate) fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/login/{user}", post(log_in))
        .route("/logout", post(log_out))
        .route("/me", get(async |who: LoggedIn| Json(who)))
        .route("/socket", any(socket))
        .route("/events", get(events))
        .layer(SessionLayer::new(sessions))
}

async fn log_in(session: Session, Path(user): Path<String>) -> Result<Json<Issued>, Error> {
    Ok(Json(session.log_in(user).await?)) // Here you check who he is, before.
}

async fn log_out(session: Session) -> Result<(), Error> {
    session.log_out().await
}

/// The handshake is a request like any other: without a session it is a 401, from another site a 403.
async fn socket(who: LoggedIn, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| talk(who, socket))
}

/// Answers each message, until one of the two ends. The end comes first: also before an answer to a client that does not read.
async fn talk(who: LoggedIn, mut socket: WebSocket) {
    loop {
        select! {
            biased;
            end = who.ended() => return close(socket, end.reason()).await,
            goes_on = answer(&who, &mut socket) => if !goes_on { return },
        }
    }
}

async fn answer(who: &LoggedIn, socket: &mut WebSocket) -> bool {
    match socket.recv().await {
        Some(Ok(Message::Text(text))) => match who.session().touch().await {
            // What happens on the socket counts as use. An outage ends nothing.
            Ok(()) => socket.send(Message::text(format!("{}: {text}", who.user()))).await.is_ok(),
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                socket.send(Message::text("try again")).await.is_ok()
            }
            // That it has ended is what comes next.
            Err(_) => true,
        },
        Some(Ok(_)) => true,
        Some(Err(_)) | None => false,
    }
}

/// 1008 is "policy violation" (RFC 6455, section 7.4.1): nothing that a client should repeat as it is.
async fn close(mut socket: WebSocket, why: EndReason) {
    let frame = CloseFrame { code: close_code::POLICY, reason: why.as_str().into() };
    // The client may not read: then the connection is closed without a word.
    let _ = timeout(Duration::from_secs(1), socket.send(Message::Close(Some(frame)))).await;
}

async fn events(who: LoggedIn) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = stream::unfold(0_u64, async |number| {
        if number > 0 {
            sleep(Duration::from_secs(1)).await;
        }
        Some((Ok(Event::default().data(number.to_string())), number + 1))
    });
    Sse::new(who.session().until_ended(ticks)).keep_alive(KeepAlive::default())
}
