//! Token sets as JSON: as a server sends them, and as a file keeps them.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de};
use zeroize::Zeroizing;

use super::{AccessToken, InvalidToken, RefreshToken, TokenSet, expiry};
use crate::{client::basics::instant, clock::Timestamp};

/// The fields that a file keeps: those of the documents, and when the tokens were received.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct WireTokens {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "instant")]
    received_at: Option<Timestamp>,
}

impl WireTokens {
    pub(crate) fn of(tokens: Option<&TokenSet>) -> Self {
        let Some(tokens) = tokens else { return Self::default() };
        let copy = |text: &str| Zeroizing::new(text.to_owned());
        Self {
            access_token: Some(copy(tokens.access.reveal())),
            refresh_token: tokens.refresh.as_ref().map(|token| copy(token.reveal())),
            expires_at: tokens.expires_at,
            received_at: tokens.received_at,
        }
    }

    /// The tokens; `None` if there is no access token.
    pub(crate) fn tokens(self) -> Result<Option<TokenSet>, InvalidToken> {
        let Some(access) = self.access_token else { return Ok(None) };
        let mut tokens = TokenSet::new(&*access)?;
        if let Some(refresh) = self.refresh_token.filter(|refresh| !refresh.is_empty()) {
            tokens = tokens.with_refresh_token(&*refresh)?;
        }
        tokens.expires_at = self.expires_at.or(tokens.expires_at);
        tokens.received_at = self.received_at;
        Ok(Some(tokens))
    }
}

pub(super) fn from_response(body: &[u8], received_at: Timestamp) -> Result<TokenSet, InvalidToken> {
    /// RFC 6749, section 5.1.
    #[derive(Deserialize)]
    struct Response {
        #[serde(alias = "token")]
        access_token: Zeroizing<String>,
        refresh_token: Option<Zeroizing<String>>,
        token_type: Option<String>,
        #[serde(default, deserialize_with = "read_seconds")]
        expires_in: Option<Duration>,
        #[serde(default, deserialize_with = "instant::deserialize")]
        expires_at: Option<Timestamp>,
    }
    let not_one = |error: serde_json::Error| {
        InvalidToken::new("a token response", format!("a JSON object with `access_token` ({})", reason(&error)))
    };
    let response: Response = serde_json::from_slice(body).map_err(not_one)?;
    if response.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(InvalidToken::new("`token_type`", "`Bearer`: other tokens are not carried in the same way"));
    }
    let access = AccessToken::new(&*response.access_token)?;
    let refresh = response.refresh_token.filter(|token| !token.is_empty());
    let expires_at = match response.expires_in {
        Some(lifetime) => Some(received_at.after(lifetime)),
        None => response.expires_at.or_else(|| expiry::of_jwt(access.reveal())),
    };
    let refresh = refresh.map(|token| RefreshToken::new(&*token)).transpose()?;
    Ok(TokenSet { access, refresh, expires_at, received_at: Some(received_at) })
}

/// What serde_json found wrong, without the values that it quotes: they may be tokens.
fn reason(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "a field is missing, or of another type",
        serde_json::error::Category::Eof => "it breaks off",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not JSON",
    };
    format!("{what}: line {}, column {}", error.line(), error.column())
}

/// `expires_in`: a number of seconds, which some servers send as a string.
fn read_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(f64),
        Text(String),
    }
    let seconds = match Option::<Seconds>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Seconds::Number(seconds)) => Some(seconds),
        Some(Seconds::Text(text)) => text.trim().parse().ok(),
    };
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(duration) => Ok(Some(duration)),
        None => Err(de::Error::custom("expires_in is not a number of seconds")),
    }
}
