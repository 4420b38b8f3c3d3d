//! tower-sessions over its stores, opened as their documentation shows.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use countersign_peers::{app::ANONYMOUS, servers::Engine};
use tower_sessions_0_14::{Session, SessionManagerLayer, SessionStore};
use tower_sessions_redis_store::RedisStore;
use tower_sessions_sqlx_store::{
    MySqlStore, PostgresStore, SqliteStore,
    sqlx::{MySqlPool, PgPool},
};

use super::{bare_fred, sqlx_0_8};
use crate::{
    application::Application,
    entrant::{Entrant, Role, Workload},
};

/// tower-sessions-redis-store.
pub const REDIS: Entrant = Entrant {
    name: "tower-sessions 0.14, redis-store 0.16",
    engine: Engine::Redis,
    role: Role::Sessions,
    open: |url| Box::pin(async move { start(RedisStore::new(bare_fred::pool(&url).await)).await }),
};

/// tower-sessions-sqlx-store, on PostgreSQL.
pub const POSTGRES: Entrant = Entrant {
    name: "tower-sessions 0.14, sqlx-store 0.15",
    engine: Engine::Postgres,
    role: Role::Sessions,
    open: |url| {
        Box::pin(async move {
            let store = PostgresStore::new(PgPool::connect(&url).await.expect("the server runs"));
            store.migrate().await.expect("the server runs");
            start(store).await
        })
    },
};

/// The same, on MariaDB.
pub const MARIADB: Entrant = Entrant {
    engine: Engine::MariaDb,
    open: |url| {
        Box::pin(async move {
            let store = MySqlStore::new(MySqlPool::connect(&url).await.expect("the server runs"));
            store.migrate().await.expect("the server runs");
            start(store).await
        })
    },
    ..POSTGRES
};

/// The same, in a file.
pub const SQLITE: Entrant = Entrant {
    engine: Engine::Sqlite,
    open: |url| {
        Box::pin(async move {
            let store = SqliteStore::new(sqlx_0_8::file(&url).await);
            store.migrate().await.expect("a folder of ours");
            start(store).await
        })
    },
    ..POSTGRES
};

/// As it comes: the cookie is the id, without a signature, and reading moves no window.
async fn start(store: impl SessionStore + Clone) -> Arc<dyn Workload> {
    let routes = Router::new().route("/read", get(read)).route("/write", post(write)).route("/login", post(log_in));
    Application::start(routes.layer(SessionManagerLayer::new(store))).await
}

async fn read(session: Session) -> String {
    session.get(USER).await.expect("the server runs").unwrap_or_else(|| ANONYMOUS.to_owned())
}

async fn write(session: Session) -> String {
    let user: Option<String> = session.get(USER).await.expect("the server runs");
    assert!(user.is_some(), "only the logged in write");
    let number = session.get::<u64>(NUMBER).await.expect("the server runs").unwrap_or(0) + 1;
    session.insert(NUMBER, number).await.expect("the server runs");
    number.to_string()
}

async fn log_in(session: Session, user: String) {
    session.insert(USER, user).await.expect("the server runs");
    session.insert(NUMBER, 0_u64).await.expect("the server runs");
}

const USER: &str = "user";
const NUMBER: &str = "number";
