//! Servers that note what reaches them, and clients with the layer around them.

use std::{
    future::{Future, ready},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use countersign::client::{ClientLayer, ClientService, RefreshError, RefreshToken, Refresher, TokenManager, TokenSet};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{sync::Notify, task::JoinHandle};
use tower::{Layer, Service, ServiceExt};

use crate::http_server::serve;

pub(crate) type Body = Full<Bytes>;
pub(crate) type Hyper = Client<HttpConnector, Body>;

/// A request that has reached a server.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.header("authorization").map(|value| value.strip_prefix("Bearer ").unwrap())
    }
}

/// A server of HTTP on this machine, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The tokens that have reached it, in that order.
    pub(crate) fn tokens(&self) -> Vec<Option<String>> {
        self.seen().iter().map(|seen| seen.token().map(str::to_owned)).collect()
    }
}

pub(crate) async fn server(answer: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> Server {
    server_at("127.0.0.1:0", answer).await
}

pub(crate) async fn server_at(
    address: &str,
    answer: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static,
) -> Server {
    server_at_that(address, move |seen| ready(answer(seen))).await
}

/// A server that takes its time.
pub(crate) async fn server_that<F>(answer: impl Fn(&Seen) -> F + Send + Sync + 'static) -> Server
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    server_at_that("127.0.0.1:0", answer).await
}

async fn server_at_that<F>(address: &str, answer: impl Fn(&Seen) -> F + Send + Sync + 'static) -> Server
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let seen = Arc::<Mutex<Vec<Seen>>>::default();
    let (notes, answer) = (Arc::clone(&seen), Arc::new(answer));
    let (address, task) = serve(address, move |request| {
        let (notes, answer) = (Arc::clone(&notes), Arc::clone(&answer));
        async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = body.collect().await else { return Response::default() };
            let path = parts.uri.path().to_owned();
            let seen = Seen { method: parts.method, path, headers: parts.headers, body: body.to_bytes() };
            let response = answer(&seen);
            notes.lock().unwrap().push(seen);
            response.await
        }
    })
    .await;
    Server { address, seen, task }
}

/// A server that lets in whoever brings one of these tokens.
pub(crate) async fn server_for(good: &'static [&'static str]) -> Server {
    server(move |seen| status(if seen.token().is_some_and(|token| good.contains(&token)) { 200 } else { 401 })).await
}

pub(crate) fn status(status: u16) -> Response<Body> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

pub(crate) fn with(mut response: Response<Body>, name: &'static str, value: &str) -> Response<Body> {
    response.headers_mut().append(name, value.parse().unwrap());
    response
}

pub(crate) fn hyper() -> Hyper {
    Client::builder(TokioExecutor::new()).build_http()
}

/// hyper-util's client with the layer around it.
pub(crate) fn client(server: &Server, tokens: TokenManager) -> ClientService<Hyper> {
    ClientLayer::new(server.origin(), tokens).unwrap().layer(hyper())
}

pub(crate) async fn get<S>(client: &S, url: impl AsRef<str>) -> S::Response
where
    S: Service<Request<Body>> + Clone,
    S::Error: std::fmt::Debug,
{
    client.clone().oneshot(request(url)).await.unwrap()
}

pub(crate) fn request(url: impl AsRef<str>) -> Request<Body> {
    Request::get(url.as_ref()).body(Body::default()).unwrap()
}

/// An hour of life.
pub(crate) fn fresh(access: &str) -> TokenSet {
    let tokens = TokenSet::new(access).unwrap().with_refresh_token("the-refresh-token").unwrap();
    tokens.with_lifetime(Duration::from_secs(3600), SystemTime::now())
}

/// Past its end.
pub(crate) fn dead(access: &str) -> TokenSet {
    fresh(access).with_lifetime(Duration::ZERO, SystemTime::now() - Duration::from_secs(60))
}

/// A manager that starts with these tokens, gets these from each refresh, and counts the refreshes.
pub(crate) fn manager(start: TokenSet, refreshed: &'static str) -> (TokenManager, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let refresh = move |_: RefreshToken| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move { Ok::<_, RefreshError>(fresh(refreshed)) }
    };
    (TokenManager::builder(refresh).tokens(start).build().unwrap(), count)
}

/// A refresh that tells when it is asked for, and brings this token when it is told to go on.
pub(crate) fn refresh_on_a_word(token: &'static str) -> (Arc<Notify>, Arc<Notify>, impl Refresher) {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (asking, going_on) = (Arc::clone(&asked), Arc::clone(&go_on));
    let refresh = move |_: RefreshToken| {
        let (asking, going_on) = (Arc::clone(&asking), Arc::clone(&going_on));
        async move {
            asking.notify_one();
            going_on.notified().await;
            Ok::<_, RefreshError>(fresh(token))
        }
    };
    (asked, go_on, refresh)
}

pub(crate) fn count(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::SeqCst)
}
