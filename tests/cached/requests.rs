//! The cache behind the layer: what a browser sees of it, on one node and on two.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::Router;
use countersign::{
    CachedStore, Clock, Config, ErrorKind, Event, KeyRing, MemoryStore, Outage, Reason, RefusalKind, SessionLayer,
    Sessions, Token, store::AnyStore,
};
use http::{Method, StatusCode};
use tokio::time::sleep;

use crate::{
    line::Channel,
    support::{Browser, Calls, Gate, KEY, Probe, app, app_behind, minutes, seconds},
};

/// A node with a cache, and what it asks of the store that all nodes share.
pub(crate) struct Node {
    pub(crate) sessions: Sessions,
    pub(crate) app: Router,
    pub(crate) calls: Arc<Calls>,
    /// Sessions that were served as they were remembered.
    pub(crate) stale: Arc<Mutex<Vec<countersign::SessionId>>>,
}

pub(crate) struct Shared {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Clock,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + seconds(1_800_000_000));
        Self { store: Arc::new(MemoryStore::new()), clock }
    }

    pub(crate) fn node(&self) -> Node {
        let calls = Arc::new(Calls::default());
        let store = CachedStore::new(Probe::new(Arc::clone(&self.store), Arc::clone(&calls)));
        let stale = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&stale);
        let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), store)
            .config(Config::production())
            .clock(self.clock.clone())
            .on_event(move |event| {
                if let Event::ServedStale { session } = event {
                    told.lock().unwrap().push(*session);
                }
            })
            .build()
            .unwrap();
        Node { app: app(sessions.clone()), sessions, calls, stale }
    }
}

