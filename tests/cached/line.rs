use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use countersign::{
    CachedStore, Change, Config, Limit, MemoryStore, Record, SecretHash, SessionId, SessionStore, StoreError,
    Timestamp, WhenFull,
    store::{
        Changed, Created, Cursor, Epoch, Invalidation, Invalidations, Page, Replaced, Replacement, Scanned, Terms,
    },
};
use tokio::{
    sync::{oneshot, watch},
    time::sleep,
};

/// A node's line to a store that others use as well: it can fail, and hold back answers; what it
/// announces can be late, lost, frozen or cut off.
pub(crate) struct Line {
    store: Arc<MemoryStore>,
    control: Arc<Control>,
}

pub(crate) struct Control {
    channel: watch::Sender<Channel>,
    listeners: Arc<AtomicUsize>,
    loads: AtomicUsize,
    failing: AtomicBool,
    holding: AtomicBool,
    held: Mutex<Vec<Option<oneshot::Sender<()>>>>,
}

/// What becomes of announcements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Channel {
    Open,
    /// Everything arrives so much later, one after the other.
    Late(Duration),
    /// Heartbeats arrive, and nothing else.
    Lossy,
    /// Nothing arrives, nothing fails.
    Frozen,
    /// The stream ends, and no new one begins.
    Cut,
}

/// A cache over a line, the store at its other end, and what controls the line.
pub(crate) fn node(store: &Arc<MemoryStore>) -> (CachedStore<Line>, Arc<Control>) {
    let control = Control {
        channel: watch::Sender::new(Channel::Open),
        listeners: Arc::default(),
        loads: AtomicUsize::new(0),
        failing: AtomicBool::new(false),
        holding: AtomicBool::new(false),
        held: Mutex::default(),
    };
    let control = Arc::new(control);
    let line = Line { store: Arc::clone(store), control: Arc::clone(&control) };
    (CachedStore::new(line), control)
}

/// A session that this store keeps.
pub(crate) async fn kept(store: &impl SessionStore) -> SessionId {
    let id = SessionId::new(Some("ada")).unwrap();
    let record = Record::new(id, SecretHash::from_bytes([1; 32]), Config::production().lifetime, NOW).with_user("ada");
    store.create(record, NO_LIMIT.into(), NOW).await.unwrap();
    id
}

/// Loads until the cache has the session at hand.
pub(crate) async fn warm(cache: &impl SessionStore, id: SessionId) {
    for _ in 0..2_000 {
        if cache.load_now(id, NOW).is_some() {
            return;
        }
        assert!(cache.load(id, NOW).await.unwrap().is_some(), "it lives");
        sleep(Duration::from_millis(5)).await;
    }
    panic!("the cache remembers nothing");
}

pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
    panic!("{what}");
}

pub(crate) fn set(name: &str) -> Change {
    let mut change = Change::new();
    change.set(name, *b"1");
    change
}

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };

impl Control {
    pub(crate) fn channel(&self, channel: Channel) {
        self.channel.send_replace(channel);
    }

    pub(crate) fn listeners(&self) -> usize {
        self.listeners.load(SeqCst)
    }

    /// How often the store was asked for a session since the last call of this.
    pub(crate) fn take_loads(&self) -> usize {
        self.loads.swap(0, SeqCst)
    }

    /// Whether what is asked from now on fails. What it asks of the store is done all the same.
    pub(crate) fn fail(&self, failing: bool) {
        self.failing.store(failing, SeqCst);
    }

    /// Whether the answers to what is asked from now on are held back, each until it is released.
    pub(crate) fn hold(&self, holding: bool) {
        self.holding.store(holding, SeqCst);
    }

    /// How many answers have been held back so far.
    pub(crate) fn held(&self) -> usize {
        self.held.lock().unwrap().len()
    }

    /// Releases the answer that was held back as this one in the row.
    pub(crate) fn release(&self, number: usize) {
        self.held.lock().unwrap()[number].take().unwrap().send(()).unwrap();
    }

    async fn answer<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if self.holding.load(SeqCst) {
            let (release, released) = oneshot::channel();
            self.held.lock().unwrap().push(Some(release));
            released.await.unwrap();
        }
        if self.failing.load(SeqCst) { Err(StoreError::unavailable("the answer was lost")) } else { answer }
    }
}

impl SessionStore for Line {
    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.control.loads.fetch_add(1, SeqCst);
        self.control.answer(self.store.load(id, now).await).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        self.control.answer(self.store.change(id, change, now).await).await
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.control.answer(self.store.create(record, terms, now).await).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.control.answer(self.store.replace(old, new, terms, now).await).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.control.answer(self.store.revoke(id, now).await).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.control.answer(self.store.revoke_user(user, except, now).await).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.control.answer(self.store.revoke_device(user, device, now).await).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.store.epoch(user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.store.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.store.sweep(now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.store.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        let mut channel = self.control.channel.subscribe();
        if *channel.borrow() == Channel::Cut {
            return Err(StoreError::unavailable("nobody is there"));
        }
        let mut sound = self.store.invalidations(heartbeat).await?;
        let listening = Listening::new(&self.control.listeners);
        Ok(Invalidations::spawn(async move |announcing| {
            let _listening = listening;
            loop {
                let heard = tokio::select! {
                    biased;
                    _ = channel.wait_for(|channel| *channel == Channel::Cut) => return,
                    heard = sound.next() => heard,
                };
                let Some(heard) = heard else { return };
                let present = *channel.borrow();
                match present {
                    Channel::Late(by) => sleep(by).await,
                    Channel::Lossy if heard != Invalidation::Heartbeat => continue,
                    Channel::Frozen => drop(channel.wait_for(|channel| *channel != Channel::Frozen).await),
                    _ => {}
                }
                if !announcing.tell(heard).await {
                    return;
                }
            }
        }))
    }
}

struct Listening(Arc<AtomicUsize>);

impl Listening {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
