//! The session ends, or another one begins, while a call is under way.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use countersign::client::{CallError, ClientLayer, ClientSession, ErrorKind, RefreshError, RefreshToken, TokenManager};
use http::{Request, Response};
use tokio::sync::Notify;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::help::{Body, dead, fresh, hyper, manager, refresh_on_a_word, request, server_that, status, with};

const API: &str = "https://api.example.com/";

/// What happens to ada's session meanwhile.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meanwhile {
    LogsOut,
    ForgetsTokens,
    SomebodyElseLogsIn,
}

const ALL: [Meanwhile; 3] = [Meanwhile::LogsOut, Meanwhile::ForgetsTokens, Meanwhile::SomebodyElseLogsIn];

impl Meanwhile {
    async fn happens_to(self, session: &ClientSession) {
        match self {
            Self::LogsOut => session.clear().await.unwrap(),
            Self::ForgetsTokens => session.tokens().clear().await.unwrap(),
            Self::SomebodyElseLogsIn => session.log_in(fresh("eve")).await.unwrap(),
        }
    }
}

async fn session_of_ada() -> ClientSession {
    let session = ClientSession::from(manager(fresh("nobody"), "ada-renewed").0);
    session.log_in(fresh("ada")).await.unwrap();
    session
}

fn is_not_authenticated<T: std::fmt::Debug, E: std::fmt::Debug>(result: &Result<T, CallError<E>>) -> bool {
    matches!(result, Err(CallError::Session(error)) if error.kind() == ErrorKind::NotAuthenticated)
}

#[tokio::test]
async fn a_refused_call_of_one_session_is_not_sent_again_as_another() {
    for meanwhile in ALL {
        let session = session_of_ada().await;
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (ada, sees) = (session.clone(), Arc::clone(&seen));
        let api = service_fn(move |request: Request<Body>| {
            let (session, sees) = (ada.clone(), Arc::clone(&sees));
            async move {
                sees.lock().unwrap().push(request.headers()["authorization"].to_str().unwrap().to_owned());
                meanwhile.happens_to(&session).await;
                Ok::<_, Infallible>(status(401))
            }
        });
        let client = ClientLayer::new(API, session).unwrap().layer(api);
        let transfer = Request::post(API).body(Body::from("all of ada's money")).unwrap();
        let result = client.oneshot(transfer).await;
        assert!(is_not_authenticated(&result), "{meanwhile:?}: {result:?}");
        assert_eq!(*seen.lock().unwrap(), ["Bearer ada"], "{meanwhile:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_busy_server_is_not_sent_again_as_another() {
    for meanwhile in ALL {
        let session = session_of_ada().await;
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        let ada = session.clone();
        let api = service_fn(move |_: Request<Body>| {
            counter.fetch_add(1, Ordering::SeqCst);
            let session = ada.clone();
            async move {
                meanwhile.happens_to(&session).await;
                Ok::<_, Infallible>(with(status(503), "retry-after", "5"))
            }
        });
        let client = ClientLayer::new(API, session).unwrap().layer(api);
        let result = client.oneshot(request(API)).await;
        assert!(is_not_authenticated(&result), "{meanwhile:?}: {result:?}");
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{meanwhile:?}");
    }
}

#[tokio::test]
async fn a_call_that_waits_for_its_token_is_not_sent_as_another() {
    for meanwhile in ALL {
        let (asked, go_on, refresh) = refresh_on_a_word("ada-renewed");
        let session = ClientSession::from(TokenManager::builder(refresh).build().unwrap());
        session.log_in(dead("ada")).await.unwrap();
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        let api = service_fn(move |_: Request<Body>| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok::<Response<Body>, Infallible>(status(200)) }
        });
        let call = tokio::spawn(ClientLayer::new(API, session.clone()).unwrap().layer(api).oneshot(request(API)));
        asked.notified().await;
        meanwhile.happens_to(&session).await;
        go_on.notify_one();
        let result = call.await.unwrap();
        assert!(is_not_authenticated(&result), "{meanwhile:?}: {result:?}");
        assert_eq!(sent.load(Ordering::SeqCst), 0, "{meanwhile:?}");
    }
}

/// A client that is not ready while its door is shut.
#[derive(Clone, Default)]
struct Doored {
    door: Arc<Mutex<Door>>,
    waits: Arc<Notify>,
    seen: Arc<Mutex<Vec<String>>>,
}

