//! Sealing: what only a holder of the ring can read, and nobody can alter or put elsewhere.
//!
//! A sealed value is one byte that names the key, 12 random bytes (the nonce), the ciphertext of
//! AES-256-GCM, and its tag of 16 bytes. Whatever the value belongs to is authenticated with it.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::{Key, KeyRing, Purpose, RandomError, random_bytes};

/// By so many bytes a sealed value is longer than what it seals.
pub(crate) const SEALED_OVER: usize = 1 + NONCE_LEN + TAG_LEN;

/// A key ring made ready for sealing: the current key seals, every key opens.
pub(crate) struct SealKeys {
    /// The current key first.
    keys: Vec<SealKey>,
}

struct SealKey {
    /// Names the key inside a sealed value. Another byte than the one in a token: who sees both
    /// learns nothing more.
    name: u8,
    key: LessSafeKey,
}

/// What was sealed.
pub(crate) struct Opened {
    pub(crate) plain: Vec<u8>,
    /// Whether another key than the current one sealed it.
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "a file is sealed anew with its next version"))]
    pub(crate) outdated: bool,
}

impl SealKeys {
    pub(crate) fn new(ring: &KeyRing) -> Self {
        Self { keys: ring.keys().iter().map(SealKey::new).collect() }
    }

    /// Seals a value by the current key, for this context alone.
    ///
    /// # Errors
    /// If the system's random generator fails: a nonce is never anything but random.
    pub(crate) fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Box<[u8]>, RandomError> {
        self.seal_with(random_bytes()?, context, plain)
    }

    fn seal_with(&self, nonce: [u8; NONCE_LEN], context: &[u8], plain: &[u8]) -> Result<Box<[u8]>, RandomError> {
        let SealKey { name, key } = &self.keys[0];
        let mut sealed = Vec::with_capacity(plain.len() + SEALED_OVER);
        sealed.push(*name);
        sealed.extend(nonce);
        sealed.extend(plain);
        let text = &mut sealed[HEAD..];
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), text)
            .expect("AES-256-GCM seals up to 64 GiB: far more than the 4 GiB of a value");
        sealed.extend(tag.as_ref());
        Ok(sealed.into())
    }

    /// Opens what a key of the ring has sealed for this context; `None` for everything else.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Opened> {
        let (head, rest) = sealed.split_first_chunk::<HEAD>()?;
        let (name, nonce) = head.split_first()?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        let named = self.keys.iter().enumerate().filter(|(_, key)| key.name == *name);
        // Two keys may share a name, one time in 256: then both are tried.
        named.into_iter().find_map(|(position, key)| {
            let mut text = rest.to_vec();
            let opened = key.key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut text);
            let length = opened.ok()?.len();
            text.truncate(length);
            Some(Opened { plain: text, outdated: position > 0 })
        })
    }
}

impl SealKey {
    fn new(key: &Key) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, &*key.derive(Purpose::Seal));
        let unbound = unbound.expect("AES-256 takes keys of 32 bytes, and that is what is derived");
        Self { name: key.derive(Purpose::SealName)[0], key: LessSafeKey::new(unbound) }
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKeys({} keys, redacted)", self.keys.len())
    }
}

const TAG_LEN: usize = 16;
const HEAD: usize = 1 + NONCE_LEN;
const _: () = assert!(SEALED_OVER == 29);

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(ring: &[&[u8]]) -> SealKeys {
        let first = KeyRing::new(ring[0]).unwrap();
        SealKeys::new(&ring[1..].iter().fold(first, |ring, key| ring.with_previous(key).unwrap()))
    }

    const OLD: &[u8] = b"the old key of these tests, long";
    const NEW: &[u8] = b"the new key of these tests, longer";

    #[test]
    fn what_is_sealed_opens_for_its_context_and_its_ring_alone() {
        let ring = keys(&[OLD]);
        let sealed = ring.seal(b"here", b"value").unwrap();
        assert_eq!(sealed.len(), b"value".len() + SEALED_OVER);
        assert_eq!(ring.open(b"here", &sealed).unwrap().plain, b"value");
        assert!(ring.open(b"there", &sealed).is_none());
        assert!(keys(&[NEW]).open(b"here", &sealed).is_none());
        assert_ne!(sealed, ring.seal(b"here", b"value").unwrap(), "each sealing has a nonce of its own");
    }

    #[test]
    fn a_previous_key_opens_and_says_that_it_is_one() {
        let sealed = keys(&[OLD]).seal(b"", b"value").unwrap();
        let both = keys(&[NEW, OLD]);
        assert!(both.open(b"", &sealed).unwrap().outdated);
        let anew = both.seal(b"", b"value").unwrap();
        assert!(!both.open(b"", &anew).unwrap().outdated);
        assert!(keys(&[OLD]).open(b"", &anew).is_none());
    }

    #[test]
    fn keys_whose_names_meet_are_both_tried() {
        let mut both = keys(&[NEW, OLD]);
        let sealed = keys(&[OLD]).seal(b"", b"value").unwrap();
        both.keys[0].name = both.keys[1].name;
        assert_eq!(both.open(b"", &sealed).unwrap().plain, b"value");
    }

    #[test]
    fn nothing_shorter_or_altered_opens() {
        let ring = keys(&[OLD]);
        let sealed = ring.seal(b"here", b"value").unwrap();
        for end in 0..sealed.len() {
            assert!(ring.open(b"here", &sealed[..end]).is_none(), "{end} bytes");
        }
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut altered = sealed.to_vec();
                altered[at] ^= 1 << bit;
                assert!(ring.open(b"here", &altered).is_none(), "bit {bit} of byte {at}");
            }
        }
        let longer = [&*sealed, b"\0"].concat();
        assert!(ring.open(b"here", &longer).is_none());
    }
}
