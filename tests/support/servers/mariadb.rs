//! MariaDB, with what it needs to survive `kill -9`.

use std::{
    fs,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{
    process::{Kind, Server},
    programs::{command_as, find, run},
};

/// A server with one account that may do everything.
pub struct MariaDb {
    server: Server,
    databases: AtomicU32,
}

impl MariaDb {
    pub fn start() -> Self {
        let server = Server::start(&KIND, |folder, port| {
            let option = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
            let data = option("datadir", "data");
            let mut install = command_as(KIND.accounts, &find("mariadb-install-db", PACKAGE));
            install.current_dir(folder).args(["--no-defaults", &data, "--auth-root-authentication-method=normal"]);
            run(install.args(["--skip-test-db", "--skip-name-resolve"]).args(SETTINGS));
            fs::write(folder.join("init.sql"), ACCOUNT).unwrap();
            let mut command = vec![find("mariadbd", PACKAGE).display().to_string(), "--no-defaults".to_owned(), data];
            command.extend([
                option("socket", "s"),
                option("pid-file", "mariadbd.pid"),
                option("init-file", "init.sql"),
            ]);
            command.extend([format!("--port={port}"), "--bind-address=127.0.0.1".to_owned()]);
            // Its end is like a crash, so quick. Not while it is installed: it does not recover from that one.
            command.push("--innodb-fast-shutdown=2".to_owned());
            command.extend(SETTINGS.map(str::to_owned));
            command
        });
        Self { server, databases: AtomicU32::new(0) }
    }

    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The database that is there from the start.
    pub fn url(&self) -> String {
        self.url_of("mysql")
    }

    /// A new, empty database: its address.
    pub fn fresh_database(&self) -> String {
        let name = format!("fresh_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("mysql", &format!("CREATE DATABASE {name}"));
        self.url_of(&name)
    }

    /// What the client answers: rows as lines, columns between tabs.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let mut client = Command::new(find("mariadb", PACKAGE));
        client.args(["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-u", "tests", "-ptests", "-N", "-B"]);
        run(client.args(["-P", &self.server.port().to_string(), database, "-e", statement])).trim().to_owned()
    }

    fn url_of(&self, database: &str) -> String {
        format!("mysql://tests:tests@127.0.0.1:{}/{database}", self.server.port())
    }
}

const KIND: Kind = Kind { end: "TERM", ready: "ready for connections", accounts: &["mysql", "nobody"] };

const PACKAGE: &str = "mariadb-server";

/// Run at each start, before the first connection.
const ACCOUNT: &str = "\
CREATE USER IF NOT EXISTS 'tests'@'127.0.0.1' IDENTIFIED BY 'tests';
GRANT ALL ON *.* TO 'tests'@'127.0.0.1' WITH GRANT OPTION;
";

const SETTINGS: [&str; 10] = [
    "--skip-name-resolve",
    "--skip-log-bin",
    "--max-connections=200",
    "--character-set-server=utf8mb4",
    "--innodb-buffer-pool-size=64M",
    // A commit is in the file when it is answered. A killed process loses nothing of that, so nothing waits for the
    // disk; only a crash of the machine would.
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-flush-method=nosync",
    "--debug-no-sync",
    "--innodb-use-native-aio=OFF",
    "--performance-schema=OFF",
];
