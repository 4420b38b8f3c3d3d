//! An application with sessions, asked through its router: what is measured lies between the
//! request's arrival and the response, the way to the store and back included.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use countersign_peers::credential::Credential;
use futures_util::future::{BoxFuture, join_all};
use tower::Service;
use uuid::Uuid;

use super::entrant::{Kind, SESSIONS, Workload};

/// An application, and a credential for each of its sessions.
pub struct Application {
    router: Router,
    credentials: Vec<Credential>,
}

impl Application {
    /// Logs [`SESSIONS`] users in, and checks that each of them is recognised, and what he writes kept.
    pub async fn start(router: Router) -> Arc<dyn Workload> {
        let router = router.with_state(());
        let mut credentials = Vec::with_capacity(SESSIONS);
        for batch in 0..SESSIONS / AT_ONCE {
            let log_ins = (0..AT_ONCE).map(|index| log_in(router.clone(), user(batch * AT_ONCE + index)));
            credentials.extend(join_all(log_ins).await);
        }
        let application = Self { router, credentials };
        for session in [0, SESSIONS - 1] {
            assert_eq!(application.text(Kind::Read, session).await, user(session), "reads its own user");
            for number in ["1", "2"] {
                assert_eq!(application.text(Kind::Write, session).await, number, "writes are kept");
            }
        }
        Arc::new(application)
    }

    async fn text(&self, kind: Kind, session: usize) -> String {
        let (method, path) = match kind {
            Kind::Read => (Method::GET, "/read"),
            Kind::Write => (Method::POST, "/write"),
        };
        let Credential { name, value } = &self.credentials[session];
        let request = Request::builder().method(method).uri(path).header(name, value).body(Body::empty());
        text(self.router.clone(), request.expect("all parts are valid")).await.1
    }
}

impl Workload for Application {
    fn answer(&self, kind: Kind, session: usize) -> BoxFuture<'_, ()> {
        Box::pin(async move { drop(self.text(kind, session).await) })
    }
}

async fn log_in(router: Router, user: String) -> Credential {
    let request = Request::post("/login").body(Body::from(user)).expect("all parts are valid");
    text(router, request).await.0.expect("a log-in issues a credential")
}

/// The credential that an answer issues, and its body.
async fn text(mut router: Router, request: Request<Body>) -> (Option<Credential>, String) {
    let Ok(response) = router.call(request).await;
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("the body is in memory");
    let text = String::from_utf8(bytes.into()).expect("the answer is text");
    assert_eq!(head.status, StatusCode::OK, "{text}");
    (Credential::issued_in(&head.headers), text)
}

fn user(session: usize) -> String {
    Uuid::from_u64_pair(7, session as u64).to_string()
}

const AT_ONCE: usize = 16;
