//! Postgres, with what it needs to survive `kill -9`.

use std::{
    path::PathBuf,
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{
    process::{Kind, Server},
    programs::{command_as, find_in, run, versions},
};

/// A server that trusts everyone who comes from this machine; its superuser is `postgres`.
pub struct Postgres {
    server: Server,
    databases: AtomicU32,
}

impl Postgres {
    pub fn start() -> Self {
        let server = Server::start(&KIND, |folder, port| {
            let data = folder.join("data").display().to_string();
            let mut initdb = command_as(KIND.accounts, &program("initdb"));
            initdb.current_dir(folder).args(["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]);
            run(initdb.args(["--locale=C", "--no-sync", "--no-instructions"]));
            let mut command = vec![program("postgres").display().to_string()];
            command.extend(["-D", &data, "-p", &port.to_string(), "-k"].map(str::to_owned));
            command.push(folder.display().to_string());
            command.extend(SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
            command
        });
        Self { server, databases: AtomicU32::new(0) }
    }

    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// The database that is there from the start.
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// A new, empty database: its address.
    pub fn fresh_database(&self) -> String {
        let name = format!("fresh_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url_of(&name)
    }

    /// What `psql` answers: rows as lines, columns between bars.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new(program("psql"));
        psql.args(["-X", "-w", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"]);
        run(psql.args(["-p", &self.server.port().to_string(), "-d", database, "-c", statement])).trim().to_owned()
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.server.port())
    }
}

/// A program of the highest version that has a server, and not only a client.
fn program(name: &str) -> PathBuf {
    static FOLDERS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let folders = FOLDERS.get_or_init(|| {
        let all = HOMES.iter().flat_map(|pattern| versions(pattern));
        all.filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file()).collect()
    });
    find_in(folders, name, "postgresql")
}

const KIND: Kind = Kind {
    // Its "immediate shutdown": does not wait for clients as TERM does, and gives shared memory back as KILL does not.
    end: "QUIT",
    ready: "database system is ready to accept connections",
    accounts: &["postgres", "nobody"],
};

/// Neither Debian nor Homebrew puts these into PATH; what is in PATH may be a wrapper that chooses for itself.
const HOMES: [&str; 3] =
    ["/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"];

const SETTINGS: [&str; 6] = [
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=32MB",
    // A killed process loses nothing that it has written to a file: only a crash of the machine would.
    "fsync=off",
    // Files in the folder, not segments that a killed server leaves in the system.
    "dynamic_shared_memory_type=mmap",
    "log_min_messages=warning",
];
