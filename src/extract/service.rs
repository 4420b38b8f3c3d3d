use std::fmt;

use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::service::ServiceIdentity;

/// Never fails behind a [`ServiceLayer`](crate::ServiceLayer).
impl<S: Sync> FromRequestParts<S> for ServiceIdentity {
    type Rejection = MissingServiceLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingServiceLayer> {
        Self::in_extensions(&parts.extensions).ok_or(MissingServiceLayer(()))
    }
}

/// `None` for a request that did not pass through the layer: for routes that are open to users and services.
impl<S: Sync> OptionalFromRequestParts<S> for ServiceIdentity {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(Self::in_extensions(&parts.extensions))
    }
}

/// The request did not pass through a [`ServiceLayer`](crate::ServiceLayer): a mistake in the application, answered with 500
/// and a text that says how to mend it.
#[derive(Clone, Copy, Debug)]
pub struct MissingServiceLayer(());

impl fmt::Display for MissingServiceLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this request did not pass through countersign's ServiceLayer: \
             add `.layer(ServiceLayer::new(sessions.services()))` to the router, after its routes",
        )
    }
}

impl std::error::Error for MissingServiceLayer {}

impl IntoResponse for MissingServiceLayer {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}
