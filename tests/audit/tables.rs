//! How the tables come to be.

use countersign::audit::{
    AnyAudit, AuditErrorKind, AuditLog, AuditQuery, AuditSink, AuditTrail, MemoryAudit, MySqlAudit, PostgresAudit,
    RedisAudit, SqliteAudit,
};
use sqlx::{Connection, MySqlPool, PgPool, SqlitePool};

use crate::{
    all, clock, id,
    kept::open,
    numbered, numbers,
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
        AnyAudit::new(SqliteAudit::with_pool(SqlitePool::connect(&path).await.unwrap()).await.unwrap()),
        AnyAudit::new(PostgresAudit::with_pool(PgPool::connect(&postgres.url()).await.unwrap()).await.unwrap()),
        AnyAudit::new(MySqlAudit::with_pool(MySqlPool::connect(&mariadb.url()).await.unwrap()).await.unwrap()),
        AnyAudit::new(RedisAudit::with_store(&store)),
    ] {
        let log = countersign::audit::AuditLog::builder().sink(kept.clone()).clock(clock()).build().unwrap();
        log.record(numbered(id(1), 5));
        log.flush(crate::LIMIT).await.unwrap();
        assert_eq!(all(&kept, AuditQuery::new().session(id(1))).await.len(), 1, "{}", kept.name());
    }
}

/// Who may neither update nor delete writes, reads, and may write again what was written before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rights_to_insert_and_to_select_are_all_that_an_application_needs() {
    let (memory, number) = (MemoryAudit::new(1_000), std::process::id());
    let log = AuditLog::builder().sink(memory.clone()).clock(clock()).build().unwrap();
    (0..300).for_each(|number| log.record(numbered(id(1), number)));
    log.flush(crate::LIMIT).await.unwrap();
    let entries: Vec<_> =
        all(&memory, AuditQuery::new().oldest_first()).await.into_iter().map(std::sync::Arc::new).collect();
    for backend in [Backend::Postgres, Backend::MariaDb] {
        let url = Place::new(backend).url();
        let owner = open(&url).await;
        let (role, tables) = (format!("writer_{number}"), ["countersign_audit", "countersign_audit_migrations"]);
        let identified = if backend == Backend::MariaDb { "IDENTIFIED BY" } else { "LOGIN PASSWORD" };
        let mut statements = vec![format!("CREATE USER {role} {identified} 'writer'")];
        statements.extend(tables.map(|table| format!("GRANT INSERT, SELECT ON {table} TO {role}")));
        for statement in statements {
            run(backend, &url, statement).await;
        }
        let (scheme, place) = (url.split("//").next().unwrap(), url.split('@').nth(1).unwrap());
        let writer = open(&format!("{scheme}//{role}:writer@{place}")).await;
        for batch in [&entries[..100], &entries[50..200], &entries[..], &entries[7..8]] {
            writer.write(batch).await.unwrap();
        }
        assert_eq!(numbers(&all(&writer, AuditQuery::new().oldest_first()).await), (0..300).collect::<Vec<_>>());
        assert!(writer.prune(clock().now(), 1).await.is_err(), "it may not delete: {backend:?}");
        assert_eq!(all(&owner, AuditQuery::new()).await.len(), 300);
    }
}

async fn run(backend: Backend, url: &str, statement: String) {
    let statement = sqlx::AssertSqlSafe(statement);
    if backend == Backend::MariaDb {
        sqlx::raw_sql(statement).execute(&MySqlPool::connect(url).await.unwrap()).await.unwrap();
    } else {
        sqlx::raw_sql(statement).execute(&PgPool::connect(url).await.unwrap()).await.unwrap();
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

#[tokio::test]
async fn what_is_wrong_with_a_url_is_said() {
    for (url, word) in [
        ("memory:here", "write `memory:`"),
        ("sqlite:", "`sqlite:` needs a file"),
        ("mongodb://ada:geheim@host/audit", "`mongodb:` is not known"),
        ("", "is not known"),
    ] {
        let error = AnyAudit::open(url).await.unwrap_err();
        assert_eq!(error.kind(), AuditErrorKind::Open);
        let text = error.to_string();
        assert!(text.contains(word) && !text.contains("geheim"), "{text}");
    }
    assert_eq!(AnyAudit::open("memory:").await.unwrap().name(), "memory");
}
