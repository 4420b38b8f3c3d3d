use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

use crate::example;

#[test]
fn a_client_logs_in_counts_and_logs_out() {
    let server = Server::start();
    let mut ada = Client::of(&server);
    assert_eq!(ada.ask("GET", "/me"), (401, "log in first".to_owned()));
    assert_eq!(ada.ask("GET", "/"), (404, "not found".to_owned()));
    assert_eq!(ada.cookie, None, "nobody is counted who does not ask for it");

    assert_eq!(ada.ask("POST", "/count"), (200, "1".to_owned()), "without a user, too");
    let anonymous = ada.cookie.clone().unwrap();
    assert_eq!(ada.ask("POST", "/login/ada"), (200, "welcome ada".to_owned()));
    let old = ada.clone();
    assert_ne!(ada.cookie, Some(anonymous), "a log-in is a new session");
    assert_eq!(ada.ask("GET", "/me"), (200, "you are ada".to_owned()));
    assert_eq!(ada.ask("POST", "/count"), (200, "1".to_owned()));
    assert_eq!(ada.ask("POST", "/count"), (200, "2".to_owned()));

    let mut grace = Client::of(&server);
    assert_eq!(grace.ask("POST", "/login/grace"), (200, "welcome grace".to_owned()));
    assert_eq!(grace.ask("POST", "/count"), (200, "1".to_owned()), "a session of her own");

    assert_eq!(ada.ask("POST", "/logout"), (200, "good-bye".to_owned()));
    assert_eq!(ada.cookie, None);
    assert_eq!(ada.ask("GET", "/me").0, 401);
    assert_eq!(old.clone().ask("GET", "/me").0, 401, "the token that it had is dead");
    assert_eq!(grace.ask("GET", "/me"), (200, "you are grace".to_owned()));
}

#[test]
fn a_name_that_cannot_be_one_is_an_error_and_no_session() {
    let server = Server::start();
    let mut client = Client::of(&server);
    let (status, text) = client.ask("POST", "/login/");
    assert_eq!((status, client.cookie.as_deref()), (500, None), "{text}");
    assert!(text.contains("a user's id"), "{text}");
}

/// The example, while this lives.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut process = example("hyper").env("LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_owned();
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A client that keeps the session's cookie.
#[derive(Clone)]
struct Client {
    address: String,
    cookie: Option<String>,
}

impl Client {
    fn of(server: &Server) -> Self {
        Self { address: server.address.clone(), cookie: None }
    }

    /// Status and text.
    fn ask(&mut self, method: &str, path: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        let cookie = self.cookie.as_ref().map(|cookie| format!("cookie: {cookie}\r\n")).unwrap_or_default();
        write!(socket, "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{cookie}\r\n").unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();

        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut set = head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        if let Some(set) = set.find(|cookie| cookie.starts_with("sid=")) {
            let gone = set.ends_with("Max-Age=0");
            self.cookie = (!gone).then(|| set.split(';').next().unwrap().to_owned());
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(status == 401, head.contains("www-authenticate: Bearer"), "{head}");
        (status, body.trim_end().to_owned())
    }
}
