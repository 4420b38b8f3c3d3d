use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{SIGNATURE_BYTES, Secret, Token};
use crate::{
    key::{Key, KeyRing, Purpose},
    record::{Pending, SessionId},
};

/// A key ring made ready for the tokens of one audience.
pub(crate) struct TokenKeys {
    /// The current key first.
    keys: Vec<TokenKey>,
}

struct TokenKey {
    /// Names the key inside a token.
    name: u8,
    /// HMAC that has already read its key and the context block.
    mac: Hmac<Sha256>,
    succession: Hmac<Sha256>,
}

impl TokenKeys {
    pub(crate) fn new(ring: &KeyRing, audience: &str) -> Self {
        Self::of(ring, audience, Purpose::Token, LABEL)
    }

    /// The same for the tokens of services: by other keys, and under another label.
    #[cfg(feature = "service")]
    pub(crate) fn of_services(ring: &KeyRing, audience: &str) -> Self {
        Self::of(ring, audience, Purpose::Service, SERVICE_LABEL)
    }

    fn of(ring: &KeyRing, audience: &str, purpose: Purpose, label: &[u8]) -> Self {
        Self { keys: ring.keys().iter().map(|key| TokenKey::new(key, audience, purpose, label)).collect() }
    }

    /// Whether one of the ring's keys signed this token. Constant time but for the choice of the
    /// key, which is public.
    pub(crate) fn verify(&self, token: &Token) -> bool {
        let (name, mac) = token.signature.split_at(1);
        let named = self.keys.iter().filter(|key| [key.name] == *name);
        named.fold(false, |verified, key| verified | key.mac_of(&token.secret, token.id).verify_slice(mac).is_ok())
    }

    /// A token that the current key signs.
    pub(crate) fn sign(&self, secret: Secret, id: SessionId) -> Token {
        let key = &self.keys[0];
        let mut signature = [key.name; SIGNATURE_BYTES];
        signature[1..].copy_from_slice(&key.mac_of(&secret, id).finalize().into_bytes());
        Token { secret, id, signature }
    }

    /// Whether the token's signature is not what the current key would make of it.
    pub(crate) fn is_outdated(&self, token: &Token) -> bool {
        self.keys.len() > 1 && self.sign(token.secret.clone(), token.id).signature != token.signature
    }

    /// The secret that follows `secret`, given this nonce, by the current key.
    pub(crate) fn successor(&self, secret: &Secret, id: SessionId, nonce: &[u8; 16]) -> Secret {
        self.keys[0].successor(secret, id, nonce)
    }

    /// The successor that was proposed for this secret, derived anew so that every answer hands out
    /// the same one. `None` if the key that derived it has left the ring.
    pub(crate) fn proposed(&self, secret: &Secret, id: SessionId, pending: &Pending) -> Option<Secret> {
        let candidates = self.keys.iter().map(|key| key.successor(secret, id, &pending.nonce));
        candidates.into_iter().find(|candidate| candidate.hash() == pending.hash)
    }
}

impl TokenKey {
    fn new(key: &Key, audience: &str, purpose: Purpose, label: &[u8]) -> Self {
        let name = key.derive(Purpose::Name)[0];
        let context = context(label, name, audience);
        Self {
            name,
            mac: keyed(&key.derive(purpose), &context),
            succession: keyed(&key.derive(Purpose::Succession), &context),
        }
    }

    fn mac_of(&self, secret: &Secret, id: SessionId) -> Hmac<Sha256> {
        self.mac.clone().chain_update(secret.expose()).chain_update(id.as_bytes())
    }

    fn successor(&self, secret: &Secret, id: SessionId, nonce: &[u8; 16]) -> Secret {
        let mac = self.succession.clone();
        let mac = mac.chain_update(secret.expose()).chain_update(id.as_bytes()).chain_update(nonce);
        Secret::from_bytes(mac.finalize().into_bytes().into())
    }
}

/// 64 bytes, one block of SHA-256: it is read once when the ring is made ready, never again. What names no key has the
/// name 0.
pub(super) fn context(label: &[u8], name: u8, audience: &str) -> [u8; CONTEXT_BYTES] {
    let mut context = [0; CONTEXT_BYTES];
    context[..label.len()].copy_from_slice(label);
    context[31] = name;
    context[32..].copy_from_slice(&Sha256::digest(audience.as_bytes()));
    context
}

/// HMAC that has read its key and what all its messages begin with.
pub(super) fn keyed(key: &[u8; 32], context: &[u8; CONTEXT_BYTES]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length").chain_update(context)
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKeys({} keys, redacted)", self.keys.len())
    }
}

const LABEL: &[u8] = b"countersign token v1";
#[cfg(feature = "service")]
const SERVICE_LABEL: &[u8] = b"countersign service v1";
const CONTEXT_BYTES: usize = 64;
