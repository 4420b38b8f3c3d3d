//! A clock that stands still, and a storage that counts, fails, and serves as many processes as are wanted.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use countersign::{
    Clock,
    client::{
        ClientSession, Document, Lease, MemoryStorage, NoRefresh, Storage, StorageError, StorageErrorKind,
        TokenManager, TokenSet, Update,
    },
};
use http::{HeaderMap, HeaderValue, Uri, header::SET_COOKIE};

pub fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// One storage for several managers, each of which stands for a process.
#[derive(Clone, Debug, Default)]
pub struct Place {
    memory: MemoryStorage,
    state: Arc<PlaceState>,
}

#[derive(Default)]
struct PlaceState {
    writes: AtomicUsize,
    broken: AtomicBool,
    before: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

impl fmt::Debug for PlaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlaceState")
    }
}

impl Place {
    pub fn holding(json: &str) -> Self {
        let place = Self::default();
        let document = Document::from_json(json.as_bytes()).unwrap();
        place
            .memory
            .update(&mut |kept| {
                *kept = document.clone();
                Update::Changed
            })
            .unwrap();
        place
    }

    pub fn writes(&self) -> usize {
        self.state.writes.load(Ordering::SeqCst)
    }

    pub fn break_down(&self, broken: bool) {
        self.state.broken.store(broken, Ordering::SeqCst);
    }

    /// Has this done before every step.
    pub fn before_each_step(&self, before: impl FnMut() + Send + 'static) {
        *self.state.before.lock().unwrap() = Some(Box::new(before));
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.memory.load().unwrap().to_json()).unwrap()
    }

    pub fn is_empty(&self) -> bool {
        self.memory.load().unwrap().is_empty()
    }

    /// What a process does that starts on this place.
    pub fn session(&self, clock: &Clock) -> ClientSession {
        ClientSession::new(self.manager(clock))
    }

    pub fn manager(&self, clock: &Clock) -> TokenManager {
        TokenManager::builder(NoRefresh).storage(self.clone()).clock(clock.clone()).build().unwrap()
    }

    fn check(&self) -> Result<(), StorageError> {
        match self.state.broken.load(Ordering::SeqCst) {
            true => Err(StorageError::new(StorageErrorKind::Full, "the test's place")),
            false => Ok(()),
        }
    }
}

impl Storage for Place {
    fn load(&self) -> Result<Document, StorageError> {
        self.check()?;
        self.memory.load()
    }

    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError> {
        self.check()?;
        if let Some(before) = &mut *self.state.before.lock().unwrap() {
            before();
        }
        self.memory.update(&mut |document| {
            let update = step(document);
            self.state.writes.fetch_add(usize::from(update == Update::Changed), Ordering::SeqCst);
            update
        })
    }

    fn try_lease(&self) -> Result<Option<Lease>, StorageError> {
        self.memory.try_lease()
    }
}

pub fn clock() -> Clock {
    Clock::manual(start())
}

/// Good for two hours from the start.
pub fn tokens(access: &str) -> TokenSet {
    TokenSet::new(access).unwrap().with_lifetime(minutes(120), start())
}

pub fn uri() -> Uri {
    Uri::from_static("https://api.example.com/v1")
}

pub fn set_cookies<const N: usize>(texts: [&'static str; N]) -> HeaderMap {
    texts.into_iter().map(|text| (SET_COOKIE, HeaderValue::from_static(text))).collect()
}

/// The pairs of the `Cookie` header, in order of their names.
pub fn cookies_of(session: &ClientSession) -> Vec<String> {
    let header = session.cookie_header(&uri());
    let text = header.as_ref().map(|header| header.to_str().unwrap()).unwrap_or_default();
    let mut pairs: Vec<String> = text.split("; ").filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    pairs.sort();
    pairs
}
