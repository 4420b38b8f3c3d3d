//! A client over real HTTP that keeps its cookies: as a program it speaks JSON, as a browser it sends forms.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

#[derive(Clone)]
pub struct Visitor {
    address: String,
    pub cookies: BTreeMap<String, String>,
}

pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Visitor {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), cookies: BTreeMap::new() }
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.ask("GET", path, "accept: */*\r\n", "")
    }

    /// JSON.
    pub fn post(&mut self, path: &str, json: &str) -> Reply {
        self.ask("POST", path, "content-type: application/json\r\n", json)
    }

    /// What a browser does with a link.
    pub fn open(&mut self, path: &str) -> Reply {
        self.ask("GET", path, "accept: text/html\r\n", "")
    }

    /// What a browser does with a form that stands on a page of this `Sec-Fetch-Site`.
    pub fn submit_from(&mut self, site: &str, path: &str, form: &str) -> Reply {
        let kind = "content-type: application/x-www-form-urlencoded";
        self.ask("POST", path, &format!("accept: text/html\r\n{kind}\r\nsec-fetch-site: {site}\r\n"), form)
    }

    pub fn submit(&mut self, path: &str, form: &str) -> Reply {
        self.submit_from("same-origin", path, form)
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = if cookies.is_empty() { String::new() } else { format!("cookie: {}\r\n", cookies.join("; ")) };
        let (address, length) = (&self.address, body.len());
        let mut socket = TcpStream::connect(address).unwrap();
        write!(
            socket,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{cookies}{headers}\
             content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();

        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(status == 401, head.contains("www-authenticate: Bearer"), "{head}");
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }

    /// The header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}
