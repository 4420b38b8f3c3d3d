//! Postgres and MariaDB serve, crash and come back.

use crate::{
    lives,
    support::servers::{self, mariadb::MariaDb, postgres::Postgres},
};

#[test]
fn postgres_comes_back_from_kill_9_with_its_rows_and_leaves_nothing_behind() {
    let postgres = Postgres::start();
    let database = name(&postgres.fresh_database());
    assert_ne!(database, name(&postgres.fresh_database()));
    postgres.sql(&database, "CREATE TABLE t (a int); INSERT INTO t VALUES (17)");
    let before = postgres.server().pid();
    postgres.server().kill_9();
    assert!(!lives(before));
    postgres.server().restart();
    assert_ne!(postgres.server().pid(), before);
    assert_eq!(postgres.sql(&database, "SELECT a FROM t"), "17");
    assert_eq!(postgres.sql(&database, "SHOW max_connections"), "200");
    assert!(postgres.server().log().contains("not properly shut down"));

    let (id, folder) = (postgres.server().pid(), postgres.server().folder().to_owned());
    drop(postgres);
    assert!(!lives(id) && !folder.exists());
}

#[test]
fn mariadb_comes_back_from_kill_9_with_its_rows_and_leaves_nothing_behind() {
    let mariadb = MariaDb::start();
    let database = name(&mariadb.fresh_database());
    assert_ne!(database, name(&mariadb.fresh_database()));
    mariadb.sql(&database, "CREATE TABLE t (a int); INSERT INTO t VALUES (17)");
    let before = mariadb.server().pid();
    mariadb.server().kill_9();
    assert!(!lives(before));
    mariadb.server().restart();
    assert_ne!(mariadb.server().pid(), before);
    assert_eq!(mariadb.sql(&database, "SELECT a FROM t"), "17");

    let (id, folder) = (mariadb.server().pid(), mariadb.server().folder().to_owned());
    drop(mariadb);
    assert!(!lives(id) && !folder.exists());
}

#[test]
fn the_shared_ones_are_the_same_for_all() {
    let all = std::thread::scope(|scope| {
        let ports = || (servers::postgres().server().port(), servers::mariadb().server().port());
        [scope.spawn(ports), scope.spawn(ports)].map(|thread| thread.join().unwrap())
    });
    assert_eq!(all[0], all[1]);
    assert!(servers::postgres().url().ends_with("/postgres"));
    assert!(servers::mariadb().url().starts_with("mysql://tests:tests@127.0.0.1:"));
}

fn name(url: &str) -> String {
    url.rsplit_once('/').unwrap().1.to_owned()
}
