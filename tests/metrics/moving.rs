//! Every metric that docs/metrics.md names is seen to move, and the page shows no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{
    CachedStore, Clock, Config, Error, KeyRing, LoggedIn, MemoryStore, Outage, Reason, Sealed, Session, SessionLayer,
    SessionStore, Sessions, Token, Whence,
};
use http::{Method, header};
use tokio::time::sleep;

use crate::{
    page::{page, recorder},
    support::{Browser, Calls, Gate, KEY, OTHER_KEY, Probe, app, app_with, minutes, seconds},
};

const TABLE: &str = include_str!("../../docs/metrics.md");

#[tokio::test(start_paused = true)]
async fn every_metric_in_the_table_moves_and_the_page_shows_no_other() {
    let (recorder, handle) = recorder();
    let _installed = metrics::set_default_local_recorder(&recorder);
    beginnings_and_ends().await;
    keeping_up().await;
    by_browser().await;
    guessing().await;
    services().await;
    a_value_that_no_key_opens().await;
    a_cache_in_an_outage().await;
    live_figures().await;

    let page = page(&handle);
    let table = table();
    let shown: BTreeSet<&str> = page.keys().map(String::as_str).collect();
    assert_eq!(shown, table.keys().copied().collect(), "the page and the table name the same");
    for (name, row) in &table {
        let family = &page[*name];
        assert_eq!((family.sort.as_str(), family.help.as_str()), (row.sort, row.text), "{name}");
        assert!(family.total() > 0.0, "{name} has not moved");
        for (label, value) in
            family.samples.iter().flat_map(|(labels, _, _)| labels).filter(|(label, _)| *label != "le")
        {
            assert!(row.labels.contains(&format!("`{label}`")), "{name} has a label {label}");
            let named = row.labels.contains("the names of") || row.labels.contains(&format!("`{value}`"));
            assert!(named, "{name}: {label} is {value}");
        }
    }
}

struct Row {
    sort: &'static str,
    labels: &'static str,
    text: &'static str,
}

fn table() -> BTreeMap<&'static str, Row> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| `countersign_"));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, sort, labels, text] = cells[..] else { panic!("{row}") };
        (name.trim_matches('`'), Row { sort, labels, text })
    });
    rows.collect()
}

