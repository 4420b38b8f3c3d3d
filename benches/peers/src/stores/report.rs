//! The tables, in Markdown.

use countersign_peers::{
    servers::{Engine, Others},
    table::{duration, grouped, header, line},
};

use super::{
    Measured,
    counted::PerRequest,
    entrant::{Entrant, Kind, Role},
    entrants::ENTRANTS,
};

/// All that the run has to say.
pub fn stores(measured: &[Measured; 2], traffic: &[Option<PerRequest>], others: &Others) {
    println!("\n## Stores behind servers, in short\n");
    println!(
        "A request over a bare command by the same client library: its latency with 1 client, the time between two"
    );
    println!("answers with 64; and commands to the server. {}\n", others.sentence());
    header(&["time / bare command", "read, 1", "read, 64", "commands", "read + write, 1", "64", "commands"]);
    for (row, entrant) in sessions() {
        let cells = measured.iter().enumerate().flat_map(|(kind, measured)| {
            let [one, many] = [0, 1].map(|clients| over(measured, clients, row));
            [one, many, commands(traffic, row, kind)]
        });
        line(&named(entrant), &cells.collect::<Vec<_>>());
    }
    for (kind, measured) in measured.iter().enumerate() {
        println!("\n## {}\n", title(measured.kind));
        header(&[
            "latency: median · p99; answers a second; / bare",
            "1 client",
            "a second",
            "/ bare",
            "64 clients",
            "a second",
            "/ bare",
            "commands",
            "bytes",
        ]);
        for (row, entrant) in ENTRANTS.iter().enumerate() {
            let mut cells = Vec::new();
            for clients in [0, 1] {
                let turns = &measured.turns[clients][row];
                cells.push(format!("{} · {}", duration(turns.median()), duration(turns.p99())));
                cells.push(grouped(turns.a_second() as usize));
                cells.push(over(measured, clients, row));
            }
            cells.push(commands(traffic, row, kind));
            cells.push(traffic[row].map_or("–".to_owned(), |averages| format!("{:.0}", averages[kind].bytes)));
            line(&named(entrant), &cells);
        }
    }
}

fn sessions() -> impl Iterator<Item = (usize, &'static Entrant)> {
    ENTRANTS.iter().enumerate().filter(|(_, entrant)| entrant.role == Role::Sessions)
}

/// How many times as long as the floor before it.
fn over(measured: &Measured, clients: usize, row: usize) -> String {
    let floor = (0..=row).rev().find(|&row| ENTRANTS[row].role == Role::Floor).expect("a floor comes first");
    let turns = &measured.turns[clients];
    format!("{:.2} ×", turns[row].over(&turns[floor]))
}

fn commands(traffic: &[Option<PerRequest>], row: usize, kind: usize) -> String {
    traffic[row].map_or("–".to_owned(), |averages| format!("{:.2}", averages[kind].commands))
}

fn named(entrant: &Entrant) -> String {
    let engine = match entrant.engine {
        Engine::Redis => "Redis",
        Engine::Postgres => "PostgreSQL",
        Engine::MariaDb => "MariaDB",
        Engine::Sqlite => "SQLite",
    };
    format!("{engine}: {}", entrant.name)
}

const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => "Stores behind servers: a read-only request",
        Kind::Write => "Stores behind servers: a request that adds one to an attribute",
    }
}
