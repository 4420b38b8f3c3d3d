//! The form token: what a page puts into its forms and its scripts' headers, so that a request proves that it was made on
//! a page of its own session (NIST SP 800-63B-4, section 5.1; OWASP, signed double submit).
//!
//! | part | bytes | what it is |
//! |---|---|---|
//! | nonce | 16 | random, so that no two pages hold the same text: compression gives nothing away (BREACH) |
//! | MAC | 32 | HMAC-SHA256 over a context block of 64, the session id and the nonce |
//!
//! 64 characters of base64url, always. A log-in changes the session's id, and what was issued before is good for nothing.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{
    decode,
    keys::{context, keyed},
};
use crate::{
    key::{KeyRing, Purpose, RandomError, random_bytes},
    record::SessionId,
};

/// A key ring made ready for the form tokens of one audience.
pub(crate) struct FormKeys {
    /// Each has read its key and the context block. The current key first.
    macs: Vec<Hmac<Sha256>>,
}

impl FormKeys {
    pub(crate) fn new(ring: &KeyRing, audience: &str) -> Self {
        let context = context(LABEL, 0, audience);
        Self { macs: ring.keys().iter().map(|key| keyed(&key.derive(Purpose::Form), &context)).collect() }
    }

    /// A token for the forms of this session, by the current key.
    pub(crate) fn issue(&self, id: SessionId) -> Result<String, RandomError> {
        Ok(self.issue_with(random_bytes()?, id))
    }

    fn issue_with(&self, nonce: [u8; NONCE_BYTES], id: SessionId) -> String {
        let mut token = [0; BYTES];
        token[..NONCE_BYTES].copy_from_slice(&nonce);
        token[NONCE_BYTES..].copy_from_slice(&mac_of(&self.macs[0], id, &nonce).finalize().into_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// Whether one of the ring's keys issued this token for this session. Exact length and alphabet; constant time in
    /// what the MAC is.
    pub(crate) fn check(&self, id: SessionId, text: &str) -> bool {
        if text.len() != CHARS {
            return false;
        }
        let Ok(token) = decode::<BYTES>(text.as_bytes()) else { return false };
        let (nonce, mac) = token.split_at(NONCE_BYTES);
        self.macs.iter().fold(false, |genuine, key| genuine | mac_of(key, id, nonce).verify_slice(mac).is_ok())
    }
}

/// Every part has a fixed length.
fn mac_of(key: &Hmac<Sha256>, id: SessionId, nonce: &[u8]) -> Hmac<Sha256> {
    key.clone().chain_update(id.as_bytes()).chain_update(nonce)
}

impl fmt::Debug for FormKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormKeys({} keys, redacted)", self.macs.len())
    }
}

const LABEL: &[u8] = b"countersign form v1";
const NONCE_BYTES: usize = 16;
const BYTES: usize = NONCE_BYTES + 32;
const CHARS: usize = 64;
const _: () = assert!(CHARS * 3 == BYTES * 4);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Secret, Token, TokenKeys};

    const KEY: &[u8] = b"first key of the tests, 32 bytes";
    const OTHER: &[u8] = b"another key of the tests, longer";

    fn ring(key: &[u8]) -> KeyRing {
        KeyRing::new(key).unwrap()
    }

    fn session() -> SessionId {
        SessionId::new(Some("ada")).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_own_session_alone() {
        let keys = FormKeys::new(&ring(KEY), "");
        let (here, elsewhere) = (session(), session());
        let token = keys.issue(here).unwrap();
        assert_eq!(token.len(), CHARS);
        assert!(keys.check(here, &token));
        assert!(!keys.check(elsewhere, &token));
    }

    #[test]
    fn it_is_nothing_to_another_audience_or_key() {
        let id = session();
        let token = FormKeys::new(&ring(KEY), "shop").issue(id).unwrap();
        assert!(FormKeys::new(&ring(KEY), "shop").check(id, &token));
        assert!(!FormKeys::new(&ring(KEY), "shop2").check(id, &token));
        assert!(!FormKeys::new(&ring(OTHER), "shop").check(id, &token));
    }

    #[test]
    fn the_newest_key_issues_and_all_check() {
        let id = session();
        let old = FormKeys::new(&ring(KEY), "").issue(id).unwrap();
        let rotated = FormKeys::new(&ring(OTHER).with_previous(KEY).unwrap(), "");
        assert!(rotated.check(id, &old));
        let new = rotated.issue(id).unwrap();
        assert!(rotated.check(id, &new) && FormKeys::new(&ring(OTHER), "").check(id, &new));
        assert!(!FormKeys::new(&ring(KEY), "").check(id, &new));
    }

    #[test]
    fn no_two_of_one_session_are_the_same_and_each_is_good() {
        let keys = FormKeys::new(&ring(KEY), "");
        let id = session();
        let (one, two) = (keys.issue(id).unwrap(), keys.issue(id).unwrap());
        assert!(one[..21] != two[..21] && one[22..] != two[22..], "{one} {two}");
        assert!(keys.check(id, &one) && keys.check(id, &two));
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let keys = FormKeys::new(&ring(KEY), "");
        let id = session();
        let token = keys.issue_with([0xfb; NONCE_BYTES], id);
        assert!(keys.check(id, &token) && token.contains('-'));
        for end in 0..token.len() {
            assert!(!keys.check(id, &token[..end]), "{end} characters");
        }
        for other in [
            format!("{token}="),
            format!("{token}A"),
            format!(" {token}"),
            format!("{token}\n"),
            format!("{}=", &token[..63]),
            format!("{}==", &token[..62]),
            token.replace('-', "+"),
            "A".repeat(CHARS),
            "é".repeat(CHARS / 2),
            "A".repeat(64 * 1024),
        ] {
            assert!(!keys.check(id, &other), "{other}");
        }
    }

    #[test]
    fn any_flipped_bit_is_refused() {
        let keys = FormKeys::new(&ring(KEY), "");
        let id = session();
        let token: [u8; BYTES] = decode(keys.issue(id).unwrap().as_bytes()).unwrap();
        for bit in 0..BYTES * 8 {
            let mut forged = token;
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!keys.check(id, &BASE64_URL_SAFE_NO_PAD.encode(forged)), "bit {bit}");
        }
    }

    #[test]
    fn a_session_token_is_no_form_token_and_no_form_token_a_session_token() {
        let (forms, tokens) = (FormKeys::new(&ring(KEY), ""), TokenKeys::new(&ring(KEY), ""));
        let id = session();
        let token = tokens.sign(Secret::random().unwrap(), id).reveal();
        assert!(!forms.check(id, &token));
        for start in 0..=token.len() - CHARS {
            assert!(!forms.check(id, &token[start..start + CHARS]));
        }
        assert!(Token::parse(forms.issue(id).unwrap().as_bytes()).is_err());
    }

    #[test]
    fn the_format_is_what_a_second_implementation_makes_of_it() {
        let text = "AAECAwQFBgcICQoLDA0OD0spuk0QHxG5Veg041TTNmbIz8X5zAUOsOQTOLe6ctBi";
        let (nonce, id) =
            (std::array::from_fn(|at| at as u8), SessionId::from_bytes(std::array::from_fn(|at| at as u8)));
        assert_eq!(FormKeys::new(&ring(KEY), "shop").issue_with(nonce, id), text);
    }
}
