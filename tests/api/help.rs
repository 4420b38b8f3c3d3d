use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body};
use countersign::{Config, SessionLayer, Sessions, api::Api};
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    conformance::Document,
    support::{Backend, Browser, Reply, World},
    users::Users,
};

/// The routes below `/api`, and all that they have answered.
pub struct Site {
    pub world: World,
    pub app: Router,
    pub seen: Seen,
    document: Arc<Document>,
}

/// Operation, status, and code of the problem if it was one.
pub type Seen = Arc<Mutex<BTreeSet<(String, u16, Option<String>)>>>;

impl Site {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(edit: impl FnOnce(&mut Config)) -> Self {
        Self::on(Backend::Memory, edit).await
    }

    pub async fn on(backend: Backend, edit: impl FnOnce(&mut Config)) -> Self {
        let world = World::with(backend, |config| {
            // The time of an answer is somebody else's test.
            config.throttle.answer_after = std::time::Duration::ZERO;
            edit(config);
        })
        .await;
        let app = routes(&world.sessions);
        let document = Arc::new(Document::of(&world.config));
        Self { world, app, seen: Seen::default(), document }
    }

    /// A client that has no credential yet.
    pub fn client(&self) -> Client {
        self.client_of(&self.app)
    }

    pub fn client_of(&self, app: &Router) -> Client {
        let (document, seen) = (Arc::clone(&self.document), Arc::clone(&self.seen));
        Client { app: app.clone(), browser: Browser::new(app), document, seen, also: Vec::new() }
    }

    /// Somebody with a cookie.
    pub async fn browser(&self) -> Client {
        let mut client = self.client();
        let reply = client.post(json!({ "username": "ada", "password": "lovelace" })).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        client
    }

    /// Somebody with a Bearer token.
    pub async fn program(&self) -> Client {
        let mut client = self.client();
        let reply = client.post(json!({ "username": "ada", "password": "lovelace", "token": true })).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        client.use_token(&reply);
        client
    }

    /// A client of each kind.
    pub async fn both(&self) -> [Client; 2] {
        [self.browser().await, self.program().await]
    }
}

pub fn routes(sessions: &Sessions) -> Router {
    let api = Api::new(Users { sessions: Arc::new(sessions.clone()) });
    Router::new().nest("/api", api.behind(SessionLayer::new(sessions.clone())))
}

/// A client that believes nothing which the document does not say.
pub struct Client {
    app: Router,
    pub browser: Browser,
    document: Arc<Document>,
    seen: Seen,
    also: Vec<(&'static str, String)>,
}

impl Client {
    /// The same client, which says these things of itself.
    pub fn saying(&self, also: &[(&'static str, &str)]) -> Self {
        let also = also.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let (document, seen) = (Arc::clone(&self.document), Arc::clone(&self.seen));
        Self { app: self.app.clone(), browser: self.browser.clone(), document, seen, also }
    }

    /// Carries the token of an answer as Bearer from now on.
    pub fn use_token(&mut self, reply: &Reply) {
        self.browser = Browser::with_bearer(&self.app, reply.json()["token"].as_str().unwrap());
    }

    /// `POST /sessions`.
    pub async fn post(&mut self, body: Value) -> Reply {
        self.send(Method::POST, "/sessions", Some(&body)).await
    }

    pub async fn post_to(&mut self, path: &str) -> Reply {
        self.send(Method::POST, path, Some(&json!({}))).await
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn put(&mut self, path: &str) -> Reply {
        self.send(Method::PUT, path, None).await
    }

    pub async fn delete(&mut self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn send(&mut self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(|body| (body.to_string(), "application/json"));
        self.send_text(method, path, body.as_ref().map(|(text, kind)| (text.as_str(), *kind))).await
    }

    /// Sends a body of any text and type.
    pub async fn send_text(&mut self, method: Method, path: &str, body: Option<(&str, &str)>) -> Reply {
        let (mut parts, _) = self.browser.request(method.clone(), &format!("/api{path}")).into_parts();
        for (name, _) in &self.also {
            parts.headers.remove(*name);
        }
        for (name, value) in &self.also {
            parts.headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let body = body.map(|(text, kind)| {
            if !kind.is_empty() {
                parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
            }
            Body::from(text.to_owned())
        });
        let request = Request::from_parts(parts, body.unwrap_or_default());
        let reply = self.browser.ask(request).await;
        self.browser.keep_all(&reply);
        let operation = self.document.check(&method, path, &reply);
        self.seen.lock().unwrap().insert((operation, reply.status.as_u16(), reply.code()));
        reply
    }

    /// The id of the session that this client has.
    pub async fn id(&mut self) -> String {
        let list = self.get("/sessions").await.json();
        assert_eq!(list["sessions"][0]["current"], true, "{list}");
        list["sessions"][0]["session_id"].as_str().unwrap().to_owned()
    }

    pub async fn is_logged_in(&mut self) -> bool {
        self.get("/sessions").await.status == StatusCode::OK
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// Of a problem, what is wrong.
    pub fn code(&self) -> Option<String> {
        let is_problem = self.header(header::CONTENT_TYPE) == Some("application/problem+json");
        is_problem.then(|| self.json()["code"].as_str().unwrap().to_owned())
    }

    /// It is this problem, and no cookie was touched.
    #[track_caller]
    pub fn is_problem(&self, status: StatusCode, code: &str) {
        assert_eq!((self.status, self.code().as_deref()), (status, Some(code)), "{}", self.body);
        assert!(self.header(header::SET_COOKIE).is_none(), "{:?}", self.headers);
    }
}
