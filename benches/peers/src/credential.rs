//! What a client sends to be recognised.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{AUTHORIZATION, COOKIE, SET_COOKIE},
};

/// A request header that belongs to one session.
#[derive(Clone)]
pub struct Credential {
    /// `Cookie` or `Authorization`.
    pub name: HeaderName,
    /// All of its value.
    pub value: HeaderValue,
}

impl Credential {
    /// What the answer to a log-in gives the client: its cookies, else its `Authorization`.
    pub fn issued_in(answer: &HeaderMap) -> Option<Self> {
        let cookies: Vec<&str> = answer
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok()?.split(';').next())
            .filter(|cookie| !cookie.ends_with('=')) // a removal
            .collect();
        if cookies.is_empty() {
            let value = answer.get(AUTHORIZATION)?.clone();
            return Some(Self { name: AUTHORIZATION, value });
        }
        let value = HeaderValue::try_from(cookies.join("; ")).ok()?;
        Some(Self { name: COOKIE, value })
    }

    /// The same with one character changed, well-formed as before.
    ///
    /// The tenth from the end lies inside the signature of a token that ends with one, inside the
    /// signed part of a cookie that begins with one, and inside a bare id. (The last would not do:
    /// its low bits may be padding.)
    #[must_use]
    pub fn forged(&self) -> Self {
        let mut bytes = self.value.as_bytes().to_vec();
        let tenth = bytes.len() - 10;
        bytes[tenth] = if bytes[tenth] == b'0' { b'1' } else { b'0' };
        let value = HeaderValue::try_from(bytes).expect("a digit is fit for a header");
        Self { name: self.name.clone(), value }
    }
}
