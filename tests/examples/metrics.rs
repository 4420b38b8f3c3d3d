use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

use crate::{example, text_format};

#[test]
fn it_serves_what_prometheus_reads_and_the_same_as_json() {
    let server = Server::start();
    assert_eq!(server.ask("GET", "/me").0, 401);
    for user in ["ada", "eve", "ada"] {
        assert_eq!(server.ask("POST", &format!("/login/{user}")).0, 200);
    }
    let (status, snapshot) = server.ask("GET", "/snapshot");
    let snapshot: serde_json::Value = serde_json::from_str(&snapshot).unwrap();
    assert_eq!((status, &snapshot["live"]["sessions"], &snapshot["live"]["users"]), (200, &3.into(), &2.into()));
    assert_eq!((&snapshot["created"], &snapshot["denied"]["not_logged_in"]), (&3.into(), &1.into()));
    let (status, text) = server.ask("GET", "/metrics");
    let page = text_format::read(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    assert_eq!((status, page["countersign_sessions_created_total"].of("as", "user")), (200, 3.0));
    assert_eq!((page["countersign_sessions_active"].total(), page["countersign_users_active"].total()), (3.0, 2.0));
    assert!(page["countersign_store_command_seconds"].of("verb", "create") > 0.0);
    assert_eq!(server.ask("GET", "/history"), (200, "[]".to_owned()), "no minute is over");
}

/// The example, while this lives.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut process = example("metrics").arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap().to_owned();
        Self { process, address }
    }

    /// Status and body.
    fn ask(&self, method: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
