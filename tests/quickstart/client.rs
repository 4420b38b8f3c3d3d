//! Clients over real HTTP: a program with a Bearer token, and a browser with a cookie jar.

use std::{error::Error, net::SocketAddr};

use http::{HeaderMap, Method, Request, StatusCode, header, request};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// Speaks JSON, and remembers no cookie.
#[derive(Clone)]
pub struct Program {
    address: SocketAddr,
    token: Option<String>,
}

/// Sends forms, follows no redirect by itself, and keeps the cookies.
pub struct Browser {
    address: SocketAddr,
    /// That of the session.
    pub cookie: Option<String>,
    /// That by which the application knows this browser again.
    device: Option<String>,
}

impl Program {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, token: None }
    }

    pub fn with_token(address: SocketAddr, token: &str) -> Self {
        Self { address, token: Some(token.to_owned()) }
    }

    pub async fn log_in(&self, username: &str, password: &str) -> Result<Reply, Lost> {
        self.try_to_post("/login", &json!({ "username": username, "password": password })).await
    }

    /// The same, where no answer is an error of the test.
    pub async fn post_json(&self, path: &str, body: &Value) -> Reply {
        self.try_to_post(path, body).await.unwrap()
    }

    async fn try_to_post(&self, path: &str, body: &Value) -> Result<Reply, Lost> {
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        ask(self.address, request, body.to_string()).await
    }

    pub async fn send(&self, method: Method, path: &str) -> Reply {
        ask(self.address, self.request(method, path), String::new()).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path).await
    }

    pub async fn post(&self, path: &str) -> Reply {
        self.send(Method::POST, path).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path).await
    }

    fn request(&self, method: Method, path: &str) -> request::Builder {
        let request = Request::builder().method(method).uri(path).header(header::USER_AGENT, "curl/8.5.0");
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookie: None, device: None }
    }

    /// Opens a page.
    pub async fn open(&mut self, path: &str) -> Reply {
        self.send(Request::get(path).header(header::ACCEPT, PAGES), String::new()).await
    }

    /// Submits a form.
    pub async fn submit(&mut self, path: &str, form: &str) -> Reply {
        let request = Request::post(path)
            .header(header::ACCEPT, PAGES)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form.to_owned()).await
    }

    /// What a script's `fetch` sends.
    pub async fn fetch(&mut self, method: Method, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).header(header::ACCEPT, "*/*"), String::new()).await
    }

    async fn send(&mut self, mut request: request::Builder, body: String) -> Reply {
        request = request.header(header::USER_AGENT, FIREFOX);
        let cookies: Vec<&str> = [&self.cookie, &self.device].into_iter().flatten().map(String::as_str).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let reply = ask(self.address, request, body).await.unwrap();
        for (name, kept) in [("sid", &mut self.cookie), ("did", &mut self.device)] {
            if let Some(cookie) = reply.cookie(name) {
                let gone = cookie.contains("Max-Age=0");
                *kept = (!gone).then(|| cookie.split(';').next().unwrap().to_owned());
            }
        }
        reply
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json", "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// The header, or nothing.
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What the reply sets as the cookie of this name, with its attributes.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut set = self.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
        set.find(|cookie| cookie.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    }

    /// Sent back to the page after a form.
    pub fn leads_to_the_page(&self) -> bool {
        self.status == StatusCode::SEE_OTHER && self.header(header::LOCATION) == "/"
    }
}

/// The server went away before it answered.
pub type Lost = Box<dyn Error + Send + Sync>;

async fn ask(address: SocketAddr, request: request::Builder, body: String) -> Result<Reply, Lost> {
    let request = request.header(header::HOST, address.to_string()).body(Full::new(Bytes::from(body)))?;
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
    Ok(Reply { status: parts.status, headers: parts.headers, body })
}

const PAGES: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
