//! What is of the stores that speak SQL alone: how many statements a verb costs, how their tables come
//! to be, what they hear, and what they do when a server goes away.

#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[path = "../support/servers/mod.rs"]
mod servers;

mod addresses;
mod hearing;
mod hints;
mod migrations;
mod outages;
mod outbox;
mod pools;
mod statements;
mod sweeping;
mod users;

use std::time::Duration;

use countersign::{
    Change, Lifetime, Limit, MySqlStore, PostgresStore, Record, SecretHash, SessionId, Timestamp, WhenFull,
    store::{AnyStore, Terms},
};

/// A database of either server, and how to open it again.
struct Database {
    url: String,
}

impl Database {
    /// One of each.
    fn fresh() -> [Self; 2] {
        [Self::postgres(), Self::mariadb()]
    }

    fn postgres() -> Self {
        Self { url: servers::postgres().fresh_database() }
    }

    fn mariadb() -> Self {
        Self { url: servers::mariadb().fresh_database() }
    }

    async fn open(&self) -> AnyStore {
        open(&self.url).await
    }

    fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    /// What the server's own client answers.
    fn sql(&self, statement: &str) -> String {
        if self.url.starts_with("postgres") {
            servers::postgres().sql(self.name(), statement)
        } else {
            servers::mariadb().sql(self.name(), statement)
        }
    }
}

async fn open(url: &str) -> AnyStore {
    if url.starts_with("postgres") {
        AnyStore::new(PostgresStore::open(url).await.unwrap())
    } else {
        AnyStore::new(MySqlStore::open(url).await.unwrap())
    }
}

fn id(n: u8) -> SessionId {
    SessionId::from_bytes([n; SessionId::BYTES])
}

/// A session of ada's.
fn record(n: u8) -> Record {
    Record::new(id(n), SecretHash::from_bytes([n; 32]), LIFETIME, NOW).with_user("ada")
}

fn adding(by: i64) -> Change {
    let mut change = Change::new();
    change.add("n", by).unwrap();
    change
}

fn count(record: &Record) -> i64 {
    let value = record.attributes().value("n").unwrap_or(b"0");
    str::from_utf8(value).unwrap().parse().unwrap()
}

const fn evict(max: u32) -> Terms {
    Terms { limit: Limit { max, when_full: WhenFull::EvictOldest }, epoch: None }
}

const NO_LIMIT: Terms = evict(0);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const LIFETIME: Lifetime = Lifetime::new(Duration::from_secs(60), Duration::from_secs(600));
