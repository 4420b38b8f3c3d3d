//! A stateless JSON Web Token, signed with HS256: nothing stored, nothing that could be revoked.
//!
//! The middleware does no more than it must, with keys and rules made once: it verifies the Bearer
//! token and puts the claims into the request's extensions, behind an `Arc`. To write is to issue
//! the token anew.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, header::AUTHORIZATION},
    response::IntoResponse,
    routing::{get, post},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use tower::{Layer, Service};

use crate::contender::{ANONYMOUS, Contender, Kept};

/// The best that a token without a store can do.
pub const HS256: Contender =
    Contender { name: "JWT HS256 (jsonwebtoken 11; not revocable)", kept: Kept::ByTheClient, router };

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
    number: u64,
}

struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    rules: Validation,
}

fn router() -> Router {
    let secret = [7; 32];
    let keys = Arc::new(Keys {
        signing: EncodingKey::from_secret(&secret),
        verifying: DecodingKey::from_secret(&secret),
        rules: Validation::new(Algorithm::HS256),
    });
    Router::new()
        .route("/read", get(read))
        .route("/write", post(write))
        .route("/login", post(log_in))
        .layer(JwtLayer { keys: keys.clone() })
        .with_state(keys)
}

async fn read(claims: Option<Extension<Arc<Claims>>>) -> String {
    claims.map_or_else(|| ANONYMOUS.to_owned(), |claims| claims.sub.clone())
}

async fn write(State(keys): State<Arc<Keys>>, Extension(claims): Extension<Arc<Claims>>) -> impl IntoResponse {
    let number = claims.number + 1;
    let claims = Claims { number, ..Claims::clone(&claims) };
    (keys.issue(&claims), number.to_string())
}

async fn log_in(State(keys): State<Arc<Keys>>, sub: String) -> impl IntoResponse {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    keys.issue(&Claims { sub, exp: now.as_secs() + 8 * 3600, number: 0 })
}

impl Keys {
    fn verify(&self, headers: &HeaderMap) -> Option<Claims> {
        let token = headers.get(AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        Some(decode::<Claims>(token, &self.verifying, &self.rules).ok()?.claims)
    }

    fn issue(&self, claims: &Claims) -> [(HeaderName, String); 1] {
        let token = encode(&Header::default(), claims, &self.signing).expect("claims are plain");
        [(AUTHORIZATION, format!("Bearer {token}"))]
    }
}

#[derive(Clone)]
struct JwtLayer {
    keys: Arc<Keys>,
}

#[derive(Clone)]
struct JwtService<S> {
    inner: S,
    keys: Arc<Keys>,
}

impl<S> Layer<S> for JwtLayer {
    type Service = JwtService<S>;

    fn layer(&self, inner: S) -> JwtService<S> {
        JwtService { inner, keys: self.keys.clone() }
    }
}

impl<S: Service<Request>> Service<Request> for JwtService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        if let Some(claims) = self.keys.verify(request.headers()) {
            request.extensions_mut().insert(Arc::new(claims));
        }
        self.inner.call(request)
    }
}
