use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::key::{RandomError, random_bytes};

/// The public handle of a session: safe to log, to list, to revoke by. It authenticates nobody.
///
/// 18 bytes, written as 24 characters of base64url: 16 random bytes, then two bytes of *shard tag*.
/// The tag comes from a plain hash of the user id (random for an anonymous session), so that a
/// distributed store can keep all sessions of one user on one shard, and never has to move them
/// when keys rotate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; Self::BYTES]);

impl SessionId {
    /// Length in bytes.
    pub const BYTES: usize = 18;
    /// Length in characters.
    pub const CHARS: usize = 24;

    /// Under this id a store keeps, as the [last use](super::Record::last_seen_at) of a record of nobody, until when all sessions
    /// have ended. No session has it.
    pub const EVERYBODY: Self = Self(*b"countersign:before");

    /// A fresh id for a session of `user`, or for an anonymous one.
    ///
    /// # Errors
    /// If the system's random generator fails.
    pub fn new(user: Option<&str>) -> Result<Self, RandomError> {
        let mut bytes: [u8; Self::BYTES] = random_bytes()?;
        if let Some(user) = user {
            bytes[RANDOM_BYTES..].copy_from_slice(&Self::shard_tag_of(user).to_be_bytes());
        }
        Ok(Self(bytes))
    }

    /// The id of the record of a service of this name: the same on every node, so that a name is taken once. No session has it,
    /// but for two hashes that meet, at 2^-128.
    #[cfg(feature = "service")]
    pub(crate) fn of_service(name: &str) -> Self {
        let mut bytes = [0; Self::BYTES];
        let hash = Sha256::new().chain_update(b"countersign service").chain_update(name).finalize();
        bytes[..RANDOM_BYTES].copy_from_slice(&hash[..RANDOM_BYTES]);
        bytes[RANDOM_BYTES..].copy_from_slice(&Self::shard_tag_of(super::SERVICES).to_be_bytes());
        Self(bytes)
    }

    /// The shard tag of all sessions of a user: the first two bytes of the SHA-256 of his id.
    #[must_use]
    pub fn shard_tag_of(user: &str) -> u16 {
        let hash = Sha256::digest(user.as_bytes());
        u16::from_be_bytes([hash[0], hash[1]])
    }

    /// An id out of its bytes, as a store reads it back.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The id's bytes, as a store keeps them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The shard tag: equal for all sessions of one user.
    #[must_use]
    pub const fn shard_tag(&self) -> u16 {
        u16::from_be_bytes([self.0[RANDOM_BYTES], self.0[RANDOM_BYTES + 1]])
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; Self::CHARS];
        BASE64_URL_SAFE_NO_PAD.encode_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// Text that is not a session id: exactly 24 characters of base64url are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSessionId(());

impl fmt::Display for InvalidSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a session id: write it as {} characters of base64url", SessionId::CHARS)
    }
}

impl std::error::Error for InvalidSessionId {}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        let mut bytes = [0; Self::BYTES];
        if text.len() != Self::CHARS {
            return Err(InvalidSessionId(()));
        }
        match BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(Self::BYTES) => Ok(Self(bytes)),
            _ => Err(InvalidSessionId(())),
        }
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

const RANDOM_BYTES: usize = 16;
const _: () = assert!(SessionId::CHARS * 3 == SessionId::BYTES * 4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_go_round() {
        let id = SessionId::new(None).unwrap();
        assert_eq!(id.to_string().len(), SessionId::CHARS);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(SessionId::from_bytes(*id.as_bytes()), id);
        assert_eq!(serde_json::from_str::<SessionId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let good = "AAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(good.parse::<SessionId>().is_ok());
        for bad in ["", &good[1..], &format!("{good}A"), &format!("{}=", &good[1..]), &format!("{}+", &good[1..])] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_users_sessions_share_a_tag_and_nothing_else() {
        let (one, two) = (SessionId::new(Some("ada")).unwrap(), SessionId::new(Some("ada")).unwrap());
        assert_eq!(
            (one.shard_tag(), two.shard_tag()),
            (SessionId::shard_tag_of("ada"), SessionId::shard_tag_of("ada"))
        );
        assert_ne!(one, two);
    }
}
