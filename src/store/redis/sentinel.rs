//! Which server is the master, as the sentinels say: asked whenever there is no connection to one.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use redis::Value;
use tokio::sync::Mutex;

use super::{
    fields::bytes,
    node::{Node, Settings, ask_once},
    place::Address,
};
use crate::store::StoreError;

/// A master that others watch over.
pub(super) struct Sentinels {
    sentinels: Vec<Address>,
    /// How sentinels are talked to.
    to_them: Settings,
    master: String,
    settings: Arc<Settings>,
    present: RwLock<Option<Arc<Node>>>,
    asking: Mutex<()>,
    asked: AtomicU64,
}

impl Sentinels {
    pub(super) fn new(
        sentinels: Vec<Address>,
        to_them: Settings,
        master: String,
        settings: Arc<Settings>,
    ) -> Arc<Self> {
        Arc::new(Self {
            sentinels,
            to_them,
            master,
            settings,
            present: RwLock::default(),
            asking: Mutex::default(),
            asked: AtomicU64::new(0),
        })
    }

    fn present(&self) -> Option<Arc<Node>> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The master: the one that is connected, or whom the sentinels name.
    pub(super) async fn master(self: &Arc<Self>) -> Result<Arc<Node>, StoreError> {
        match self.present().filter(|node| node.is_connected()) {
            Some(node) => Ok(node),
            None => self.find().await,
        }
    }

    /// Asks the sentinels, although a server is connected: it has said that it is not the master.
    pub(super) async fn find(self: &Arc<Self>) -> Result<Arc<Node>, StoreError> {
        let asked = self.asked.load(Ordering::Acquire);
        let sentinels = Arc::clone(self);
        let asking = tokio::spawn(async move {
            let _turn = sentinels.asking.lock().await;
            if sentinels.asked.load(Ordering::Acquire) != asked
                && let Some(node) = sentinels.present()
            {
                return Ok(node);
            }
            let found = sentinels.ask_around().await;
            sentinels.asked.fetch_add(1, Ordering::AcqRel);
            found
        });
        asking.await.map_err(StoreError::unavailable)?
    }

    async fn ask_around(&self) -> Result<Arc<Node>, StoreError> {
        let mut last = StoreError::unavailable("no sentinel is named");
        for sentinel in &self.sentinels {
            match self.ask(sentinel).await {
                Ok(address) => return self.keep(address),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Whom a sentinel takes for the master, if that one does so as well: who was one a moment ago may not know yet.
    async fn ask(&self, sentinel: &Address) -> Result<Address, StoreError> {
        let question = redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&self.master).to_owned();
        let answer = ask_once(sentinel, &self.to_them, &question).await?;
        let Value::Array(parts) = answer else {
            return Err(StoreError::unavailable(format!("the sentinel {sentinel} knows no master {:?}", self.master)));
        };
        let part = |at: usize| parts.get(at).and_then(|part| str::from_utf8(bytes(part).ok()?).ok());
        let address = part(0).zip(part(1).and_then(|port| port.parse().ok()));
        let (host, port) = address.ok_or_else(|| StoreError::unavailable("a sentinel's answer reads strange"))?;
        let address = Address { host: host.to_owned(), port };
        let role = ask_once(&address, &self.settings, &redis::cmd("ROLE")).await?;
        match role {
            Value::Array(role) if role.first().is_some_and(|role| bytes(role).is_ok_and(|role| role == b"master")) => {
                Ok(address)
            }
            _ => Err(StoreError::unavailable(format!("the server {address} is not the master (yet, or any more)"))),
        }
    }

    fn keep(&self, address: Address) -> Result<Arc<Node>, StoreError> {
        let mut present = self.present.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(node) = present.as_ref().filter(|node| node.address == address) {
            return Ok(Arc::clone(node));
        }
        let node = Node::new(address, &self.settings)?;
        *present = Some(Arc::clone(&node));
        Ok(node)
    }
}
