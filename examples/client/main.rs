//! A program that stays logged in between two runs. Start the quickstart, then:
//!
//! ```sh
//! cargo run --example client --features client -- login ada lovelace
//! cargo run --example client --features client -- count
//! cargo run --example client --features client -- status
//! cargo run --example client --features client -- logout
//! ```
//!
//! | variable | default | |
//! |---|---|---|
//! | `SERVER` | `http://127.0.0.1:3000` | whose sessions these are |
//! | `SESSION_FILE` | `client-session.json` | where the session is kept, for its owner alone |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod server;

use std::{env, error::Error, process::ExitCode, time::SystemTime};

use countersign::client::{ClientSession, TokenManager, TokenSet, UserInfo, with_tokens};
use http::Method;

use server::Server;

async fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let url = env::var("SERVER").unwrap_or_else(|_| "http://127.0.0.1:3000".to_owned());
    let file = env::var("SESSION_FILE").unwrap_or_else(|_| "client-session.json".to_owned());

    let renewing = url.clone();
    let tokens = TokenManager::builder(with_tokens(move |tokens| server::renew(renewing.clone(), tokens)));
    let session = ClientSession::new(tokens.file(file).build()?);
    let server = Server::new(url.clone(), session.clone())?;

    match arguments {
        ["login", name, password] => {
            let answer = server.log_in(name, password).await?;
            let tokens = TokenSet::from_response(&answer, SystemTime::now())?;
            session.log_in(tokens).user(UserInfo::new(*name)).await?;
            println!("logged in as {name}");
        }
        ["me"] => println!("{}", server.call(Method::GET, "/me").await?),
        ["count"] => println!("{}", server.call(Method::POST, "/counter").await?),
        ["status"] => println!("{}", session.validity()),
        ["logout"] => {
            let cleared = session.clear_securely(move |tokens| server::log_out(url.clone(), tokens)).await;
            cleared.wiped?;
            match cleared.revoked {
                Ok(()) => println!("logged out"),
                Err(error) => println!("logged out here; the server does not know: {}", said(&error)),
            }
        }
        _ => return Err("one of: login NAME PASSWORD, me, count, status, logout".into()),
    }
    session.save().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", said(&*error));
            ExitCode::FAILURE
        }
    }
}

/// An error with what it comes from, unless it says so itself.
fn said(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_said = cause.to_string();
        if !said.ends_with(&cause_said) {
            said += &format!(": {cause_said}");
        }
        next = cause.source();
    }
    said
}
