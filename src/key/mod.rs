//! The key ring: one current key that signs, previous keys that still verify.
//!
//! A key is at least 32 random bytes. Nothing uses it directly: for each purpose a sub-key comes
//! out of it by HKDF-SHA256 (RFC 5869) with a label of its own, so that no output of one purpose
//! can ever be taken for another's (ASVS 9.2.2).

mod error;
mod random;
mod seal;
#[cfg(test)]
mod tests;

pub use error::{KeyError, KeyErrorKind, RandomError};
pub(crate) use random::random_bytes;
pub(crate) use seal::SealKeys;
#[cfg(feature = "server")]
pub(crate) use seal::{Opened, SEALED_OVER};

use std::{
    env::{self, VarError},
    fmt,
    str::FromStr,
    sync::Arc,
};

use base64::{
    Engine, alphabet,
    engine::DecodePaddingMode,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig},
};
use ring::hkdf;
use zeroize::Zeroizing;

/// One current key that signs, and any number of previous keys that still verify.
///
/// To rotate: make a new key, put it in front, keep the old one behind it for as long as its
/// tokens may live, then drop it. Nobody is logged out before that, and then only those whose
/// token has not been signed anew in the meantime.
///
/// ```
/// use countersign::KeyRing;
///
/// let ring = KeyRing::new(b"32 bytes or more, from a good RNG")?
///     .with_previous(b"the key that signed until last week")?;
/// assert_eq!(ring.len(), 2);
///
/// // A short key is refused, with the command that makes a good one.
/// let error = KeyRing::new(b"too short!").unwrap_err();
/// assert!(error.to_string().contains("openssl rand -base64 32"));
/// # Ok::<(), countersign::KeyError>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    /// The current key first.
    keys: Arc<Vec<Key>>,
}

impl KeyRing {
    /// A ring of one key.
    ///
    /// # Errors
    /// [`KeyErrorKind::TooShort`] under 32 bytes, [`KeyErrorKind::LowVariety`] for bytes that no
    /// random generator would give (ASVS 11.2.3).
    pub fn new(current: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Ok(Self { keys: Arc::new(vec![Key::new(current.as_ref())?]) })
    }

    /// A ring of one fresh random key. It is lost with the process unless [exported].
    ///
    /// [exported]: Self::dangerous_export_current
    ///
    /// # Errors
    /// If the system's random generator fails.
    pub fn generate() -> Result<Self, KeyError> {
        Self::new(Zeroizing::new(random_bytes::<KEY_BYTES>()?).as_slice())
    }

    /// Reads the ring from an environment variable: base64 keys, the current one first, separated
    /// by commas.
    ///
    /// # Errors
    /// [`KeyErrorKind::Missing`] if the variable is not set or empty, else as for parsing. The text
    /// names the variable.
    pub fn from_env(variable: &str) -> Result<Self, KeyError> {
        Self::from_variable(variable, env::var(variable))
    }

    fn from_variable(variable: &str, value: Result<String, VarError>) -> Result<Self, KeyError> {
        let unusable = |kind| KeyError::new(kind, format!("the environment variable {variable}"));
        match value.map(Zeroizing::new) {
            Ok(value) if !value.trim().is_empty() => {
                value.parse().map_err(|error: KeyError| error.in_variable(variable))
            }
            Ok(_) | Err(VarError::NotPresent) => Err(unusable(KeyErrorKind::Missing)),
            // It is set, so somebody relies on it: this must not pass for missing.
            Err(VarError::NotUnicode(_)) => Err(unusable(KeyErrorKind::NotBase64)),
        }
    }

    /// The same ring with one more key that verifies but does not sign.
    ///
    /// # Errors
    /// As [`KeyRing::new`].
    pub fn with_previous(mut self, previous: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Arc::make_mut(&mut self.keys).push(Key::new(previous.as_ref())?);
        Ok(self)
    }

    /// How many keys the ring holds: at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a ring is never empty")]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The current key in base64, to be kept where only this service can read it.
    #[must_use]
    pub fn dangerous_export_current(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&*self.keys[0].material))
    }

    /// The ring's keys, the current one first.
    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }
}

/// Base64 keys, the current one first, separated by commas. Standard or URL-safe alphabet, with or
/// without padding.
impl FromStr for KeyRing {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (index, part) in text.split(',').enumerate() {
            let position = format!("key {} of the list", index + 1);
            let part = Zeroizing::new(part.trim().replace('-', "+").replace('_', "/"));
            let bytes = BASE64
                .decode(part.as_bytes())
                .map(Zeroizing::new)
                .map_err(|_| KeyError::new(KeyErrorKind::NotBase64, position.clone()))?;
            keys.push(Key::new(&bytes).map_err(|error| KeyError::new(error.kind(), position))?);
        }
        Ok(Self { keys: Arc::new(keys) })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys, redacted)", self.keys.len())
    }
}

/// What a sub-key is for. The label is part of the derivation, so a new purpose is a new key.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "service"),
    allow(dead_code, reason = "the client half only seals, and services are a feature")
)]
pub(crate) enum Purpose {
    /// The MAC of session tokens.
    Token,
    /// The MAC of the tokens of services.
    Service,
    /// The successor of a secret, at rotation.
    Succession,
    /// The byte by which a token names its key.
    Name,
    /// The MAC of tokens that stand in forms, against cross-site requests.
    Form,
    /// The MAC by which a device cookie names its users.
    Device,
    /// The encryption of what a store keeps.
    Seal,
    /// The byte by which a sealed value names its key.
    SealName,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Token => b"countersign v1 session token",
            Self::Service => b"countersign v1 service token",
            Self::Succession => b"countersign v1 secret succession",
            Self::Name => b"countersign v1 key name",
            Self::Form => b"countersign v1 form token",
            Self::Device => b"countersign v1 device",
            Self::Seal => b"countersign v1 sealing",
            Self::SealName => b"countersign v1 sealing key name",
        }
    }
}

/// One key of a ring. Its bytes are wiped when it is dropped.
#[derive(Clone)]
pub(crate) struct Key {
    material: Zeroizing<Vec<u8>>,
}

impl Key {
    fn new(material: &[u8]) -> Result<Self, KeyError> {
        if material.len() < KEY_BYTES {
            return Err(KeyError::new(KeyErrorKind::TooShort, format!("a key of {} bytes", material.len())));
        }
        let mut seen = [false; 256];
        material.iter().for_each(|byte| seen[usize::from(*byte)] = true);
        if seen.iter().filter(|seen| **seen).count() < LEAST_DISTINCT_BYTES {
            return Err(KeyError::new(KeyErrorKind::LowVariety, "a key".to_owned()));
        }
        Ok(Self { material: Zeroizing::new(material.to_vec()) })
    }

    /// The sub-key for one purpose.
    pub(crate) fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, SALT)
            .extract(&self.material)
            .expand(&[purpose.label()], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(out.as_mut_slice()))
            .expect("HKDF-SHA256 gives 32 bytes: far under its limit of 255 blocks");
        out
    }
}

const KEY_BYTES: usize = 32;
/// 32 random bytes have fewer than 8 distinct values with a probability below 2^-100.
const LEAST_DISTINCT_BYTES: usize = 8;
const SALT: &[u8] = b"countersign v1";
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
