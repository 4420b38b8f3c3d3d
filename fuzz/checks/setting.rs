//! Sessions, tokens of theirs, and how an input names them: what a fuzzer cannot guess is put in where it says.

use std::{
    convert::Infallible,
    future::{Future, IntoFuture},
    pin::pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use countersign::{Carriers, Clock, Config, KeyRing, MemoryStore, RefusalKind, Session, SessionLayer, Sessions, Token};
use http::{
    HeaderName, HeaderValue, Request, Response,
    header::{SET_COOKIE, WWW_AUTHENTICATE},
};
use tower::{Layer, ServiceExt, service_fn};

pub(super) const NAME: &str = "__Host-sid";

/// Made once: every check reads it, and none writes.
pub(super) static SETTING: LazyLock<Setting> = LazyLock::new(Setting::new);

pub(super) struct Setting {
    pub(super) sessions: Sessions,
    /// A layer over them, and two that look for tokens elsewhere.
    pub(super) layer: SessionLayer,
    pub(super) cookie_only: SessionLayer,
    pub(super) bearer_only: SessionLayer,
    /// Of a live session of `ada`'s.
    pub(super) ada: String,
    /// Of one of `grace`'s.
    pub(super) grace: String,
    /// Of one that was logged out.
    pub(super) ended: String,
    /// Signed by a key that these sessions do not have.
    pub(super) forged: String,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It has no credential of ours.
    Nobody,
    /// It is this user's.
    User(&'static str),
    /// It has a credential, and the credential is no good.
    Refused(RefusalKind),
    /// It does not reach the handler.
    BadRequest,
}

/// What the layer made of it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) taken: Taken,
    /// Whether the answer takes the cookie away.
    pub(super) cleared: bool,
    pub(super) challenge: Option<HeaderValue>,
}

impl Setting {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let sessions = sessions_of(KEY, &store, Config::production());
        let ended = at_once(sessions.log_in("ada").into_future()).unwrap();
        at_once(sessions.revoke(ended.session_id(), countersign::Reason::LoggedOut)).unwrap();
        let layer = |carriers| {
            let mut config = Config::production();
            config.carriers = carriers;
            SessionLayer::new(sessions_of(KEY, &store, config))
        };
        Self {
            layer: layer(Carriers::CookieAndBearer),
            cookie_only: layer(Carriers::CookieOnly),
            bearer_only: layer(Carriers::BearerOnly),
            ada: log_in(&sessions, "ada"),
            grace: log_in(&sessions, "grace"),
            ended: ended.token().reveal().to_string(),
            forged: log_in(&sessions_of(OTHER_KEY, &Arc::default(), Config::production()), "ada"),
            sessions,
        }
    }

    /// The input's lines, each with tokens where a control character stands for one. All others are left out but the
    /// tab: HTTP lets none of them through.
    pub(super) fn lines(&self, input: &[u8]) -> Vec<Vec<u8>> {
        input
            .split(|byte| *byte == 0)
            .map(|line| line.iter().flat_map(|byte| self.word(byte)).copied().collect())
            .collect()
    }

    fn word<'a>(&'a self, byte: &'a u8) -> &'a [u8] {
        let part = |token: &'a str, index| token.split('.').nth(index).unwrap();
        let word = match byte {
            0x01 => NAME,
            0x02 => &self.ada,
            0x03 => &self.grace,
            0x04 => &self.forged,
            0x05 => &self.ended,
            0x11 => part(&self.ada, 0),
            0x12 => part(&self.ada, 1),
            0x13 => part(&self.ada, 2),
            0x14 => part(&self.grace, 0),
            0x15 => part(&self.grace, 1),
            0x16 => part(&self.grace, 2),
            b'\t' | b' '..=b'~' | 0x80.. => return std::slice::from_ref(byte),
            _ => "",
        };
        word.as_bytes()
    }

    /// What a credential of this text is worth.
    pub(super) fn worth(&self, text: &[u8]) -> Taken {
        match () {
            () if text == self.ada.as_bytes() => Taken::User("ada"),
            () if text == self.grace.as_bytes() => Taken::User("grace"),
            () if text == self.ended.as_bytes() => Taken::Refused(RefusalKind::Gone),
            () if has_shape(text) => Taken::Refused(RefusalKind::Forged),
            () => Taken::Refused(RefusalKind::Malformed),
        }
    }

    /// Whether one of our keys has signed it, whatever has become of its session.
    pub(super) fn is_signed(&self, text: &[u8]) -> bool {
        [&self.ada, &self.grace, &self.ended].iter().any(|token| token.as_bytes() == text)
    }
}

/// The shape of a token, as the documentation tells it: three parts of base64url, and no bit at the end of one that says nothing.
pub(super) fn has_shape(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let parts: Vec<&str> = text.split('.').collect();
    let letters = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    // 32 bytes fill 42 characters and four of the six bits of another.
    parts.iter().map(|part| part.len()).eq([43, 24, 44])
        && parts.iter().all(|part| letters(part))
        && parts[0].ends_with(|last| "AEIMQUYcgkosw048".contains(last))
}

/// Sends a request with these headers through a layer.
pub(super) fn send(layer: &SessionLayer, headers: &[(HeaderName, Vec<u8>)]) -> Seen {
    let mut request = Request::new(());
    for (name, value) in headers {
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let echo = async |request: Request<()>| {
        let session = Session::of(&request);
        assert_eq!(session.is_logged_in(), session.user().is_some());
        Ok::<_, Infallible>(Response::new(session.user()))
    };
    let response = at_once(layer.layer(service_fn(echo)).oneshot(request)).unwrap();
    let refusal = response.extensions().get::<RefusalKind>().copied();
    let taken = match (response.status().as_u16(), response.body().as_deref(), refusal) {
        (200, None, None) => Taken::Nobody,
        (200, None, Some(kind)) => Taken::Refused(kind),
        (200, Some("ada"), None) => Taken::User("ada"),
        (200, Some("grace"), None) => Taken::User("grace"),
        (400, None, None) => Taken::BadRequest,
        other => panic!("{other:?}"),
    };
    let set: Vec<&HeaderValue> = response.headers().get_all(SET_COOKIE).iter().collect();
    assert!(set.is_empty() || set == [CLEARED], "nothing else is ever set here: {set:?}");
    Seen { taken, cleared: !set.is_empty(), challenge: response.headers().get(WWW_AUTHENTICATE).cloned() }
}

pub(super) fn log_in(sessions: &Sessions, user: &str) -> String {
    at_once(sessions.log_in(user).into_future()).unwrap().token().reveal().to_string()
}

/// Whom a token opens a session of.
pub(super) fn authenticated(sessions: &Sessions, token: &Token) -> Result<String, countersign::ErrorKind> {
    let found = at_once(sessions.authenticate(token));
    found.map(|found| found.info().user().to_owned()).map_err(|error| error.kind())
}

/// Sessions in this store, whose clock stands still.
fn sessions_of(key: &[u8], store: &Arc<MemoryStore>, config: Config) -> Sessions {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    Sessions::builder(KeyRing::new(key).unwrap(), Arc::clone(store)).config(config).clock(clock).build().unwrap()
}

/// Sessions of their own with these settings, none in them yet.
pub(super) fn sessions_with(config: Config) -> Sessions {
    sessions_of(KEY, &Arc::default(), config)
}

/// Over a store in memory nothing waits.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits"),
    }
}

const KEY: &[u8] = b"the key of the fuzzer, 32 bytes.";
const OTHER_KEY: &[u8] = b"another key of the fuzzer, longer";
const CLEARED: &str = "__Host-sid=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0";
