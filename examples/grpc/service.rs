//! A service of gRPC, as `tonic-build` would write it out of this, and what its methods do:
//!
//! ```proto
//! syntax = "proto3";
//! package countersign.example;
//!
//! service Notes {
//!   rpc LogIn (User) returns (Token);
//!   rpc WhoAmI (Nothing) returns (User);
//!   rpc Add (Note) returns (Count);
//!   rpc Watch (Nothing) returns (stream Note);
//! }
//! message Nothing {}
//! message User { string name = 1; }
//! message Token { string token = 1; }
//! message Note { string text = 1; }
//! message Count { int64 notes = 1; }
//! ```

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use countersign::{Error, ErrorKind, Session};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::sleep;
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct User {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Token {
    #[prost(string, tag = "1")]
    pub(crate) token: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Note {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Count {
    #[prost(int64, tag = "1")]
    pub(crate) notes: i64,
}

/// The session is in the request's extensions, as in any other.
fn session_of<T>(request: &Request<T>) -> Result<Session, Status> {
    let session = request.extensions().get::<Session>().cloned();
    session.ok_or_else(|| Status::internal("the server has no SessionLayer"))
}

/// The user's name, or UNAUTHENTICATED.
fn user_of(session: &Session) -> Result<String, Status> {
    session.user().ok_or_else(|| Status::unauthenticated("log in first"))
}

async fn log_in(request: Request<User>) -> Result<Response<Token>, Status> {
    let session = session_of(&request)?;
    let name = request.into_inner().name;
    let issued = session.log_in(name).await.map_err(status_of)?; // Here you check who he is, before.
    Ok(Response::new(Token { token: issued.token().reveal().to_string() }))
}

async fn who_am_i(request: Request<Nothing>) -> Result<Response<User>, Status> {
    Ok(Response::new(User { name: user_of(&session_of(&request)?)? }))
}

/// Two calls at once are two: the store adds.
async fn add(request: Request<Note>) -> Result<Response<Count>, Status> {
    let session = session_of(&request)?;
    user_of(&session)?;
    session.increment("notes", 1).map_err(status_of)?;
    session.commit().await.map_err(status_of)?;
    Ok(Response::new(Count { notes: session.get("notes").map_err(status_of)?.unwrap_or_default() }))
}

type Notes = Pin<Box<dyn Stream<Item = Result<Note, Status>> + Send>>;

/// A stream that ends with its session, and says so.
async fn watch(request: Request<Nothing>) -> Result<Response<Notes>, Status> {
    let session = session_of(&request)?;
    let name = user_of(&session)?;
    let notes = stream::unfold(0_u64, move |number| {
        let text = format!("note {number} for {name}");
        async move {
            if number > 0 {
                sleep(Duration::from_secs(1)).await;
            }
            Some((Ok(Note { text }), number + 1))
        }
    });
    let over = stream::once(async { Err(Status::unauthenticated("the session has ended")) });
    Ok(Response::new(Box::pin(session.until_ended(notes).chain(over))))
}

/// What a handler's error is to a client of gRPC.
fn status_of(error: Error) -> Status {
    let said = error.to_string();
    match error.kind() {
        ErrorKind::TooManyAttempts => Status::resource_exhausted(said),
        ErrorKind::NotFound => Status::not_found(said),
        kind => match kind.status() {
            401 => Status::unauthenticated(said),
            403 => Status::permission_denied(said),
            409 => Status::aborted(said),
            503 => Status::unavailable(said),
            _ => Status::internal(said),
        },
    }
}

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct NotesServer;

impl NamedService for NotesServer {
    const NAME: &'static str = "countersign.example.Notes";
}

impl Service<http::Request<Body>> for NotesServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            Ok(match path.rsplit('/').next().unwrap_or_default() {
                "LogIn" => Grpc::new(ProstCodec::default()).unary(service_fn(log_in), request).await,
                "WhoAmI" => Grpc::new(ProstCodec::default()).unary(service_fn(who_am_i), request).await,
                "Add" => Grpc::new(ProstCodec::default()).unary(service_fn(add), request).await,
                "Watch" => Grpc::new(ProstCodec::default()).server_streaming(service_fn(watch), request).await,
                _ => Status::unimplemented(path).into_http(),
            })
        })
    }
}
