//! The token: `secret.id.signature`, 43, 24 and 44 characters of base64url.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The public handle of a session.
pub type Id = [u8; 18];

/// Separates this use of the key from any other; a whole block of SHA-256, so that the keyed state
/// has taken it in for good.
const CONTEXT: [u8; 64] = *b"countersign-peers: the signature over a session token, version 1";

/// The byte that names the key.
const KEY: u8 = 1;

/// Signs tokens and verifies them.
pub struct Signer {
    keyed: Hmac<Sha256>,
}

/// A new token, and what is stored of it.
pub struct Issued {
    pub token: String,
    pub id: Id,
    pub secret_hash: [u8; 32],
}

/// What a genuine token says.
pub struct Verified {
    pub id: Id,
    pub secret_hash: [u8; 32],
}

impl Signer {
    pub fn new(key: &[u8; 32]) -> Self {
        let keyed = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Self { keyed: keyed.chain_update(CONTEXT) }
    }

    pub fn issue(&self) -> Issued {
        let (mut secret, mut id, mut signature) = ([0; 32], [0; 18], [KEY; 33]);
        getrandom::fill(&mut secret).expect("the system has randomness");
        getrandom::fill(&mut id).expect("the system has randomness");
        signature[1..].copy_from_slice(&self.mac(&secret, &id).finalize().into_bytes());
        let [secret_text, id_text, signature_text] = [&secret[..], &id, &signature].map(|part| BASE64.encode(part));
        let token = format!("{secret_text}.{id_text}.{signature_text}");
        Issued { token, id, secret_hash: Sha256::digest(secret).into() }
    }

    /// `None` unless the token has the right shape and a genuine signature.
    pub fn verify(&self, token: &[u8]) -> Option<Verified> {
        if token.len() != 113 || token[43] != b'.' || token[68] != b'.' {
            return None;
        }
        let secret: [u8; 32] = decode(&token[..43])?;
        let id: Id = decode(&token[44..68])?;
        let signature: [u8; 33] = decode(&token[69..])?;
        if signature[0] != KEY {
            return None;
        }
        self.mac(&secret, &id).verify_slice(&signature[1..]).ok()?;
        Some(Verified { id, secret_hash: Sha256::digest(secret).into() })
    }

    fn mac(&self, secret: &[u8; 32], id: &Id) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(secret).chain_update(id)
    }
}

/// Exactly as many bytes as asked for, or nothing.
fn decode<const LENGTH: usize>(text: &[u8]) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    let written = BASE64.decode_slice_unchecked(text, &mut bytes).ok()?;
    (written == LENGTH).then_some(bytes)
}
