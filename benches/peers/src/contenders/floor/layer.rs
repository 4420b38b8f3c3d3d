//! The middleware.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    http::{HeaderMap, header::COOKIE},
};
use subtle::ConstantTimeEq;
use tower::{Layer, Service};

use super::{COOKIE_NAME, Record, Sessions, now};

/// Puts a layer of sessions around a service.
#[derive(Clone)]
pub struct FloorLayer {
    sessions: Arc<Sessions>,
}

impl FloorLayer {
    pub const fn new(sessions: Arc<Sessions>) -> Self {
        Self { sessions }
    }
}

impl<S> Layer<S> for FloorLayer {
    type Service = FloorService<S>;

    fn layer(&self, inner: S) -> FloorService<S> {
        FloorService { inner, sessions: self.sessions.clone() }
    }
}

/// A service that finds the session of a request.
#[derive(Clone)]
pub struct FloorService<S> {
    inner: S,
    sessions: Arc<Sessions>,
}

impl<S: Service<Request>> Service<Request> for FloorService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        if let Some(record) = self.sessions.of(request.headers()) {
            request.extensions_mut().insert(record);
        }
        self.inner.call(request)
    }
}

impl Sessions {
    /// The live session that a request's cookie names and knows the secret of.
    fn of(&self, headers: &HeaderMap) -> Option<Arc<Record>> {
        let token = self.signer.verify(cookie(headers)?)?;
        let record = self.table.get(&token.id)?.clone();
        let knows_the_secret = bool::from(record.secret_hash.ct_eq(&token.secret_hash));
        (knows_the_secret && now() < record.expires).then_some(record)
    }
}

fn cookie(headers: &HeaderMap) -> Option<&[u8]> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|&byte| byte == b';'))
        .find_map(|cookie| cookie.trim_ascii_start().strip_prefix(COOKIE_NAME))
}
