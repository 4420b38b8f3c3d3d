//! An application's own pool, beside its own tables.

use countersign::{MySqlStore, PostgresStore, SessionStore, store::AnyStore};
use sqlx::{mysql::MySqlPoolOptions, postgres::PgPoolOptions};

use crate::{Database, NO_LIMIT, NOW, adding, count, evict, id, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_that_was_given_is_used_and_given_back() {
    let (one, other) = (Database::postgres(), Database::mariadb());
    let postgres = PgPoolOptions::new().max_connections(2).connect(&one.url).await.unwrap();
    let mysql = MySqlPoolOptions::new().max_connections(2).connect(&other.url).await.unwrap();
    sqlx::query("CREATE TABLE sessions (id INT)").execute(&postgres).await.unwrap();
    sqlx::query("CREATE TABLE sessions (id INT)").execute(&mysql).await.unwrap();
    let stores = [
        AnyStore::new(PostgresStore::with_pool(postgres.clone()).await.unwrap()),
        AnyStore::new(MySqlStore::with_pool(mysql.clone()).await.unwrap()),
    ];
    for store in stores {
        store.create(record(1), NO_LIMIT, NOW).await.unwrap();
        let adding: Vec<_> = (0..50)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    if n % 5 == 0 {
                        // Whoever hangs up leaves the pool in order.
                        let soon = std::time::Duration::from_micros(n * 40);
                        let _ = tokio::time::timeout(soon, store.create(record(2), evict(9), NOW)).await;
                        return 0;
                    }
                    store.change(id(1), adding(1), NOW).await.unwrap();
                    1
                })
            })
            .collect();
        let mut expected = 0;
        for added in adding {
            expected += added.await.unwrap();
        }
        assert_eq!(count(&store.load(id(1), NOW).await.unwrap().unwrap()), expected);
    }
    // Nothing is left open in them.
    for _ in 0..4 {
        sqlx::query("INSERT INTO sessions VALUES (1)").execute(&postgres).await.unwrap();
        sqlx::query("INSERT INTO sessions VALUES (1)").execute(&mysql).await.unwrap();
    }
    assert_eq!(one.sql("SELECT count(*) FROM sessions"), "4");
    assert_eq!(other.sql("SELECT count(*) FROM sessions"), "4");
}
