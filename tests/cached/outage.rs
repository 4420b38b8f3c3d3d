//! What a layer's outage policy lets through, and what it does not.

use std::time::Duration;

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{Error, ErrorKind, LoggedIn, MemoryStore, Outage, Reason, Session, Sessions};
use http::{StatusCode, header};
use tokio::time::{Instant, sleep};

use crate::{
    requests::{Node, Shared},
    support::{Browser, minutes, seconds},
};

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/me", get(|who: LoggedIn| async move { format!("{}, stale: {}", who.user(), who.is_stale()) }))
        .route("/peek", get(|session: Session| async move { format!("{:?} {}", session.user(), session.is_stale()) }))
        .route("/count", post(|session: Session| async move { session.increment("count", 1) }))
        .route("/commit", post(commit))
        .route("/login", post(|session: Session| async move { session.log_in("eve").await.map(drop) }))
        .route("/logout", post(|session: Session| async move { session.log_out().await }))
        .route("/role", post(|session: Session| async move { session.change_roles(["admin"]).await.map(drop) }))
}

/// Writes, and says how the session stands then.
async fn commit(session: Session) -> Result<String, Error> {
    let before = session.is_stale();
    session.increment("count", 1)?;
    session.commit().await?;
    Ok(format!("{before} {}", session.is_stale()))
}

/// A node with a session that was used of late, and a store that has broken down since.
async fn after_a_break(outage: Outage) -> (Shared, Node, Browser, Router) {
    let shared = Shared::new();
    let node = shared.node();
    let app = node.with(outage);
    let issued = node.sessions.log_in("ada").await.unwrap();
    let mut browser = Browser::with_token(&app, &issued.token().reveal());
    assert_eq!(browser.get("/me").await.body, "ada, stale: false");
    sleep(seconds(3)).await;
    node.calls.break_store(true);
    (shared, node, browser, app)
}

const FIVE_MINUTES: Outage = Outage::StaleFor(minutes(5));

fn assert_unavailable(reply: &crate::support::Reply) {
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.body);
    assert!(reply.header(header::RETRY_AFTER).is_some());
    assert_eq!(reply.set_cookie(), None);
}

#[tokio::test(start_paused = true)]
async fn p10_unless_it_is_asked_for_nothing_is_served_stale() {
    let (_shared, node, mut browser, _) = after_a_break(Outage::Closed).await;
    assert_unavailable(&browser.get("/me").await);
    assert_eq!(node.sessions.counters().served_stale, 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_can_be_read_and_says_that_it_is_stale() {
    let (_shared, node, mut browser, app) = after_a_break(FIVE_MINUTES).await;
    let reply = browser.get("/me").await;
    assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "ada, stale: true"));
    assert_eq!(browser.get("/peek").await.body, "Some(\"ada\") true");
    let id = browser.token().unwrap().split('.').nth(1).unwrap().to_owned();
    assert_eq!(node.stale.lock().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>(), [id.clone(), id]);
    assert_eq!(node.sessions.counters().served_stale, 2);
    assert!(node.sessions.counters().store_failures >= 2);
    assert_eq!(Browser::new(&app).get("/peek").await.body, "None false");

    node.calls.break_store(false);
    assert_eq!(browser.get("/me").await.body, "ada, stale: false");
    assert_eq!(node.sessions.counters().served_stale, 2);
}

#[tokio::test(start_paused = true)]
async fn p13_what_it_writes_is_stored_or_the_client_is_told() {
    let (_shared, node, mut browser, _) = after_a_break(FIVE_MINUTES).await;
    for path in ["/count", "/commit"] {
        assert_unavailable(&browser.post(path).await);
        assert_eq!(browser.get("/peek").await.status, StatusCode::OK, "{path} has failed, and no more than that");
    }
    let same = browser.token().unwrap().to_owned();
    assert_unavailable(&browser.post("/login").await);
    // The session was to end, and perhaps it has: it is not remembered any more.
    assert_unavailable(&browser.get("/peek").await);
    assert_eq!(browser.token(), Some(same.as_str()));
    node.calls.break_store(false);
    let session = node.sessions.list("ada").await.unwrap();
    assert_eq!(session[0].get::<i64>("count").unwrap(), None, "none of it was stored");
}

