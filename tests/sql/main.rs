//! What is SQL's own.
#[path = "../support/servers/mod.rs"]
mod servers;
use countersign::*;
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_check() {
    let server = servers::mariadb();
    let url = server.fresh_database();
    let name = std::env::var("CHECK").unwrap();
    for _ in 0..5 {
        for check in conformance::checks::<MySqlStore>() {
            if check.name().contains(&name) {
                let store = MySqlStore::open(&url).await.unwrap();
                let start = std::time::Instant::now();
                let r = check.run(store).await;
                println!("{} {:?} {}", check.name(), start.elapsed(), r.is_ok());
            }
        }
    }
    println!(
        "{}",
        server
            .sql("mysql", "SHOW ENGINE INNODB STATUS")
            .replace("\\n", "\n")
            .lines()
            .skip_while(|l| !l.contains("DEADLOCK"))
            .take(60)
            .collect::<Vec<_>>()
            .join("\n")
    );
    println!(
        "{}",
        server.sql("mysql", "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'; SHOW GLOBAL STATUS LIKE 'Innodb_row_lock%'")
    );
}