#[derive(Default)]
struct Door {
    is_shut: bool,
    waiting: Option<Waker>,
}

impl Doored {
    fn shut(&self) {
        self.door.lock().unwrap().is_shut = true;
    }

    fn open(&self) {
        let mut door = self.door.lock().unwrap();
        door.is_shut = false;
        door.waiting.take().unwrap().wake();
    }
}

impl Service<Request<Body>> for Doored {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let mut door = self.door.lock().unwrap();
        if !door.is_shut {
            return Poll::Ready(Ok(()));
        }
        door.waiting = Some(cx.waker().clone());
        self.waits.notify_one();
        Poll::Pending
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let token = request.headers()["authorization"].to_str().unwrap().to_owned();
        self.seen.lock().unwrap().push(token);
        ready(Ok(status(200)))
    }
}

/// A call with a token that was renewed a moment ago, of a client whose door was shut since.
async fn waiting_for_the_door() -> (ClientSession, Doored, impl Future<Output = Answer>) {
    let client = Doored::default();
    let shuts = client.clone();
    let refresh = move |_: RefreshToken| {
        shuts.shut();
        async { Ok::<_, RefreshError>(fresh("ada-renewed")) }
    };
    let session = ClientSession::from(TokenManager::builder(refresh).build().unwrap());
    session.log_in(dead("ada")).await.unwrap();
    let layer = ClientLayer::new(API, session.clone()).unwrap();
    let call = tokio::spawn(layer.layer(client.clone()).oneshot(request(API)));
    client.waits.notified().await;
    (session, client, async { call.await.unwrap() })
}

type Answer = Result<Response<Body>, CallError<Infallible>>;

#[tokio::test]
async fn a_token_that_waits_for_the_client_to_get_ready_is_not_sent_after_a_log_out() {
    for meanwhile in ALL {
        let (session, client, call) = waiting_for_the_door().await;
        meanwhile.happens_to(&session).await;
        client.open();
        let result = call.await;
        assert!(is_not_authenticated(&result), "{meanwhile:?}: {result:?}");
        assert!(client.seen.lock().unwrap().is_empty(), "{meanwhile:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_renewed_while_the_client_gets_ready_is_the_one_that_is_sent() {
    let (session, client, call) = waiting_for_the_door().await;
    session.tokens().set(fresh("ada-again")).await.unwrap();
    client.open();
    assert_eq!(call.await.unwrap().status(), 200);
    assert_eq!(*client.seen.lock().unwrap(), ["Bearer ada-again"]);
}

#[tokio::test]
async fn what_an_answer_brings_after_the_end_of_its_session_is_dropped() {
    for meanwhile in ALL {
        let session = session_of_ada().await;
        let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let server = {
            let (asked, go_on) = (Arc::clone(&asked), Arc::clone(&go_on));
            server_that(move |_| {
                let (asked, go_on) = (Arc::clone(&asked), Arc::clone(&go_on));
                async move {
                    asked.notify_one();
                    go_on.notified().await;
                    with(with(status(200), "set-cookie", "sid=ada; Path=/"), "x-new-token", "ada-late")
                }
            })
            .await
        };
        let layer = ClientLayer::new(server.origin(), session.clone()).unwrap();
        let client = layer.renewed_by_header(http::HeaderName::from_static("x-new-token")).layer(hyper());
        let call = tokio::spawn(client.oneshot(request(server.url("/"))));
        asked.notified().await;
        meanwhile.happens_to(&session).await;
        let before = session.tokens().tokens().map(|tokens| tokens.access_token().reveal().to_owned());
        go_on.notify_one();
        assert_eq!(call.await.unwrap().unwrap().status(), 200, "{meanwhile:?}: the answer is the caller's");
        assert!(session.cookie_header(&server.url("/").parse().unwrap()).is_none(), "{meanwhile:?}");
        let after = session.tokens().tokens().map(|tokens| tokens.access_token().reveal().to_owned());
        assert_eq!(before, after, "{meanwhile:?}");
        // Nor does it come back with the next log-in.
        session.log_in(fresh("eve")).await.unwrap();
        assert!(session.cookie_header(&server.url("/").parse().unwrap()).is_none(), "{meanwhile:?}");
    }
}
