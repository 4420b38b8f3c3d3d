use std::convert::Infallible;

use axum_core::extract::FromRequestParts;
use http::request::Parts;

use crate::guard::ReturnTo;

/// What the query names as `return_to`, or `/`. Never fails, and needs no layer.
impl<S: Sync> FromRequestParts<S> for ReturnTo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.uri.query().map(Self::of_query).unwrap_or_default())
    }
}
