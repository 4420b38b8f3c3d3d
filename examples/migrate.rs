//! Moves all sessions from one store to another, while the service runs: nobody is logged out.
//!
//! ```sh
//! cargo run --example migrate -- sqlite:old.db sqlite:new.db
//! ```
//!
//! Three deployments:
//!
//! 1. On every node, `Moving::new(old, new)` in the place of the old store.
//! 2. This, anywhere. Stopped half-way, it is run again. It ends when the old store is empty.
//! 3. On every node, the new store alone.
//!
//! Given a third argument, the name of an environment variable that holds a key ring, the new store is sealed with
//! it: so plain text becomes unreadable.

use std::{env, error::Error, process::ExitCode, sync::Mutex};

use countersign::{
    Clock, KeyRing, Moving, Progress, Sealed,
    store::{self, AnyStore},
};
use indicatif::{ProgressBar, ProgressStyle};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let moved = match &arguments[..] {
        [from, to] => migrate(from, to, None).await,
        [from, to, keys] => migrate(from, to, Some(keys)).await,
        _ => Err("usage: migrate FROM TO [KEYS], as in `migrate sqlite:old.db sqlite:new.db`".into()),
    };
    match moved {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}{}", reasons(&*error)));
            ExitCode::FAILURE
        }
    }
}

async fn migrate(from: &str, to: &str, keys: Option<&str>) -> Result<(), Box<dyn Error>> {
    let (from, mut to) = (store::open(from).await?, store::open(to).await?);
    if let Some(variable) = keys {
        to = AnyStore::new(Sealed::new(to, &KeyRing::from_env(variable)?));
    }
    let bar = ProgressBar::new(1_000);
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {elapsed}")?);
    let last = Mutex::new(Progress::default());
    let done = Moving::new(from, to)
        .run(&Clock::system(), AT_ONCE, |progress| {
            bar.set_position((progress.done * 1_000.0) as u64);
            bar.set_message(text(&progress));
            if let Ok(mut last) = last.lock() {
                *last = progress;
            }
        })
        .await;
    bar.finish_and_clear();
    let progress = match &done {
        Ok(progress) => *progress,
        Err(_) => last.into_inner().unwrap_or_default(),
    };
    say(&text(&progress));
    done.map(drop).map_err(Into::into)
}

fn text(progress: &Progress) -> String {
    let Progress { moved, gone, failed, .. } = progress;
    format!("{moved} moved, {gone} had ended, {failed} failed")
}

fn reasons(error: &dyn Error) -> String {
    let mut reasons = String::new();
    let mut source = error.source();
    while let Some(reason) = source {
        reasons += &format!(": {reason}");
        source = reason.source();
    }
    reasons
}

#[allow(clippy::print_stdout, reason = "it tells what has happened")]
fn say(text: &str) {
    println!("{text}");
}

/// So many sessions are on their way at once.
const AT_ONCE: usize = 16;
