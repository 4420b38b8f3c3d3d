//! What travels: `secret.session_id.signature`, 113 characters, always.
//!
//! | part | bytes | characters of base64url | what it is |
//! |---|---|---|---|
//! | secret | 32 | 43 | random; only the holder has it, the store keeps its SHA-256 |
//! | session id | 18 | 24 | the public handle |
//! | signature | 33 | 44 | one byte that names the key, then HMAC-SHA256 |
//!
//! The MAC runs over 114 bytes: a context block of 64 (a label, the key's name, the SHA-256 of the
//! audience), the secret, the session id. Every part has a fixed length, so no two tokens share
//! an input. A token holds no user, no time and no role: it means nothing to whoever finds it.
//!
//! Two more travel beside it, each described where it is made: the form token and the device token. A service's token has the
//! same shape under a label and keys of its own.

mod device;
mod form;
mod keys;
mod refusal;
mod secret;
#[cfg(feature = "service")]
mod service;
#[cfg(test)]
mod tests;

pub(crate) use device::{DeviceKeys, DeviceToken};
pub(crate) use form::FormKeys;
pub(crate) use keys::TokenKeys;
pub use refusal::RefusalKind;
pub(crate) use secret::Secret;
#[cfg(feature = "service")]
pub use service::ServiceToken;

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::record::SessionId;

/// A session token: the credential of whoever holds it.
///
/// It prints nothing in `Debug` and has no `Display`; [`reveal`](Self::reveal) and serialisation
/// are the two doors through which it leaves.
///
/// ```
/// use countersign::Token;
///
/// // Shape is checked here; whether the token is genuine, and its session alive, is not.
/// let text = format!("{}.{}.{}", "A".repeat(43), "A".repeat(24), "A".repeat(44));
/// let token: Token = text.parse()?;
/// assert_eq!(*token.reveal(), text);
/// assert!(format!("{text}=").parse::<Token>().is_err());
/// # Ok::<(), countersign::MalformedToken>(())
/// ```
#[derive(Clone)]
pub struct Token {
    secret: Secret,
    id: SessionId,
    signature: [u8; SIGNATURE_BYTES],
}

impl Token {
    /// Length in characters.
    pub const CHARS: usize = SECRET_CHARS + 1 + SessionId::CHARS + 1 + SIGNATURE_CHARS;

    /// Reads a token: exact length, exact alphabet, canonical trailing bits, no allocation.
    ///
    /// # Errors
    /// For every other spelling.
    pub fn parse(text: &[u8]) -> Result<Self, MalformedToken> {
        let text: &[u8; Self::CHARS] = text.try_into().map_err(|_| MalformedToken(()))?;
        let (secret, rest) = text.split_at(SECRET_CHARS);
        let (id, rest) = rest[1..].split_at(SessionId::CHARS);
        let (dot, signature) = rest.split_at(1);
        if text[SECRET_CHARS] != b'.' || dot != b"." {
            return Err(MalformedToken(()));
        }
        Ok(Self {
            secret: Secret::from_bytes(decode(secret)?),
            id: SessionId::from_bytes(decode(id)?),
            signature: decode(signature)?,
        })
    }

    /// The session that it claims to belong to.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// The token as it travels. Whoever reads this text can act as its user: do not log it.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(Self::CHARS + 3));
        BASE64_URL_SAFE_NO_PAD.encode_string(self.secret.expose(), &mut text);
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(self.id.as_bytes(), &mut text);
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(self.signature, &mut text);
        text
    }

    pub(crate) const fn secret(&self) -> &Secret {
        &self.secret
    }
}

fn decode<const N: usize>(text: &[u8]) -> Result<[u8; N], MalformedToken> {
    let mut bytes = [0; N];
    match BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(length) if length == N => Ok(bytes),
        _ => Err(MalformedToken(())),
    }
}

/// Names the session, never the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(of {}, redacted)", self.id)
    }
}

impl FromStr for Token {
    type Err = MalformedToken;

    fn from_str(text: &str) -> Result<Self, MalformedToken> {
        Self::parse(text.as_bytes())
    }
}

/// As text: this is how a log-in's answer carries it to an API's client.
impl Serialize for Token {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.reveal())
    }
}

/// Text that has not the shape of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedToken(());

impl fmt::Display for MalformedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a token: {} characters, `secret.session_id.signature` in base64url without padding",
            Token::CHARS
        )
    }
}

impl std::error::Error for MalformedToken {}

const SECRET_CHARS: usize = 43;
const SIGNATURE_BYTES: usize = 33;
const SIGNATURE_CHARS: usize = 44;
const _: () = assert!(Token::CHARS == 113);
const _: () = assert!(SECRET_CHARS == (Secret::BYTES * 4).div_ceil(3));
const _: () = assert!(SIGNATURE_CHARS * 3 == SIGNATURE_BYTES * 4);
