//! Stand-ins that do what a test says: who renews tokens, and where they are kept.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use countersign::{
    Clock,
    client::{
        BackOff, Document, Lease, MemoryStorage, RefreshError, Refresher, Storage, StorageError, StorageErrorKind,
        TokenManager, TokenSet, Update,
    },
};
use tokio::sync::Semaphore;

use crate::{SECOND, access, clock, tokens};

/// A refresher that answers as it was told, counts its calls, and notes what was discarded. The n-th call brings
/// generation n, unless it was told otherwise.
#[derive(Clone)]
pub struct Refreshes {
    pub clock: Clock,
    inner: Arc<Inner>,
}

struct Inner {
    calls: AtomicUsize,
    answers: Mutex<VecDeque<Answer>>,
    /// Calls are let through one by one, if they are held.
    gate: Option<Semaphore>,
    asked_with: Mutex<Vec<String>>,
    discarded: Mutex<Vec<String>>,
}

pub enum Answer {
    Tokens(TokenSet),
    Refused,
    TryAgain(Option<Duration>),
    Panic,
    Never,
}

impl Refreshes {
    pub fn new() -> Self {
        Self::with_gate(None)
    }

    /// Each call waits until it is let through.
    pub fn held() -> Self {
        Self::with_gate(Some(Semaphore::new(0)))
    }

    fn with_gate(gate: Option<Semaphore>) -> Self {
        let inner = Inner {
            calls: AtomicUsize::new(0),
            answers: Mutex::default(),
            gate,
            asked_with: Mutex::default(),
            discarded: Mutex::default(),
        };
        Self { clock: clock(), inner: Arc::new(inner) }
    }

    /// A manager that asks this one. It fails for 8 seconds at first.
    pub fn manager(&self, storage: impl Storage) -> TokenManager {
        let this = self.clone();
        TokenManager::builder(self.clone())
            .storage(storage)
            .clock(self.clock.clone())
            .deadline(30 * SECOND)
            .back_off(BackOff { first: 8 * SECOND, longest: 60 * SECOND })
            .on_discarded(move |tokens| this.inner.discarded.lock().unwrap().push(access(&tokens)))
            .build()
            .unwrap()
    }

    pub fn answer(&self, answer: Answer) {
        self.inner.answers.lock().unwrap().push_back(answer);
    }

    pub fn let_through(&self) {
        self.inner.gate.as_ref().unwrap().add_permits(1);
    }

    pub fn calls(&self) -> usize {
        self.inner.calls.load(SeqCst)
    }

    /// The refresh tokens that came with the calls.
    pub fn asked_with(&self) -> Vec<String> {
        self.inner.asked_with.lock().unwrap().clone()
    }

    pub fn discarded(&self) -> Vec<String> {
        self.inner.discarded.lock().unwrap().clone()
    }
}

impl Refresher for Refreshes {
    async fn refresh(&self, old: TokenSet) -> Result<TokenSet, RefreshError> {
        self.inner.asked_with.lock().unwrap().push(old.refresh_token().unwrap().reveal().to_owned());
        let n = self.inner.calls.fetch_add(1, SeqCst) + 1;
        if let Some(gate) = &self.inner.gate {
            gate.acquire().await.unwrap().forget();
        }
        let answer = self.inner.answers.lock().unwrap().pop_front();
        match answer.unwrap_or_else(|| Answer::Tokens(tokens(n, self.clock.now()))) {
            Answer::Tokens(tokens) => Ok(tokens),
            Answer::Refused => Err(RefreshError::refused("invalid_grant")),
            Answer::TryAgain(after) => {
                let error = RefreshError::try_again("503");
                Err(match after {
                    Some(after) => error.after(after),
                    None => error,
                })
            }
            Answer::Panic => panic!("told to"),
            Answer::Never => std::future::pending().await,
        }
    }
}

/// A storage that fails when it is told to, and does something before and after each of its verbs.
#[derive(Clone)]
pub struct Scripted<S = MemoryStorage> {
    pub inner: S,
    pub full: Arc<AtomicBool>,
    pub unreadable: Arc<AtomicBool>,
    pub corrupt: Arc<AtomicBool>,
    at_each_step: Arc<Mutex<Option<Arc<Hook>>>>,
}

type Hook = dyn Fn(&'static str) + Send + Sync;

impl<S> Scripted<S> {
    pub fn over(inner: S) -> Self {
        Self {
            inner,
            full: Arc::default(),
            unreadable: Arc::default(),
            corrupt: Arc::default(),
            at_each_step: Arc::default(),
        }
    }

    /// Called before and after each verb, on the thread that carries it out.
    pub fn at_each_step(&self, hook: impl Fn(&'static str) + Send + Sync + 'static) {
        *self.at_each_step.lock().unwrap() = Some(Arc::new(hook));
    }

    fn step<T>(&self, before: &'static str, after: &'static str, verb: impl FnOnce() -> T) -> T {
        let hook = self.at_each_step.lock().unwrap().clone();
        let call = |at| hook.iter().for_each(|hook| hook(at));
        call(before);
        let result = verb();
        call(after);
        result
    }
}

impl<S: Storage> Storage for Scripted<S> {
    fn load(&self) -> Result<Document, StorageError> {
        self.step("before it is read", "after it was read", || {
            if self.corrupt.swap(false, SeqCst) {
                elsewhere_quietly(&self.inner);
                return Err(StorageError::new(StorageErrorKind::Corrupt { set_aside: "aside".into() }, "memory"));
            }
            if self.unreadable.load(SeqCst) {
                return Err(StorageError::new(StorageErrorKind::Unavailable, "memory"));
            }
            self.inner.load()
        })
    }

    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError> {
        self.step("before a step", "after a step", || {
            if self.unreadable.load(SeqCst) {
                return Err(StorageError::new(StorageErrorKind::Unavailable, "memory"));
            }
            if self.full.load(SeqCst) {
                let mut copy = self.inner.load()?;
                return match step(&mut copy) {
                    Update::Changed => Err(StorageError::new(StorageErrorKind::Full, "memory")),
                    Update::Unchanged => Ok(()),
                };
            }
            self.inner.update(step)
        })
    }

    fn try_lease(&self) -> Result<Option<Lease>, StorageError> {
        self.step("before the lease", "after the lease", || {
            if self.unreadable.load(SeqCst) {
                return Err(StorageError::new(StorageErrorKind::Unavailable, "memory"));
            }
            self.inner.try_lease()
        })
    }
}

/// What could not be read is set aside.
fn elsewhere_quietly(storage: &impl Storage) {
    crate::elsewhere(storage, None);
}

impl<S> fmt::Debug for Scripted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}
