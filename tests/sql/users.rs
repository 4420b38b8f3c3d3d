//! Users by the letter.

use countersign::{
    Record, SecretHash, SessionId, SessionStore,
    store::{Created, Page},
};

use crate::{Database, LIFETIME, NO_LIMIT, NOW};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_who_has_every_byte_of_his_name() {
    let names =
        ["ada", "ada ", " ada", "Ada", "ADA", "adä", "ada\u{301}", "ada\0", "ada\0\0", "ádá", "", " ", "\0", "ß", "ss"];
    for database in Database::fresh() {
        let store = database.open().await;
        for name in names {
            let id = SessionId::new(Some(name)).unwrap();
            let record = Record::new(id, SecretHash::from_bytes([1; 32]), LIFETIME, NOW).with_user(name);
            let created = store.create(record, NO_LIMIT, NOW).await.unwrap();
            assert_eq!(created, Created::Kept { evicted: vec![] });
        }
        for name in names {
            let listed = store.list(name, Page { after: None, size: 99 }, NOW).await.unwrap();
            assert_eq!(listed.len(), 1, "{name:?}");
            assert_eq!(listed[0].user(), Some(name));
            assert_eq!(store.revoke_user(name, None, NOW).await.unwrap(), [listed[0].id()], "{name:?}");
            assert_eq!(store.epoch(name, NOW).await.unwrap().number(), 1, "{name:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_index_holds_is_refused_and_one_that_just_fits_is_not() {
    for database in Database::fresh() {
        let store = database.open().await;
        for (length, fits) in [(2_000, true), (2_001, false), (100_000, false)] {
            // Random letters: what is compressed may fit after all.
            let mut name = String::new();
            while name.len() < length {
                name += &SessionId::new(None).unwrap().to_string();
            }
            name.truncate(length);
            let id = SessionId::new(Some(&name)).unwrap();
            let record = Record::new(id, SecretHash::from_bytes([1; 32]), LIFETIME, NOW).with_user(name.as_str());
            let created = store.create(record, NO_LIMIT, NOW).await;
            assert_eq!(created.is_ok(), fits, "{length} bytes");
            if let Err(error) = created {
                let reason = std::error::Error::source(&error).unwrap().to_string();
                assert!(reason.contains("at most 2000 bytes"), "{reason}");
            }
            assert_eq!(store.revoke_user(&name, None, NOW).await.is_ok(), fits);
            assert!(store.list(&name, Page { after: None, size: 9 }, NOW).await.unwrap().is_empty());
        }
    }
}
