//! A plain Hyper server behind the same layer: no Axum, no router.
//!
//! ```sh
//! cargo run --example hyper
//! alias c='curl --cookie jar --cookie-jar jar'
//! c -X POST 127.0.0.1:3000/login/ada
//! c 127.0.0.1:3000/me
//! c -X POST 127.0.0.1:3000/count
//! c -X POST 127.0.0.1:3000/logout
//! ```

#![allow(clippy::print_stdout, reason = "it says where it listens")]

use countersign::{Config, Error, KeyRing, MemoryStore, Session, SessionLayer, Sessions};
use http::{Request, Response, header::WWW_AUTHENTICATE};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // For plain http on localhost. A fresh key and a store in memory: sessions end with the process.
    let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new()).config(Config::development()).build()?;
    let service = ServiceBuilder::new().layer(SessionLayer::new(sessions)).service_fn(answer);

    let listener = TcpListener::bind(std::env::var("LISTEN").as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            // An error is the client's: it hung up, or did not speak HTTP.
            auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await.ok()
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, http::Error> {
    let (status, text) = match route(&request).await {
        Ok(answer) => answer,
        Err(error) => (error.kind().status(), error.to_string()),
    };
    let mut response = Response::builder().status(status);
    if status == 401 {
        response = response.header(WWW_AUTHENTICATE, "Bearer");
    }
    response.body(Full::from(text + "\n"))
}

async fn route(request: &Request<Incoming>) -> Result<(u16, String), Error> {
    let session = Session::of(request);
    let path: Vec<&str> = request.uri().path().split('/').skip(1).collect();
    Ok(match (request.method().as_str(), path.as_slice()) {
        ("POST", ["login", user]) => {
            session.log_in(user).await?; // Here you check who he is, before.
            (200, format!("welcome {user}"))
        }
        ("GET", ["me"]) => match session.user() {
            Some(user) => (200, format!("you are {user}")),
            None => (401, "log in first".to_owned()),
        },
        ("POST", ["count"]) => {
            session.increment("count", 1)?; // Stored before the answer leaves.
            (200, session.get::<i64>("count")?.unwrap_or_default().to_string())
        }
        ("POST", ["logout"]) => {
            session.log_out().await?;
            (200, "good-bye".to_owned())
        }
        _ => (404, "not found".to_owned()),
    })
}
