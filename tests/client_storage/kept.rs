//! Where the file lies, and what stands in it.

use std::{env, fs, path::Path};

use countersign::client::{FileStorage, Storage, StorageErrorKind, TokenSet, Update};

use crate::{Home, child::Child, mode, save, token};

#[test]
fn the_file_is_json_with_the_fields_of_old() {
    let home = Home::new();
    let tokens = TokenSet::new("a").unwrap().with_refresh_token("r").unwrap();
    home.storage()
        .update(&mut |document| {
            document.set_tokens(Some(tokens.clone()));
            Update::Changed
        })
        .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&fs::read(home.file()).unwrap()).unwrap();
    assert_eq!((&json["access_token"], &json["refresh_token"]), (&"a".into(), &"r".into()));
    assert_eq!(home.storage().load().unwrap().tokens(), Some(&tokens));
}

#[test]
fn reading_creates_nothing_and_a_step_without_a_change_writes_nothing() {
    let home = Home::new();
    let deep = FileStorage::new(home.folder.path().join("not/there/tokens.json"));
    assert!(deep.load().unwrap().is_empty() && home.names().is_empty());
    home.storage().update(&mut |_| Update::Unchanged).unwrap();
    assert_eq!(home.names(), ["tokens.json.lock"]);
}

#[test]
fn a_leading_tilde_is_the_home_folder() {
    let home = Home::new();
    let by = format!("HOME='{}' exec \"$@\"", home.folder.path().display());
    Child::start_by(&["sh", "-c", &by, "sh"], "save", Path::new("~/.config/app/tokens.json")).finish();
    let file = home.folder.path().join(".config/app/tokens.json");
    assert_eq!(token(&FileStorage::new(&file)).unwrap(), "a");
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let by = ["sh", "-c", r#"unset HOME; exec "$@""#, "sh"];
    Child::start_by(&by, "no home", Path::new("~/tokens.json")).finish();
}

#[test]
fn a_relative_path_stays_where_it_was() {
    let path = FileStorage::new("tokens.json");
    let here = env::current_dir().unwrap().join("tokens.json");
    assert!(format!("{path:?}").contains(here.to_str().unwrap()), "{path:?}");
    let error = FileStorage::new("/").load().unwrap_err();
    assert_eq!(*error.kind(), StorageErrorKind::Unavailable);
    assert!(error.to_string().contains("the name of a file"), "{error}");
}

#[test]
fn neither_errors_nor_debug_output_hold_a_token() {
    let home = Home::new();
    save(&home.storage(), "secret.token").unwrap();
    let json = fs::read(home.file()).unwrap();
    fs::write(home.file(), &json[..json.len() - 4]).unwrap();
    let error = home.storage().load().unwrap_err();
    for text in [format!("{error:?}"), error.to_string(), format!("{:?}", home.storage())] {
        assert!(!text.contains("secret"), "{text}");
    }
}
