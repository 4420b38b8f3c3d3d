//! What an error says of an address.

use std::error::Error;

use countersign::{MySqlStore, PostgresStore, StoreErrorKind};

#[tokio::test]
async fn no_error_shows_a_password() {
    // Nobody listens there; the name of the host is none; what cannot be read.
    for rest in
        ["127.0.0.1:1/app", "127.0.0.1:1/app?sslmode=hunter2x", "host.invalid/app", "127.0.0.1:port/app", "", "[::"]
    {
        let postgres = PostgresStore::open(&format!("postgres://ada:hunter2@{rest}")).await.map(drop).unwrap_err();
        let mysql = MySqlStore::open(&format!("mysql://ada:hunter2@{rest}")).await.map(drop).unwrap_err();
        for error in [postgres, mysql] {
            assert_eq!(error.kind(), StoreErrorKind::Open, "{error}");
            let mut said = format!("{error} {error:?}");
            let mut source = error.source();
            while let Some(reason) = source {
                said += &format!(" {reason} {reason:?}");
                source = reason.source();
            }
            assert!(!said.replace("hunter2x", "").contains("hunter2"), "{said}");
            assert!(!rest.contains(":1/app") || rest.contains('?') || said.contains("127.0.0.1:1/app"), "{said}");
        }
    }
}
