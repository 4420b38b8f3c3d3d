//! What a verb costs, counted by the server.

use std::{sync::Arc, time::Duration};

use countersign::{
    MySqlStore, PostgresStore, Record, SessionStore,
    store::{AnyStore, Page},
};
use tokio::time::sleep;

use crate::{LIFETIME, NO_LIMIT, NOW, adding, evict, id, record, servers};

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_costs_what_postgres_counts() {
    let server = servers::postgres::Postgres::start();
    let url = server.fresh_database();
    server.sql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let store = AnyStore::new(PostgresStore::open(&url).await.unwrap());
    let log = || {
        let log = server.server().log();
        let lines = log.lines().filter_map(|line| line.split_once("LOG:  ").map(|(_, said)| said.to_owned()));
        lines.filter(|said| said.starts_with("statement: ") || said.starts_with("execute ")).collect::<Vec<_>>()
    };
    costs(&store, log, Costs { step: 2, evicting: 6, revoke: 1, revoke_user: 4, sweep: 2 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verb_costs_what_mariadb_counts() {
    let server = servers::mariadb::MariaDb::start();
    let url = server.fresh_database();
    let store = AnyStore::new(MySqlStore::open(&url).await.unwrap());
    server.sql("mysql", "SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON");
    let log = || {
        // A ping, or a transaction around a statement, would be among them.
        let log = server.sql(
            "mysql",
            "SELECT REPLACE(CONCAT(command_type, ' ', argument), '\\n', ' ') FROM general_log
                WHERE user_host LIKE '%tests%' AND command_type NOT IN ('Connect', 'Prepare', 'Quit')
                    AND argument NOT LIKE '%general_log%' AND argument NOT LIKE '%version_comment%'",
        );
        log.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    costs(&store, log, Costs { step: 2, evicting: 7, revoke: 5, revoke_user: 6, sweep: 6 }).await;
}

/// What differs between the servers.
struct Costs {
    /// To begin a transaction and to end it.
    step: usize,
    evicting: usize,
    revoke: usize,
    revoke_user: usize,
    sweep: usize,
}

async fn costs(store: &AnyStore, log: impl Fn() -> Vec<String>, costs: Costs) {
    // The first time, statements are prepared.
    for round in [0, 100] {
        let counted = async |what: &str, expected: usize, before: Vec<String>| {
            // What is sent after an answer, such as a ping, is sent by then.
            sleep(Duration::from_millis(30)).await;
            let said = log().split_off(before.len());
            assert!(round == 0 || said.len() == expected, "{what} takes {expected} statements: {said:#?}");
        };
        let before = log();
        store.create(anonymous(round + 9), NO_LIMIT, NOW).await.unwrap();
        store.create(record(round + 1), NO_LIMIT, NOW).await.unwrap();
        counted("two log-ins without terms", 2, before).await;

        let before = log();
        store.load(id(round + 1), NOW).await.unwrap().unwrap();
        counted("a request that reads", 1, before).await;

        let before = log();
        let seen = store.load(id(round + 1), NOW).await.unwrap().unwrap();
        let change = adding(1).having_seen(Arc::clone(&seen));
        store.change(seen.id(), change.clone(), NOW).await.unwrap();
        counted("a request that reads and writes", 2, before).await;

        let before = log();
        store.change(seen.id(), change, NOW).await.unwrap();
        counted("a hint that is out of date", 1 + costs.step + 2, before).await;

        let before = log();
        store.list("ada", Page { after: None, size: 9 }, NOW).await.unwrap();
        store.epoch("ada", NOW).await.unwrap();
        store.scan(None, 9, NOW).await.unwrap();
        counted("a list, an epoch, a part of a scan", 3, before).await;

        let before = log();
        store.create(record(round + 2), evict(1), NOW).await.unwrap();
        if round > 0 {
            counted("a log-in that evicts", costs.evicting, before).await;
        }

        let before = log();
        store.revoke(id(round + 9), NOW).await.unwrap();
        counted("a log-out", costs.revoke, before).await;

        let before = log();
        store.revoke_user("ada", None, NOW).await.unwrap();
        counted("a log-out everywhere", costs.revoke_user, before).await;

        let before = log();
        store.sweep(NOW, 9).await.unwrap();
        counted("a sweep that finds nothing", costs.sweep, before).await;
    }
}

fn anonymous(n: u8) -> Record {
    Record::new(id(n), countersign::SecretHash::from_bytes([n; 32]), LIFETIME, NOW)
}
