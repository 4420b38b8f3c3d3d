use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::{
    key::{RandomError, random_bytes},
    record::SecretHash,
};

/// The part of a token that only its holder has. Wiped when dropped; prints nothing.
#[derive(Clone)]
pub(crate) struct Secret([u8; Self::BYTES]);

impl Secret {
    pub(crate) const BYTES: usize = 32;

    pub(crate) fn random() -> Result<Self, RandomError> {
        random_bytes().map(Self)
    }

    pub(super) const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// What a store may know of it. Nothing else of a secret ever reaches a store.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::from_bytes(Sha256::digest(self.0).into())
    }

    pub(super) const fn expose(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
