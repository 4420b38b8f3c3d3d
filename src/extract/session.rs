use std::fmt;

use axum_core::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{guard::Answer, session::Session, sessions::MISSING_LAYER};

/// Never fails behind a [`SessionLayer`](crate::SessionLayer).
impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        Self::in_extensions(&parts.extensions).ok_or(MissingLayer(()))
    }
}

/// The request did not pass through a [`SessionLayer`](crate::SessionLayer): a mistake in the
/// application, answered with 500 and a text that says how to mend it.
#[derive(Clone, Copy, Debug)]
pub struct MissingLayer(pub(super) ());

impl fmt::Display for MissingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MISSING_LAYER)
    }
}

impl std::error::Error for MissingLayer {}

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        Answer::missing_layer().into_response()
    }
}