fn clock() -> Clock {
    Clock::manual(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
}

fn measured(store: impl SessionStore, edit: impl FnOnce(&mut Config)) -> Sessions {
    let mut config = Config::production();
    config.throttle.answer_after = Duration::ZERO;
    edit(&mut config);
    let keys = KeyRing::new(KEY).unwrap();
    Sessions::builder(keys, store).config(config).clock(clock()).metrics().build().unwrap()
}

async fn beginnings_and_ends() {
    let sessions = measured(MemoryStore::new(), |config| config.limit.max = 1);
    sessions.start().await.unwrap();
    sessions.log_in("ada").await.unwrap();
    sessions.log_in("ada").pending_second_factor(["totp"]).await.unwrap();
    let evicting = sessions.log_in("ada").await.unwrap();
    sessions.revoke_of("ada", evicting.session_id(), Reason::ByUser).await.unwrap();
    assert!(sessions.authenticate(evicting.token()).await.is_err());
    sessions.clock().advance(minutes(31));
    assert!(sessions.sweep().await.unwrap() > 0);
    sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
}

async fn keeping_up() {
    let sessions = measured(MemoryStore::new(), |_| {});
    let first = sessions.log_in("ada").await.unwrap();
    sessions.clock().advance(minutes(16));
    let session = sessions.authenticate(first.token()).await.unwrap();
    let next = sessions.slide(&session).await.unwrap().unwrap();
    let session = sessions.authenticate(next.token()).await.unwrap();
    sessions.slide(&session).await.unwrap();
}

async fn by_browser() {
    let sessions = measured(MemoryStore::new(), |config| {
        config.cross_site.check = countersign::CrossSiteCheck::Report;
    });
    let gate = Gate::default();
    let routes = app_with(sessions.clone(), gate.clone());
    let mut browser = Browser::new(&routes);
    browser.get("/me").await;
    browser.post("/login/ada").await;
    browser.post("/role/editor").await;
    let mut request = browser.request(Method::POST, "/count");
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    browser.ask(request).await;
    // Begun by one browser, used by another.
    let mut moved = Browser::new(&routes);
    for (method, path, agent) in
        [(Method::POST, "/login/bob", "Mozilla/5.0 Firefox/134.0"), (Method::GET, "/me", "curl")]
    {
        let mut request = moved.request(method, path);
        request.headers_mut().insert(header::USER_AGENT, agent.parse().unwrap());
        let reply = moved.ask(request).await;
        moved.keep_all(&reply);
    }
    // A write that meets a session which has ended meanwhile.
    let (slow, ends) = (browser.request(Method::POST, "/gated"), async {
        gate.arrived.notified().await;
        let mut other = Browser::with_token(&routes, browser.token().unwrap());
        other.post("/logout").await;
        gate.open.notify_one();
    });
    tokio::join!(browser.ask(slow), ends);

    let proving = Router::new()
        .route("/prove", post(|session: Session| async move { session.step_up("pwd").await.map(drop) }))
        .layer(SessionLayer::new(sessions.clone()));
    let issued = sessions.log_in("eve").await.unwrap();
    Browser::with_bearer(&proving, &issued.token().reveal()).post("/prove").await;
}

async fn guessing() {
    let sessions = measured(MemoryStore::new(), |config| config.throttle.account.free = 1);
    let attempt = sessions.attempt_from("ada", Whence::default()).await.unwrap();
    let _refusal: Error = attempt.refuse().await;
    let error = sessions.attempt_from("ada", Whence::default()).await.unwrap_err();
    assert_eq!(error.kind().status(), 429);
}

async fn services() {
    let sessions = measured(MemoryStore::new(), |_| {});
    let services = sessions.services();
    let token = services.register("orders", ["session.read"]).await.unwrap();
    let orders = services.authenticate(&token).await.unwrap();
    let issued = sessions.log_in("ada").await.unwrap();
    let mut ada = orders.session(issued.session_id()).await.unwrap();
    ada.set("colour", "red").unwrap();
    assert_eq!(ada.commit().await.unwrap_err().kind().status(), 403);
    services.revoke("orders").await.unwrap();
    assert!(services.authenticate(&token).await.is_err());
}

async fn a_value_that_no_key_opens() {
    let below = Arc::new(MemoryStore::new());
    let before = measured(Sealed::new(Arc::clone(&below), &KeyRing::new(OTHER_KEY).unwrap()), |_| {});
    let mut browser = Browser::new(&app(before));
    browser.post("/login/ada").await;
    browser.post("/attributes/colour/red").await;
    let after = measured(Sealed::new(below, &KeyRing::new(KEY).unwrap()), |_| {});
    let token: Token = browser.token().unwrap().parse().unwrap();
    after.authenticate(&token).await.unwrap();
}

async fn a_cache_in_an_outage() {
    let calls = Arc::new(Calls::default());
    let store = CachedStore::new(Probe::new(MemoryStore::new(), Arc::clone(&calls))).staleness(seconds(1));
    let sessions = measured(store, |_| {});
    let task = sessions.metrics().unwrap().spawn();
    let routes = Router::new()
        .route("/me", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .layer(SessionLayer::new(sessions.clone()).outage(Outage::StaleFor(minutes(1))));
    let issued = sessions.log_in("ada").await.unwrap();
    let mut browser = Browser::with_bearer(&routes, &issued.token().reveal());
    for _ in 0..4 {
        assert_eq!(browser.get("/me").await.body, "ada");
        sleep(Duration::from_millis(10)).await;
    }
    calls.break_store(true);
    sleep(seconds(3)).await;
    assert_eq!(browser.get("/me").await.body, "ada");
    calls.break_store(false);
    sleep(seconds(6)).await;
    task.stop().await;
}

async fn live_figures() {
    let sessions = measured(MemoryStore::new(), |_| {});
    let issued = sessions.log_in("ada").await.unwrap();
    sessions.log_in("eve").await.unwrap();
    let task = sessions.metrics().unwrap().spawn();
    sleep(Duration::from_millis(500)).await;
    sessions.revoke(issued.session_id(), Reason::ByOperator).await.unwrap();
    // Half-way between two heartbeats, there has been silence for a while.
    sleep(seconds(7)).await;
    task.stop().await;
}
