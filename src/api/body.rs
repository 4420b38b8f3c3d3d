//! What a request's body says, field by field: each is named when it is not as it should be, and its content never is.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use serde_json::{Map, Value};

use super::{Code, Problem};

/// The fields of a JSON object that nobody has looked at yet.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text that has to be there, of at most so many characters.
    pub(super) fn text(&mut self, name: &'static str, longest: usize) -> Result<String, Problem> {
        self.optional_text(name, longest)?.ok_or_else(|| invalid(name, "is missing"))
    }

    /// A text that may be left out.
    pub(super) fn optional_text(&mut self, name: &'static str, longest: usize) -> Result<Option<String>, Problem> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) if (1..=longest).contains(&text.chars().count()) => Ok(Some(text)),
            Some(_) => Err(invalid(name, &format!("has to be a text of 1 to {longest} characters"))),
        }
    }

    /// A yes or no; no if it is left out.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.0.remove(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(invalid(name, "has to be true or false")),
        }
    }

    /// Refuses what was not asked for: it would be a setting that does nothing.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Problem::new(Code::Invalid).with_detail("there is a field that is not known here"))
    }
}

/// What is wrong with a field.
pub(super) fn invalid(name: &str, problem: &str) -> Problem {
    Problem::new(Code::Invalid).with_detail(format!("`{name}` {problem}")).with_pointer(format!("/{name}"))
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        let content = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::TooLarge),
            _ => Problem::new(Code::Malformed).with_detail("the body did not arrive whole"),
        })?;
        match serde_json::from_slice(&content) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Problem::new(Code::Invalid).with_detail("the body has to be a JSON object")),
            Err(_) => Err(Problem::new(Code::Malformed)),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Bytes of a body: names, passwords and codes are shorter.
pub(super) const LARGEST: usize = 16 * 1024;
