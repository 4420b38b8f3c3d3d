//! Servers that say how many commands they were given.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::sleep,
};

use crate::support::servers::{mariadb::MariaDb, postgres::Postgres, redis::Standalone};

pub trait Counted {
    /// How many commands clients have given since the start, by the server's own count.
    async fn commands(&self) -> f64;
}

/// Redis, with a client that is told of every command.
pub struct CountedRedis {
    server: Standalone,
    seen: Arc<AtomicU64>,
}

impl CountedRedis {
    pub async fn start() -> Self {
        let server = Standalone::start();
        let mut monitor = TcpStream::connect(("127.0.0.1", server.node().port())).await.unwrap();
        monitor.write_all(b"MONITOR\r\n").await.unwrap();
        let mut lines = BufReader::new(monitor).lines();
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("+OK"));
        let seen = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                // What a script does is part of the one command that ran it.
                if !line.contains(" lua] ") {
                    counter.fetch_add(1, Relaxed);
                }
            }
        });
        Self { server, seen }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }
}

impl Counted for CountedRedis {
    async fn commands(&self) -> f64 {
        // The monitor's lines are on their way still.
        sleep(Duration::from_millis(50)).await;
        self.seen.load(Relaxed) as f64
    }
}

/// PostgreSQL, which logs every statement.
pub struct CountedPostgres {
    server: Postgres,
    url: String,
}

impl CountedPostgres {
    pub fn start() -> Self {
        let server = Postgres::start();
        server.sql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
        server.sql("postgres", "SELECT pg_reload_conf()");
        let url = server.fresh_database();
        Self { server, url }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Counted for CountedPostgres {
    async fn commands(&self) -> f64 {
        sleep(Duration::from_millis(50)).await;
        let log = self.server.server().log();
        log.lines().filter(|line| line.contains("LOG:  execute ") || line.contains("LOG:  statement: ")).count() as f64
    }
}

/// MariaDB, which counts what it is asked.
pub struct CountedMariaDb {
    server: MariaDb,
    url: String,
}

impl CountedMariaDb {
    pub fn start() -> Self {
        let server = MariaDb::start();
        let url = server.fresh_database();
        Self { server, url }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Counted for CountedMariaDb {
    async fn commands(&self) -> f64 {
        let database = self.url.rsplit_once('/').unwrap().1;
        let sum = "SELECT SUM(VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME IN
            ('COM_SELECT', 'COM_INSERT', 'COM_UPDATE', 'COM_DELETE', 'COM_BEGIN', 'COM_COMMIT', 'COM_ROLLBACK')";
        let counted: f64 = self.server.sql(database, sum).trim().parse().unwrap();
        // The question itself is a SELECT, and the client that asks it begins with others: less than one
        // for each of the many requests that are counted between two questions.
        counted
    }
}
