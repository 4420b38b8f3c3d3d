use axum::{Router, body::Body};
use countersign::{DenialKind, RefusalKind};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A client with a cookie jar, or with a Bearer token, that talks to a router.
#[derive(Clone)]
pub struct Browser {
    app: Router,
    cookie: Option<String>,
    device: Option<String>,
    bearer: Option<String>,
}

const SESSION: &str = "__Host-sid";
const DEVICE: &str = "__Host-did";

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub refusal: Option<RefusalKind>,
    pub denial: Option<DenialKind>,
    pub body: String,
}

impl Browser {
    pub fn new(app: &Router) -> Self {
        Self { app: app.clone(), cookie: None, device: None, bearer: None }
    }

    pub fn with_token(app: &Router, token: &str) -> Self {
        Self { cookie: Some(token.to_owned()), ..Self::new(app) }
    }

    pub fn with_bearer(app: &Router, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..Self::new(app) }
    }

    /// The token in the jar.
    pub fn token(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path).await
    }

    pub async fn post(&mut self, path: &str) -> Reply {
        self.send(Method::POST, path).await
    }

    pub async fn send(&mut self, method: Method, path: &str) -> Reply {
        let reply = self.ask(self.request(method, path)).await;
        self.keep_all(&reply);
        reply
    }

    /// Keeps the cookies of an answer to a request that was sent as it is.
    pub fn keep_all(&mut self, reply: &Reply) {
        for set_cookie in reply.headers.get_all(header::SET_COOKIE) {
            self.keep(set_cookie.to_str().unwrap());
        }
    }

    /// Loses the session, and keeps the device: as a browser does that is closed.
    pub fn forget_session(&mut self) {
        self.cookie = None;
    }

    /// The same, but the answer is lost on its way: the jar stays as it was.
    pub async fn send_and_lose_the_answer(&mut self, method: Method, path: &str) -> Reply {
        self.ask(self.request(method, path)).await
    }

    /// The request as this client sends it.
    pub fn request(&self, method: Method, path: &str) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(device) = &self.device {
            request = request.header(header::COOKIE, format!("{DEVICE}={device}"));
        }
        if let Some(token) = &self.cookie {
            request = request.header(header::COOKIE, format!("theme=dark; __Host-sid={token}"));
            request = request.header("sec-fetch-site", "same-origin");
        }
        if let Some(token) = &self.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request.body(Body::empty()).unwrap()
    }

    /// Sends a request as it is.
    pub async fn ask(&self, request: Request<Body>) -> Reply {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            refusal: parts.extensions.get().copied(),
            denial: parts.extensions.get().copied(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    fn keep(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once("; ").unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert!([SESSION, DEVICE].contains(&name), "{set_cookie}");
        assert!(attributes.contains("Secure") && attributes.contains("HttpOnly"), "{set_cookie}");
        let gone = attributes.split("; ").any(|attribute| attribute == "Max-Age=0");
        let kept = if name == SESSION { &mut self.cookie } else { &mut self.device };
        *kept = (!gone).then(|| value.to_owned());
    }
}

impl Reply {
    pub fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// What is set, or cleared, of the session.
    pub fn set_cookie(&self) -> Option<&str> {
        self.only_cookie(|name| !name.ends_with("did"))
    }

    /// What the device is to be known by from now on.
    pub fn device_cookie(&self) -> Option<&str> {
        self.only_cookie(|name| name.ends_with("did"))
    }

    fn only_cookie(&self, is_it: impl Fn(&str) -> bool) -> Option<&str> {
        let all = self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        let found: Vec<&str> = all.filter(|value| value.split('=').next().is_some_and(&is_it)).collect();
        assert!(found.len() <= 1, "one Set-Cookie of a name at most");
        found.first().copied()
    }

    /// The cookie is taken away.
    pub fn clears_cookie(&self) -> bool {
        self.set_cookie().is_some_and(|cookie| cookie.starts_with("__Host-sid=;") && cookie.ends_with("Max-Age=0"))
    }
}
