//! The span that names a session: there if it is asked for, and what it says.

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{Config, KeyRing, LoggedIn, MemoryStore, Session, SessionLayer, Sessions, Spans};

use crate::{
    said::Said,
    support::{Browser, KEY},
};

/// What is logged while somebody logs in and is greeted, with these settings.
async fn log(spans: Spans) -> (String, String) {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.subscriber());
    let mut config = Config::production();
    config.monitoring.spans = spans;
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).config(config).build().unwrap();
    let routes = Router::new()
        .route("/login", post(|session: Session| async move { session.log_in("ada@example.org").await.map(drop) }))
        .route("/greet", get(greet))
        .route("/free", get(|| async { tracing::info!("nobody is greeted") }))
        .layer(SessionLayer::new(sessions));
    let mut browser = Browser::new(&routes);
    browser.get("/free").await;
    browser.post("/login").await;
    assert_eq!(browser.get("/greet").await.body, "ada@example.org");
    let id = browser.token().unwrap().split('.').nth(1).unwrap().to_owned();
    (said.text(), id)
}

async fn greet(who: LoggedIn) -> String {
    tokio::task::yield_now().await;
    tracing::info!("somebody is greeted");
    who.user().to_owned()
}

fn line<'a>(text: &'a str, about: &str) -> &'a str {
    text.lines().find(|line| line.contains(about)).unwrap_or_else(|| panic!("{about} is not in {text}"))
}

#[tokio::test]
async fn what_a_handler_logs_names_the_session_if_the_settings_say_so() {
    let (text, id) = log(Spans::Session).await;
    let greeted = line(&text, "somebody is greeted");
    assert!(greeted.contains(&format!("countersign.session{{session.id={id}}}")), "{greeted}");
    assert!(!line(&text, "nobody is greeted").contains("countersign.session"), "{text}");
    assert!(!text.contains("ada@example.org"), "{text}");
}

#[tokio::test]
async fn the_user_is_named_only_if_that_is_asked_for() {
    let (text, id) = log(Spans::SessionAndUser).await;
    let greeted = line(&text, "somebody is greeted");
    assert!(greeted.contains(&format!("session.id={id} enduser.id=\"ada@example.org\"")), "{greeted}");
}

#[tokio::test]
async fn there_is_no_span_unless_it_is_asked_for() {
    let (text, _) = log(Spans::Off).await;
    assert!(!text.contains("countersign.session"), "{text}");
}
