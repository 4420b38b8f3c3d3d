//! Real servers for tests: on free ports of the loopback interface, in folders of their own, and gone
//! with the test process, however that ends.
//!
//! The functions here answer with servers that all tests of a process share, started on first use: use
//! a prefix of keys or a database of your own. A test that kills, stops or reconfigures a server starts
//! one for itself: `redis::Standalone::start()`. Nothing is skipped: a program that is not installed
//! fails the test and names the package.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    reason = "a module of tests: each binary uses a part of it, and unwraps what it expects"
)]

pub mod mariadb;
pub mod postgres;
pub mod process;
mod programs;
pub mod proxy;
pub mod redis;
pub mod secret_service;

use std::sync::OnceLock;

pub use process::{Server, free_port, wait_until};

use mariadb::MariaDb;
use postgres::Postgres;

pub fn redis() -> &'static redis::Standalone {
    static SHARED: OnceLock<redis::Standalone> = OnceLock::new();
    SHARED.get_or_init(redis::Standalone::start)
}

pub fn cluster() -> &'static redis::Cluster {
    static SHARED: OnceLock<redis::Cluster> = OnceLock::new();
    SHARED.get_or_init(redis::Cluster::start)
}

pub fn sentinel() -> &'static redis::Sentinel {
    static SHARED: OnceLock<redis::Sentinel> = OnceLock::new();
    SHARED.get_or_init(redis::Sentinel::start)
}

pub fn postgres() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(Postgres::start)
}

pub fn mariadb() -> &'static MariaDb {
    static SHARED: OnceLock<MariaDb> = OnceLock::new();
    SHARED.get_or_init(MariaDb::start)
}
