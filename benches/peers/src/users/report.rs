//! The table, in Markdown.

use countersign_peers::{
    servers::Engine,
    table::{duration, grouped, header, line},
};

use super::{FEW, Plan, measure::Cost};

/// What stands before the rows.
pub fn head(plan: Plan) {
    println!("\n## A user's sessions, and those of others\n");
    println!("Listing all of a user's sessions, a page after the other, and ending them all; medians.");
    println!("Alone in the store, and beside {} sessions of others.\n", grouped(plan.others));
    header(&[
        "time; the second over the first",
        "list: alone",
        "beside others",
        "×",
        "end all: alone",
        "beside others",
        "×",
    ]);
}

/// The rows of one store.
pub fn rows(engine: Option<Engine>, plan: Plan, alone: &[Cost; 2], beside: &[Cost; 2]) {
    let store = match engine {
        None => "MemoryStore",
        Some(Engine::Sqlite) => "SqliteStore",
        Some(Engine::Postgres) => "PostgresStore",
        Some(Engine::MariaDb) => "MySqlStore",
        Some(Engine::Redis) => "RedisStore",
    };
    for ((alone, beside), count) in alone.iter().zip(beside).zip([FEW, plan.many]) {
        let pair = |alone: f64, beside: f64| [duration(alone), duration(beside), format!("{:.2}", beside / alone)];
        let cells = [pair(alone.list, beside.list), pair(alone.revoke, beside.revoke)].concat();
        line(&format!("{store}: {} sessions", grouped(count)), &cells);
    }
}
