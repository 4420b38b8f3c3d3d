//! A site whose sessions tell what was denied, and the same question put to a guard by two ways.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use axum::{Router, body::Body, routing::get};
use countersign::{
    Clock, Config, DenialKind, Event, Issued, KeyRing, MemoryStore, Require, SessionId, SessionLayer, SessionStore,
    Sessions,
};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{Browser, KEY, Reply, seconds};

pub(crate) struct Site {
    pub(crate) sessions: Sessions,
    pub(crate) clock: Clock,
    denied: Arc<Mutex<Vec<Denied>>>,
}

/// The session, if there was one, and which demand it did not meet.
type Denied = (Option<SessionId>, DenialKind);

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(edit: impl FnOnce(&mut Config)) -> Self {
        Self::over(MemoryStore::new(), edit)
    }

    pub(crate) fn over(store: impl SessionStore, edit: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::production();
        edit(&mut config);
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + seconds(1_800_000_000));
        let denied = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&denied);
        let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), store)
            .config(config)
            .clock(clock.clone())
            .grant("editor", ["posts.read", "posts.write"])
            .grant("reader", ["posts.read"])
            .on_event(move |event| {
                if let Event::Denied { session, kind } = event {
                    told.lock().unwrap().push((*session, *kind));
                }
            })
            .build()
            .unwrap();
        Self { sessions, clock, denied }
    }

    /// Denials since the last call of this.
    pub(crate) fn denied(&self) -> Vec<Denied> {
        std::mem::take(&mut self.denied.lock().unwrap())
    }

    /// A log-in that is an editor's, by one factor.
    pub(crate) async fn ada(&self) -> Issued {
        self.sessions.log_in("ada").roles(["author", "editor"]).method("pwd").await.unwrap()
    }

    /// One of an admin, by two factors.
    pub(crate) async fn grace(&self) -> Issued {
        self.sessions.log_in("grace").roles(["admin"]).method("pwd").method("otp").await.unwrap()
    }

    /// An application with one guarded page.
    pub(crate) fn app(&self, require: Require) -> Router {
        self.serve(Router::new().route("/page", get(|| async { "welcome" }).layer(require)))
    }

    pub(crate) fn serve(&self, routes: Router) -> Router {
        routes.layer(SessionLayer::new(self.sessions.clone()))
    }
}

/// Asks for a guarded page with Axum, and for the same of a plain service with `Full` bodies: both have to say the same.
pub(crate) async fn ask(site: &Site, require: &Require, who: Option<&Issued>) -> Reply {
    let app = site.app(require.clone());
    let mut browser = match who {
        Some(issued) => Browser::with_token(&app, &issued.token().reveal()),
        None => Browser::new(&app),
    };
    let request = browser.request(http::Method::GET, "/page");
    let reply = browser.get("/page").await;
    let denied = site.denied();

    let service = ServiceBuilder::new()
        .layer(SessionLayer::new(site.sessions.clone()))
        .layer(require.clone())
        .service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("welcome"))) });
    let Ok(response) = service.oneshot(request).await;
    let (parts, body) = response.into_parts();
    assert_eq!(site.denied(), denied, "both tell of it");
    assert_eq!(denied.iter().map(|(_, kind)| *kind).collect::<Vec<_>>(), Vec::from_iter(reply.denial), "once");
    assert!(denied.iter().all(|(session, _)| *session == who.map(Issued::session_id)));
    assert_eq!((parts.status, parts.extensions.get().copied()), (reply.status, reply.denial));
    assert_eq!(body.collect().await.unwrap().to_bytes(), reply.body);
    if reply.denial.is_some() {
        let plainly = |headers: &http::HeaderMap| {
            let mut headers = headers.clone();
            headers.remove(header::CONTENT_LENGTH);
            headers
        };
        assert_eq!(plainly(&parts.headers), plainly(&reply.headers));
    }
    reply
}

pub(crate) fn assert_passes(reply: &Reply) {
    assert_eq!((reply.status, &*reply.body, reply.denial), (StatusCode::OK, "welcome", None));
}

/// What a refusal looks like from outside.
pub(crate) fn assert_refused(reply: &Reply, kind: DenialKind, challenge: Option<&str>, error: &str) {
    assert_eq!(reply.denial, Some(kind));
    assert_eq!(reply.status.as_u16(), kind.status(), "{kind}");
    assert_eq!(reply.header(header::WWW_AUTHENTICATE), challenge, "{kind}");
    assert_eq!(reply.header(header::CACHE_CONTROL), Some("no-store"), "{kind}");
    assert_eq!(reply.header(header::CONTENT_TYPE), Some("application/json"), "{kind}");
    let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["error"], error, "{kind}");
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!(reply.set_cookie(), None, "a refusal logs nobody out");
}

pub(crate) const SCOPE: Option<&str> = Some(r#"Bearer error="insufficient_scope""#);
