//! The tokens themselves: they print nothing, and are wiped when the last copy is dropped.

use std::fmt;

use http::HeaderValue;
use zeroize::Zeroizing;

use super::InvalidToken;
use crate::client::basics::secret_header;

/// An access token, made ready for the `Authorization` header (RFC 6750, section 2.1).
///
/// Clones share one copy of the text, which is wiped with the last of them. `Debug` prints no part
/// of it; [`reveal`](Self::reveal) is the one way out.
///
/// ```
/// use countersign::client::AccessToken;
///
/// let token = AccessToken::new("2YotnFZFEjr1zCsicMWpAA")?;
/// assert_eq!(token.reveal(), "2YotnFZFEjr1zCsicMWpAA");
/// assert_eq!(format!("{token:?}"), "AccessToken(redacted)");
///
/// // What could not stand in a header is refused.
/// assert!(AccessToken::new("two\r\nlines").is_err());
/// # Ok::<(), countersign::client::InvalidToken>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// `Bearer`, a space, the token.
    header: HeaderValue,
}

impl AccessToken {
    /// A token of one or more visible ASCII characters (RFC 6749, appendix A.12, without the space).
    ///
    /// # Errors
    /// If it is empty, or holds anything else.
    pub fn new(token: impl AsRef<str>) -> Result<Self, InvalidToken> {
        let token = token.as_ref();
        check(token, "an access token")?;
        let text = Zeroizing::new([SCHEME.as_bytes(), token.as_bytes()].concat());
        let header = secret_header(text).expect("visible ASCII after `Bearer ` is a header's value");
        Ok(Self { header })
    }

    /// The token in plain text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.header.to_str().ok().and_then(|text| text.strip_prefix(SCHEME)).unwrap_or_default()
    }

    /// The value of the `Authorization` header: marked as sensitive, and cloned without a copy.
    #[must_use]
    pub const fn header(&self) -> &HeaderValue {
        &self.header
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

/// A refresh token: goes to whoever issues access tokens, and to nobody else.
///
/// `Debug` prints no part of it, and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// A token of one or more visible ASCII characters.
    ///
    /// # Errors
    /// If it is empty, or holds anything else.
    pub fn new(token: impl AsRef<str>) -> Result<Self, InvalidToken> {
        check(token.as_ref(), "a refresh token")?;
        Ok(Self(Zeroizing::new(token.as_ref().to_owned())))
    }

    /// The token in plain text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(redacted)")
    }
}

fn check(token: &str, what: &'static str) -> Result<(), InvalidToken> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidToken::new(what, "one or more visible ASCII characters, without spaces"));
    }
    Ok(())
}

const SCHEME: &str = "Bearer ";
