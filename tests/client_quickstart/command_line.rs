//! The example `client`: each command is a process of its own, and the session lies in a file.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt, path::Path};

use tokio::process::Command;

use crate::{example::example, process::Home};

#[tokio::test]
async fn a_program_stays_logged_in_between_two_runs() {
    let home = Home::new("memory:");
    let app = home.start().await;
    let (program, file) = (example("client"), home.path("session.json"));
    let run = |arguments: &'static [&'static str]| run(&program, app.address, &file, arguments);

    assert_eq!(run(&["me"]).await, (false, "log in first: login NAME PASSWORD\n".to_owned()));
    assert!(!run(&["login", "ada", "wrong"]).await.0);
    assert!(!file.exists());

    assert_eq!(run(&["login", "ada", "lovelace"]).await, (true, "logged in as ada\n".to_owned()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(run(&["count"]).await, (true, "{\"count\":1}\n".to_owned()));
    assert_eq!(run(&["count"]).await, (true, "{\"count\":2}\n".to_owned()));
    let (good, status) = run(&["status"]).await;
    assert!(good && status.starts_with("Session: VALID | Tokens: VALID | Cookies: MISSING | Age: "), "{status}");

    assert_eq!(run(&["logout"]).await, (true, "logged out\n".to_owned()));
    assert!(!file.exists());
    assert!(!run(&["me"]).await.0);
}

/// Whether it went well, and what it said.
async fn run(program: &Path, server: SocketAddr, file: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .env("SERVER", format!("http://{server}"))
        .env("SESSION_FILE", file)
        .output()
        .await
        .unwrap();
    let said = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(said).unwrap())
}
