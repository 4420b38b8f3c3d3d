//! The four kinds of requests that are measured.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request},
};
use countersign_peers::credential::Credential;

/// A kind of request.
#[derive(Clone, Copy)]
pub enum Scenario {
    /// A valid credential; the handler reads the user's id.
    ValidRead,
    /// A valid credential; the handler also adds one to a number.
    ReadWrite,
    /// No credential at all, on the route that reads.
    NoCredential,
    /// A well-formed credential that is not genuine, on the route that reads.
    Forged,
}

impl Scenario {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 4] = [Self::ValidRead, Self::ReadWrite, Self::NoCredential, Self::Forged];

    /// The request that somebody with this credential, or a forger of it, sends.
    pub fn request(self, genuine: &Credential, forged: &Credential) -> Request<Body> {
        match self {
            Self::ValidRead => request(Method::GET, "/read", Some(genuine)),
            Self::ReadWrite => request(Method::POST, "/write", Some(genuine)),
            Self::NoCredential => request(Method::GET, "/read", None),
            Self::Forged => request(Method::GET, "/read", Some(forged)),
        }
    }
}

fn request(method: Method, path: &'static str, credential: Option<&Credential>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(Credential { name, value }) = credential {
        request = request.header(name, received(value));
    }
    request.body(Body::empty()).expect("all parts are valid")
}

/// A value as hyper hands it over: read a moment ago, in a buffer that no other request uses, and
/// ready to be cloned without a copy (which a new one is only after its first clone).
fn received(value: &HeaderValue) -> HeaderValue {
    let value = HeaderValue::from_bytes(value.as_bytes()).expect("it was one before");
    drop(value.clone());
    value
}
