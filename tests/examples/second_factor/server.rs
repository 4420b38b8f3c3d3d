//! The example as a process of its own, and ada's authenticator app.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::SystemTime,
};

use totp_rs::{Builder, Secret};

use super::visitor::Visitor;
use crate::example;

/// The example, while this lives.
pub struct Server {
    process: Child,
    pub address: String,
    /// ada's.
    pub recovery_codes: Vec<String>,
}

impl Server {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// With these in its environment.
    pub fn with(environment: &[(&str, &str)]) -> Self {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(PROGRAM.get_or_init(|| example::example("second_factor")));
        command.envs(environment.iter().copied()).env("LISTEN", "127.0.0.1:0").env("TOTP_SECRET", SECRET);
        let process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Self { process, address: String::new(), recovery_codes: Vec::new() };
        for line in BufReader::new(server.process.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some(codes) = line.strip_prefix("ada's recovery codes: ") {
                server.recovery_codes = codes.split(' ').map(ToOwned::to_owned).collect();
            }
            if let Some(address) = line.strip_prefix("listening on http://") {
                server.address = address.to_owned();
                return server;
            }
        }
        panic!("it ended before it listened");
    }

    /// Somebody without a cookie.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.address)
    }

    /// ada, who has passed but the first of two steps.
    pub fn ada_half_way(&self) -> Visitor {
        let mut ada = self.visitor();
        let reply = ada.post("/login", r#"{"username": "ada", "password": "lovelace"}"#);
        assert_eq!((reply.status, &reply.json()["second_factor"]), (200, &serde_json::json!(["totp", "recovery"])));
        ada
    }

    /// grace, who has but one factor.
    pub fn grace(&self) -> Visitor {
        let mut grace = self.visitor();
        let reply = grace.post("/login", r#"{"username": "grace", "password": "hopper"}"#);
        assert_eq!((reply.status, &reply.json()["second_factor"]), (200, &serde_json::json!([])));
        grace
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// What an authenticator app with this secret shows so many steps of 30 s from now, as a body.
pub fn code(secret: &str, ahead: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    body(&totp.generate(now + 30 * ahead).to_string())
}

/// A code as a body.
pub fn body(code: &str) -> String {
    serde_json::json!({ "code": code }).to_string()
}

/// ada's.
pub const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
