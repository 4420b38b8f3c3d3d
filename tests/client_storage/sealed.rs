//! A sealed file: no use to anybody without the key, and nobody can alter it.

use std::fs;

use countersign::{
    KeyRing,
    client::{FileStorage, Storage},
};

use crate::{Home, corrupt::set_aside, mode, save, token, write};

const OLD: &[u8] = b"the old key of these tests, long";
const NEW: &[u8] = b"the new key of these tests, longer";
const TOKEN: &str = "a.token.that.nobody.may.see";

fn sealed(home: &Home, key: &[u8]) -> FileStorage {
    home.storage().sealed(&KeyRing::new(key).unwrap())
}

#[test]
fn a_sealed_file_holds_no_token_in_plain() {
    let home = Home::new();
    save(&sealed(&home, OLD), TOKEN).unwrap();
    let bytes = fs::read(home.file()).unwrap();
    for piece in TOKEN.as_bytes().windows(6) {
        assert!(!bytes.windows(6).any(|window| window == piece));
    }
    assert!(bytes.starts_with(b"countersign client storage, sealed, v1\n"), "it says what it is");
    assert_eq!(mode(&home.file()), 0o600);
    assert_eq!(token(&sealed(&home, OLD)).unwrap(), TOKEN);
    save(&sealed(&home, OLD), TOKEN).unwrap();
    assert_ne!(fs::read(home.file()).unwrap(), bytes, "the same document is never sealed to the same bytes");
}

#[test]
fn a_previous_key_opens_and_the_current_one_seals() {
    let home = Home::new();
    save(&sealed(&home, OLD), TOKEN).unwrap();
    let both = home.storage().sealed(&KeyRing::new(NEW).unwrap().with_previous(OLD).unwrap());
    assert_eq!(token(&both).unwrap(), TOKEN);
    save(&both, "renewed").unwrap();
    assert_eq!(token(&sealed(&home, NEW)).unwrap(), "renewed");
}

#[test]
fn a_file_that_another_key_has_sealed_is_set_aside_and_not_lost() {
    let home = Home::new();
    save(&sealed(&home, OLD), TOKEN).unwrap();
    let bytes = fs::read(home.file()).unwrap();
    for storage in [sealed(&home, NEW), home.storage()] {
        let aside = set_aside(&storage.load().unwrap_err());
        assert_eq!(fs::read(&aside).unwrap(), bytes);
        save(&storage, "another").unwrap();
        fs::rename(aside, home.file()).unwrap();
        assert_eq!(token(&sealed(&home, OLD)).unwrap(), TOKEN);
    }
}

#[test]
fn nobody_slips_in_a_file_that_is_not_sealed() {
    let home = Home::new();
    write(&home.file(), br#"{"access_token":"of.somebody.else"}"#);
    let error = sealed(&home, OLD).load().unwrap_err();
    assert!(set_aside(&error).exists());
}

#[test]
fn a_sealed_file_altered_or_cut_off_at_any_byte_is_refused() {
    let home = Home::new();
    let storage = sealed(&home, OLD);
    save(&storage, TOKEN).unwrap();
    let whole = fs::read(home.file()).unwrap();
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1 << (at % 8);
        for bytes in [&altered[..], &whole[..at]] {
            write(&home.file(), bytes);
            assert_eq!(fs::read(set_aside(&storage.load().unwrap_err())).unwrap(), bytes, "byte {at}");
        }
    }
    write(&home.file(), &whole);
    assert_eq!(token(&storage).unwrap(), TOKEN);
}
