//! How the tables come to be.

use countersign::audit::{
    AuditErrorKind, AuditQuery, AuditSink, AuditTrail, MySqlAudit, PostgresAudit, RedisAudit, SqliteAudit,
};
use sqlx::{Connection, MySqlPool, PgPool, SqlitePool};

use crate::{
    all, clock, id,
    kept::{Kept, open},
    numbered,
    support::{Backend, Place},
};

const TABLES: [Backend; 3] = [Backend::Sqlite, Backend::Postgres, Backend::MariaDb];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_nodes_may_make_the_table_at_once() {
    for backend in TABLES {
        let place = Place::new(backend);
        let opening: Vec<_> = (0..8)
            .map(|_| {
                let url = place.url();
                tokio::spawn(async move { open(&url).await.page(&AuditQuery::new()).await.unwrap() })
            })
            .collect();
        for opened in opening {
            assert!(opened.await.unwrap().entries.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_a_later_version_is_not_touched() {
    const LATER: &str = "INSERT INTO countersign_audit_migrations (version) VALUES (99)";
    for backend in TABLES {
        let place = Place::new(backend);
        let kept = open(&place.url()).await;
        let refused = match backend {
            Backend::Sqlite => {
                let path = place.url().replace("sqlite:", "");
                let mut file = sqlx::SqliteConnection::connect(&path).await.unwrap();
                sqlx::query(LATER).execute(&mut file).await.unwrap();
                SqliteAudit::open(path).await.unwrap_err()
            }
            Backend::Postgres => {
                let pool = PgPool::connect(&place.url()).await.unwrap();
                sqlx::query(LATER).execute(&pool).await.unwrap();
                PostgresAudit::open(&place.url()).await.unwrap_err()
            }
            _ => {
                let pool = MySqlPool::connect(&place.url()).await.unwrap();
                sqlx::query(LATER).execute(&pool).await.unwrap();
                MySqlAudit::open(&place.url()).await.unwrap_err()
            }
        };
        assert_eq!(refused.kind(), AuditErrorKind::Open);
        let text = refused.to_string();
        assert!(text.contains("version 99") && text.contains("none after 1"), "{text}");
        drop(kept);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_may_stand_in_an_applications_own_database_and_a_stream_beside_the_sessions() {
    let [sqlite, postgres, mariadb, redis] =
        [Backend::Sqlite, Backend::Postgres, Backend::MariaDb, Backend::Redis].map(Place::new);
    let path = format!("{}?mode=rwc", sqlite.url());
    let store = countersign::RedisStore::open(&redis.url()).await.unwrap();
    for kept in [
        Kept::Sqlite(SqliteAudit::with_pool(SqlitePool::connect(&path).await.unwrap()).await.unwrap()),
        Kept::Postgres(PostgresAudit::with_pool(PgPool::connect(&postgres.url()).await.unwrap()).await.unwrap()),
        Kept::MariaDb(MySqlAudit::with_pool(MySqlPool::connect(&mariadb.url()).await.unwrap()).await.unwrap()),
        Kept::Redis(RedisAudit::with_store(&store)),
    ] {
        let log = countersign::audit::AuditLog::builder().sink(kept.clone()).clock(clock()).build().unwrap();
        log.record(numbered(id(1), 5));
        log.flush(crate::LIMIT).await.unwrap();
        assert_eq!(all(&kept, AuditQuery::new().session(id(1))).await.len(), 1, "{}", kept.name());
    }
}

#[tokio::test]
async fn what_cannot_be_opened_says_so_without_a_password() {
    let port = crate::support::servers::free_port();
    let errors = [
        SqliteAudit::open("/nowhere/at/all/audit.db").await.unwrap_err(),
        PostgresAudit::open(&format!("postgres://ada:geheim@127.0.0.1:{port}/app")).await.unwrap_err(),
        MySqlAudit::open(&format!("mysql://ada:geheim@127.0.0.1:{port}/app")).await.unwrap_err(),
        RedisAudit::open(&format!("redis://ada:geheim@127.0.0.1:{port}/")).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), AuditErrorKind::Open, "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("geheim") && text.contains("could not be opened"), "{text}");
    }
}
