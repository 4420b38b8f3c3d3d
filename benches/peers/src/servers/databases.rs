//! How each server is started.

use std::{fs, path::PathBuf};

use super::{
    process::{Kind, Server},
    programs::{command_as, find, find_in, run, versions},
};

pub(super) fn redis() -> Server {
    let program = find("redis-server", "redis-server").display().to_string();
    let kind = Kind { end: "TERM", ready: "Ready to accept connections", accounts: &[] };
    Server::start(&kind, |folder, port| {
        let own = ["--port".to_owned(), port.to_string(), "--dir".to_owned(), folder.display().to_string()];
        let settings = REDIS.split(' ').map(|word| word.replace("''", ""));
        [program.clone()].into_iter().chain(own).chain(settings).collect()
    })
}

pub(super) fn postgres() -> Server {
    let kind = Kind {
        // Its "immediate shutdown": what it leaves behind is deleted anyway.
        end: "QUIT",
        ready: "database system is ready to accept connections",
        accounts: &["postgres", "nobody"],
    };
    Server::start(&kind, |folder, port| {
        let data = folder.join("data").display().to_string();
        let mut initdb = command_as(kind.accounts, &of_postgres("initdb"));
        initdb.current_dir(folder).args(["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]);
        run(initdb.args(["--locale=C", "--no-sync", "--no-instructions"]));
        let (port, folder) = (port.to_string(), folder.display().to_string());
        let own = [of_postgres("postgres").display().to_string()];
        let own = own.into_iter().chain(["-D", &data, "-p", &port, "-k", &folder].map(str::to_owned));
        let settings = POSTGRES.split(' ').flat_map(|setting| ["-c".to_owned(), setting.to_owned()]);
        own.chain(settings).collect()
    })
}

pub(super) fn mariadb() -> Server {
    let kind = Kind { end: "TERM", ready: "ready for connections", accounts: &["mysql", "nobody"] };
    Server::start(&kind, |folder, port| {
        let option = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
        let data = option("datadir", "data");
        let mut install = command_as(kind.accounts, &find("mariadb-install-db", "mariadb-server"));
        install.current_dir(folder).args(["--no-defaults", &data, "--auth-root-authentication-method=normal"]);
        run(install.args(["--skip-test-db", "--skip-name-resolve"]));
        fs::write(folder.join("init.sql"), ACCOUNT).expect("the folder is ours");
        let own = [find("mariadbd", "mariadb-server").display().to_string(), "--no-defaults".to_owned(), data];
        let files = [option("socket", "s"), option("pid-file", "mariadbd.pid"), option("init-file", "init.sql")];
        let settings = MARIADB.split(' ').map(str::to_owned);
        own.into_iter().chain(files).chain([format!("--port={port}")]).chain(settings).collect()
    })
}

/// A program of the highest version that has a server, and not only a client.
fn of_postgres(name: &str) -> PathBuf {
    let homes = ["/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin"];
    let folders: Vec<PathBuf> =
        homes.iter().flat_map(|pattern| versions(pattern)).filter(|folder| folder.join("initdb").is_file()).collect();
    find_in(&folders, name, "postgresql")
}

const REDIS: &str = "--bind 127.0.0.1 --protected-mode no --save '' --appendonly yes --appendfsync always";

/// No checkpoint falls into a run: it would into the turn of somebody.
const POSTGRES: &str = "listen_addresses=127.0.0.1 max_connections=200 shared_buffers=512MB max_wal_size=2GB \
    checkpoint_timeout=1h dynamic_shared_memory_type=mmap log_min_messages=warning";

const MARIADB: &str = "--bind-address=127.0.0.1 --skip-name-resolve --skip-log-bin --max-connections=200 \
    --character-set-server=utf8mb4 --innodb-buffer-pool-size=1G --innodb-log-file-size=256M \
    --innodb-flush-log-at-trx-commit=1 --innodb-fast-shutdown=2 --innodb-use-native-aio=OFF \
    --performance-schema=OFF";

/// The account of the run, and its database.
const ACCOUNT: &str = "\
CREATE USER IF NOT EXISTS 'bench'@'127.0.0.1' IDENTIFIED BY 'bench';
GRANT ALL ON *.* TO 'bench'@'127.0.0.1';
CREATE DATABASE IF NOT EXISTS bench;
";
