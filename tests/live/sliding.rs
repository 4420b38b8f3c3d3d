//! What happens on a socket counts as use, and costs the store next to nothing.

use axum::{Router, routing::get};
use countersign::{ErrorKind, Reason, Session, SessionLayer};
use http::Request;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    client::Node,
    support::{Browser, World, minutes, on_every_store, seconds},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_messages_slide_the_window_by_one_write_a_refresh_interval_however_many_they_are() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let node = Node::start(world.sessions.clone()).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        let token = issued.token().reveal().to_string();
        let mut sockets = Vec::new();
        for _ in 0..3 {
            sockets.push(node.socket(&token).await);
        }
        world.calls.take();
        for interval in 0..4 {
            let mut messages = JoinSet::new();
            for mut socket in sockets.drain(..) {
                messages.spawn(async move {
                    for _ in 0..30 {
                        assert!(socket.say("hello").await.is_some());
                    }
                    socket
                });
            }
            sockets = messages.join_all().await;
            let (_, writes, _) = world.calls.take();
            assert_eq!(writes, usize::from(interval > 0), "{backend:?}: of 90 messages on three sockets");
            world.pass(seconds(60));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_a_busy_socket_outlives_the_idle_limit_and_never_the_absolute_one() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let elsewhere = world.node().await;
        let node = Node::start(world.sessions.clone()).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        let mut socket = node.socket(&issued.token().reveal()).await;
        for _ in 0..23 {
            world.pass(minutes(20));
            assert_eq!(socket.say("hello").await.as_deref(), Some("ada: hello"), "{backend:?}");
        }
        elsewhere.authenticate(issued.token()).await.unwrap();
        socket.stays_open().await;
        world.pass(minutes(20));
        let (code, reason, _) = socket.closed().await;
        assert_eq!((code, &*reason), (1008, "the session has expired"), "{backend:?}");
        assert!(elsewhere.authenticate(issued.token()).await.is_err());
    })
    .await;
}

/// P5: a touch makes no session.
#[tokio::test]
async fn p05_a_touch_of_what_has_ended_is_an_error_and_brings_nothing_back() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let (sender, mut handed) = mpsc::unbounded_channel();
        let hand_over = get(move |session: Session| async move { sender.send(session).unwrap() });
        let app = Router::new().route("/", hand_over).layer(SessionLayer::new(world.sessions.clone()));
        let issued = world.sessions.log_in("ada").await.unwrap();
        Browser::with_bearer(&app, &issued.token().reveal()).get("/").await;
        let session = handed.recv().await.unwrap();
        session.touch().await.unwrap();
        world.pass(seconds(61));
        world.calls.break_writes(true);
        assert_eq!(session.touch().await.unwrap_err().kind(), ErrorKind::Unavailable, "{backend:?}");
        session.touch().await.unwrap();
        world.calls.break_writes(false);
        world.pass(seconds(2));
        session.touch().await.unwrap();
        assert_eq!(world.live([issued.session_id()]).await[0].last_seen_at(), world.clock.now(), "a second later");

        world.node().await.revoke(issued.session_id(), Reason::ByOperator).await.unwrap();
        world.pass(seconds(61));
        assert_eq!(session.touch().await.unwrap_err().kind(), ErrorKind::Ended, "{backend:?}");
        assert!(world.live([issued.session_id()]).await.is_empty(), "{backend:?}");
        assert_eq!(session.touch().await.unwrap_err().kind(), ErrorKind::Ended, "{backend:?}");
    })
    .await;
    let nobody = Session::of(&Request::new(()));
    assert_eq!(nobody.touch().await.unwrap_err().kind(), ErrorKind::MissingLayer);
}

/// What relies on `touch` alone hears of it as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_prolonged_or_written_after_everybodys_end() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let (handle, mut handles) = mpsc::channel(1);
        let site = Router::new()
            .route(
                "/open",
                get(move |session: Session| async move {
                    session.increment("opened", 1)?;
                    session.commit().await?;
                    handle.send(session).await.unwrap();
                    Ok::<_, countersign::Error>(())
                }),
            )
            .layer(SessionLayer::new(world.node().await));
        let issued = world.sessions.log_in("ada").await.unwrap();
        Browser::with_token(&site, &issued.token().reveal()).get("/open").await;
        let open = handles.recv().await.unwrap();
        world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        world.pass(seconds(61));
        assert_eq!(open.touch().await.unwrap_err().kind(), ErrorKind::Ended, "{backend:?}");
        assert_eq!(open.set("colour", "red").unwrap_err().kind(), ErrorKind::Ended, "{backend:?}");
    })
    .await;
}
