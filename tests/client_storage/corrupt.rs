//! A file that cannot be understood is set aside, in full, and nothing is overwritten.

use std::{fs, path::PathBuf};

use countersign::client::{Document, Storage, StorageError, StorageErrorKind, TokenSet};

use crate::{Home, clear, mode, save, set_mode, token, write};

#[test]
fn a_file_cut_off_at_any_byte_is_set_aside_with_what_is_in_it() {
    let home = Home::new();
    let whole = document().to_json();
    // Without its last line end it is whole still.
    for end in 0..whole.len() - 1 {
        write(&home.file(), &whole[..end]);
        let aside = set_aside(&home.storage().load().unwrap_err());
        assert_eq!(fs::read(&aside).unwrap(), whole[..end]);
        assert_eq!(mode(&aside), 0o600);
        assert!(!home.file().exists() && home.storage().load().unwrap().is_empty());
    }
    assert_eq!(home.names().len(), whole.len(), "each under a name of its own, and the lock");
    write(&home.file(), &whole[..whole.len() - 1]);
    assert!(home.storage().load().unwrap() == document());
}

#[test]
fn a_step_on_a_corrupt_file_reports_it_and_the_next_one_goes_on() {
    let home = Home::new();
    write(&home.file(), b"not json");
    let error = save(&home.storage(), "a").unwrap_err();
    assert_eq!(fs::read(set_aside(&error)).unwrap(), b"not json");
    save(&home.storage(), "a").unwrap();
    assert_eq!(token(&home.storage()).unwrap(), "a");
    assert_eq!(fs::read(set_aside(&error)).unwrap(), b"not json", "it lies there still");
}

#[test]
fn a_file_that_is_too_long_is_not_read_and_none_is_written() {
    let home = Home::new();
    write(&home.file(), b"");
    let huge = fs::OpenOptions::new().write(true).open(home.file()).unwrap();
    huge.set_len(1 << 40).unwrap();
    let aside = set_aside(&home.storage().load().unwrap_err());
    assert_eq!(fs::metadata(aside).unwrap().len(), 1 << 40);

    save(&home.storage(), "a").unwrap();
    let error = save(&home.storage(), &"b".repeat(1 << 20)).unwrap_err();
    assert!(error.to_string().contains("1 MiB"), "{error}");
    assert_eq!(token(&home.storage()).unwrap(), "a");
}

#[test]
fn an_empty_document_leaves_no_file() {
    let home = Home::new();
    save(&home.storage(), "a").unwrap();
    // What a save that was killed may have left.
    write(&home.beside(".tmp"), b"{\"access_token\":\"a\"}");
    clear(&home.storage()).unwrap();
    assert_eq!(home.names(), ["tokens.json.lock"]);
    clear(&home.storage()).unwrap();
    assert!(home.storage().load().unwrap().is_empty());
}

#[test]
fn a_file_that_only_its_owner_may_read_is_replaced_by_one_of_the_usual_mode() {
    let home = Home::new();
    write(&home.file(), &document().to_json());
    set_mode(&home.file(), 0o400);
    assert!(home.storage().load().unwrap() == document());
    save(&home.storage(), "a").unwrap();
    assert_eq!(mode(&home.file()), 0o600);
}

pub fn set_aside(error: &StorageError) -> PathBuf {
    match error.kind() {
        StorageErrorKind::Corrupt { set_aside } => set_aside.clone(),
        kind => panic!("{kind:?}: {error}"),
    }
}

fn document() -> Document {
    let tokens = TokenSet::new("an.access.token").unwrap().with_refresh_token("a-refresh-token").unwrap();
    let mut document = Document::from_json(br#"{"theirs":{"deep":[1,2,"three"]}}"#).unwrap();
    document.set_tokens(Some(tokens));
    document
}
