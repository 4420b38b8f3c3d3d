use super::*;
use crate::{key::KeyRing, record::Pending};

const KEY: &[u8] = b"first key of the tests, 32 bytes";
const OTHER: &[u8] = b"another key of the tests, longer";

fn ring(key: &[u8]) -> KeyRing {
    KeyRing::new(key).unwrap()
}

fn mint(keys: &TokenKeys) -> Token {
    keys.sign(Secret::random().unwrap(), SessionId::new(None).unwrap())
}

#[test]
fn a_signed_token_verifies_and_reads_back_as_itself() {
    let keys = TokenKeys::new(&ring(KEY), "");
    let token = mint(&keys);
    let again: Token = token.reveal().parse().unwrap();
    assert!(keys.verify(&again));
    assert_eq!((again.id(), again.signature), (token.id(), token.signature));
}

#[test]
fn any_flipped_bit_is_refused() {
    let keys = TokenKeys::new(&ring(KEY), "");
    let token = mint(&keys);
    for bit in 0..(Secret::BYTES + SessionId::BYTES + SIGNATURE_BYTES) * 8 {
        let mut parts = [0; Secret::BYTES + SessionId::BYTES + SIGNATURE_BYTES];
        parts[..32].copy_from_slice(token.secret.expose());
        parts[32..50].copy_from_slice(token.id.as_bytes());
        parts[50..].copy_from_slice(&token.signature);
        parts[bit / 8] ^= 1 << (bit % 8);
        let forged = Token {
            secret: Secret::from_bytes(parts[..32].try_into().unwrap()),
            id: SessionId::from_bytes(parts[32..50].try_into().unwrap()),
            signature: parts[50..].try_into().unwrap(),
        };
        assert!(!keys.verify(&forged), "bit {bit}");
    }
}

#[test]
fn a_token_is_nothing_to_another_audience_or_key() {
    let token = mint(&TokenKeys::new(&ring(KEY), "shop"));
    assert!(TokenKeys::new(&ring(KEY), "shop").verify(&token));
    assert!(!TokenKeys::new(&ring(KEY), "shop2").verify(&token));
    assert!(!TokenKeys::new(&ring(OTHER), "shop").verify(&token));
}

#[test]
fn the_newest_key_signs_and_all_verify() {
    let old = mint(&TokenKeys::new(&ring(KEY), ""));
    let rotated = TokenKeys::new(&ring(OTHER).with_previous(KEY).unwrap(), "");
    assert!(rotated.verify(&old));
    assert!(rotated.is_outdated(&old));

    let new = mint(&rotated);
    assert!(!rotated.is_outdated(&new));
    assert!(TokenKeys::new(&ring(OTHER), "").verify(&new));
    assert!(!TokenKeys::new(&ring(OTHER), "").verify(&old));
}

#[test]
fn a_successor_is_the_same_each_time_and_needs_key_secret_and_nonce() {
    let keys = TokenKeys::new(&ring(KEY), "");
    let token = mint(&keys);
    let successor = keys.successor(token.secret(), token.id(), &[7; 16]);
    let pending = Pending { hash: successor.hash(), nonce: [7; 16] };

    let again = keys.proposed(token.secret(), token.id(), &pending).unwrap();
    assert_eq!(again.hash(), successor.hash());
    let rotated = TokenKeys::new(&ring(OTHER).with_previous(KEY).unwrap(), "");
    assert!(rotated.proposed(token.secret(), token.id(), &pending).is_some());

    let another = mint(&keys);
    assert!(keys.proposed(another.secret(), token.id(), &pending).is_none());
    assert!(keys.proposed(token.secret(), another.id(), &pending).is_none());
    assert!(TokenKeys::new(&ring(OTHER), "").proposed(token.secret(), token.id(), &pending).is_none());
}

#[test]
fn debug_shows_no_secret() {
    let token = mint(&TokenKeys::new(&ring(KEY), ""));
    let shown = format!("{token:?} {:?}", token.secret());
    let revealed = token.reveal();
    let (secret, rest) = revealed.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    assert!(!shown.contains(secret) && !shown.contains(signature), "{shown}");
}
