//! What a user with many sessions costs, and whether the sessions of others cost him anything: for
//! each of our stores, `list` and `revoke_user` with three sessions and with ten thousand, alone in
//! the store and beside those of many others.

mod fill;
mod measure;
mod report;
mod rows;

use std::{env, process::ExitCode, time::Instant};

use countersign_peers::servers::{Engine, Others, Servers};
use tokio::runtime::Builder;

use measure::Subject;

/// How much is measured.
#[derive(Clone, Copy)]
struct Plan {
    /// How many sessions the big user has.
    many: usize,
    /// How many sessions others have.
    others: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let others = |text: &String| text.parse().ok().filter(|others| *others >= SESSIONS_OF_ANOTHER);
    let plan = match &arguments[..] {
        [] => Some(Plan { many: 10_000, others: 1_000_000 }),
        [quick] if quick == "--quick" => Some(Plan { many: 1_000, others: 10_000 }),
        [number] => others(number).map(|others| Plan { many: 10_000, others }),
        _ => None,
    };
    let Some(plan) = plan else {
        eprintln!("usage: users [--quick | SESSIONS OF OTHERS, default: 1000000]");
        return ExitCode::from(2);
    };
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime needs nothing").block_on(run(plan));
    ExitCode::SUCCESS
}

async fn run(plan: Plan) {
    let started = Instant::now();
    let others = Others::watch();
    let servers = Servers::start();
    let engines = [Engine::Sqlite, Engine::Postgres, Engine::MariaDb, Engine::Redis].map(Some);
    report::head(plan);
    for engine in [None].into_iter().chain(engines) {
        let name = engine.map_or("memory".to_owned(), |engine| format!("{engine:?}"));
        let url = engine.map_or("memory:".to_owned(), |engine| servers.url(engine, None, "users"));
        let subject = Subject::open(engine, &url).await;
        eprintln!("{name}: alone, {} s", started.elapsed().as_secs());
        let alone = subject.costs(plan.many).await;
        subject.fill_with_others(plan.others).await;
        eprintln!("{name}: beside {} others, {} s", plan.others, started.elapsed().as_secs());
        let beside = subject.costs(plan.many).await;
        report::rows(engine, plan, &alone, &beside);
    }
    println!("\n{}", others.sentence());
    eprintln!("done in {} s", started.elapsed().as_secs());
}

/// How many sessions a user has whom nobody looks at.
const SESSIONS_OF_ANOTHER: usize = 5;

/// How many sessions the other user has who is measured.
const FEW: usize = 3;