impl Node {
    /// Asks until the cache answers.
    pub(crate) async fn warm(&self, browser: &mut Browser) {
        for _ in 0..200 {
            self.calls.take();
            assert_eq!(browser.get("/me").await.status, StatusCode::OK);
            if self.calls.take().0 == 0 {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("the cache remembers nothing");
    }

    /// The same with another policy.
    pub(crate) fn with(&self, outage: Outage) -> Router {
        crate::outage::routes().layer(SessionLayer::new(self.sessions.clone()).outage(outage)).with_state(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_warm_request_asks_nobody_and_sees_its_own_writes() {
    let shared = Shared::new();
    let node = shared.node();
    let mut browser = Browser::new(&node.app);
    browser.post("/login/ada").await;
    node.warm(&mut browser).await;
    for count in 1..20 {
        assert_eq!(browser.post("/count").await.status, StatusCode::OK);
        assert_eq!(browser.get("/attributes/count").await.body, count.to_string());
        assert_eq!(node.calls.take(), (0, 1, 0), "one change, no load");
    }
    browser.post("/logout").await;
    assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn p04_a_log_out_on_one_node_reaches_the_other() {
    let shared = Shared::new();
    let (one, other) = (shared.node(), shared.node());
    let mut browser = Browser::new(&one.app);
    browser.post("/login/ada").await;
    let mut there = Browser::with_token(&other.app, browser.token().unwrap());
    one.warm(&mut browser).await;
    other.warm(&mut there).await;
    browser.post("/logout").await;
    sleep(Duration::from_millis(5)).await;
    assert_eq!(there.get("/me").await.status, StatusCode::UNAUTHORIZED);
}

/// The successor is first used at a node whose copy does not know of it.
#[tokio::test(start_paused = true)]
async fn p09_a_rotation_on_one_node_is_known_on_the_other() {
    let shared = Shared::new();
    let (one, other) = (shared.node(), shared.node());
    let mut browser = Browser::new(&one.app);
    browser.post("/login/ada").await;
    let old = browser.token().unwrap().to_owned();
    one.warm(&mut browser).await;
    other.warm(&mut Browser::with_token(&other.app, &old)).await;

    assert_eq!(browser.post("/rotate").await.status, StatusCode::OK);
    one.calls.take();
    assert_ne!(browser.token().unwrap(), old);
    let mut there = Browser::with_token(&other.app, browser.token().unwrap());
    other.calls.take();
    let reply = there.get("/me").await;
    assert_eq!((reply.body.as_str(), reply.refusal), ("ada", None));
    assert_eq!(other.calls.take(), (1, 1, 0), "asked again, and confirmed");
    assert_eq!(there.get("/me").await.body, "ada");
    assert_eq!(other.calls.take(), (0, 0, 0));

    // The first node still remembers the old secret as the current one. It is in its grace, and may
    // not do what only the current one may.
    let mut late = Browser::with_bearer(&one.app, &old);
    assert_eq!(late.get("/me").await.body, "ada");
    assert_eq!(one.calls.take().0, 0, "out of the cache");
    assert_eq!(late.post("/role/admin").await.status, StatusCode::CONFLICT);
    assert_eq!(late.post("/rotate").await.status, StatusCode::CONFLICT);
    // After its grace it is theft, on either node.
    shared.clock.advance(seconds(31));
    assert_eq!(late.get("/me").await.refusal, Some(RefusalKind::Reused));
    sleep(Duration::from_millis(5)).await;
    assert_eq!(there.get("/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_slid_on_one_node_has_slid_on_the_other() {
    let shared = Shared::new();
    let (one, other) = (shared.node(), shared.node());
    let mut browser = Browser::new(&one.app);
    browser.post("/login/ada").await;
    let token = Token::parse(browser.token().unwrap().as_bytes()).unwrap();
    other.warm(&mut Browser::with_token(&other.app, browser.token().unwrap())).await;
    shared.clock.advance(minutes(14));
    browser.get("/me").await;
    shared.clock.advance(minutes(29));
    // Its copy has expired, the session has not.
    assert!(other.sessions.authenticate(&token).await.is_ok());
}

/// A session that is not there costs one question, as without a cache.
#[tokio::test(start_paused = true)]
async fn no_refusal_rests_on_what_is_remembered() {
    let shared = Shared::new();
    let node = shared.node();
    let mut browser = Browser::new(&node.app);
    browser.post("/login/ada").await;
    node.warm(&mut browser).await;
    let keys = KeyRing::new(KEY).unwrap();
    let elsewhere = Sessions::builder(keys, MemoryStore::new()).clock(shared.clock.clone()).build().unwrap();
    let unknown = elsewhere.log_in("ada").await.unwrap();
    node.calls.take();
    let error = node.sessions.authenticate(unknown.token()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused(RefusalKind::Gone));
    assert_eq!(node.calls.take(), (1, 0, 0), "that a session is not there is never remembered: this was the store");
    assert_eq!(Browser::with_token(&node.app, &unknown.token().reveal()).get("/peek").await.body, "nobody");
    assert_eq!(node.calls.take(), (1, 0, 0));
}

/// A user's list, and what is ended from it, is the store's and not the cache's.
#[tokio::test(start_paused = true)]
async fn another_session_is_ended_from_a_list_although_it_is_remembered() {
    let shared = Shared::new();
    let node = shared.node();
    let (mut one, mut other) = (Browser::new(&node.app), Browser::new(&node.app));
    one.post("/login/ada").await;
    other.post("/login/ada").await;
    node.warm(&mut one).await;
    node.warm(&mut other).await;
    let id = other.token().unwrap().split('.').nth(1).unwrap().to_owned();
    assert_eq!(one.send(http::Method::DELETE, &format!("/sessions/{id}")).await.status, StatusCode::OK);
    assert_eq!(one.send(http::Method::DELETE, &format!("/sessions/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.get("/me").await.status, StatusCode::UNAUTHORIZED);
}

/// P4: whoever was logged out elsewhere, and is still remembered here, neither sees nor ends any session of its user; nor while an outage
/// has him read.
#[tokio::test(start_paused = true)]
async fn p04_whoever_is_only_remembered_sees_and_ends_nobodys_sessions() {
    for outage in [None, Some(Outage::StaleFor(minutes(5)))] {
        for (method, path) in [
            (Method::GET, "/sessions"),
            (Method::DELETE, "/sessions"),
            (Method::DELETE, "/sessions/other"),
            (Method::POST, "/logout/everywhere"),
        ] {
            let shared = Shared::new();
            let (cache, control) = crate::line::node(&shared.store);
            let build = |store: AnyStore| {
                let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), store);
                builder.config(Config::production()).clock(shared.clock.clone()).build().unwrap()
            };
            let there = build(AnyStore::new(Arc::clone(&shared.store)));
            let here = build(AnyStore::new(cache));
            let site = match outage {
                Some(outage) => app_behind(SessionLayer::new(here.clone()).outage(outage), Gate::default()),
                None => app(here.clone()),
            };
            let stolen = there.log_in("ada").await.unwrap();
            let own = there.log_in("ada").await.unwrap();
            let mut thief = Browser::with_token(&site, &stolen.token().reveal());
            for _ in 0..5 {
                assert_eq!(thief.get("/me").await.body, "ada");
                sleep(Duration::from_millis(20)).await;
            }
            control.channel(Channel::Lossy);
            assert!(there.revoke(stolen.session_id(), Reason::ByOperator).await.unwrap());
            let path = path.replace("other", &own.session_id().to_string());
            let reply = thief.send(method.clone(), &path).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(there.list("ada").await.unwrap().len(), 1, "{method} {path}");
        }
    }
}