/// Maintenance goes on in an outage: its sweep fails, and takes away nothing that is served meanwhile.
#[tokio::test(start_paused = true)]
async fn a_sweep_that_fails_forgets_nothing() {
    let (_shared, node, mut browser, _) = after_a_break(FIVE_MINUTES).await;
    assert_eq!(node.sessions.sweep().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(browser.get("/me").await.body, "ada, stale: true");
}

#[tokio::test(start_paused = true)]
async fn upkeep_waits_for_the_store() {
    let (shared, node, mut browser, _) = after_a_break(FIVE_MINUTES).await;
    shared.clock.advance(minutes(2));
    let reply = browser.get("/me").await;
    assert_eq!((reply.body.as_str(), reply.set_cookie()), ("ada, stale: true", None));
    node.calls.break_store(false);
    node.calls.take();
    assert_eq!(browser.get("/me").await.body, "ada, stale: false");
    assert_eq!(node.calls.take(), (1, 1, 0), "the window has moved now");
}

#[tokio::test(start_paused = true)]
async fn it_lasts_no_longer_than_allowed() {
    let (shared, node, mut browser, _) = after_a_break(FIVE_MINUTES).await;
    shared.clock.advance(minutes(5) - seconds(1));
    assert_eq!(browser.get("/me").await.body, "ada, stale: true");
    shared.clock.advance(seconds(2));
    assert_unavailable(&browser.get("/me").await);
    node.calls.break_store(false);
    assert_eq!(browser.get("/me").await.body, "ada, stale: false");

    node.calls.break_store(true);
    sleep(minutes(5) + seconds(1)).await;
    assert_unavailable(&browser.get("/me").await);
}

#[tokio::test(start_paused = true)]
async fn it_lets_in_nobody_else() {
    let (shared, node, mut browser, app) = after_a_break(Outage::StaleFor(minutes(600))).await;
    // Alive, but not seen by this node.
    let elsewhere = shared.node();
    let unseen = elsewhere.sessions.log_in("ada").await.unwrap();
    assert_unavailable(&Browser::with_token(&app, &unseen.token().reveal()).get("/peek").await);
    // A rotated secret that this node does not know: neither served nor refused.
    let token = countersign::Token::parse(browser.token().unwrap().as_bytes()).unwrap();
    let session = elsewhere.sessions.authenticate(&token).await.unwrap();
    let rotated = elsewhere.sessions.rotate(&session).await.unwrap();
    assert_unavailable(&Browser::with_token(&app, &rotated.token().reveal()).get("/peek").await);
    // Ended elsewhere, and heard of: the announcements still arrive.
    elsewhere.sessions.revoke(token.id(), Reason::ByOperator).await.unwrap();
    sleep(Duration::from_millis(5)).await;
    assert_unavailable(&browser.get("/peek").await);
    node.calls.break_store(false);
    assert_eq!(browser.get("/peek").await.body, "None false");
}

#[tokio::test(start_paused = true)]
async fn expiry_is_checked_as_ever() {
    let (shared, _node, mut browser, _) = after_a_break(Outage::StaleFor(minutes(600))).await;
    shared.clock.advance(minutes(29));
    assert_eq!(browser.get("/me").await.body, "ada, stale: true");
    shared.clock.advance(minutes(1));
    assert_unavailable(&browser.get("/me").await);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_an_outage_after_its_deadline_and_nobody_waits_without_a_credential() {
    let (_shared, node, mut browser, app) = after_a_break(FIVE_MINUTES).await;
    node.calls.break_store(false);
    node.calls.hang(true);
    let before = Instant::now();
    assert_eq!(browser.get("/me").await.body, "ada, stale: true");
    assert_eq!(before.elapsed().as_secs(), 1, "store_deadline");

    let before = Instant::now();
    assert_eq!(Browser::new(&app).get("/peek").await.body, "None false");
    assert_eq!(Browser::with_token(&app, "garbage").get("/peek").await.body, "None false");
    assert_eq!(before.elapsed(), Duration::ZERO, "no store is asked for what has no session");
}

#[tokio::test(start_paused = true)]
async fn what_was_to_end_is_not_served_although_nobody_knows_whether_it_has() {
    for path in ["/logout", "/role"] {
        let (_shared, node, mut browser, _) = after_a_break(FIVE_MINUTES).await;
        assert_eq!(browser.get("/peek").await.status, StatusCode::OK);
        let reply = browser.post(path).await;
        assert_unavailable(&reply);
        let served = browser.get("/peek").await.status == StatusCode::OK;
        assert_eq!(served, path == "/role", "a change of roles has not even begun: it looks at the session first");
        node.calls.break_store(false);
        assert_eq!(browser.get("/me").await.body, "ada, stale: false", "and it lives");
    }
}

/// The store comes back between the read and the write: what is written is stored, and the session is fresh.
#[tokio::test(start_paused = true)]
async fn a_write_that_the_store_takes_makes_the_session_fresh() {
    let (_shared, node, mut browser, _) = after_a_break(FIVE_MINUTES).await;
    node.calls.break_store(false);
    // The two tries of the load fail, the write does not.
    node.calls.fail_next(2);
    assert_eq!(browser.post("/commit").await.body, "true false");
    let stored = node.sessions.list("ada").await.unwrap();
    assert_eq!(stored[0].get::<i64>("count").unwrap(), Some(1));
}

#[tokio::test]
async fn a_store_that_remembers_nothing_is_closed_all_the_same() {
    let calls = std::sync::Arc::new(crate::support::Calls::default());
    let store = crate::support::Probe::new(MemoryStore::new(), std::sync::Arc::clone(&calls));
    let sessions = Sessions::new(countersign::KeyRing::generate().unwrap(), store);
    let app = routes().layer(countersign::SessionLayer::new(sessions.clone()).outage(FIVE_MINUTES)).with_state(());
    let issued = sessions.log_in("ada").await.unwrap();
    let mut browser = Browser::with_token(&app, &issued.token().reveal());
    assert_eq!(browser.get("/me").await.body, "ada, stale: false");
    calls.break_store(true);
    assert_unavailable(&browser.get("/me").await);
    let error = sessions.authenticate(issued.token()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
